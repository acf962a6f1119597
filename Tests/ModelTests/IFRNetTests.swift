// SPDX-License-Identifier: MIT
import TestSupport
import Testing
import VFIEngine

/// IFRNet with hashed weights against the stages that PyTorch computed in float64.
@Suite struct IFRNetTests {
  /// Largest error of a stage relative to its largest value, through up to 27 layers.
  ///
  /// In bfloat16 0.0076 was measured, much the same at all levels of kernels.
  static func tolerance(_ precision: Precision) -> Float { precision == .float32 ? 1e-4 : 0.012 }

  private func pair(
    _ fixture: Fixture, _ model: any InterpolationModel, _ engine: Engine
  ) throws -> PairFeatures {
    try model.prepare(
      try model.encode(try fixture.map("frame0"), in: fixture.arena, on: engine),
      try model.encode(try fixture.map("frame1"), in: fixture.arena, on: engine), on: engine)
  }

  typealias Machine = (level: CPULevel, precision: Precision)

  static let machines: [Machine] = CPU.machineLevels.flatMap { level in
    Precision.allCases.map { (level, $0) }
  }

  @Test(arguments: IFRNetWeights.variants, machines)
  func stagesMatchPyTorch(_ weights: IFRNetWeights, machine: Machine) throws {
    let tolerance = Self.tolerance(machine.precision)
    let engine = Engine(
      kernels: KernelTable(level: machine.level), runner: try ThreadPool(threads: 2))
    let model = try openModel(
      try weights.file(), precision: machine.precision, kernels: engine.kernels)
    let fixture = try Fixture(weights.architecture.replacing("-", with: "_"))
    func check(_ map: FeatureMap, _ expected: FeatureMap) {
      let error = relativeError(map, expected)
      #expect(error < tolerance)
    }
    let pair = try pair(fixture, model, engine)
    for level in 1...4 {
      check(try #require(pair.a.levels[level - 1]), try fixture.map("f0_\(level)"))
      guard fixture.file.tensorNames.contains("f1_\(level)") else { continue }
      check(try #require(pair.b.levels[level - 1]), try fixture.map("f1_\(level)"))
    }
    let t = try fixture.number("t")
    let network = try #require(model as? IFRNet)
    var motion = try network.coarsestMotion(pair, t: t, on: engine)
    for level in [3, 2, 1] {
      let coarser = try fixture.map("o\(level + 1)")
      check(motion.features, coarser.slice(4..<coarser.channels))
      for (index, name) in ["flow0_\(level)", "flow1_\(level)"].enumerated() {
        check(motion.flows.slice(2 * index..<2 * index + 2), try fixture.map(name))
      }
      if level > 1 { motion = try network.refine(motion, at: level, of: pair, on: engine) }
    }
    let output = try model.decode(pair, t: t, on: engine)
    check(output.slice(0..<2), try fixture.map("flow0_0"))
    check(output.slice(2..<4), try fixture.map("flow1_0"))
    check(output.slice(4..<8), try fixture.map("o1").slice(4..<8))
  }

  @Test(arguments: IFRNetWeights.variants)
  func infoIsComputed(_ weights: IFRNetWeights) throws {
    let info = try openModel(try weights.file()).info
    #expect(info.architecture == weights.architecture)
    #expect(info.parameterCount == weights.parameterCount)
    #expect(abs(info.kmacPerPixel - weights.kmacPerPixel) < 0.005 * weights.kmacPerPixel)
    #expect(!info.anyInstant)
  }

  @Test func sameBytesForAnyThreadCount() throws {
    let weights = IFRNetWeights.variants[0]
    var results: [[UInt32]] = []
    for threads in 1...3 {
      let engine = Engine(runner: try ThreadPool(threads: threads))
      let model = try openModel(try weights.file(), kernels: engine.kernels)
      let fixture = try Fixture("ifrnet_s")
      results.append(bits(try model.decode(try pair(fixture, model, engine), t: 0.3, on: engine)))
    }
    #expect(results[0] == results[1])
    #expect(results[0] == results[2])
  }

  /// A second instant must not find what the first one left behind.
  @Test func instantsOfOnePairAreIndependent() throws {
    let engine = Engine(runner: try ThreadPool(threads: 1))
    let model = try openModel(try IFRNetWeights.variants[0].file(), kernels: engine.kernels)
    let fixture = try Fixture("ifrnet_s")
    let pair = try pair(fixture, model, engine)
    let first = bits(try model.decode(pair, t: 0.3, on: engine))
    let other = bits(try model.decode(pair, t: 0.8, on: engine))
    #expect(first != other)
    #expect(bits(try model.decode(pair, t: 0.3, on: engine)) == first)
  }

  @Test func laterFramesAllocateNothing() throws {
    let engine = Engine(runner: try ThreadPool(threads: 2))
    let model = try openModel(try IFRNetWeights.variants[0].file(), kernels: engine.kernels)
    let fixture = try Fixture("ifrnet_s")
    var allocations: [Int] = []
    for _ in 0..<3 {
      _ = try model.decode(try pair(fixture, model, engine), t: 0.5, on: engine)
      try engine.scratch.reset()
      allocations.append(engine.ledger.allocationCount)
    }
    #expect(allocations[1] == allocations[0])
    #expect(allocations[2] == allocations[0])
  }

  @Test func missingTensorIsNamed() throws {
    let file = try SafetensorsWriter(metadata: [("architecture", "ifrnet-s")]).file()
    #expect(throws: VFIError.model("there is no tensor 'encoder.pyramid1.0.1.weight'")) {
      _ = try openModel(file)
    }
  }
}
