// SPDX-License-Identifier: MIT
import TestSupport
import Testing
import VFIEngine

/// The sparse block against the masked dense one, and that against PyTorch's soft masks.
@Suite struct UGSPBlockTests {
  /// Of the largest value: both sides are float32 sums of the same products in another order.
  static let tolerance: Float = 1e-5

  enum Mask: String, CaseIterable {
    case all, none, onePixel, corner, scattered, blobs, rows

    func isActive(_ y: Int, _ x: Int, _ random: inout SeededRandom) -> Bool {
      switch self {
      case .all: return true
      case .none: return false
      case .onePixel: return y == 7 && x == 11
      case .corner: return y == 0 && x == 0
      case .scattered: return Int.random(in: 0..<4, using: &random) == 0
      case .blobs: return (y / 4 + x / 8 * 3) % 3 == 0
      case .rows: return y % 5 < 2
      }
    }
  }

  @Test(arguments: CPU.machineLevels, Mask.allCases)
  func sparseEqualsMaskedDense(level: CPULevel, mask kind: Mask) throws {
    let engine = Engine(kernels: KernelTable(level: level), runner: try ThreadPool(threads: 2))
    let (height, width, channels, outputs) = (18, 26, 20, 11)
    for isLast in [false, true] {
      var writer = SafetensorsWriter()
      UGSPWeights.addBlock(
        &writer, "b", channels: channels, layers: isLast ? 4 : 5,
        features: isLast ? nil : outputs - 4)
      let file = try writer.file()
      let features = isLast ? channels : outputs - 4
      let block = try UGSPBlock(
        file, "b", channels: channels, layers: isLast ? 4 : 5, features: features,
        isLast: isLast, kernels: engine.kernels)
      let twin = try MaskedUGSPBlock(
        file, "b", channels: channels, layers: isLast ? 4 : 5,
        outputs: isLast ? channels : outputs, activatesJoin: isLast, kernels: engine.kernels)
      let arena = engine.scratch
      let input = try arena.map(height: height, width: width, channels: channels)
      let mask = try arena.map(height: height, width: width, channels: 1)
      var random = SeededRandom(3)
      for y in 0..<height {
        for x in 0..<width {
          for c in 0..<channels { input[y, x, c] = .random(in: -1...1, using: &random) }
          mask[y, x, 0] = kind.isActive(y, x, &random) ? 1 : 0
        }
      }
      let active = try ActiveSet(height: height, width: width, in: arena) { mask[$0, $1, 0] == 1 }
      let around = try ActiveSet(around: active, in: arena)
      let compact = try around.map(channels: channels, in: arena)
      try around.gather(input, into: compact)
      let flow = try arena.map(height: height, width: width, channels: 4)
      let sparse = try arena.map(height: height, width: width, channels: features)
      try block(
        compact, from: around, active: active, flow: isLast ? nil : flow, features: sparse,
        on: engine)
      let dense = try twin(input, mask: mask, on: engine)
      let split = isLast ? 0 : 4
      let wanted = dense.slice(split..<dense.channels)
      #expect(relativeError(sparse, wanted) < Self.tolerance, "\(kind) \(isLast)")
      if !isLast { #expect(relativeError(flow, dense.slice(0..<4)) < Self.tolerance, "\(kind)") }
    }
  }

  /// The twin under the masks of training: what is read at 1/4 and 1/8 follows from the fixture.
  @Test func twinMatchesSoftMasks() throws {
    let engine = Engine(runner: try ThreadPool(threads: 2))
    let file = try UGSPWeights.file()
    let model = try #require(try openModel(file, kernels: engine.kernels) as? UGSP)
    let (hard, soft) = (try Fixture("ugsp"), try Fixture("ugsp_soft"))
    let pair = try model.prepare(
      try model.encode(try hard.map("frame0"), in: hard.arena, on: engine),
      try model.encode(try hard.map("frame1"), in: hard.arena, on: engine), on: engine)
    let coarsest = try model.coarsestBlock(pair, on: engine)
    let shapes = [(3, "glblock_1", 220, 48), (2, "glblock_2", 148, 32)]
    var coarse = coarsest.features
    for (level, name, channels, features) in shapes {
      let flow = try soft.map("flow_\(level)")
      let all = try ActiveSet(
        height: flow.height, width: flow.width, in: engine.scratch
      ) { _, _ in true }
      let compact = try all.map(channels: channels, in: engine.scratch)
      try blockInput(
        try #require(pair.a.levels[level - 1]), try #require(pair.b.levels[level - 1]),
        flow: flow, coarse: coarse, active: all, into: compact,
        on: engine)
      let input = try engine.scratch.map(
        height: flow.height, width: flow.width, channels: channels)
      try all.scatter(compact, into: input)
      let twin = try MaskedUGSPBlock(
        file, name, channels: channels, layers: 5, outputs: 4 + features, kernels: engine.kernels)
      let joined = try twin(input, mask: try soft.map("mask_\(level)"), on: engine)
      let wanted = try soft.map("join_\(level)")
      #expect(relativeError(joined, wanted) < UGSPTests.tolerance)
      coarse = wanted.slice(4..<wanted.channels)
    }
  }
}
