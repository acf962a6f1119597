// SPDX-License-Identifier: MIT
import Glibc

extension Frame {
  /// Whether all samples are equal, bit by bit: between such frames there is nothing to find.
  ///
  /// Ends at the first row that differs.
  package func isEqual(to other: Frame) -> Bool {
    for plane in 0..<description.format.layout.planeCount {
      let bytes = description.rowBytes(plane: plane)
      for row in 0..<description.rows(plane: plane) {
        guard unsafe memcmp(start(plane, row), other.start(plane, row), bytes) == 0 else {
          return false
        }
      }
    }
    return true
  }
}
