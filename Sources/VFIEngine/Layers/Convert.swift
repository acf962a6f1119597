// SPDX-License-Identifier: MIT
import CIntrinsics

/// Writes `input + offset` to `output`, which has the same size and may be of another type.
///
/// The maps must not overlap. This is how a frame becomes bfloat16.
package func convert(
  _ input: FeatureMap, plus offset: Float = 0, into output: FeatureMap, on engine: Engine
) throws(VFIError) {
  guard input.hasSize(of: output) else { throw .defect("convert: the sizes of its maps differ") }
  let arguments = unsafe vfi_convert(input: input.view, output: output.view, offset: offset)
  let kernel = unsafe engine.kernels.motion.convertTo[output.precision][input.precision]
  try engine.forEachRows(output.height) { first, end in
    unsafe withUnsafePointer(to: arguments) { unsafe kernel($0, first, end) }
  }
}
