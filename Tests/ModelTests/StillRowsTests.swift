// SPDX-License-Identifier: MIT
import TestSupport
import Testing
import VFIEngine

/// Rows that are alike in both frames (bars, a still part of the picture) take no work of the search
/// and of the guide.
@Suite struct StillRowsTests {
  static let (height, width) = (640, 128)
  /// Level 4 is the coarsest: 16 rows of the frame a row, 128 a patch.
  static let (unit, patch) = (32, 128)

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

  /// Blobs, which in `rows` stand `shift` pixels further right.
  private func picture(_ rows: Range<Int>, shift: Float) throws -> FeatureMap {
    let map = try arena.map(height: Self.height, width: Self.width, channels: 3)
    for y in 0..<Self.height {
      for x in 0..<Self.width {
        let place = Float(x) - (rows.contains(y) ? shift : 0)
        for c in 0..<3 { map[y, x, c] = blobs(place / 6 + 40, Float(y) / 6) }
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

  private func luma(_ rows: Range<Int>, shift: Float) throws -> LumaPyramid {
    try LumaPyramid(try picture(rows, shift: shift), in: arena, on: engine)
  }

  private func features(_ rows: Range<Int>, shift: Float) throws -> FrameFeatures {
    try model.encode(try picture(rows, shift: shift), in: arena, on: engine)
  }

  @Test func equalFramesHaveNoRows() throws {
    let still = try luma(100..<300, shift: 0)
    #expect(still.rows(unlike: try luma(100..<300, shift: 0)).isEmpty)
  }

  @Test func rowsHoldAllThatMoves() throws {
    var random = SeededRandom(5)
    for _ in 0..<40 {
      let first = Int.random(in: 0..<Self.height - 1, using: &random)
      let end = Int.random(in: first + 1...Self.height, using: &random)
      let rows = try luma(first..<end, shift: 0).rows(unlike: try luma(first..<end, shift: 2))
      // What lies in one row of 1/2 may be as little as noise.
      #expect(rows.lowerBound <= first + 2)
      #expect(rows.upperBound >= end - 2)
      #expect(rows.lowerBound % Self.unit == 0)
      #expect(rows.upperBound % Self.unit == 0)
      #expect(rows.count >= Self.patch)
      #expect(rows.upperBound <= Self.height)
      let most = max(end - first + 16 + 2 * Self.unit, Self.patch + Self.unit)
      #expect(rows.count <= most)
      try arena.reset()
      try engine.scratch.reset()
    }
  }

  @Test func motionIsFoundInsideAndZeroOutside() throws {
    let moving = 200..<440
    let pair = try model.prepare(
      try features(moving, shift: 0), try features(moving, shift: 2), on: engine)
    let rows = try #require(pair.rows)
    #expect(rows.count < Self.height)
    let flow = try #require(pair.flowAB)
    var right = 0
    for y in 0..<flow.height {
      for x in 0..<flow.width {
        if rows.contains(4 * y) {
          right += moving.contains(4 * y) && abs(flow[y, x, 0] - 0.5) < 0.05 ? 1 : 0
        } else {
          #expect(flow[y, x, 0] == 0 && flow[y, x, 1] == 0)
        }
      }
    }
    #expect(right > moving.count / 4 * flow.width * 7 / 10)
  }

  /// Inside of the rows as if they were the whole frame; outside certain and without change.
  @Test func guideSeesTheRowsOnly() throws {
    let pair = try model.prepare(
      try features(250..<380, shift: 0), try features(250..<380, shift: 2), on: engine)
    let rows = try #require(pair.rows)
    let found = try model.guided(pair, at: .constant(0.5), on: engine)
    let quarter = rows.lowerBound / 4..<rows.upperBound / 4
    func cut(_ features: FrameFeatures) -> FrameFeatures {
      var cut = features
      let eighth = rows.lowerBound / 8..<rows.upperBound / 8
      cut.levels[2] = features.levels[2]?.rows(eighth)
      cut.lumaEighth = features.lumaEighth?.rows(eighth)
      return cut
    }
    let alone = PairFeatures(
      cut(pair.a), cut(pair.b), flowAB: pair.flowAB?.rows(quarter),
      flowBA: pair.flowBA?.rows(quarter))
    let expected = try model.guided(alone, at: .constant(0.5), on: engine)
    // At the edges motion is followed beyond the rows, or not.
    #expect(relativeError(found.rows(quarter), expected) < 5e-3)
    for y in 0..<found.height where !quarter.contains(y) {
      for x in 0..<found.width {
        for c in 0..<8 { #expect(found[y, x, c] == 0) }
        #expect(found[y, x, 12] < DefaultModel.threshold)
      }
    }
    let share = try #require(engine.statistics.activeShare(level: 3))
    #expect(share > Double(rows.count) / Double(Self.height) - 1e-6 && share < 1)
    #expect(engine.statistics.multiplyAddsSaved > 0)
  }

  @Test func nothingIsLeftOutWhenSparsityIsOff() throws {
    engine.budget = .off
    let pair = try model.prepare(
      try features(250..<380, shift: 0), try features(250..<380, shift: 2), on: engine)
    #expect(pair.rows == 0..<Self.height)
  }
}
