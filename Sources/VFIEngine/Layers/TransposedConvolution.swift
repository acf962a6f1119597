// SPDX-License-Identifier: MIT

/// Transposed convolution with kernel 4, stride 2, padding 1 and a bias: doubles the size.
///
/// Input `[H, W, inputs]`, output `[2 H, 2 W, outputs]`. Each of the four phases of the output
/// (even and odd rows and columns) is a 2x2 convolution: row `2 y + p` takes the input rows
/// `y - 1 + p` and `y + p` with the kernel rows `3 - p` and `1 - p`, likewise in x. The input is of the
/// layer's precision; output and residual are float32 or bfloat16 as they come.
package final class TransposedConvolution: Sendable {
  package let inputs: Int
  package let outputs: Int
  package let precision: Precision
  private let phases: [PackedWeights]

  /// Reads `name.weight` `[inputs, outputs, 4, 4]` and `name.bias` `[outputs]`.
  ///
  /// `part` keeps only these output channels, for a layer whose output is written to two maps.
  package init(
    _ file: WeightFile, _ name: String, inputs: Int, outputs: Int, part: Range<Int>? = nil,
    activation: Activation = .none, precision: Precision = .float32, kernels: KernelTable
  ) throws(VFIError) {
    let part = part ?? 0..<outputs
    precondition(part.lowerBound >= 0 && part.upperBound <= outputs)
    self.inputs = inputs
    self.precision = precision
    self.outputs = part.count
    let values = try file.floats("\(name).weight", shape: [inputs, outputs, 4, 4])
    let bias = Array(try file.floats("\(name).bias", shape: [outputs])[part])
    let slopes = try activation.slopes(part.count)
    var phases: [PackedWeights] = []
    for phase in 0..<4 {
      let (phaseY, phaseX) = (phase / 2, phase % 2)
      phases.append(
        try PackedWeights(
          taps: 4, inputs: inputs, bias: bias, slopes: slopes,
          format: WeightFormat(
            precision, quantizes: kernels.quantizes, inputs: inputs, outputs: part.count),
          kernels: kernels
        ) { output, input, tap in
          let (ky, kx) = (3 - phaseY - 2 * (tap / 2), 3 - phaseX - 2 * (tap % 2))
          return values[((input * outputs + part.lowerBound + output) * 4 + ky) * 4 + kx]
        })
    }
    self.phases = phases
  }

  /// Multiply-adds for one output pixel.
  package var multiplyAddsPerPixel: Int { 4 * inputs * outputs }

  /// Convolves `input` into `output`, which may not overlap it.
  ///
  /// `residual` has the output's size, is added before the activation and may be `output` itself.
  package func callAsFunction(
    _ input: FeatureMap, into output: FeatureMap, adding residual: FeatureMap? = nil,
    on engine: Engine
  ) throws(VFIError) {
    guard input.channels == inputs, input.precision == precision, output.channels == outputs,
      output.height == 2 * input.height, output.width == 2 * input.width,
      residual?.hasSize(of: output) ?? true
    else { throw .defect("a transposed convolution's maps have wrong sizes or types") }
    try ConvolutionRun(
      phases: phases,
      grid: ConvolutionGrid(
        kernel: 2, originY: -1, originX: -1, height: input.height, width: input.width, spread: 2),
      input: input, output: output, residual: residual)(on: engine)
  }
}
