// SPDX-License-Identifier: MIT
import TestSupport
import Testing
import VFIEngine

/// What is alike in both frames (bars, a still background) around what moves takes no work of the
/// search and of the guide.
@Suite struct StillSurroundingsTests {
  static let (height, width) = (320, 768)
  /// Level 5 is the coarsest: 32 rows of the frame a row, 256 a patch.
  static let (unit, patch) = (32, 256)
  /// Narrower than three quarters of the frame.
  static let box = MovingRegion(rows: 60..<200, columns: 160..<350)

  private let engine: Engine
  private let arena: Arena
  private let model: DefaultModel

  init() throws {
    engine = Engine(runner: try ThreadPool(threads: 2))
    arena = Arena(ledger: engine.ledger)
    let any = try openModel(
      try DefaultModelWeights.file(), precision: .float32, kernels: engine.kernels)
    model = try #require(any as? DefaultModel)
  }

  /// Blobs, which in `moving` stand `shift` pixels further right.
  private func picture(_ moving: MovingRegion, shift: Float) throws -> FeatureMap {
    let map = try arena.map(height: Self.height, width: Self.width, channels: 3)
    for y in 0..<Self.height {
      for x in 0..<Self.width {
        let moves = moving.rows.contains(y) && moving.columns.contains(x)
        let place = Float(x) - (moves ? shift : 0)
        let value = blobs(place / 6 + 40, Float(y) / 6)
        for c in 0..<3 { map[y, x, c] = value }
      }
    }
    return map
  }

  /// Random values at whole coordinates, linear between them.
  private func blobs(_ x: Float, _ y: Float) -> Float {
    func value(_ x: Int, _ y: Int) -> Float {
      Float((UInt32(x * 7919 + y * 104_729) &* 2_654_435_761) >> 24) / 255
    }
    let (column, row) = (Int(x), Int(y))
    let (right, below) = (x - Float(column), y - Float(row))
    let top = value(column, row) * (1 - right) + value(column + 1, row) * right
    let bottom = value(column, row + 1) * (1 - right) + value(column + 1, row + 1) * right
    return top * (1 - below) + bottom * below
  }

  private func luma(_ moving: MovingRegion, shift: Float) throws -> LumaPyramid {
    try LumaPyramid(try picture(moving, shift: shift), in: arena, on: engine)
  }

  private func features(_ moving: MovingRegion, shift: Float) throws -> FrameFeatures {
    try model.encode(try picture(moving, shift: shift), in: arena, on: engine)
  }

  private func prepared(_ moving: MovingRegion) throws -> PairFeatures {
    try model.prepare(
      try features(moving, shift: 0), try features(moving, shift: 2), on: engine)
  }

  @Test func equalFramesHaveNoRegion() throws {
    let still = try luma(Self.box, shift: 0)
    #expect(still.region(unlike: try luma(Self.box, shift: 0)).isEmpty)
  }

  @Test func regionHoldsAllThatMoves() throws {
    var random = SeededRandom(5)
    func part(_ size: Int) -> Range<Int> {
      let first = Int.random(in: 0..<size - 1, using: &random)
      return first..<Int.random(in: first + 1...size, using: &random)
    }
    /// What lies in one row of 1/2 may be as little as noise.
    func fits(_ found: Range<Int>, _ moving: Range<Int>, _ size: Int) {
      #expect(found.lowerBound <= moving.lowerBound + 12)
      #expect(found.upperBound >= moving.upperBound - 12)
      #expect(found.lowerBound % Self.unit == 0 && found.upperBound % Self.unit == 0)
      #expect(found.count >= Self.patch && found.upperBound <= size)
      let most = max(moving.count + 16 + 2 * Self.unit, Self.patch + Self.unit)
      #expect(found.count <= most || 4 * most > 3 * size)
    }
    for _ in 0..<12 {
      let moving = MovingRegion(rows: part(Self.height), columns: part(Self.width))
      let found = try luma(moving, shift: 0).region(unlike: try luma(moving, shift: 2))
      if moving.rows.count > 24 && moving.columns.count > 24 {
        fits(found.rows, moving.rows, Self.height)
        fits(found.columns, moving.columns, Self.width)
      }
      try arena.reset()
      try engine.scratch.reset()
    }
  }

  @Test(arguments: [box, MovingRegion(rows: 60..<200, columns: 0..<768)])
  func motionIsFoundInsideAndZeroOutside(moving: MovingRegion) throws {
    let pair = try prepared(moving)
    let region = try #require(pair.region)
    #expect(region.rows.count < Self.height)
    #expect((region.columns.count < Self.width) == (moving == Self.box))
    let flow = try #require(pair.flowAB)
    var right = 0
    for y in 0..<flow.height {
      for x in 0..<flow.width {
        if region.rows.contains(4 * y) && region.columns.contains(4 * x) {
          let moves = moving.rows.contains(4 * y) && moving.columns.contains(4 * x)
          right += moves && abs(flow[y, x, 0] - 0.5) < 0.05 ? 1 : 0
        } else {
          #expect(flow[y, x, 0] == 0 && flow[y, x, 1] == 0)
        }
      }
    }
    #expect(right > moving.area / 16 * 7 / 10)
  }

  /// Inside of the region as if it were the whole frame; outside certain and without change.
  @Test(arguments: [box, MovingRegion(rows: 60..<200, columns: 0..<768)])
  func guideSeesTheRegionOnly(moving: MovingRegion) throws {
    let pair = try prepared(moving)
    let region = try #require(pair.region)
    let found = try model.guided(pair, at: .constant(0.5), on: engine)
    func cut(_ map: FeatureMap?, by factor: Int) throws -> FeatureMap {
      let (map, part) = (try #require(map), region.reduced(by: factor))
      let copy = try arena.map(
        height: part.rows.count, width: part.columns.count, channels: map.channels)
      for y in 0..<copy.height {
        for x in 0..<copy.width {
          for c in 0..<copy.channels {
            copy[y, x, c] = map[part.rows.lowerBound + y, part.columns.lowerBound + x, c]
          }
        }
      }
      return copy
    }
    func cut(_ features: FrameFeatures) throws -> FrameFeatures {
      var alone = features
      alone.levels[2] = try cut(features.levels[2], by: 8)
      alone.lumaEighth = try cut(features.lumaEighth, by: 8)
      return alone
    }
    let alone = PairFeatures(
      try cut(pair.a), try cut(pair.b), flowAB: try cut(pair.flowAB, by: 4),
      flowBA: try cut(pair.flowBA, by: 4))
    let expected = try model.guided(alone, at: .constant(0.5), on: engine)
    // At the edges motion is followed beyond the region, or not.
    #expect(relativeError(try cut(found, by: 4), expected) < 5e-3)
    let quarter = region.reduced(by: 4)
    for y in 0..<found.height {
      for x in 0..<found.width {
        if quarter.rows.contains(y) && quarter.columns.contains(x) { continue }
        for c in 0..<8 { #expect(found[y, x, c] == 0) }
        #expect(found[y, x, 12] < DefaultModel.threshold)
      }
    }
    let share = try #require(engine.statistics.activeShare(level: 3))
    #expect(share > Double(region.area) / Double(Self.height * Self.width) - 1e-6 && share < 1)
    #expect(engine.statistics.multiplyAddsSaved > 0)
  }

  @Test func nothingIsLeftOutWhenSparsityIsOff() throws {
    engine.budget = .off
    let pair = try prepared(Self.box)
    #expect(pair.region == MovingRegion(rows: 0..<Self.height, columns: 0..<Self.width))
  }
}
