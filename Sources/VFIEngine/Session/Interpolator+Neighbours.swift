// SPDX-License-Identifier: MIT

/// A source frame beside a pair, which tells how the motion of the pair is bent.
package struct Neighbour {
  package let frame: Frame
  /// As that of a pair's frames.
  package let id: UInt64
  /// From the frame of the pair that is next to it, in intervals of the pair.
  package let interval: Double

  package init(frame: Frame, id: UInt64 = 0, interval: Double = 1) {
    self.frame = frame
    self.id = id
    self.interval = interval
  }
}

/// The flows between two frames, in both directions.
struct PairFlows {
  let there: FeatureMap
  let back: FeatureMap
  let region: MovingRegion?

  /// Those from the second frame to the first, and back.
  var reversed: PairFlows { PairFlows(there: back, back: there, region: region) }
}

extension Interpolator {
  /// Slots that the neighbours of a pair need beside those of the pair.
  static let neighbourSlots = 2

  /// Whether neighbours are looked at.
  package var looksAround: Bool { settings.bendsMotion && model.takesNeighbours }

  /// `neighbour` where it continues what `frame` shows: no cut, no repetition.
  func usable(
    _ neighbour: Neighbour?, beside frame: Neighbour, isBefore: Bool
  ) throws(VFIError) -> Neighbour? {
    guard looksAround, let neighbour, neighbour.interval > 0 else { return nil }
    try checkPair(frame.frame, neighbour.frame)
    if neighbour.frame.isEqual(to: frame.frame) { return nil }
    if settings.sceneCut {
      let score =
        isBefore ? try sceneScore(neighbour, frame) : try sceneScore(frame, neighbour)
      if score > settings.sceneCutThreshold { return nil }
    }
    return neighbour
  }

  /// The scene score of two frames in order of time, known where their pair was seen before.
  func sceneScore(_ a: Neighbour, _ b: Neighbour) throws(VFIError) -> Double {
    if let known = scores.score(a.id, b.id) { return known }
    let score = try SceneCut.score(a.frame, b.frame, on: engine)
    scores.keep(score, a.id, b.id)
    return score
  }

  /// What the instants of a pair share, its motion bent by that of its neighbours.
  func sharedFeatures(
    _ a: Neighbour, _ b: Neighbour, before: Neighbour?, after: Neighbour?
  ) throws(VFIError) -> PairFeatures {
    var frames = [a, b]
    if let after { frames.append(after) }
    // Where its flows are known from the pair before, it is not needed.
    if let before, motionSlot(before.id, a.id) == nil { frames.append(before) }
    var sources: [SourceFeatures] = []
    for (frame, slot) in zip(frames, slots(frames.map(\.id))) {
      sources.append(
        SourceFeatures(id: frame.id, features: try encode(frame.frame, id: frame.id, in: slot)))
    }
    let isBeforeNeeded = frames.count > (after == nil ? 2 : 3)
    engine.budget = settings.budget
    return try engine.timed(.motion) { () throws(VFIError) in
      try bent(
        sources[0], sources[1],
        before: before.map {
          (isBeforeNeeded ? sources[frames.count - 1] : SourceFeatures(id: $0.id), $0.interval)
        },
        after: after.map { (sources[2], $0.interval) })
    }
  }

  /// A frame's id, and its features unless all motion that they are needed for is known.
  struct SourceFeatures {
    let id: UInt64
    var features: FrameFeatures?
  }

  /// As ``sharedFeatures(_:_:before:after:)``, from features; intervals are in those of the pair.
  func bent(
    _ a: SourceFeatures, _ b: SourceFeatures, before: (SourceFeatures, interval: Double)?,
    after: (SourceFeatures, interval: Double)?
  ) throws(VFIError) -> PairFeatures {
    guard let featuresA = a.features, let featuresB = b.features else {
      throw .defect("a frame of a pair has no features")
    }
    guard looksAround else { return try model.prepare(featuresA, featuresB, on: engine) }
    let kept = [[before?.0.id ?? 0, a.id], [a.id, b.id], [b.id, after?.0.id ?? 0]]
    let flows = try flows(a, b, keeping: kept)
    var pair = PairFeatures(
      featuresA, featuresB, flowAB: flows.there, flowBA: flows.back, region: flows.region)
    guard before != nil || after != nil else { return pair }
    var sides: (first: FeatureMap?, second: FeatureMap?) = (nil, nil)
    if let (frame, interval) = before {
      let behind = try self.flows(frame, a, keeping: kept).reversed
      sides.first = try acceleration(flows, behind, interval, of: [frame.id, a.id, b.id])
    }
    if let (frame, interval) = after {
      let behind = try self.flows(b, frame, keeping: kept)
      sides.second = try acceleration(
        flows.reversed, behind, interval, of: [a.id, b.id, frame.id])
    }
    pair.accelerations = try joined(sides, flows)
    if let second = sides.second, let (frame, interval) = after, interval == 1 {
      try keptAcceleration.keep([second], of: [a.id, b.id, frame.id])
    }
    return pair
  }

  /// Flows between two frames: known from a neighbouring pair, or found.
  private func flows(
    _ a: SourceFeatures, _ b: SourceFeatures, keeping kept: [[UInt64]]
  ) throws(VFIError) -> PairFlows {
    if let slot = motionSlot(a.id, b.id), let maps = slot.maps(of: [a.id, b.id]) {
      return PairFlows(there: maps[0], back: maps[1], region: slot.region)
    }
    guard let featuresA = a.features, let featuresB = b.features else {
      throw .defect("motion is neither known nor can it be found")
    }
    let found = try model.prepare(featuresA, featuresB, on: engine)
    guard let there = found.flowAB, let back = found.flowBA else {
      throw .defect("the model \(model.info.name) has no motion between frames")
    }
    let free = motionSlots.first { slot in !kept.contains { slot.holds($0) } }
    try free?.keep([there, back], of: [a.id, b.id], region: found.region)
    return PairFlows(there: there, back: back, region: found.region)
  }

  private func motionSlot(_ idA: UInt64, _ idB: UInt64) -> KeptMaps? {
    motionSlots.first { $0.holds([idA, idB]) }
  }

  /// The acceleration at a frame of a pair, from its flows to the pair's other frame and to that on
  /// the other side; `ids` are those of the three in order of time.
  private func acceleration(
    _ ahead: PairFlows, _ behind: PairFlows, _ interval: Double, of ids: [UInt64]
  ) throws(VFIError) -> FeatureMap {
    // For equal intervals it is the same for both pairs that the frame is in.
    if interval == 1, let known = keptAcceleration.maps(of: ids) { return known[0] }
    let map = try engine.scratch.map(
      height: ahead.there.height, width: ahead.there.width, channels: 4)
    try Acceleration.measure(
      FlowsAround(
        ahead: ahead.there, aheadBack: ahead.back, behind: behind.there, behindBack: behind.back,
        interval: Float(interval)), into: map, on: engine)
    return map
  }

  private func joined(
    _ sides: (first: FeatureMap?, second: FeatureMap?), _ flows: PairFlows
  ) throws(VFIError) -> (first: FeatureMap, second: FeatureMap) {
    let (ab, ba) = (flows.there, flows.back)
    let first = try engine.scratch.map(height: ab.height, width: ab.width, channels: 2)
    let second = try engine.scratch.map(height: ab.height, width: ab.width, channels: 2)
    try Acceleration.join(sides.first, sides.second, flow: ab, into: first, on: engine)
    try Acceleration.join(sides.second, sides.first, flow: ba, into: second, on: engine)
    return (first, second)
  }
}
