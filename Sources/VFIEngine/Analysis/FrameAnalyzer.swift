// SPDX-License-Identifier: MIT

/// Tells cuts, repeats, black and damage of a frame, by itself and the two beside it.
///
/// Damage is what is marked, and macroblocks of which two cues speak, or, where decoder or container
/// call the frame damaged, one of three together. Cues: ``DecoderFill``, ``RepeatedLines`` (each worth two where
/// the frames beside do not show the same), ``DamageOdds`` (one where they are high, two where they
/// are higher), ``Stillness/heldBlocks(_:before:after:in:)``. Where marks are doubtful, the odds
/// decide. Damage that a decoder carries on from frame to frame looks like content: only marks tell
/// it. The result depends on the frames given, and on nothing that was done before.
package final class FrameAnalyzer {
  /// Share of damaged pixels from which next to nothing is left of a frame.
  static let lostShare = 0.9
  private static let blackShare = 0.98

  let engine: Engine
  private let cutThreshold: Double
  /// Pictures and cues of a call.
  private let arena: Arena

  package init(engine: Engine, settings: InterpolatorSettings = InterpolatorSettings()) {
    self.engine = engine
    cutThreshold = settings.sceneCutThreshold
    arena = Arena(ledger: engine.ledger)
  }

  /// Looks at `window[index]`; frames are alike, marks and `map` GRAY8.
  ///
  /// Without `detects`, what is marked is all that is damaged. `map`, of the frames' size, gets how
  /// sure it is that a pixel is damaged, 0 (it is not) to 255; with `tellsDoubt` also where that is
  /// doubtful and less likely than not.
  package func analyze(
    _ window: [SuspectFrame], index: Int, detects: Bool = true, map: Frame? = nil,
    tellsDoubt: Bool = true
  ) throws(VFIError) -> FrameAnalysis {
    try check(window, index: index, map)
    let mark = engine.scratch.mark
    defer { release(to: mark) }
    let subject = window[index]
    let isCompared = detects || subject.isDoubtful
    var neighbours = try Neighbours(
      window, index: index, isCompared: isCompared, cutThreshold: cutThreshold, on: engine)
    let current = try AnalysisPicture(subject.frame, in: arena, on: engine)
    try neighbours.load(in: arena, on: engine)
    var result = FrameAnalysis()
    result.sceneScore = neighbours.sceneScore
    result.black = Stillness.black(current.luma, of: subject.frame.description)
    if let before = neighbours.previous {
      result.difference = Stillness.difference(current.luma, before.luma)
      if subject.frame.isEqual(to: before.frame) { result.events.insert(.duplicate) }
    }
    if try isFrozen(window, index) { result.events.insert(.freeze) }
    if result.black >= Self.blackShare { result.events.insert(.black) }
    let odds =
      isCompared
      ? try DamageOdds(
        of: PlacedPicture(picture: current, time: index), earlier: neighbours.earlier,
        later: neighbours.later, in: arena, on: engine) : nil
    let evidence = try DamageEvidence(
      current, neighbours, odds: odds, detects: detects, in: arena, on: engine)
    let damage = try DamageMap(
      subject, evidence: evidence.values, odds: odds, in: arena)
    (result.damagedPixels, result.damage) = damage.extent
    if tellsDoubt, let odds, let doubt = subject.doubt, let marks = subject.marks {
      damage.tell(odds, by: doubt, where: marks)
    }
    if let map { damage.write(to: map) }
    let area = Double(current.luma.height * current.luma.width)
    if result.damagedPixels > 0 { result.events.insert(.damaged) }
    if Double(result.damagedPixels) >= Self.lostShare * area { result.events.insert(.lost) }
    // A decoder that has nothing gives the last picture again.
    if !subject.suspicion.isEmpty, result.events.contains(.duplicate),
      !result.events.contains(.freeze)
    {
      result.events.insert(.lost)
    }
    if neighbours.isCut, !result.events.contains(.lost) { result.events.insert(.cut) }
    return result
  }

  /// Whether this frame is one of three in a row that look like the first of them.
  private func isFrozen(_ window: [SuspectFrame], _ index: Int) throws(VFIError) -> Bool {
    for first in index - 2...index where first >= 0 && first + 2 < window.count {
      let mark = engine.scratch.mark
      defer { engine.scratch.release(to: mark) }
      let start = try AnalysisLuma(window[first].frame, in: engine.scratch, on: engine).values
      var isStill = true
      for next in [first + 1, first + 2] where isStill {
        let nextMark = engine.scratch.mark
        defer { engine.scratch.release(to: nextMark) }
        let luma = try AnalysisLuma(window[next].frame, in: engine.scratch, on: engine).values
        isStill = Stillness.difference(start, luma) <= Stillness.frozen
      }
      if isStill { return true }
    }
    return false
  }

  private func check(_ window: [SuspectFrame], index: Int, _ map: Frame?) throws(VFIError) {
    try window.checkAlike(index: index)
    let description = window[index].frame.description
    if let map {
      guard map.description.format == .gray8, map.description.width == description.width,
        map.description.height == description.height
      else { throw .format("the map is not GRAY8 of the frames' size") }
      guard !window.contains(where: { $0.frame.overlaps(map) || $0.marks?.overlaps(map) == true })
      else { throw .argument("the map shares memory with a frame or its marks") }
    }
    if engine.cancellation.isCancelled { throw .cancelled }
  }

  /// Takes all memory back, and joins what the first call has left in several blocks.
  private func release(to mark: Arena.Mark) {
    engine.scratch.release(to: mark)
    for arena in [arena, engine.scratch] where arena === self.arena || arena.isFragmented {
      // Without memory for a better layout, the next call takes what it needs, or says so.
      if (try? arena.reset()) == nil { arena.clear() }
    }
  }
}

extension [SuspectFrame] {
  /// Throws unless all frames are alike and the marks are GRAY8 of the frames' size or of one
  /// sample for each macroblock.
  package func checkAlike(index: Int) throws(VFIError) {
    guard indices.contains(index) else {
      throw .argument("frame \(index) is none of the \(count) given")
    }
    let description = self[index].frame.description
    let blocks = MacroblockGrid(description)
    for suspect in self {
      guard suspect.frame.description == description else {
        throw .format("the frames are not alike")
      }
      guard let marks = suspect.marks?.description else { continue }
      guard marks.format == .gray8 else { throw .format("marks are not GRAY8") }
      let isWhole = marks.width == description.width && marks.height == description.height
      guard isWhole || (marks.width == blocks.columns && marks.height == blocks.rows) else {
        throw .size(
          "marks of \(marks.width) x \(marks.height) fit neither \(description.width) x "
            + "\(description.height) pixels nor \(blocks.columns) x \(blocks.rows) macroblocks")
      }
    }
  }
}
