// SPDX-License-Identifier: MIT

/// The default model, vfi-v0: dense inverse search refined by a small network.
///
/// Its definition is `training/vfi_training/default_model.py`. Flows at 1/n of the frame's size are in
/// pixels of that size. The motion at an instant is refined at 1/8, 1/4 and 1/2; each stage reads the
/// features of both frames, moved by what is known so far. Concatenations are slices of one map. The
/// first channels of such a map take the coarser stage's whole output, of which the convolution then
/// reads the features only.
package final class DefaultModel: WarpPairModel {
  package static let architecture = "vfi-v0"

  package let info: ModelInfo
  package let multiple = 32
  package let precision = Precision.float32
  private let encoder: DefaultModelEncoder
  private let refineEighth: RefineEighth
  private let refineQuarter: RefineQuarter
  private let refineHalf: RefineHalf

  init(_ file: WeightFile, kernels: KernelTable) throws(VFIError) {
    encoder = try DefaultModelEncoder(file, kernels: kernels)
    refineEighth = try RefineEighth(file, kernels: kernels)
    refineQuarter = try RefineQuarter(file, kernels: kernels)
    refineHalf = try RefineHalf(file, kernels: kernels)
    let multiplyAdds =
      2 * encoder.multiplyAddsPerPixel + refineEighth.multiplyAddsPerPixel
      + refineQuarter.multiplyAddsPerPixel + refineHalf.multiplyAddsPerPixel
    info = ModelInfo(
      file, architecture: Self.architecture, anyInstant: true, kmacPerPixel: multiplyAdds / 1000)
  }

  /// Features at 1/2, 1/4 and 1/8, and luma.
  package func encode(
    _ image: FeatureMap, in arena: Arena, on engine: Engine
  ) throws(VFIError) -> FrameFeatures {
    guard image.height % multiple == 0, image.width % multiple == 0 else {
      throw .defect("\(Self.architecture) needs sides that are multiples of \(multiple)")
    }
    var features = try encoder(image, in: arena, on: engine)
    features.luma = try LumaPyramid(image, in: arena, on: engine)
    return features
  }

  /// The motion between the frames, at 1/4.
  package func prepare(
    _ a: FrameFeatures, _ b: FrameFeatures, on engine: Engine
  ) throws(VFIError) -> PairFeatures {
    guard let lumaA = a.luma, let lumaB = b.luma else { throw Self.foreignFeatures }
    let flows = try inverseSearch(lumaA, lumaB, on: engine)
    return PairFeatures(a, b, flowAB: flows.flow01, flowBA: flows.flow10)
  }

  package func decode(
    _ pair: PairFeatures, t: Float, on engine: Engine
  ) throws(VFIError) -> FeatureMap {
    let arena = engine.scratch
    let (height, width) = (pair.a.image.height, pair.a.image.width)
    let output = try engine.result(
      height: height, width: width, channels: RefineHalf.outputs)
    let mark = arena.mark
    defer { arena.release(to: mark) }
    let flow = try arena.map(height: height / 2, width: width / 2, channels: 4)
    let entered = try enterHalf(pair, t: t, flow: flow, in: output, on: engine)
    let middle = try arena.map(
      height: height / 2, width: width / 2, channels: RefineHalf.channels)
    try refineHalf.middle(entered, into: middle, on: engine)
    try refineHalf.head(middle, into: output, on: engine)
    try resizeBilinear(flow, into: output.slice(0..<4), scale: 2, adding: true, on: engine)
    return output
  }

  /// All stages up to the first layer at 1/2, whose result lies in the memory of the final output.
  ///
  /// Both have the same number of values, and the output is written only after the last read.
  private func enterHalf(
    _ pair: PairFeatures, t: Float, flow: FeatureMap, in output: FeatureMap, on engine: Engine
  ) throws(VFIError) -> FeatureMap {
    let mark = engine.scratch.mark
    defer { engine.scratch.release(to: mark) }
    let quarter = try motionAtQuarter(pair, t: t, on: engine)
    let half = try motionAtHalf(pair, quarter, flow: flow, on: engine)
    let entered = unsafe FeatureMap(
      unsafeBase: output.base, height: flow.height, width: flow.width,
      channels: RefineHalf.channels, pixelStride: RefineHalf.channels)
    try refineHalf.enter(
      half.slice(4..<4 + RefineHalf.inputs), into: entered, on: engine)
    return entered
  }

  /// What the stage at 1/4 knows.
  package struct QuarterMotion {
    /// To a (x, y), then to b, `[H/4, W/4, 4]`.
    package let flow: FeatureMap
    /// `[H/4, W/4, 48]`, what the stage's head reads.
    package let features: FeatureMap
  }

  /// The stage at 1/8 and the one at 1/4 without its head.
  package func motionAtQuarter(
    _ pair: PairFeatures, t: Float, on engine: Engine
  ) throws(VFIError) -> QuarterMotion {
    guard let a = pair.a.levels[1], let b = pair.b.levels[1] else { throw Self.foreignFeatures }
    let arena = engine.scratch
    let motion = QuarterMotion(
      flow: try arena.map(height: a.height, width: a.width, channels: 4),
      features: try arena.map(
        height: a.height, width: a.width, channels: RefineQuarter.channels))
    let mark = arena.mark
    defer { arena.release(to: mark) }
    // Correction of the flow (4), choice (1), features (27), warped a, warped b, flow.
    let map = try arena.map(
      height: a.height, width: a.width, channels: 5 + RefineQuarter.inputs)
    let head = map.slice(0..<RefineEighth.outputs)
    let candidates = try candidates(pair, t: t, refinedInto: head, on: engine)
    try chooseMotion(candidates, by: head, into: motion.flow, on: engine)
    try backwardWarpPair(
      a, b, flow: motion.flow, into: map.slice(RefineEighth.outputs..<map.channels), on: engine)
    try refineQuarter(
      map.slice(5..<map.channels), into: motion.features, on: engine)
    return motion
  }

  /// Candidates of the motion, `[H/4, W/4, 8]`, and what the stage at 1/8 makes of them in `head`.
  package func candidates(
    _ pair: PairFeatures, t: Float, refinedInto head: FeatureMap, on engine: Engine
  ) throws(VFIError) -> FeatureMap {
    guard let a = pair.a.levels[2], let b = pair.b.levels[2], let flowAB = pair.flowAB,
      let flowBA = pair.flowBA
    else { throw Self.foreignFeatures }
    let arena = engine.scratch
    let candidates = try arena.map(height: head.height, width: head.width, channels: 8)
    let mark = arena.mark
    defer { arena.release(to: mark) }
    // Both frames warped along A (2 * 48), along B (2 * 48), A (4), B (4), t (1).
    let map = try arena.map(height: a.height, width: a.width, channels: RefineEighth.inputs)
    let features = 4 * a.channels
    try motionCandidates(
      flowAB, flowBA, t: t, into: candidates, halved: map.slice(features..<map.channels),
      on: engine)
    for (index, source) in [a, b, a, b].enumerated() {
      let flow = features + 2 * index
      try backwardWarp(
        source, flow: map.slice(flow..<flow + 2),
        into: map.slice(index * a.channels..<(index + 1) * a.channels), on: engine)
    }
    try refineEighth(map, into: head, on: engine)
    return candidates
  }

  /// The head of the stage at 1/4 and the input of the one at 1/2, `[H/2, W/2, 4 + 48]`.
  ///
  /// Channels: correction of the flow (4), features (12), warped a, warped b, flow; `flow` takes the
  /// flow, too.
  package func motionAtHalf(
    _ pair: PairFeatures, _ quarter: QuarterMotion, flow: FeatureMap, on engine: Engine
  ) throws(VFIError) -> FeatureMap {
    guard let a = pair.a.levels[0], let b = pair.b.levels[0] else { throw Self.foreignFeatures }
    let map = try engine.scratch.map(
      height: a.height, width: a.width, channels: 4 + RefineHalf.inputs)
    try refineQuarter.head(
      quarter.features, into: map.slice(0..<RefineQuarter.outputs), on: engine)
    try resizeBilinear(
      quarter.flow, into: flow, scale: 2, plus: map.slice(0..<4), on: engine)
    try backwardWarpPair(
      a, b, flow: flow, into: map.slice(RefineQuarter.outputs..<map.channels), on: engine)
    return map
  }

  private static var foreignFeatures: VFIError {
    .defect("\(architecture) got another model's features")
  }
}
