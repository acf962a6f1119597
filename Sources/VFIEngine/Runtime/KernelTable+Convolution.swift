// SPDX-License-Identifier: MIT
import CIntrinsics
import Kernels
import KernelsAVX2
import KernelsAVX512

/// The convolution kernels of one level: one for each width of a block of output channels.
@safe package struct ConvolutionKernels: Sendable {
  /// The kernels of one width, which is the number of output channels that they compute at once.
  @safe package struct Block: Sendable {
    package let width: Int
    package let tile: @Sendable (UnsafePointer<vfi_convolution_tile>) -> Void
    package let winogradOutput: @Sendable (UnsafePointer<vfi_winograd_output>) -> Void
  }

  /// Widest first; each width divides the one before it.
  package let blocks: [Block]
  package let winogradInput: @Sendable (UnsafePointer<vfi_winograd_input>) -> Void

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

  static let portable = unsafe ConvolutionKernels(
    blocks: [
      Block(
        width: Kernels.convolutionTileWideWidth, tile: Kernels.convolutionTileWide,
        winogradOutput: Kernels.winogradOutputWide),
      Block(
        width: Kernels.convolutionTileNarrowWidth, tile: Kernels.convolutionTileNarrow,
        winogradOutput: Kernels.winogradOutputNarrow),
    ], winogradInput: Kernels.winogradInput)

  static let avx2 = unsafe ConvolutionKernels(
    blocks: [
      Block(
        width: KernelsAVX2.convolutionTileWideWidth, tile: KernelsAVX2.convolutionTileWide,
        winogradOutput: KernelsAVX2.winogradOutputWide),
      narrowAVX2,
    ], winogradInput: KernelsAVX2.winogradInput)

  /// The last 8 of 24 or 72 channels go to AVX2's narrow kernel, which does not waste half a vector.
  static let avx512 = unsafe ConvolutionKernels(
    blocks: [
      Block(
        width: KernelsAVX512.convolutionTileWideWidth, tile: KernelsAVX512.convolutionTileWide,
        winogradOutput: KernelsAVX512.winogradOutputWide),
      Block(
        width: KernelsAVX512.convolutionTileNarrowWidth,
        tile: KernelsAVX512.convolutionTileNarrow,
        winogradOutput: KernelsAVX512.winogradOutputNarrow),
      narrowAVX2,
    ], winogradInput: KernelsAVX512.winogradInput)

  private static let narrowAVX2 = unsafe Block(
    width: KernelsAVX2.convolutionTileNarrowWidth, tile: KernelsAVX2.convolutionTileNarrow,
    winogradOutput: KernelsAVX2.winogradOutputNarrow)
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
