// SPDX-License-Identifier: MIT
import TestSupport
import Testing
import VFIEngine

@Suite struct OutputClockTests {
  private func clock(_ timebase: (Int64, Int64), _ rate: (Int64, Int64)) throws -> OutputClock {
    OutputClock(
      timebase: try #require(Rational(timebase.0, timebase.1)),
      rate: try #require(Rational(rate.0, rate.1)))
  }

  @Test func reducesRationals() throws {
    let rational = try #require(Rational(60000, 2002))
    #expect((rational.num, rational.den) == (30000, 1001))
    #expect(Rational(0, 1) == nil)
    #expect(Rational(1, 0) == nil)
    #expect(Rational(-1, 1) == nil)
    #expect(Rational(1, -1) == nil)
    #expect(Rational(1, 1 << 31) == nil)
    #expect(Rational(.max, 1) == nil)
    #expect(Rational(.max, .max) == Rational(1, 1))
    #expect(Rational(.min, .min) == nil)
  }

  @Test func unitDividesBothClocks() throws {
    let film = try clock((1001, 24000), (60, 1))
    #expect(film.unit == (1, 24000))
    #expect(film.sourceUnits == 1001)
    #expect(film.interval == 400)
    let milliseconds = try clock((1, 1000), (60000, 1001))
    #expect(milliseconds.unit == (1, 60000))
    #expect(milliseconds.sourceUnits == 60)
    #expect(milliseconds.interval == 1001)
  }

  @Test func unitIsTheGreatestCommonDivisor() throws {
    var random = SeededRandom(1)
    for _ in 0..<2000 {
      let parts = (0..<4).map { _ in Int64.random(in: 1...100_000, using: &random) }
      let clock = try clock((parts[0], parts[1]), (parts[2], parts[3]))
      // sourceUnits * unit = timebase and interval * unit = 1 / rate, with factors without a common
      // divisor.
      #expect(
        Int128(clock.sourceUnits) * Int128(clock.unit.num) * Int128(parts[1])
          == Int128(parts[0]) * Int128(clock.unit.den))
      #expect(
        Int128(clock.interval) * Int128(clock.unit.num) * Int128(parts[2])
          == Int128(parts[3]) * Int128(clock.unit.den))
      var (a, b) = (clock.sourceUnits, clock.interval)
      while b != 0 { (a, b) = (b, a % b) }
      #expect(a == 1)
    }
  }

  @Test func millionOutputsKeepTheClosedForm() throws {
    let clock = try clock((1001, 24000), (60000, 1001))
    let start = try clock.time(pts: 7)
    var sum = start
    for n in 0..<Int64(1_000_000) {
      if clock.time(output: n, start: start) != sum {
        Issue.record("output \(n)")
        return
      }
      sum += clock.interval
    }
    // The last one, by hand: 7 * 1001/24000 s + 10^6 * 1001/60000 s in units of 1001/120000 s.
    #expect(clock.unit == (1001, 120000))
    #expect(sum == 7 * 5 + 1_000_000 * 2)
  }

  @Test func extremesAreErrorsOrClamped() throws {
    let wide = try clock((1, 2_147_483_647), (2_147_483_646, 1))
    #expect(throws: VFIError.self) { try wide.time(pts: .max) }
    #expect(throws: VFIError.self) { try wide.time(pts: .min) }
    #expect(wide.time(output: .max, start: .max) == .max)
    #expect(wide.duration(.max) == .max)
    let coarse = try clock((2_147_483_647, 1), (1, 2_147_483_646))
    #expect(coarse.interval == 2_147_483_646)
    #expect(coarse.time(output: .max, start: 0) == .max)
    #expect(coarse.seconds(from: .min, to: .max) > 1e19)
  }

  @Test func nominalIntervalsRoundUp() throws {
    let clock = try clock((1, 1000), (50, 1))
    #expect(clock.interval(rate: try #require(Rational(30, 1))) == 34)
    #expect(clock.interval(rate: try #require(Rational(25, 1))) == 40)
  }
}
