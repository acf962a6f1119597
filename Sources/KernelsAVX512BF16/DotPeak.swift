// SPDX-License-Identifier: MIT
// What the machine can do at most in bfloat16, as `MultiplyAddPeak.swift` says it of float32.
import CIntrinsics

/// Floating-point operations of one round of `dotPeak`.
package let dotPeakOperations = 4 &* 12 &* lanes

/// Runs `rounds` of twelve independent sums of two products, enough to hide their latency.
package func dotPeak(_ rounds: Int, _ factor: Float, _ addend: Float) -> Float {
  let x = Words(repeating: factor.bitPattern >> 16 &* 0x10001)
  let y = Words(repeating: addend.bitPattern >> 16 &* 0x10001)
  let zero = Vector(repeating: addend - addend)
  var (s0, s1, s2, s3, s4, s5) = (zero, zero, zero, zero, zero, zero)
  var (s6, s7, s8, s9, s10, s11) = (zero, zero, zero, zero, zero, zero)
  for _ in 0..<rounds {
    s0 = dot(s0, x, y)
    s1 = dot(s1, x, y)
    s2 = dot(s2, x, y)
    s3 = dot(s3, x, y)
    s4 = dot(s4, x, y)
    s5 = dot(s5, x, y)
    s6 = dot(s6, x, y)
    s7 = dot(s7, x, y)
    s8 = dot(s8, x, y)
    s9 = dot(s9, x, y)
    s10 = dot(s10, x, y)
    s11 = dot(s11, x, y)
  }
  let sum = (s0 + s1 + s2) + (s3 + s4 + s5) + (s6 + s7 + s8) + (s9 + s10 + s11)
  return sum[0] + sum[1] + sum[2] + sum[3]
}
