// SPDX-License-Identifier: MIT

/// A positive exact number in lowest terms, both parts at most `Int32.max`.
package struct Rational: Equatable, Sendable {
  package let num: Int64
  package let den: Int64

  /// `nil` when a part is not positive, or still above `Int32.max` in lowest terms.
  package init?(_ num: Int64, _ den: Int64) {
    guard num > 0, den > 0 else { return nil }
    let divisor = greatestCommonDivisor(num, den)
    self.num = num / divisor
    self.den = den / divisor
    guard self.num <= Int32.max, self.den <= Int32.max else { return nil }
  }
}

/// The greatest common divisor of two positive numbers.
func greatestCommonDivisor(_ a: Int64, _ b: Int64) -> Int64 {
  var (a, b) = (a, b)
  while b != 0 { (a, b) = (b, a % b) }
  return a
}

/// The two clocks of a stream, source and output, counted in one unit in which both are exact.
///
/// With source timebase a/b and output interval c/d, all in lowest terms, the unit is their
/// greatest common divisor gcd(a, c) / lcm(b, d) seconds. All parts are below 2^31, so that the
/// unit and both factors fit in 64 bits; sums are taken in 128 bits and checked.
package struct OutputClock: Sendable {
  /// Seconds per unit.
  package let unit: (num: Int64, den: Int64)
  /// Units per unit of a source's pts.
  package let sourceUnits: Int64
  /// Units from one output to the next.
  package let interval: Int64

  package init(timebase: Rational, rate: Rational) {
    let (a, b, c, d) = (timebase.num, timebase.den, rate.den, rate.num)
    let num = greatestCommonDivisor(a, c)
    let den = b / greatestCommonDivisor(b, d) * d
    unit = (num, den)
    sourceUnits = (a / num) * (den / b)
    interval = (c / num) * (den / d)
  }

  /// The time of a source in units.
  ///
  /// Throws `.argument` when it leaves 64 bits, a few centuries from zero.
  package func time(pts: Int64) throws(VFIError) -> Int64 {
    guard let time = Int64(exactly: Int128(pts) * Int128(sourceUnits)) else {
      throw .argument("pts \(pts) is out of range in the stream's timebase 1/\(unit.den)")
    }
    return time
  }

  /// A source's duration in units, at most `Int64.max`.
  package func duration(_ duration: Int64) -> Int64 {
    Int64(clamping: Int128(duration) * Int128(sourceUnits))
  }

  /// The time of output `index` of a run that began at `start`: closed form, so nothing adds up.
  package func time(output index: Int64, start: Int64) -> Int64 {
    Int64(clamping: Int128(start) + Int128(index) * Int128(interval))
  }

  /// One interval of frames that come `rate` times a second, rounded up to units.
  ///
  /// Outputs stand at whole units, so the rounding moves none across the end of a frame.
  package func interval(rate: Rational) -> Int64 {
    let (num, den) = (Int128(rate.den) * Int128(unit.den), Int128(rate.num) * Int128(unit.num))
    return Int64(clamping: (num + den - 1) / den)
  }

  /// Seconds from `start` to `end`; for limits, not for times.
  package func seconds(from start: Int64, to end: Int64) -> Double {
    Double(Int128(end) - Int128(start)) * Double(unit.num) / Double(unit.den)
  }
}
