// SPDX-License-Identifier: MIT

/// Whether the camera stands still in a frame and others, told from what they show beside their holes.
///
/// Before a moving camera hardly a place looks the same in frames from all over a window; before a
/// fixed one all those do where nothing moves, however few they are.
///
/// Flat parts look still whatever they do, so only cells with texture have a vote, and a vote is
/// for stillness only where the best shift between -1 and 1 pixel, by the parabola through the
/// differences at -1, 0 and 1, is nearly none in both directions. An edge looks still along itself:
/// only cells with texture in both directions, corners, tell of the camera.
@safe package struct FixedView {
  /// Pixels of the side of a cell.
  static let side = 8
  /// Mean squared difference of neighbours, in code values of 8 bits, of a cell that has a vote.
  private static let texture: Float = 16
  /// Longest shift, in pixels, of what stands still.
  private static let shift: Float = 0.25
  /// What differs, squared, against the texture.
  private static let difference: Float = 0.7

  /// How much less a cell counts for the next one.
  private static let fall: Float = 0.75

  /// Fewer cells that can tell tell nothing, nor do fewer frames of a cell.
  private static let leastCells = 12
  private static let leastFrames = 3

  /// Of each cell, a bit a frame: whether it can tell, and whether it stands still.
  private struct Votes {
    var given: UInt32 = 0
    var still: UInt32 = 0
    /// Whether it has texture in both directions.
    var isCorner = false

    var canTell: Bool { given.nonzeroBitCount >= FixedView.leastFrames }
    /// Whether nearly all frames show the same.
    var isSteady: Bool { 5 * still.nonzeroBitCount >= 4 * given.nonzeroBitCount }
  }

  private let here: ComponentSamples
  /// 1 at cells of the hole and beside them, where its shadow may lie.
  private let cells: Grid<UInt8>
  private let votes: Grid<Votes>

  package init(_ part: Frame, _ hole: Hole, on engine: Engine) throws(VFIError) {
    here = ComponentSamples(part, 0)
    cells = try Self.cells(hole, on: engine)
    votes = try engine.scratch.grid(Votes(), height: cells.height, width: cells.width)
  }

  private static func cells(_ hole: Hole, on engine: Engine) throws(VFIError) -> Grid<UInt8> {
    let (height, width) = (hole.pixels.height, hole.pixels.width)
    return try hole.reduced(
      by: side, widenedBy: 1, height: (height + side - 1) / side, width: (width + side - 1) / side,
      in: engine.scratch, on: engine)
  }

  /// Asks the cells beside both holes whether they stand still in another frame, number `bit`.
  package func ask(_ part: Frame, _ hole: Hole, bit: Int, on engine: Engine) throws(VFIError) {
    let mark = engine.scratch.mark
    defer { engine.scratch.release(to: mark) }
    let there = ComponentSamples(part, 0)
    let otherCells = try Self.cells(hole, on: engine)
    // The border has no neighbours to compare with.
    let columns = 1..<max(1, here.width / Self.side - 1)
    let rows = 1..<max(1, here.height / Self.side - 1)
    try engine.forEachRows(cells.height) { first, end in
      for y in first..<end where rows.contains(y) {
        for x in columns where (x + y) % 2 == 0 && cells[y, x] | otherCells[y, x] == 0 {
          guard let vote = vote(there, y * Self.side, x * Self.side) else { continue }
          votes[y, x].isCorner = vote.isCorner
          votes[y, x].given |= 1 << bit
          if vote.isStill { votes[y, x].still |= 1 << bit }
        }
      }
    }
  }

  /// The share of the cells that stand still in nearly all frames; nil where too few can tell.
  package var share: Float? { share(of: { _ in true }) }

  /// The same of those with texture in both directions: hardly any before a camera that moves.
  package var cornerShare: Float? { share(of: \.isCorner) }

  private func share(of isMeant: (Votes) -> Bool) -> Float? {
    var (all, steady) = (0, 0)
    for y in 0..<votes.height {
      for x in 0..<votes.width where votes[y, x].canTell && isMeant(votes[y, x]) {
        all += 1
        if votes[y, x].isSteady { steady += 1 }
      }
    }
    return all < Self.leastCells ? nil : Float(steady) / Float(all)
  }

  /// Of each cell, the share of those around it that stand still in nearly all frames.
  ///
  /// Near ones count more; where there are few, the share of all does.
  package func shares(on engine: Engine) throws(VFIError) -> Grid<Float> {
    let (height, width) = (votes.height, votes.width)
    let shares = try engine.scratch.grid(Float(0), height: height, width: width)
    let mark = engine.scratch.mark
    defer { engine.scratch.release(to: mark) }
    // How many can tell, and how many of them stand still.
    let sums = try engine.scratch.grid(SIMD2<Float>.zero, height: height, width: width)
    for y in 0..<height {
      for x in 0..<width where votes[y, x].canTell {
        sums[y, x] = SIMD2(1, votes[y, x].isSteady ? 1 : 0)
      }
    }
    let line = try engine.scratch.grid(
      SIMD2<Float>.zero, height: 1, width: max(height, width))
    func spread(_ count: Int, _ at: (Int) -> SIMD2<Float>, _ set: (Int, SIMD2<Float>) -> Void) {
      var sum = SIMD2<Float>.zero
      for place in 0..<count {
        line[0, place] = sum
        sum = Self.fall * (sum + at(place))
      }
      sum = .zero
      for place in (0..<count).reversed() {
        let own = at(place)
        set(place, line[0, place] + own + sum)
        sum = Self.fall * (sum + own)
      }
    }
    for y in 0..<height { spread(width, { sums[y, $0] }, { sums[y, $0] = $1 }) }
    for x in 0..<width { spread(height, { sums[$0, x] }, { sums[$0, x] = $1 }) }
    let all = share ?? 0
    for y in 0..<height {
      for x in 0..<width { shares[y, x] = (sums[y, x].y + all) / (sums[y, x].x + 1) }
    }
    return shares
  }

  /// The share of these that do in frame `bit`.
  func share(in bit: Int) -> Float {
    var (all, still) = (0, 0)
    for y in 0..<votes.height {
      for x in 0..<votes.width where votes[y, x].canTell && votes[y, x].isSteady {
        all += Int(votes[y, x].given >> bit & 1)
        still += Int(votes[y, x].still >> bit & 1)
      }
    }
    return all > 0 ? Float(still) / Float(all) : 0
  }

  /// Whether a cell stands still; nil where it cannot tell.
  private func vote(
    _ there: ComponentSamples, _ top: Int, _ left: Int
  ) -> (isStill: Bool, isCorner: Bool)? {
    let a = Patch(here, top, left)
    let across = 0.5 * (a.change(a, 0, 1) + a.change(a, 0, -1))
    let down = 0.5 * (a.change(a, 1, 0) + a.change(a, -1, 0))
    guard max(across, down) > Self.texture else { return nil }
    let b = Patch(there, top, left)
    let still = b.change(a, 0, 0)
    let isCorner = min(across, down) > Self.texture
    guard still < Self.difference * max(across, down) else { return (false, isCorner) }
    func isStill(_ texture: Float, _ dy: Int, _ dx: Int) -> Bool {
      guard texture > Self.texture else { return true }
      let (ahead, behind) = (b.change(a, dy, dx), b.change(a, -dy, -dx))
      let bend = ahead + behind - 2 * still
      return bend > 0 && abs(ahead - behind) < 2 * Self.shift * bend
    }
    return (isStill(across, 0, 1) && isStill(down, 1, 0), isCorner)
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
