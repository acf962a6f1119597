// SPDX-License-Identifier: MIT

/// UGSP and its variants (Cheng et al., ACM MM 2023, arXiv 2307.16555): spatial pruning.
///
/// An IFRNet-like network that predicts at each level which pixels of the next finer one are worth
/// computing. Its definition is `training/vfi_training/ugsp.py`. Level k has 1/2^k of the frame's
/// height and width. It knows the middle only: t is not looked at.
package final class UGSP: WarpPairModel {
  /// distill differs from ugsp in its training only.
  static let architectures = ["ugsp", "ugsp-distill", "ugsp-refine"]

  private static let pyramid = [32, 48, 72, 96]
  /// To a (x, y), then to b, in pixels of the map's own level.
  static let flowChannels = 4

  package let info: ModelInfo
  package let multiple = 16
  package let precision: Precision
  private let encoder: IFRNetEncoder
  /// Of level 4, 3, 2, 1; the first one is dense.
  private let blocks: [UGSPBlock]
  /// Of level 4, 3, 2: two logits of each pixel, "compute" and "skip".
  private let masks: [Convolution]
  private let last: TransposedConvolution
  private let refinement: UGSPRefinement?

  init(
    _ file: WeightFile, architecture: String, precision: Precision, kernels: KernelTable
  ) throws(VFIError) {
    self.precision = precision
    encoder = try IFRNetEncoder(
      file, "context", IFRNet.Variant(pyramid: Self.pyramid, side: 0, firstKernel: 3),
      precision: precision, kernels: kernels)
    let names = ["first", "1", "2", "final"]
    var blocks: [UGSPBlock] = []
    var masks: [Convolution] = []
    for (index, suffix) in names.enumerated() {
      let (name, level) = ("glblock_\(suffix)", 4 - index)
      let channels =
        level == 4
        ? 2 * Self.pyramid[3] : 3 * Self.pyramid[level - 1] + Self.flowChannels
      let features = level > 1 ? Self.pyramid[level - 2] : channels
      blocks.append(
        try UGSPBlock(
          file, name, channels: channels, layers: level > 1 ? 5 : 4,
          features: features, isDense: level == 4, isLast: level == 1, precision: precision,
          kernels: kernels))
      if level > 1 {
        masks.append(
          try Convolution(
            file, "\(name).conv_mask", inputs: features, outputs: 2, precision: precision,
            kernels: kernels))
      }
    }
    self.blocks = blocks
    self.masks = masks
    last = try TransposedConvolution(
      file, "glblock_final.dconv_last", inputs: blocks[3].channels, outputs: 8,
      precision: precision, kernels: kernels)
    refinement =
      architecture == "ugsp-refine"
      ? try UGSPRefinement(file, precision: precision, kernels: kernels) : nil
    var macs = 2 * encoder.multiplyAddsPerPixel + Double(last.multiplyAddsPerPixel)
    for (index, block) in blocks.enumerated() {
      let layers = block.multiplyAddsPerPixel + (index < 3 ? masks[index].multiplyAddsPerPixel : 0)
      macs += Double(layers) / Double(1 << (2 * (4 - index)))
    }
    macs += refinement?.multiplyAddsPerPixel ?? 0
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
    try encoder(a, b, multiple: multiple, on: engine)
  }

  package func decode(
    _ pair: PairFeatures, t: Float, on engine: Engine
  ) throws(VFIError) -> FeatureMap {
    let output = try engine.result(
      height: pair.a.height, width: pair.a.width, channels: 8)
    let mark = engine.scratch.mark
    defer { engine.scratch.release(to: mark) }
    var motion = try motion(try coarsestBlock(pair, on: engine), on: engine)
    while motion.level > 1 {
      let block = try block(motion, of: pair, on: engine)
      motion = try self.motion(block, after: motion, on: engine)
    }
    try finish(motion, of: pair, into: output, on: engine)
    engine.scratch.release(to: mark)
    try refinement?(output, pair, on: engine)
    return output
  }

  /// A block's results at its level.
  package struct BlockOutput {
    let level: Int
    /// Correction of the flow, `[h, w, 4]`.
    package let flow: FeatureMap
    /// Of the next level.
    package let features: FeatureMap
    /// "Compute" and "skip".
    package let logits: FeatureMap
  }

  /// What is known at a level before its block runs.
  package struct LevelMotion {
    let level: Int
    package let flow: FeatureMap
    /// Features of the coarser level, of half the size.
    let coarse: FeatureMap
    /// What the block computes.
    package let active: ActiveSet
  }

  /// Level 4: both frames' features -> the first block's output.
  package func coarsestBlock(
    _ pair: PairFeatures, on engine: Engine
  ) throws(VFIError) -> BlockOutput {
    guard let joint = pair.joint else { throw .defect("UGSP got another model's features") }
    let output = try blockOutput(4, of: pair, on: engine)
    try blocks[0](joint, flow: output.flow, features: output.features, on: engine)
    try masks[0](output.features, into: output.logits, on: engine)
    return output
  }

  /// Level 3 or 2: the sparse block's output.
  package func block(
    _ motion: LevelMotion, of pair: PairFeatures, on engine: Engine
  ) throws(VFIError) -> BlockOutput {
    let output = try blockOutput(motion.level, of: pair, on: engine)
    try computeActive(
      motion, of: pair, flow: output.flow, features: output.features, on: engine)
    try masks[4 - motion.level](output.features, into: output.logits, on: engine)
    return output
  }

  /// The next finer level's flow, and the pixels that are worth computing there.
  ///
  /// A pixel below one that was left out is left out, too. The first flow is in pixels of the finer
  /// level as it stands; all others are doubled.
  package func motion(
    _ block: BlockOutput, after coarser: LevelMotion? = nil, on engine: Engine
  ) throws(VFIError) -> LevelMotion {
    let arena = engine.scratch
    let (height, width) = (2 * block.flow.height, 2 * block.flow.width)
    let flow = try arena.map(height: height, width: width, channels: Self.flowChannels)
    try resizeBilinear(block.flow, into: flow, on: engine)
    if let coarser {
      try resizeBilinear(coarser.flow, into: flow, scale: 2, adding: true, on: engine)
    }
    let logits = try arena.map(height: height, width: width, channels: 2)
    try resizeBilinear(block.logits, into: logits, on: engine)
    let active = try ActiveSet(height: height, width: width, in: arena) { y, x in
      coarser.map { $0.active.contains(y / 2, x / 2) } ?? true && logits[y, x, 0] > logits[y, x, 1]
    }
    return LevelMotion(
      level: block.level - 1, flow: flow, coarse: block.features, active: active)
  }

  /// Runs the sparse block of a level.
  private func computeActive(
    _ motion: LevelMotion, of pair: PairFeatures, flow: FeatureMap?, features: FeatureMap,
    on engine: Engine
  ) throws(VFIError) {
    let level = motion.level
    guard let a = pair.a.levels[level - 1], let b = pair.b.levels[level - 1] else {
      throw .defect("UGSP got features without level \(level)")
    }
    let arena = engine.scratch
    let mark = arena.mark
    defer { arena.release(to: mark) }
    let block = blocks[4 - level]
    let source = try ActiveSet(around: motion.active, in: arena)
    let input = try source.map(channels: block.channels, precision: precision, in: arena)
    try blockInput(
      a, b, flow: motion.flow, coarse: motion.coarse, active: source, into: input, on: engine)
    try block(
      input, from: source, active: motion.active, flow: flow, features: features, on: engine)
    engine.statistics.count(motion.active, level: level)
  }

  /// Level 1: motion -> flows, mask logit and residual at full size.
  private func finish(
    _ motion: LevelMotion, of pair: PairFeatures, into output: FeatureMap, on engine: Engine
  ) throws(VFIError) {
    let joined = try engine.scratch.map(
      height: motion.flow.height, width: motion.flow.width, channels: last.inputs,
      precision: precision)
    try computeActive(motion, of: pair, flow: nil, features: joined, on: engine)
    try last(joined, into: output, on: engine)
    try resizeBilinear(
      motion.flow, into: output.slice(0..<Self.flowChannels), scale: 2, adding: true, on: engine)
  }

  private func blockOutput(
    _ level: Int, of pair: PairFeatures, on engine: Engine
  ) throws(VFIError) -> BlockOutput {
    func map(
      _ channels: Int, _ precision: Precision = .float32
    ) throws(VFIError) -> FeatureMap {
      try engine.scratch.map(
        height: pair.a.height >> level, width: pair.a.width >> level,
        channels: channels, precision: precision)
    }
    return BlockOutput(
      level: level, flow: try map(Self.flowChannels),
      features: try map(Self.pyramid[level - 2], precision), logits: try map(2))
  }
}
