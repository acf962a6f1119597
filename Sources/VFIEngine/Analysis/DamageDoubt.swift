// SPDX-License-Identifier: MIT
import Glibc

/// By what the pictures decide on places whose damage is doubtful; raw values are bits of
/// `vfi_frame.flags` in `vfi.h`.
package enum DamageDoubt: UInt32, Sendable {
  /// By motion and by the outlines of macroblocks.
  case macroblocks = 8
  /// By motion alone.
  case motion = 16
}

extension SuspectFrame {
  /// Whether the pictures shall decide on a place.
  var isDoubtful: Bool { doubt != nil && marks?.nonZeroBounds() != nil }
}

extension DamageOdds {
  /// How sure it is that the macroblock of a pixel is made up: 1, it hardly can be, to 254.
  func certainty(of y: Int, _ x: Int, by doubt: DamageDoubt) -> UInt8 {
    let (row, column) = (y / MacroblockGrid.side, x / MacroblockGrid.side)
    let odds = doubt == .motion ? byMotion[row, column] : joined[row, column]
    return UInt8(max(1, min(255 / (1 + expf(-odds)), 254)).rounded())
  }
}
