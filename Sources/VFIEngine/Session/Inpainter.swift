// SPDX-License-Identifier: MIT

/// How a hole is filled, with the defaults of `vfi.h`.
package struct InpaintSettings: Sendable {
  package static let maximumDilation = 64

  /// Pixels around the mask that are filled as well.
  package var dilation = 4
  /// Pixels over which the fill fades into the picture, within the dilation.
  package var feather = 2
  /// Whether fills of neighbours are averaged.
  package var isSteady = true
  /// For an inpainter that has a network.
  package var network = InpainterOptions()

  package init() {}

  /// Throws `.argument` for what is out of range.
  package func check() throws(VFIError) {
    guard (0...Self.maximumDilation).contains(dilation) else {
      throw .argument("dilation is \(dilation), not 0 to \(Self.maximumDilation)")
    }
    guard (0...dilation).contains(feather) else {
      throw .argument("feather is \(feather), not 0 to the dilation, \(dilation)")
    }
  }
}

/// What is known of a frame that was filled.
package struct InpaintInfo: Equatable, Sendable {
  /// Pixels that were filled: those of the dilated mask.
  package var filled = 0
  /// How many of them were seen in another frame.
  package var propagated = 0
  /// Frames that were looked at, without the one that was filled.
  package var framesUsed = 0
}

/// Fills holes of a frame from its neighbours, and what none of them shows from its surroundings.
///
/// Of each direction in time, frame by frame, and later in longer steps: motion by inverse search,
/// completed inside the hole as a membrane; each pixel of the hole follows it until it comes out of
/// the hole of a frame, if motion forward and backward agree. The first sample that is found counts, corrected
/// by the difference of brightness that the rim of the hole shows. Both directions are blended by
/// confidence. Where neither camera nor picture moves, the mean of frames from all over the window
/// counts instead. The fills of neighbours are averaged. Only the hole and a margin around it are looked at. The result depends on the frames
/// and masks given, and on nothing that was done before.
///
/// With a network, that fills instead, or corrects the fill: see ``RecurrentFiller``.
package final class Inpainter {
  /// Pixels around all holes that are searched for motion and for what the holes hide.
  static let margin = 64
  /// Frames in either direction that are looked at one by one.
  static let nearest = 5
  /// Sweeps of a membrane.
  static let sweeps = 10

  let engine: Engine
  /// A chain of neighbours ends where the scene score is above; nil = it never does.
  let cutThreshold: Double?
  /// Luma and hole of the frame that a chain has come to, and of the one after it.
  private let slots: [Arena]
  private let filler: RecurrentFiller?
  let store: HoleMotionStore
  let fills: FillStore
  /// A neighbour's fill where its region is another one.
  let placeBuffer: FrameBuffer

  package init(
    engine: Engine, settings: InterpolatorSettings = InterpolatorSettings(),
    network: (any RecurrentInpainter)? = nil
  ) {
    self.engine = engine
    filler = network.map { RecurrentFiller($0, engine: engine) }
    cutThreshold = settings.sceneCut ? settings.sceneCutThreshold : nil
    slots = [Arena(ledger: engine.ledger), Arena(ledger: engine.ledger)]
    store = HoleMotionStore(ledger: engine.ledger)
    fills = FillStore(ledger: engine.ledger)
    placeBuffer = FrameBuffer(ledger: engine.ledger)
  }

  /// Writes `frames[index]` to `out` with its hole filled.
  ///
  /// `masks` has no element, one for all frames, or one for each; `rectangles` belong to all masks.
  /// Frames are alike, `out` shares no memory with them, masks are GRAY8 of the same size.
  /// `contents` has no element, or of each frame 0 or a number that only frames of equal content
  /// share: motion between two such frames is kept as long as both are in the window.
  package func inpaint(
    _ frames: [Frame], contents: [UInt64] = [], masks: [Frame],
    rectangles: [PixelRectangle] = [], index: Int,
    settings: InpaintSettings = InpaintSettings(), into out: Frame
  ) throws(VFIError) -> InpaintInfo {
    try check(frames, contents, masks: masks, index: index, settings: settings, out)
    if engine.cancellation.isCancelled { throw .cancelled }
    try frames[index].copy(to: out, on: engine)
    func filled() throws(VFIError) -> InpaintInfo {
      let mark = engine.scratch.mark
      defer { release(to: mark) }
      guard let filler else {
        return try fillSteadily(
          frames, contents, masks: masks, rectangles, index: index, settings, into: out)
      }
      let clip = RecurrentFiller.Clip(
        frames: frames, masks: masks, rectangles: rectangles,
        shot: try shot(around: index, of: frames.count) { (a, b) throws(VFIError) in
          try SceneCut.score(
            frames[a], frames[b], hiddenA: masks.mask(of: a), hiddenB: masks.mask(of: b), on: engine
          )
        })
      return try filler.fill(clip, index: index, settings: settings, into: out) {
        (number, dilation, start) throws(VFIError) in
        let mark = engine.scratch.mark
        defer { engine.scratch.release(to: mark) }
        var settings = settings
        // The network itself goes on from its last output.
        (settings.dilation, settings.feather, settings.isSteady) = (dilation, 0, false)
        try frames[number].copy(to: start, on: engine)
        // Keeps no motion, so that nothing but what is remembered depends on calls before.
        _ = try fillSteadily(
          frames, [], masks: masks, rectangles, index: number, settings, into: start)
      }
    }
    do throws(VFIError) {
      return try filled()
    } catch .outOfMemory(let detail) {
      // What was kept may stand in the way.
      guard !(store.isEmpty && fills.isEmpty) else { throw .outOfMemory(detail) }
      store.close()
      fills.close()
      return try filled()
    }
  }

  /// Fills the hole of a frame's region, `out`, from the frames of its window.
  ///
  /// `weights`, of the size of the region, gets the weights of what was found, 1 to 100, where much of
  /// that stands still.
  func fill(
    _ window: InpaintWindow, _ index: Int, _ settings: InpaintSettings, into out: Frame,
    weights: Grid<UInt8>? = nil
  ) throws(VFIError) -> (info: InpaintInfo, used: Set<Int>, isStill: Bool) {
    let target = try InpaintTarget(window, index: index, settings: settings, on: engine)
    var info = InpaintInfo(filled: target.filled)
    guard info.filled > 0 else { return (info, [], false) }
    // A hole that stands still as well hides the same in all frames.
    var used: [Int] = []
    if window.shared == nil { used = try collectStill(target, window, index) }
    let isStill = !used.isEmpty
    for step in [1, -1] { used += try propagate(target, window, from: index, step: step) }
    info.framesUsed = Set(used).count
    info.propagated = target.propagated
    if isStill, let weights { target.copyWeights(to: weights) }
    try target.fill(into: out, on: engine)
    return (info, Set(used), isStill)
  }

  /// Adds what stands still in the frames of a window; returns the numbers of those.
  func collectStill(
    _ target: InpaintTarget, _ window: InpaintWindow, _ index: Int
  ) throws(VFIError) -> [Int] {
    try target.collectStill(window, index: index, on: engine) { () throws(VFIError) in
      try shot(around: index, of: window.frames.count) { (a, b) throws(VFIError) in
        try score(window, a, b)
      }
    }
  }

  /// Says that the next frame does not follow the last one that was filled.
  package func forget() { filler?.forget() }

  private func check(
    _ frames: [Frame], _ contents: [UInt64], masks: [Frame], index: Int,
    settings: InpaintSettings, _ out: Frame
  ) throws(VFIError) {
    guard frames.indices.contains(index) else {
      throw .argument("frame \(index) is none of the \(frames.count) given")
    }
    guard [0, frames.count].contains(contents.count) else {
      throw .argument("there are \(contents.count) content ids for \(frames.count) frames")
    }
    guard [0, 1, frames.count].contains(masks.count) else {
      throw .argument("there are \(masks.count) masks for \(frames.count) frames")
    }
    let description = frames[index].description
    guard frames.allSatisfy({ $0.description == description }) else {
      throw .format("the frames are not alike")
    }
    guard out.description.format == description.format else {
      throw .format("out differs from the frames")
    }
    for frame in masks + [out] {
      guard
        frame.description.width == description.width,
        frame.description.height == description.height
      else { throw .size("a mask or out differs from the frames") }
    }
    guard masks.allSatisfy({ $0.description.format == .gray8 }) else {
      throw .format("a mask is not GRAY8")
    }
    try settings.check()
    guard (frames + masks).allSatisfy({ !$0.overlaps(out) }) else {
      throw .argument("out shares memory with a frame or a mask")
    }
  }

  /// Follows the hole's pixels in one direction; returns the numbers of the frames that were
  /// looked at.
  private func propagate(
    _ target: InpaintTarget, _ window: InpaintWindow, from index: Int, step: Int
  ) throws(VFIError) -> [Int] {
    let mark = engine.scratch.mark
    defer { engine.scratch.release(to: mark) }
    let trace = try HoleTrace(target, on: engine)
    let last = step > 0 ? window.frames.count - 1 : 0
    var (number, hops) = (index, 0)
    var used: [Int] = []
    var current = try sight(window, index, hops: 0)
    while trace.isOpen, number != last {
      let wanted = Self.distance(after: abs(number - index))
      let next = index + step * min(wanted, abs(last - index))
      if try hasCut(window, from: number, to: next, step) { break }
      hops += 1
      let seen = try sight(window, next, hops: hops)
      let hopMark = engine.scratch.mark
      defer { engine.scratch.release(to: hopMark) }
      // A last step that is shorter than wanted does not come again at the end of a video.
      let keeps = abs(next - index) == wanted || 2 * index == window.frames.count - 1
      let motion = try motion(
        window, from: (number, current), to: (next, seen), keeps: keeps)
      try trace.advance(motion, past: seen.hole, on: engine)
      try target.collect(trace, from: seen, hops: hops, on: engine)
      (number, current) = (next, seen)
      used.append(next)
    }
    return used
  }

  /// The motion from one frame of a window to another, found or kept.
  func motion(
    _ window: InpaintWindow, from first: (number: Int, sight: InpaintSight),
    to second: (number: Int, sight: InpaintSight), keeps: Bool
  ) throws(VFIError) -> HoleMotion {
    let contents = (window.contents[first.number], window.contents[second.number])
    if let kept = store.motion(from: contents.0, to: contents.1) { return kept }
    let motion = try HoleMotion(from: first.sight, to: second.sight, on: engine)
    if keeps { store.keep(motion, from: contents.0, to: contents.1) }
    return motion
  }

  /// Frames from the first one of a chain to the one after that at `distance`.
  ///
  /// The nearest ones come one by one, then each twice as far: what comes out of the hole late is
  /// found in few hops.
  static func distance(after distance: Int) -> Int {
    distance < nearest ? distance + 1 : 2 * distance
  }

  /// Luma and hole of a frame, in the memory of those two hops before.
  func sight(
    _ window: InpaintWindow, _ number: Int, hops: Int
  ) throws(VFIError) -> InpaintSight {
    let arena = slots[hops % 2]
    try arena.reset()
    return try InpaintSight(window, number, in: arena, on: engine)
  }

  /// The frames around one of them without a cut between them, by the scene score of neighbours.
  private func shot(
    around index: Int, of count: Int, score: (Int, Int) throws(VFIError) -> Double
  ) throws(VFIError) -> Range<Int> {
    guard let cutThreshold else { return 0..<count }
    var (first, end) = (index, index + 1)
    while first > 0, try score(first - 1, first) <= cutThreshold { first -= 1 }
    while end < count, try score(end - 1, end) <= cutThreshold { end += 1 }
    return first..<end
  }

  /// The scene score of two neighbours; what their masks hide does not count.
  private func score(_ window: InpaintWindow, _ a: Int, _ b: Int) throws(VFIError) -> Double {
    try store.score(window.contents[a], window.contents[b]) { () throws(VFIError) in
      try SceneCut.score(
        window.frames[a], window.frames[b], hiddenA: window.wholeMask(a),
        hiddenB: window.wholeMask(b), on: engine)
    }
  }

  /// Whether one of the frames on the way does not follow the one before it.
  func hasCut(
    _ window: InpaintWindow, from first: Int, to last: Int, _ step: Int
  ) throws(VFIError) -> Bool {
    guard let cutThreshold else { return false }
    for number in stride(from: first, to: last, by: step) {
      if try score(window, number, number + step) > cutThreshold { return true }
    }
    return false
  }

  /// Takes all memory back, and joins what the first call has left in several blocks.
  private func release(to mark: Arena.Mark) {
    engine.scratch.release(to: mark)
    for arena in slots + [engine.scratch] where arena.isFragmented {
      // Without memory for a better layout, the next call takes what it needs, or says so.
      if (try? arena.reset()) == nil { arena.clear() }
    }
  }
}
