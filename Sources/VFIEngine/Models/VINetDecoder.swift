// SPDX-License-Identifier: MIT

/// What VINet makes of its state: the picture, with what was aggregated at 1/4 and 1/2 beside it.
final class VINetDecoder: Sendable {
  /// Maps in which the decoder's own features and the aggregated ones stand side by side.
  struct Joints {
    /// `[H / 4, W / 4, 192]` and `[H / 2, W / 2, 128]`.
    let quarter: FeatureMap
    let half: FeatureMap

    /// Where the aggregated features belong.
    var quarterSynthesis: FeatureMap { quarter.slice(96..<192) }
    var halfSynthesis: FeatureMap { half.slice(64..<128) }
  }

  /// dc0, dc1, dc2_1, dc2_bt1, dc2_bt2, dc2_bt3, dc3_1, dc3_2, dc5.
  private let layers: [GatedConvolution]
  /// dc1_1, dc2_2, dc4: each after a doubling of the size.
  private let enlarging: [GatedConvolution]
  private let last: Convolution
  /// Whether the picture has twice the size at which the network works.
  private let doubles: Bool

  init(_ file: WeightFile, doubles: Bool, kernels: KernelTable) throws(VFIError) {
    self.doubles = doubles
    let table = [
      ("dc0", 128, 128, 1), ("dc1", 128, 128, 1), ("dc2_1", 192, 96, 1), ("dc2_bt1", 96, 96, 2),
      ("dc2_bt2", 96, 96, 4), ("dc2_bt3", 96, 96, 8), ("dc3_1", 128, 64, 1),
      ("dc3_2", 64, 64, 1), ("dc5", 32, 16, 1),
    ]
    var layers: [GatedConvolution] = []
    for (layer, inputs, outputs, dilation) in table {
      layers.append(
        try GatedConvolution(
          file, "decoder.\(layer).conv", inputs: inputs, outputs: outputs, dilation: dilation,
          depth: .one, kernels: kernels))
    }
    self.layers = layers
    var enlarging: [GatedConvolution] = []
    for (layer, inputs, outputs) in [("dc1_1", 128, 96), ("dc2_2", 96, 64), ("dc4", 64, 32)] {
      enlarging.append(
        try GatedConvolution(
          file, "decoder.\(layer).conv.1", inputs: inputs, outputs: outputs, depth: .one,
          slope: 0.2, kernels: kernels))
    }
    self.enlarging = enlarging
    last = try Convolution(
      try file.floats("decoder.dc6.weight", shape: [3, 16, 1, 3, 3]), bias: [0, 0, 0], inputs: 16,
      kernels: kernels)
  }

  /// Multiply-adds for one pixel of the size at which the network works.
  var multiplyAddsPerPixel: Double {
    let scales: [Double] = [1 / 64, 1 / 64, 1 / 16, 1 / 16, 1 / 16, 1 / 16, 1 / 4, 1 / 4]
    var sum = 0.0
    for (layer, scale) in zip(layers, scales) { sum += scale * Double(layer.multiplyAddsPerPixel) }
    let enlarged: [Double] = [1 / 16, 1 / 4, 1]
    for (layer, scale) in zip(enlarging, enlarged) {
      sum += scale * Double(layer.multiplyAddsPerPixel)
    }
    let end = layers[8].multiplyAddsPerPixel + last.multiplyAddsPerPixel
    return sum + (doubles ? 4 : 1) * Double(end)
  }

  func joints(eighth: FeatureMap, in arena: Arena) throws(VFIError) -> Joints {
    let (height, width) = (eighth.height, eighth.width)
    return Joints(
      quarter: try arena.map(height: 2 * height, width: 2 * width, channels: 192),
      half: try arena.map(height: 4 * height, width: 4 * width, channels: 128))
  }

  /// The picture `[H, W, 3]` in -1...1 and a little beyond, from the state `[H / 8, W / 8, 128]`.
  func callAsFunction(
    _ state: FeatureMap, _ joints: Joints, into output: FeatureMap, on engine: Engine
  ) throws(VFIError) {
    let mark = engine.scratch.mark
    defer { engine.scratch.release(to: mark) }
    let eighth = try chain(layers[0..<2], state, on: engine)
    try enlarge(eighth, enlarging[0], into: joints.quarter.slice(0..<96), on: engine)
    let quarter = try chain(layers[2..<6], joints.quarter, on: engine)
    try enlarge(quarter, enlarging[1], into: joints.half.slice(0..<64), on: engine)
    let half = try chain(layers[6..<8], joints.half, on: engine)
    var full = try engine.scratch.map(
      height: 2 * half.height, width: 2 * half.width, channels: enlarging[2].outputs)
    try enlarge(half, enlarging[2], into: full, on: engine)
    if doubles {
      let doubled = try engine.scratch.map(
        height: output.height, width: output.width, channels: full.channels)
      try resizeBilinear(full, into: doubled, on: engine)
      full = doubled
    }
    try last(try chain(layers[8..<9], full, on: engine), into: output, on: engine)
  }

  /// The result of `layers` one after the other, in `engine.scratch`.
  private func chain(
    _ layers: ArraySlice<GatedConvolution>, _ input: FeatureMap, on engine: Engine
  ) throws(VFIError) -> FeatureMap {
    var source = input
    for layer in layers {
      let target = try engine.scratch.map(
        height: input.height, width: input.width, channels: layer.outputs)
      try layer(source, into: target, on: engine)
      source = target
    }
    return source
  }

  private func enlarge(
    _ input: FeatureMap, _ layer: GatedConvolution, into output: FeatureMap, on engine: Engine
  ) throws(VFIError) {
    let mark = engine.scratch.mark
    defer { engine.scratch.release(to: mark) }
    let doubled = try engine.scratch.map(
      height: output.height, width: output.width, channels: input.channels)
    try resizeBilinear(input, into: doubled, on: engine)
    try layer(doubled, into: output, on: engine)
  }
}
