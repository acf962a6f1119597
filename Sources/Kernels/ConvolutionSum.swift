// SPDX-License-Identifier: MIT
// What the convolution kernels of all types share: sums, and what follows them.
import CIntrinsics

/// Output channels of one call of `convolutionTileWide`.
package let convolutionTileWideWidth = 2 &* lanes

/// Output channels of one call of `convolutionTileNarrow`.
package let convolutionTileNarrowWidth = lanes

/// Two vectors of output channels: the weights of one input channel, or the sums of one pixel.
struct WideSum {
  var low: Vector
  var high: Vector

  @inline(__always)
  init(_ values: UnsafePointer<Float>) {
    low = load(values)
    high = load(values + lanes)
  }

  @inline(__always)
  mutating func add(_ x: Float, _ weight: WideSum) {
    let x = Vector(repeating: x)
    low = multiplyAdd(x, weight.low, low)
    high = multiplyAdd(x, weight.high, high)
  }

  @inline(__always)
  func write(_ pixel: Int, _ sums: UnsafeMutablePointer<Float>) {
    store(low, sums + 2 &* lanes &* pixel)
    store(high, sums + (2 &* pixel &+ 1) &* lanes)
  }
}

/// The weights of a pair or quad of input channels, for two vectors of output channels.
struct WideWords {
  var low: Words
  var high: Words

  @inline(__always)
  init(_ words: UnsafeRawPointer) {
    low = words.loadUnaligned(as: Words.self)
    high = words.loadUnaligned(fromByteOffset: 4 &* lanes, as: Words.self)
  }
}

/// The inputs of six pixels at one tap.
struct SixInputs {
  let p0, p1, p2, p3, p4, p5: UnsafeRawPointer

  @inline(__always)
  init(_ p: UnsafePointer<UnsafeRawPointer>) {
    (p0, p1, p2, p3, p4, p5) = (p[0], p[1], p[2], p[3], p[4], p[5])
  }
}

/// Adds the residual, applies the activation and stores what exists of the tile.
///
/// The sums come through memory (24 stores beside thousands of multiply-adds), which keeps this
/// out of the loop's registers. A block's last channels are stored one by one: the channels behind
/// them may belong to another layer's slice.
@inline(__always)
func finishTile(_ tile: UnsafePointer<vfi_convolution_tile>, vectors: Int) {
  let t = tile.pointee
  guard let outputs = t.outputs else { return }
  for pixel in 0..<t.pixels {
    for vector in 0..<vectors {
      let channel = vector &* lanes
      let count = t.output_channels &- channel
      if count <= 0 { break }
      let offset = t.first_channel &+ channel
      var sum = load(t.sums + (pixel &* vectors &+ vector) &* lanes)
      if let residuals = t.residuals {
        sum += load(residuals[pixel], offset, upTo: count, t.residual_bfloat16)
      }
      if let slopes = t.slopes { sum = prelu(sum, load(slopes + channel)) }
      store(sum, outputs[pixel], offset, upTo: count, t.output_bfloat16)
    }
  }
}
