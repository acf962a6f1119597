// SPDX-License-Identifier: MIT
import CIntrinsics

/// Mean luma of each 2x2 block, in 0...255, of the rows `first ..< end` of a level.
///
/// `255 (R + 2 G + B) / 4` of RGB in 0...1 without gaps between the pixels. Four pixels are twelve
/// floats: three vectors whose weights are fixed, summed over both rows first. They make two pixels
/// of the level, whose width is even.
package func halfLuma(_ image: vfi_features, _ luma: vfi_luma, _ first: Int, _ end: Int) {
  let rowFloats = 3 &* image.width
  let scale: Float = 255 / 16
  let (w0, w1, w2) = (
    SIMD4<Float>(1, 2, 1, 1), SIMD4<Float>(2, 1, 1, 2), SIMD4<Float>(1, 1, 2, 1)
  )
  for y in first..<end {
    let out = luma.base + y &* luma.stride
    var p = UnsafePointer(image.floats) + 2 &* y &* rowFloats
    var x = 0
    while x < luma.width {
      let q = p + rowFloats
      let a = (load4(p) + load4(q)) * w0
      let b = (load4(p + 4) + load4(q + 4)) * w1
      let c = (load4(p + 8) + load4(q + 8)) * w2
      out[x] = ((a.x + a.y) + (a.z + a.w) + (b.x + b.y)) * scale
      out[x &+ 1] = ((b.z + b.w) + (c.x + c.y) + (c.z + c.w)) * scale
      x &+= 2
      p += 12
    }
  }
}

/// Means of 2x2 pixels for the rows `first ..< end`; an odd last row or column is dropped.
package func halveLuma(_ finer: vfi_luma, _ level: vfi_luma, _ first: Int, _ end: Int) {
  for y in first..<end {
    let upper = finer.base + 2 &* y &* finer.stride
    let below = upper + finer.stride
    let out = level.base + y &* level.stride
    for x in 0..<level.width {
      let sum = upper[2 &* x] + upper[2 &* x &+ 1] + below[2 &* x] + below[2 &* x &+ 1]
      out[x] = sum * 0.25
    }
  }
}

/// Repeats the pixels at the edges of a level beyond them.
package func repeatEdges(_ level: vfi_luma) {
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
