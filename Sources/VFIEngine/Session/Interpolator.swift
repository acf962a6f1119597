// SPDX-License-Identifier: MIT

/// Makes frames between two frames: decides, encodes, finds motion, and merges.
///
/// Every decision depends on the two frames only. Used by one thread at a time: first
/// ``begin(_:_:idA:idB:)``, then ``render(_:_:into:)`` for each instant, then ``end()``, also when
/// one of them threw.
package final class Interpolator {
  package let model: any InterpolationModel
  package let engine: Engine
  package let settings: InterpolatorSettings

  /// What all memory is laid out for.
  private(set) var description: FrameDescription?
  let slots: [FeatureSlot]
  /// Flows of a pair and of both beside it.
  let motionSlots: [KeptMaps]
  /// At the later frame of the last pair.
  let keptAcceleration: KeptMaps
  var scores = KeptScores()
  private var pair: Pair?
  private let start: Arena.Mark
  private var deadline: Deadline
  /// The motion of the last interpolated frame, valid until the next pair begins.
  var lastMotion: MotionField?

  package init(
    model: any InterpolationModel, engine: Engine,
    settings: InterpolatorSettings = InterpolatorSettings()
  ) {
    self.model = model
    self.engine = engine
    self.settings = settings
    let bends = settings.bendsMotion && model.takesNeighbours
    slots = (0..<2 + (bends ? Self.neighbourSlots : 0)).map { _ in
      FeatureSlot(ledger: engine.ledger)
    }
    motionSlots = (0..<(bends ? 3 : 0)).map { _ in KeptMaps(ledger: engine.ledger) }
    keptAcceleration = KeptMaps(ledger: engine.ledger)
    start = engine.scratch.mark
    deadline = Deadline(seconds: settings.deadline)
  }

  /// Two frames, what was decided about them, and what their instants share.
  private struct Pair {
    enum Kind { case motion, equal, cut }

    let a: Frame
    let b: Frame
    let idA: UInt64
    let idB: UInt64
    let before: Neighbour?
    let after: Neighbour?
    let kind: Kind
    let sceneScore: Double
    var features: PairFeatures?
    /// Time spent for all instants and not yet told.
    var elapsed: UInt64
    /// New frames, and the time that they and what they share took.
    var frames = 0
    var time: UInt64 = 0
  }

  /// Starts a pair.
  ///
  /// `a` and `b` must stay valid until ``end()``. A non-zero id is shared by frames of equal content only; features of such a frame are kept
  /// from the pair before. Nothing is encoded until an instant needs it. `before` and `after` bend the
  /// motion where ``looksAround``, unless a cut or a repetition is between them and the pair.
  package func begin(
    _ a: Frame, _ b: Frame, idA: UInt64 = 0, idB: UInt64 = 0, before: Neighbour? = nil,
    after: Neighbour? = nil
  ) throws(VFIError) {
    let startTime = Statistics.now()
    end()
    try checkPair(a, b)
    lastMotion = nil
    engine.scratch.release(to: start)
    adopt(a.description)
    var kind = Pair.Kind.motion
    var score = -1.0
    if settings.copyDuplicates && a.isEqual(to: b) {
      kind = .equal
    } else if settings.sceneCut {
      score = try sceneScore(Neighbour(frame: a, id: idA), Neighbour(frame: b, id: idB))
      if score > settings.sceneCutThreshold { kind = .cut }
    }
    let looks = kind == .motion
    pair = Pair(
      a: a, b: b, idA: idA, idB: idB,
      before: looks
        ? try usable(before, beside: Neighbour(frame: a, id: idA), isBefore: true) : nil,
      after: looks
        ? try usable(after, beside: Neighbour(frame: b, id: idB), isBefore: false) : nil,
      kind: kind, sceneScore: score, features: nil, elapsed: Statistics.now() &- startTime)
  }

  /// As ``render(_:_:distance:into:)``, with one instant for all pixels.
  package func render(
    _ numerator: Int64, _ denominator: Int64, into out: Frame
  ) throws(VFIError) -> FrameInfo {
    try render(numerator, denominator, distance: nil, into: out)
  }

  /// Writes the frame at `numerator / denominator` (0 = a, 1 = b) to `out`.
  ///
  /// `out` has format and size of the pair and shares no memory with it. With a `distance` of the
  /// same size, each pixel has an instant of its own, where the model can.
  package func render(
    _ numerator: Int64, _ denominator: Int64, distance: DistancePlane?, into out: Frame
  ) throws(VFIError) -> FrameInfo {
    let startTime = Statistics.now()
    guard let pair else { throw .state("render without begin") }
    if let distance { try check(distance, a: pair.a) }
    guard denominator > 0, numerator >= 0, numerator <= denominator else {
      throw .argument("\(numerator)/\(denominator) is not within 0 to 1")
    }
    try check(out, a: pair.a, b: pair.b)
    if engine.cancellation.isCancelled { throw .cancelled }
    let t = Float(Double(numerator) / Double(denominator))
    // 2 * numerator <= denominator, without overflow.
    let isNearerToA = numerator <= denominator - numerator
    let decision: Decision
    if numerator == 0 || numerator == denominator || pair.kind == .equal {
      try (numerator == denominator ? pair.b : pair.a).copy(to: out, on: engine)
      decision = .sourceCopy
    } else if pair.kind == .motion {
      try interpolate(t, distance, into: out)
      decision = .interpolated
    } else if settings.cutAction == .blend {
      try Frame.blend(pair.a, pair.b, t: t, into: out, on: engine)
      decision = .blended
    } else {
      try (isNearerToA ? pair.a : pair.b).copy(to: out, on: engine)
      decision = isNearerToA ? .heldPrevious : .heldNext
    }
    engine.statistics.count(decision)
    let elapsed = pair.elapsed &+ Statistics.now() &- startTime
    self.pair?.elapsed = 0
    if decision == .interpolated {
      self.pair?.frames += 1
      self.pair?.time &+= elapsed
    }
    return FrameInfo(decision: decision, sceneScore: pair.sceneScore, elapsed: elapsed)
  }

  /// Ends the pair: no view of its frames is kept.
  package func end() {
    guard let pair else { return }
    if pair.frames > 0 {
      deadline.note(
        seconds: Double(pair.time) / 1e9 / Double(pair.frames), share: engine.statistics.lastShare)
    }
    self.pair = nil
    joinScratch()
  }

  /// Lays out all memory for frames like `description`, so that no later frame allocates.
  ///
  /// Costs as much time as one new frame.
  package func configure(_ description: FrameDescription) throws(VFIError) {
    end()
    lastMotion = nil
    engine.scratch.release(to: start)
    adopt(description)
    let statistics = engine.statistics
    defer { engine.statistics = statistics }
    try rehearse(description)
    for slot in slots { slot.forget() }
    for slot in motionSlots { slot.forget() }
    keptAcceleration.forget()
    joinScratch()
    lastMotion = nil
  }

  /// Drops what belongs to frames of another size, format or colour.
  private func adopt(_ new: FrameDescription) {
    guard description != new else { return }
    for slot in slots { slot.clear() }
    for slot in motionSlots { slot.clear() }
    keptAcceleration.clear()
    scores.forget()
    engine.scratch.clear()
    engine.clearResult()
    description = new
  }

  private func interpolate(
    _ t: Float, _ distance: DistancePlane?, into out: Frame
  ) throws(VFIError) {
    guard let pair else { throw .state("render without begin") }
    let features: PairFeatures
    if let known = pair.features {
      features = known
    } else {
      engine.scratch.release(to: start)
      features = try sharedFeatures(
        Neighbour(frame: pair.a, id: pair.idA), Neighbour(frame: pair.b, id: pair.idB),
        before: pair.before, after: pair.after)
      self.pair?.features = features
      sharedEnd = engine.scratch.mark
    }
    engine.scratch.release(to: sharedEnd)
    let factor = motionFactor(pair.a.description)
    var instant = Instant.constant(t)
    if let distance {
      let map = try distanceMap(for: features)
      try distance.reduce(to: map, side: 4 * factor, on: engine)
      instant = .perPixel(map)
    }
    let motion = try decode(features, at: instant, factor: factor)
    try engine.timed(.synthesis) { () throws(VFIError) in
      try synthesise(pair.a, pair.b, motion: motion, into: out, on: engine)
    }
    lastMotion = motion
  }

  /// Finds the motion at an instant; it takes the place of the last one.
  func decode(
    _ features: PairFeatures, at instant: Instant, factor: Int, budget: ComputeBudget? = nil
  ) throws(VFIError) -> MotionField {
    lastMotion = nil
    engine.budget = budget ?? deadline.limited(settings.budget)
    return MotionField(
      try engine.timed(.decode) { () throws(VFIError) in
        try model.decode(features, at: instant, on: engine)
      }, factor: factor)
  }

  /// Where scratch memory of one instant starts.
  private lazy var sharedEnd = start
}
