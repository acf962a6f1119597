// SPDX-License-Identifier: MIT
// Indirect convolution of bfloat16, accumulated in float32: the tiles of `ConvolutionTile.swift`, but
// each step takes a pair of input channels, which one instruction multiplies and adds where the
// machine has AVX512_BF16. Elsewhere both are widened by shifts: that costs more than float32.
import CIntrinsics

/// The pair of channels at byte `offset`; of the last channel of an odd number, that one and 0.
@inline(__always)
func pair(_ pixel: UnsafeRawPointer, _ offset: Int, _ single: Bool) -> UInt32 {
  single
    ? UInt32(pixel.loadUnaligned(fromByteOffset: offset, as: UInt16.self))
    : pixel.loadUnaligned(fromByteOffset: offset, as: UInt32.self)
}

extension WideSum {
  @inline(__always)
  fileprivate mutating func add(_ x: UInt32, _ weight: WideWords) {
    let x = Words(repeating: x)
    low = dot(low, x, weight.low)
    high = dot(high, x, weight.high)
  }
}

/// Sums of six pixels and two vectors of output channels.
private struct SixWideSums {
  var s0, s1, s2, s3, s4, s5: WideSum

  @inline(__always)
  init(_ bias: WideSum) { (s0, s1, s2, s3, s4, s5) = (bias, bias, bias, bias, bias, bias) }

  @inline(__always)
  mutating func add(_ p: SixInputs, _ offset: Int, _ single: Bool, _ weight: WideWords) {
    s0.add(pair(p.p0, offset, single), weight)
    s1.add(pair(p.p1, offset, single), weight)
    s2.add(pair(p.p2, offset, single), weight)
    s3.add(pair(p.p3, offset, single), weight)
    s4.add(pair(p.p4, offset, single), weight)
    s5.add(pair(p.p5, offset, single), weight)
  }

  @inline(__always)
  func write(_ sums: UnsafeMutablePointer<Float>) {
    s0.write(0, sums)
    s1.write(1, sums)
    s2.write(2, sums)
    s3.write(3, sums)
    s4.write(4, sums)
    s5.write(5, sums)
  }
}

/// Sums of six pixels and one vector of output channels.
private struct SixSums {
  var s0, s1, s2, s3, s4, s5: Vector

  @inline(__always)
  init(_ bias: Vector) { (s0, s1, s2, s3, s4, s5) = (bias, bias, bias, bias, bias, bias) }

  @inline(__always)
  mutating func add(_ p: SixInputs, _ offset: Int, _ single: Bool, _ weight: Words) {
    s0 = dot(s0, Words(repeating: pair(p.p0, offset, single)), weight)
    s1 = dot(s1, Words(repeating: pair(p.p1, offset, single)), weight)
    s2 = dot(s2, Words(repeating: pair(p.p2, offset, single)), weight)
    s3 = dot(s3, Words(repeating: pair(p.p3, offset, single)), weight)
    s4 = dot(s4, Words(repeating: pair(p.p4, offset, single)), weight)
    s5 = dot(s5, Words(repeating: pair(p.p5, offset, single)), weight)
  }

  @inline(__always)
  func write(_ sums: UnsafeMutablePointer<Float>) {
    store(s0, sums)
    store(s1, sums + lanes)
    store(s2, sums + 2 &* lanes)
    store(s3, sums + 3 &* lanes)
    store(s4, sums + 4 &* lanes)
    store(s5, sums + 5 &* lanes)
  }
}

/// Convolves up to 12 pixels of bfloat16 into two vectors of output channels.
package func convolutionTileWideBF16(_ tile: UnsafePointer<vfi_convolution_tile>) {
  #if VFI_AVX512
    accumulateWide12(tile)
  #else
    accumulateWide6(tile, first: 0)
    if tile.pointee.pixels > 6 { accumulateWide6(tile, first: 6) }
  #endif
  finishTile(tile, vectors: 2)
}

/// Convolves up to 12 pixels of bfloat16 into one vector of output channels.
package func convolutionTileNarrowBF16(_ tile: UnsafePointer<vfi_convolution_tile>) {
  accumulateNarrow12(tile)
  finishTile(tile, vectors: 1)
}

/// Pointers of a pixel: the taps of one map or of two.
@inline(__always)
func tapCount(_ tile: UnsafePointer<vfi_convolution_tile>) -> Int {
  tile.pointee.rest_channels > 0 ? 2 &* tile.pointee.taps : tile.pointee.taps
}

#if VFI_AVX512
  @inline(__always)
  private func accumulateWide12(_ tile: UnsafePointer<vfi_convolution_tile>) {
    var (a, b) = (SixWideSums(WideSum(tile.pointee.bias)), SixWideSums(WideSum(tile.pointee.bias)))
    var (weights, p) = (tile.pointee.weights, tile.pointee.inputs)
    for tap in 0..<tapCount(tile) {
      let channels =
        tap < tile.pointee.taps ? tile.pointee.input_channels : tile.pointee.rest_channels
      let (low, high) = (SixInputs(p), SixInputs(p + 6))
      var offset = 0
      while offset < 4 &* (channels / 2) {
        let weight = WideWords(weights)
        a.add(low, offset, false, weight)
        b.add(high, offset, false, weight)
        weights += 8 &* lanes
        offset &+= 4
      }
      if channels & 1 != 0 {
        let weight = WideWords(weights)
        a.add(low, offset, true, weight)
        b.add(high, offset, true, weight)
        weights += 8 &* lanes
      }
      p += 12
    }
    a.write(tile.pointee.sums)
    b.write(tile.pointee.sums + 12 &* lanes)
  }
#else
  @inline(__always)
  private func accumulateWide6(_ tile: UnsafePointer<vfi_convolution_tile>, first: Int) {
    var a = SixWideSums(WideSum(tile.pointee.bias))
    var (weights, p) = (tile.pointee.weights, tile.pointee.inputs + first)
    for tap in 0..<tapCount(tile) {
      let channels =
        tap < tile.pointee.taps ? tile.pointee.input_channels : tile.pointee.rest_channels
      let inputs = SixInputs(p)
      var offset = 0
      while offset < 4 &* (channels / 2) {
        a.add(inputs, offset, false, WideWords(weights))
        weights += 8 &* lanes
        offset &+= 4
      }
      if channels & 1 != 0 {
        a.add(inputs, offset, true, WideWords(weights))
        weights += 8 &* lanes
      }
      p += 12
    }
    a.write(tile.pointee.sums + 2 &* lanes &* first)
  }
#endif

@inline(__always)
private func accumulateNarrow12(_ tile: UnsafePointer<vfi_convolution_tile>) {
  var (a, b) = (SixSums(load(tile.pointee.bias)), SixSums(load(tile.pointee.bias)))
  var (weights, p) = (tile.pointee.weights, tile.pointee.inputs)
  for tap in 0..<tapCount(tile) {
    let channels =
      tap < tile.pointee.taps ? tile.pointee.input_channels : tile.pointee.rest_channels
    let (low, high) = (SixInputs(p), SixInputs(p + 6))
    var offset = 0
    while offset < 4 &* (channels / 2) {
      let weight = weights.loadUnaligned(as: Words.self)
      a.add(low, offset, false, weight)
      b.add(high, offset, false, weight)
      weights += 4 &* lanes
      offset &+= 4
    }
    if channels & 1 != 0 {
      let weight = weights.loadUnaligned(as: Words.self)
      a.add(low, offset, true, weight)
      b.add(high, offset, true, weight)
      weights += 4 &* lanes
    }
    p += 12
  }
  a.write(tile.pointee.sums)
  b.write(tile.pointee.sums + 6 &* lanes)
}
