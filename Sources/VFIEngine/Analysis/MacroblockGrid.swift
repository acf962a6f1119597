// SPDX-License-Identifier: MIT

/// The macroblocks of a frame: 16 x 16 pixels each, fewer at the right and lower edge.
struct MacroblockGrid {
  static let side = 16

  let width: Int
  let height: Int

  init(width: Int, height: Int) { (self.width, self.height) = (width, height) }

  init(_ description: FrameDescription) {
    self.init(width: description.width, height: description.height)
  }

  var columns: Int { (width + Self.side - 1) / Self.side }
  var rows: Int { (height + Self.side - 1) / Self.side }

  /// Pixels of a macroblock.
  func pixels(_ row: Int, _ column: Int) -> (y: Range<Int>, x: Range<Int>) {
    (
      row * Self.side..<min((row + 1) * Self.side, height),
      column * Self.side..<min((column + 1) * Self.side, width)
    )
  }
}

extension Grid {
  /// The places beside and diagonal to one, and itself.
  func around(_ y: Int, _ x: Int) -> (y: ClosedRange<Int>, x: ClosedRange<Int>) {
    (max(0, y - 1)...min(height - 1, y + 1), max(0, x - 1)...min(width - 1, x + 1))
  }
}
