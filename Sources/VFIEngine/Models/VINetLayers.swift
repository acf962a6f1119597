// SPDX-License-Identifier: MIT

/// Features of one stream: 1/1, 1/2, 1/4 and 1/8 of the size at which the network works.
final class VINetEncoder: Sendable {
  private let layers: [GatedConvolution]

  /// `channels` are those at 1/1, 1/2, 1/4, 1/8; `stride` is that of the first layer.
  init(
    _ file: WeightFile, _ name: String, channels: [Int], stride: Int, kernels: KernelTable
  ) throws(VFIError) {
    let (full, half, quarter, eighth) = (channels[0], channels[1], channels[2], channels[3])
    let table = [
      ("ec0", 5, full, stride), ("ec1", full, half, 2), ("ec2", half, half, 1),
      ("ec3_1", half, quarter, 2), ("ec3_2", quarter, quarter, 1), ("ec4_1", quarter, eighth, 2),
      ("ec4", eighth, eighth, 1), ("ec5", eighth, eighth, 1),
    ]
    var layers: [GatedConvolution] = []
    for (layer, inputs, outputs, stride) in table {
      layers.append(
        try GatedConvolution(
          file, "\(name).\(layer).conv", inputs: inputs, outputs: outputs, stride: stride,
          kernels: kernels))
    }
    self.layers = layers
  }

  /// Multiply-adds for one pixel of the finest features.
  var multiplyAddsPerPixel: Double {
    zip(layers, [1, 4, 4, 16, 16, 64, 64, 64]).reduce(0) {
      $0 + Double($1.0.multiplyAddsPerPixel) / $1.1
    }
  }

  /// Encodes `input` `[H, W, 5]` into the four maps of `levels`, finest first.
  func callAsFunction(
    _ input: FeatureMap, into levels: [FeatureMap], on engine: Engine
  ) throws(VFIError) {
    let mark = engine.scratch.mark
    defer { engine.scratch.release(to: mark) }
    let (full, half, quarter, eighth) = (levels[0], levels[1], levels[2], levels[3])
    func like(_ map: FeatureMap) throws(VFIError) -> FeatureMap {
      try engine.scratch.map(height: map.height, width: map.width, channels: map.channels)
    }
    try layers[0](input, into: full, on: engine)
    let reducedHalf = try like(half)
    try layers[1](full, into: reducedHalf, on: engine)
    try layers[2](reducedHalf, into: half, on: engine)
    let reducedQuarter = try like(quarter)
    try layers[3](half, into: reducedQuarter, on: engine)
    try layers[4](reducedQuarter, into: quarter, on: engine)
    let (first, second) = (try like(eighth), try like(eighth))
    try layers[5](quarter, into: first, on: engine)
    try layers[6](first, into: second, on: engine)
    try layers[7](second, into: eighth, on: engine)
  }
}

/// A sequence of 3x3 convolutions with a leaky ReLU of 0.1 after each.
private func flowConvolutions(
  _ file: WeightFile, _ name: String, _ sizes: [Int], dilations: [Int], kernels: KernelTable
) throws(VFIError) -> [Convolution] {
  var layers: [Convolution] = []
  for (index, dilation) in dilations.enumerated() {
    layers.append(
      try Convolution(
        file, "\(name).\(index).0", inputs: sizes[index], outputs: sizes[index + 1],
        dilation: dilation, activation: .leakyReLU(0.1),
        method: dilation == 1 ? .winograd : .direct, kernels: kernels))
  }
  return layers
}

/// Runs `layers` one after the other, the last one into `output`.
private func run(
  _ layers: [Convolution], _ input: FeatureMap, into output: FeatureMap, on engine: Engine
) throws(VFIError) {
  let mark = engine.scratch.mark
  defer { engine.scratch.release(to: mark) }
  let widest = layers.dropLast().reduce(0) { max($0, $1.outputs) }
  let spare = [
    try engine.scratch.map(height: input.height, width: input.width, channels: widest),
    try engine.scratch.map(height: input.height, width: input.width, channels: widest),
  ]
  var source = input
  for (index, layer) in layers.enumerated() {
    let target =
      index == layers.count - 1 ? output : spare[index % 2].slice(0..<layer.outputs)
    try layer(source, into: target, on: engine)
    source = target
  }
}

/// Flow from reference features to those of a source, from their correlation.
final class VINetFlow: Sendable {
  /// Of the correlation, in pixels each way, and how many places that are.
  let reach: Int
  let window: Int
  private let trunk: [Convolution]
  private let coarse: Convolution
  private let context: [Convolution]

  /// For features of `channels`.
  ///
  /// Sizes of layers, and the reach, follow from the weights' shapes.
  init(
    _ file: WeightFile, _ name: String, channels: Int, isCoarsest: Bool = false,
    kernels: KernelTable
  ) throws(VFIError) {
    let name = "\(name).flow_estimator"
    let sizes = try file.channels(of: (0..<5).map { "\(name).convs.\($0).0.weight" })
    // The reference, its correlation and, but for the coarsest, the flow so far.
    let places = sizes[0] - channels - (isCoarsest ? 0 : 2)
    guard let reach = (1...8).first(where: { (2 * $0 + 1) * (2 * $0 + 1) == places }) else {
      throw .model("'\(name)' has no square correlation: \(places) places")
    }
    self.reach = reach
    window = places
    trunk = try flowConvolutions(
      file, "\(name).convs", sizes, dilations: [1, 1, 1, 1, 1], kernels: kernels)
    coarse = try Convolution(
      file, "\(name).conv1", inputs: sizes[5], outputs: 2, kernels: kernels)
    let second = try file.channels(of: (0..<7).map { "\(name).convs_fine.convs.\($0).0.weight" })
    context = try flowConvolutions(
      file, "\(name).convs_fine.convs", [sizes[5] + 2] + second[1..<7] + [2],
      dilations: [1, 2, 4, 8, 16, 1, 1], kernels: kernels)
  }

  /// Multiply-adds for one pixel, as the definition counts them.
  var multiplyAddsPerPixel: Int {
    (trunk + context + [coarse]).reduce(0) { $0 + $1.multiplyAddsPerPixel }
  }

  /// Writes the flow that `input` shows to `output` `[H, W, 2]`: a coarse one and its correction.
  func callAsFunction(
    _ input: FeatureMap, into output: FeatureMap, on engine: Engine
  ) throws(VFIError) {
    let mark = engine.scratch.mark
    defer { engine.scratch.release(to: mark) }
    let joint = try engine.scratch.map(
      height: input.height, width: input.width, channels: coarse.inputs + 2)
    let features = joint.slice(0..<coarse.inputs)
    try run(trunk, input, into: features, on: engine)
    try coarse(features, into: joint.slice(coarse.inputs..<joint.channels), on: engine)
    try run(context, joint, into: output, on: engine)
    // The coarse flow once more, now as what is added: cheaper than a layer that adds maps.
    try coarse(features, into: output, adding: output, on: engine)
  }
}

/// How far other features replace those of the reference: the logit, `[H, W, 1]`.
final class VINetMask: Sendable {
  private let layers: [Convolution]
  private let last: Convolution

  init(
    _ file: WeightFile, _ name: String, channels: Int, kernels: KernelTable
  ) throws(VFIError) {
    layers = try flowConvolutions(
      file, "\(name).convs", [channels, channels / 2, channels / 2], dilations: [1, 1],
      kernels: kernels)
    last = try Convolution(
      file, "\(name).convs.2", inputs: channels / 2, outputs: 1, kernels: kernels)
  }

  /// Multiply-adds for one pixel.
  var multiplyAddsPerPixel: Int {
    (layers + [last]).reduce(0) { $0 + $1.multiplyAddsPerPixel }
  }

  func callAsFunction(
    _ reference: FeatureMap, _ other: FeatureMap, into logit: FeatureMap, on engine: Engine
  ) throws(VFIError) {
    let mark = engine.scratch.mark
    defer { engine.scratch.release(to: mark) }
    let difference = try engine.scratch.map(
      height: reference.height, width: reference.width, channels: reference.channels)
    try absoluteDifference(reference, other, into: difference, on: engine)
    try run(layers + [last], difference, into: logit, on: engine)
  }
}

extension WeightFile {
  /// Input channels of the first of the convolutions `names`, and output channels of each.
  ///
  /// Throws `.model` where one has fewer than two extents, or one beyond 1...4096.
  func channels(of names: [String]) throws(VFIError) -> [Int] {
    var result: [Int] = []
    for name in names {
      let shape = try shape(name)
      guard shape.count > 1, (1...4096).contains(shape[0]), (1...4096).contains(shape[1]) else {
        throw .model("tensor '\(name)' has the shape \(shape)")
      }
      if result.isEmpty { result.append(shape[1]) }
      result.append(shape[0])
    }
    return result
  }
}
