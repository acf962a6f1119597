// SPDX-License-Identifier: MIT

/// The order of presentation of MPEG-1, MPEG-2 and MPEG-4, whose pictures are not counted throughout.
///
/// Pictures of type B are shown before the last other one, an anchor. Numbers are as far apart as the
/// pictures are in time, if there are as many of type B before each anchor.
struct AnchorOrder {
  private static let step: Int64 = 256

  private var before: Int64 = 0
  private var last: Int64 = 0
  /// Pictures of type B since the last anchor, and before it.
  private var between: Int64 = 0
  private var usual: Int64 = 0

  /// The number of the next picture in the order of decoding.
  mutating func order(isBetween: Bool) -> Int64 {
    guard isBetween else {
      (usual, between, before) = (between, 0, last)
      last += (usual + 1) * Self.step
      return last
    }
    between += 1
    // More than before the last anchor share the place of one.
    return between <= usual
      ? before + between * Self.step : last - max(1, Self.step >> (between - usual))
  }
}
