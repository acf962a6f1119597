// SPDX-License-Identifier: MIT
// Bilinear samples of features.
//
// A sample is formed by two horizontal and one vertical interpolation, `a + f * (b - a)`, rather than
// by four weights: where all four pixels are equal, the result is exactly their value, so that a
// still picture stays as it is.
import CIntrinsics

/// The place of the point `(x, y)`, which is clamped to the picture; NaN becomes 0.
@inline(__always)
func bilinearTap(_ map: vfi_features, x: Float, y: Float) -> vfi_tap {
  let px = clampedCoordinate(x, map.width)
  let py = clampedCoordinate(y, map.height)
  // The last pixel has no right neighbour: it is the right one of the pair, with weight 1.
  let left = lower(Int(px), map.width &- 2)
  let top = lower(Int(py), map.height &- 2)
  return vfi_tap(
    pixel: UnsafePointer(map.base) + (top &* map.width &+ left) &* map.stride,
    right: map.width > 1 ? map.stride : 0,
    down: map.height > 1 ? map.width &* map.stride : 0,
    fx: px - Float(left), fy: py - Float(top))
}

/// The channels from `c` on, as many as a vector has lanes.
@inline(__always)
func sample(_ tap: vfi_tap, _ c: Int) -> Vector {
  let p = tap.pixel + c
  let (a, b) = (load(p), load(p + tap.right))
  let (d, e) = (load(p + tap.down), load(p + tap.down + tap.right))
  let fx = Vector(repeating: tap.fx)
  let upper = multiplyAdd(fx, b - a, a)
  let below = multiplyAdd(fx, e - d, d)
  return multiplyAdd(Vector(repeating: tap.fy), below - upper, upper)
}

/// The four channels from `c` on.
@inline(__always)
func sample4(_ tap: vfi_tap, _ c: Int) -> SIMD4<Float> {
  let p = tap.pixel + c
  let (a, b) = (load4(p), load4(p + tap.right))
  let (d, e) = (load4(p + tap.down), load4(p + tap.down + tap.right))
  let fx = SIMD4(repeating: tap.fx)
  let upper = multiplyAdd4(fx, b - a, a)
  let below = multiplyAdd4(fx, e - d, d)
  return multiplyAdd4(SIMD4(repeating: tap.fy), below - upper, upper)
}

/// Channel `c`.
@inline(__always)
func sample1(_ tap: vfi_tap, _ c: Int) -> Float {
  let p = tap.pixel + c
  let (a, b) = (p[0], p[tap.right])
  let (d, e) = (p[tap.down], p[tap.down &+ tap.right])
  let upper = multiplyAdd1(tap.fx, b - a, a)
  let below = multiplyAdd1(tap.fx, e - d, d)
  return multiplyAdd1(tap.fy, below - upper, upper)
}

/// Clamps `x` to `0 ... size - 1`; NaN becomes 0, so that the result always converts to an Int.
@inline(__always)
func clampedCoordinate(_ x: Float, _ size: Int) -> Float {
  let last = Float(size &- 1)
  let positive = x > 0 ? x : 0
  return positive < last ? positive : last
}

/// The lower of two, but at least 0.
@inline(__always)
func lower(_ a: Int, _ b: Int) -> Int {
  let c = a < b ? a : b
  return c > 0 ? c : 0
}
