// SPDX-License-Identifier: MIT

/// How unlike the rim of a hole is in the frame that a chain has come to, and so, continued into the
/// hole as a membrane, how far samples from that frame may be trusted.
///
/// Motion that leads astray inside the hole mostly does so at its rim as well, where that shows.
@safe struct RimDifference {
  /// Pixels of the side of a cell.
  private static let side = 8
  /// Mean absolute difference, in code values of 8 bits, at which trust is halved.
  private let half: Float

  /// `[ceil(h/8), ceil(w/8), 1]`: mean absolute difference of the first component.
  private let means: FeatureMap
  private let unknown: Grid<UInt8>

  init(_ rim: Grid<UInt8>, half: Float, in arena: Arena) throws(VFIError) {
    self.half = half
    let rows = (rim.height + Self.side - 1) / Self.side
    let columns = (rim.width + Self.side - 1) / Self.side
    means = try arena.map(height: rows, width: columns, channels: 1)
    unknown = try arena.grid(UInt8(1), height: rows, width: columns)
  }

  /// Takes the differences of all pixels of `part`; `difference` is nil where there is none.
  func fill(
    in part: PixelRectangle, on engine: Engine, _ difference: (_ y: Int, _ x: Int) -> Float?
  ) throws(VFIError) {
    try engine.forEachRows(means.height) { first, end in
      for row in first..<end {
        for column in 0..<means.width { fill(row, column, in: part, difference) }
      }
    }
    try fillMembrane(means, unknown: unknown, sweeps: Inpainter.sweeps, on: engine)
  }

  private func fill(
    _ row: Int, _ column: Int, in part: PixelRectangle,
    _ difference: (_ y: Int, _ x: Int) -> Float?
  ) {
    var (sum, count) = (Float(0), Float(0))
    let rows = part.y..<part.y + part.height
    let columns = part.x..<part.x + part.width
    for y in (row * Self.side..<(row + 1) * Self.side).clamped(to: rows) {
      for x in (column * Self.side..<(column + 1) * Self.side).clamped(to: columns) {
        if let difference = difference(y, x) {
          sum += abs(difference)
          count += 1
        }
      }
    }
    means[row, column, 0] = count > 0 ? sum / count : 0
    unknown[row, column] = count > 0 ? 0 : 1
  }

  /// The factor, 0 to 1, of the weight of a sample at a pixel.
  func trust(_ y: Int, _ x: Int) -> Float {
    let mean = means[y / Self.side, x / Self.side, 0]
    // From five times `half` on a membrane is nearer to the truth. Written so that NaN is not trusted.
    return mean < 5 * half ? 1 / (1 + mean * mean / (half * half)) : 0
  }
}
