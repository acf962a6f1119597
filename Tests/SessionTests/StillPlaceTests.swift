// SPDX-License-Identifier: MIT
import Testing
import VFIEngine

/// What samples before and after a frame say of a place that it hides.
@Suite struct StillPlaceTests {
  /// Samples of neighbouring frames up to `gap` before the one that is filled, and from `gap` after it on.
  private func place(_ past: [Float], _ later: [Float], gap: (Int, Int) = (5, 5)) -> StillPlace {
    var place = StillPlace()
    for (number, value) in past.enumerated() {
      place.add(value, time: number - past.count + 1 - gap.0)
    }
    for (number, value) in later.enumerated() { place.add(value, time: gap.1 + number) }
    return place
  }

  @Test func outliersDoNotCount() {
    let found = place([50, 51, 49, 90], [50, 52, 48, 10]).agreed(unit: 1)
    #expect(abs(found.mean - 50) < 0.01)
    #expect(found.deviation < 3)
  }

  @Test func aStepBetweenIsNotRough() {
    // Light that changes once differs much from the mean, but hardly from one frame to the next.
    let step = place([Float](repeating: 100, count: 8), [Float](repeating: 140, count: 8))
    #expect(step.agreed(unit: 1).deviation >= 20)
    #expect(step.roughness == 0)
    // What moves differs each time.
    let moving = place([100, 140, 100, 140, 100, 140], [100, 140, 100, 140])
    #expect(moving.roughness == 40)
    #expect(place([100], [140]).roughness == .infinity)
  }

  @Test func theNearerSideCountsMore() {
    let (dark, light) = ([Float](repeating: 100, count: 8), [Float](repeating: 140, count: 8))
    #expect(abs(place(dark, light).between - 120) < 0.01)
    let values = (1...9).map { place(dark, light, gap: ($0, 10 - $0)).between }
    #expect(values[0] < 115 && values[8] > 125)
    // Slowly from one to the other.
    for (a, b) in zip(values, values.dropFirst()) { #expect(b > a && b - a < 4) }
    #expect(place(dark, []).between == 100)
    #expect(place([], light).between == 140)
    // One frame tells less than eight.
    #expect(place([100], light).between > 130)
  }
}
