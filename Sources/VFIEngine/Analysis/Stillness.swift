// SPDX-License-Identifier: MIT

/// Pictures without news: mean differences, black, and blocks that stand while others move.
enum Stillness {
  /// Below this mean difference (of 1) nothing moves: -60 dB.
  static let frozen = 0.001

  /// Mean absolute difference of luma, 0 to 1.
  static func difference(_ a: Grid<UInt8>, _ b: Grid<UInt8>) -> Double {
    var sum = 0
    for y in 0..<a.height {
      for x in 0..<a.width { sum += abs(Int(a[y, x]) - Int(b[y, x])) }
    }
    return Double(sum) / Double(255 * a.height * a.width)
  }

  /// The share of pixels whose luma is at most a tenth of its range.
  static func black(_ luma: Grid<UInt8>, of description: FrameDescription) -> Double {
    let isFull = description.color.isFullRange(rgb: description.format.layout.isRGB)
    // 0.1 * 255, or 16 + 0.1 * 219.
    let limit: UInt8 = isFull ? 25 : 37
    var count = 0
    for y in 0..<luma.height { for x in 0..<luma.width where luma[y, x] <= limit { count += 1 } }
    return Double(count) / Double(luma.height * luma.width)
  }

  /// 1 at macroblocks that are the last frame's to the last bit though the next one's differ by 8 of
  /// 255 or more: a decoder has put them there for lack of better.
  static func heldBlocks(
    _ current: AnalysisPicture, before: AnalysisPicture, after: AnalysisPicture, in arena: Arena
  ) throws(VFIError) -> Grid<UInt8> {
    let blocks = MacroblockGrid(current.frame.description)
    let cues = try arena.grid(UInt8(0), height: blocks.rows, width: blocks.columns)
    for row in 0..<blocks.rows {
      for column in 0..<blocks.columns {
        let (ys, xs) = blocks.pixels(row, column)
        let isHeld = ys.allSatisfy { y in
          xs.allSatisfy { current.luma[y, $0] == before.luma[y, $0] }
        }
        guard isHeld else { continue }
        var sum = 0
        for y in ys { for x in xs { sum += abs(Int(current.luma[y, x]) - Int(after.luma[y, x])) } }
        if sum >= 8 * ys.count * xs.count { cues[row, column] = 1 }
      }
    }
    return cues
  }
}
