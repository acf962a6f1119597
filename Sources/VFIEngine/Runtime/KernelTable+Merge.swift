// SPDX-License-Identifier: MIT
import CIntrinsics
import Kernels
import KernelsAVX2
import KernelsAVX512

/// Motion rows and merged rows; see `Kernels/MotionRow.swift` and `Kernels/Merge.swift`.
@safe package struct MergeKernels: Sendable {
  package typealias MergeRow = @Sendable (UnsafePointer<vfi_merge_row>) -> Void

  package let motionRow: @Sendable (UnsafePointer<vfi_motion_row>) -> Void
  package let mergeRowBytes: MergeRow
  package let mergeRowBytesStraightAlpha: MergeRow
  package let mergeRowWords: MergeRow
  package let mergeRowFloats: MergeRow

  static let portable = unsafe MergeKernels(
    motionRow: Kernels.motionRow,
    mergeRowBytes: Kernels.mergeRowBytes,
    mergeRowBytesStraightAlpha: Kernels.mergeRowBytesStraightAlpha,
    mergeRowWords: Kernels.mergeRowWords,
    mergeRowFloats: Kernels.mergeRowFloats)

  static let avx2 = unsafe MergeKernels(
    motionRow: KernelsAVX2.motionRow,
    mergeRowBytes: KernelsAVX2.mergeRowBytes,
    mergeRowBytesStraightAlpha: KernelsAVX2.mergeRowBytesStraightAlpha,
    mergeRowWords: KernelsAVX2.mergeRowWords,
    mergeRowFloats: KernelsAVX2.mergeRowFloats)

  static let avx512 = unsafe MergeKernels(
    motionRow: KernelsAVX512.motionRow,
    mergeRowBytes: KernelsAVX512.mergeRowBytes,
    mergeRowBytesStraightAlpha: KernelsAVX512.mergeRowBytesStraightAlpha,
    mergeRowWords: KernelsAVX512.mergeRowWords,
    mergeRowFloats: KernelsAVX512.mergeRowFloats)
}
