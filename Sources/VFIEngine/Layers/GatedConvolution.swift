// SPDX-License-Identifier: MIT
import CIntrinsics

/// `sigmoid(gate) * leaky ReLU(phi)`, where one convolution without bias makes phi and gate.
///
/// 3x3, zero padding that keeps the size, float32. Input `[H, W, inputs]`, output
/// `[ceil(H / stride), ceil(W / stride), outputs]`.
package final class GatedConvolution: Sendable {
  /// How the official file stores the weights.
  package enum Depth {
    /// `[2 outputs, inputs, 3, 3]`.
    case none
    /// `[2 outputs, inputs, 1, 3, 3]`, for one map.
    case one
    /// `[2 outputs, inputs / n, n, 3, 3]`, for n maps whose channels stand behind each other.
    case maps(Int)
  }

  private let convolution: Convolution
  private let slope: Float
  package var outputs: Int { convolution.outputs / 2 }

  /// Reads `name.weight`; the last `rest` inputs come from a second map (stride and dilation 1).
  ///
  /// `slope` is that of negative phi, 0 for a ReLU.
  package init(
    _ file: WeightFile, _ name: String, inputs: Int, rest: Int = 0, outputs: Int, stride: Int = 1,
    dilation: Int = 1, depth: Depth = .none, slope: Float = 0, kernels: KernelTable
  ) throws(VFIError) {
    self.slope = slope
    let extents = [2 * outputs, inputs]
    let values: [Float]
    switch depth {
    case .none: values = try file.floats("\(name).weight", shape: extents + [3, 3])
    case .one: values = try file.floats("\(name).weight", shape: extents + [1, 3, 3])
    case .maps(let count):
      values = Self.mapsFirst(
        try file.floats("\(name).weight", shape: [2 * outputs, inputs / count, count, 3, 3]),
        channels: inputs / count, maps: count)
    }
    convolution = try Convolution(
      values, bias: Array(repeating: 0, count: 2 * outputs), inputs: inputs, rest: rest,
      stride: stride, dilation: dilation,
      method: stride == 1 && dilation == 1 ? .winograd : .direct, kernels: kernels)
  }

  /// `[..][channels][maps][9]` -> `[..][maps][channels][9]`.
  private static func mapsFirst(_ values: [Float], channels: Int, maps: Int) -> [Float] {
    var result = values
    for output in 0..<values.count / (channels * maps * 9) {
      for channel in 0..<channels {
        for map in 0..<maps {
          let from = ((output * channels + channel) * maps + map) * 9
          let to = ((output * maps + map) * channels + channel) * 9
          for tap in 0..<9 { result[to + tap] = values[from + tap] }
        }
      }
    }
    return result
  }

  /// Multiply-adds for one output pixel.
  package var multiplyAddsPerPixel: Int { convolution.multiplyAddsPerPixel }

  /// Convolves `input`, and `rest` behind it, into `output`, which may not overlap them.
  package func callAsFunction(
    _ input: FeatureMap, with rest: FeatureMap? = nil, into output: FeatureMap, on engine: Engine
  ) throws(VFIError) {
    let mark = engine.scratch.mark
    defer { engine.scratch.release(to: mark) }
    let both = try engine.scratch.map(
      height: output.height, width: output.width, channels: 2 * output.channels)
    try convolution(input, with: rest, into: both, on: engine)
    try gate(both, slope: slope, into: output, on: engine)
  }
}

/// Writes `sigmoid(gate) * leaky ReLU(phi)` of `input` `[H, W, 2 C]`: phi, then gate; float32.
package func gate(
  _ input: FeatureMap, slope: Float, into output: FeatureMap, on engine: Engine
) throws(VFIError) {
  guard input.height == output.height, input.width == output.width,
    input.channels == 2 * output.channels, input.precision == .float32,
    output.precision == .float32
  else { throw .defect("gate: the sizes or types of its maps differ") }
  let arguments = unsafe vfi_gate(input: input.view, output: output.view, slope: slope)
  let kernel = unsafe engine.kernels.inpainting.gate
  try engine.forEachRows(output.height) { first, end in
    unsafe withUnsafePointer(to: arguments) { unsafe kernel($0, first, end) }
  }
}
