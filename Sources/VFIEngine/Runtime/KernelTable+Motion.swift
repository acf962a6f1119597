// SPDX-License-Identifier: MIT
import CIntrinsics
import Kernels
import KernelsAVX2
import KernelsAVX512

/// The kernels of one level that move and resize features.
///
/// Each works on the rows from its second argument up to its third: rows of the output, for
/// `doubleSize` of the input.
@safe package struct MotionKernels: Sendable {
  package typealias Warp = @Sendable (UnsafePointer<vfi_warp>, Int, Int) -> Void
  package typealias Resize = @Sendable (UnsafePointer<vfi_resize>, Int, Int) -> Void

  package let backwardWarp: Warp
  package let resizeBilinear: Resize
  package let doubleSize: Resize

  static let portable = unsafe MotionKernels(
    backwardWarp: Kernels.backwardWarp, resizeBilinear: Kernels.resizeBilinear,
    doubleSize: Kernels.doubleSize)

  static let avx2 = unsafe MotionKernels(
    backwardWarp: KernelsAVX2.backwardWarp, resizeBilinear: KernelsAVX2.resizeBilinear,
    doubleSize: KernelsAVX2.doubleSize)

  static let avx512 = unsafe MotionKernels(
    backwardWarp: KernelsAVX512.backwardWarp, resizeBilinear: KernelsAVX512.resizeBilinear,
    doubleSize: KernelsAVX512.doubleSize)
}
