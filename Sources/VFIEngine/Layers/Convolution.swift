// SPDX-License-Identifier: MIT

/// Convolution with zero padding that keeps the size (`dilation * (kernel - 1) / 2`), and a bias.
///
/// Input `[H, W, inputs]`, output `[ceil(H / stride), ceil(W / stride), outputs]`. The result is
/// `activation(convolution + bias + residual)`. Weights are packed for one level of kernels and one
/// precision, which is that of the input; output and residual are float32 or bfloat16 as they come.
package final class Convolution: Sendable {
  /// How the products are formed.
  package enum Method: Sendable {
    /// As the definition says.
    case direct
    /// By Winograd's F(4x4, 3x3), with 1/4 of the products and one digit less; in bfloat16, which
    /// cannot spare it, by F(2x2, 3x3).
    ///
    /// For dense calls; 3x3, stride 1, dilation 1.
    case winograd
    /// By Winograd's F(2x2, 3x3), with 4/9 of the products and slightly other rounding; likewise.
    ///
    /// In sparse calls a tile of 2x2 pixels is computed whole if one is active.
    case winograd2x2

    fileprivate var tile: WinogradTile? {
      switch self {
      case .direct: nil
      case .winograd: .outputs4x4
      case .winograd2x2: .outputs2x2
      }
    }
  }

  package let inputs: Int
  package let rest: Int
  package let outputs: Int
  package let kernel: Int
  package let stride: Int
  package let dilation: Int
  package let method: Method
  package let precision: Precision
  /// One element: a convolution has one phase.
  private let weights: [PackedWeights]

  /// Reads `name.weight` `[outputs, inputs, kernel, kernel]` and, with `hasBias`, `name.bias`
  /// `[outputs]`.
  ///
  /// The last `rest` of the input channels come from a second map (bfloat16 or Winograd only). `part`
  /// keeps only these output channels, for a layer whose output is written to two maps.
  package convenience init(
    _ file: WeightFile, _ name: String, inputs: Int, rest: Int = 0, outputs: Int,
    part: Range<Int>? = nil, kernel: Int = 3, stride: Int = 1, dilation: Int = 1,
    hasBias: Bool = true, activation: Activation = .none,
    method: Method = .direct, precision: Precision = .float32, kernels: KernelTable
  ) throws(VFIError) {
    try self.init(
      try file.floats("\(name).weight", shape: [outputs, inputs, kernel, kernel]),
      bias: hasBias
        ? try file.floats("\(name).bias", shape: [outputs])
        : [Float](repeating: 0, count: outputs),
      inputs: inputs, rest: rest, part: part, kernel: kernel, stride: stride, dilation: dilation,
      activation: activation, method: method, precision: precision, kernels: kernels)
  }

  /// Takes weights `[outputs][inputs][kernel][kernel]` and a bias of each output; else the same.
  init(
    _ weights: [Float], bias: [Float], inputs: Int, rest: Int = 0, part: Range<Int>? = nil,
    kernel: Int = 3, stride: Int = 1, dilation: Int = 1, activation: Activation = .none,
    method: Method = .direct, precision: Precision = .float32, kernels: KernelTable
  ) throws(VFIError) {
    precondition(kernel % 2 == 1)
    precondition(rest >= 0 && rest < inputs)
    precondition(method == .direct || (kernel == 3 && stride == 1 && dilation == 1))
    precondition(rest == 0 || precision == .bfloat16 || method != .direct)
    precondition(weights.count == bias.count * inputs * kernel * kernel)
    self.inputs = inputs
    self.rest = rest
    self.precision = precision
    let part = part ?? 0..<bias.count
    precondition(part.lowerBound >= 0 && part.upperBound <= bias.count && !part.isEmpty)
    self.outputs = part.count
    self.kernel = kernel
    self.stride = stride
    self.dilation = dilation
    let format = WeightFormat(
      precision, quantizes: kernels.quantizes && rest == 0, inputs: inputs, outputs: self.outputs)
    // Winograd's transform would have to be quantised, too: 4 x 4 values where there was one.
    self.method =
      format == .int8 ? .direct : method == .winograd && format == .bfloat16 ? .winograd2x2 : method
    let tile = self.method.tile
    let taps = tile?.points ?? kernel * kernel
    let values = tile?.points(kernels: weights) ?? weights
    self.weights = [
      try PackedWeights(
        taps: taps, inputs: inputs, rest: tile == nil ? rest : 0, bias: Array(bias[part]),
        slopes: try activation.slopes(part.count), format: format, kernels: kernels
      ) { output, input, tap in
        values[((part.lowerBound + output) * inputs + input) * taps + tap]
      }
    ]
  }

  /// Multiply-adds for one output pixel, as the definition counts them.
  package var multiplyAddsPerPixel: Int { kernel * kernel * inputs * outputs }

  /// Convolves `input` into `output`, which may not overlap it.
  ///
  /// With `rest` the input is the concatenation of both maps' channels. `residual` is added before the
  /// activation and may be `output` itself.
  package func callAsFunction(
    _ input: FeatureMap, with rest: FeatureMap? = nil, into output: FeatureMap,
    adding residual: FeatureMap? = nil, on engine: Engine
  ) throws(VFIError) {
    let height = (input.height + stride - 1) / stride
    let width = (input.width + stride - 1) / stride
    guard input.channels + self.rest == inputs, (rest?.channels ?? 0) == self.rest,
      input.precision == precision, rest.map({ $0.precision == precision }) ?? true,
      output.channels == outputs,
      output.height == height, output.width == width, residual?.hasSize(of: output) ?? true,
      rest.map({ $0.height == input.height && $0.width == input.width }) ?? true
    else { throw .defect("a convolution's maps have wrong sizes or types") }
    guard let tile = method.tile else {
      return try ConvolutionRun(
        phases: weights, grid: grid(height: height, width: width), input: input, rest: rest,
        output: output, residual: residual)(on: engine)
    }
    try WinogradRun(
      tile: tile, weights: weights[0], input: input, rest: rest, output: output,
      residual: residual)(on: engine)
  }

  /// Convolves the compact features of `source`, or else of `active`, into those of `active`.
  ///
  /// Neighbours that are not in the input's set count as zero; with such an input the dense result is
  /// the same to the bit. Stride 1 only. `tiles`, of both sets, spares a convolution by Winograd's method
  /// to list them.
  package func callAsFunction(
    _ input: FeatureMap, from source: ActiveSet? = nil, active: ActiveSet,
    tiles: ActiveTiles? = nil, into output: FeatureMap, adding residual: FeatureMap? = nil,
    on engine: Engine
  ) throws(VFIError) {
    let source = source ?? active
    guard stride == 1, rest == 0, method != .winograd, input.channels == inputs,
      input.precision == precision, output.channels == outputs,
      input.height == 1, source.height == active.height, source.width == active.width,
      output.height == 1, input.width >= source.count, output.width >= active.count,
      residual?.hasSize(of: output) ?? true
    else { throw .defect("a sparse convolution's maps have wrong sizes or types") }
    if let tile = method.tile {
      let mark = engine.scratch.mark
      defer { engine.scratch.release(to: mark) }
      var listed = tiles
      if listed == nil { listed = try ActiveTiles(active, from: source, on: engine) }
      try WinogradRun(
        tile: tile, weights: weights[0], input: input, rest: nil, output: output,
        residual: residual, active: listed)(on: engine)
    } else {
      try ConvolutionRun(
        phases: weights, grid: grid(height: active.height, width: active.width), input: input,
        output: output, residual: residual)(active: active, from: source, on: engine)
    }
    engine.statistics.multiplyAddsSaved +=
      (active.height * active.width - active.count) * multiplyAddsPerPixel
  }

  private func grid(height: Int, width: Int) -> ConvolutionGrid {
    let padding = dilation * (kernel - 1) / 2
    return ConvolutionGrid(
      kernel: kernel, stride: stride, dilation: dilation, originY: -padding, originX: -padding,
      height: height, width: width)
  }
}
