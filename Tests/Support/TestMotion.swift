// SPDX-License-Identifier: MIT
import VFIEngine

/// A motion field with memory of its own.
package final class TestMotion {
  private let guarded: GuardedMap
  private let factor: Int

  package var field: MotionField { MotionField(map: guarded.map, factor: factor) }

  /// `value(y, x)`: flow to a, flow to b, mask logit, residual.
  package init(height: Int, width: Int, factor: Int = 1, _ value: (Int, Int) -> [Float]) {
    guarded = GuardedMap(height: height, width: width, channels: 8)
    self.factor = factor
    for y in 0..<height {
      for x in 0..<width {
        let pixel = value(y, x)
        for c in 0..<8 { guarded.map[y, x, c] = pixel[c] }
      }
    }
  }

  /// Random flows of up to `reach` pixels, mask logits of up to 4 and residuals of up to 0.1.
  package convenience init(
    height: Int, width: Int, factor: Int = 1, reach: Float, _ random: inout SeededRandom
  ) {
    let limits = [reach, reach, reach, reach, 4, 0.1, 0.1, 0.1]
    self.init(height: height, width: width, factor: factor) { _, _ in
      limits.map { Float.random(in: -$0...$0, using: &random) }
    }
  }
}
