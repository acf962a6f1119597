// SPDX-License-Identifier: MIT

/// Macroblocks whose outline shows: luma jumps at their four sides more than within them.
///
/// Of a side, 16 pixels long, the excess is the mean jump across it less the mean of the jumps one
/// pixel before and behind (after Muijs and Kirenko, "A no-reference blocking artifact measure for
/// adaptive video processing", 2005); of a block it is the second largest of its sides, since a
/// damaged block may have a damaged neighbour or follow an edge of the picture's content.
struct BlockBoundary {
  private static let least: Float = 6

  /// `[rows, columns]`, the excess of each block.
  let excess: Grid<Float>

  init(_ picture: AnalysisPicture, in arena: Arena, on engine: Engine) throws(VFIError) {
    let blocks = MacroblockGrid(picture.frame.description)
    let excess = try arena.grid(Float(0), height: blocks.rows, width: blocks.columns)
    let luma = picture.luma
    try engine.forEachRows(blocks.rows) { start, end in
      for row in start..<end {
        for column in 0..<blocks.columns {
          let (ys, xs) = blocks.pixels(row, column)
          var (largest, second) = (Float(0), Float(0))
          for side in [
            Self.vertical(luma, xs.lowerBound, ys), Self.vertical(luma, xs.upperBound, ys),
            Self.horizontal(luma, ys.lowerBound, xs), Self.horizontal(luma, ys.upperBound, xs),
          ] {
            if side > largest {
              (largest, second) = (side, largest)
            } else {
              second = max(second, side)
            }
          }
          excess[row, column] = second
        }
      }
    }
    self.excess = excess
  }

  /// 1 where the outline shows in this frame and neither in those beside it.
  func cues(beside: [BlockBoundary], in arena: Arena) throws(VFIError) -> Grid<UInt8> {
    let cues = try arena.grid(UInt8(0), height: excess.height, width: excess.width)
    let spread = excess.robustSpread()
    let threshold = max(Self.least, spread.median + 8 * spread.deviation)
    for y in 0..<excess.height {
      for x in 0..<excess.width {
        let known = beside.reduce(Float(0)) { max($0, $1.excess[y, x]) }
        if excess[y, x] - 1.5 * known > threshold { cues[y, x] = 1 }
      }
    }
    return cues
  }

  /// Excess between the columns `x - 1` and `x`; 0 at the picture's edge.
  private static func vertical(_ luma: Grid<UInt8>, _ x: Int, _ rows: Range<Int>) -> Float {
    guard x >= 2, x + 1 < luma.width else { return 0 }
    var sum = 0
    for y in rows {
      let (a, b) = (Int(luma[y, x - 2]), Int(luma[y, x - 1]))
      let (c, d) = (Int(luma[y, x]), Int(luma[y, x + 1]))
      sum += 2 * abs(c - b) - abs(b - a) - abs(d - c)
    }
    return Float(sum) / Float(2 * rows.count)
  }

  /// Excess between the rows `y - 1` and `y`; 0 at the picture's edge.
  private static func horizontal(_ luma: Grid<UInt8>, _ y: Int, _ columns: Range<Int>) -> Float {
    guard y >= 2, y + 1 < luma.height else { return 0 }
    var sum = 0
    for x in columns {
      let (a, b) = (Int(luma[y - 2, x]), Int(luma[y - 1, x]))
      let (c, d) = (Int(luma[y, x]), Int(luma[y + 1, x]))
      sum += 2 * abs(c - b) - abs(b - a) - abs(d - c)
    }
    return Float(sum) / Float(2 * columns.count)
  }
}
