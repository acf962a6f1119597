// SPDX-License-Identifier: MIT

/// A 3x3 convolution and its PReLU by the names of this model: `name.conv` and the slopes `name.prelu`.
private func convolutionPReLU(
  _ file: WeightFile, _ name: String, _ inputs: Int, _ outputs: Int, stride: Int = 1,
  isSparse: Bool = false, precision: Precision, kernels: KernelTable
) throws(VFIError) -> Convolution {
  try convolutionPReLU(
    file, name, weights: "conv", slopes: "prelu", inputs: inputs, outputs: outputs,
    stride: stride, isSparse: isSparse, precision: precision, kernels: kernels)
}

/// A frame less 0.5 -> features at 1/2 (16 channels) and 1/8 (32).
final class DefaultModelEncoder: Sendable {
  /// Channels of the features at 1/8.
  static let eighth = 32
  /// What is subtracted from the frame.
  private static let mean: Float = 0.5

  private let toHalf, toQuarter, toEighth: Convolution
  private let precision: Precision

  init(_ file: WeightFile, precision: Precision, kernels: KernelTable) throws(VFIError) {
    func layer(
      _ name: String, _ inputs: Int, _ outputs: Int, _ precision: Precision
    ) throws(VFIError) -> Convolution {
      try convolutionPReLU(
        file, "encoder.\(name)", inputs, outputs, stride: 2, precision: precision,
        kernels: kernels)
    }
    self.precision = precision
    toHalf = try layer("to_half", 3, 16, kernels.quickest(precision))
    toQuarter = try layer("to_quarter", 16, 32, precision)
    toEighth = try layer("to_eighth", 32, Self.eighth, precision)
  }

  /// Multiply-adds for one pixel of one frame.
  var multiplyAddsPerPixel: Double {
    Double(toHalf.multiplyAddsPerPixel) / 4 + Double(toQuarter.multiplyAddsPerPixel) / 16
      + Double(toEighth.multiplyAddsPerPixel) / 64
  }

  /// `image` `[H, W, 3]` -> features in `arena`.
  func callAsFunction(
    _ image: FeatureMap, in arena: Arena, on engine: Engine
  ) throws(VFIError) -> FrameFeatures {
    func level(_ k: Int, _ channels: Int, _ arena: Arena) throws(VFIError) -> FeatureMap {
      try arena.map(
        height: image.height >> k, width: image.width >> k, channels: channels,
        precision: precision)
    }
    let half = try level(1, 16, arena)
    let eighth = try level(3, Self.eighth, arena)
    let mark = engine.scratch.mark
    defer { engine.scratch.release(to: mark) }
    let centred = try engine.scratch.map(
      height: image.height, width: image.width, channels: 3, precision: toHalf.precision)
    let quarter = try level(2, 32, engine.scratch)
    try convert(image, plus: -Self.mean, into: centred, on: engine)
    try toHalf(centred, into: half, on: engine)
    try toQuarter(half, into: quarter, on: engine)
    try toEighth(quarter, into: eighth, on: engine)
    var features = FrameFeatures(of: image, keepingImage: false)
    features.levels[0] = half
    features.levels[2] = eighth
    return features
  }
}

/// PReLU(x + conv(PReLU(conv(x)))): `name.first`, `name.second` and the slopes `name.prelu`.
private struct Residual: Sendable {
  let first, second: Convolution

  init(
    _ file: WeightFile, _ name: String, _ channels: Int, precision: Precision,
    kernels: KernelTable
  ) throws(VFIError) {
    first = try convolutionPReLU(
      file, "\(name).first", channels, channels, precision: precision, kernels: kernels)
    second = try Convolution(
      file, "\(name).second", inputs: channels, outputs: channels,
      activation: .prelu(try file.floats("\(name).prelu.weight", shape: [channels])),
      method: .winograd, precision: precision, kernels: kernels)
  }

  var multiplyAddsPerPixel: Int { first.multiplyAddsPerPixel + second.multiplyAddsPerPixel }

  /// Replaces `map`; `between` has its size.
  func callAsFunction(
    _ map: FeatureMap, between: FeatureMap, on engine: Engine
  ) throws(VFIError) {
    try first(map, into: between, on: engine)
    try second(between, into: map, adding: map, on: engine)
  }
}

/// Looks at both candidates at 1/8 and 1/16: `[H/8, W/8, 144]` -> `[H/4, W/4, 32]`, float32.
///
/// Input: features at 1/8 of both frames along A, then along B, the candidates, differences of luma,
/// t, zero. Output: corrections of four flows, four logits, the uncertainty, three without meaning,
/// features for the refinement (16).
final class DefaultModelGuide: Sendable {
  static let inputs = 4 * DefaultModelEncoder.eighth + 8 + 6 + 2
  static let outputs = 8 + 4 + 1 + 3 + 16
  /// Channels at 1/8 and at 1/16.
  private static let (width, contextWidth) = (48, 96)

  private let enter, down, merge: Convolution
  private let residual, context: Residual
  private let up, head: TransposedConvolution
  private let precision: Precision

  init(_ file: WeightFile, precision: Precision, kernels: KernelTable) throws(VFIError) {
    self.precision = precision
    enter = try convolutionPReLU(
      file, "guide.enter", Self.inputs, Self.width, precision: precision, kernels: kernels)
    residual = try Residual(
      file, "guide.residual", Self.width, precision: precision, kernels: kernels)
    down = try convolutionPReLU(
      file, "guide.down", Self.width, Self.contextWidth, stride: 2, precision: precision,
      kernels: kernels)
    context = try Residual(
      file, "guide.context", Self.contextWidth, precision: precision, kernels: kernels)
    up = try TransposedConvolution(
      file, "guide.up", inputs: Self.contextWidth, outputs: Self.width, precision: precision,
      kernels: kernels)
    merge = try convolutionPReLU(
      file, "guide.merge", Self.width, Self.width, precision: precision, kernels: kernels)
    head = try TransposedConvolution(
      file, "guide.head", inputs: Self.width, outputs: Self.outputs, precision: precision,
      kernels: kernels)
  }

  /// Multiply-adds for one pixel of the frame.
  var multiplyAddsPerPixel: Double {
    let atEighth =
      enter.multiplyAddsPerPixel + residual.multiplyAddsPerPixel + up.multiplyAddsPerPixel
      + merge.multiplyAddsPerPixel
    return Double(atEighth) / 64
      + Double(down.multiplyAddsPerPixel + context.multiplyAddsPerPixel) / 256
      + Double(head.multiplyAddsPerPixel) / 16
  }

  /// Takes memory for an input of the size of `most`, so that it does not depend on the content.
  func callAsFunction(
    _ input: FeatureMap, into output: FeatureMap, most: FeatureMap, on engine: Engine
  ) throws(VFIError) {
    let arena = engine.scratch
    let mark = arena.mark
    defer { arena.release(to: mark) }
    func map(_ shift: Int, _ channels: Int) throws(VFIError) -> FeatureMap {
      try arena.map(
        height: most.height >> shift, width: most.width >> shift, channels: channels,
        precision: precision
      ).shrunk(height: input.height >> shift, width: input.width >> shift)
    }
    let entered = try map(0, Self.width)
    let between = try map(0, Self.width)
    let reduced = try map(1, Self.contextWidth)
    let wide = try map(1, Self.contextWidth)
    try enter(input, into: entered, on: engine)
    try residual(entered, between: between, on: engine)
    try down(entered, into: reduced, on: engine)
    try context(reduced, between: wide, on: engine)
    try up(reduced, into: entered, adding: entered, on: engine)
    try merge(entered, into: between, on: engine)
    try head(between, into: output, on: engine)
  }
}

/// Corrects the motion at active pixels of 1/2: 80 channels -> 16, float32.
///
/// Input: features at 1/2 of both frames along A, then along B, the guide's features. Output:
/// corrections of four flows and four logits, the residual, one without meaning.
final class DefaultModelRefinement: Sendable {
  static let inputs = 4 * 16 + 16
  static let outputs = 8 + 4 + 3 + 1
  private static let channels = 32

  private let enter, middle, head: Convolution
  private let precision: Precision

  init(_ file: WeightFile, precision: Precision, kernels: KernelTable) throws(VFIError) {
    self.precision = precision
    enter = try convolutionPReLU(
      file, "refine.enter", Self.inputs, Self.channels, isSparse: true, precision: precision,
      kernels: kernels)
    middle = try convolutionPReLU(
      file, "refine.middle", Self.channels, Self.channels, isSparse: true, precision: precision,
      kernels: kernels)
    head = try Convolution(
      file, "refine.head", inputs: Self.channels, outputs: Self.outputs, method: .winograd2x2,
      precision: precision, kernels: kernels)
  }

  /// Multiply-adds for one pixel of the frame, all of them active.
  var multiplyAddsPerPixel: Double {
    let layers = [enter, middle, head]
    return Double(layers.reduce(0) { $0 + $1.multiplyAddsPerPixel }) / 4
  }

  /// All maps hold the pixels of `active`, compact.
  func callAsFunction(
    _ input: FeatureMap, active: ActiveSet, into output: FeatureMap, on engine: Engine
  ) throws(VFIError) {
    let arena = engine.scratch
    let mark = arena.mark
    defer { arena.release(to: mark) }
    let entered = try active.map(channels: Self.channels, precision: precision, in: arena)
    let refined = try active.map(channels: Self.channels, precision: precision, in: arena)
    let tiles =
      enter.method == .winograd2x2 ? try ActiveTiles(active, from: active, on: engine) : nil
    try enter(input, active: active, tiles: tiles, into: entered, on: engine)
    try middle(entered, active: active, tiles: tiles, into: refined, on: engine)
    try head(refined, active: active, tiles: tiles, into: output, on: engine)
  }
}
