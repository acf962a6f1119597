// SPDX-License-Identifier: MIT

/// What frames before and after one show at a place that it hides, in the order of time.
package struct StillPlace {
  /// Most of them.
  package static let frames = 32
  /// Frames from one sample to the next, at most, where their difference counts.
  private static let longestStep = 4

  /// In the order of time.
  private var samples = InlineArray<32, Float>(repeating: 0)
  package private(set) var count = 0
  /// How many of them are from before.
  private var pastCount = 0
  /// Frames to the last one before and to the first one after.
  private var (before, after) = (0, 0)
  /// What differs from one to the next, added up, and how often.
  private var (difference, steps) = (Float(0), 0)
  private var last: (time: Int, value: Float)?

  package init() {}

  /// `time`: frames from the one that hides the place, not 0.
  package mutating func add(_ value: Float, time: Int) {
    samples[count] = value
    if time < 0 {
      pastCount += 1
      before = -time
    } else if count == pastCount {
      after = time
    }
    count += 1
    if let last, time - last.time <= Self.longestStep {
      difference += abs(value - last.value)
      steps += 1
    }
    last = (time, value)
  }

  /// The mean of all but outliers, and how far they lie from their median.
  ///
  /// `unit`: what never makes an outlier.
  package func agreed(unit: Float) -> (mean: Float, deviation: Float) {
    let all = sorted(0..<count)
    let median = all.median
    var distances = SortedValues()
    for index in 0..<count { distances.insert(abs(all[index] - median)) }
    // The deviation of noise around its median.
    let deviation = 1.5 * distances.median
    var (sum, agreeing) = (Float(0), Float(0))
    for index in 0..<count where abs(all[index] - median) <= 2 * deviation + unit {
      sum += all[index] - median
      agreeing += 1
    }
    return (median + sum / agreeing, deviation)
  }

  /// The mean difference from one to the next.
  package var roughness: Float { steps > 0 ? difference / Float(steps) : .infinity }

  /// Between the median of those before and that of those after: closer to those that are nearer, and more.
  package var between: Float {
    if pastCount == 0 || pastCount == count { return sorted(0..<count).median }
    let (past, later) = (sorted(0..<pastCount).median, sorted(pastCount..<count).median)
    let a = Self.nearness(pastCount, before)
    let b = Self.nearness(count - pastCount, after)
    return (past * a + later * b) / (a + b)
  }

  private func sorted(_ range: Range<Int>) -> SortedValues {
    var values = SortedValues()
    for index in range { values.insert(samples[index]) }
    return values
  }

  private static func nearness(_ count: Int, _ distance: Int) -> Float {
    Float(count) / Float(distance + longestStep)
  }
}

/// Up to ``StillPlace/frames`` numbers in order.
private struct SortedValues {
  private var values = InlineArray<32, Float>(repeating: 0)
  private(set) var count = 0

  subscript(index: Int) -> Float { values[index] }

  mutating func insert(_ value: Float) {
    var place = count
    while place > 0, values[place - 1] > value {
      values[place] = values[place - 1]
      place -= 1
    }
    values[place] = value
    count += 1
  }

  /// Of an even number, the mean of the two in the middle.
  var median: Float { 0.5 * (values[(count - 1) / 2] + values[count / 2]) }
}
