// SPDX-License-Identifier: MIT
import Glibc

/// What a step took, in nanoseconds.
struct Duration {
  var wall = 0.0
  /// Time of all threads of the process: unlike `wall` it leaves out what other programs took.
  var processor = 0.0

  /// Runs `body` once.
  init(of body: () throws -> Void) rethrows {
    let (wallStart, processorStart) = (
      Self.read(CLOCK_MONOTONIC), Self.read(CLOCK_PROCESS_CPUTIME_ID)
    )
    try body()
    wall = Self.read(CLOCK_MONOTONIC) - wallStart
    processor = Self.read(CLOCK_PROCESS_CPUTIME_ID) - processorStart
  }

  private static func read(_ clock: clockid_t) -> Double {
    var time = timespec()
    unsafe clock_gettime(clock, &time)
    return Double(time.tv_sec) * 1e9 + Double(time.tv_nsec)
  }
}

/// The middle value; 0 of none.
func median(_ values: [Double]) -> Double {
  values.isEmpty ? 0 : values.sorted()[values.count / 2]
}

/// `value` with `places` digits after the point, at least `width` characters.
func format(_ value: Double, _ places: Int, width: Int = 0) -> String {
  var scale = 1.0
  for _ in 0..<places { scale *= 10 }
  let scaled = Int((abs(value) * scale).rounded())
  var text = String(scaled / Int(scale))
  if places > 0 {
    let digits = String(scaled % Int(scale))
    text += "." + String(repeating: "0", count: places - digits.count) + digits
  }
  if value < 0 { text = "-" + text }
  return String(repeating: " ", count: max(0, width - text.count)) + text
}
