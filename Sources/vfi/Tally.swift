// SPDX-License-Identifier: MIT
import CVFI

/// Counts output pictures by how they came about.
struct Tally {
  private(set) var new = 0
  private(set) var copied = 0
  private(set) var held = 0
  private(set) var blended = 0
  private var newNanoseconds: UInt64 = 0

  var total: Int { new + copied + held + blended }

  mutating func add(_ info: vfi_info) {
    switch Int(info.decision) {
    case VFI_SOURCE_COPY: copied += 1
    case VFI_HELD_PREVIOUS, VFI_HELD_NEXT: held += 1
    case VFI_BLENDED: blended += 1
    default:
      new += 1
      newNanoseconds += info.elapsed_ns
    }
  }

  /// Mean time of a frame that was made, in milliseconds.
  var millisecondsPerNewFrame: Double {
    new > 0 ? Double(newNanoseconds) / Double(new) / 1e6 : 0
  }

  /// One line for the user.
  func summary(seconds: Double) -> String {
    let parts = [(new, "new"), (copied, "source"), (held, "held"), (blended, "blended")]
      .filter { $0.0 > 0 }.map { "\($0.0) \($0.1)" }
    let speed = new > 0 ? ", \(decimal(millisecondsPerNewFrame, 1)) ms per new frame" : ""
    return "\(total) frames (\(parts.joined(separator: ", "))) in \(decimal(seconds, 1)) s\(speed)"
  }
}
