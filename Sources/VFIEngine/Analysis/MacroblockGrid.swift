// SPDX-License-Identifier: MIT

/// The macroblocks of a frame: 16 x 16 pixels each, fewer at the right and lower edge.
struct MacroblockGrid {
  static let side = 16

  let width: Int
  let height: Int

  init(_ description: FrameDescription) {
    (width, height) = (description.width, description.height)
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

extension Grid where Element == Float {
  /// Median and median absolute deviation of all values.
  func robustSpread() -> (median: Float, deviation: Float) {
    var values: [Float] = []
    values.reserveCapacity(height * width)
    for y in 0..<height { for x in 0..<width { values.append(self[y, x]) } }
    func median() -> Float {
      values.sort()
      return values[values.count / 2]
    }
    let middle = median()
    for index in values.indices { values[index] = abs(values[index] - middle) }
    return (middle, median())
  }
}

extension Grid {
  /// The places beside and diagonal to one, and itself.
  func around(_ y: Int, _ x: Int) -> (y: ClosedRange<Int>, x: ClosedRange<Int>) {
    (max(0, y - 1)...min(height - 1, y + 1), max(0, x - 1)...min(width - 1, x + 1))
  }
}
