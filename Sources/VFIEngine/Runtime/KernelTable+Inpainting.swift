// SPDX-License-Identifier: MIT
import CIntrinsics
import Kernels
import KernelsAVX2
import KernelsAVX512

/// The kernels of one level that only inpainting networks need, of float32.
///
/// Each works on the rows of its output from the second argument up to the third.
@safe package struct InpaintingKernels: Sendable {
  package typealias Kernel<Arguments> = @Sendable (UnsafePointer<Arguments>, Int, Int) -> Void

  package let correlation: Kernel<vfi_correlation>
  package let backwardWarpZeros: Kernel<vfi_warp>
  package let gate: Kernel<vfi_gate>
  package let lstm: Kernel<vfi_lstm>
  package let mix: Kernel<vfi_mix>
  package let absoluteDifference: Kernel<vfi_difference>
  package let softmax: Kernel<vfi_features>

  static let portable = unsafe InpaintingKernels(
    correlation: Kernels.correlation, backwardWarpZeros: Kernels.backwardWarpZeros,
    gate: Kernels.gate, lstm: Kernels.lstm, mix: Kernels.mix,
    absoluteDifference: Kernels.absoluteDifference, softmax: Kernels.softmax)

  static let avx2 = unsafe InpaintingKernels(
    correlation: KernelsAVX2.correlation, backwardWarpZeros: KernelsAVX2.backwardWarpZeros,
    gate: KernelsAVX2.gate, lstm: KernelsAVX2.lstm, mix: KernelsAVX2.mix,
    absoluteDifference: KernelsAVX2.absoluteDifference, softmax: KernelsAVX2.softmax)

  static let avx512 = unsafe InpaintingKernels(
    correlation: KernelsAVX512.correlation, backwardWarpZeros: KernelsAVX512.backwardWarpZeros,
    gate: KernelsAVX512.gate, lstm: KernelsAVX512.lstm, mix: KernelsAVX512.mix,
    absoluteDifference: KernelsAVX512.absoluteDifference, softmax: KernelsAVX512.softmax)
}
