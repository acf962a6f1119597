// SPDX-License-Identifier: MIT
import Glibc

/// The default model, vfi-v1: dense inverse search, a dense guide and a sparse refinement.
///
/// Its definition is `training/vfi_training/default_model.py`. Flows at 1/n of the frame's size are in
/// pixels of that size. The search gives two candidates of the motion; the guide corrects and weighs
/// them at 1/8 and says how uncertain the result is; where it is uncertain, the refinement corrects it
/// at 1/2. Concatenations are slices of one map.
package final class DefaultModel: InterpolationModel {
  package static let architecture = "vfi-v1"
  /// Uncertainty above which pixels are refined: the logarithm of half an error of 0.05.
  package static let threshold = logf(0.025)
  /// The same where few exceed that: so many as to make `leastShare`.
  package static let lowestThreshold = logf(0.005)
  package static let leastShare = 0.1
  /// Uncertainty where nothing moves: that of an error of half an 8-bit code value.
  static let still = logf(0.25 / 255)

  package let info: ModelInfo
  package let multiple = 32
  package let precision: Precision
  package let takesDistance = true
  package let takesNeighbours = true
  /// All that is read of a frame later are its features, luma, and the frame itself.
  package let keepsImages = false
  private let encoder: DefaultModelEncoder
  private let guide: DefaultModelGuide
  private let refine: DefaultModelRefinement

  init(_ file: WeightFile, precision: Precision, kernels: KernelTable) throws(VFIError) {
    self.precision = precision
    encoder = try DefaultModelEncoder(file, precision: precision, kernels: kernels)
    guide = try DefaultModelGuide(file, precision: precision, kernels: kernels)
    refine = try DefaultModelRefinement(file, precision: precision, kernels: kernels)
    let multiplyAdds =
      2 * encoder.multiplyAddsPerPixel + guide.multiplyAddsPerPixel + refine.multiplyAddsPerPixel
    info = ModelInfo(
      file, architecture: Self.architecture, anyInstant: true, kmacPerPixel: multiplyAdds / 1000)
  }

  /// Features at 1/2 and 1/8, and luma.
  package func encode(
    _ image: FeatureMap, in arena: Arena, on engine: Engine
  ) throws(VFIError) -> FrameFeatures {
    guard image.height % multiple == 0, image.width % multiple == 0 else {
      throw .defect("\(Self.architecture) needs sides that are multiples of \(multiple)")
    }
    var features = try encoder(image, in: arena, on: engine)
    let luma = try LumaPyramid(image, in: arena, on: engine)
    let eighth = try arena.map(height: image.height / 8, width: image.width / 8, channels: 1)
    try luma.averageAtEighth(into: eighth, on: engine)
    features.luma = luma
    features.lumaEighth = eighth
    return features
  }

  /// The motion between the frames, at 1/4, and where there may be some.
  package func prepare(
    _ a: FrameFeatures, _ b: FrameFeatures, on engine: Engine
  ) throws(VFIError) -> PairFeatures {
    guard let lumaA = a.luma, let lumaB = b.luma else { throw Self.foreignFeatures }
    let region = engine.budget == .off ? lumaA.whole : lumaA.region(unlike: lumaB)
    let flows = try inverseSearch(lumaA, lumaB, in: region, on: engine)
    return PairFeatures(a, b, flowAB: flows.flow01, flowBA: flows.flow10, region: region)
  }

  package func decode(
    _ pair: PairFeatures, at instant: Instant, on engine: Engine
  ) throws(VFIError) -> DecodedMotion {
    try decode(pair, at: instant, threshold: nil, on: engine)
  }

  /// Refines the pixels whose uncertainty exceeds `threshold`; nil: those that the budget chooses.
  package func decode(
    _ pair: PairFeatures, at instant: Instant, threshold: Float?, on engine: Engine
  ) throws(VFIError) -> DecodedMotion {
    guard let a = pair.a.levels[0], let b = pair.b.levels[0] else { throw Self.foreignFeatures }
    let motion = try engine.result(height: a.height, width: a.width, channels: 16)
    let arena = engine.scratch
    let mark = arena.mark
    defer { arena.release(to: mark) }
    let guided = try guided(pair, at: instant, on: engine)
    try resizeBilinear(guided.slice(0..<16), into: motion, on: engine)
    let uncertainty = motion.slice(12..<13)
    let least = if let threshold { threshold } else { try worthwhile(uncertainty, on: engine) }
    let active = try ActiveSet(uncertainty, above: least, on: engine)
    engine.statistics.count(active, level: 1)
    let input = try active.map(
      channels: DefaultModelRefinement.inputs, precision: precision, in: arena)
    try refineInput(
      a, b, motion: motion, features: guided.slice(16..<32), active: active, into: input,
      on: engine)
    let refined = try active.map(channels: DefaultModelRefinement.outputs, in: arena)
    try refine(input, active: active, into: refined, on: engine)
    try finalMotion(motion, refined: refined, active: active, on: engine)
    return .candidates(motion)
  }

  /// Candidates, logits and uncertainty as the guide leaves them, and its features, `[H/4, W/4, 32]`.
  ///
  /// Channels: four flows, four logits, the uncertainty, three without meaning, the features (16).
  package func guided(
    _ pair: PairFeatures, at instant: Instant, on engine: Engine
  ) throws(VFIError) -> FeatureMap {
    guard let a = pair.a.levels[2], let b = pair.b.levels[2], let lumaA = pair.a.lumaEighth,
      let lumaB = pair.b.lumaEighth, let flowAB = pair.flowAB, let flowBA = pair.flowBA
    else { throw Self.foreignFeatures }
    let arena = engine.scratch
    let (height, width) = (flowAB.height, flowAB.width)
    let guided = try arena.map(
      height: height, width: width, channels: DefaultModelGuide.outputs)
    let mark = arena.mark
    defer { arena.release(to: mark) }
    let candidates = try arena.map(height: height, width: width, channels: 8)
    let halved = try arena.map(height: a.height, width: a.width, channels: 9)
    try motionCandidates(
      flowAB, flowBA, accelerations: pair.accelerations, at: instant, into: candidates,
      halved: halved, on: engine)
    let whole = MovingRegion(rows: 0..<8 * a.height, columns: 0..<8 * a.width)
    let region = pair.region ?? whole
    count(region.reduced(by: 8), of: a, on: engine)
    beCertain(guided, outside: region.reduced(by: 4))
    if !region.isEmpty {
      let eighth = region.reduced(by: 8)
      let (a, b) = (try a.cut(eighth, in: arena), try b.cut(eighth, in: arena))
      let moved = try halved.cut(eighth, in: arena)
      let input = try arena.map(
        height: halved.height, width: halved.width, channels: DefaultModelGuide.inputs,
        precision: precision
      ).shrunk(height: a.height, width: a.width)
      for (index, source) in [a, b, a, b].enumerated() {
        try backwardWarp(
          source, flow: moved.slice(2 * index..<2 * index + 2),
          into: input.slice(index * a.channels..<(index + 1) * a.channels), on: engine)
      }
      try guideInput(
        moved, lumaA.cut(eighth, in: arena), lumaB.cut(eighth, in: arena),
        into: input.slice(4 * a.channels..<4 * a.channels + 16), on: engine)
      let part = try guided.space(for: region.reduced(by: 4), in: arena)
      try guide(input, into: part, most: halved, on: engine)
      guided.paste(part, at: region.reduced(by: 4))
    }
    try addFirstGuess(candidates, at: instant, to: guided, on: engine)
    return guided
  }

  /// What the guide would say where nothing moves.
  private func beCertain(_ guided: FeatureMap, outside region: MovingRegion) {
    guided.forEachRun(outside: region) { still in
      still.fill(0)
      still.slice(12..<13).fill(Self.still)
    }
  }

  private func count(_ region: MovingRegion, of eighth: FeatureMap, on engine: Engine) {
    let pixels = eighth.height * eighth.width
    engine.statistics.count(region.area, of: pixels, level: 3)
    engine.statistics.multiplyAddsSaved += Int(
      guide.multiplyAddsPerPixel * Double(64 * (pixels - region.area)))
  }

  /// The uncertainty above which pixels are refined, so that it is worth it and within the budget.
  private func worthwhile(_ uncertainty: FeatureMap, on engine: Engine) throws(VFIError) -> Float {
    if engine.budget == .off { return -.infinity }
    let lowered = try leastThreshold(
      from: Self.lowestThreshold, of: uncertainty, exceededBy: Self.leastShare, on: engine)
    let least = min(lowered, Self.threshold)
    guard case .cap(let share) = engine.budget else { return least }
    return try leastThreshold(from: least, of: uncertainty, exceededBy: share, on: engine)
  }

  private static var foreignFeatures: VFIError {
    .defect("\(architecture) got another model's features")
  }
}
