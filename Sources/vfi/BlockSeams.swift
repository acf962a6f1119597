// SPDX-License-Identifier: MIT

/// How much the blocks of a picture stand out against those that were decoded before them.
///
/// Of a side, 16 pixels long, it is the mean jump of brightness across it less the mean of the jumps
/// one pixel before and behind, in 8 bits; of a block the greater one of its left and its upper side.
struct BlockSeams {
  private(set) var values: [Float]

  init(_ picture: Picture) {
    let map = BlockMap(width: Int(picture.width), height: Int(picture.height))
    values = Array(repeating: 0, count: map.marks.count)
    guard let plane = PlaneLayout.all(of: picture).first else { return }
    let scale = 1 / Float(2 << (plane.depth - 8))
    let (side, width) = (BlockMap.side, plane.rowBytes / plane.sampleBytes)
    for index in values.indices {
      let (y, x) = (index / map.columns * side, index % map.columns * side)
      let (bottom, right) = (min(y + side, plane.rows), min(x + side, width))
      var best: Float = 0
      if x > 0, x + 1 < width {
        let sum = (y..<bottom).reduce(0) { $0 + Self.jump(plane, $1, x, along: (0, 1)) }
        best = max(best, Float(sum) / Float(bottom - y))
      }
      if y > 0, y + 1 < plane.rows {
        let sum = (x..<right).reduce(0) { $0 + Self.jump(plane, y, $1, along: (1, 0)) }
        best = max(best, Float(sum) / Float(right - x))
      }
      values[index] = best * scale
    }
  }

  /// Twice the jump to a sample from the one before it, less those beside.
  private static func jump(
    _ plane: PlaneLayout, _ y: Int, _ x: Int, along step: (y: Int, x: Int)
  ) -> Int {
    func sample(_ distance: Int) -> Int {
      unsafe plane.load(x + distance * step.x, in: plane.row(y + distance * step.y))
    }
    let (a, b, c, d) = (sample(-2), sample(-1), sample(0), sample(1))
    return 2 * abs(c - b) - abs(b - a) - abs(d - c)
  }
}
