// SPDX-License-Identifier: MIT
import CLibAV

/// Exact times of source frames.
///
/// Containers with a coarse time base (Matroska: 1 ms) round the times of a constant frame rate.
/// Taken literally, 33 ms instead of 1/30 s, hardly any output would fall on a source frame and
/// pass through untouched. A time within one tick of the grid start + n / rate is therefore put
/// back on that grid; all other times, those of a variable rate, stay as they are.
struct SourceClock {
  /// Seconds per unit of the times that this clock gives.
  let unit: AVRational
  private let timebase: AVRational
  /// One tick of the container, in units.
  private let tick: Int64
  /// One frame at the nominal rate, in units; 0 = unknown.
  private let interval: Int64
  private let snaps: Bool
  private var start: Int64?
  private var previous: Int64?

  init(timebase: AVRational, rate: AVRational) {
    self.timebase = timebase
    guard rate.isPositive else {
      unit = timebase
      tick = 1
      interval = 0
      snaps = false
      return
    }
    let common = AVRational.commonUnit(timebase, rate.inverse)
    unit = common ?? Self.fineUnit(of: rate)
    tick = max(av_rescale_q(1, timebase, unit), 1)
    interval = av_rescale_q(1, rate.inverse, unit)
    // Below eight ticks a frame, one tick is too much to move.
    snaps = (common == nil || interval % tick != 0) && interval / tick >= 8
  }

  /// A small part of the nominal interval, where no unit of 31 bits is exact for ticks as well.
  private static func fineUnit(of rate: AVRational) -> AVRational {
    var parts: Int32 = 1
    while parts < 1 << 16, rate.num <= Int32.max / (2 * parts) { parts *= 2 }
    return AVRational(num: rate.den, den: rate.num * parts)
  }

  /// Time and duration of the next frame, in units; `pts` and `duration` are in ticks.
  ///
  /// A frame without a time follows its predecessor by one nominal interval. The duration is 0
  /// when it is unknown. Nil when the frame is not later than its predecessor.
  mutating func time(pts: Int64?, duration: Int64) -> (pts: Int64, duration: Int64)? {
    let raw =
      pts.map { av_rescale_q($0, timebase, unit) } ?? previous.map { $0 + max(interval, tick) } ?? 0
    let origin = start ?? raw
    let time = snaps ? snapped(raw - origin) + origin : raw
    if let previous, time <= previous { return nil }
    start = origin
    previous = time
    let length = av_rescale_q(duration, timebase, unit)
    return (time, snaps && length > 0 ? snapped(length) : length)
  }

  /// The multiple of the interval within one tick of `time`, or else `time`.
  private func snapped(_ time: Int64) -> Int64 {
    let count = (time + interval / 2) / interval
    let grid = count * interval
    return abs(grid - time) <= tick ? grid : time
  }
}
