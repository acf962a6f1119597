// SPDX-License-Identifier: MIT
import Glibc

/// Finds the blocks that a decoder made up after it had lost its way.
///
/// From there on, in the order of decoding, blocks are much less like the pictures before and after,
/// along the motion that those show, than these pictures are like their own neighbours; and they show
/// their outlines (which helps where macroblocks are decoded in rows, and not in H.265).
struct StrayFinder {
  /// Mean difference that made-up blocks are expected to have, of 255.
  private static let strange: Float = 20
  /// Logarithm of the odds from which on blocks are taken for made up, in a picture in which something
  /// is known to be wrong.
  private static let threshold: Float = 6
  /// Blocks of 16 x 16 pixels that are decoded together, on a side.
  private static let unit = 4

  private let picture: CodedPicture
  /// From the nearest one on, at least two.
  private let earlier: [CodedPicture]
  private let later: CodedPicture?
  /// There are pictures before and after.
  var isBetween: Bool { later != nil }
  /// No damage has come to the pictures around, so that all that there is is of this one.
  private let isFirst: Bool

  /// Nil where it is not known what is usual: among `others` there are too few earlier ones.
  init?(_ picture: CodedPicture, among others: ArraySlice<CodedPicture>) {
    // Orders of pictures on both sides of a key frame are far apart.
    let known = others.filter {
      abs($0.order - picture.order) < 1 << 16 && (!$0.isLost || $0.action != .none)
        && PictureFitter.alike($0.shown, picture.shown)
    }
    self.picture = picture
    earlier = known.filter { $0.order < picture.order }.sorted { $0.order > $1.order }
    later = known.filter { $0.order > picture.order }.min { $0.order < $1.order }
    isFirst = !known.contains { $0.spread.count > 0 }
    if earlier.count < 2 { return nil }
  }

  /// The likeliest run of made-up blocks of H.265, if it is likely enough; only where something is wrong with
  /// the picture, for `isWrong` or for what else is known.
  func find(_ isWrong: Bool) -> BlockMap? {
    guard isWrong || picture.origin.count > 0 || isFirst && picture.spread.count > 0 else {
      return nil
    }
    return run(odds(of: picture.half, limit: 3))
  }

  /// Of each block of the picture as one of the decoders has it, the logarithm of the odds that it is
  /// made up: by how it fits to the pictures around, joined with how it fits to the blocks around.
  ///
  /// The weights are those of a logistic regression over 32,396 blocks of 6 damaged training clips, a
  /// fifth of which were wrong.
  func odds(of other: Picture) -> [Float] {
    let seams = BlockSeams(other).values
    let usual = BlockSeams(earlier[0].shown).values
    let odds = odds(of: HalfPicture(other), limit: 6)
    return odds.indices.map { index in
      let excess = min(20, max(-2, seams[index] - max(0, usual[index])))
      return min(3, max(-3, 0.58 * odds[index] + 0.21 * excess - 1.46))
    }
  }

  /// The same by the pictures around alone, at most `limit`.
  private func odds(of own: HalfPicture, limit: Float) -> [Float] {
    let (found, usual) = values(own)
    return found.indices.map { index in
      let expected = min(0.9 * Self.strange, 2 + 1.5 * highest(usual, around: index))
      let value =
        log(expected / Self.strange) + found[index] * (1 / expected - 1 / Self.strange)
      return min(limit, max(-limit, value))
    }
  }

  /// Of each block, how much it differs from the pictures around, and how much these do from theirs.
  private func values(_ own: HalfPicture) -> (found: [Float], usual: [Float]) {
    let (last, second) = (earlier[0], earlier[1])
    var found = residuals(
      own, last.half, MotionField(of: last, from: second), step: picture.order - last.order)
    let before = earlier.count > 2 ? MotionField(of: second, from: earlier[2]) : nil
    let usual = residuals(last.half, second.half, before, step: last.order - second.order)
    if let later {
      let field = MotionField(of: later, from: last)
      let others = residuals(own, later.half, field, step: picture.order - later.order)
      for index in found.indices { found[index] = min(found[index], others[index]) }
    }
    return (found, usual)
  }

  /// The consecutive units whose blocks have the highest sum of odds.
  private func run(_ values: [Float]) -> BlockMap? {
    var map = BlockMap(width: Int(picture.shown.width), height: Int(picture.shown.height))
    var (sum, start, best, bounds): (Float, Int, Float, Range<Int>) = (0, 0, 0, 0..<0)
    for place in 0..<map.units(of: Self.unit) {
      var odds: Float = 0
      for index in map.unit(place, of: Self.unit) { odds += values[index] }
      if sum <= 0 { (sum, start) = (0, place) }
      sum += odds / Float(Self.unit)
      if sum > best { (best, bounds) = (sum, start..<place + 1) }
    }
    guard best > Self.threshold else { return nil }
    for place in bounds {
      for index in map.unit(place, of: Self.unit) { map.marks[index] = true }
    }
    return map
  }

  /// The highest of the values of a block and its eight neighbours.
  private func highest(_ values: [Float], around index: Int) -> Float {
    picture.half.around(index, corners: true).reduce(0) { max($0, values[$1]) }
  }

  /// Of each block of a picture, the least mean difference from another one along its motion.
  private func residuals(
    _ own: HalfPicture, _ other: HalfPicture, _ field: MotionField?, step: Int64
  ) -> [Float] {
    (0..<own.columns * own.rows).map { index in
      var best = own.difference(index, other, 0, 0, reach: 1)
      if let field {
        for near in own.around(index) {
          let (x, y) = field.vector(near, over: step)
          best = min(best, own.difference(index, other, x, y, reach: 1))
        }
      }
      return best
    }
  }
}

extension BlockMap {
  /// How many squares of `side` blocks a side there are.
  fileprivate func units(of side: Int) -> Int {
    ((columns + side - 1) / side) * ((rows + side - 1) / side)
  }

  /// The blocks of such a square, by its number.
  fileprivate func unit(_ place: Int, of side: Int) -> [Int] {
    let count = (columns + side - 1) / side
    let (top, left) = (place / count * side, place % count * side)
    return (top..<min(top + side, rows)).flatMap { row in
      (left..<min(left + side, columns)).map { row * columns + $0 }
    }
  }

}
