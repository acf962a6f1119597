// SPDX-License-Identifier: MIT

/// Macroblocks that a decoder has not written: flat to the last bit, of the grey that stands for a
/// missing reference or of the zeros that show as green.
struct DecoderFill {
  /// 1 at flat blocks of such a value.
  let cues: Grid<UInt8>

  init(_ frame: Frame, in arena: Arena, on engine: Engine) throws(VFIError) {
    let blocks = MacroblockGrid(frame.description)
    let cues = try arena.grid(UInt8(0), height: blocks.rows, width: blocks.columns)
    let layout = frame.description.format.layout
    let count = layout.hasAlpha ? layout.componentCount - 1 : layout.componentCount
    let components = (0..<count).map { ComponentSamples(frame, $0) }
    try engine.forEachRows(blocks.rows) { start, end in
      for row in start..<end {
        for column in 0..<blocks.columns {
          let fill = Self.fill(components, blocks, row, column)
          if fill == 0 || fill == 0.5 { cues[row, column] = 1 }
        }
      }
    }
    self.cues = cues
  }

  /// The value that all samples of a block have, if it is 0 or the middle of the range (as 0.5).
  private static func fill(
    _ components: [ComponentSamples], _ blocks: MacroblockGrid, _ row: Int, _ column: Int
  ) -> Float? {
    let (ys, xs) = blocks.pixels(row, column)
    var common: Float?
    for samples in components {
      let (shiftX, shiftY) = (samples.layout.shiftX, samples.layout.shiftY)
      let value = samples[ys.lowerBound >> shiftY, xs.lowerBound >> shiftX]
      let middle = (samples.maximum / 2).rounded(.up)
      let fill: Float? = value == 0 ? 0 : samples.maximum > 1 && value == middle ? 0.5 : nil
      guard let fill, common == nil || common == fill else { return nil }
      common = fill
      for y in ys.lowerBound >> shiftY...(ys.upperBound - 1) >> shiftY {
        for x in xs.lowerBound >> shiftX...(xs.upperBound - 1) >> shiftX
        where samples[y, x] != value {
          return nil
        }
      }
    }
    return common
  }
}
