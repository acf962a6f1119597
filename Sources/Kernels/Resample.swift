// SPDX-License-Identifier: MIT
import CIntrinsics

/// Bilinear resize of the output rows `first ..< end`, without an antialias filter.
///
/// Half-pixel centres ("align_corners=False"): output pixel d stands at
/// `s = (d + 0.5) * step - 0.5` of the input, clamped to the picture.
package func resizeBilinear(_ r: UnsafePointer<vfi_resize>, _ first: Int, _ end: Int) {
  resizeRows(r, first, end, half: false)
}

/// The same for bfloat16.
package func resizeBilinearBF16(_ r: UnsafePointer<vfi_resize>, _ first: Int, _ end: Int) {
  resizeRows(r, first, end, half: true)
}

@inline(__always)
private func resizeRows(_ r: UnsafePointer<vfi_resize>, _ first: Int, _ end: Int, half: Bool) {
  let (input, output) = (r.pointee.input, r.pointee.output)
  let (stepX, stepY, scale) = (r.pointee.step_x, r.pointee.step_y, r.pointee.scale)
  for y in first..<end {
    var pixel = output.row(y, half)
    var addend = r.pointee.addend.map {
      place($0, y &* output.width &* r.pointee.addend_stride, half)
    }
    let sourceY = (Float(y) + 0.5) * stepY - 0.5
    for x in 0..<output.width {
      let tap = bilinearTap(input, x: (Float(x) + 0.5) * stepX - 0.5, y: sourceY, half)
      var c = 0
      while c <= output.channels &- lanes {
        let value = sample(tap, c, half) * Vector(repeating: scale)
        store(plus(value, addend, c, half), pixel, c, half)
        c &+= lanes
      }
      while c <= output.channels &- 4 {
        let value = sample4(tap, c, half) * SIMD4(repeating: scale)
        store4(plus4(value, addend, c, half), pixel, c, half)
        c &+= 4
      }
      while c < output.channels {
        let value = sample1(tap, c, half) * scale
        store1(plus1(value, addend, c, half), pixel, c, half)
        c &+= 1
      }
      pixel = place(pixel, output.stride, half)
      addend = addend.map { place($0, r.pointee.addend_stride, half) }
    }
  }
}

@inline(__always)
private func plus(
  _ value: Vector, _ addend: UnsafeRawPointer?, _ c: Int, _ half: Bool
) -> Vector {
  guard let addend else { return value }
  return value + load(addend, c, half)
}

@inline(__always)
private func plus4(
  _ value: SIMD4<Float>, _ addend: UnsafeRawPointer?, _ c: Int, _ half: Bool
) -> SIMD4<Float> {
  guard let addend else { return value }
  return value + load4(addend, c, half)
}

@inline(__always)
private func plus1(
  _ value: Float, _ addend: UnsafeRawPointer?, _ c: Int, _ half: Bool
) -> Float {
  guard let addend else { return value }
  return value + load1(addend, c, half)
}

/// Doubles the size of the input rows `first ..< end`: the same result as ``resizeBilinear(_:_:_:)``
/// with a step of one half, up to rounding.
///
/// Each input row y gives the output rows 2y and 2y + 1, with the weights 1/4 and 3/4 of its
/// neighbours. A vertical interpolation serves two output pixels, and no address is computed: on
/// four channels at the full size this is three times as fast as the general form.
package func doubleSize(_ r: UnsafePointer<vfi_resize>, _ first: Int, _ end: Int) {
  doubleRows(r, first, end, half: false)
}

/// The same for bfloat16.
package func doubleSizeBF16(_ r: UnsafePointer<vfi_resize>, _ first: Int, _ end: Int) {
  doubleRows(r, first, end, half: true)
}

@inline(__always)
private func doubleRows(_ r: UnsafePointer<vfi_resize>, _ first: Int, _ end: Int, half: Bool) {
  let last = r.pointee.input.height &- 1
  for y in 2 &* first..<2 &* end {
    let near = y / 2
    let other = y & 1 == 0 ? near &- 1 : near &+ 1
    doubleRow(r, near, other < 0 ? 0 : other > last ? last : other, y, half)
  }
}

/// One output row: 3/4 of the input row at `near` and 1/4 of the one at `far`.
@inline(__always)
private func doubleRow(
  _ r: UnsafePointer<vfi_resize>, _ near: Int, _ far: Int, _ y: Int, _ half: Bool
) {
  let (input, output) = (r.pointee.input, r.pointee.output)
  let row = vfi_double_row(
    near: input.row(near, half), far: input.row(far, half), output: output.row(y, half),
    width: input.width,
    stride: input.stride, output_stride: output.stride,
    addend: r.pointee.addend.map {
      place($0, y &* output.width &* r.pointee.addend_stride, half)
    },
    addend_stride: r.pointee.addend_stride, scale: r.pointee.scale)
  var c = 0
  while c <= input.channels &- lanes {
    doubleChannels(row, c, half)
    c &+= lanes
  }
  while c <= input.channels &- 4 {
    doubleChannels4(row, c, half)
    c &+= 4
  }
  while c < input.channels {
    doubleChannel(row, c, half)
    c &+= 1
  }
}

@inline(__always)
private func doubleChannels(_ r: vfi_double_row, _ c: Int, _ half: Bool) {
  let (quarter, scale) = (Vector(repeating: 0.25), Vector(repeating: r.scale))
  var n = load(r.near, c, half)
  var value = multiplyAdd(quarter, load(r.far, c, half) - n, n) * scale
  var before = value
  for x in 0..<r.width {
    let next = (x < r.width &- 1 ? x &+ 1 : x) &* r.stride &+ c
    n = load(r.near, next, half)
    let after = multiplyAdd(quarter, load(r.far, next, half) - n, n) * scale
    let p = place(r.output, 2 &* x &* r.output_stride &+ c, half)
    let left = multiplyAdd(quarter, before - value, value)
    let right = multiplyAdd(quarter, after - value, value)
    let addend = 2 &* x &* r.addend_stride &+ c
    store(plus(left, r.addend, addend, half), p, 0, half)
    store(plus(right, r.addend, addend &+ r.addend_stride, half), p, r.output_stride, half)
    before = value
    value = after
  }
}

@inline(__always)
private func doubleChannels4(_ r: vfi_double_row, _ c: Int, _ half: Bool) {
  let (quarter, scale) = (SIMD4<Float>(repeating: 0.25), SIMD4(repeating: r.scale))
  var n = load4(r.near, c, half)
  var value = multiplyAdd4(quarter, load4(r.far, c, half) - n, n) * scale
  var before = value
  for x in 0..<r.width {
    let next = (x < r.width &- 1 ? x &+ 1 : x) &* r.stride &+ c
    n = load4(r.near, next, half)
    let after = multiplyAdd4(quarter, load4(r.far, next, half) - n, n) * scale
    let p = place(r.output, 2 &* x &* r.output_stride &+ c, half)
    let left = multiplyAdd4(quarter, before - value, value)
    let right = multiplyAdd4(quarter, after - value, value)
    let addend = 2 &* x &* r.addend_stride &+ c
    store4(plus4(left, r.addend, addend, half), p, 0, half)
    store4(plus4(right, r.addend, addend &+ r.addend_stride, half), p, r.output_stride, half)
    before = value
    value = after
  }
}

@inline(__always)
private func doubleChannel(_ r: vfi_double_row, _ c: Int, _ half: Bool) {
  var n = load1(r.near, c, half)
  var value = multiplyAdd1(0.25, load1(r.far, c, half) - n, n) * r.scale
  var before = value
  for x in 0..<r.width {
    let next = (x < r.width &- 1 ? x &+ 1 : x) &* r.stride &+ c
    n = load1(r.near, next, half)
    let after = multiplyAdd1(0.25, load1(r.far, next, half) - n, n) * r.scale
    let p = place(r.output, 2 &* x &* r.output_stride &+ c, half)
    let left = multiplyAdd1(0.25, before - value, value)
    let right = multiplyAdd1(0.25, after - value, value)
    let addend = 2 &* x &* r.addend_stride &+ c
    store1(plus1(left, r.addend, addend, half), p, 0, half)
    store1(plus1(right, r.addend, addend &+ r.addend_stride, half), p, r.output_stride, half)
    before = value
    value = after
  }
}
