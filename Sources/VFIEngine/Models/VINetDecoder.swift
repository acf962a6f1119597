// SPDX-License-Identifier: MIT

/// What VINet makes of its state: the picture, with what was aggregated at 1/4 and 1/2 beside it.
final class VINetDecoder: Sendable {
  /// Maps in which the decoder's own features and the aggregated ones stand side by side.
  struct Joints {
    /// `[H / 4, W / 4, 2 C]` and `[H / 2, W / 2, 2 C]`, C as the encoders have there.
    let quarter: FeatureMap
    let half: FeatureMap

    /// Where the decoder's own features belong.
    var quarterOwn: FeatureMap { quarter.slice(0..<quarter.channels / 2) }
    var halfOwn: FeatureMap { half.slice(0..<half.channels / 2) }
    /// Where the aggregated features belong.
    var quarterSynthesis: FeatureMap { quarter.slice(quarter.channels / 2..<quarter.channels) }
    var halfSynthesis: FeatureMap { half.slice(half.channels / 2..<half.channels) }
  }

  /// dc0, dc1, dc2_1, dc2_bt1, dc2_bt2, dc2_bt3, dc3_1, dc3_2, dc5.
  private let layers: [GatedConvolution]
  /// dc1_1, dc2_2, dc4: each after a doubling of the size.
  private let enlarging: [GatedConvolution]
  private let last: Convolution
  /// Whether the picture has twice the size at which the network works.
  private let doubles: Bool
  /// At 1/2 and 1/4.
  private let channels: (half: Int, quarter: Int)

  /// `channels` are those of the encoders at 1/1, 1/2, 1/4, 1/8.
  init(
    _ file: WeightFile, channels: [Int], doubles: Bool, kernels: KernelTable
  ) throws(VFIError) {
    self.doubles = doubles
    let (full, half, quarter, eighth) = (channels[0], channels[1], channels[2], channels[3])
    self.channels = (half, quarter)
    let last = try file.channels(of: ["decoder.dc5.conv.weight"])[1] / 2
    let table = [
      ("dc0", eighth, eighth, 1), ("dc1", eighth, eighth, 1), ("dc2_1", 2 * quarter, quarter, 1),
      ("dc2_bt1", quarter, quarter, 2), ("dc2_bt2", quarter, quarter, 4),
      ("dc2_bt3", quarter, quarter, 8), ("dc3_1", 2 * half, half, 1), ("dc3_2", half, half, 1),
      ("dc5", full, last, 1),
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
    for (layer, inputs, outputs) in [
      ("dc1_1", eighth, quarter), ("dc2_2", quarter, half), ("dc4", half, full),
    ] {
      enlarging.append(
        try GatedConvolution(
          file, "decoder.\(layer).conv.1", inputs: inputs, outputs: outputs, depth: .one,
          slope: 0.2, kernels: kernels))
    }
    self.enlarging = enlarging
    self.last = try Convolution(
      try file.floats("decoder.dc6.weight", shape: [3, last, 1, 3, 3]), bias: [0, 0, 0],
      inputs: last, kernels: kernels)
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
      quarter: try arena.map(
        height: 2 * height, width: 2 * width, channels: 2 * channels.quarter),
      half: try arena.map(height: 4 * height, width: 4 * width, channels: 2 * channels.half))
  }

  /// The picture `[H, W, 3]` in -1...1 and a little beyond, from the state at 1/8.
  func callAsFunction(
    _ state: FeatureMap, _ joints: Joints, into output: FeatureMap, on engine: Engine
  ) throws(VFIError) {
    let mark = engine.scratch.mark
    defer { engine.scratch.release(to: mark) }
    let eighth = try chain(layers[0..<2], state, on: engine)
    try enlarge(eighth, enlarging[0], into: joints.quarterOwn, on: engine)
    let quarter = try chain(layers[2..<6], joints.quarter, on: engine)
    try enlarge(quarter, enlarging[1], into: joints.halfOwn, on: engine)
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
