// SPDX-License-Identifier: MIT
// What the default model computes beside its layers: training/vfi_training/default_model.py.
import CIntrinsics

/// Writes flows, differences of luma and t for the rows `first ..< end`; float32.
package func guideInput(_ input: UnsafePointer<vfi_guide_input>, _ first: Int, _ end: Int) {
  guideInputRows(input, first, end, half: false)
}

/// The same into bfloat16.
package func guideInputBF16(_ input: UnsafePointer<vfi_guide_input>, _ first: Int, _ end: Int) {
  guideInputRows(input, first, end, half: true)
}

@inline(__always)
private func guideInputRows(
  _ input: UnsafePointer<vfi_guide_input>, _ first: Int, _ end: Int, half: Bool
) {
  let g = input.pointee
  for row in first..<end {
    for column in 0..<g.motion.width {
      let index = row &* g.motion.width &+ column
      let motion = UnsafePointer(g.motion.floats) + index &* g.motion.stride
      let (a, b) = (load4(motion), load4(motion + 4))
      let (x, y) = (Float(column), Float(row))
      // Frame 0 and 1 along A, then along B.
      let y0 = sample1(bilinearTap(g.luma_a, x: x + a.x, y: y + a.y), 0, false)
      let y1 = sample1(bilinearTap(g.luma_b, x: x + a.z, y: y + a.w), 0, false)
      let y2 = sample1(bilinearTap(g.luma_a, x: x + b.x, y: y + b.y), 0, false)
      let y3 = sample1(bilinearTap(g.luma_b, x: x + b.z, y: y + b.w), 0, false)
      let pixel = place(g.output.base, index &* g.output.stride, half)
      store4(a * g.flow_scale, pixel, 0, half)
      store4(b * g.flow_scale, pixel, 4, half)
      let differences = SIMD4(abs(y0 - y1), abs(y2 - y3), abs(y0 - y2), abs(y1 - y3))
      store4(differences * g.luma_scale, pixel, 8, half)
      let last = SIMD4(
        abs(y0 - y3) * g.luma_scale, abs(y2 - y1) * g.luma_scale, motion[8], 0)
      store4(last, pixel, 12, half)
    }
  }
}

/// Writes both frames' features along all four flows, and enlarged features, at the listed pixels
/// `first ..< end`; float32.
package func refineInput(_ input: UnsafePointer<vfi_refine_input>, _ first: Int, _ end: Int) {
  refineInputPixels(input, first, end, half: false)
}

/// The same for frames' features and output of bfloat16.
package func refineInputBF16(_ input: UnsafePointer<vfi_refine_input>, _ first: Int, _ end: Int) {
  refineInputPixels(input, first, end, half: true)
}

@inline(__always)
private func refineInputPixels(
  _ input: UnsafePointer<vfi_refine_input>, _ first: Int, _ end: Int, half: Bool
) {
  let r = input.pointee
  let channels = r.a.channels
  for index in first..<end {
    let source = Int(r.pixels[index])
    let (row, column) = source.quotientAndRemainder(dividingBy: r.motion.width)
    let (x, y) = (Float(column), Float(row))
    let motion = UnsafePointer(r.motion.floats) + source &* r.motion.stride
    let pixel = place(r.output.base, index &* r.output.stride, half)
    for candidate in 0..<2 {
      let flow = load4(motion + 4 &* candidate) * 2
      let out = place(pixel, 2 &* candidate &* channels, half)
      samplePixel(bilinearTap(r.a, x: x + flow.x, y: y + flow.y, half), channels, out, half)
      samplePixel(
        bilinearTap(r.b, x: x + flow.z, y: y + flow.w, half), channels,
        place(out, channels, half), half)
    }
    let tap = bilinearTap(r.features, x: x * 0.5 - 0.25, y: y * 0.5 - 0.25)
    var c = 0
    while c < r.features.channels {
      store4(sample4(tap, c, false), pixel, 4 &* channels &+ c, half)
      c &+= 4
    }
  }
}

/// Turns the rows `first ..< end` of the motion before the refinement into the final motion.
package func finalMotion(_ argument: UnsafePointer<vfi_final_motion>, _ first: Int, _ end: Int) {
  let f = argument.pointee
  let refined = UnsafePointer(f.refined.floats)
  let last = end &* f.motion.width
  var start = first &* f.motion.width
  while start < last {
    let count = lanes < last &- start ? lanes : last &- start
    let motion = f.motion.floats + start &* f.motion.stride
    var (l0, l1, l2, l3) = (Vector.zero, Vector.zero, Vector.zero, Vector.zero)
    for lane in 0..<count {
      let m = motion + lane &* f.motion.stride
      let place = Int(f.places[start &+ lane])
      var flows = load8(m) * 4
      var logits = load4(m + 8)
      var residual = SIMD4<Float>(0, 0, 0, m[12])
      if place >= 0 {
        let r = refined + place &* f.refined.stride
        flows += load8(r) * 2
        logits += load4(r + 8)
        residual = SIMD4(r[12], r[13], r[14], m[12])
      }
      store8(flows, m)
      store4(residual, m + 12)
      l0[lane] = logits.x
      l1[lane] = logits.y
      l2[lane] = logits.z
      l3[lane] = logits.w
    }
    let highest = higher(higher(l0, l1), higher(l2, l3))
    let (e0, e1) = (exponential(l0 - highest), exponential(l1 - highest))
    let (e2, e3) = (exponential(l2 - highest), exponential(l3 - highest))
    let scale = 1 / ((e0 + e1) + (e2 + e3))
    let (w0, w1, w2, w3) = (e0 * scale, e1 * scale, e2 * scale, e3 * scale)
    for lane in 0..<count {
      store4(
        SIMD4(w0[lane], w1[lane], w2[lane], w3[lane]), motion + (lane &* f.motion.stride &+ 8))
    }
    start &+= lanes
  }
}

@inline(__always)
private func higher(_ a: Vector, _ b: Vector) -> Vector { vfi_if_positive(a - b, a, b) }
