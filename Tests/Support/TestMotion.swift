// SPDX-License-Identifier: MIT
import VFIEngine

/// A motion field with memory of its own.
package final class TestMotion {
  private let guarded: GuardedMap
  private let factor: Int
  private let layout: MotionField.Layout

  package var field: MotionField {
    MotionField(
      layout == .candidates ? .candidates(guarded.map) : .warpPair(guarded.map), factor: factor)
  }

  /// `value(y, x)`: flow to a, flow to b, mask logit, residual; of candidates, four flows, four
  /// weights, residual, uncertainty.
  package init(
    _ layout: MotionField.Layout = .warpPair, height: Int, width: Int, factor: Int = 1,
    _ value: (Int, Int) -> [Float]
  ) {
    let channels = layout == .candidates ? 16 : 8
    guarded = GuardedMap(height: height, width: width, channels: channels)
    self.factor = factor
    self.layout = layout
    for y in 0..<height {
      for x in 0..<width {
        let pixel = value(y, x)
        for c in 0..<channels { guarded.map[y, x, c] = pixel[c] }
      }
    }
  }

  /// Random flows of up to `reach` pixels, residuals of up to 0.1, and mask logits of up to 4 or
  /// weights of which every third place has one or two that are next to nothing.
  package convenience init(
    _ layout: MotionField.Layout = .warpPair, height: Int, width: Int, factor: Int = 1,
    reach: Float, _ random: inout SeededRandom
  ) {
    let limits: [Float] =
      layout == .candidates
      ? .init(repeating: reach, count: 8) + [1, 1, 1, 1, 0.1, 0.1, 0.1, 9]
      : [reach, reach, reach, reach, 4, 0.1, 0.1, 0.1]
    self.init(layout, height: height, width: width, factor: factor) { y, x in
      var pixel = limits.map { Float.random(in: -$0...$0, using: &random) }
      if layout == .candidates { Self.normalise(&pixel, isSparse: (x / 24 + y / 4) % 3 == 0) }
      return pixel
    }
  }

  /// The same for a picture like `description`, with some pixels more than it needs.
  package convenience init(
    _ layout: MotionField.Layout, for description: FrameDescription, factor: Int = 1,
    reach: Float, _ random: inout SeededRandom
  ) {
    let spacing = layout == .candidates ? 2 * factor : factor
    self.init(
      layout, height: (description.height + 3 + spacing - 1) / spacing,
      width: (description.width + 5 + spacing - 1) / spacing, factor: factor, reach: reach, &random)
  }

  private static func normalise(_ pixel: inout [Float], isSparse: Bool) {
    for c in 8..<12 { pixel[c] = 0.02 + abs(pixel[c]) }
    if isSparse { pixel[8] = 0 }
    if isSparse { pixel[11] = 0 }
    let sum = pixel[8..<12].reduce(0, +)
    for c in 8..<12 { pixel[c] /= sum }
  }
}
