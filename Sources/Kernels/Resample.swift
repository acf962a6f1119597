// SPDX-License-Identifier: MIT
import CIntrinsics

/// Bilinear resize of the output rows `first ..< end`, without an antialias filter.
///
/// Half-pixel centres ("align_corners=False"): output pixel d stands at
/// `s = (d + 0.5) * step - 0.5` of the input, clamped to the picture.
package func resizeBilinear(_ r: UnsafePointer<vfi_resize>, _ first: Int, _ end: Int) {
  let (input, output) = (r.pointee.input, r.pointee.output)
  let (stepX, stepY, scale) = (r.pointee.step_x, r.pointee.step_y, r.pointee.scale)
  for y in first..<end {
    var pixel = output.base + y &* output.width &* output.stride
    var addend = r.pointee.addend.map { $0 + y &* output.width &* r.pointee.addend_stride }
    let sourceY = (Float(y) + 0.5) * stepY - 0.5
    for x in 0..<output.width {
      let tap = bilinearTap(input, x: (Float(x) + 0.5) * stepX - 0.5, y: sourceY)
      var c = 0
      while c <= output.channels &- lanes {
        let value = sample(tap, c) * Vector(repeating: scale)
        store(plus(value, addend, c), pixel + c)
        c &+= lanes
      }
      while c <= output.channels &- 4 {
        let value = sample4(tap, c) * SIMD4(repeating: scale)
        store4(plus4(value, addend, c), pixel + c)
        c &+= 4
      }
      while c < output.channels {
        let value = sample1(tap, c) * scale
        pixel[c] = plus1(value, addend, c)
        c &+= 1
      }
      pixel += output.stride
      addend = addend.map { $0 + r.pointee.addend_stride }
    }
  }
}

@inline(__always)
private func plus(_ value: Vector, _ addend: UnsafePointer<Float>?, _ c: Int) -> Vector {
  guard let addend else { return value }
  return value + load(addend + c)
}

@inline(__always)
private func plus4(
  _ value: SIMD4<Float>, _ addend: UnsafePointer<Float>?, _ c: Int
) -> SIMD4<Float> {
  guard let addend else { return value }
  return value + load4(addend + c)
}

@inline(__always)
private func plus1(_ value: Float, _ addend: UnsafePointer<Float>?, _ c: Int) -> Float {
  guard let addend else { return value }
  return value + addend[c]
}

/// Doubles the size of the input rows `first ..< end`: the same result as ``resizeBilinear(_:_:_:)``
/// with a step of one half, up to rounding.
///
/// Each input row y gives the output rows 2y and 2y + 1, with the weights 1/4 and 3/4 of its
/// neighbours. A vertical interpolation serves two output pixels, and no address is computed: on
/// four channels at the full size this is three times as fast as the general form.
package func doubleSize(_ r: UnsafePointer<vfi_resize>, _ first: Int, _ end: Int) {
  let input = r.pointee.input
  for y in first..<end {
    let row = y &* input.width &* input.stride
    let above = y > 0 ? row &- input.width &* input.stride : row
    let below = y < input.height &- 1 ? row &+ input.width &* input.stride : row
    doubleRow(r, row, above, 2 &* y)
    doubleRow(r, row, below, 2 &* y &+ 1)
  }
}

/// One output row: 3/4 of the input row at `near` and 1/4 of the one at `far`.
@inline(__always)
private func doubleRow(_ r: UnsafePointer<vfi_resize>, _ near: Int, _ far: Int, _ y: Int) {
  let (input, output) = (r.pointee.input, r.pointee.output)
  let row = vfi_double_row(
    near: UnsafePointer(input.base) + near, far: UnsafePointer(input.base) + far,
    output: output.base + y &* output.width &* output.stride, width: input.width,
    stride: input.stride, output_stride: output.stride,
    addend: r.pointee.addend.map { $0 + y &* output.width &* r.pointee.addend_stride },
    addend_stride: r.pointee.addend_stride, scale: r.pointee.scale)
  var c = 0
  while c <= input.channels &- lanes {
    doubleChannels(row, c)
    c &+= lanes
  }
  while c <= input.channels &- 4 {
    doubleChannels4(row, c)
    c &+= 4
  }
  while c < input.channels {
    doubleChannel(row, c)
    c &+= 1
  }
}

@inline(__always)
private func doubleChannels(_ r: vfi_double_row, _ c: Int) {
  let (quarter, scale) = (Vector(repeating: 0.25), Vector(repeating: r.scale))
  var n = load(r.near + c)
  var value = multiplyAdd(quarter, load(r.far + c) - n, n) * scale
  var before = value
  for x in 0..<r.width {
    let next = (x < r.width &- 1 ? x &+ 1 : x) &* r.stride &+ c
    n = load(r.near + next)
    let after = multiplyAdd(quarter, load(r.far + next) - n, n) * scale
    let p = r.output + (2 &* x &* r.output_stride &+ c)
    let left = multiplyAdd(quarter, before - value, value)
    let right = multiplyAdd(quarter, after - value, value)
    let addend = 2 &* x &* r.addend_stride &+ c
    store(plus(left, r.addend, addend), p)
    store(plus(right, r.addend, addend &+ r.addend_stride), p + r.output_stride)
    before = value
    value = after
  }
}

@inline(__always)
private func doubleChannels4(_ r: vfi_double_row, _ c: Int) {
  let (quarter, scale) = (SIMD4<Float>(repeating: 0.25), SIMD4(repeating: r.scale))
  var n = load4(r.near + c)
  var value = multiplyAdd4(quarter, load4(r.far + c) - n, n) * scale
  var before = value
  for x in 0..<r.width {
    let next = (x < r.width &- 1 ? x &+ 1 : x) &* r.stride &+ c
    n = load4(r.near + next)
    let after = multiplyAdd4(quarter, load4(r.far + next) - n, n) * scale
    let p = r.output + (2 &* x &* r.output_stride &+ c)
    let left = multiplyAdd4(quarter, before - value, value)
    let right = multiplyAdd4(quarter, after - value, value)
    let addend = 2 &* x &* r.addend_stride &+ c
    store4(plus4(left, r.addend, addend), p)
    store4(plus4(right, r.addend, addend &+ r.addend_stride), p + r.output_stride)
    before = value
    value = after
  }
}

@inline(__always)
private func doubleChannel(_ r: vfi_double_row, _ c: Int) {
  var n = r.near[c]
  var value = multiplyAdd1(0.25, r.far[c] - n, n) * r.scale
  var before = value
  for x in 0..<r.width {
    let next = (x < r.width &- 1 ? x &+ 1 : x) &* r.stride &+ c
    n = r.near[next]
    let after = multiplyAdd1(0.25, r.far[next] - n, n) * r.scale
    let p = r.output + (2 &* x &* r.output_stride &+ c)
    let left = multiplyAdd1(0.25, before - value, value)
    let right = multiplyAdd1(0.25, after - value, value)
    let addend = 2 &* x &* r.addend_stride &+ c
    p[0] = plus1(left, r.addend, addend)
    p[r.output_stride] = plus1(right, r.addend, addend &+ r.addend_stride)
    before = value
    value = after
  }
}
