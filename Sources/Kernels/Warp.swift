// SPDX-License-Identifier: MIT
import CIntrinsics

/// Backward warp of the rows `first ..< end`: `output(x, y) = input(x + flow[0], y + flow[1])`.
///
/// Bilinear; integer coordinates are pixel centres; the coordinate is clamped to the picture before
/// the weights are derived. A flow that is NaN counts as one that leads to coordinate 0.
/// The address and the weights of a pixel serve all its channels, so vectors lie along the channels.
/// The last vector of a pixel ends at its last channel and overlaps the one before it.
package func backwardWarp(_ w: UnsafePointer<vfi_warp>, _ first: Int, _ end: Int) {
  warpRows(w, first, end, half: false)
}

/// The same for bfloat16.
package func backwardWarpBF16(_ w: UnsafePointer<vfi_warp>, _ first: Int, _ end: Int) {
  warpRows(w, first, end, half: true)
}

@inline(__always)
private func warpRows(_ w: UnsafePointer<vfi_warp>, _ first: Int, _ end: Int, half: Bool) {
  let (input, flow, output) = (w.pointee.input, w.pointee.flow, w.pointee.output)
  for y in first..<end {
    var motion = UnsafePointer(flow.floats) + y &* flow.width &* flow.stride
    var pixel = output.row(y, half)
    for x in 0..<output.width {
      let tap = bilinearTap(input, x: Float(x) + motion[0], y: Float(y) + motion[1], half)
      samplePixel(tap, output.channels, pixel, half)
      motion += flow.stride
      pixel = place(pixel, output.stride, half)
    }
  }
}

/// The same with zeros outside of the picture, float32 only.
///
/// A sample up to one pixel outside is mixed with zeros; a flow that is NaN leads outside.
package func backwardWarpZeros(_ w: UnsafePointer<vfi_warp>, _ first: Int, _ end: Int) {
  let (input, flow, output) = (w.pointee.input, w.pointee.flow, w.pointee.output)
  for y in first..<end {
    var motion = UnsafePointer(flow.floats) + y &* flow.width &* flow.stride
    var pixel = output.floats + y &* output.width &* output.stride
    for x in 0..<output.width {
      sampleWithZeros(
        input, x: Float(x) + motion[0], y: Float(y) + motion[1], output.channels, pixel)
      motion += flow.stride
      pixel += output.stride
    }
  }
}

/// All channels at the point `(x, y)`: each of the four pixels around it that exists, weighted.
@inline(__always)
private func sampleWithZeros(
  _ map: vfi_features, x: Float, y: Float, _ channels: Int, _ pixel: UnsafeMutablePointer<Float>
) {
  guard x > -1, y > -1, x < Float(map.width), y < Float(map.height) else {
    for c in 0..<channels { pixel[c] = 0 }
    return
  }
  let (left, top) = (x < 0 ? -1 : Int(x), y < 0 ? -1 : Int(y))
  let (fx, fy) = (x - Float(left), y - Float(top))
  // A weight of zero stands for a pixel that does not exist; another one is read in its place.
  let (hasLeft, hasRight) = (left >= 0, left &+ 1 < map.width)
  let (hasTop, hasBottom) = (top >= 0, top &+ 1 < map.height)
  let base = UnsafePointer(map.floats)
  let a = base + ((hasTop ? top : 0) &* map.width &+ (hasLeft ? left : 0)) &* map.stride
  let right = hasLeft && hasRight ? map.stride : 0
  let down = hasTop && hasBottom ? map.width &* map.stride : 0
  let (wl, wr) = (hasLeft ? 1 - fx : 0, hasRight ? fx : 0)
  let (wt, wb) = (hasTop ? 1 - fy : 0, hasBottom ? fy : 0)
  let weights = SIMD4(wl * wt, wr * wt, wl * wb, wr * wb)
  var c = 0
  while c < channels {
    let count = channels &- c
    var sum = load(a + c, upTo: count) * weights[0]
    sum = multiplyAdd(load(a + right + c, upTo: count), Vector(repeating: weights[1]), sum)
    sum = multiplyAdd(load(a + down + c, upTo: count), Vector(repeating: weights[2]), sum)
    sum = multiplyAdd(load(a + down + right + c, upTo: count), Vector(repeating: weights[3]), sum)
    store(sum, pixel + c, upTo: count)
    c &+= lanes
  }
}

/// The same for two maps of C channels at once: `[a warped, b warped, flow]`, 2 C + 4 channels.
///
/// That is how a refining stage reads them; the output's rows are written once and in order.
package func backwardWarpPair(_ w: UnsafePointer<vfi_warp_pair>, _ first: Int, _ end: Int) {
  warpPairRows(w, first, end, half: false)
}

/// The same for bfloat16.
package func backwardWarpPairBF16(_ w: UnsafePointer<vfi_warp_pair>, _ first: Int, _ end: Int) {
  warpPairRows(w, first, end, half: true)
}

@inline(__always)
private func warpPairRows(_ w: UnsafePointer<vfi_warp_pair>, _ first: Int, _ end: Int, half: Bool) {
  let (a, b) = (w.pointee.a, w.pointee.b)
  let (flow, output) = (w.pointee.flow, w.pointee.output)
  let channels = a.channels
  for y in first..<end {
    var motion = UnsafePointer(flow.floats) + y &* flow.width &* flow.stride
    var pixel = output.row(y, half)
    for x in 0..<output.width {
      let f = load4(motion)
      samplePixel(bilinearTap(a, x: Float(x) + f.x, y: Float(y) + f.y, half), channels, pixel, half)
      samplePixel(
        bilinearTap(b, x: Float(x) + f.z, y: Float(y) + f.w, half), channels,
        place(pixel, channels, half), half)
      store4(f, pixel, 2 &* channels, half)
      motion += flow.stride
      pixel = place(pixel, output.stride, half)
    }
  }
}

/// Inputs of a block at the listed pixels `first ..< end`.
///
/// `[a warped, b warped, coarser features doubled, flow]`: where few pixels are active, neither whole
/// maps are warped nor enlarged, and what the first layer reads lies close together.
package func blockInput(_ w: UnsafePointer<vfi_block_input>, _ first: Int, _ end: Int) {
  blockInputPixels(w, first, end, half: false)
}

/// The same for bfloat16.
package func blockInputBF16(_ w: UnsafePointer<vfi_block_input>, _ first: Int, _ end: Int) {
  blockInputPixels(w, first, end, half: true)
}

@inline(__always)
private func blockInputPixels(
  _ w: UnsafePointer<vfi_block_input>, _ first: Int, _ end: Int, half: Bool
) {
  let (a, b, coarse) = (w.pointee.a, w.pointee.b, w.pointee.coarse)
  let (flow, output) = (w.pointee.flow, w.pointee.output)
  for index in first..<end {
    let source = Int(w.pointee.pixels[index])
    let (row, column) = source.quotientAndRemainder(dividingBy: flow.width)
    let (y, x) = (Float(row), Float(column))
    let f = load4(UnsafePointer(flow.floats) + source &* flow.stride)
    let pixel = place(output.base, index &* output.stride, half)
    samplePixel(bilinearTap(a, x: x + f.x, y: y + f.y, half), a.channels, pixel, half)
    samplePixel(
      bilinearTap(b, x: x + f.z, y: y + f.w, half), a.channels, place(pixel, a.channels, half), half
    )
    let tap = bilinearTap(coarse, x: (x + 0.5) * 0.5 - 0.5, y: (y + 0.5) * 0.5 - 0.5, half)
    samplePixel(tap, coarse.channels, place(pixel, 2 &* a.channels, half), half)
    store4(f, pixel, 2 &* a.channels &+ coarse.channels, half)
  }
}

/// All channels of one pixel.
@inline(__always)
func samplePixel(
  _ tap: vfi_tap, _ channels: Int, _ pixel: UnsafeMutableRawPointer, _ half: Bool
) {
  if channels >= lanes {
    var c = 0
    while c < channels &- lanes {
      store(sample(tap, c, half), pixel, c, half)
      c &+= lanes
    }
    store(sample(tap, channels &- lanes, half), pixel, channels &- lanes, half)
  } else if channels >= 4 {
    var c = 0
    while c < channels &- 4 {
      store4(sample4(tap, c, half), pixel, c, half)
      c &+= 4
    }
    store4(sample4(tap, channels &- 4, half), pixel, channels &- 4, half)
  } else {
    for c in 0..<channels { store1(sample1(tap, c, half), pixel, c, half) }
  }
}
