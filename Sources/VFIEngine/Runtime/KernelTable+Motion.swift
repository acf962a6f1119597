// SPDX-License-Identifier: MIT
import CIntrinsics
import Kernels
import KernelsAVX2
import KernelsAVX512

/// The kernels of one level that move and resize features.
///
/// Each works on the rows from its second argument up to its third: rows of the output, but of the
/// input for `doubleSize`, of `halved` for `motionCandidates`, and listed pixels for `blockInput` and
/// `refineInput`.
@safe package struct MotionKernels: Sendable {
  package typealias Kernel<Arguments> = @Sendable (UnsafePointer<Arguments>, Int, Int) -> Void

  package let backwardWarp: ByPrecision<Kernel<vfi_warp>>
  package let backwardWarpPair: ByPrecision<Kernel<vfi_warp_pair>>
  package let blockInput: ByPrecision<Kernel<vfi_block_input>>
  package let resizeBilinear: ByPrecision<Kernel<vfi_resize>>
  package let doubleSize: ByPrecision<Kernel<vfi_resize>>
  /// By the output's type, then by the input's.
  package let convertTo: ByPrecision<ByPrecision<Kernel<vfi_convert>>>
  package let motionCandidates: Kernel<vfi_candidates>
  package let guideInput: ByPrecision<Kernel<vfi_guide_input>>
  package let refineInput: ByPrecision<Kernel<vfi_refine_input>>
  package let finalMotion: Kernel<vfi_final_motion>

  static let portable = unsafe MotionKernels(
    backwardWarp: ByPrecision(Kernels.backwardWarp, Kernels.backwardWarpBF16),
    backwardWarpPair: ByPrecision(Kernels.backwardWarpPair, Kernels.backwardWarpPairBF16),
    blockInput: ByPrecision(Kernels.blockInput, Kernels.blockInputBF16),
    resizeBilinear: ByPrecision(Kernels.resizeBilinear, Kernels.resizeBilinearBF16),
    doubleSize: ByPrecision(Kernels.doubleSize, Kernels.doubleSizeBF16),
    convertTo: ByPrecision(
      ByPrecision(Kernels.convertFloat32ToFloat32, Kernels.convertBFloat16ToFloat32),
      ByPrecision(Kernels.convertFloat32ToBFloat16, Kernels.convertBFloat16ToBFloat16)),
    motionCandidates: Kernels.motionCandidates,
    guideInput: ByPrecision(Kernels.guideInput, Kernels.guideInputBF16),
    refineInput: ByPrecision(Kernels.refineInput, Kernels.refineInputBF16),
    finalMotion: Kernels.finalMotion)

  static let avx2 = unsafe MotionKernels(
    backwardWarp: ByPrecision(KernelsAVX2.backwardWarp, KernelsAVX2.backwardWarpBF16),
    backwardWarpPair: ByPrecision(KernelsAVX2.backwardWarpPair, KernelsAVX2.backwardWarpPairBF16),
    blockInput: ByPrecision(KernelsAVX2.blockInput, KernelsAVX2.blockInputBF16),
    resizeBilinear: ByPrecision(KernelsAVX2.resizeBilinear, KernelsAVX2.resizeBilinearBF16),
    doubleSize: ByPrecision(KernelsAVX2.doubleSize, KernelsAVX2.doubleSizeBF16),
    convertTo: ByPrecision(
      ByPrecision(KernelsAVX2.convertFloat32ToFloat32, KernelsAVX2.convertBFloat16ToFloat32),
      ByPrecision(KernelsAVX2.convertFloat32ToBFloat16, KernelsAVX2.convertBFloat16ToBFloat16)),
    motionCandidates: KernelsAVX2.motionCandidates,
    guideInput: ByPrecision(KernelsAVX2.guideInput, KernelsAVX2.guideInputBF16),
    refineInput: ByPrecision(KernelsAVX2.refineInput, KernelsAVX2.refineInputBF16),
    finalMotion: KernelsAVX2.finalMotion)

  static let avx512 = unsafe MotionKernels(
    backwardWarp: ByPrecision(KernelsAVX512.backwardWarp, KernelsAVX512.backwardWarpBF16),
    backwardWarpPair: ByPrecision(
      KernelsAVX512.backwardWarpPair, KernelsAVX512.backwardWarpPairBF16),
    blockInput: ByPrecision(KernelsAVX512.blockInput, KernelsAVX512.blockInputBF16),
    resizeBilinear: ByPrecision(KernelsAVX512.resizeBilinear, KernelsAVX512.resizeBilinearBF16),
    doubleSize: ByPrecision(KernelsAVX512.doubleSize, KernelsAVX512.doubleSizeBF16),
    convertTo: ByPrecision(
      ByPrecision(KernelsAVX512.convertFloat32ToFloat32, KernelsAVX512.convertBFloat16ToFloat32),
      ByPrecision(KernelsAVX512.convertFloat32ToBFloat16, KernelsAVX512.convertBFloat16ToBFloat16)),
    motionCandidates: KernelsAVX512.motionCandidates,
    guideInput: ByPrecision(KernelsAVX512.guideInput, KernelsAVX512.guideInputBF16),
    refineInput: ByPrecision(KernelsAVX512.refineInput, KernelsAVX512.refineInputBF16),
    finalMotion: KernelsAVX512.finalMotion)
}
