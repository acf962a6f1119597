// SPDX-License-Identifier: MIT
import Glibc
import TestSupport
import Testing
import VFIEngine

/// The default model with hashed weights against the stages that PyTorch computed in float32.
///
/// The inverse search chooses, so it has tests of its own; here the network gets its result.
@Suite struct DefaultModelTests {
  /// Float32 through up to 20 layers on both sides.
  static let tolerance: Float = 1e-4

  private func model(_ engine: Engine) throws -> DefaultModel {
    let model = try openModel(try DefaultModelWeights.file(), kernels: engine.kernels)
    return try #require(model as? DefaultModel)
  }

  /// A reference flow, which is in pixels of the frame, in pixels of its own size.
  private func flow(_ name: String, _ fixture: Fixture) throws -> FeatureMap {
    let flow = try fixture.map(name)
    for y in 0..<flow.height {
      for x in 0..<flow.width { for c in 0..<2 { flow[y, x, c] /= 4 } }
    }
    return flow
  }

  /// Both frames' features, with the reference's own flows.
  private func pair(
    _ fixture: Fixture, _ model: DefaultModel, _ engine: Engine
  ) throws -> PairFeatures {
    PairFeatures(
      try model.encode(try fixture.map("frame0"), in: fixture.arena, on: engine),
      try model.encode(try fixture.map("frame1"), in: fixture.arena, on: engine),
      flowAB: try flow("flow01", fixture), flowBA: try flow("flow10", fixture))
  }

  private func sigmoid(_ logits: FeatureMap, in arena: Arena) throws -> FeatureMap {
    let result = try arena.map(height: logits.height, width: logits.width, channels: 1)
    for y in 0..<logits.height {
      for x in 0..<logits.width { result[y, x, 0] = 1 / (1 + expf(-logits[y, x, 0])) }
    }
    return result
  }

  @Test(arguments: CPU.machineLevels)
  func encoderMatchesPyTorch(level: CPULevel) throws {
    let engine = Engine(kernels: KernelTable(level: level), runner: try ThreadPool(threads: 2))
    let fixture = try Fixture("default_model")
    let features = try model(engine).encode(
      try fixture.map("frame0"), in: fixture.arena, on: engine)
    for (index, name) in ["half0", "quarter0", "eighth0"].enumerated() {
      let found = try #require(features.levels[index])
      #expect(relativeError(found, try fixture.map(name)) < Self.tolerance)
    }
  }

  @Test(arguments: CPU.machineLevels)
  func stagesMatchPyTorch(level: CPULevel) throws {
    let engine = Engine(kernels: KernelTable(level: level), runner: try ThreadPool(threads: 2))
    let fixture = try Fixture("default_model")
    let model = try model(engine)
    let pair = try pair(fixture, model, engine)
    func check(_ map: FeatureMap, _ name: String) throws {
      #expect(relativeError(map, try fixture.map("t0.5.\(name)")) < Self.tolerance, "\(name)")
    }
    let arena = fixture.arena
    let head = try arena.map(height: 16, width: 24, channels: 32)
    let candidates = try model.candidates(pair, t: 0.5, refinedInto: head, on: engine)
    try check(candidates.slice(0..<4), "candidate_a")
    try check(candidates.slice(4..<8), "candidate_b")
    try check(try sigmoid(head.slice(4..<5), in: arena), "choice")
    try check(head.slice(5..<32), "feature_quarter")
    let quarter = try model.motionAtQuarter(pair, t: 0.5, on: engine)
    try check(quarter.flow, "flow_quarter")
    let flow = try arena.map(height: 32, width: 48, channels: 4)
    let half = try model.motionAtHalf(pair, quarter, flow: flow, on: engine)
    try check(flow, "flow_half")
    try check(half.slice(4..<16), "feature_half")
    try check(half.slice(48..<52), "flow_half")
  }

  @Test(arguments: CPU.machineLevels, [Float(0.5), 0.25])
  func frameMatchesPyTorch(level: CPULevel, t: Float) throws {
    let engine = Engine(kernels: KernelTable(level: level), runner: try ThreadPool(threads: 2))
    let fixture = try Fixture("default_model")
    let model = try model(engine)
    let motion = try model.decode(try pair(fixture, model, engine), t: t, on: engine)
    let mask = try sigmoid(motion.slice(4..<5), in: fixture.arena)
    #expect(relativeError(mask, try fixture.map("t\(t).mask")) < Self.tolerance)
    if t == 0.5 {
      let flow = try fixture.map("t0.5.flow")
      #expect(relativeError(motion.slice(0..<4), flow) < Self.tolerance)
      let residual = try fixture.map("t0.5.residual")
      #expect(relativeError(motion.slice(5..<8), residual) < Self.tolerance)
    }
    var warped: [FeatureMap] = []
    for (index, name) in ["frame0", "frame1"].enumerated() {
      let frame = try fixture.map(name)
      let output = try fixture.arena.map(height: 64, width: 96, channels: 3)
      try backwardWarp(
        frame, flow: motion.slice(2 * index..<2 * index + 2), into: output, on: engine)
      warped.append(output)
    }
    let expected = try fixture.map("t\(t).frame")
    for y in 0..<64 {
      for x in 0..<96 {
        for c in 0..<3 {
          let share = mask[y, x, 0]
          let merged = share * warped[0][y, x, c] + (1 - share) * warped[1][y, x, c]
          warped[0][y, x, c] = min(max(merged + motion[y, x, 5 + c], 0), 1)
        }
      }
    }
    #expect(relativeError(warped[0], expected) < Self.tolerance)
  }

  @Test func infoIsComputed() throws {
    let info = try model(Engine(runner: try ThreadPool(threads: 1))).info
    #expect(info.name == "default")
    #expect(info.architecture == "vfi-v0")
    #expect(info.parameterCount == DefaultModelWeights.parameterCount)
    #expect(abs(info.kmacPerPixel - DefaultModelWeights.kmacPerPixel) < 1e-3)
    #expect(info.anyInstant)
  }

  @Test func sameBytesForAnyThreadCount() throws {
    var results: [[UInt32]] = []
    for threads in 1...3 {
      let engine = Engine(runner: try ThreadPool(threads: threads))
      let model = try model(engine)
      let fixture = try Fixture("default_model")
      let pair = try model.prepare(
        try model.encode(try fixture.map("frame0"), in: fixture.arena, on: engine),
        try model.encode(try fixture.map("frame1"), in: fixture.arena, on: engine), on: engine)
      results.append(bits(try model.decode(pair, t: 0.3, on: engine)))
    }
    #expect(results[0] == results[1])
    #expect(results[0] == results[2])
  }

  /// A second instant must not find what the first one left behind.
  @Test func instantsOfOnePairAreIndependent() throws {
    let engine = Engine(runner: try ThreadPool(threads: 1))
    let model = try model(engine)
    let pair = try pair(try Fixture("default_model"), model, engine)
    let first = bits(try model.decode(pair, t: 0.3, on: engine))
    let other = bits(try model.decode(pair, t: 0.8, on: engine))
    #expect(first != other)
    #expect(bits(try model.decode(pair, t: 0.3, on: engine)) == first)
  }

  /// The smallest picture, narrow ones, and values that are not numbers.
  @Test(arguments: [(32, 32), (32, 96), (160, 32)])
  func anySizeFromTheSmallest(size: (Int, Int)) throws {
    var random = SeededRandom(7)
    let engine = Engine(runner: try ThreadPool(threads: 2))
    let model = try model(engine)
    for wild in [false, true] {
      let frames = try (0..<2).map { _ in
        let image = GuardedMap(height: size.0, width: size.1, channels: 3)
        image.fill {
          wild && Int.random(in: 0..<50, using: &random) == 0
            ? [.nan, .infinity, -1e30].randomElement(using: &random) ?? 0
            : Float.random(in: 0...1, using: &random)
        }
        return try model.encode(image.map, in: engine.scratch, on: engine)
      }
      let pair = try model.prepare(frames[0], frames[1], on: engine)
      let motion = try model.decode(pair, t: 0.5, on: engine)
      #expect((motion.height, motion.width, motion.channels) == (size.0, size.1, 8))
      #expect(wild || (0..<size.0).allSatisfy { motion[$0, 0, 0].isFinite })
    }
  }

  @Test func otherSizesAreRefused() throws {
    let engine = Engine(runner: try ThreadPool(threads: 1))
    let image = try engine.scratch.map(height: 48, width: 64, channels: 3)
    #expect(throws: VFIError.self) {
      _ = try model(engine).encode(image, in: engine.scratch, on: engine)
    }
  }
}
