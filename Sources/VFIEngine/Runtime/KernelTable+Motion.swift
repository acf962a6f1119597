// SPDX-License-Identifier: MIT
import CIntrinsics
import Kernels
import KernelsAVX2
import KernelsAVX512

/// The kernels of one level that move and resize features.
///
/// Each works on the rows from its second argument up to its third: rows of the output, but of the
/// input for `doubleSize`, of `halved` for `motionCandidates`, and listed pixels for `blockInput`.
@safe package struct MotionKernels: Sendable {
  package typealias Kernel<Arguments> = @Sendable (UnsafePointer<Arguments>, Int, Int) -> Void

  package let backwardWarp: Kernel<vfi_warp>
  package let backwardWarpPair: Kernel<vfi_warp_pair>
  package let blockInput: Kernel<vfi_block_input>
  package let resizeBilinear: Kernel<vfi_resize>
  package let doubleSize: Kernel<vfi_resize>
  package let motionCandidates: Kernel<vfi_candidates>
  package let chooseMotion: Kernel<vfi_choice>

  static let portable = unsafe MotionKernels(
    backwardWarp: Kernels.backwardWarp, backwardWarpPair: Kernels.backwardWarpPair,
    blockInput: Kernels.blockInput,
    resizeBilinear: Kernels.resizeBilinear, doubleSize: Kernels.doubleSize,
    motionCandidates: Kernels.motionCandidates, chooseMotion: Kernels.chooseMotion)

  static let avx2 = unsafe MotionKernels(
    backwardWarp: KernelsAVX2.backwardWarp, backwardWarpPair: KernelsAVX2.backwardWarpPair,
    blockInput: KernelsAVX2.blockInput,
    resizeBilinear: KernelsAVX2.resizeBilinear, doubleSize: KernelsAVX2.doubleSize,
    motionCandidates: KernelsAVX2.motionCandidates, chooseMotion: KernelsAVX2.chooseMotion)

  static let avx512 = unsafe MotionKernels(
    backwardWarp: KernelsAVX512.backwardWarp, backwardWarpPair: KernelsAVX512.backwardWarpPair,
    blockInput: KernelsAVX512.blockInput,
    resizeBilinear: KernelsAVX512.resizeBilinear, doubleSize: KernelsAVX512.doubleSize,
    motionCandidates: KernelsAVX512.motionCandidates, chooseMotion: KernelsAVX512.chooseMotion)
}
