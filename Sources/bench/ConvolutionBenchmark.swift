// SPDX-License-Identifier: MIT
import TestSupport
import VFIEngine

/// One convolution on a map of random numbers, on one thread.
final class ConvolutionBenchmark {
  struct Shape {
    var inputs: Int
    var outputs: Int
    var kernel = 3
    var height = 180
    var width = 320
    var transposed = false
    var winograd = false
    /// Active pixels in percent; nil for the dense convolution.
    var activePercent: Int?

    var name: String {
      let layer =
        transposed
        ? "transposed 4x4" : "\(winograd ? "winograd" : "convolution") \(kernel)x\(kernel)"
      let sparse = activePercent.map { ", \($0) % active" } ?? ""
      return "\(layer) \(inputs)->\(outputs) at \(width)x\(height)\(sparse)"
    }
  }

  let shape: Shape
  private let engine: Engine
  private let run: (Engine) throws(VFIError) -> Void

  init(_ shape: Shape, _ precision: Precision, engine: Engine) throws {
    self.shape = shape
    self.engine = engine
    var weights = SafetensorsWriter()
    if shape.transposed {
      weights.addTransposed("layer", inputs: shape.inputs, outputs: shape.outputs)
    } else {
      weights.addConvolution(
        "layer", inputs: shape.inputs, outputs: shape.outputs, kernel: shape.kernel)
    }
    let (file, arena) = (try weights.file(), engine.scratch)
    let scale = shape.transposed ? 2 : 1
    let input = try noise(shape.height, shape.width, shape.inputs, precision, in: arena)
    let output = try arena.map(
      height: shape.height * scale, width: shape.width * scale, channels: shape.outputs,
      precision: precision)
    if shape.transposed {
      let layer = try TransposedConvolution(
        file, "layer", inputs: shape.inputs, outputs: shape.outputs, precision: precision,
        kernels: engine.kernels)
      run = { (engine) throws(VFIError) in try layer(input, into: output, on: engine) }
      return
    }
    let layer = try Convolution(
      file, "layer", inputs: shape.inputs, outputs: shape.outputs, kernel: shape.kernel,
      activation: .leakyReLU(0.1), method: shape.winograd ? .winograd : .direct,
      precision: precision, kernels: engine.kernels)
    guard let percent = shape.activePercent else {
      run = { (engine) throws(VFIError) in try layer(input, into: output, on: engine) }
      return
    }
    // Blobs of 8x8 pixels, spread by a multiplicative hash.
    let active = try ActiveSet(height: shape.height, width: shape.width, in: arena) { y, x in
      (UInt32(y / 8 * 1000 + x / 8) &* 2_654_435_761) >> 8 % 100 < UInt32(percent)
    }
    let compact = try active.map(channels: shape.inputs, precision: precision, in: arena)
    try active.gather(input, into: compact)
    let result = try active.map(channels: shape.outputs, precision: precision, in: arena)
    run = { (engine) throws(VFIError) in
      try layer(compact, active: active, into: result, on: engine)
    }
  }

  /// One call: what it took, and the floating-point operations that it did.
  func measure() throws -> (duration: Duration, operations: Double) {
    let before = engine.statistics.multiplyAdds
    let duration = try Duration { try run(engine) }
    return (duration, 2 * Double(engine.statistics.multiplyAdds - before))
  }
}

/// A map of numbers in 0...1.
func noise(
  _ height: Int, _ width: Int, _ channels: Int, _ precision: Precision = .float32, in arena: Arena
) throws(VFIError) -> FeatureMap {
  let map = try arena.map(height: height, width: width, channels: channels, precision: precision)
  var random = SeededRandom(UInt64(height * width + channels))
  for y in 0..<height {
    for x in 0..<width {
      for c in 0..<channels { map[y, x, c] = Float(random.next() >> 40) / Float(1 << 24) }
    }
  }
  return map
}
