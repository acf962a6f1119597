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
  /// Multiply-adds that convolutions were spared at pixels that are not active.
  package var multiplyAddsSaved = 0
  /// Pixels computed, and pixels in all, of sparse work at 1/2^k of the frame's size.
  private var activePixels = InlineArray<4, Int>(repeating: 0)
  private var pixels = InlineArray<4, Int>(repeating: 0)
  /// The active share of the pixels in the last sparse work; nil without any.
  package private(set) var lastShare: Double?
  private var times = InlineArray<5, UInt64>(repeating: 0)

  package init() {}

  /// Nanoseconds of wall time spent in a stage.
  package subscript(stage: Stage) -> UInt64 {
    get { times[stage.rawValue] }
    set { times[stage.rawValue] = newValue }
  }

  /// Number of levels whose active share is known: 1/1, 1/2, 1/4 and 1/8 of the frame's size.
  package static let levels = 4

  /// Counts the sparse work of one frame at 1/2^level of its size: `computed` of `all` pixels.
  package mutating func count(_ computed: Int, of all: Int, level: Int) {
    activePixels[level] += computed
    pixels[level] += all
  }

  /// The same for a set, whose share then is the last one.
  package mutating func count(_ active: ActiveSet, level: Int) {
    count(active.count, of: active.height * active.width, level: level)
    lastShare = active.share
  }

  /// The active share of the pixels at 1/2^level of the size, over all frames; nil without masks.
  package func activeShare(level: Int) -> Double? {
    pixels[level] > 0 ? Double(activePixels[level]) / Double(pixels[level]) : nil
  }

  /// Nanoseconds of the monotonic clock.
  package static func now() -> UInt64 {
    var time = timespec()
    unsafe clock_gettime(CLOCK_MONOTONIC, &time)
    return UInt64(time.tv_sec) &* 1_000_000_000 &+ UInt64(time.tv_nsec)
  }
}
