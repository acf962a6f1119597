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
  /// One tick of the container, in units.
  private let tick: Int64
  /// One frame at the nominal rate, in units; 0 = unknown.
  private let interval: Int64
  private let snaps: Bool
  private var start: Int64?
  private var previous: Int64?

  init(timebase: AVRational, rate: AVRational) {
    let common = rate.isPositive ? AVRational.commonUnit(timebase, rate.inverse) : nil
    unit = common ?? timebase
    tick = av_rescale_q(1, timebase, unit)
    interval = rate.isPositive ? av_rescale_q(1, rate.inverse, unit) : 0
    // Below eight ticks a frame, one tick is too much to move.
    snaps = common != nil && interval % tick != 0 && interval / tick >= 8
  }

  /// Time and duration of the next frame, in units; `pts` and `duration` are in ticks.
  ///
  /// A frame without a time follows its predecessor by one nominal interval. The duration is 0
  /// when it is unknown. Nil when the frame is not later than its predecessor.
  mutating func time(pts: Int64?, duration: Int64) -> (pts: Int64, duration: Int64)? {
    let raw = pts.map { $0 * tick } ?? previous.map { $0 + max(interval, tick) } ?? 0
    let origin = start ?? raw
    let time = snaps ? snapped(raw - origin) + origin : raw
    if let previous, time <= previous { return nil }
    start = origin
    previous = time
    let length = duration * tick
    return (time, snaps && length > 0 ? snapped(length) : length)
  }

  /// The multiple of the interval within one tick of `time`, or else `time`.
  private func snapped(_ time: Int64) -> Int64 {
    let count = (time + interval / 2) / interval
    let grid = count * interval
    return abs(grid - time) <= tick ? grid : time
  }
}
