// SPDX-License-Identifier: MIT
import Kernels
import KernelsAVX2
import KernelsAVX512

/// Rows of samples to float RGB, and weighted means of rows; see `Kernels/PixelConvert.swift`.
@safe package struct PixelConvertKernels: Sendable {
  package typealias LoadRow =
    @Sendable (UnsafeRawPointer, Int, Int, UnsafeMutablePointer<Float>) -> Void
  package typealias BlendRow =
    @Sendable (UnsafeRawPointer, UnsafeRawPointer, Float, Int, UnsafeMutableRawPointer) -> Void

  package let loadRowBytes: LoadRow
  package let loadRowWords:
    @Sendable (UnsafeRawPointer, Int, Int32, Int, UnsafeMutablePointer<Float>) -> Void
  package let loadRowFloats: LoadRow
  package let mixRowsPadded:
    @Sendable (
      UnsafePointer<Float>, UnsafePointer<Float>, Float, Int, UnsafeMutablePointer<Float>
    ) -> Void
  package let doubleColumns:
    @Sendable (UnsafePointer<Float>, Float, Int, UnsafeMutablePointer<Float>) -> Void
  package let addColumnGroups:
    @Sendable (UnsafePointer<Float>, Int, Int, UnsafeMutablePointer<Float>) -> Void
  package let matrixRow:
    @Sendable (
      UnsafePointer<Float>, UnsafePointer<Float>, UnsafePointer<Float>, SIMD4<Float>, SIMD4<Float>,
      SIMD4<Float>, Int, UnsafeMutablePointer<Float>
    ) -> Void
  package let blendRowBytes: BlendRow
  package let blendRowWords:
    @Sendable (UnsafeRawPointer, UnsafeRawPointer, Float, Int32, Int, UnsafeMutableRawPointer) ->
      Void
  package let blendRowFloats: BlendRow

  static let portable = unsafe PixelConvertKernels(
    loadRowBytes: Kernels.loadRowBytes,
    loadRowWords: Kernels.loadRowWords,
    loadRowFloats: Kernels.loadRowFloats,
    mixRowsPadded: Kernels.mixRowsPadded,
    doubleColumns: Kernels.doubleColumns,
    addColumnGroups: Kernels.addColumnGroups,
    matrixRow: Kernels.matrixRow,
    blendRowBytes: Kernels.blendRowBytes,
    blendRowWords: Kernels.blendRowWords,
    blendRowFloats: Kernels.blendRowFloats)

  static let avx2 = unsafe PixelConvertKernels(
    loadRowBytes: KernelsAVX2.loadRowBytes,
    loadRowWords: KernelsAVX2.loadRowWords,
    loadRowFloats: KernelsAVX2.loadRowFloats,
    mixRowsPadded: KernelsAVX2.mixRowsPadded,
    doubleColumns: KernelsAVX2.doubleColumns,
    addColumnGroups: KernelsAVX2.addColumnGroups,
    matrixRow: KernelsAVX2.matrixRow,
    blendRowBytes: KernelsAVX2.blendRowBytes,
    blendRowWords: KernelsAVX2.blendRowWords,
    blendRowFloats: KernelsAVX2.blendRowFloats)

  static let avx512 = unsafe PixelConvertKernels(
    loadRowBytes: KernelsAVX512.loadRowBytes,
    loadRowWords: KernelsAVX512.loadRowWords,
    loadRowFloats: KernelsAVX512.loadRowFloats,
    mixRowsPadded: KernelsAVX512.mixRowsPadded,
    doubleColumns: KernelsAVX512.doubleColumns,
    addColumnGroups: KernelsAVX512.addColumnGroups,
    matrixRow: KernelsAVX512.matrixRow,
    blendRowBytes: KernelsAVX512.blendRowBytes,
    blendRowWords: KernelsAVX512.blendRowWords,
    blendRowFloats: KernelsAVX512.blendRowFloats)
}
