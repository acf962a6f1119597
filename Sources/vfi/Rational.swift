// SPDX-License-Identifier: MIT
import CLibAV
import CVFI

extension AVRational {
  var isPositive: Bool { num > 0 && den > 0 }
  var value: Double { av_q2d(self) }
  var inverse: AVRational { AVRational(num: den, den: num) }
  var exact: vfi_rational { vfi_rational(num: Int64(num), den: Int64(den)) }

  /// The rate n * 1000 / 1001 where this is FFmpeg's shortened form of it, as 7001/146 is of
  /// 48000/1001.
  var restoringNTSC: AVRational {
    let whole = (value * 1.001).rounded()
    guard den != 1, whole >= 1, whole < 2e6, abs(value * 1.001 / whole - 1) < 5e-7 else {
      return self
    }
    return AVRational(num: Int32(whole) * 1000, den: 1001)
  }

  /// "60", "29.97", "60000/1001", "ntsc", ...
  init?(rate text: String) {
    self.init()
    guard unsafe av_parse_video_rate(&self, text) >= 0, isPositive else { return nil }
  }

  /// Nil when a part needs more than 31 bits.
  init?(_ value: vfi_rational) {
    guard let num = Int32(exactly: value.num), let den = Int32(exactly: value.den) else {
      return nil
    }
    self.init(num: num, den: den)
  }

  /// The largest number of which both are whole multiples; nil when it needs more than 31 bits.
  static func commonUnit(_ a: AVRational, _ b: AVRational) -> AVRational? {
    let left = Int64(a.num) * Int64(b.den)
    let right = Int64(b.num) * Int64(a.den)
    let num = av_gcd(left, right)
    let den = Int64(a.den) * Int64(b.den)
    let divisor = av_gcd(num, den)
    guard divisor > 0 else { return nil }
    return AVRational(vfi_rational(num: num / divisor, den: den / divisor))
  }
}

extension AVRational: @retroactive CustomStringConvertible {
  /// "60" or "60000/1001".
  public var description: String { den == 1 ? "\(num)" : "\(num)/\(den)" }
}

/// Seconds as "1:02:03.450".
func clockText(_ seconds: Double) -> String {
  let milliseconds = Int64((max(seconds, 0) * 1000).rounded())
  let (minutes, rest) = (milliseconds / 60_000, milliseconds % 60_000)
  let tail = "\(padded(rest / 1000, 2)).\(padded(rest % 1000, 3))"
  return minutes < 60
    ? "\(minutes):\(tail)" : "\(minutes / 60):\(padded(minutes % 60, 2)):\(tail)"
}

/// Seconds as "1:02:03".
func wholeClockText(_ seconds: Double) -> String {
  String(clockText(seconds.rounded()).dropLast(4))
}

/// `value` with leading zeros up to `width` digits.
func padded(_ value: Int64, _ width: Int) -> String {
  let digits = String(value)
  return String(repeating: "0", count: max(width - digits.count, 0)) + digits
}

/// `value` with a fixed number of decimals.
func decimal(_ value: Double, _ places: Int) -> String {
  guard value.isFinite else { return value.isNaN ? "nan" : value < 0 ? "-inf" : "inf" }
  var scale: Int64 = 1
  for _ in 0..<places { scale *= 10 }
  let scaled = Int64((abs(value) * Double(scale)).rounded())
  let sign = value < 0 && scaled > 0 ? "-" : ""
  let fraction = places > 0 ? "." + padded(scaled % scale, places) : ""
  return "\(sign)\(scaled / scale)\(fraction)"
}
