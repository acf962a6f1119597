// SPDX-License-Identifier: MIT

/// Limits the share of pixels that a model refines, so that a new frame takes no longer than wished.
///
/// The time of a frame is a fixed part and one that grows with the share, both unknown. A pair whose
/// frames took too long on average lowers the cap by the square of the excess, since only a part of
/// the time follows it; one that left more than a tenth raises it slowly. So the cap settles within
/// a few frames, and after a sudden change one frame is late.
package struct Deadline {
  /// Seconds a frame; 0 = no deadline.
  private let limit: Double
  /// Largest share that the next frames may refine.
  package private(set) var cap = 1.0

  package init(seconds: Double) { limit = seconds }

  /// Learns from frames that took `seconds` each and refined `share` of their pixels (nil: unknown).
  package mutating func note(seconds: Double, share: Double?) {
    guard limit > 0 else { return }
    let load = seconds / limit
    if load > 1 {
      let used = min(cap, share ?? cap)
      cap = used / (load * load)
      if cap < 0.001 { cap = 0 }
    } else if load < 0.9 {
      cap = min(1, max(cap * 1.15, 0.01))
    }
  }

  /// What the next frames may do of what `budget` allows.
  package func limited(_ budget: ComputeBudget) -> ComputeBudget {
    guard limit > 0, cap < 1 else { return budget }
    if case .cap(let share) = budget { return .cap(min(share, cap)) }
    return .cap(cap)
  }
}
