// SPDX-License-Identifier: MIT
import CIntrinsics

/// Writes `a + sigmoid(logit) * (b - a)`, all `[H, W, C]` but the logit.
///
/// The logit is `[H / 2^k, W / 2^k, 1]`: a pixel takes the one above it, as if it were enlarged by
/// the nearest neighbour. `output` may be `a` or `b`. All are float32.
package func mix(
  _ a: FeatureMap, _ b: FeatureMap, logit: FeatureMap, into output: FeatureMap, on engine: Engine
) throws(VFIError) {
  let shift = (output.height / logit.height).trailingZeroBitCount
  guard a.hasSize(of: output), b.hasSize(of: output), logit.channels == 1,
    logit.height << shift == output.height, logit.width << shift == output.width,
    [a, b, logit, output].allSatisfy({ $0.precision == .float32 })
  else { throw .defect("mix: the sizes or types of its maps differ") }
  let arguments = unsafe vfi_mix(
    a: a.view, b: b.view, logit: logit.view, output: output.view, shift: shift)
  let kernel = unsafe engine.kernels.inpainting.mix
  try engine.forEachRows(output.height) { first, end in
    unsafe withUnsafePointer(to: arguments) { unsafe kernel($0, first, end) }
  }
}

/// Writes `|a - b|`; all maps are float32 of one size, and `output` may be one of the others.
package func absoluteDifference(
  _ a: FeatureMap, _ b: FeatureMap, into output: FeatureMap, on engine: Engine
) throws(VFIError) {
  guard a.hasSize(of: output), b.hasSize(of: output),
    [a, b, output].allSatisfy({ $0.precision == .float32 })
  else { throw .defect("absoluteDifference: the sizes or types of its maps differ") }
  let arguments = unsafe vfi_difference(a: a.view, b: b.view, output: output.view)
  let kernel = unsafe engine.kernels.inpainting.absoluteDifference
  try engine.forEachRows(output.height) { first, end in
    unsafe withUnsafePointer(to: arguments) { unsafe kernel($0, first, end) }
  }
}
