// SPDX-License-Identifier: MIT
import CIntrinsics
import Kernels
import KernelsAVX2
import KernelsAVX512

/// Motion rows and merged rows; see `Kernels/MotionRow.swift`, `Kernels/Merge.swift` and
/// `Kernels/MergeCandidates.swift`.
@safe package struct MergeKernels: Sendable {
  package typealias MergeRow = @Sendable (UnsafePointer<vfi_merge_row>) -> Void

  package typealias MergeCandidates = @Sendable (UnsafePointer<vfi_candidate_row>) -> Void

  package let motionRow: @Sendable (UnsafePointer<vfi_motion_row>) -> Void
  package let candidateRow: @Sendable (UnsafePointer<vfi_motion_row>) -> Void
  package let mergeRowBytes: MergeRow
  package let mergeRowBytesStraightAlpha: MergeRow
  package let mergeRowWords: MergeRow
  package let mergeRowFloats: MergeRow
  package let mergeCandidatesBytes: MergeCandidates
  package let mergeCandidatesBytesStraightAlpha: MergeCandidates
  package let mergeCandidatesWords: MergeCandidates
  package let mergeCandidatesFloats: MergeCandidates

  static let portable = unsafe MergeKernels(
    motionRow: Kernels.motionRow,
    candidateRow: Kernels.candidateRow,
    mergeRowBytes: Kernels.mergeRowBytes,
    mergeRowBytesStraightAlpha: Kernels.mergeRowBytesStraightAlpha,
    mergeRowWords: Kernels.mergeRowWords,
    mergeRowFloats: Kernels.mergeRowFloats,
    mergeCandidatesBytes: Kernels.mergeCandidatesBytes,
    mergeCandidatesBytesStraightAlpha: Kernels.mergeCandidatesBytesStraightAlpha,
    mergeCandidatesWords: Kernels.mergeCandidatesWords,
    mergeCandidatesFloats: Kernels.mergeCandidatesFloats)

  static let avx2 = unsafe MergeKernels(
    motionRow: KernelsAVX2.motionRow,
    candidateRow: KernelsAVX2.candidateRow,
    mergeRowBytes: KernelsAVX2.mergeRowBytes,
    mergeRowBytesStraightAlpha: KernelsAVX2.mergeRowBytesStraightAlpha,
    mergeRowWords: KernelsAVX2.mergeRowWords,
    mergeRowFloats: KernelsAVX2.mergeRowFloats,
    mergeCandidatesBytes: KernelsAVX2.mergeCandidatesBytes,
    mergeCandidatesBytesStraightAlpha: KernelsAVX2.mergeCandidatesBytesStraightAlpha,
    mergeCandidatesWords: KernelsAVX2.mergeCandidatesWords,
    mergeCandidatesFloats: KernelsAVX2.mergeCandidatesFloats)

  static let avx512 = unsafe MergeKernels(
    motionRow: KernelsAVX512.motionRow,
    candidateRow: KernelsAVX512.candidateRow,
    mergeRowBytes: KernelsAVX512.mergeRowBytes,
    mergeRowBytesStraightAlpha: KernelsAVX512.mergeRowBytesStraightAlpha,
    mergeRowWords: KernelsAVX512.mergeRowWords,
    mergeRowFloats: KernelsAVX512.mergeRowFloats,
    mergeCandidatesBytes: KernelsAVX512.mergeCandidatesBytes,
    mergeCandidatesBytesStraightAlpha: KernelsAVX512.mergeCandidatesBytesStraightAlpha,
    mergeCandidatesWords: KernelsAVX512.mergeCandidatesWords,
    mergeCandidatesFloats: KernelsAVX512.mergeCandidatesFloats)
}
