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
      motion += flow.stride
      pixel += output.stride
    }
  }
}
