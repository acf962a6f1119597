// SPDX-License-Identifier: MIT
import CIntrinsics

/// Writes what a block reads at the pixels of `active`, compact: `[1, count, 2 C + D + 4]`.
///
/// Channels: `a` moved by the first two and `b` by the last two of the four channels of `flow`, the
/// features `coarse` of half the size enlarged, the flow. Rules as for `backwardWarp` and
/// `resizeBilinear`, of which it is one pass over few pixels.
package func blockInput(
  _ a: FeatureMap, _ b: FeatureMap, flow: FeatureMap, coarse: FeatureMap, active: ActiveSet,
  into output: FeatureMap, on engine: Engine
) throws(VFIError) {
  guard
    a.hasSize(of: b), a.height == flow.height, a.width == flow.width, flow.channels == 4,
    a.height == active.height, a.width == active.width, a.height == 2 * coarse.height,
    a.width == 2 * coarse.width, output.height == 1, output.width >= active.count,
    output.channels == 2 * a.channels + coarse.channels + 4, flow.precision == .float32,
    [a, b, coarse].allSatisfy({ $0.precision == output.precision })
  else { throw .defect("blockInput: the sizes or types of its maps differ") }
  let kernel = unsafe engine.kernels.motion.blockInput[output.precision]
  try unsafe active.forEachPixels(on: engine) { pixels, first, end in
    var arguments = unsafe vfi_block_input(
      a: a.view, b: b.view, flow: flow.view, coarse: coarse.view, pixels: pixels,
      output: output.view)
    unsafe kernel(&arguments, first, end)
  }
}
