// SPDX-License-Identifier: MIT

/// How much macroblocks stand out against those that were decoded before them.
///
/// Of a side, 16 pixels long, it is the mean jump of luma across it less the mean of the jumps one
/// pixel before and behind (after Muijs and Kirenko, "A no-reference blocking artifact measure for
/// adaptive video processing", 2005); of a block the greater one of its left and its upper side, at
/// least 0.
package struct BlockSeams {
  /// `[rows, columns]`, in code values of 8 bits.
  package let values: Grid<Float>

  package init(_ luma: Grid<UInt8>, in arena: Arena, on engine: Engine) throws(VFIError) {
    let blocks = MacroblockGrid(width: luma.width, height: luma.height)
    let values = try arena.grid(Float(0), height: blocks.rows, width: blocks.columns)
    try engine.forEachRows(blocks.rows) { start, end in
      for row in start..<end {
        for column in 0..<blocks.columns {
          let (ys, xs) = blocks.pixels(row, column)
          values[row, column] = max(
            0, Self.vertical(luma, xs.lowerBound, ys), Self.horizontal(luma, ys.lowerBound, xs))
        }
      }
    }
    self.values = values
  }

  /// Between the columns `x - 1` and `x`; 0 at the picture's edge.
  private static func vertical(_ luma: Grid<UInt8>, _ x: Int, _ rows: Range<Int>) -> Float {
    guard x >= 2, x + 1 < luma.width else { return 0 }
    var sum = 0
    for y in rows {
      sum += jump(luma[y, x - 2], luma[y, x - 1], luma[y, x], luma[y, x + 1])
    }
    return Float(sum) / Float(2 * rows.count)
  }

  /// Between the rows `y - 1` and `y`; 0 at the picture's edge.
  private static func horizontal(_ luma: Grid<UInt8>, _ y: Int, _ columns: Range<Int>) -> Float {
    guard y >= 2, y + 1 < luma.height else { return 0 }
    var sum = 0
    for x in columns {
      sum += jump(luma[y - 2, x], luma[y - 1, x], luma[y, x], luma[y + 1, x])
    }
    return Float(sum) / Float(2 * columns.count)
  }

  /// Twice the jump from `b` to `c`, less those beside.
  private static func jump(_ a: UInt8, _ b: UInt8, _ c: UInt8, _ d: UInt8) -> Int {
    2 * abs(Int(c) - Int(b)) - abs(Int(b) - Int(a)) - abs(Int(d) - Int(c))
  }
}
