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
  transformTiles(argument, half: false)
}

/// The same for bfloat16: computed in float32, rounded once.
package func winogradInputBF16(_ argument: UnsafePointer<vfi_winograd_input>) {
  transformTiles(argument, half: true)
}

@inline(__always)
private func transformTiles(_ argument: UnsafePointer<vfi_winograd_input>, half: Bool) {
  let t = argument.pointee
  for tile in 0..<t.tiles {
    let pixels = t.pixels + 16 &* tile
    let values = place(t.values, tile &* t.tile_stride, half)
    if t.channels < lanes {
      transformFew(pixels, t.channels, values, t.point_stride, half)
      continue
    }
    // The last vector may repeat channels of the one before it, but not read past the pixel.
    let last = t.channels &- lanes
    var channel = 0
    while true {
      storePoints(
        loadRow(pixels, channel, half), loadRow(pixels + 4, channel, half),
        loadRow(pixels + 8, channel, half), loadRow(pixels + 12, channel, half),
        place(values, channel, half), t.point_stride, half)
      if channel == last { break }
      channel = channel &+ lanes < last ? channel &+ lanes : last
    }
  }
}

/// Transforms fewer channels than a vector has lanes, where the result goes: that memory has room for
/// whole vectors.
@inline(__always)
private func transformFew(
  _ pixels: UnsafePointer<UnsafeRawPointer>, _ channels: Int, _ values: UnsafeMutableRawPointer,
  _ pointStride: Int, _ half: Bool
) {
  for point in 0..<16 {
    let bytes = half ? 2 &* channels : 4 &* channels
    place(values, point &* pointStride, half).copyMemory(from: pixels[point], byteCount: bytes)
  }
  storePoints(
    loadRow(values, 0, pointStride, half), loadRow(values, 4, pointStride, half),
    loadRow(values, 8, pointStride, half), loadRow(values, 12, pointStride, half), values,
    pointStride, half)
}

/// Transforms a tile of which all rows are loaded, and stores its points.
@inline(__always)
private func storePoints(
  _ r0: Row, _ r1: Row, _ r2: Row, _ r3: Row, _ values: UnsafeMutableRawPointer,
  _ pointStride: Int, _ half: Bool
) {
  storeRow((r0 - r2).forward, values, pointStride, half)
  storeRow((r1 + r2).forward, place(values, 4 &* pointStride, half), pointStride, half)
  storeRow((r2 - r1).forward, place(values, 8 &* pointStride, half), pointStride, half)
  storeRow((r1 - r3).forward, place(values, 12 &* pointStride, half), pointStride, half)
}

/// The channels of four pixels.
@inline(__always)
private func loadRow(
  _ pixels: UnsafePointer<UnsafeRawPointer>, _ channel: Int, _ half: Bool
) -> Row {
  Row(
    a: load(pixels[0], channel, half), b: load(pixels[1], channel, half),
    c: load(pixels[2], channel, half), d: load(pixels[3], channel, half))
}

/// Four points from `point` on.
@inline(__always)
private func loadRow(
  _ values: UnsafeMutableRawPointer, _ point: Int, _ stride: Int, _ half: Bool
) -> Row {
  let base = UnsafeRawPointer(values)
  return Row(
    a: load(base, point &* stride, half), b: load(base, (point &+ 1) &* stride, half),
    c: load(base, (point &+ 2) &* stride, half), d: load(base, (point &+ 3) &* stride, half))
}

@inline(__always)
private func storeRow(
  _ row: Row, _ values: UnsafeMutableRawPointer, _ pointStride: Int, _ half: Bool
) {
  store(row.a, values, 0, half)
  store(row.b, values, pointStride, half)
  store(row.c, values, 2 &* pointStride, half)
  store(row.d, values, 3 &* pointStride, half)
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
