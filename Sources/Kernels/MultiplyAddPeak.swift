// SPDX-License-Identifier: MIT
// What the machine can do at most: multiply-adds of registers alone, for the share in benchmarks.

/// Floating-point operations of one round of `multiplyAddPeak`.
package let multiplyAddPeakOperations = 2 &* 12 &* lanes

/// Runs `rounds` of twelve independent multiply-adds, enough to hide their latency.
package func multiplyAddPeak(_ rounds: Int, _ factor: Float, _ addend: Float) -> Float {
  let (x, y) = (Vector(repeating: factor), Vector(repeating: addend))
  var (s0, s1, s2, s3, s4, s5) = (y, y, y, y, y, y)
  var (s6, s7, s8, s9, s10, s11) = (y, y, y, y, y, y)
  for _ in 0..<rounds {
    s0 = multiplyAdd(s0, x, y)
    s1 = multiplyAdd(s1, x, y)
    s2 = multiplyAdd(s2, x, y)
    s3 = multiplyAdd(s3, x, y)
    s4 = multiplyAdd(s4, x, y)
    s5 = multiplyAdd(s5, x, y)
    s6 = multiplyAdd(s6, x, y)
    s7 = multiplyAdd(s7, x, y)
    s8 = multiplyAdd(s8, x, y)
    s9 = multiplyAdd(s9, x, y)
    s10 = multiplyAdd(s10, x, y)
    s11 = multiplyAdd(s11, x, y)
  }
  let sum = (s0 + s1 + s2) + (s3 + s4 + s5) + (s6 + s7 + s8) + (s9 + s10 + s11)
  return sum[0] + sum[1] + sum[2] + sum[3]
}
