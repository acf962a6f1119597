// SPDX-License-Identifier: MIT

/// A mask-guided block: a 3x3 head, 3x3 layers in a row, and a 1x1 join that reads all their outputs.
///
/// Head and layers write beside each other into one wide map, which is what the join reads. The
/// join's first four channels, corrections of the flow, are float32 in any precision.
package final class UGSPBlock: Sendable {
  /// Of the input, the head and each layer.
  package let channels: Int
  /// Of the join, without the flow.
  package let features: Int
  package let precision: Precision
  private let head: Convolution
  private let body: [Convolution]
  private let join: Join
  /// None in the last block, all of whose outputs are features.
  private let flowJoin: Join?

  /// A part of the join, and what it gives where nothing is active: its bias, after its activation.
  private struct Join: Sendable {
    let layer: Convolution
    let elsewhere: [Float]
  }

  /// Reads the weights of `name`.
  ///
  /// The last block's join has no flow, and `name.prelu_last` follows it. A dense block computes every
  /// pixel, and its 3x3 convolutions have biases.
  package init(
    _ file: WeightFile, _ name: String, channels: Int, layers: Int, features: Int,
    isDense: Bool = false, isLast: Bool = false, precision: Precision = .float32,
    kernels: KernelTable
  ) throws(VFIError) {
    self.channels = channels
    self.features = features
    self.precision = precision
    func layer(_ weights: String, _ slopes: String) throws(VFIError) -> Convolution {
      try Convolution(
        file, "\(name).\(weights)", inputs: channels, outputs: channels, hasBias: isDense,
        activation: .prelu(try file.floats("\(name).\(slopes).weight", shape: [channels])),
        method: isDense ? .winograd : .winograd2x2, precision: precision, kernels: kernels)
    }
    head = try layer("conv_head.0", "conv_head.1")
    var body: [Convolution] = []
    for index in 0..<layers {
      body.append(try layer("convblock_l.\(index)", "prelu_l.\(index)"))
    }
    self.body = body
    let flows = isLast ? 0 : UGSP.flowChannels
    let slopes = isLast ? try file.floats("\(name).prelu_last.weight", shape: [features]) : nil
    func join(_ part: Range<Int>) throws(VFIError) -> Join {
      let bias = try file.floats("\(name).conv_last.bias", shape: [flows + features])
      return Join(
        layer: try Convolution(
          file, "\(name).conv_last", inputs: channels * (layers + 1), outputs: flows + features,
          part: part, kernel: 1, activation: slopes.map { .prelu($0) } ?? .none,
          precision: precision, kernels: kernels),
        elsewhere: bias[part].enumerated().map { $1 < 0 ? $1 * (slopes?[$0] ?? 1) : $1 })
    }
    self.join = try join(flows..<flows + features)
    flowJoin = isLast ? nil : try join(0..<flows)
  }

  /// Multiply-adds for one active pixel.
  var multiplyAddsPerPixel: Int {
    let joins = join.layer.multiplyAddsPerPixel + (flowJoin?.layer.multiplyAddsPerPixel ?? 0)
    return body.reduce(head.multiplyAddsPerPixel + joins) { $0 + $1.multiplyAddsPerPixel }
  }

  /// Computes every pixel of `input` `[h, w, channels]`: the join's `flow` `[h, w, 4]` and `features`.
  func callAsFunction(
    _ input: FeatureMap, flow: FeatureMap?, features: FeatureMap, on engine: Engine
  ) throws(VFIError) {
    let mark = engine.scratch.mark
    defer { engine.scratch.release(to: mark) }
    let wide = try engine.scratch.map(
      height: input.height, width: input.width, channels: join.layer.inputs, precision: precision)
    try head(input, into: part(0, of: wide), on: engine)
    for (index, layer) in body.enumerated() {
      try layer(part(index, of: wide), into: part(index + 1, of: wide), on: engine)
    }
    try join.layer(wide, into: features, on: engine)
    if let flow { try flowJoin?.layer(wide, into: flow, on: engine) }
  }

  /// Computes the pixels of `active`; all others become the join's bias.
  ///
  /// `input` holds the pixels of `source`, compact: those that `active` has in its neighbourhood. Beyond
  /// the head, pixels that are not active count as zero.
  package func callAsFunction(
    _ input: FeatureMap, from source: ActiveSet, active: ActiveSet, flow: FeatureMap?,
    features: FeatureMap, on engine: Engine
  ) throws(VFIError) {
    let arena = engine.scratch
    let mark = arena.mark
    defer { arena.release(to: mark) }
    let wide = try active.map(channels: join.layer.inputs, precision: precision, in: arena)
    try head(input, from: source, active: active, into: part(0, of: wide), on: engine)
    for (index, layer) in body.enumerated() {
      try layer(
        part(index, of: wide), active: active, into: part(index + 1, of: wide), on: engine)
    }
    try spread(join, wide, active, into: features, on: engine)
    if let flowJoin, let flow { try spread(flowJoin, wide, active, into: flow, on: engine) }
  }

  /// A part of the join at the active pixels, its bias elsewhere.
  private func spread(
    _ join: Join, _ wide: FeatureMap, _ active: ActiveSet, into output: FeatureMap,
    on engine: Engine
  ) throws(VFIError) {
    let mark = engine.scratch.mark
    defer { engine.scratch.release(to: mark) }
    let joined = try active.map(
      channels: output.channels, precision: output.precision, in: engine.scratch)
    try join.layer(wide, active: active, into: joined, on: engine)
    try active.spread(joined, elsewhere: join.elsewhere, into: output, on: engine)
  }

  private func part(_ index: Int, of wide: FeatureMap) -> FeatureMap {
    wide.slice(index * channels..<(index + 1) * channels)
  }
}
