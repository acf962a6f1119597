// SPDX-License-Identifier: MIT
import CIntrinsics

/// Correlation of the rows `first ..< end`: a window of the source around each reference pixel.
///
/// `output(y, x, (v + r)(2 r + 1) + u + r)` is the mean over channels of `reference(y, x)` times
/// `source(y + v, x + u)`, 0 where that lies outside. Vectors lie along the channels; their number
/// is small beside the window, so that the reference pixel stays in the level-1 cache.
package func correlation(_ argument: UnsafePointer<vfi_correlation>, _ first: Int, _ end: Int) {
  let (reference, source) = (argument.pointee.reference, argument.pointee.source)
  let (output, reach) = (argument.pointee.output, argument.pointee.reach)
  let channels = reference.channels
  let share = 1 / Float(channels)
  for y in first..<end {
    var pixel = UnsafePointer(reference.floats) + y &* reference.width &* reference.stride
    var target = output.floats + y &* output.width &* output.stride
    for x in 0..<reference.width {
      var k = 0
      for v in y &- reach...y &+ reach {
        let row = source.floats + v &* source.width &* source.stride
        for u in x &- reach...x &+ reach {
          let inside = v >= 0 && v < source.height && u >= 0 && u < source.width
          target[k] = inside ? share * product(pixel, row + u &* source.stride, channels) : 0
          k &+= 1
        }
      }
      pixel += reference.stride
      target += output.stride
    }
  }
}

/// The scalar product of two pixels.
@inline(__always)
private func product(_ a: UnsafePointer<Float>, _ b: UnsafePointer<Float>, _ channels: Int) -> Float
{
  var sum = Vector.zero
  var c = 0
  while c <= channels &- lanes {
    sum = multiplyAdd(load(a + c), load(b + c), sum)
    c &+= lanes
  }
  if c < channels {
    sum = multiplyAdd(load(a + c, upTo: channels &- c), load(b + c, upTo: channels &- c), sum)
  }
  return vfi_sum(sum)
}
