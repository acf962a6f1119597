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

/// The flows of one pair, kept for the pairs beside it.
final class MotionSlot {
  private let arena: Arena
  private var ids: (UInt64, UInt64) = (0, 0)
  private var flows: (ab: FeatureMap, ba: FeatureMap, rows: Range<Int>?)?

  init(ledger: MemoryLedger) { arena = Arena(ledger: ledger) }

  func holds(_ idA: UInt64, _ idB: UInt64) -> Bool {
    idA != 0 && idB != 0 && ids == (idA, idB) && flows != nil
  }

  func flows(_ a: FrameFeatures, _ b: FrameFeatures) -> PairFeatures? {
    flows.map { PairFeatures(a, b, flowAB: $0.ab, flowBA: $0.ba, rows: $0.rows) }
  }

  func forget() {
    flows = nil
    ids = (0, 0)
  }

  func clear() {
    forget()
    arena.clear()
  }

  /// Copies the flows of `pair`.
  func keep(_ pair: PairFeatures, _ idA: UInt64, _ idB: UInt64) throws(VFIError) {
    guard let ab = pair.flowAB, let ba = pair.flowBA else { return }
    forget()
    try arena.reset()
    let copies = try (copy(ab), copy(ba))
    flows = (copies.0, copies.1, pair.rows)
    ids = (idA, idB)
  }

  private func copy(_ map: FeatureMap) throws(VFIError) -> FeatureMap {
    let copy = try arena.map(height: map.height, width: map.width, channels: map.channels)
    unsafe copy.base.update(from: map.base, count: map.height * map.rowStride)
    return copy
  }
}

extension Interpolator {
  /// Slots that the neighbours of a pair need beside those of the pair.
  static let neighbourSlots = 2

  /// Whether neighbours are looked at.
  package var looksAround: Bool { settings.bendsMotion && model.takesNeighbours }

  /// `neighbour` where it continues what `frame` shows: no cut, no repetition.
  func usable(_ neighbour: Neighbour?, beside frame: Frame) throws(VFIError) -> Neighbour? {
    guard looksAround, let neighbour, neighbour.interval > 0 else { return nil }
    try checkPair(frame, neighbour.frame)
    if neighbour.frame.isEqual(to: frame) { return nil }
    if settings.sceneCut,
      try SceneCut.score(frame, neighbour.frame, on: engine) > settings.sceneCutThreshold
    {
      return nil
    }
    return neighbour
  }

  /// What the instants of a pair share, its motion bent by that of its neighbours.
  func sharedFeatures(
    _ a: Neighbour, _ b: Neighbour, before: Neighbour?, after: Neighbour?
  ) throws(VFIError) -> PairFeatures {
    var frames = [a, b]
    if let after { frames.append(after) }
    // Where its flows are known from the pair before, it is not needed.
    if let before, motionSlot(before.id, a.id) == nil { frames.append(before) }
    var encoded: [SourceFeatures] = []
    for (frame, slot) in zip(frames, slots(frames.map(\.id))) {
      encoded.append(
        SourceFeatures(id: frame.id, features: try encode(frame.frame, id: frame.id, in: slot)))
    }
    engine.budget = settings.budget
    return try engine.timed(.motion) { () throws(VFIError) in
      try bent(
        encoded[0], encoded[1],
        before: before.map {
          // Without features of its own it lends those of a, which are not read.
          (SourceFeatures(id: $0.id, features: (encoded.last ?? encoded[0]).features), $0.interval)
        },
        after: after.map { (encoded[2], $0.interval) })
    }
  }

  /// A frame's features, and its id.
  struct SourceFeatures {
    let id: UInt64
    let features: FrameFeatures
  }

  /// As ``sharedFeatures(_:_:before:after:)``, from features; intervals are in those of the pair.
  func bent(
    _ a: SourceFeatures, _ b: SourceFeatures, before: (SourceFeatures, interval: Double)?,
    after: (SourceFeatures, interval: Double)?
  ) throws(VFIError) -> PairFeatures {
    let kept = [(before?.0.id ?? 0, a.id), (a.id, b.id), (b.id, after?.0.id ?? 0)]
    var pair = try flows(a, b, keeping: kept)
    guard before != nil || after != nil, let ab = pair.flowAB, let ba = pair.flowBA else {
      return pair
    }
    var sides: (first: FeatureMap?, second: FeatureMap?) = (nil, nil)
    if let (frame, interval) = before {
      let known = try flows(frame, a, keeping: kept)
      if let there = known.flowAB, let back = known.flowBA {
        sides.first = try measured(
          FlowsAround(
            ahead: ab, aheadBack: ba, behind: back, behindBack: there, interval: Float(interval)))
      }
    }
    if let (frame, interval) = after {
      let known = try flows(b, frame, keeping: kept)
      if let there = known.flowAB, let back = known.flowBA {
        sides.second = try measured(
          FlowsAround(
            ahead: ba, aheadBack: ab, behind: there, behindBack: back, interval: Float(interval)))
      }
    }
    pair.accelerations = try joined(sides, ab, ba)
    return pair
  }

  /// Flows between two frames: known from a neighbouring pair, or found.
  private func flows(
    _ a: SourceFeatures, _ b: SourceFeatures, keeping kept: [(UInt64, UInt64)]
  ) throws(VFIError) -> PairFeatures {
    if let known = motionSlot(a.id, b.id)?.flows(a.features, b.features) { return known }
    let found = try model.prepare(a.features, b.features, on: engine)
    let free = motionSlots.first { slot in !kept.contains { slot.holds($0.0, $0.1) } }
    if a.id != 0, b.id != 0 { try free?.keep(found, a.id, b.id) }
    return found
  }

  private func motionSlot(_ idA: UInt64, _ idB: UInt64) -> MotionSlot? {
    motionSlots.first { $0.holds(idA, idB) }
  }

  private func measured(_ flows: FlowsAround) throws(VFIError) -> FeatureMap {
    let map = try engine.scratch.map(
      height: flows.ahead.height, width: flows.ahead.width, channels: 4)
    try Acceleration.measure(flows, into: map, on: engine)
    return map
  }

  private func joined(
    _ sides: (first: FeatureMap?, second: FeatureMap?), _ ab: FeatureMap, _ ba: FeatureMap
  ) throws(VFIError) -> (first: FeatureMap, second: FeatureMap) {
    let first = try engine.scratch.map(height: ab.height, width: ab.width, channels: 2)
    let second = try engine.scratch.map(height: ab.height, width: ab.width, channels: 2)
    try Acceleration.join(sides.first, sides.second, flow: ab, into: first, on: engine)
    try Acceleration.join(sides.second, sides.first, flow: ba, into: second, on: engine)
    return (first, second)
  }
}
