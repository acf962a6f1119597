// SPDX-License-Identifier: MIT

/// How a frame is repaired, with the defaults of `vfi.h`.
package struct RepairSettings: Sendable {
  /// Pixels around the damage that are made anew as well, and over which they fade.
  package var inpaint = InpaintSettings()
  /// Whether damage is searched in the pictures; else what is marked is all.
  package var detects = true

  package init() {
    inpaint.dilation = 2
    inpaint.feather = 1
  }
}

/// What was done to a frame; raw values are `VFI_REPAIR_*` of `vfi.h`.
package enum RepairAction: Int32, Sendable {
  /// It is as it was.
  case none = 0
  /// Damaged regions were filled from other frames and from their surroundings.
  case filled = 1
  /// The frame was made from frames on both sides of it.
  case interpolated = 2
  /// The frame was made from the motion of two frames on one side.
  case predicted = 3
  /// The frame is a copy of the nearest one.
  case held = 4
}

/// What was found of a frame and what was done.
package struct RepairInfo: Equatable, Sendable {
  package var analysis = FrameAnalysis()
  package var action = RepairAction.none
  /// Pixels that may differ from what they were.
  package var changed = 0
  /// Pixels of a filled frame that another frame shows.
  package var propagated = 0
  /// Other frames that the new samples are from, or that were searched for them.
  package var framesUsed = 0

  package init() {}
}

/// Makes damaged parts of a frame, or all of it, from the frames around it.
///
/// The result depends on the window given, and on nothing that was done before.
package final class FrameRepairer {
  /// Share of damaged pixels up to which a frame may stand for a lost one.
  private static let sourceShare = 0.1

  let engine: Engine
  private let interpolator: Interpolator
  private let inpainter: Inpainter
  package let analyzer: FrameAnalyzer
  private let cutThreshold: Double
  /// Damage maps of the window.
  private var maps: [FrameBuffer] = []

  /// `interpolator` and `inpainter` share an engine; no pair of the interpolator is open.
  package init(interpolator: Interpolator, inpainter: Inpainter) {
    engine = interpolator.engine
    self.interpolator = interpolator
    self.inpainter = inpainter
    cutThreshold = interpolator.settings.sceneCutThreshold
    analyzer = FrameAnalyzer(engine: engine, settings: interpolator.settings)
  }

  /// A frame of the window after the analysis: what is damaged of it is marked.
  private struct Examined {
    var suspect: SuspectFrame
    let isLost: Bool
    let share: Double
  }

  /// Writes `window[index]`, repaired, to `out`, which shares no memory with the window.
  package func repair(
    _ window: [SuspectFrame], index: Int, settings: RepairSettings = RepairSettings(),
    into out: Frame
  ) throws(VFIError) -> RepairInfo {
    try check(window, index: index, out)
    while maps.count < window.count { maps.append(FrameBuffer(ledger: engine.ledger)) }
    let source = window[index].frame
    var info = RepairInfo()
    let (own, analysis) = try examine(window, index, settings)
    info.analysis = analysis
    guard analysis.damagedPixels > 0 || own.isLost else {
      try source.copy(to: out, on: engine)
      return info
    }
    var examined: [Examined] = []
    for number in window.indices {
      examined.append(number == index ? own : try examine(window, number, settings).frame)
    }
    if own.isLost {
      info.changed = source.description.width * source.description.height
      (info.action, info.framesUsed) = try replace(examined, index, into: out)
      if info.action == .none { info.changed = 0 }
      return info
    }
    let present = examined.indices.filter { $0 == index || !examined[$0].isLost }
    guard let place = present.firstIndex(of: index) else {
      throw .defect("repair: the frame is not in its window")
    }
    let filled = try inpainter.inpaint(
      present.map { examined[$0].suspect.frame }, masks: try present.map(map(of: window)),
      index: place, settings: settings.inpaint, into: out)
    info.action = .filled
    (info.changed, info.propagated) = (filled.filled, filled.propagated)
    info.framesUsed = filled.framesUsed
    return info
  }

  private func check(
    _ window: [SuspectFrame], index: Int, _ out: Frame
  ) throws(VFIError) {
    try window.checkAlike(index: index)
    let description = window[index].frame.description
    guard out.description.format == description.format else {
      throw .format("out differs from the frames")
    }
    guard out.description.width == description.width,
      out.description.height == description.height
    else { throw .size("out differs from the frames") }
    guard !window.contains(where: { $0.frame.overlaps(out) || $0.marks?.overlaps(out) == true })
    else { throw .argument("out shares memory with a frame or its marks") }
  }

  /// The place of a frame's map in memory.
  private func map(of window: [SuspectFrame]) -> (Int) throws(VFIError) -> Frame {
    { [maps] number throws(VFIError) in
      let frame = window[number].frame.description
      return try maps[number].frame(
        FrameDescription(format: .gray8, width: frame.width, height: frame.height))
    }
  }

  /// Finds the damage of a frame, and keeps its map.
  private func examine(
    _ window: [SuspectFrame], _ number: Int, _ settings: RepairSettings
  ) throws(VFIError) -> (frame: Examined, analysis: FrameAnalysis) {
    let map = try map(of: window)(number)
    // More are not looked at.
    let first = max(0, number - Neighbours.reach)
    let part = Array(window[first...min(window.count - 1, number + Neighbours.reach)])
    let analysis = try analyzer.analyze(
      part, index: number - first, detects: settings.detects, map: map, tellsDoubt: false)
    var suspect = window[number]
    suspect.marks = map
    suspect.doubt = nil
    let description = suspect.frame.description
    let share = Double(analysis.damagedPixels) / Double(description.width * description.height)
    return (
      Examined(suspect: suspect, isLost: analysis.events.contains(.lost), share: share), analysis
    )
  }

  /// Makes a lost frame from those that are not; the number of frames that it is made from.
  private func replace(
    _ window: [Examined], _ index: Int, into out: Frame
  ) throws(VFIError) -> (RepairAction, Int) {
    func isSource(_ number: Int) -> Bool {
      !window[number].isLost && window[number].share <= Self.sourceShare
    }
    let earlier = (0..<index).reversed().filter(isSource)
    let later = (index + 1..<window.count).filter(isSource)
    func frame(_ number: Int) -> Frame { window[number].suspect.frame }
    if let a = earlier.first, let b = later.first, try !isCut(window[a], window[b]) {
      try interpolator.begin(frame(a), frame(b))
      defer { interpolator.end() }
      _ = try interpolator.render(Int64(index - a), Int64(b - a), into: out)
      return (.interpolated, 2)
    }
    // Of two scenes, the frame may belong to either: the one that is nearer, the earlier at a tie.
    let isEarlier =
      later.isEmpty
      || (!earlier.isEmpty && index - (earlier.first ?? 0) <= (later.first ?? 0) - index)
    let side = isEarlier ? earlier : later
    guard let near = side.first else {
      try frame(index).copy(to: out, on: engine)
      return (.none, 0)
    }
    if side.count > 1, try !isCut(window[side[1]], window[near]) {
      let steps = Float(abs(index - near)) / Float(abs(near - side[1]))
      try frame(near).extrapolate(from: frame(side[1]), by: steps, into: out, on: engine)
      return (.predicted, 2)
    }
    try frame(near).copy(to: out, on: engine)
    return (.held, 1)
  }

  private func isCut(_ a: Examined, _ b: Examined) throws(VFIError) -> Bool {
    try SceneCut.score(
      a.suspect.frame, b.suspect.frame, hiddenA: a.suspect.marks, hiddenB: b.suspect.marks,
      on: engine) > cutThreshold
  }
}
