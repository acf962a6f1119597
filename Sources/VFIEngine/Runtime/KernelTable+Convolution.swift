// SPDX-License-Identifier: MIT
import CIntrinsics
import Kernels
import KernelsAVX2
import KernelsAVX512
import KernelsAVX512BF16
import KernelsAVX512VNNI

/// The convolution kernels of one level: one for each type and width of a block of output channels.
@safe package struct ConvolutionKernels: Sendable {
  /// The kernels of one width, which is the number of output channels that they compute at once.
  @safe package struct Block: Sendable {
    package let width: Int
    package let tile: @Sendable (UnsafePointer<vfi_convolution_tile>) -> Void
    package let winogradOutput: @Sendable (UnsafePointer<vfi_winograd_output>) -> Void
  }

  /// Widest first; each width divides the one before it.
  package var float32: [Block]
  package var bfloat16: [Block]
  package var int8: [Block]
  package var winogradInput: ByPrecision<@Sendable (UnsafePointer<vfi_winograd_input>) -> Void>
  package var quantize: ByPrecision<@Sendable (UnsafePointer<vfi_quantization>) -> Void>

  package func blocks(_ format: WeightFormat) -> [Block] {
    switch format {
    case .float32: float32
    case .bfloat16: bfloat16
    case .int8: int8
    }
  }

  /// The blocks that cover `channels` with the least waste, widest first.
  package func split(_ channels: Int, _ format: WeightFormat) -> [Block] {
    let blocks = blocks(format)
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
    float32: [
      Block(
        width: Kernels.convolutionTileWideWidth, tile: Kernels.convolutionTileWide,
        winogradOutput: Kernels.winogradOutputWide),
      Block(
        width: Kernels.convolutionTileNarrowWidth, tile: Kernels.convolutionTileNarrow,
        winogradOutput: Kernels.winogradOutputNarrow),
    ],
    bfloat16: [
      Block(
        width: Kernels.convolutionTileWideWidth, tile: Kernels.convolutionTileWideBF16,
        winogradOutput: Kernels.winogradOutputWide),
      Block(
        width: Kernels.convolutionTileNarrowWidth, tile: Kernels.convolutionTileNarrowBF16,
        winogradOutput: Kernels.winogradOutputNarrow),
    ],
    int8: [
      Block(
        width: Kernels.convolutionTileWideWidth, tile: Kernels.convolutionTileWideInt8,
        winogradOutput: Kernels.winogradOutputWide),
      Block(
        width: Kernels.convolutionTileNarrowWidth, tile: Kernels.convolutionTileNarrowInt8,
        winogradOutput: Kernels.winogradOutputNarrow),
    ],
    winogradInput: ByPrecision(Kernels.winogradInput, Kernels.winogradInputBF16),
    quantize: ByPrecision(Kernels.quantizePixels, Kernels.quantizePixelsBF16))

  static let avx2 = unsafe ConvolutionKernels(
    float32: [
      Block(
        width: KernelsAVX2.convolutionTileWideWidth, tile: KernelsAVX2.convolutionTileWide,
        winogradOutput: KernelsAVX2.winogradOutputWide),
      narrowAVX2,
    ],
    bfloat16: [
      Block(
        width: KernelsAVX2.convolutionTileWideWidth, tile: KernelsAVX2.convolutionTileWideBF16,
        winogradOutput: KernelsAVX2.winogradOutputWide),
      narrowAVX2BF16,
    ],
    int8: [
      Block(
        width: KernelsAVX2.convolutionTileWideWidth, tile: KernelsAVX2.convolutionTileWideInt8,
        winogradOutput: KernelsAVX2.winogradOutputWide),
      narrowAVX2Int8,
    ],
    winogradInput: ByPrecision(KernelsAVX2.winogradInput, KernelsAVX2.winogradInputBF16),
    quantize: ByPrecision(KernelsAVX2.quantizePixels, KernelsAVX2.quantizePixelsBF16))

  /// The last 8 of 24 or 72 channels go to AVX2's narrow kernel, which does not waste half a vector.
  static let avx512 = unsafe ConvolutionKernels(
    float32: [
      Block(
        width: KernelsAVX512.convolutionTileWideWidth, tile: KernelsAVX512.convolutionTileWide,
        winogradOutput: KernelsAVX512.winogradOutputWide),
      Block(
        width: KernelsAVX512.convolutionTileNarrowWidth,
        tile: KernelsAVX512.convolutionTileNarrow,
        winogradOutput: KernelsAVX512.winogradOutputNarrow),
      narrowAVX2,
    ],
    bfloat16: [
      Block(
        width: KernelsAVX512.convolutionTileWideWidth,
        tile: KernelsAVX512.convolutionTileWideBF16,
        winogradOutput: KernelsAVX512.winogradOutputWide),
      Block(
        width: KernelsAVX512.convolutionTileNarrowWidth,
        tile: KernelsAVX512.convolutionTileNarrowBF16,
        winogradOutput: KernelsAVX512.winogradOutputNarrow),
      narrowAVX2BF16,
    ],
    int8: [
      Block(
        width: KernelsAVX512.convolutionTileWideWidth, tile: KernelsAVX512.convolutionTileWideInt8,
        winogradOutput: KernelsAVX512.winogradOutputWide),
      Block(
        width: KernelsAVX512.convolutionTileNarrowWidth,
        tile: KernelsAVX512.convolutionTileNarrowInt8,
        winogradOutput: KernelsAVX512.winogradOutputNarrow),
      narrowAVX2Int8,
    ],
    winogradInput: ByPrecision(KernelsAVX512.winogradInput, KernelsAVX512.winogradInputBF16),
    quantize: ByPrecision(KernelsAVX512.quantizePixels, KernelsAVX512.quantizePixelsBF16))

  /// The kernels of AVX-512, but for int8.
  static let avx512VNNI: ConvolutionKernels = {
    var kernels = avx512
    kernels.int8 = unsafe [
      Block(
        width: KernelsAVX512VNNI.convolutionTileWideWidth,
        tile: KernelsAVX512VNNI.convolutionTileWideInt8,
        winogradOutput: KernelsAVX512.winogradOutputWide),
      Block(
        width: KernelsAVX512VNNI.convolutionTileNarrowWidth,
        tile: KernelsAVX512VNNI.convolutionTileNarrowInt8,
        winogradOutput: KernelsAVX512.winogradOutputNarrow),
      narrowAVX2Int8,
    ]
    return kernels
  }()

  /// The same, but for bfloat16.
  static let avx512BF16: ConvolutionKernels = {
    var kernels = avx512VNNI
    kernels.bfloat16 = unsafe [
      Block(
        width: KernelsAVX512BF16.convolutionTileWideWidth,
        tile: KernelsAVX512BF16.convolutionTileWideBF16,
        winogradOutput: KernelsAVX512BF16.winogradOutputWide),
      Block(
        width: KernelsAVX512BF16.convolutionTileNarrowWidth,
        tile: KernelsAVX512BF16.convolutionTileNarrowBF16,
        winogradOutput: KernelsAVX512BF16.winogradOutputNarrow),
      Block(
        width: KernelsAVX512BF16.convolutionTileHalfWidth,
        tile: KernelsAVX512BF16.convolutionTileHalfBF16,
        winogradOutput: KernelsAVX2.winogradOutputNarrow),
    ]
    unsafe kernels.winogradInput = ByPrecision(
      KernelsAVX512.winogradInput, KernelsAVX512BF16.winogradInputBF16)
    return kernels
  }()

  private static let narrowAVX2 = unsafe Block(
    width: KernelsAVX2.convolutionTileNarrowWidth, tile: KernelsAVX2.convolutionTileNarrow,
    winogradOutput: KernelsAVX2.winogradOutputNarrow)

  private static let narrowAVX2BF16 = unsafe Block(
    width: KernelsAVX2.convolutionTileNarrowWidth, tile: KernelsAVX2.convolutionTileNarrowBF16,
    winogradOutput: KernelsAVX2.winogradOutputNarrow)

  private static let narrowAVX2Int8 = unsafe Block(
    width: KernelsAVX2.convolutionTileNarrowWidth, tile: KernelsAVX2.convolutionTileNarrowInt8,
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
  /// Of bfloat16; where there are no instructions for it, the peak is that of float32.
  static let avx512BF16 = PeakKernel(
    operations: KernelsAVX512BF16.dotPeakOperations, run: KernelsAVX512BF16.dotPeak)
}
