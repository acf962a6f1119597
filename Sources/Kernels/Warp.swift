// SPDX-License-Identifier: MIT
import CIntrinsics

/// Backward warp of the rows `first ..< end`: `output(x, y) = input(x + flow[0], y + flow[1])`.
///
/// Bilinear; integer coordinates are pixel centres; the coordinate is clamped to the picture before
/// the weights are derived. A flow that is NaN counts as one that leads to coordinate 0.
/// The address and the weights of a pixel serve all its channels, so vectors lie along the channels.
/// The last vector of a pixel ends at its last channel and overlaps the one before it.
package func backwardWarp(_ w: UnsafePointer<vfi_warp>, _ first: Int, _ end: Int) {
  let (input, flow, output) = (w.pointee.input, w.pointee.flow, w.pointee.output)
  let channels = output.channels
  for y in first..<end {
    var motion = UnsafePointer(flow.base) + y &* flow.width &* flow.stride
    var pixel = output.base + y &* output.width &* output.stride
    for x in 0..<output.width {
      let tap = bilinearTap(input, x: Float(x) + motion[0], y: Float(y) + motion[1])
      samplePixel(tap, channels, pixel)
      motion += flow.stride
      pixel += output.stride
    }
  }
}

/// The same for two maps of C channels at once: `[a warped, b warped, flow]`, 2 C + 4 channels.
///
/// That is how a refining stage reads them; the output's rows are written once and in order.
package func backwardWarpPair(_ w: UnsafePointer<vfi_warp_pair>, _ first: Int, _ end: Int) {
  let (a, b) = (w.pointee.a, w.pointee.b)
  let (flow, output) = (w.pointee.flow, w.pointee.output)
  let channels = a.channels
  for y in first..<end {
    var motion = UnsafePointer(flow.base) + y &* flow.width &* flow.stride
    var pixel = output.base + y &* output.width &* output.stride
    for x in 0..<output.width {
      let f = load4(motion)
      samplePixel(bilinearTap(a, x: Float(x) + f.x, y: Float(y) + f.y), channels, pixel)
      samplePixel(bilinearTap(b, x: Float(x) + f.z, y: Float(y) + f.w), channels, pixel + channels)
      store4(f, pixel + 2 &* channels)
      motion += flow.stride
      pixel += output.stride
    }
  }
}

/// Inputs of a block at the listed pixels `first ..< end`.
///
/// `[a warped, b warped, coarser features doubled, flow]`: where few pixels are active, neither whole
/// maps are warped nor enlarged, and what the first layer reads lies close together.
package func blockInput(_ w: UnsafePointer<vfi_block_input>, _ first: Int, _ end: Int) {
  let (a, b, coarse) = (w.pointee.a, w.pointee.b, w.pointee.coarse)
  let (flow, output) = (w.pointee.flow, w.pointee.output)
  let features = 2 &* a.channels
  for place in first..<end {
    let index = Int(w.pointee.pixels[place])
    let (row, column) = index.quotientAndRemainder(dividingBy: flow.width)
    let (y, x) = (Float(row), Float(column))
    let f = load4(UnsafePointer(flow.base) + index &* flow.stride)
    let pixel = output.base + place &* output.stride
    samplePixel(bilinearTap(a, x: x + f.x, y: y + f.y), a.channels, pixel)
    samplePixel(bilinearTap(b, x: x + f.z, y: y + f.w), a.channels, pixel + a.channels)
    let tap = bilinearTap(coarse, x: (x + 0.5) * 0.5 - 0.5, y: (y + 0.5) * 0.5 - 0.5)
    samplePixel(tap, coarse.channels, pixel + features)
    store4(f, pixel + features + coarse.channels)
  }
}

/// All channels of one pixel.
@inline(__always)
private func samplePixel(
  _ tap: vfi_tap, _ channels: Int, _ pixel: UnsafeMutablePointer<Float>
) {
  if channels >= lanes {
    var c = 0
    while c < channels &- lanes {
      store(sample(tap, c), pixel + c)
      c &+= lanes
    }
    store(sample(tap, channels &- lanes), pixel + (channels &- lanes))
  } else if channels >= 4 {
    var c = 0
    while c < channels &- 4 {
      store4(sample4(tap, c), pixel + c)
      c &+= 4
    }
    store4(sample4(tap, channels &- 4), pixel + (channels &- 4))
  } else {
    for c in 0..<channels { pixel[c] = sample1(tap, c) }
  }
}
