// SPDX-License-Identifier: MIT
import CIntrinsics

/// Resizes bilinearly, half-pixel centres, no antialias filter, and multiplies by `scale`.
///
/// The sizes decide the factor: 2^k where the output is 2^k times the input, 2^-k where it is the
/// input divided by 2^k and rounded down, otherwise the ratio of each side. With `adding`, the result
/// is added to `output`. All maps are of one type, either; `resizeBilinear(f, into: o, scale: 2, adding: true)` is `o + 2 up(f)`.
package func resizeBilinear(
  _ input: FeatureMap, into output: FeatureMap, scale: Float = 1, adding: Bool = false,
  on engine: Engine
) throws(VFIError) {
  try resizeBilinear(
    input, into: output, scale: scale, plus: adding ? output : nil, on: engine)
}

/// The same with `addend` added to the result; it has the output's size and may be the output.
package func resizeBilinear(
  _ input: FeatureMap, into output: FeatureMap, scale: Float, plus addend: FeatureMap?,
  on engine: Engine
) throws(VFIError) {
  guard input.channels == output.channels, addend?.hasSize(of: output) ?? true,
    input.precision == output.precision, addend.map({ $0.precision == output.precision }) ?? true
  else { throw .defect("resizeBilinear: channels or types of its maps differ") }
  let step = resizeStep(from: input, to: output)
  let arguments = unsafe vfi_resize(
    input: input.view, output: output.view, addend: UnsafeRawPointer(addend?.memory),
    addend_stride: addend?.pixelStride ?? 0, step_x: step.x, step_y: step.y, scale: scale)
  let doubles = output.height == 2 * input.height && output.width == 2 * input.width
  let kernels = engine.kernels.motion
  let family = unsafe doubles ? kernels.doubleSize : kernels.resizeBilinear
  let kernel = unsafe family[output.precision]
  try engine.forEachRows(doubles ? input.height : output.height) { first, end in
    unsafe withUnsafePointer(to: arguments) { unsafe kernel($0, first, end) }
  }
}

/// Input pixels for each output pixel.
private func resizeStep(from input: FeatureMap, to output: FeatureMap) -> (x: Float, y: Float) {
  for k in 1...6
  where input.height >> k == output.height && input.width >> k == output.width {
    return (Float(1 << k), Float(1 << k))
  }
  return (
    Float(input.width) / Float(output.width), Float(input.height) / Float(output.height)
  )
}
