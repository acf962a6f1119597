// SPDX-License-Identifier: MIT
// Bilinear samples of features.
//
// A sample is formed by two horizontal and one vertical interpolation, `a + f * (b - a)`, rather than
// by four weights: where all four pixels are equal, the result is exactly their value, so that a
// still picture stays as it is.
import CIntrinsics

extension vfi_features {
  /// The first value of float32 features.
  @inline(__always)
  var floats: UnsafeMutablePointer<Float> { base.assumingMemoryBound(to: Float.self) }

  /// Where row `y` begins.
  @inline(__always)
  func row(_ y: Int, _ half: Bool) -> UnsafeMutableRawPointer {
    place(base, y &* width &* stride, half)
  }
}

/// The place of the point `(x, y)`, which is clamped to the picture; NaN becomes 0.
@inline(__always)
func bilinearTap(_ map: vfi_features, x: Float, y: Float, _ half: Bool = false) -> vfi_tap {
  let px = clampedCoordinate(x, map.width)
  let py = clampedCoordinate(y, map.height)
  // The last pixel has no right neighbour: it is the right one of the pair, with weight 1.
  let left = lower(Int(px), map.width &- 2)
  let top = lower(Int(py), map.height &- 2)
  return vfi_tap(
    pixel: UnsafeRawPointer(place(map.base, (top &* map.width &+ left) &* map.stride, half)),
    right: map.width > 1 ? map.stride : 0,
    down: map.height > 1 ? map.width &* map.stride : 0,
    fx: px - Float(left), fy: py - Float(top))
}

/// The channels from `c` on, as many as a vector has lanes.
@inline(__always)
func sample(_ tap: vfi_tap, _ c: Int, _ half: Bool) -> Vector {
  let p = place(tap.pixel, c, half)
  let (a, b) = (load(p, 0, half), load(p, tap.right, half))
  let (d, e) = (load(p, tap.down, half), load(p, tap.down &+ tap.right, half))
  let fx = Vector(repeating: tap.fx)
  let upper = multiplyAdd(fx, b - a, a)
  let below = multiplyAdd(fx, e - d, d)
  return multiplyAdd(Vector(repeating: tap.fy), below - upper, upper)
}

/// The four channels from `c` on.
@inline(__always)
func sample4(_ tap: vfi_tap, _ c: Int, _ half: Bool) -> SIMD4<Float> {
  let p = place(tap.pixel, c, half)
  let (a, b) = (load4(p, 0, half), load4(p, tap.right, half))
  let (d, e) = (load4(p, tap.down, half), load4(p, tap.down &+ tap.right, half))
  let fx = SIMD4(repeating: tap.fx)
  let upper = multiplyAdd4(fx, b - a, a)
  let below = multiplyAdd4(fx, e - d, d)
  return multiplyAdd4(SIMD4(repeating: tap.fy), below - upper, upper)
}

/// Channel `c`.
@inline(__always)
func sample1(_ tap: vfi_tap, _ c: Int, _ half: Bool) -> Float {
  let p = place(tap.pixel, c, half)
  let (a, b) = (load1(p, 0, half), load1(p, tap.right, half))
  let (d, e) = (load1(p, tap.down, half), load1(p, tap.down &+ tap.right, half))
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
