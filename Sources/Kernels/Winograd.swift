// SPDX-License-Identifier: MIT
// Winograd's minimal filtering F(2x2, 3x3) (Lavin and Gray, arXiv 1509.09308):
//     Y = A^T [ (G g G^T) * (B^T d B) ] A
// gives 2x2 outputs of a 3x3 convolution from 4x4 inputs d with 16 products instead of 36. The
// products of all channels are 16 matrix products, which the convolution kernels compute; here are
// the two transforms around them. All factors are 1 or -1, so float32 loses almost nothing.
import CIntrinsics

/// Four vectors: one row of a 4x4 tile, each element a vector of channels.
private struct Row {
  var a: Vector
  var b: Vector
  var c: Vector
  var d: Vector

  /// Multiplies the row by B.
  @inline(__always)
  var forward: Row { Row(a: a - c, b: b + c, c: c - b, d: b - d) }

  /// Multiplies the row by A: two results.
  @inline(__always)
  var back: (Vector, Vector) { (a + b + c, b - c - d) }

  @inline(__always)
  static func + (x: Row, y: Row) -> Row {
    Row(a: x.a + y.a, b: x.b + y.b, c: x.c + y.c, d: x.d + y.d)
  }

  @inline(__always)
  static func - (x: Row, y: Row) -> Row {
    Row(a: x.a - y.a, b: x.b - y.b, c: x.c - y.c, d: x.d - y.d)
  }
}

/// Computes B^T d B of every tile and channel.
package func winogradInput(_ argument: UnsafePointer<vfi_winograd_input>) {
  let t = argument.pointee
  for tile in 0..<t.tiles {
    let pixels = UnsafeRawPointer(t.pixels + 16 &* tile)
      .assumingMemoryBound(to: UnsafePointer<Float>.self)
    let values = t.values + tile &* t.tile_stride
    var channel = 0
    while channel &+ lanes <= t.channels {
      transformInput(pixels, channel, lanes, values, t.point_stride)
      channel &+= lanes
    }
    if channel == t.channels { continue }
    // The last vector may repeat channels of the one before it, but not read past the pixel.
    if t.channels >= lanes {
      transformInput(pixels, t.channels &- lanes, lanes, values, t.point_stride)
    } else {
      transformInput(pixels, 0, t.channels, values, t.point_stride)
    }
  }
}

@inline(__always)
private func transformInput(
  _ pixels: UnsafePointer<UnsafePointer<Float>>, _ channel: Int, _ count: Int,
  _ values: UnsafeMutablePointer<Float>, _ pointStride: Int
) {
  let r0 = loadRow(pixels, channel, count)
  let r1 = loadRow(pixels + 4, channel, count)
  let r2 = loadRow(pixels + 8, channel, count)
  let r3 = loadRow(pixels + 12, channel, count)
  let target = values + channel
  storeRow((r0 - r2).forward, target, pointStride)
  storeRow((r1 + r2).forward, target + 4 &* pointStride, pointStride)
  storeRow((r2 - r1).forward, target + 8 &* pointStride, pointStride)
  storeRow((r1 - r3).forward, target + 12 &* pointStride, pointStride)
}

@inline(__always)
private func loadRow(
  _ pixels: UnsafePointer<UnsafePointer<Float>>, _ channel: Int, _ count: Int
) -> Row {
  Row(
    a: load(pixels[0] + channel, upTo: count), b: load(pixels[1] + channel, upTo: count),
    c: load(pixels[2] + channel, upTo: count), d: load(pixels[3] + channel, upTo: count))
}

@inline(__always)
private func storeRow(_ row: Row, _ target: UnsafeMutablePointer<Float>, _ stride: Int) {
  store(row.a, target)
  store(row.b, target + stride)
  store(row.c, target + 2 &* stride)
  store(row.d, target + 3 &* stride)
}

/// Computes A^T m A of every tile for a block of two vectors of output channels.
package func winogradOutputWide(_ argument: UnsafePointer<vfi_winograd_output>) {
  transformOutput(argument, vectors: 2)
}

/// Computes A^T m A of every tile for a block of one vector of output channels.
package func winogradOutputNarrow(_ argument: UnsafePointer<vfi_winograd_output>) {
  transformOutput(argument, vectors: 1)
}

@inline(__always)
private func transformOutput(_ argument: UnsafePointer<vfi_winograd_output>, vectors: Int) {
  let t = argument.pointee
  for tile in 0..<t.tiles {
    for vector in 0..<vectors {
      let channel = vector &* lanes
      let count = t.output_channels &- channel
      if count <= 0 { break }
      let sums = t.sums + (tile &* vectors &+ vector) &* lanes
      let r0 = loadPoints(sums, t.point_stride)
      let r1 = loadPoints(sums + 4 &* t.point_stride, t.point_stride)
      let r2 = loadPoints(sums + 8 &* t.point_stride, t.point_stride)
      let r3 = loadPoints(sums + 12 &* t.point_stride, t.point_stride)
      let top = (r0 + r1 + r2).back
      let bottom = (r1 - r2 - r3).back
      let outputs = 4 &* tile
      finishPixel(argument, top.0, outputs, channel, count)
      finishPixel(argument, top.1, outputs &+ 1, channel, count)
      finishPixel(argument, bottom.0, outputs &+ 2, channel, count)
      finishPixel(argument, bottom.1, outputs &+ 3, channel, count)
    }
  }
}

@inline(__always)
private func loadPoints(_ sums: UnsafePointer<Float>, _ stride: Int) -> Row {
  Row(
    a: load(sums), b: load(sums + stride), c: load(sums + 2 &* stride),
    d: load(sums + 3 &* stride))
}

@inline(__always)
private func finishPixel(
  _ argument: UnsafePointer<vfi_winograd_output>, _ value: Vector, _ index: Int, _ channel: Int,
  _ count: Int
) {
  guard let output = argument.pointee.outputs[index] else { return }
  let offset = argument.pointee.first_channel &+ channel
  var sum = value + load(argument.pointee.bias + channel)
  if let residual = argument.pointee.residuals?[index] {
    sum += load(residual, offset, upTo: count, argument.pointee.residual_bfloat16)
  }
  if let slopes = argument.pointee.slopes { sum = prelu(sum, load(slopes + channel)) }
  store(sum, output, offset, upTo: count, argument.pointee.output_bfloat16)
}
