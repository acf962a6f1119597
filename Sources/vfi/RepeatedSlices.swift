// SPDX-License-Identifier: MIT

/// Slices that show the picture before once more, though things move.
///
/// That is what a decoder makes of data that are not the slice's where a code of a single bit leaves a
/// block as it was: erased memory is full of ones, and in MPEG-4 and CAVLC these are a valid
/// picture to the end.
struct RepeatedSlices {
  /// Steps from picture to picture before this one that must have changed things.
  private static let steps = 3
  /// Of a slice's blocks, how many change at least where things move, and at most where they do not.
  private static let moving = 0.2
  private static let still = 0.05
  /// Pictures that are looked through for another one that is repeated.
  private static let reach = 12

  private let picture: CodedPicture
  /// Where this picture differs from the one before.
  private let news: BlockMap
  /// Where pictures differ that follow one another in time, from the nearest on.
  private let changes: [BlockMap]

  /// Nil where too few pictures are known, or repetitions are usual, as in drawn films.
  init?(_ picture: CodedPicture, among others: [CodedPicture]) {
    self.picture = picture
    let known = picture.companions(among: others)
    let earlier = known.filter { $0.order < picture.order }.sorted { $0.order > $1.order }
      .prefix(Self.reach)
    guard earlier.count > Self.steps, let before = earlier.first else { return nil }
    news = BlockMap(picture.shown, unlike: before.shown)
    var changes = zip(earlier, earlier.dropFirst()).map { BlockMap($0.shown, unlike: $1.shown) }
    if changes.contains(where: { $0.share <= Self.still }) { return nil }
    changes = Array(changes.prefix(Self.steps))
    if let later = known.filter({ $0.order > picture.order }).min(by: { $0.order < $1.order }) {
      changes.append(BlockMap(picture.shown, unlike: later.shown))
    }
    self.changes = changes
  }

  /// The blocks of those slices that hold any of `doubtful`.
  func find(_ doubtful: BlockMap, in slices: [[Int]]) -> BlockMap {
    var map = doubtful.empty
    for slice in slices where slice.contains(where: { doubtful.marks[$0] }) {
      let least = Self.moving * Double(slice.count)
      let most = Self.still * Double(slice.count)
      guard Double(slice.count { news.marks[$0] && !picture.origin.marks[$0] }) <= most,
        changes.allSatisfy({ change in Double(slice.count { change.marks[$0] }) >= least })
      else { continue }
      for block in slice { map.marks[block] = true }
    }
    return map
  }
}
