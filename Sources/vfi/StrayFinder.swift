// SPDX-License-Identifier: MIT
import CVFI
import Glibc

/// Finds the blocks that a decoder made up after it had lost its way, by the odds that the library
/// has of them from the pictures around (`vfi_analyze()` of what is marked as doubtful).
struct StrayFinder {
  /// Logarithm of the odds from which on blocks are taken for made up, in a picture in which something
  /// is known to be wrong.
  private static let threshold: Float = 6
  /// No block alone says more than this.
  private static let limit: Float = 3
  /// Blocks of 16 x 16 pixels that are decoded together, on a side.
  private static let unit = 4

  private let picture: CodedPicture
  private let known: [CodedPicture]
  private let mender: PictureMender
  /// There are pictures before and after.
  var isBetween: Bool { known.contains { $0.order > picture.order } }
  /// No damage has come to the pictures around, so that all that there is is of this one.
  private var isFirst: Bool { !known.contains { $0.spread.count > 0 } }

  /// Nil where it is not known what is usual: among `others` there are too few earlier ones.
  init?(
    _ picture: CodedPicture, among others: ArraySlice<CodedPicture>, by mender: PictureMender
  ) {
    known = picture.companions(among: others)
    self.picture = picture
    self.mender = mender
    if known.count(where: { $0.order < picture.order }) < 2 { return nil }
  }

  /// The likeliest run of made-up blocks in each slice of H.265, if it is likely enough; only in
  /// slices with which something is wrong: of which a part was not decoded, or that were left.
  ///
  /// Outlines are left out: those of its blocks, which are larger, show less.
  func find(_ left: BlockMap?, in slices: [[Int]]) throws(Failure) -> BlockMap? {
    var wrong = picture.origin
    if isFirst { wrong.formUnion(picture.spread) }
    if let left { wrong.formUnion(left) }
    let doubtful = slices.filter { $0.contains { wrong.marks[$0] } }
    guard !doubtful.isEmpty,
      let odds = try odds(of: picture.shown, VFI_FRAME_DOUBTFUL_MOTION)
    else { return nil }
    var map = wrong.empty
    for slice in doubtful { mark(odds, in: slice, &map) }
    return map.count > 0 ? map : nil
  }

  /// Of each block of the picture as one of the decoders has it, the logarithm of the odds that it is
  /// made up; nil where nothing tells.
  func odds(of other: Picture) throws(Failure) -> [Float]? {
    try odds(of: other, VFI_FRAME_DOUBTFUL)
  }

  private func odds(of other: Picture, _ doubt: Int) throws(Failure) -> [Float]? {
    let values = try mender.certainties(
      of: other, order: picture.order, doubt: UInt32(doubt), among: known)
    if values.contains(0) { return nil }
    return values.map { value in
      let share = Float(value) / 255
      return min(Self.limit, max(-Self.limit, logf(share / (1 - share))))
    }
  }

  /// Marks the consecutive units in a slice whose blocks have the highest sum of odds.
  private func mark(_ values: [Float], in slice: [Int], _ map: inout BlockMap) {
    var isOwn = map.marks.map { _ in false }
    for index in slice { isOwn[index] = true }
    var (sum, start, best, bounds): (Float, Int, Float, Range<Int>) = (0, 0, 0, 0..<0)
    for place in 0..<map.units(of: Self.unit) {
      var odds: Float = 0
      for index in map.unit(place, of: Self.unit) where isOwn[index] { odds += values[index] }
      if sum <= 0 { (sum, start) = (0, place) }
      sum += odds / Float(Self.unit)
      if sum > best { (best, bounds) = (sum, start..<place + 1) }
    }
    guard best > Self.threshold else { return }
    for place in bounds {
      for index in map.unit(place, of: Self.unit) where isOwn[index] { map.marks[index] = true }
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
