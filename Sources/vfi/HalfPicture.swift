// SPDX-License-Identifier: MIT

/// The brightness of a picture, at half its size, in 8 bits.
struct HalfPicture {
  let width: Int
  let height: Int
  /// Blocks of 8 x 8, of which the rest at the right and the bottom is left out.
  let columns: Int
  let rows: Int
  private var samples: [UInt8]

  init(_ picture: Picture) {
    width = Int(picture.width) / 2
    height = Int(picture.height) / 2
    columns = (Int(picture.width) + 15) / 16
    rows = (Int(picture.height) + 15) / 16
    samples = []
    samples.reserveCapacity(width * height)
    guard let plane = PlaneLayout.all(of: picture).first else { return }
    for y in 0..<height {
      let (upper, lower) = unsafe (plane.row(2 * y), plane.row(2 * y + 1))
      for x in 0..<width {
        let sum =
          unsafe plane.load(2 * x, in: upper) + plane.load(2 * x + 1, in: upper)
          + plane.load(2 * x, in: lower) + plane.load(2 * x + 1, in: lower)
        samples.append(UInt8(truncatingIfNeeded: (sum + 2) >> (plane.depth - 6)))
      }
    }
  }

  /// A block and its neighbours.
  func around(_ index: Int, corners: Bool = false) -> [Int] {
    let (row, column) = (index / columns, index % columns)
    var result: [Int] = []
    for y in max(0, row - 1)...min(rows - 1, row + 1) {
      for x in max(0, column - 1)...min(columns - 1, column + 1)
      where corners || y == row || x == column {
        result.append(y * columns + x)
      }
    }
    return result
  }

  /// The mean difference of a block from another picture's, or the least within `reach`.
  func difference(
    _ index: Int, _ other: HalfPicture, _ x: Int, _ y: Int, reach: Int = 0
  ) -> Float {
    var best = Float.infinity
    for dy in -reach...reach {
      for dx in -reach...reach { best = min(best, difference(index, other, x + dx, y + dy)) }
    }
    return best
  }

  private func difference(_ index: Int, _ other: HalfPicture, _ x: Int, _ y: Int) -> Float {
    let (top, left) = (index / columns * 8, index % columns * 8)
    let (bottom, right) = (min(top + 8, height), min(left + 8, width))
    guard top < bottom, left < right else { return 0 }
    var sum = 0
    unsafe samples.withUnsafeBufferPointer { own in
      unsafe other.samples.withUnsafeBufferPointer { theirs in
        for row in top..<bottom {
          let line = min(max(row + y, 0), height - 1) * width
          for column in left..<right {
            let place = line + min(max(column + x, 0), width - 1)
            sum += unsafe abs(Int(own[row * width + column]) - Int(theirs[place]))
          }
        }
      }
    }
    return Float(sum) / Float((bottom - top) * (right - left))
  }
}
