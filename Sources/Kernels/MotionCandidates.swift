// SPDX-License-Identifier: MIT
// The motion at an instant t from the motion between two frames.
import CIntrinsics

/// Candidates at t for the rows `first ..< end` of the halved map, two rows of the output each.
///
/// The motion of the pixel that stands at x at the instant t is the fixed point of
/// `u(x) = flow01(x - t u(x))`; two steps from `u = flow01(x)`. Candidate A is `-t u` to frame 0 and
/// `(1 - t) u` to frame 1; candidate B comes in the same way from `w(x) = flow10(x - (1 - t) w(x))`.
/// Where motion is not linear in time, u leads to frame 0 only, and to frame 1 leads what the arrival
/// says at `x - t u`, the place in frame 0. A pixel needs no other pixel's u, so both steps, both candidates and the means of 2x2 pixels are
/// one pass.
package func motionCandidates(_ argument: UnsafePointer<vfi_candidates>, _ first: Int, _ end: Int) {
  let c = argument.pointee
  for row in first..<end {
    var halved = c.halved.floats + row &* c.halved.width &* c.halved.stride
    for column in 0..<c.halved.width {
      var (sumA, sumB, times) = (SIMD4<Float>.zero, SIMD4<Float>.zero, Float(0))
      for corner in 0..<4 {
        let (x, y) = (2 &* column &+ corner & 1, 2 &* row &+ corner >> 1)
        let t = c.times?[y &* c.output.width &+ x] ?? c.t
        let rest = 1 - t
        let partsA = SIMD4<Float>(-t, -t, rest, rest)
        let partsB = SIMD4<Float>(t, t, -rest, -rest)
        times += t
        let a = partsA * fixedPoint(c.flow01, c.arrival01, x, y, t)
        let w = fixedPoint(c.flow10, c.arrival10, x, y, rest)
        // B's own frame is the later one, its arrival is in frame 0.
        let b = partsB * SIMD4(w.z, w.w, w.x, w.y)
        let out = c.output.floats + (y &* c.output.width &+ x) &* c.output.stride
        store4(a, out)
        store4(b, out + 4)
        sumA += a
        sumB += b
      }
      // A mean, and half as many pixels.
      store4(sumA * 0.125, halved)
      store4(sumB * 0.125, halved + 4)
      halved[8] = times * 0.25
      halved += c.halved.stride
    }
  }
}

/// The motion at `(x, y)` after `time`, then that which is left: x, y, x, y.
///
/// `arrival` lies as `flow` does; NULL: the motion itself is left.
@inline(__always)
private func fixedPoint(
  _ flow: vfi_features, _ arrival: UnsafePointer<Float>?, _ x: Int, _ y: Int, _ time: Float
) -> SIMD4<Float> {
  let start = flow.floats + 2 &* (y &* flow.width &+ x)
  var motion = SIMD2(start[0], start[1])
  var left = motion
  for _ in 0..<2 {
    let tap = bilinearTap(flow, x: Float(x) - time * motion.x, y: Float(y) - time * motion.y)
    motion = pairSample(tap, tap.pixel)
    left = motion
    if let arrival {
      left = pairSample(tap, UnsafeRawPointer(arrival) + (tap.pixel - UnsafeRawPointer(flow.base)))
    }
  }
  return SIMD4(motion.x, motion.y, left.x, left.y)
}

/// Two channels without a gap: a pixel and its right neighbour are four floats.
@inline(__always)
private func pairSample(_ tap: vfi_tap, _ pixel: UnsafeRawPointer) -> SIMD2<Float> {
  let (upper, below) = (load4(pixel, 0, false), load4(pixel, tap.down, false))
  let column = multiplyAdd4(SIMD4(repeating: tap.fy), below - upper, upper)
  return SIMD2(
    multiplyAdd1(tap.fx, column.z - column.x, column.x),
    multiplyAdd1(tap.fx, column.w - column.y, column.y))
}
