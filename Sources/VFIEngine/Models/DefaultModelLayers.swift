// SPDX-License-Identifier: MIT

/// Convolution 3x3 and PReLU: `name.conv` and the slopes `name.prelu`.
private func convolutionPReLU(
  _ file: WeightFile, _ name: String, _ inputs: Int, _ outputs: Int, stride: Int = 1,
  kernels: KernelTable
) throws(VFIError) -> Convolution {
  try Convolution(
    file, "\(name).conv", inputs: inputs, outputs: outputs, stride: stride,
    activation: .prelu(try file.floats("\(name).prelu.weight", shape: [outputs])),
    method: stride == 1 ? .winograd : .direct, kernels: kernels)
}

/// A frame less 0.5 -> features at 1/2 (16 channels), 1/4 (32) and 1/8 (48).
final class DefaultModelEncoder: Sendable {
  /// What is subtracted from the frame.
  private static let mean: Float = 0.5

  private let toHalf, toQuarter, atQuarter, toEighth, atEighth: Convolution

  init(_ file: WeightFile, kernels: KernelTable) throws(VFIError) {
    toHalf = try convolutionPReLU(file, "encoder.to_half", 3, 16, stride: 2, kernels: kernels)
    toQuarter = try convolutionPReLU(
      file, "encoder.to_quarter", 16, 32, stride: 2, kernels: kernels)
    atQuarter = try convolutionPReLU(file, "encoder.at_quarter", 32, 32, kernels: kernels)
    toEighth = try convolutionPReLU(file, "encoder.to_eighth", 32, 48, stride: 2, kernels: kernels)
    atEighth = try convolutionPReLU(file, "encoder.at_eighth", 48, 48, kernels: kernels)
  }

  /// Multiply-adds for one pixel of one frame.
  var multiplyAddsPerPixel: Double {
    Double(toHalf.multiplyAddsPerPixel) / 4
      + Double(toQuarter.multiplyAddsPerPixel + atQuarter.multiplyAddsPerPixel) / 16
      + Double(toEighth.multiplyAddsPerPixel + atEighth.multiplyAddsPerPixel) / 64
  }

  /// `image` `[H, W, 3]` -> three levels of features, in `arena`.
  func callAsFunction(
    _ image: FeatureMap, in arena: Arena, on engine: Engine
  ) throws(VFIError) -> FrameFeatures {
    func level(_ k: Int, _ channels: Int, _ arena: Arena) throws(VFIError) -> FeatureMap {
      try arena.map(height: image.height >> k, width: image.width >> k, channels: channels)
    }
    let half = try level(1, 16, arena)
    let quarter = try level(2, 32, arena)
    let eighth = try level(3, 48, arena)
    let mark = engine.scratch.mark
    defer { engine.scratch.release(to: mark) }
    let centred = try level(0, 3, engine.scratch)
    try convert(image, plus: -Self.mean, into: centred, on: engine)
    try toHalf(centred, into: half, on: engine)
    engine.scratch.release(to: mark)
    let reduced = (try level(2, 32, engine.scratch), try level(3, 48, engine.scratch))
    try toQuarter(half, into: reduced.0, on: engine)
    try atQuarter(reduced.0, into: quarter, on: engine)
    try toEighth(quarter, into: reduced.1, on: engine)
    try atEighth(reduced.1, into: eighth, on: engine)
    var features = FrameFeatures(image: image)
    features.levels[0] = half
    features.levels[1] = quarter
    features.levels[2] = eighth
    return features
  }
}

/// Looks at both candidates at 1/8: `[H/8, W/8, 201]` -> `[H/4, W/4, 32]`.
///
/// Input: eighth0 and eighth1 warped along A, then along B, the candidates A and B, t.
final class RefineEighth: Sendable {
  static let inputs = 4 * 48 + 4 + 4 + 1
  static let outputs = 32

  private let enter, down, context, merge: Convolution
  private let up, head: TransposedConvolution

  init(_ file: WeightFile, kernels: KernelTable) throws(VFIError) {
    let name = "refine_eighth"
    enter = try convolutionPReLU(file, "\(name).enter", Self.inputs, 64, kernels: kernels)
    down = try convolutionPReLU(file, "\(name).down", 64, 96, stride: 2, kernels: kernels)
    context = try convolutionPReLU(file, "\(name).context", 96, 96, kernels: kernels)
    up = try TransposedConvolution(file, "\(name).up", inputs: 96, outputs: 64, kernels: kernels)
    merge = try convolutionPReLU(file, "\(name).merge", 64, 64, kernels: kernels)
    head = try TransposedConvolution(
      file, "\(name).head", inputs: 64, outputs: Self.outputs, kernels: kernels)
  }

  /// Multiply-adds for one pixel of the frame.
  var multiplyAddsPerPixel: Double {
    Double(enter.multiplyAddsPerPixel + up.multiplyAddsPerPixel + merge.multiplyAddsPerPixel) / 64
      + Double(down.multiplyAddsPerPixel + context.multiplyAddsPerPixel) / 256
      + Double(head.multiplyAddsPerPixel) / 16
  }

  func callAsFunction(
    _ input: FeatureMap, into output: FeatureMap, on engine: Engine
  ) throws(VFIError) {
    let arena = engine.scratch
    let mark = arena.mark
    defer { arena.release(to: mark) }
    let (height, width) = (input.height, input.width)
    let entered = try arena.map(height: height, width: width, channels: 64)
    let merged = try arena.map(height: height, width: width, channels: 64)
    let reduced = try arena.map(height: height / 2, width: width / 2, channels: 96)
    let wide = try arena.map(height: height / 2, width: width / 2, channels: 96)
    try enter(input, into: entered, on: engine)
    try down(entered, into: reduced, on: engine)
    try context(reduced, into: wide, on: engine)
    try up(wide, into: entered, adding: entered, on: engine)
    try merge(entered, into: merged, on: engine)
    try head(merged, into: output, on: engine)
  }
}

/// `[H/4, W/4, 95]` -> `[H/4, W/4, 48]`, and from there `[H/2, W/2, 16]`.
///
/// Input: 27 features of the coarser stage, quarter0 and quarter1 warped, the flow.
final class RefineQuarter: Sendable {
  static let features = 27
  static let inputs = features + 32 + 32 + 4
  static let channels = 48
  static let outputs = 16

  private let enter, residual, residual2: Convolution
  let head: TransposedConvolution

  init(_ file: WeightFile, kernels: KernelTable) throws(VFIError) {
    let (name, channels) = ("refine_quarter", Self.channels)
    enter = try convolutionPReLU(file, "\(name).enter", Self.inputs, channels, kernels: kernels)
    residual = try convolutionPReLU(
      file, "\(name).residual", channels, channels, kernels: kernels)
    residual2 = try Convolution(
      file, "\(name).residual2", inputs: channels, outputs: channels,
      activation: .prelu(try file.floats("\(name).prelu.weight", shape: [channels])),
      method: .winograd, kernels: kernels)
    head = try TransposedConvolution(
      file, "\(name).head", inputs: channels, outputs: Self.outputs, kernels: kernels)
  }

  /// Multiply-adds for one pixel of the frame.
  var multiplyAddsPerPixel: Double {
    let convolutions = [enter, residual, residual2]
    return Double(convolutions.reduce(0) { $0 + $1.multiplyAddsPerPixel }) / 16
      + Double(head.multiplyAddsPerPixel) / 4
  }

  /// All but the head.
  func callAsFunction(
    _ input: FeatureMap, into output: FeatureMap, on engine: Engine
  ) throws(VFIError) {
    let mark = engine.scratch.mark
    defer { engine.scratch.release(to: mark) }
    let between = try engine.scratch.map(
      height: output.height, width: output.width, channels: output.channels)
    try enter(input, into: output, on: engine)
    try residual(output, into: between, on: engine)
    try residual2(between, into: output, adding: output, on: engine)
  }
}

/// `[H/2, W/2, 48]` -> `[H, W, 8]`.
///
/// Input: 12 features of the coarser stage, half0 and half1 warped, the flow.
final class RefineHalf: Sendable {
  static let features = 12
  static let inputs = features + 16 + 16 + 4
  static let channels = 32
  static let outputs = 8

  let enter, middle: Convolution
  let head: TransposedConvolution

  init(_ file: WeightFile, kernels: KernelTable) throws(VFIError) {
    let name = "refine_half"
    enter = try convolutionPReLU(
      file, "\(name).enter", Self.inputs, Self.channels, kernels: kernels)
    middle = try convolutionPReLU(
      file, "\(name).middle", Self.channels, Self.channels, kernels: kernels)
    head = try TransposedConvolution(
      file, "\(name).head", inputs: Self.channels, outputs: Self.outputs, kernels: kernels)
  }

  /// Multiply-adds for one pixel of the frame.
  var multiplyAddsPerPixel: Double {
    Double(enter.multiplyAddsPerPixel + middle.multiplyAddsPerPixel) / 4
      + Double(head.multiplyAddsPerPixel)
  }
}
