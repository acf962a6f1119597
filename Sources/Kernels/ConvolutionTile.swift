// SPDX-License-Identifier: MIT
// Indirect channels-last convolution: sums[p][o] = bias[o] + sum over taps and input channels of
// input[tap][p][c] * weight[tap][c][o].
//
// Each input is reached through a pointer, so that dense, strided, dilated, transposed and sparse
// convolutions are one loop. The sums of a tile stay in registers: 12 pixels x 2 vectors take 24 of
// AVX-512's 32, with 2 for the weights and 1 for the pixel; with 16 registers it is 6 x 2 or 12 x 1.
// Swift keeps them there when they are named one by one (not as elements of an InlineArray).
import CIntrinsics

/// Convolves up to 12 pixels into two vectors of output channels.
package func convolutionTileWide(_ tile: UnsafePointer<vfi_convolution_tile>) {
  #if VFI_AVX512
    accumulateWide12(tile)
  #else
    accumulateWide6(tile, first: 0)
    if tile.pointee.pixels > 6 { accumulateWide6(tile, first: 6) }
  #endif
  finishTile(tile, vectors: 2)
}

/// Convolves up to 12 pixels into one vector of output channels.
package func convolutionTileNarrow(_ tile: UnsafePointer<vfi_convolution_tile>) {
  accumulateNarrow12(tile)
  finishTile(tile, vectors: 1)
}

#if VFI_AVX512
  @inline(__always)
  private func accumulateWide12(_ tile: UnsafePointer<vfi_convolution_tile>) {
    let bias = WideSum(tile.pointee.bias)
    var (s0, s1, s2, s3, s4, s5) = (bias, bias, bias, bias, bias, bias)
    var (s6, s7, s8, s9, s10, s11) = (bias, bias, bias, bias, bias, bias)
    let channels = tile.pointee.input_channels
    var weights = tile.pointee.weights.assumingMemoryBound(to: Float.self)
    var p = floatInputs(tile)
    for _ in 0..<tile.pointee.taps {
      let (p0, p1, p2, p3, p4, p5) = (p[0], p[1], p[2], p[3], p[4], p[5])
      let (p6, p7, p8, p9, p10, p11) = (p[6], p[7], p[8], p[9], p[10], p[11])
      for c in 0..<channels {
        let weight = WideSum(weights)
        s0.add(p0[c], weight)
        s1.add(p1[c], weight)
        s2.add(p2[c], weight)
        s3.add(p3[c], weight)
        s4.add(p4[c], weight)
        s5.add(p5[c], weight)
        s6.add(p6[c], weight)
        s7.add(p7[c], weight)
        s8.add(p8[c], weight)
        s9.add(p9[c], weight)
        s10.add(p10[c], weight)
        s11.add(p11[c], weight)
        weights += 2 &* lanes
      }
      p += 12
    }
    let sums = tile.pointee.sums
    s0.write(0, sums)
    s1.write(1, sums)
    s2.write(2, sums)
    s3.write(3, sums)
    s4.write(4, sums)
    s5.write(5, sums)
    s6.write(6, sums)
    s7.write(7, sums)
    s8.write(8, sums)
    s9.write(9, sums)
    s10.write(10, sums)
    s11.write(11, sums)
  }
#else
  @inline(__always)
  private func accumulateWide6(_ tile: UnsafePointer<vfi_convolution_tile>, first: Int) {
    let bias = WideSum(tile.pointee.bias)
    var (s0, s1, s2, s3, s4, s5) = (bias, bias, bias, bias, bias, bias)
    let channels = tile.pointee.input_channels
    var weights = tile.pointee.weights.assumingMemoryBound(to: Float.self)
    var p = floatInputs(tile) + first
    for _ in 0..<tile.pointee.taps {
      let (p0, p1, p2, p3, p4, p5) = (p[0], p[1], p[2], p[3], p[4], p[5])
      for c in 0..<channels {
        let weight = WideSum(weights)
        s0.add(p0[c], weight)
        s1.add(p1[c], weight)
        s2.add(p2[c], weight)
        s3.add(p3[c], weight)
        s4.add(p4[c], weight)
        s5.add(p5[c], weight)
        weights += 2 &* lanes
      }
      p += 12
    }
    let sums = tile.pointee.sums + 2 &* lanes &* first
    s0.write(0, sums)
    s1.write(1, sums)
    s2.write(2, sums)
    s3.write(3, sums)
    s4.write(4, sums)
    s5.write(5, sums)
  }
#endif

@inline(__always)
private func accumulateNarrow12(_ tile: UnsafePointer<vfi_convolution_tile>) {
  let bias = load(tile.pointee.bias)
  var (s0, s1, s2, s3, s4, s5) = (bias, bias, bias, bias, bias, bias)
  var (s6, s7, s8, s9, s10, s11) = (bias, bias, bias, bias, bias, bias)
  let channels = tile.pointee.input_channels
  var weights = tile.pointee.weights.assumingMemoryBound(to: Float.self)
  var p = floatInputs(tile)
  for _ in 0..<tile.pointee.taps {
    let (p0, p1, p2, p3, p4, p5) = (p[0], p[1], p[2], p[3], p[4], p[5])
    let (p6, p7, p8, p9, p10, p11) = (p[6], p[7], p[8], p[9], p[10], p[11])
    for c in 0..<channels {
      let weight = load(weights)
      s0 = multiplyAdd(Vector(repeating: p0[c]), weight, s0)
      s1 = multiplyAdd(Vector(repeating: p1[c]), weight, s1)
      s2 = multiplyAdd(Vector(repeating: p2[c]), weight, s2)
      s3 = multiplyAdd(Vector(repeating: p3[c]), weight, s3)
      s4 = multiplyAdd(Vector(repeating: p4[c]), weight, s4)
      s5 = multiplyAdd(Vector(repeating: p5[c]), weight, s5)
      s6 = multiplyAdd(Vector(repeating: p6[c]), weight, s6)
      s7 = multiplyAdd(Vector(repeating: p7[c]), weight, s7)
      s8 = multiplyAdd(Vector(repeating: p8[c]), weight, s8)
      s9 = multiplyAdd(Vector(repeating: p9[c]), weight, s9)
      s10 = multiplyAdd(Vector(repeating: p10[c]), weight, s10)
      s11 = multiplyAdd(Vector(repeating: p11[c]), weight, s11)
      weights += lanes
    }
    p += 12
  }
  let sums = tile.pointee.sums
  store(s0, sums)
  store(s1, sums + lanes)
  store(s2, sums + 2 &* lanes)
  store(s3, sums + 3 &* lanes)
  store(s4, sums + 4 &* lanes)
  store(s5, sums + 5 &* lanes)
  store(s6, sums + 6 &* lanes)
  store(s7, sums + 7 &* lanes)
  store(s8, sums + 8 &* lanes)
  store(s9, sums + 9 &* lanes)
  store(s10, sums + 10 &* lanes)
  store(s11, sums + 11 &* lanes)
}

/// The pointers of a tile whose inputs are float32.
@inline(__always)
private func floatInputs(
  _ tile: UnsafePointer<vfi_convolution_tile>
) -> UnsafePointer<UnsafePointer<Float>> {
  UnsafeRawPointer(tile.pointee.inputs).assumingMemoryBound(to: UnsafePointer<Float>.self)
}
