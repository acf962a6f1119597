// SPDX-License-Identifier: MIT
import CIntrinsics

/// A picture of a window at its place in time, counted in frames.
struct PlacedPicture {
  let picture: AnalysisPicture
  let time: Int
}

/// Where the macroblocks of a picture are in another one, by inverse search.
struct BlockMotion {
  /// In pixels of half the size, for each frame between the two.
  private let vectors: Grid<SIMD2<Float>>

  init(
    of picture: PlacedPicture, in other: PlacedPicture, arena: Arena, on engine: Engine
  ) throws(VFIError) {
    let blocks = MacroblockGrid(picture.picture.frame.description)
    let vectors = try arena.grid(
      SIMD2<Float>(), height: blocks.rows, width: blocks.columns)
    self.vectors = vectors
    let mark = engine.scratch.mark
    defer { engine.scratch.release(to: mark) }
    let flow = try inverseSearch(
      picture.picture.pyramid, other.picture.pyramid, on: engine
    ).flow01
    // Flow is a quarter of the picture's size, in pixels of its own.
    let scale = 2 / Float(other.time - picture.time)
    for row in 0..<blocks.rows {
      for column in 0..<blocks.columns {
        let (y, x) = (min(4 * row + 1, flow.height - 2), min(4 * column + 1, flow.width - 2))
        var sum = SIMD2<Float>()
        for line in y...y + 1 {
          for place in x...x + 1 { sum += SIMD2(flow[line, place, 0], flow[line, place, 1]) }
        }
        vectors[row, column] = sum / 4 * scale
      }
    }
  }

  /// The way of a block within so many frames, rounded; of one beyond the edge that of the next one.
  func vector(_ row: Int, _ column: Int, over frames: Int) -> BlockVector {
    let found =
      vectors[
        min(max(row, 0), vectors.height - 1), min(max(column, 0), vectors.width - 1)]
      * Float(frames)
    let limit = Float(1 << 14)
    return SIMD2(
      Int32(max(-limit, min(found.x, limit)).rounded()),
      Int32(max(-limit, min(found.y, limit)).rounded()))
  }
}

/// To the right and down, in pixels of half the size.
package typealias BlockVector = SIMD2<Int32>

extension vfi_luma {
  /// The mean difference of a block of 8 x 8 samples, a macroblock of the picture, from the samples
  /// of another picture of the same size at `vector` from it, the least within one sample around;
  /// beyond the edges these are repeated.
  package func difference(
    _ row: Int, _ column: Int, _ other: vfi_luma, _ vector: BlockVector
  ) -> Float {
    let side = MacroblockGrid.side / 2
    let (top, left) = (row * side, column * side)
    var least = Float.infinity
    for dy in -1...1 {
      for dx in -1...1 {
        // From one block beyond an edge on, all is alike.
        let y = unsafe max(-side, min(top + Int(vector.y) + dy, other.height))
        let x = unsafe max(-side, min(left + Int(vector.x) + dx, other.width))
        least = min(least, unsafe difference(top, left, other, y, x))
      }
    }
    return least
  }

  /// The same of two places, both at most a block beyond the edges.
  @inline(__always)
  private func difference(
    _ top: Int, _ left: Int, _ other: vfi_luma, _ y: Int, _ x: Int
  ) -> Float {
    var sum = SIMD8<Float>()
    for line in 0..<8 {
      let own = unsafe UnsafeRawPointer(base + (top + line) * stride + left)
      let theirs = unsafe UnsafeRawPointer(other.base + (y + line) * other.stride + x)
      let step =
        unsafe own.loadUnaligned(as: SIMD8<Float>.self)
        - theirs.loadUnaligned(as: SIMD8<Float>.self)
      sum += step.replacing(with: -step, where: step .< 0)
    }
    return sum.sum() / 64
  }
}
