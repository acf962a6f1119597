// SPDX-License-Identifier: MIT
import CIntrinsics
import Kernels
import KernelsAVX2
import KernelsAVX512

/// The convolution kernels of one level: one for each width of a block of output channels.
package struct ConvolutionKernels: Sendable {
  /// A kernel and the number of output channels that it computes at once.
  @safe package struct Block: Sendable {
    package let width: Int
    package let tile: @Sendable (UnsafePointer<vfi_convolution_tile>) -> Void
  }

  /// Widest first; each width divides the one before it.
  package let blocks: [Block]

  /// The blocks that cover `channels` with the least waste, widest first.
  package func split(_ channels: Int) -> [Block] {
    guard let narrowest = blocks.last?.width else { return [] }
    var remaining = (channels + narrowest - 1) / narrowest * narrowest
    var result: [Block] = []
    for block in blocks {
      while remaining >= block.width {
        result.append(block)
        remaining -= block.width
      }
    }
    return result
  }

  static let portable = ConvolutionKernels(blocks: [
    unsafe Block(
      width: Kernels.convolutionTileWideWidth, tile: Kernels.convolutionTileWide),
    unsafe Block(
      width: Kernels.convolutionTileNarrowWidth, tile: Kernels.convolutionTileNarrow),
  ])

  static let avx2 = ConvolutionKernels(blocks: [
    unsafe Block(
      width: KernelsAVX2.convolutionTileWideWidth, tile: KernelsAVX2.convolutionTileWide),
    unsafe Block(
      width: KernelsAVX2.convolutionTileNarrowWidth, tile: KernelsAVX2.convolutionTileNarrow),
  ])

  /// The last 8 of 24 or 72 channels go to AVX2's narrow kernel, which does not waste half a vector.
  static let avx512 = ConvolutionKernels(blocks: [
    unsafe Block(
      width: KernelsAVX512.convolutionTileWideWidth, tile: KernelsAVX512.convolutionTileWide),
    unsafe Block(
      width: KernelsAVX512.convolutionTileNarrowWidth, tile: KernelsAVX512.convolutionTileNarrow),
    unsafe Block(
      width: KernelsAVX2.convolutionTileNarrowWidth, tile: KernelsAVX2.convolutionTileNarrow),
  ])
}

/// The benchmark of one level's multiply-add.
package struct PeakKernel: Sendable {
  /// Floating-point operations of one round.
  package let operations: Int
  package let run: @Sendable (_ rounds: Int, _ factor: Float, _ addend: Float) -> Float

  static let portable = PeakKernel(
    operations: Kernels.multiplyAddPeakOperations, run: Kernels.multiplyAddPeak)
  static let avx2 = PeakKernel(
    operations: KernelsAVX2.multiplyAddPeakOperations, run: KernelsAVX2.multiplyAddPeak)
  static let avx512 = PeakKernel(
    operations: KernelsAVX512.multiplyAddPeakOperations, run: KernelsAVX512.multiplyAddPeak)
}
