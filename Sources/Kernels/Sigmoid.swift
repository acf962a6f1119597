// SPDX-License-Identifier: MIT
import CIntrinsics

/// `1 / (1 + exp(-x))`, within 1e-6; NaN becomes the value at -30, which is 0 for all purposes.
///
@inline(__always)
func sigmoid(_ x: Vector) -> Vector {
  let x = vfi_clamp(x, Vector(repeating: -30), Vector(repeating: 30))
  return 1 / (1 + powerOfTwo(x * Float(-1.442_695_041)))
}

/// `exp(x)` of -30 to 30, to which x is clamped, within 1e-6 of it; NaN counts as -30.
@inline(__always)
func exponential(_ x: Vector) -> Vector {
  powerOfTwo(
    vfi_clamp(x, Vector(repeating: -30), Vector(repeating: 30)) * Float(1.442_695_041))
}

/// `2^power`, = 2^n * 2^f with whole n and f in -1/2..1/2; 2^f by its Taylor series up to f^6, whose
/// rest is below 2e-7.
@inline(__always)
private func powerOfTwo(_ power: Vector) -> Vector {
  // Positive before truncation, so that it rounds to nearest.
  let whole = vfi_truncate(power + 64.5) &- vfi_ints(repeating: 64)
  let f = power - vfi_to_floats(whole)
  var series = Vector(repeating: 1.540_353e-4)
  series = multiplyAdd(series, f, Vector(repeating: 1.333_355_8e-3))
  series = multiplyAdd(series, f, Vector(repeating: 9.618_129_1e-3))
  series = multiplyAdd(series, f, Vector(repeating: 5.550_410_9e-2))
  series = multiplyAdd(series, f, Vector(repeating: 2.402_265_07e-1))
  series = multiplyAdd(series, f, Vector(repeating: 6.931_471_81e-1))
  series = multiplyAdd(series, f, Vector(repeating: 1))
  return series * vfi_power_of_two(whole)
}
