// SPDX-License-Identifier: MIT

/// The frames beside one that is looked at.
struct Neighbours {
  /// How much of a cut lies between the frame before and this one; -1 without one.
  private(set) var sceneScore = -1.0
  /// Whether another scene begins at this frame.
  private(set) var isCut = false
  /// The frame before, of whichever scene.
  private(set) var previous: AnalysisPicture?
  /// Those of the same scene.
  private(set) var before: AnalysisPicture?
  private(set) var after: AnalysisPicture?
  private let previousFrame: SuspectFrame?
  private let nextFrame: SuspectFrame?
  private let usesPrevious: Bool
  private let usesNext: Bool

  /// Decides which frames belong to the scene.
  ///
  /// A frame that is like neither of its neighbours, while they are like each other, is no scene.
  init(
    _ window: [SuspectFrame], index: Int, cutThreshold: Double, on engine: Engine
  ) throws(VFIError) {
    func score(_ a: SuspectFrame, _ b: SuspectFrame) throws(VFIError) -> Double {
      try SceneCut.score(a.frame, b.frame, hiddenA: a.marks, hiddenB: b.marks, on: engine)
    }
    let current = window[index]
    let previous = index > 0 ? window[index - 1] : nil
    let next = index + 1 < window.count ? window[index + 1] : nil
    var (cutBefore, cutAfter) = (false, false)
    if let previous {
      sceneScore = try score(previous, current)
      cutBefore = sceneScore > cutThreshold
    }
    if let next { cutAfter = try score(current, next) > cutThreshold }
    if cutBefore, cutAfter, let previous, let next {
      let isOneScene = try score(previous, next) <= cutThreshold
      if isOneScene { (cutBefore, cutAfter) = (false, false) }
    }
    isCut = cutBefore
    (previousFrame, nextFrame) = (previous, next)
    (usesPrevious, usesNext) = (!cutBefore, !cutAfter)
  }

  /// Reads the pictures.
  mutating func load(in arena: Arena, on engine: Engine) throws(VFIError) {
    if let previousFrame {
      let picture = try AnalysisPicture(previousFrame.frame, in: arena, on: engine)
      previous = picture
      if usesPrevious { before = picture }
    }
    if let nextFrame, usesNext {
      after = try AnalysisPicture(nextFrame.frame, in: arena, on: engine)
    }
  }

  /// Whether one of the frames beside is marked at a macroblock or next to it.
  func isMarked(_ row: Int, _ column: Int) -> Bool {
    [previousFrame, nextFrame].contains { $0?.isMarked(row, column) == true }
  }
}

extension SuspectFrame {
  /// Whether a pixel of a macroblock or of those around it is marked.
  fileprivate func isMarked(_ row: Int, _ column: Int) -> Bool {
    guard let marks else { return false }
    let samples = ComponentSamples(marks, 0)
    let blocks = MacroblockGrid(frame.description)
    let isWhole = samples.width == blocks.width && samples.height == blocks.height
    let side = isWhole ? MacroblockGrid.side : 1
    for y in max(0, (row - 1) * side)..<min(samples.height, (row + 2) * side) {
      for x in max(0, (column - 1) * side)..<min(samples.width, (column + 2) * side)
      where samples[y, x] != 0 {
        return true
      }
    }
    return false
  }
}

/// How many cues speak of damage, by macroblock.
struct DamageEvidence {
  let values: Grid<UInt8>

  init(
    _ current: AnalysisPicture, _ neighbours: Neighbours, detects: Bool, in arena: Arena,
    on engine: Engine
  ) throws(VFIError) {
    let blocks = MacroblockGrid(current.frame.description)
    values = try arena.grid(UInt8(0), height: blocks.rows, width: blocks.columns)
    guard detects else { return }
    let beside = [neighbours.before, neighbours.after].compactMap(\.self)
    var besideFills: [Grid<UInt8>] = []
    var besideLines: [Grid<UInt8>] = []
    var outlines: [BlockBoundary] = []
    for picture in beside {
      besideFills.append(try DecoderFill(picture.frame, in: arena, on: engine).cues)
      besideLines.append(try RepeatedLines(picture, in: arena, on: engine).cues)
      outlines.append(try BlockBoundary(picture, in: arena, on: engine))
    }
    let fills = try DecoderFill(current.frame, in: arena, on: engine).cues
    let lines = try RepeatedLines(current, in: arena, on: engine).cues
    // Black and white pictures, and RGB, are flat and black by nature.
    let layout = current.frame.description.format.layout
    add(fills, unless: besideFills, worth: layout.isRGB || layout.componentCount < 3 ? 1 : 2)
    add(lines, unless: besideLines, worth: beside.isEmpty ? 1 : 2)
    let outline = try BlockBoundary(current, in: arena, on: engine)
    add(try outline.cues(beside: outlines, in: arena), unless: [], worth: 1)
    guard let before = neighbours.before, let after = neighbours.after else { return }
    let spike = try MotionSpike(current, before: before, after: after, in: arena, on: engine)
    for y in 0..<values.height {
      for x in 0..<values.width where spike.cues[y, x] != 0 && !neighbours.isMarked(y, x) {
        values[y, x] += 1
      }
    }
    add(
      try Stillness.heldBlocks(current, before: before, after: after, in: arena), unless: [],
      worth: 1)
  }

  /// Counts cues that none of `others` has at the same place.
  private func add(_ cues: Grid<UInt8>, unless others: [Grid<UInt8>], worth: UInt8) {
    for y in 0..<values.height {
      for x in 0..<values.width
      where cues[y, x] != 0 && !others.contains(where: { $0[y, x] != 0 }) {
        values[y, x] += worth
      }
    }
  }
}
