// SPDX-License-Identifier: MIT

/// A mask-guided block: a 3x3 head, 3x3 layers in a row, and a 1x1 join that reads all their outputs.
///
/// Head and layers write beside each other into one wide map, which is what the join reads.
package final class UGSPBlock: Sendable {
  /// Of the input, the head and each layer.
  package let channels: Int
  private let head: Convolution
  private let body: [Convolution]
  private let join: Convolution
  /// What the join gives where nothing is active: its bias, after its activation.
  private let elsewhere: [Float]

  /// Reads the weights of `name`.
  ///
  /// `name.prelu_last` follows the join of the last block. A dense block computes every pixel, and its
  /// 3x3 convolutions have biases.
  package init(
    _ file: WeightFile, _ name: String, channels: Int, layers: Int, outputs: Int,
    isDense: Bool = false, activatesJoin: Bool = false, kernels: KernelTable
  ) throws(VFIError) {
    self.channels = channels
    func layer(_ weights: String, _ slopes: String) throws(VFIError) -> Convolution {
      try Convolution(
        file, "\(name).\(weights)", inputs: channels, outputs: channels, hasBias: isDense,
        activation: .prelu(try file.floats("\(name).\(slopes).weight", shape: [channels])),
        method: isDense ? .winograd : .direct, kernels: kernels)
    }
    head = try layer("conv_head.0", "conv_head.1")
    var body: [Convolution] = []
    for index in 0..<layers {
      body.append(try layer("convblock_l.\(index)", "prelu_l.\(index)"))
    }
    self.body = body
    let slopes =
      activatesJoin ? try file.floats("\(name).prelu_last.weight", shape: [outputs]) : nil
    join = try Convolution(
      file, "\(name).conv_last", inputs: channels * (layers + 1), outputs: outputs, kernel: 1,
      activation: slopes.map { .prelu($0) } ?? .none, kernels: kernels)
    let bias = try file.floats("\(name).conv_last.bias", shape: [outputs])
    elsewhere = bias.enumerated().map { $1 < 0 ? $1 * (slopes?[$0] ?? 1) : $1 }
  }

  /// Multiply-adds for one active pixel.
  var multiplyAddsPerPixel: Int {
    body.reduce(head.multiplyAddsPerPixel + join.multiplyAddsPerPixel) {
      $0 + $1.multiplyAddsPerPixel
    }
  }

  /// Computes every pixel: `input` `[h, w, channels]`, `output` `[h, w, outputs]`.
  func callAsFunction(
    _ input: FeatureMap, into output: FeatureMap, on engine: Engine
  ) throws(VFIError) {
    let mark = engine.scratch.mark
    defer { engine.scratch.release(to: mark) }
    let wide = try engine.scratch.map(
      height: input.height, width: input.width, channels: join.inputs)
    try head(input, into: part(0, of: wide), on: engine)
    for (index, layer) in body.enumerated() {
      try layer(part(index, of: wide), into: part(index + 1, of: wide), on: engine)
    }
    try join(wide, into: output, on: engine)
  }

  /// Computes the pixels of `active` of `output` `[h, w, outputs]`; all others become the join's bias.
  ///
  /// `input` holds the pixels of `source`, compact: those that `active` has in its neighbourhood. Beyond
  /// the head, pixels that are not active count as zero. Its memory is free afterwards.
  package func callAsFunction(
    _ input: FeatureMap, from source: ActiveSet, active: ActiveSet, into output: FeatureMap,
    on engine: Engine
  ) throws(VFIError) {
    let arena = engine.scratch
    let mark = arena.mark
    defer { arena.release(to: mark) }
    let joined = try active.map(channels: output.channels, in: arena)
    let wide = try active.map(channels: join.inputs, in: arena)
    try head(input, from: source, active: active, into: part(0, of: wide), on: engine)
    for (index, layer) in body.enumerated() {
      try layer(
        part(index, of: wide), active: active, into: part(index + 1, of: wide), on: engine)
    }
    try join(wide, active: active, into: joined, on: engine)
    try active.spread(joined, elsewhere: elsewhere, into: output, on: engine)
  }

  private func part(_ index: Int, of wide: FeatureMap) -> FeatureMap {
    wide.slice(index * channels..<(index + 1) * channels)
  }
}
