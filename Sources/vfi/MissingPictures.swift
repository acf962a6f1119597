// SPDX-License-Identifier: MIT

/// Tells how many pictures are missing between two that are shown one after the other.
///
/// The picture order count of H.264 and H.265 grows evenly from picture to picture, also where their
/// times do not, so that only a gap in both is a loss.
struct MissingPictures {
  /// As many as are made in a row at most.
  private static let limit = 15

  /// Of the picture before.
  private var last: (order: Int64, pts: Int64)?
  /// From a picture to the next one: of the order, the least seen; of the time, with that one.
  private var step: (order: Int64, pts: Int64)?

  /// The times of the pictures that are missing before the one with this order and time.
  mutating func before(order: Int64, pts: Int64?) -> [Int64] {
    guard let pts else {
      last = nil
      return []
    }
    defer { last = (order, pts) }
    guard let last, pts > last.pts else { return [] }
    let (orders, time) = (order - last.order, pts - last.pts)
    // Counts begin anew at key frames.
    guard orders > 0, orders < 1 << 16 else { return [] }
    if orders <= step?.order ?? .max { step = (orders, time) }
    guard let step, orders % step.order == 0 else { return [] }
    let count = orders / step.order
    guard count > 1, count <= Self.limit + 1, 2 * abs(time - count * step.pts) <= step.pts else {
      return []
    }
    return (1..<count).map { last.pts + (time * $0 + count / 2) / count }
  }
}
