// SPDX-License-Identifier: MIT
// The tile of `ConvolutionTileBF16.swift` for eight output channels, which fill half a vector: the
// last ones of 24 or 72, and those of the heads.
import CIntrinsics

/// Output channels of one call of `convolutionTileHalfBF16`.
package let convolutionTileHalfWidth = 8

/// Sums of six pixels and eight output channels.
private struct SixHalfSums {
  var s0, s1, s2, s3, s4, s5: SIMD8<Float>

  @inline(__always)
  init(_ bias: SIMD8<Float>) { (s0, s1, s2, s3, s4, s5) = (bias, bias, bias, bias, bias, bias) }

  @inline(__always)
  mutating func add(_ p: SixInputs, _ offset: Int, _ single: Bool, _ weight: SIMD8<UInt32>) {
    s0 = vfi_dot8(s0, SIMD8(repeating: pair(p.p0, offset, single)), weight)
    s1 = vfi_dot8(s1, SIMD8(repeating: pair(p.p1, offset, single)), weight)
    s2 = vfi_dot8(s2, SIMD8(repeating: pair(p.p2, offset, single)), weight)
    s3 = vfi_dot8(s3, SIMD8(repeating: pair(p.p3, offset, single)), weight)
    s4 = vfi_dot8(s4, SIMD8(repeating: pair(p.p4, offset, single)), weight)
    s5 = vfi_dot8(s5, SIMD8(repeating: pair(p.p5, offset, single)), weight)
  }

  @inline(__always)
  func write(_ sums: UnsafeMutablePointer<Float>) {
    store8(s0, sums)
    store8(s1, sums + 8)
    store8(s2, sums + 16)
    store8(s3, sums + 24)
    store8(s4, sums + 32)
    store8(s5, sums + 40)
  }
}

/// Convolves up to 12 pixels of bfloat16 into eight output channels.
package func convolutionTileHalfBF16(_ tile: UnsafePointer<vfi_convolution_tile>) {
  var (a, b) = (SixHalfSums(load8(tile.pointee.bias)), SixHalfSums(load8(tile.pointee.bias)))
  var (weights, p) = (tile.pointee.weights, tile.pointee.inputs)
  for tap in 0..<tapCount(tile) {
    let channels =
      tap < tile.pointee.taps ? tile.pointee.input_channels : tile.pointee.rest_channels
    let (low, high) = (SixInputs(p), SixInputs(p + 6))
    var offset = 0
    while offset < 4 &* (channels / 2) {
      let weight = weights.loadUnaligned(as: SIMD8<UInt32>.self)
      a.add(low, offset, false, weight)
      b.add(high, offset, false, weight)
      weights += 32
      offset &+= 4
    }
    if channels & 1 != 0 {
      let weight = weights.loadUnaligned(as: SIMD8<UInt32>.self)
      a.add(low, offset, true, weight)
      b.add(high, offset, true, weight)
      weights += 32
    }
    p += 12
  }
  a.write(tile.pointee.sums)
  b.write(tile.pointee.sums + 48)
  finishHalfTile(tile)
}

/// What `finishTile` does, for eight output channels.
@inline(__always)
private func finishHalfTile(_ tile: UnsafePointer<vfi_convolution_tile>) {
  let t = tile.pointee
  guard let outputs = t.outputs else { return }
  for pixel in 0..<t.pixels {
    var sum = load8(t.sums + 8 &* pixel)
    if let residuals = t.residuals {
      let residual = residuals[pixel]
      for lane in 0..<t.output_channels {
        sum[lane] += load1(residual, t.first_channel &+ lane, t.residual_bfloat16)
      }
    }
    if let slopes = t.slopes { sum = vfi_prelu8(sum, load8(slopes)) }
    let output = place(outputs[pixel], t.first_channel, t.output_bfloat16)
    if t.output_channels == 8 {
      if t.output_bfloat16 {
        output.storeBytes(of: vfi_narrow8(sum), as: SIMD8<UInt16>.self)
      } else {
        output.storeBytes(of: sum, as: SIMD8<Float>.self)
      }
    } else {
      for lane in 0..<t.output_channels { store1(sum[lane], output, lane, t.output_bfloat16) }
    }
  }
}
