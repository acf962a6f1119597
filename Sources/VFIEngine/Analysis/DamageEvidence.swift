// SPDX-License-Identifier: MIT

/// How many cues speak of damage, by macroblock.
///
/// Odds join what motion and outlines tell; what looks as if it was not decoded must not be what the
/// pictures around show as well.
struct DamageEvidence {
  /// Logarithm of the odds by motion up to which the pictures around show the same.
  private static let fitting: Float = -1
  /// Joined odds that are one cue, and two.
  ///
  /// Of 360 frames of six intact training clips, one block in 600 was above 2.5, none above 3. In
  /// flagged frames of damaged ones, 2.5 gave more than 3.
  private static let likely: Float = 2.5
  private static let sure: Float = 3.2

  let values: Grid<UInt8>

  init(
    _ current: AnalysisPicture, _ neighbours: Neighbours, odds: DamageOdds?, detects: Bool,
    in arena: Arena, on engine: Engine
  ) throws(VFIError) {
    let blocks = MacroblockGrid(current.frame.description)
    values = try arena.grid(UInt8(0), height: blocks.rows, width: blocks.columns)
    guard detects else { return }
    let beside = [neighbours.earlier.first, neighbours.later.first].compactMap { $0?.picture }
    var besideFills: [Grid<UInt8>] = []
    var besideLines: [Grid<UInt8>] = []
    for picture in beside {
      besideFills.append(try DecoderFill(picture.frame, in: arena, on: engine).cues)
      besideLines.append(try RepeatedLines(picture, in: arena, on: engine).cues)
    }
    let fills = try DecoderFill(current.frame, in: arena, on: engine).cues
    let lines = try RepeatedLines(current, in: arena, on: engine).cues
    // Black and white pictures, and RGB, are flat and black by nature.
    let layout = current.frame.description.format.layout
    add(
      fills, unless: besideFills, worth: layout.isRGB || layout.componentCount < 3 ? 1 : 2,
      odds, above: Self.fitting)
    add(lines, unless: besideLines, worth: beside.isEmpty ? 1 : 2, odds, above: 0)
    guard let before = neighbours.earlier.first?.picture,
      let after = neighbours.later.first?.picture
    else { return }
    add(
      try Stillness.heldBlocks(current, before: before, after: after, in: arena), unless: [],
      worth: 1)
    // On one side alone, what comes into view is news as well.
    if let odds { add(odds, unless: neighbours) }
  }

  /// Counts blocks that are likely made up for one cue, such that surely are for two.
  private func add(_ odds: DamageOdds, unless neighbours: Neighbours) {
    for y in 0..<values.height {
      for x in 0..<values.width
      where odds.joined[y, x] > Self.likely && !neighbours.isMarked(y, x) {
        values[y, x] += odds.joined[y, x] > Self.sure ? 2 : 1
      }
    }
  }

  /// Counts cues that none of `others` has at the same place, where the odds by motion are above
  /// `least`, or not known.
  private func add(
    _ cues: Grid<UInt8>, unless others: [Grid<UInt8>], worth: UInt8, _ odds: DamageOdds? = nil,
    above least: Float = 0
  ) {
    for y in 0..<values.height {
      for x in 0..<values.width
      where cues[y, x] != 0 && !others.contains(where: { $0[y, x] != 0 }) {
        if let odds, odds.byMotion[y, x] <= least { continue }
        values[y, x] += worth
      }
    }
  }
}
