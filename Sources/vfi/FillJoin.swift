// SPDX-License-Identifier: MIT

/// Joins two fills of a picture's damage, by how near each comes to what is known around.
///
/// Each block gets the mean of both; the shares are as the squares of the other's mean squared errors in
/// the blocks around the damage, of which the nearest count by far the most.
struct FillJoin {
  /// Added to each squared error, so that next to nothing against nothing is a half.
  private static let floor = 1.0

  private let damage: BlockMap
  /// Blocks without damage that touch such with damage.
  private let rim: [Int]

  init(_ damage: BlockMap) {
    self.damage = damage
    rim = damage.marks.indices.filter { index in
      !damage.marks[index] && damage.around(index).contains { damage.marks[$0] }
    }
  }

  /// The damage and the blocks around it.
  var wide: BlockMap {
    var map = damage
    for index in rim { map.marks[index] = true }
    return map
  }

  /// Writes to the damage in `fill` its mean with `other`.
  ///
  /// `trial` is as the fill was made, but of the wide damage; `known` is right beside the damage.
  func join(_ fill: Picture, as trial: Picture, with other: Picture, by known: Picture) {
    let errors = zip(
      squaredErrors(of: trial, by: known), squaredErrors(of: other, by: known))
    let shares = shares(Array(errors))
    for (to, from) in zip(PlaneLayout.all(of: fill), PlaneLayout.all(of: other)) {
      for row in 0..<to.rows {
        let (samples, others) = unsafe (to.row(row), from.row(row))
        let line = (row << to.shiftY) / BlockMap.side * damage.columns
        for index in 0..<to.rowBytes / to.sampleBytes {
          let block = line + (index << to.shiftX) / BlockMap.side
          guard damage.marks[block] else { continue }
          let own = unsafe Double(to.load(index, in: samples))
          let step = unsafe Double(from.load(index, in: others)) - own
          unsafe to.store(Int(own + shares[block] * step + 0.5), index, in: samples)
        }
      }
    }
  }

  /// Of each block with damage, the share of the other fill; `errors`: of both in each block of the rim.
  private func shares(_ errors: [(own: Double, other: Double)]) -> [Double] {
    damage.marks.indices.map { index in
      guard damage.marks[index] else { return 0 }
      let (row, column) = (index / damage.columns, index % damage.columns)
      var (own, other) = (0.0, 0.0)
      for (place, error) in zip(rim, errors) {
        let (dy, dx) = (place / damage.columns - row, place % damage.columns - column)
        let square = Double(dy * dy + dx * dx)
        own += (error.own + Self.floor) / (square * square)
        other += (error.other + Self.floor) / (square * square)
      }
      return own > 0 ? own * own / (own * own + other * other) : 0.5
    }
  }

  /// The mean squared error of luma, in code values of 8 bits, in each block of the rim.
  private func squaredErrors(of picture: Picture, by known: Picture) -> [Double] {
    guard let own = PlaneLayout.all(of: picture).first,
      let other = PlaneLayout.all(of: known).first
    else { return rim.map { _ in 0 } }
    let columns = own.rowBytes / own.sampleBytes
    return rim.map { place in
      let (top, left) = (
        place / damage.columns * BlockMap.side, place % damage.columns * BlockMap.side
      )
      var (sum, count) = (0.0, 0.0)
      for y in top..<min(top + BlockMap.side, own.rows) {
        for x in left..<min(left + BlockMap.side, columns) {
          let step = unsafe own.load(x, in: own.row(y)) - other.load(x, in: other.row(y))
          sum += Double(step * step)
          count += 1
        }
      }
      return sum / Double(1 << (2 * (own.depth - 8))) / max(1, count)
    }
  }
}

extension BlockMap {
  /// The blocks beside and diagonal to one, and itself.
  fileprivate func around(_ index: Int) -> [Int] {
    let (row, column) = (index / columns, index % columns)
    return (max(0, row - 1)...min(rows - 1, row + 1)).flatMap { y in
      (max(0, column - 1)...min(columns - 1, column + 1)).map { y * columns + $0 }
    }
  }
}
