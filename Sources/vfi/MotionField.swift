// SPDX-License-Identifier: MIT

/// Where the blocks of a picture were in another one, in pixels of half the size.
struct MotionField {
  private var vectors: [(x: Int, y: Int)]
  private let step: Int64

  init(of picture: CodedPicture, from other: CodedPicture) {
    step = picture.order - other.order
    let (own, target) = (picture.half, other.half)
    var found = [(x: Int, y: Int)](repeating: (0, 0), count: own.columns * own.rows)
    for index in found.indices {
      var best = (x: 0, y: 0)
      var least = own.difference(index, target, 0, 0) - 1
      func attempt(_ x: Int, _ y: Int, _ bias: Float) -> Bool {
        let value = own.difference(index, target, x, y) - bias
        if value < least { (least, best) = (value, (x, y)) }
        return value == least
      }
      for near in own.around(index) where near < index {
        _ = attempt(found[near].x, found[near].y, 0.5)
      }
      var reach = 8
      while reach > 0 {
        for _ in 0..<4 {
          let centre = best
          for y in -1...1 {
            for x in -1...1 where x != 0 || y != 0 {
              _ = attempt(centre.x + reach * x, centre.y + reach * y, 0)
            }
          }
          if centre == best { break }
        }
        reach /= 2
      }
      found[index] = best
    }
    vectors = found.indices.map { index in
      let near = own.around(index, corners: true).map { found[$0] }
      return (median(near.map(\.x)), median(near.map(\.y)))
    }
  }

  func vector(_ index: Int, over distance: Int64) -> (x: Int, y: Int) {
    guard step != 0 else { return (0, 0) }
    let scale = Double(distance) / Double(step)
    return (
      Int((Double(vectors[index].x) * scale).rounded()),
      Int((Double(vectors[index].y) * scale).rounded())
    )
  }
}

private func median(_ values: [Int]) -> Int { values.sorted()[values.count / 2] }
