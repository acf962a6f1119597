// SPDX-License-Identifier: MIT
import Glibc
import VFIEngine

/// One convolution on a map of random numbers.
final class ConvolutionBenchmark {
  struct Shape {
    var inputs: Int
    var outputs: Int
    var kernel = 3
    var height = 180
    var width = 320
    var transposed = false

    var name: String {
      let layer = transposed ? "deconv 4x4" : "conv \(kernel)x\(kernel)"
      return "\(layer) \(inputs)->\(outputs) \(width)x\(height)"
    }
  }

  let shape: Shape
  private let engine: Engine
  private let input: FeatureMap
  private let output: FeatureMap
  private let run: (FeatureMap, FeatureMap, Engine) throws(VFIError) -> Void

  init(_ shape: Shape, engine: Engine) throws {
    self.shape = shape
    self.engine = engine
    let scale = shape.transposed ? 2 : 1
    input = try engine.scratch.map(
      height: shape.height, width: shape.width, channels: shape.inputs)
    output = try engine.scratch.map(
      height: shape.height * scale, width: shape.width * scale, channels: shape.outputs)
    fillWithNoise(input)
    var weights = BenchmarkWeights()
    if shape.transposed {
      weights.add("layer.weight", [shape.inputs, shape.outputs, 4, 4])
      weights.add("layer.bias", [shape.outputs])
      let layer = try TransposedConvolution(
        try weights.file(), "layer", inputs: shape.inputs, outputs: shape.outputs,
        kernels: engine.kernels)
      run = { (input, output, engine) throws(VFIError) in
        try layer(input, into: output, on: engine)
      }
    } else {
      weights.addConvolution(
        "layer", inputs: shape.inputs, outputs: shape.outputs, kernel: shape.kernel)
      let layer = try Convolution(
        try weights.file(), "layer", inputs: shape.inputs, outputs: shape.outputs,
        kernel: shape.kernel, activation: .leakyReLU(0.1), kernels: engine.kernels)
      run = { (input, output, engine) throws(VFIError) in
        try layer(input, into: output, on: engine)
      }
    }
  }

  /// Floating-point operations per nanosecond of one call.
  func measure() throws(VFIError) -> Double {
    let before = engine.statistics.multiplyAdds
    let time = try nanoseconds { () throws(VFIError) in try run(input, output, engine) }
    return 2 * Double(engine.statistics.multiplyAdds - before) / time
  }
}

/// Fills `map` with numbers in -1...1.
func fillWithNoise(_ map: FeatureMap) {
  var state: UInt32 = 7
  for y in 0..<map.height {
    for x in 0..<map.width {
      for c in 0..<map.channels {
        state = state &* 1_664_525 &+ 1_013_904_223
        map[y, x, c] = Float(state >> 8) / Float(1 << 23) - 1
      }
    }
  }
}

/// Processor time that this thread spends in `body`: other programs do not count.
func nanoseconds(_ body: () throws(VFIError) -> Void) throws(VFIError) -> Double {
  let start = threadTime()
  try body()
  return threadTime() - start
}

private func threadTime() -> Double {
  var time = timespec()
  unsafe clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
  return Double(time.tv_sec) * 1e9 + Double(time.tv_nsec)
}

/// The middle value.
func median(_ values: [Double]) -> Double {
  values.isEmpty ? 0 : values.sorted()[values.count / 2]
}
