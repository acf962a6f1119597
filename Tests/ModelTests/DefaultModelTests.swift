// SPDX-License-Identifier: MIT
import TestSupport
import Testing
import VFIEngine

/// The default model with hashed weights against the stages that PyTorch computed in float32.
///
/// The inverse search chooses, so it has tests of its own; here the network gets its result.
@Suite struct DefaultModelTests {
  /// Float32 through up to 20 layers on both sides.
  static let tolerance: Float = 1e-4

  private func model(
    _ engine: Engine, precision: Precision = .float32
  ) throws -> DefaultModel {
    let model = try openModel(
      try DefaultModelWeights.file(), precision: precision, kernels: engine.kernels)
    return try #require(model as? DefaultModel)
  }

  private func engine(_ level: CPULevel? = nil, threads: Int = 1) throws -> Engine {
    Engine(
      kernels: level.map { KernelTable(level: $0) } ?? KernelTable(),
      runner: try ThreadPool(threads: threads))
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

  private func threshold(_ name: String, _ fixture: Fixture) throws -> Float {
    try fixture.file.floats("\(name).threshold", shape: [1])[0]
  }

  private func copy(_ map: FeatureMap, in arena: Arena) throws -> FeatureMap {
    let copy = try arena.map(height: map.height, width: map.width, channels: map.channels)
    try convert(map, into: copy, on: try engine())
    return copy
  }

  @Test(arguments: CPU.machineLevels)
  func encoderMatchesPyTorch(level: CPULevel) throws {
    let engine = try engine(level, threads: 2)
    let fixture = try Fixture("default_model")
    let frame = try fixture.map("frame0")
    let features = try model(engine).encode(frame, in: fixture.arena, on: engine)
    for (index, name) in [(0, "half0"), (2, "eighth0")] {
      let found = try #require(features.levels[index])
      #expect(relativeError(found, try fixture.map(name)) < Self.tolerance)
    }
    let luma = try #require(features.lumaEighth)
    for y in 0..<8 {
      for x in 0..<12 {
        var sum: Float = 0
        for i in 0..<64 {
          let (row, column) = (8 * y + i / 8, 8 * x + i % 8)
          sum += frame[row, column, 0] + 2 * frame[row, column, 1] + frame[row, column, 2]
        }
        #expect(abs(luma[y, x, 0] - sum / 256) < 1e-5)
      }
    }
  }

  @Test(arguments: CPU.machineLevels)
  func guideMatchesPyTorch(level: CPULevel) throws {
    let engine = try engine(level, threads: 2)
    let fixture = try Fixture("default_model")
    let model = try model(engine)
    let guided = try model.guided(
      try pair(fixture, model, engine), at: .constant(0.5), on: engine)
    let features = try fixture.map("t0.5.guided")
    #expect(relativeError(guided.slice(16..<32), features) < Self.tolerance)
  }

  /// About half of the pixels are refined; "plane" has an instant of its own for each pixel.
  @Test(arguments: CPU.machineLevels, ["t0.5", "t0.25", "plane"])
  func motionMatchesPyTorch(level: CPULevel, name: String) throws {
    let engine = try engine(level, threads: 2)
    let fixture = try Fixture("default_model")
    let model = try model(engine)
    let instants: [String: Instant] = [
      "t0.5": .constant(0.5), "t0.25": .constant(0.25),
      "plane": .perPixel(try fixture.map("plane.t")),
    ]
    let decoded = try model.decode(
      try pair(fixture, model, engine), at: try #require(instants[name]),
      threshold: try threshold(name, fixture), on: engine)
    let motion = decoded.map
    let share = try #require(engine.statistics.activeShare(level: 1))
    #expect(share > 0.3 && share < 0.7)
    let flow = try fixture.map("\(name).flow_half")
    for y in 0..<flow.height {
      for x in 0..<flow.width { for c in 0..<8 { flow[y, x, c] *= 2 } }
    }
    #expect(relativeError(motion.slice(0..<8), flow) < Self.tolerance)
    let weights = try fixture.map("\(name).weights")
    #expect(relativeError(motion.slice(8..<12), weights) < Self.tolerance)
    let uncertainty = try fixture.map("\(name).uncertainty")
    #expect(relativeError(motion.slice(15..<16), uncertainty) < Self.tolerance)
    if name == "t0.5" {
      let residual = try fixture.map("t0.5.residual")
      #expect(relativeError(motion.slice(12..<15), residual) < Self.tolerance)
    }
    let frame = try fixture.map("\(name).frame")
    let found = try synthesised(decoded, fixture, engine)
    #expect(relativeError(found, frame) < Self.tolerance)
  }

  /// The new frame as it is made from the motion in floats, limited as the definition does.
  private func synthesised(
    _ decoded: DecodedMotion, _ fixture: Fixture, _ engine: Engine
  ) throws -> FeatureMap {
    let description = try FrameDescription(format: .gbrpf32, width: 96, height: 64)
    let colors: [Component] = [.red, .green, .blue]
    let components = description.format.layout.components
    let channels = try (0..<3).map {
      try #require(colors.firstIndex(of: components[$0].component))
    }
    let frames = try ["frame0", "frame1", nil].map { (name: String?) in
      let frame = try GuardedFrame(description)
      if let name {
        let source = try fixture.map(name)
        frame.fill { source[$1, $2, channels[$0]] }
      }
      return frame
    }
    try synthesise(
      frames[0].frame, frames[1].frame, motion: MotionField(decoded), into: frames[2].frame,
      on: engine)
    let output = try fixture.arena.map(height: 64, width: 96, channels: 3)
    for y in 0..<64 {
      for x in 0..<96 {
        for c in 0..<3 { output[y, x, channels[c]] = min(max(frames[2][c, y, x], 0), 1) }
      }
    }
    return output
  }

  /// With every pixel active the refinement is a plain convolution.
  @Test(arguments: CPU.machineLevels)
  func allPixelsEqualTheDenseLayers(level: CPULevel) throws {
    let engine = try engine(level, threads: 2)
    let fixture = try Fixture("default_model")
    let model = try model(engine)
    let pair = try pair(fixture, model, engine)
    let all = try copy(
      try model.decode(pair, at: .constant(0.5), threshold: -.infinity, on: engine).map,
      in: fixture.arena)
    engine.budget = .off
    let off = try model.decode(pair, at: .constant(0.5), on: engine).map
    #expect(bits(all) == bits(off))
    engine.budget = .auto
    let coarse = try copy(
      try model.decode(pair, at: .constant(0.5), threshold: .infinity, on: engine).map,
      in: fixture.arena)
    let layers = try RefineLayers(level)
    let dense = try layers.refined(
      pair, guided: try model.guided(pair, at: .constant(0.5), on: engine), in: fixture.arena,
      on: engine)
    for y in 0..<32 {
      for x in 0..<48 {
        for c in 0..<8 {
          #expect(abs(all[y, x, c] - (coarse[y, x, c] + 2 * dense[y, x, c])) < 1e-4)
        }
        for c in 12..<15 {
          #expect(coarse[y, x, c] == 0)
          #expect(abs(all[y, x, c] - dense[y, x, c]) < 1e-5)
        }
        let sum = (8..<12).reduce(Float(0)) { $0 + all[y, x, $1] }
        #expect(abs(sum - 1) < 1e-5)
      }
    }
  }

  /// The budget keeps the most uncertain pixels.
  @Test func capIsKept() throws {
    let engine = try engine()
    let fixture = try Fixture("default_model")
    let model = try model(engine)
    let pair = try pair(fixture, model, engine)
    var before: Double?
    for cap in [0, 0.05, 0.1, 0.5, 1] {
      engine.budget = .cap(cap)
      engine.statistics = Statistics()
      let motion = try model.decode(pair, at: .constant(0.5), on: engine).map
      let share = try #require(engine.statistics.activeShare(level: 1))
      #expect(share <= cap)
      if let before { #expect(share > before) }
      before = share
      var (refined, left): ([Float], [Float]) = ([], [])
      for y in 0..<motion.height {
        for x in 0..<motion.width {
          let isRefined = (12..<15).contains { motion[y, x, $0] != 0 }
          if isRefined { refined.append(motion[y, x, 15]) } else { left.append(motion[y, x, 15]) }
        }
      }
      if let least = refined.min(), let most = left.max() { #expect(least >= most) }
    }
    #expect(before == 1)
  }

  /// The threshold is the least that keeps the share, in steps of a 64th, and never below the lowest.
  @Test(arguments: [(0.25, Float(1)), (0.25, 2.5), (0.25, 4), (0, 1), (1, 1)])
  func leastThresholdKeepsTheShare(share: Double, lowest: Float) throws {
    let engine = try engine(threads: 3)
    let map = try engine.scratch.map(height: 9, width: 20, channels: 1)
    let values = (0..<180).map { Float($0 * 77 % 180) / 60 }
    for pixel in 0..<180 { map[pixel / 20, pixel % 20, 0] = values[pixel] }
    let least = try leastThreshold(from: lowest, of: map, exceededBy: share, on: engine)
    let most = Int(share * 180)
    #expect(least >= lowest && values.count { $0 > least } <= most)
    if least > lowest { #expect(values.count { $0 > least - 1.01 / 64 } > most) }
  }

  /// bfloat16 keeps eight bits of each feature, int8 as many of the greatest one of a pixel.
  @Test(arguments: CPU.machineLevels, [Arithmetic.bfloat16, .int8])
  func fewerBitsAreNear(level: CPULevel, arithmetic: Arithmetic) throws {
    let engine = try engine(level, threads: 2)
    let fixture = try Fixture("default_model")
    engine.budget = .off
    let exact = try model(engine)
    let reference = try copy(
      try exact.decode(try pair(fixture, exact, engine), at: .constant(0.5), on: engine).map,
      in: fixture.arena)
    let short = try DefaultModelWeights.model(arithmetic, level: level)
    let found = try short.decode(
      try pair(fixture, short, engine), at: .constant(0.5), on: engine
    ).map
    let most: Float = arithmetic == .int8 ? 0.03 : 0.02
    for channels in [0..<8, 8..<12, 15..<16] {
      #expect(relativeError(found.slice(channels), reference.slice(channels)) < most)
    }
    #expect(relativeError(found.slice(12..<15), reference.slice(12..<15)) < 0.03)
    #expect(bits(found) != bits(reference))
  }

  @Test func infoIsComputed() throws {
    let info = try model(try engine()).info
    #expect(info.name == "default")
    #expect(info.architecture == "vfi-v1")
    #expect(info.parameterCount == DefaultModelWeights.parameterCount)
    #expect(abs(info.kmacPerPixel - DefaultModelWeights.kmacPerPixel) < 1e-3)
    #expect(info.anyInstant)
  }

  @Test(arguments: Arithmetic.allCases)
  func sameBytesForAnyThreadCount(arithmetic: Arithmetic) throws {
    var results: [[UInt32]] = []
    for threads in 1...3 {
      let engine = try engine(threads: threads)
      let model = try DefaultModelWeights.model(arithmetic, level: engine.kernels.level)
      let fixture = try Fixture("default_model")
      let pair = try model.prepare(
        try model.encode(try fixture.map("frame0"), in: fixture.arena, on: engine),
        try model.encode(try fixture.map("frame1"), in: fixture.arena, on: engine), on: engine)
      let threshold = try threshold("t0.5", fixture)
      results.append(
        bits(
          try model.decode(pair, at: .constant(0.3), threshold: threshold, on: engine).map))
    }
    #expect(results[0] == results[1])
    #expect(results[0] == results[2])
  }

  /// A second instant must not find what the first one left behind.
  @Test func instantsOfOnePairAreIndependent() throws {
    let engine = try engine()
    let model = try model(engine)
    let pair = try pair(try Fixture("default_model"), model, engine)
    let first = bits(try model.decode(pair, at: .constant(0.3), on: engine).map)
    let other = bits(try model.decode(pair, at: .constant(0.8), on: engine).map)
    #expect(first != other)
    #expect(bits(try model.decode(pair, at: .constant(0.3), on: engine).map) == first)
  }

  /// The smallest picture, narrow ones, and values that are not numbers.
  @Test(arguments: [(32, 32), (32, 96), (160, 32)])
  func anySizeFromTheSmallest(size: (Int, Int)) throws {
    var random = SeededRandom(7)
    let engine = try engine(threads: 2)
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
      let motion = try model.decode(pair, at: .constant(0.5), on: engine).map
      #expect((motion.height, motion.width, motion.channels) == (size.0 / 2, size.1 / 2, 16))
      #expect(wild || (0..<size.0 / 2).allSatisfy { motion[$0, 0, 0].isFinite })
    }
  }

  @Test func otherSizesAreRefused() throws {
    let engine = try engine()
    let image = try engine.scratch.map(height: 48, width: 64, channels: 3)
    #expect(throws: VFIError.self) {
      _ = try model(engine).encode(image, in: engine.scratch, on: engine)
    }
  }
}

/// The refinement's layers a second time, computing every pixel of dense maps.
private struct RefineLayers {
  private let enter, middle, head: Convolution

  init(_ level: CPULevel) throws {
    let (file, kernels) = (try DefaultModelWeights.file(), KernelTable(level: level))
    func slopes(_ name: String) throws -> Activation {
      .prelu(try file.floats("refine.\(name).prelu.weight", shape: [32]))
    }
    enter = try Convolution(
      file, "refine.enter.conv", inputs: 80, outputs: 32, activation: try slopes("enter"),
      kernels: kernels)
    middle = try Convolution(
      file, "refine.middle.conv", inputs: 32, outputs: 32, activation: try slopes("middle"),
      kernels: kernels)
    head = try Convolution(file, "refine.head", inputs: 32, outputs: 16, kernels: kernels)
  }

  func refined(
    _ pair: PairFeatures, guided: FeatureMap, in arena: Arena, on engine: Engine
  ) throws -> FeatureMap {
    let a = try #require(pair.a.levels[0])
    let b = try #require(pair.b.levels[0])
    func map(_ channels: Int) throws -> FeatureMap {
      try arena.map(height: a.height, width: a.width, channels: channels)
    }
    let input = try map(80)
    let flow = try map(8)
    try resizeBilinear(guided.slice(0..<8), into: flow, scale: 2, on: engine)
    for (index, source) in [a, b, a, b].enumerated() {
      try backwardWarp(
        source, flow: flow.slice(2 * index..<2 * index + 2),
        into: input.slice(16 * index..<16 * index + 16), on: engine)
    }
    try resizeBilinear(guided.slice(16..<32), into: input.slice(64..<80), on: engine)
    let (entered, refined, output) = (try map(32), try map(32), try map(16))
    try enter(input, into: entered, on: engine)
    try middle(entered, into: refined, on: engine)
    try head(refined, into: output, on: engine)
    return output
  }
}
