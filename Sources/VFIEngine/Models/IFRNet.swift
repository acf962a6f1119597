// SPDX-License-Identifier: MIT

/// IFRNet S, B and L (Kong et al., CVPR 2022, arXiv 2205.14620).
///
/// Level k has 1/2^k of the frame's height and width; c1...c4 are the channels of the pyramid.
/// Concatenations are slices of one map: whoever computes a part writes it where it is read.
package final class IFRNet: WarpPairModel {
  /// What tells S, B and L apart.
  struct Variant {
    /// Channels of level 1...4 of the encoder.
    let pyramid: [Int]
    /// Channels of a residual block that pass two convolutions more.
    let side: Int
    let firstKernel: Int

    static let named = [
      "ifrnet-s": Variant(pyramid: [24, 36, 54, 72], side: 24, firstKernel: 3),
      "ifrnet-b": Variant(pyramid: [32, 48, 72, 96], side: 32, firstKernel: 3),
      "ifrnet-l": Variant(pyramid: [64, 96, 144, 192], side: 64, firstKernel: 7),
    ]
  }

  /// Flow to a (x, y), then flow to b, in pixels of the map's own level.
  private static let flowChannels = 4

  package let info: ModelInfo
  package let multiple = 16
  package let precision: Precision
  private let encoder: IFRNetEncoder
  /// Of level 4, 3, 2, 1.
  private let decoders: [IFRNetDecoder]
  /// Channels of level 1...4.
  private let pyramid: [Int]

  init(
    _ file: WeightFile, architecture: String, _ variant: Variant, precision: Precision,
    kernels: KernelTable
  ) throws(VFIError) {
    self.precision = precision
    pyramid = variant.pyramid
    encoder = try IFRNetEncoder(
      file, "encoder", variant, precision: precision, kernels: kernels)
    var decoders: [IFRNetDecoder] = []
    for level in [4, 3, 2, 1] {
      let channels = variant.pyramid[level - 1]
      // Level 4 reads both frames' features and t, the others ft, two warped features and flows.
      let middle = level == 4 ? 2 * channels : 3 * channels
      decoders.append(
        try IFRNetDecoder(
          file, "decoder\(level).convblock", inputs: middle + (level == 4 ? 1 : Self.flowChannels),
          channels: middle, features: level == 1 ? nil : variant.pyramid[level - 2],
          side: variant.side, precision: precision, kernels: kernels))
    }
    self.decoders = decoders
    var macs = 2 * encoder.multiplyAddsPerPixel
    for (index, decoder) in decoders.enumerated() {
      macs += decoder.multiplyAddsPerPixel / Double(1 << (2 * (4 - index)))
    }
    info = ModelInfo(
      file, architecture: architecture, anyInstant: false, kmacPerPixel: macs / 1000)
  }

  /// Keeps the picture only: the mean that is subtracted first belongs to a pair of frames.
  package func encode(
    _ image: FeatureMap, in arena: Arena, on engine: Engine
  ) throws(VFIError) -> FrameFeatures { FrameFeatures(of: image, keepingImage: true) }

  package func prepare(
    _ a: FrameFeatures, _ b: FrameFeatures, on engine: Engine
  ) throws(VFIError) -> PairFeatures {
    try encoder(a, b, multiple: multiple, spare: 1, on: engine)
  }

  package func decode(
    _ pair: PairFeatures, t: Float, on engine: Engine
  ) throws(VFIError) -> FeatureMap {
    let output = try engine.result(
      height: pair.a.height, width: pair.a.width, channels: 8)
    let mark = engine.scratch.mark
    defer { engine.scratch.release(to: mark) }
    var motion = try coarsestMotion(pair, t: t, on: engine)
    for level in [3, 2] { motion = try refine(motion, at: level, of: pair, on: engine) }
    try finish(motion, of: pair, into: output, on: engine)
    return output
  }

  /// What is known at one level: `features` and `flows` come from the coarser one.
  package struct LevelMotion {
    /// What this level's decoder reads: cat[ft, W(f0, F0), W(f1, F1), F0, F1].
    let map: FeatureMap
    /// To a (x, y), then to b, in pixels of this level; float32.
    package let flows: FeatureMap
    /// Channels of this level's features.
    let channels: Int
    package var features: FeatureMap { map.slice(0..<channels) }
    /// All but `features`, which the warp writes.
    var warped: FeatureMap { map.slice(channels..<map.channels) }
  }

  /// Decoder 4: cat[f0_4, f1_4, t] -> motion at level 3.
  package func coarsestMotion(
    _ pair: PairFeatures, t: Float, on engine: Engine
  ) throws(VFIError) -> LevelMotion {
    guard let joint = pair.joint else { throw .defect("IFRNet got another model's features") }
    joint.slice(joint.channels - 1..<joint.channels).fill(t)
    let motion = try levelMotion(3, of: pair, in: engine.scratch)
    try decoders[0](
      joint, flows: motion.flows, features: motion.features, mayOverwriteInput: false, on: engine)
    return motion
  }

  /// Decoder 3 or 2: motion at `level` -> motion at the next finer one, while `motion` is overwritten.
  package func refine(
    _ motion: LevelMotion, at level: Int, of pair: PairFeatures, on engine: Engine
  ) throws(VFIError) -> LevelMotion {
    try warpFeatures(level, of: pair, into: motion, on: engine)
    let next = try levelMotion(level - 1, of: pair, in: engine.scratch)
    try decoders[4 - level](
      motion.map, flows: next.flows, features: next.features, mayOverwriteInput: true, on: engine)
    try resizeBilinear(motion.flows, into: next.flows, scale: 2, adding: true, on: engine)
    return next
  }

  /// Decoder 1: motion at level 1 -> flows, mask logit and residual at full size.
  private func finish(
    _ motion: LevelMotion, of pair: PairFeatures, into output: FeatureMap, on engine: Engine
  ) throws(VFIError) {
    try warpFeatures(1, of: pair, into: motion, on: engine)
    try decoders[3](motion.map, flows: output, features: nil, mayOverwriteInput: true, on: engine)
    try resizeBilinear(
      motion.flows, into: output.slice(0..<Self.flowChannels), scale: 2, adding: true, on: engine)
  }

  private func levelMotion(
    _ level: Int, of pair: PairFeatures, in arena: Arena
  ) throws(VFIError) -> LevelMotion {
    let channels = pyramid[level - 1]
    let (height, width) = (pair.a.height >> level, pair.a.width >> level)
    return LevelMotion(
      map: try arena.map(
        height: height, width: width, channels: 3 * channels + Self.flowChannels,
        precision: precision),
      flows: try arena.map(height: height, width: width, channels: Self.flowChannels),
      channels: channels)
  }

  private func warpFeatures(
    _ level: Int, of pair: PairFeatures, into motion: LevelMotion, on engine: Engine
  ) throws(VFIError) {
    guard let a = pair.a.levels[level - 1], let b = pair.b.levels[level - 1] else {
      throw .defect("IFRNet got features without level \(level)")
    }
    try backwardWarpPair(a, b, flow: motion.flows, into: motion.warped, on: engine)
  }
}
