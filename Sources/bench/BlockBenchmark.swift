// SPDX-License-Identifier: MIT
import TestSupport
import VFIEngine

/// One of UGSP's sparse blocks with everything around it that depends on the mask.
final class BlockBenchmark {
  struct Shape {
    /// 1/2^level of the picture's size.
    var level: Int
    var features: Int
    var layers: Int
  }

  static let shapes = [
    Shape(level: 3, features: 72, layers: 5), Shape(level: 2, features: 48, layers: 5),
    Shape(level: 1, features: 32, layers: 4),
  ]

  let name: String
  private let engine: Engine
  private let inputs = Arena(ledger: MemoryLedger())
  private let block: UGSPBlock
  private let a: FeatureMap
  private let b: FeatureMap
  private let flow: FeatureMap
  private let coarse: FeatureMap
  private let outputFlow: FeatureMap?
  private let output: FeatureMap
  private let active: ActiveSet

  init(_ shape: Shape, _ percent: Int, _ precision: Precision, engine: Engine) throws {
    self.engine = engine
    let (height, width) = (
      ModelBenchmark.height >> shape.level, ModelBenchmark.width >> shape.level
    )
    let channels = 3 * shape.features + 4
    let isLast = shape.level == 1
    var writer = SafetensorsWriter()
    UGSPWeights.addBlock(
      &writer, "block", channels: channels, layers: shape.layers,
      features: isLast ? nil : shape.features)
    block = try UGSPBlock(
      try writer.file(), "block", channels: channels, layers: shape.layers,
      features: isLast ? channels : shape.features, isLast: isLast, precision: precision,
      kernels: engine.kernels)
    let arena = inputs
    a = try noise(height, width, shape.features, precision, in: arena)
    b = try noise(height, width, shape.features, precision, in: arena)
    flow = try noise(height, width, 4, in: arena)
    coarse = try noise(height / 2, width / 2, shape.features, precision, in: arena)
    outputFlow = isLast ? nil : try arena.map(height: height, width: width, channels: 4)
    output = try arena.map(
      height: height, width: width, channels: block.features, precision: precision)
    // Touches the memory.
    output.fill(0)
    outputFlow?.fill(0)
    // Of the blobs in a hashed order as many as give the share.
    let columns = (width + 7) / 8
    let blobs = (0..<columns * ((height + 7) / 8)).sorted {
      (UInt32($0) &* 2_654_435_761) < (UInt32($1) &* 2_654_435_761)
    }
    let chosen = Set(blobs.prefix((blobs.count * percent + 50) / 100))
    active = try ActiveSet(height: height, width: width, in: arena) { y, x in
      chosen.contains(y / 8 * columns + x / 8)
    }
    let share = format(100 * active.share, 1)
    name = "\(channels) channels at \(width)x\(height), \(share) % active, \(precision)"
  }

  /// Neighbourhood, input, head, layers, join and the dense result.
  func measure() throws -> Duration {
    try engine.scratch.reset()
    return try Duration {
      let source = try ActiveSet(around: active, in: engine.scratch)
      let input = try source.map(
        channels: block.channels, precision: block.precision, in: engine.scratch)
      try blockInput(
        a, b, flow: flow, coarse: coarse, active: source, into: input, on: engine)
      try block(
        input, from: source, active: active, flow: outputFlow, features: output, on: engine)
    }
  }
}
