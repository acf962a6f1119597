// SPDX-License-Identifier: MIT

/// The pyramid of one frame: per level a convolution of stride 2 and one of stride 1.
final class IFRNetEncoder: Sendable {
  private struct Stage {
    let reduce: Convolution
    let refine: Convolution
  }

  private let stages: [Stage]
  private let precision: Precision

  /// The weights' names begin with `name`.
  init(
    _ file: WeightFile, _ name: String, _ variant: IFRNet.Variant, precision: Precision,
    kernels: KernelTable
  ) throws(VFIError) {
    self.precision = precision
    var stages: [Stage] = []
    var inputs = 3
    for (index, channels) in variant.pyramid.enumerated() {
      let name = "\(name).pyramid\(index + 1)"
      stages.append(
        Stage(
          reduce: try convolutionPReLU(
            file, "\(name).0", inputs: inputs, outputs: channels,
            kernel: index == 0 ? variant.firstKernel : 3, stride: 2, precision: precision,
            kernels: kernels),
          refine: try convolutionPReLU(
            file, "\(name).1", inputs: channels, outputs: channels, precision: precision,
            kernels: kernels)))
      inputs = channels
    }
    self.stages = stages
  }

  /// Multiply-adds for one pixel of one frame.
  var multiplyAddsPerPixel: Double {
    stages.enumerated().reduce(0) { sum, stage in
      sum
        + Double(
          stage.element.reduce.multiplyAddsPerPixel + stage.element.refine.multiplyAddsPerPixel)
        / Double(1 << (2 * (stage.offset + 1)))
    }
  }

  /// Both frames less their common mean, with level 4 side by side in ``PairFeatures/joint``.
  ///
  /// `spare` channels of the joint map are left for the caller.
  func callAsFunction(
    _ a: FrameFeatures, _ b: FrameFeatures, multiple: Int, spare: Int = 0, on engine: Engine
  ) throws(VFIError) -> PairFeatures {
    let (height, width) = (a.height, a.width)
    guard height % multiple == 0, width % multiple == 0, b.height == height, b.width == width
    else {
      throw .defect("the encoder needs two frames of one size, a multiple of \(multiple)")
    }
    let (imageA, imageB) = (try a.image(), try b.image())
    let mean = try meanOfBoth(imageA, imageB, on: engine)
    let channels = stages[3].refine.outputs
    let joint = try engine.scratch.map(
      height: height / 16, width: width / 16, channels: 2 * channels + spare,
      precision: precision)
    return PairFeatures(
      try encode(imageA, mean: mean, coarsest: joint.slice(0..<channels), on: engine),
      try encode(imageB, mean: mean, coarsest: joint.slice(channels..<2 * channels), on: engine),
      joint: joint)
  }

  /// Levels 1...3 in `engine.scratch`, level 4 in `coarsest`.
  private func encode(
    _ image: FeatureMap, mean: Float, coarsest: FeatureMap, on engine: Engine
  ) throws(VFIError) -> FrameFeatures {
    var result = FrameFeatures(of: image, keepingImage: true)
    let arena = engine.scratch
    for level in 1...3 {
      result.levels[level - 1] = try arena.map(
        height: image.height >> level, width: image.width >> level,
        channels: stages[level - 1].refine.outputs, precision: precision)
    }
    result.levels[3] = coarsest
    let mark = arena.mark
    defer { arena.release(to: mark) }
    var input = try arena.map(
      height: image.height, width: image.width, channels: 3, precision: precision)
    try convert(image, plus: -mean, into: input, on: engine)
    for (index, stage) in stages.enumerated() {
      guard let output = result.levels[index] else { throw .defect("IFRNet has four levels") }
      let reduced = try arena.map(
        height: output.height, width: output.width, channels: output.channels,
        precision: precision)
      try stage.reduce(input, into: reduced, on: engine)
      try stage.refine(reduced, into: output, on: engine)
      input = output
    }
    return result
  }
}

/// One decoder: convolution, residual block, and a transposed convolution to the finer level.
///
/// In the residual block the last `side` channels pass a convolution of their own after the first
/// and after the third one. What that one writes, and what stands before its input, are read as one
/// map by the next convolution.
final class IFRNetDecoder: Sendable {
  private let enter: Convolution
  /// The five convolutions of the residual block.
  private let block: [Convolution]
  /// Flows and, without the next part, mask and residual.
  private let flowUp: TransposedConvolution
  /// The feature for the next level; none at the finest.
  private let featureUp: TransposedConvolution?
  private let precision: Precision
  private let channels: Int
  private let side: Int

  /// `features` counts the channels of the next finer level; nil at the finest.
  init(
    _ file: WeightFile, _ name: String, inputs: Int, channels: Int, features: Int?, side: Int,
    precision: Precision, kernels: KernelTable
  ) throws(VFIError) {
    self.precision = precision
    self.channels = channels
    self.side = side
    enter = try convolutionPReLU(
      file, "\(name).0", inputs: inputs, outputs: channels, precision: precision,
      kernels: kernels)
    var block: [Convolution] = []
    for (index, width) in [channels, side, channels, side].enumerated() {
      block.append(
        try convolutionPReLU(
          file, "\(name).1.conv\(index + 1)", inputs: width, rest: index == 2 ? side : 0,
          outputs: width, precision: precision, kernels: kernels))
    }
    block.append(
      try Convolution(
        file, "\(name).1.conv5", inputs: channels, rest: side, outputs: channels,
        activation: .prelu(try file.floats("\(name).1.prelu.weight", shape: [channels])),
        method: .winograd, precision: precision, kernels: kernels))
    self.block = block
    let outputs = features.map { 4 + $0 } ?? 8
    flowUp = try TransposedConvolution(
      file, "\(name).2", inputs: channels, outputs: outputs, part: 0..<(features == nil ? 8 : 4),
      precision: precision, kernels: kernels)
    featureUp =
      features == nil
      ? nil
      : try TransposedConvolution(
        file, "\(name).2", inputs: channels, outputs: outputs, part: 4..<outputs,
        precision: precision, kernels: kernels)
  }

  /// Multiply-adds for one pixel of the decoder's input.
  var multiplyAddsPerPixel: Double {
    let up = flowUp.multiplyAddsPerPixel + (featureUp?.multiplyAddsPerPixel ?? 0)
    return Double(
      block.reduce(enter.multiplyAddsPerPixel + 4 * up) { $0 + $1.multiplyAddsPerPixel })
  }

  /// Writes twice the size of `input`: `flows` (or all 8 channels) and `features`.
  ///
  /// With `mayOverwriteInput` the first `channels` channels of `input` are used as memory once they
  /// have been read.
  func callAsFunction(
    _ input: FeatureMap, flows: FeatureMap, features: FeatureMap?, mayOverwriteInput: Bool,
    on engine: Engine
  ) throws(VFIError) {
    let arena = engine.scratch
    let mark = arena.mark
    defer { arena.release(to: mark) }
    func map(_ channels: Int) throws(VFIError) -> FeatureMap {
      try arena.map(
        height: input.height, width: input.width, channels: channels, precision: precision)
    }
    let (x, y, sided) = (try map(channels), try map(channels), try map(side))
    let z = mayOverwriteInput ? input.slice(0..<channels) : try map(channels)
    let (front, back) = (0..<channels - side, channels - side..<channels)
    try enter(input, into: x, on: engine)
    try block[0](x, into: y, on: engine)
    try block[1](y.slice(back), into: sided, on: engine)
    try block[2](y.slice(front), with: sided, into: z, on: engine)
    try block[3](z.slice(back), into: sided, on: engine)
    try block[4](z.slice(front), with: sided, into: x, adding: x, on: engine)
    try flowUp(x, into: flows, on: engine)
    if let featureUp, let features { try featureUp(x, into: features, on: engine) }
  }
}
