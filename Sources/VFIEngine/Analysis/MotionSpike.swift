// SPDX-License-Identifier: MIT
import CIntrinsics

/// What motion does not explain of a frame, by macroblock of the first one: the mean absolute
/// difference of luma at half the size to the second frame, followed by inverse search.
struct MotionResidual {
  let values: Grid<Float>

  init(
    from first: AnalysisPicture, to second: AnalysisPicture, in arena: Arena, on engine: Engine
  ) throws(VFIError) {
    let blocks = MacroblockGrid(first.frame.description)
    let values = try arena.grid(Float(0), height: blocks.rows, width: blocks.columns)
    let mark = engine.scratch.mark
    defer { engine.scratch.release(to: mark) }
    let flow = try inverseSearch(
      first.pyramid, second.pyramid, on: engine
    ).flow01
    try engine.forEachRows(blocks.rows) { start, end in
      for row in start..<end {
        for column in 0..<blocks.columns {
          values[row, column] = unsafe Self.residual(
            first.pyramid[0], second.pyramid[0], flow, blocks, row, column)
        }
      }
    }
    self.values = values
  }

  /// Samples whose motion leaves the picture do not count; 0 where fewer than a quarter remain.
  private static func residual(
    _ a: vfi_luma, _ b: vfi_luma, _ flow: FeatureMap, _ blocks: MacroblockGrid, _ row: Int,
    _ column: Int
  ) -> Float {
    let (ys, xs) = blocks.pixels(row, column)
    let (width, height) = unsafe (b.width, b.height)
    var (sum, count, all) = (Float(0), Float(0), Float(0))
    for y in ys.lowerBound / 2..<max(ys.upperBound / 2, ys.lowerBound / 2 + 1) {
      for x in xs.lowerBound / 2..<max(xs.upperBound / 2, xs.lowerBound / 2 + 1) {
        all += 1
        let place = SIMD2(
          Float(x) + 2 * flow[y / 2, x / 2, 0], Float(y) + 2 * flow[y / 2, x / 2, 1])
        guard place.x >= 0, place.y >= 0, place.x <= Float(width - 1),
          place.y <= Float(height - 1)
        else { continue }
        let tap = Tap(place, width: width, height: height)
        let upper = unsafe b.base + tap.top * b.stride
        let lower = unsafe b.base + tap.bottom * b.stride
        let top = unsafe upper[tap.left] + tap.fx * (upper[tap.right] - upper[tap.left])
        let bottom = unsafe lower[tap.left] + tap.fx * (lower[tap.right] - lower[tap.left])
        sum += unsafe abs(a.base[y * a.stride + x] - top - tap.fy * (bottom - top))
        count += 1
      }
    }
    return 4 * count >= all ? sum / count : 0
  }
}

/// Macroblocks that neither neighbour knows, although the neighbours know each other: what is in
/// them came and went with one frame.
///
///     spike = min(r before, r after) - 1.5 * (largest r between the neighbours in 3 x 3 blocks)
///
/// where r are residuals of ``MotionResidual``. A block is found where the spike is above the frame's
/// median by six deviations, or `least` to `most` of 255 where that is less or more.
struct MotionSpike {
  private static let least: Float = 8
  private static let most: Float = 24

  let cues: Grid<UInt8>

  init(
    _ current: AnalysisPicture, before: AnalysisPicture, after: AnalysisPicture, in arena: Arena,
    on engine: Engine
  ) throws(VFIError) {
    let back = try MotionResidual(from: current, to: before, in: arena, on: engine).values
    let ahead = try MotionResidual(from: current, to: after, in: arena, on: engine).values
    let beside = try MotionResidual(from: before, to: after, in: arena, on: engine).values
    let spikes = try arena.grid(Float(0), height: back.height, width: back.width)
    let cues = try arena.grid(UInt8(0), height: back.height, width: back.width)
    for y in 0..<back.height {
      for x in 0..<back.width {
        let (rows, columns) = beside.around(y, x)
        var known: Float = 0
        for row in rows { for column in columns { known = max(known, beside[row, column]) } }
        spikes[y, x] = max(0, min(back[y, x], ahead[y, x]) - 1.5 * known)
      }
    }
    let spread = spikes.robustSpread()
    let threshold = max(Self.least, min(spread.median + 6 * spread.deviation, Self.most))
    for y in 0..<back.height {
      for x in 0..<back.width where spikes[y, x] > threshold { cues[y, x] = 1 }
    }
    self.cues = cues
  }
}
