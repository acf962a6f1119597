// SPDX-License-Identifier: MIT
import CIntrinsics

/// Mean luma of each 4x4 block, in 0...255, of the output rows `first ..< end`.
///
/// `255 (R + 2 G + B) / 4` of RGB in 0...1 without gaps between the pixels. Four pixels are twelve
/// floats: three vectors whose weights are fixed, summed over the four rows first.
package func quarterLuma(
  _ image: vfi_features, _ luma: vfi_features, _ first: Int, _ end: Int
) {
  let rowFloats = 3 &* image.width
  let scale: Float = 255 / 64
  let (w0, w1, w2) = (
    SIMD4<Float>(1, 2, 1, 1), SIMD4<Float>(2, 1, 1, 2), SIMD4<Float>(1, 1, 2, 1)
  )
  for y in first..<end {
    let out = luma.floats + y &* luma.width
    var p = UnsafePointer(image.floats) + 4 &* y &* rowFloats
    for x in 0..<luma.width {
      var (a, b, c) = (load4(p), load4(p + 4), load4(p + 8))
      for row in 1..<4 {
        let q = p + row &* rowFloats
        a += load4(q)
        b += load4(q + 4)
        c += load4(q + 8)
      }
      let total = a * w0 + (b * w1 + c * w2)
      out[x] = ((total.x + total.y) + (total.z + total.w)) * scale
      p += 12
    }
  }
}

/// Copies `[H, W, 1]` to a level and repeats its edges.
package func copyLuma(_ source: vfi_features, _ level: vfi_luma) {
  for y in 0..<level.height {
    let row = source.floats + y &* source.width &* source.stride
    let out = level.base + y &* level.stride
    for x in 0..<level.width { out[x] = row[x &* source.stride] }
  }
  repeatEdges(level)
}

/// Means of 2x2 pixels; an odd last row or column is dropped.
///
/// Repeats the edges, too.
package func halveLuma(_ finer: vfi_luma, _ level: vfi_luma) {
  for y in 0..<level.height {
    let upper = finer.base + 2 &* y &* finer.stride
    let below = upper + finer.stride
    let out = level.base + y &* level.stride
    for x in 0..<level.width {
      let sum = upper[2 &* x] + upper[2 &* x &+ 1] + below[2 &* x] + below[2 &* x &+ 1]
      out[x] = sum * 0.25
    }
  }
  repeatEdges(level)
}

@inline(__always)
func repeatEdges(_ level: vfi_luma) {
  let border = Int(VFI_LUMA_BORDER)
  for y in 0..<level.height {
    let row = level.base + y &* level.stride
    for x in 1...border {
      row[-x] = row[0]
      row[level.width &- 1 &+ x] = row[level.width &- 1]
    }
  }
  let count = level.width &+ 2 &* border
  let top = level.base - border
  let bottom = top + (level.height &- 1) &* level.stride
  for y in 1...border {
    for x in 0..<count {
      (top - y &* level.stride)[x] = top[x]
      (bottom + y &* level.stride)[x] = bottom[x]
    }
  }
}
