// SPDX-License-Identifier: MIT
import Glibc

/// Sums over the frames of a context.
package struct Statistics {
  /// The steps of one frame that are timed apart.
  package enum Stage: Int, CaseIterable {
    case convert, encode, motion, decode, synthesis
  }

  package var framesInterpolated = 0
  package var framesCopied = 0
  package var framesHeld = 0
  package var framesBlended = 0
  package var framesEncoded = 0
  /// Multiply-adds done by convolutions.
  package var multiplyAdds = 0
  private var times = InlineArray<5, UInt64>(repeating: 0)

  package init() {}

  /// Nanoseconds of wall time spent in a stage.
  package subscript(stage: Stage) -> UInt64 {
    get { times[stage.rawValue] }
    set { times[stage.rawValue] = newValue }
  }

  /// Nanoseconds of the monotonic clock.
  package static func now() -> UInt64 {
    var time = timespec()
    unsafe clock_gettime(CLOCK_MONOTONIC, &time)
    return UInt64(time.tv_sec) &* 1_000_000_000 &+ UInt64(time.tv_nsec)
  }
}
