// SPDX-License-Identifier: MIT
import CodedVideo
import TestSupport
import Testing

@Suite struct TurningPointTests {
  @Test func isTheHighestSumToTheEnd() {
    var random = SeededRandom(1)
    for _ in 0..<2000 {
      let all = (0..<Int.random(in: 1...60, using: &random)).map { _ in
        // Eighths: sums are exact, in whatever order.
        Float(Int.random(in: -24...24, using: &random)) / 8
      }
      let start = Int.random(in: 0..<all.count, using: &random)
      let odds = all[start..<Int.random(in: start...all.count, using: &random)]
      let sums = odds.indices.map { odds[$0...].reduce(0, +) }
      let highest = max(0, sums.max() ?? 0)
      let point = TurningPoint(odds)
      #expect(point.sum == highest)
      #expect(
        point.index == (highest > 0 ? start + (sums.lastIndex(of: highest) ?? 0) : odds.endIndex))
    }
  }
}
