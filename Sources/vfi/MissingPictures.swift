// SPDX-License-Identifier: MIT

/// Tells how many pictures are missing between two that are shown one after the other.
///
/// The picture order count of H.264 and H.265 grows evenly from picture to picture, also where their
/// times do not, so that only a gap in both is a loss. Raw streams have no times: there a gap in the
/// counts is one where these were even before.
struct MissingPictures {
  /// As many as are made in a row at most.
  private static let limit = 15
  /// Of a raw stream, how many steps must be known, and of how many of them one may be a gap.
  private static let leastSteps = 8
  private static let evenness = 8

  /// Of the picture before.
  private var last: (order: Int64, pts: Int64?)?
  /// From a picture to the next one: of the order, the least seen; of the time, with that one.
  private var step: (order: Int64, pts: Int64)?
  /// How often the order has grown by the least step, and by more.
  private var even = 0
  private var uneven = 0

  /// The times of the pictures that are missing before the one with this order and time; of a raw
  /// stream there are none.
  mutating func before(order: Int64, pts: Int64?) -> [Int64?] {
    defer { last = (order, pts) }
    guard let last else { return [] }
    let orders = order - last.order
    // Counts begin anew at key frames.
    guard orders > 0, orders < 1 << 16 else { return [] }
    guard let pts, let before = last.pts else {
      return pts == nil && last.pts == nil
        ? Array(repeating: nil, count: untimed(orders)) : []
    }
    let time = pts - before
    guard time > 0 else { return [] }
    if orders <= step?.order ?? .max { step = (orders, time) }
    guard let step, orders % step.order == 0 else { return [] }
    let count = orders / step.order
    guard count > 1, count <= Self.limit + 1, 2 * abs(time - count * step.pts) <= step.pts else {
      return []
    }
    return (1..<count).map { before + (time * $0 + count / 2) / count }
  }

  /// How many pictures are missing where the order has grown by this much, by what is known so far.
  private mutating func untimed(_ orders: Int64) -> Int {
    let known = step?.order ?? orders
    if orders < known { (even, uneven) = (0, even + uneven) }
    step = (min(orders, known), 0)
    guard orders > known else {
      even += 1
      return 0
    }
    uneven += 1
    let count = orders / known
    let isEven = even >= Self.leastSteps && Self.evenness * uneven <= even + uneven
    return isEven && orders % known == 0 && count <= Self.limit + 1 ? Int(count) - 1 : 0
  }
}
