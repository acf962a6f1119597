// SPDX-License-Identifier: MIT
// Indirect convolution of int8: the tiles of `ConvolutionTile.swift`, but each step takes four input
// channels, and each pixel and each output has a step, the value of 1:
//     sums[p][o] = bias[o] + step[o] * sum over taps of step[tap][p] * dot(value[tap][p], weight[tap][o])
//
// The instruction takes one factor without a sign: values have 128 added, and each tap's dot products
// start with what that makes too much.
import CIntrinsics

extension WideWords {
  @inline(__always)
  fileprivate mutating func add(_ x: UInt32, _ weight: WideWords) {
    let x = Words(repeating: x)
    low = vfi_byte_dot(low, x, weight.low)
    high = vfi_byte_dot(high, x, weight.high)
  }
}

extension WideSum {
  @inline(__always)
  fileprivate init() { (low, high) = (.zero, .zero) }

  /// Adds what the dot products of a tap stand for.
  @inline(__always)
  fileprivate mutating func add(_ dots: WideWords, of pixel: UnsafeRawPointer) {
    let step = Vector(repeating: pixel.loadUnaligned(as: Float.self))
    low = multiplyAdd(vfi_sums_to_floats(dots.low), step, low)
    high = multiplyAdd(vfi_sums_to_floats(dots.high), step, high)
  }

  @inline(__always)
  fileprivate func finished(_ steps: WideSum, _ bias: WideSum) -> WideSum {
    var result = self
    result.low = multiplyAdd(low, steps.low, bias.low)
    result.high = multiplyAdd(high, steps.high, bias.high)
    return result
  }
}

/// The quad of channels at byte `offset`; the step stands before the first one.
@inline(__always)
private func quad(_ pixel: UnsafeRawPointer, _ offset: Int) -> UInt32 {
  pixel.loadUnaligned(fromByteOffset: 4 &+ offset, as: UInt32.self)
}

/// Convolves up to 12 pixels of int8 into two vectors of output channels.
package func convolutionTileWideInt8(_ tile: UnsafePointer<vfi_convolution_tile>) {
  accumulateWide6(tile, first: 0)
  if tile.pointee.pixels > 6 { accumulateWide6(tile, first: 6) }
  finishTile(tile, vectors: 2)
}

@inline(__always)
private func accumulateWide6(_ tile: UnsafePointer<vfi_convolution_tile>, first: Int) {
  var (s0, s1, s2) = (WideSum(), WideSum(), WideSum())
  var (s3, s4, s5) = (WideSum(), WideSum(), WideSum())
  guard let steps = tile.pointee.steps else { return }
  var (weights, p) = (tile.pointee.weights, tile.pointee.inputs + first)
  for _ in 0..<tile.pointee.taps {
    let x = SixInputs(p)
    let start = WideWords(weights)
    var (d0, d1, d2, d3, d4, d5) = (start, start, start, start, start, start)
    weights += 8 &* lanes
    var offset = 0
    while offset < tile.pointee.input_channels {
      let weight = WideWords(weights)
      d0.add(quad(x.p0, offset), weight)
      d1.add(quad(x.p1, offset), weight)
      d2.add(quad(x.p2, offset), weight)
      d3.add(quad(x.p3, offset), weight)
      d4.add(quad(x.p4, offset), weight)
      d5.add(quad(x.p5, offset), weight)
      weights += 8 &* lanes
      offset &+= 4
    }
    s0.add(d0, of: x.p0)
    s1.add(d1, of: x.p1)
    s2.add(d2, of: x.p2)
    s3.add(d3, of: x.p3)
    s4.add(d4, of: x.p4)
    s5.add(d5, of: x.p5)
    p += 12
  }
  let (step, bias) = (WideSum(steps), WideSum(tile.pointee.bias))
  let sums = tile.pointee.sums + 2 &* lanes &* first
  s0.finished(step, bias).write(0, sums)
  s1.finished(step, bias).write(1, sums)
  s2.finished(step, bias).write(2, sums)
  s3.finished(step, bias).write(3, sums)
  s4.finished(step, bias).write(4, sums)
  s5.finished(step, bias).write(5, sums)
}

/// Sums of six pixels and one vector of output channels.
private struct SixSums {
  var s0, s1, s2, s3, s4, s5: Vector

  @inline(__always)
  init() { (s0, s1, s2, s3, s4, s5) = (.zero, .zero, .zero, .zero, .zero, .zero) }

  @inline(__always)
  mutating func add(_ dots: SixDots, of x: SixInputs) {
    s0 = added(s0, dots.d0, x.p0)
    s1 = added(s1, dots.d1, x.p1)
    s2 = added(s2, dots.d2, x.p2)
    s3 = added(s3, dots.d3, x.p3)
    s4 = added(s4, dots.d4, x.p4)
    s5 = added(s5, dots.d5, x.p5)
  }

  @inline(__always)
  private func added(_ sum: Vector, _ dots: Words, _ pixel: UnsafeRawPointer) -> Vector {
    multiplyAdd(
      vfi_sums_to_floats(dots), Vector(repeating: pixel.loadUnaligned(as: Float.self)), sum)
  }

  @inline(__always)
  func write(_ steps: Vector, _ bias: Vector, _ sums: UnsafeMutablePointer<Float>) {
    store(multiplyAdd(s0, steps, bias), sums)
    store(multiplyAdd(s1, steps, bias), sums + lanes)
    store(multiplyAdd(s2, steps, bias), sums + 2 &* lanes)
    store(multiplyAdd(s3, steps, bias), sums + 3 &* lanes)
    store(multiplyAdd(s4, steps, bias), sums + 4 &* lanes)
    store(multiplyAdd(s5, steps, bias), sums + 5 &* lanes)
  }
}

/// Dot products of six pixels and one vector of output channels at one tap.
private struct SixDots {
  var d0, d1, d2, d3, d4, d5: Words

  @inline(__always)
  init(_ start: Words) { (d0, d1, d2, d3, d4, d5) = (start, start, start, start, start, start) }

  @inline(__always)
  mutating func add(_ x: SixInputs, _ offset: Int, _ weight: Words) {
    d0 = vfi_byte_dot(d0, Words(repeating: quad(x.p0, offset)), weight)
    d1 = vfi_byte_dot(d1, Words(repeating: quad(x.p1, offset)), weight)
    d2 = vfi_byte_dot(d2, Words(repeating: quad(x.p2, offset)), weight)
    d3 = vfi_byte_dot(d3, Words(repeating: quad(x.p3, offset)), weight)
    d4 = vfi_byte_dot(d4, Words(repeating: quad(x.p4, offset)), weight)
    d5 = vfi_byte_dot(d5, Words(repeating: quad(x.p5, offset)), weight)
  }
}

/// Convolves up to 12 pixels of int8 into one vector of output channels.
package func convolutionTileNarrowInt8(_ tile: UnsafePointer<vfi_convolution_tile>) {
  var (a, b) = (SixSums(), SixSums())
  guard let steps = tile.pointee.steps else { return }
  var (weights, p) = (tile.pointee.weights, tile.pointee.inputs)
  for _ in 0..<tile.pointee.taps {
    let (low, high) = (SixInputs(p), SixInputs(p + 6))
    let start = weights.loadUnaligned(as: Words.self)
    var (first, second) = (SixDots(start), SixDots(start))
    weights += 4 &* lanes
    var offset = 0
    while offset < tile.pointee.input_channels {
      let weight = weights.loadUnaligned(as: Words.self)
      first.add(low, offset, weight)
      second.add(high, offset, weight)
      weights += 4 &* lanes
      offset &+= 4
    }
    a.add(first, of: low)
    b.add(second, of: high)
    p += 12
  }
  let (step, bias) = (load(steps), load(tile.pointee.bias))
  a.write(step, bias, tile.pointee.sums)
  b.write(step, bias, tile.pointee.sums + 6 &* lanes)
  finishTile(tile, vectors: 1)
}
