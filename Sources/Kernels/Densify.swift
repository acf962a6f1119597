// SPDX-License-Identifier: MIT
// Flow of patches to flow of pixels.
import CIntrinsics

/// Dense flow of the rows `first ..< end`: each pixel takes the weighted mean of the patches over it.
///
/// A row of pixels gathers from the two or three rows of patches that cover it, from top to bottom
/// and from left to right, so that the sum does not depend on how the rows are shared out.
/// `sums` is memory for `3 * width` floats.
package func densify(
  _ search: UnsafePointer<vfi_inverse_search>, _ first: Int, _ end: Int,
  _ sums: UnsafeMutablePointer<Float>
) {
  let s = search.pointee
  let width = s.first.width
  for y in first..<end {
    for i in 0..<3 &* width { sums[i] = 0 }
    let firstRow = lower(y &- 7, Int.max) >> 2
    let lastRow = lower((y &+ 3) >> 2, s.rows &- 1)
    var row = firstRow
    while row <= lastRow {
      let top = lower(row &* 4, s.first.height &- 8)
      if top <= y && y < top &+ 8 { addPatchRow(s, row, y &- top, sums) }
      row &+= 1
    }
    let out = s.dense + y &* 2 &* (width &+ 2)
    for x in 0..<width {
      // Weights of 8-bit luma are at least 1e-5; those of infinite luma are 0.
      let total = sums[x] > 1e-20 ? sums[x] : 1e-20
      out[2 &* x &+ 2] = sums[width &+ x] / total
      out[2 &* x &+ 3] = sums[2 &* width &+ x] / total
    }
    (out[0], out[1]) = (out[2], out[3])
    (out[2 &* width &+ 2], out[2 &* width &+ 3]) = (out[2 &* width], out[2 &* width &+ 1])
  }
}

/// Adds one line of each patch of a row of patches: weights, weights times x, weights times y.
///
/// Neighbouring patches share half of their pixels. That half stays in registers until the next patch
/// is added: loads that overlap the last two stores would have to wait for them.
@inline(__always)
private func addPatchRow(
  _ s: vfi_inverse_search, _ row: Int, _ line: Int, _ sums: UnsafeMutablePointer<Float>
) {
  let width = s.first.width
  var weights = UnsafePointer(s.patch_weights) + (64 &* row &* s.columns &+ 8 &* line)
  var flow = UnsafePointer(s.patch_flow) + 2 &* row &* s.columns
  var p = sums
  var (total, sumX, sumY) = (load4(p), load4(p + width), load4(p + 2 &* width))
  // All but the last patch begin four pixels after the one before.
  for _ in 1..<s.columns {
    let (left, right) = (load4(weights), load4(weights + 4))
    let (x, y) = (SIMD4(repeating: flow[0]), SIMD4(repeating: flow[1]))
    store4(total + left, p)
    store4(multiplyAdd4(left, x, sumX), p + width)
    store4(multiplyAdd4(left, y, sumY), p + 2 &* width)
    p += 4
    total = load4(p) + right
    sumX = multiplyAdd4(right, x, load4(p + width))
    sumY = multiplyAdd4(right, y, load4(p + 2 &* width))
    weights += 64
    flow += 2
  }
  store4(total, p)
  store4(sumX, p + width)
  store4(sumY, p + 2 &* width)
  p = sums + (width &- 8)
  let last = load8(weights)
  store8(load8(p) + last, p)
  store8(multiplyAdd8(last, SIMD8(repeating: flow[0]), load8(p + width)), p + width)
  store8(multiplyAdd8(last, SIMD8(repeating: flow[1]), load8(p + 2 &* width)), p + 2 &* width)
}

/// Median of 3x3 of the rows `first ..< end`, each component by itself, edges repeated.
///
/// x and y alternate, so neighbours are two floats apart and one vector holds both. The last vector
/// of a row ends at its last float and overlaps the one before it; a row has at least 16 floats.
package func medianFlow(
  _ search: UnsafePointer<vfi_inverse_search>, _ first: Int, _ end: Int
) {
  let s = search.pointee
  let count = 2 &* s.first.width
  let stride = count &+ 4
  for y in first..<end {
    let middle = UnsafePointer(s.dense) + (y &* stride &+ 2)
    let above = y > 0 ? middle - stride : middle
    let below = y < s.first.height &- 1 ? middle + stride : middle
    let out = s.flow + y &* count
    var i = 0
    while i < count &- 8 {
      store8(median9(above + i, middle + i, below + i), out + i)
      i &+= 8
    }
    i = count &- 8
    store8(median9(above + i, middle + i, below + i), out + i)
  }
}

/// Median of nine: sort each column of three; then the median of the highest low, the median middle
/// and the lowest high.
@inline(__always)
private func median9(
  _ a: UnsafePointer<Float>, _ b: UnsafePointer<Float>, _ c: UnsafePointer<Float>
) -> SIMD8<Float> {
  let left = sorted(load8(a - 2), load8(b - 2), load8(c - 2))
  let centre = sorted(load8(a), load8(b), load8(c))
  let right = sorted(load8(a + 2), load8(b + 2), load8(c + 2))
  let low = vfi_higher8(vfi_higher8(left.0, centre.0), right.0)
  let high = vfi_lower8(vfi_lower8(left.2, centre.2), right.2)
  let middle = sorted(left.1, centre.1, right.1).1
  return sorted(low, middle, high).1
}

@inline(__always)
private func sorted(
  _ a: SIMD8<Float>, _ b: SIMD8<Float>, _ c: SIMD8<Float>
) -> (SIMD8<Float>, SIMD8<Float>, SIMD8<Float>) {
  let (low, high) = (vfi_lower8(a, b), vfi_higher8(a, b))
  let middle = vfi_lower8(high, c)
  return (vfi_lower8(low, middle), vfi_higher8(low, middle), vfi_higher8(high, c))
}
