// SPDX-License-Identifier: MIT

/// How unlike the rim of a hole is in the frame that a chain has come to, and so, continued into the
/// hole as a membrane, how far samples from that frame may be trusted.
///
/// Motion that leads astray inside the hole mostly does so at its rim as well, where that shows.
@safe struct RimDifference {
  /// Pixels of the side of a cell; kernels know it too.
  private static let side = 8
  /// Mean absolute difference, in code values of 8 bits, at which trust is halved.
  private let half: Float
  private let arena: Arena

  /// `[ceil(h/8), ceil(w/8), 1]`: sums of absolute differences of the first component, then their means.
  private let means: FeatureMap
  private let counts: Grid<Float>

  init(height: Int, width: Int, half: Float, in arena: Arena) throws(VFIError) {
    self.half = half
    self.arena = arena
    let rows = (height + Self.side - 1) / Self.side
    let columns = (width + Self.side - 1) / Self.side
    means = try arena.map(height: rows, width: columns, channels: 1)
    means.fill(0)
    counts = try arena.grid(Float(0), height: rows, width: columns)
  }

  /// Takes the difference at a pixel.
  func add(_ difference: Float, _ y: Int, _ x: Int) {
    means[y / Self.side, x / Self.side, 0] += abs(difference)
    counts[y / Self.side, x / Self.side] += 1
  }

  /// The factor, 0 to 1, of the weight of a sample in each cell.
  func trust(on engine: Engine) throws(VFIError) -> Grid<Float> {
    let unknown = try arena.grid(UInt8(0), height: means.height, width: means.width)
    for row in 0..<means.height {
      for column in 0..<means.width {
        let count = counts[row, column]
        if count > 0 { means[row, column, 0] /= count } else { unknown[row, column] = 1 }
      }
    }
    try fillMembrane(means, unknown: unknown, sweeps: Inpainter.sweeps, on: engine)
    for row in 0..<means.height {
      for column in 0..<means.width {
        let mean = means[row, column, 0]
        // From five times `half` on a membrane is nearer to the truth. Written so that NaN is not
        // trusted.
        counts[row, column] = mean < 5 * half ? 1 / (1 + mean * mean / (half * half)) : 0
      }
    }
    return counts
  }
}
