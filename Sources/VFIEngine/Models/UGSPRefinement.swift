// SPDX-License-Identifier: MIT
import Glibc

/// Two 3x3 convolutions with PReLU, the first one of stride 2: `name.conv1` and `name.conv2`.
private struct Halving: Sendable {
  let reduce: Convolution
  let refine: Convolution

  init(
    _ file: WeightFile, _ name: String, _ inputs: Int, _ outputs: Int, precision: Precision,
    kernels: KernelTable
  ) throws(VFIError) {
    reduce = try convolutionPReLU(
      file, "\(name).conv1", inputs: inputs, outputs: outputs, stride: 2, precision: precision,
      kernels: kernels)
    refine = try convolutionPReLU(
      file, "\(name).conv2", inputs: outputs, outputs: outputs, precision: precision,
      kernels: kernels)
  }

  var multiplyAddsPerPixel: Int { reduce.multiplyAddsPerPixel + refine.multiplyAddsPerPixel }

  /// `output` has half the size of `input`.
  func callAsFunction(
    _ input: FeatureMap, into output: FeatureMap, on engine: Engine
  ) throws(VFIError) {
    let mark = engine.scratch.mark
    defer { engine.scratch.release(to: mark) }
    let reduced = try engine.scratch.map(
      height: output.height, width: output.width, channels: output.channels,
      precision: output.precision)
    try reduce(input, into: reduced, on: engine)
    try refine(reduced, into: output, on: engine)
  }
}

/// The synthesis part of UGSP-refine: RIFE's context net and U-net with 10 channels, all dense.
///
/// The U-net reads frames less their mean, both of them warped, the mask and the flow; the context of
/// both frames is not warped. One map at each of 1/2 ... 1/16 holds, with c = 10, 20, 40, 80:
/// `[from below 2c, down 2c, context of a c, context of b c]`, of which the next step down reads all
/// but the first part and the next step up the first two.
final class UGSPRefinement: Sendable {
  private static let channels = 10
  private static let inputs = 17

  /// Four levels: 10 channels at 1/2 of the size, 20 at 1/4, 40 at 1/8 and 80 at 1/16.
  private let context: [Halving]
  private let down: [Halving]
  private let up: [TransposedConvolution]
  private let last: Convolution
  private let precision: Precision

  init(_ file: WeightFile, precision: Precision, kernels: KernelTable) throws(VFIError) {
    self.precision = precision
    let c = Self.channels
    var (context, down): ([Halving], [Halving]) = ([], [])
    var up: [TransposedConvolution] = []
    for index in 0..<4 {
      context.append(
        try Halving(
          file, "contextnet.conv\(index + 1)", index == 0 ? 3 : c << (index - 1), c << index,
          precision: precision, kernels: kernels))
      down.append(
        try Halving(
          file, "unet.down\(index)", index == 0 ? Self.inputs : 4 * c << (index - 1),
          2 * c << index, precision: precision, kernels: kernels))
      let outputs = (8 * c) >> index
      up.append(
        try TransposedConvolution(
          file, "unet.up\(index).0", inputs: 4 * outputs, outputs: outputs,
          activation: .prelu(try file.floats("unet.up\(index).1.weight", shape: [outputs])),
          precision: precision, kernels: kernels))
    }
    (self.context, self.down, self.up) = (context, down, up)
    last = try Convolution(
      file, "unet.conv", inputs: c, outputs: 3, method: .winograd, precision: precision,
      kernels: kernels)
  }

  /// Multiply-adds for one pixel of the frame, both frames' context included.
  var multiplyAddsPerPixel: Double {
    var sum = Double(last.multiplyAddsPerPixel)
    for index in 0..<4 {
      let pixels = Double(1 << (2 * (index + 1)))
      sum +=
        Double(2 * context[index].multiplyAddsPerPixel + down[index].multiplyAddsPerPixel) / pixels
      sum += Double(up[3 - index].multiplyAddsPerPixel) * 4 / pixels
    }
    return sum
  }

  /// Replaces the residual in `output` `[H, W, 8]`.
  func callAsFunction(
    _ output: FeatureMap, _ pair: PairFeatures, on engine: Engine
  ) throws(VFIError) {
    let arena = engine.scratch
    let mark = arena.mark
    defer { arena.release(to: mark) }
    var levels: [Level] = []
    for index in 0..<4 {
      let map = try arena.map(
        height: output.height >> (index + 1), width: output.width >> (index + 1),
        channels: 6 * Self.channels << index, precision: precision)
      levels.append(Level(map: map, channels: Self.channels << index))
    }
    let input = try arena.map(
      height: output.height, width: output.width, channels: Self.inputs, precision: precision)
    let exact =
      precision == .float32
      ? input
      : try arena.map(
        height: output.height, width: output.width, channels: Self.inputs)
    try writeInput(exact, output, pair, on: engine)
    if precision != .float32 { try convert(exact, into: input, on: engine) }
    try extractContext(
      of: input.slice(0..<3), into: levels.map(\.contextA), on: engine)
    try extractContext(
      of: input.slice(3..<6), into: levels.map(\.contextB), on: engine)
    var below = input
    for (stage, level) in zip(down, levels) {
      try stage(below, into: level.down, on: engine)
      below = level.readDown
    }
    for (stage, level) in zip(up, levels.dropLast().reversed()) {
      try stage(below, into: level.fromBelow, on: engine)
      below = level.readUp
    }
    let whole = try arena.map(
      height: output.height, width: output.width, channels: Self.channels, precision: precision)
    try up[3](below, into: whole, on: engine)
    try last(whole, into: output.slice(5..<8), on: engine)
    try toResidual(output.slice(5..<8), on: engine)
  }

  /// The U-net's map at one size.
  private struct Level {
    let map: FeatureMap
    let channels: Int
    var fromBelow: FeatureMap { map.slice(0..<2 * channels) }
    var down: FeatureMap { map.slice(2 * channels..<4 * channels) }
    var contextA: FeatureMap { map.slice(4 * channels..<5 * channels) }
    var contextB: FeatureMap { map.slice(5 * channels..<6 * channels) }
    var readDown: FeatureMap { map.slice(2 * channels..<6 * channels) }
    var readUp: FeatureMap { map.slice(0..<4 * channels) }
  }

  /// Features of one frame less the mean at four levels.
  private func extractContext(
    of frame: FeatureMap, into levels: [FeatureMap], on engine: Engine
  ) throws(VFIError) {
    var input = frame
    for (stage, level) in zip(context, levels) {
      try stage(input, into: level, on: engine)
      input = level
    }
  }

  /// `[a, b, a warped, b warped, mask, flow]`, 17 channels.
  private func writeInput(
    _ input: FeatureMap, _ output: FeatureMap, _ pair: PairFeatures, on engine: Engine
  ) throws(VFIError) {
    let mean = try meanOfBoth(pair.a.image(), pair.b.image(), on: engine)
    for (index, features) in [pair.a, pair.b].enumerated() {
      let frame = input.slice(3 * index..<3 * index + 3)
      try convert(features.image(), plus: -mean, into: frame, on: engine)
      try backwardWarp(
        frame, flow: output.slice(2 * index..<2 * index + 2),
        into: input.slice(3 * index + 6..<3 * index + 9), on: engine)
    }
    try engine.forEachRows(output.height) { first, end in
      for pixel in first * output.width..<end * output.width {
        let source = unsafe output.base + pixel * output.pixelStride
        let target = unsafe input.base + pixel * input.pixelStride + 12
        unsafe target[0] = 1 / (1 + expf(-source[4]))
        unsafe (target + 1).update(from: source, count: 4)
      }
    }
  }

  /// Twice the sigmoid less one.
  private func toResidual(_ map: FeatureMap, on engine: Engine) throws(VFIError) {
    try engine.forEachRows(map.height) { first, end in
      for pixel in first * map.width..<end * map.width {
        let values = unsafe map.base + pixel * map.pixelStride
        for channel in 0..<3 { unsafe values[channel] = tanhf(values[channel] / 2) }
      }
    }
  }
}
