// SPDX-License-Identifier: MIT

/// Whether the camera stood still between two frames, told from what both show beside their holes.
///
/// Flat parts look still whatever they do, so only cells with texture have a vote, and a vote is
/// for stillness only where the best shift between -1 and 1 pixel, by the parabola through the
/// differences at -1, 0 and 1, is nearly none in both directions.
@safe struct FixedView {
  /// Pixels of the side of a cell.
  private static let side = 8
  /// Mean squared difference of neighbours, in code values of 8 bits, of a cell that has a vote.
  private static let texture: Float = 16
  /// Longest shift, in pixels, of what stands still.
  private static let shift: Float = 0.25
  /// What differs, squared, against the texture.
  private static let difference: Float = 0.7

  /// How many cells can tell, and how many of them stand still.
  struct Votes {
    /// Fewer tell nothing.
    private static let least = 12
    var given = 0
    var still = 0

    var share: Float { given < Self.least ? 0 : Float(still) / Float(given) }

    static func += (sum: inout Votes, votes: Votes) {
      sum.given += votes.given
      sum.still += votes.still
    }
  }

  private let here: ComponentSamples
  /// 1 at cells of the hole and beside them, where its shadow may lie.
  private let cells: Grid<UInt8>

  init(_ part: Frame, _ hole: Hole, on engine: Engine) throws(VFIError) {
    here = ComponentSamples(part, 0)
    cells = try Self.cells(hole, on: engine)
  }

  private static func cells(_ hole: Hole, on engine: Engine) throws(VFIError) -> Grid<UInt8> {
    let (height, width) = (hole.pixels.height, hole.pixels.width)
    return try hole.reduced(
      by: side, widenedBy: 1, height: (height + side - 1) / side, width: (width + side - 1) / side,
      in: engine.scratch)
  }

  /// Of the cells beside both holes: how many show in another frame that nothing has moved.
  func votes(_ part: Frame, _ hole: Hole, on engine: Engine) throws(VFIError) -> Votes {
    let mark = engine.scratch.mark
    defer { engine.scratch.release(to: mark) }
    let there = ComponentSamples(part, 0)
    let otherCells = try Self.cells(hole, on: engine)
    let counts = try engine.scratch.grid(SIMD2<Int32>.zero, height: cells.height, width: 1)
    // The border has no neighbours to compare with.
    let columns = 1..<max(1, here.width / Self.side - 1)
    let rows = 1..<max(1, here.height / Self.side - 1)
    try engine.forEachRows(cells.height) { first, end in
      for y in first..<end where rows.contains(y) {
        for x in columns where (x + y) % 2 == 0 && cells[y, x] | otherCells[y, x] == 0 {
          guard let isStill = vote(there, y * Self.side, x * Self.side) else { continue }
          counts[y, 0] &+= SIMD2(1, isStill ? 1 : 0)
        }
      }
    }
    var votes = Votes()
    for y in 0..<counts.height {
      votes += Votes(given: Int(counts[y, 0].x), still: Int(counts[y, 0].y))
    }
    return votes
  }

  /// Whether a cell stands still; nil where it cannot tell.
  private func vote(_ there: ComponentSamples, _ top: Int, _ left: Int) -> Bool? {
    let a = Patch(here, top, left)
    let across = 0.5 * (a.change(a, 0, 1) + a.change(a, 0, -1))
    let down = 0.5 * (a.change(a, 1, 0) + a.change(a, -1, 0))
    guard max(across, down) > Self.texture else { return nil }
    let b = Patch(there, top, left)
    let still = b.change(a, 0, 0)
    guard still < Self.difference * max(across, down) else { return false }
    func isStill(_ texture: Float, _ dy: Int, _ dx: Int) -> Bool {
      guard texture > Self.texture else { return true }
      let (ahead, behind) = (b.change(a, dy, dx), b.change(a, -dy, -dx))
      let bend = ahead + behind - 2 * still
      return bend > 0 && abs(ahead - behind) < 2 * Self.shift * bend
    }
    return isStill(across, 0, 1) && isStill(down, 1, 0)
  }

  /// A cell and the pixels around it, in code values of 8 bits.
  private struct Patch {
    private static let width = FixedView.side + 2
    private var values = InlineArray<100, Float>(repeating: 0)

    init(_ samples: ComponentSamples, _ top: Int, _ left: Int) {
      let scale = 255 / samples.maximum
      for y in 0..<Self.width {
        for x in 0..<Self.width {
          values[y * Self.width + x] = scale * samples[top + y - 1, left + x - 1]
        }
      }
    }

    /// Variance of what differs between the cell of `other` and this one, moved.
    func change(_ other: Patch, _ dy: Int, _ dx: Int) -> Float {
      var (sum, squares) = (Float(0), Float(0))
      for y in 1...FixedView.side {
        for x in 1...FixedView.side {
          let place = y * Self.width + x
          let d = values[place + dy * Self.width + dx] - other.values[place]
          sum += d
          squares += d * d
        }
      }
      let count = Float(FixedView.side * FixedView.side)
      return (squares - sum * sum / count) / count
    }
  }
}
