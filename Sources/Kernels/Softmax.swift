// SPDX-License-Identifier: MIT
import CIntrinsics

/// Softmax over the channels of each pixel of the rows `first ..< end`, in place.
///
/// Each share is within 1e-6 of its value; what is 30 or more below a pixel's largest channel counts
/// as 30 below.
package func softmax(_ map: UnsafePointer<vfi_features>, _ first: Int, _ end: Int) {
  let map = map.pointee
  let whole = map.channels / lanes &* lanes
  for pixel in first &* map.width..<end &* map.width {
    let values = map.floats + pixel &* map.stride
    let highest = Vector(repeating: largest(values, map.channels, whole))
    var sums = Vector.zero
    var c = 0
    while c < whole {
      let value = exponential(load(values + c) - highest)
      store(value, values + c)
      sums += value
      c &+= lanes
    }
    var sum = vfi_sum(sums)
    if whole < map.channels {
      let count = map.channels &- whole
      let value = exponential(load(values + whole, upTo: count) - highest)
      store(value, values + whole, upTo: count)
      for lane in 0..<count { sum += value[lane] }
    }
    let scale = Vector(repeating: 1 / sum)
    c = 0
    while c < map.channels {
      let count = map.channels &- c
      store(load(values + c, upTo: count) * scale, values + c, upTo: count)
      c &+= lanes
    }
  }
}

/// The largest of `count` values, of which `whole` fill vectors.
@inline(__always)
private func largest(_ values: UnsafePointer<Float>, _ count: Int, _ whole: Int) -> Float {
  var highest = Vector(repeating: values[0])
  var c = 0
  while c < whole {
    let value = load(values + c)
    highest = vfi_if_positive(value - highest, value, highest)
    c &+= lanes
  }
  var result = highest[0]
  for lane in 0..<lanes { if highest[lane] > result { result = highest[lane] } }
  for c in whole..<count { if values[c] > result { result = values[c] } }
  return result
}
