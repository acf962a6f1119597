// SPDX-License-Identifier: MIT

/// Macroblocks that repeat one line downwards, which a decoder does where a slice is missing.
struct RepeatedLines {
  /// 1 at such blocks: of their rows at most a fifth differs from the row above, and a row has a
  /// contrast of 12 of 255 or more.
  let cues: Grid<UInt8>

  private static let leastContrast: UInt8 = 12

  init(_ picture: AnalysisPicture, in arena: Arena, on engine: Engine) throws(VFIError) {
    let blocks = MacroblockGrid(picture.frame.description)
    let cues = try arena.grid(UInt8(0), height: blocks.rows, width: blocks.columns)
    let luma = picture.luma
    try engine.forEachRows(blocks.rows) { start, end in
      for row in start..<end {
        for column in 0..<blocks.columns {
          let (ys, xs) = blocks.pixels(row, column)
          guard ys.count > 4 else { continue }
          let changes = ys.dropFirst().count { y in
            xs.contains { luma[y, $0] != luma[y - 1, $0] }
          }
          let values = xs.map { luma[ys.upperBound - 1, $0] }
          guard 5 * changes <= ys.count, let least = values.min(), let most = values.max(),
            most - least >= Self.leastContrast
          else { continue }
          cues[row, column] = 1
        }
      }
    }
    self.cues = cues
  }
}
