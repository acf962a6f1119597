// SPDX-License-Identifier: MIT
import CIntrinsics

/// Compares each pixel of `reference` with a window of `source`, both `[H, W, C]`.
///
/// Channel `(v + r)(2 r + 1) + u + r` of the output `[H, W, (2 r + 1)^2]` is the mean over channels of
/// `reference(y, x) * source(y + v, x + u)`, 0 where that lies outside. All are float32.
package func correlation(
  _ reference: FeatureMap, _ source: FeatureMap, reach: Int, into output: FeatureMap,
  on engine: Engine
) throws(VFIError) {
  guard reference.hasSize(of: source), output.height == reference.height,
    output.width == reference.width, output.channels == (2 * reach + 1) * (2 * reach + 1),
    [reference, source, output].allSatisfy({ $0.precision == .float32 })
  else { throw .defect("correlation: the sizes or types of its maps differ") }
  let arguments = unsafe vfi_correlation(
    reference: reference.view, source: source.view, output: output.view, reach: reach)
  let kernel = unsafe engine.kernels.inpainting.correlation
  try engine.forEachRows(output.height) { first, end in
    unsafe withUnsafePointer(to: arguments) { unsafe kernel($0, first, end) }
  }
}
