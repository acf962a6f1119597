// SPDX-License-Identifier: MIT
import CodedVideo

/// Slices of H.264, MPEG-1, MPEG-2 and MPEG-4 in which a decoder has lost its way, it is not known where.
///
/// A decoder notices damage late, and takes some blocks before for damaged as well, or does not notice
/// it at all. It is right up to some block, and wrong from there on: where that is, the pictures before
/// and after tell.
struct DoubtfulSlices {
  /// The sum of the odds of blocks from which on they are taken for made up where the decoder has
  /// noticed nothing.
  private static let threshold: Float = 12
  /// Added to the odds of a block, as to keep a wrong one costs more than to fill a right one: the
  /// more so where it can be filled from both sides.
  private static let bias: Float = 0.6
  private static let biasBetween: Float = 1
  /// Of the blocks from the first one on that the decoder of H.264 takes for damaged, those that it
  /// does.
  private static let density = 0.9

  private let picture: CodedPicture
  private let unwritten: BlockMap
  private let left: BlockMap?
  private let hasDirectMotion: Bool

  /// `unwritten`: what was not decoded at all; `left`: slices whose end was not read;
  /// `hasDirectMotion`: motion may be taken from other pictures.
  init(
    of picture: CodedPicture, unwritten: BlockMap, left: BlockMap?, hasDirectMotion: Bool
  ) {
    self.picture = picture
    self.unwritten = unwritten
    self.left = left
    self.hasDirectMotion = hasDirectMotion
  }

  /// Takes back what the decoder has made up before it went wrong, and rejects what it has decoded
  /// since.
  func settle(by strays: StrayFinder, in slices: [Range<Int>]) throws(Failure) {
    let doubtful = slices.compactMap(doubtful(in:))
    guard !doubtful.isEmpty, let found = try strays.odds(of: picture.shadow) else { return }
    let bias = strays.isBetween ? Self.biasBetween : Self.bias
    let odds = found.map { $0 + bias }
    var (right, wrong) = (picture.origin.empty, picture.origin.empty)
    for (blocks, isNoticed) in doubtful {
      let turn = TurningPoint(odds[blocks])
      let isWrong = turn.sum > (isNoticed ? 0 : Self.threshold)
      for block in blocks {
        if isWrong, block >= turn.index {
          wrong.marks[block] = true
        } else {
          right.marks[block] = true
        }
      }
    }
    picture.restore(right)
    picture.reject(wrong)
  }

  /// The decoded blocks of a slice of which something is wrong, and whether the decoder has noticed.
  ///
  /// It has where it takes the last ones before it stopped for damaged. Single blocks of H.264 that
  /// differ were predicted along motion that was made up, and blocks before a lost slice are right.
  private func doubtful(in slice: Range<Int>) -> (blocks: Range<Int>, isNoticed: Bool)? {
    let end = slice.first { unwritten.marks[$0] } ?? slice.upperBound
    let blocks = slice.lowerBound..<end
    if let first = blocks.first(where: { picture.origin.marks[$0] }) {
      let count = (first..<end).count { picture.origin.marks[$0] }
      let least = hasDirectMotion ? Self.density * Double(end - first) : 1
      if Double(count) >= least { return (blocks, true) }
    }
    return blocks.contains { left?.marks[$0] == true } ? (blocks, false) : nil
  }
}
