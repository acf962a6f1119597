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

  private typealias Tile = @Sendable (UnsafePointer<vfi_convolution_tile>) -> Void

  /// What the kernels of one width share, whatever their type.
  private typealias Width = (
    channels: Int, output: @Sendable (UnsafePointer<vfi_winograd_output>) -> Void
  )

  private static func blocks(_ widths: [Width], _ tiles: [Tile]) -> [Block] {
    unsafe zip(widths, tiles).map { width, tile in
      unsafe Block(width: width.channels, tile: tile, winogradOutput: width.output)
    }
  }

  private static let widthsPortable: [Width] = unsafe [
    (Kernels.convolutionTileWideWidth, Kernels.winogradOutputWide),
    (Kernels.convolutionTileNarrowWidth, Kernels.winogradOutputNarrow),
  ]

  static let portable = unsafe ConvolutionKernels(
    float32: blocks(
      widthsPortable, [Kernels.convolutionTileWide, Kernels.convolutionTileNarrow]),
    bfloat16: blocks(
      widthsPortable, [Kernels.convolutionTileWideBF16, Kernels.convolutionTileNarrowBF16]),
    int8: blocks(
      widthsPortable, [Kernels.convolutionTileWideInt8, Kernels.convolutionTileNarrowInt8]),
    winogradInput: ByPrecision(Kernels.winogradInput, Kernels.winogradInputBF16),
    quantize: ByPrecision(Kernels.quantizePixels, Kernels.quantizePixelsBF16))

  private static let widthsAVX2: [Width] = unsafe [
    (KernelsAVX2.convolutionTileWideWidth, KernelsAVX2.winogradOutputWide),
    (KernelsAVX2.convolutionTileNarrowWidth, KernelsAVX2.winogradOutputNarrow),
  ]

  static let avx2 = unsafe ConvolutionKernels(
    float32: blocks(
      widthsAVX2, [KernelsAVX2.convolutionTileWide, KernelsAVX2.convolutionTileNarrow]),
    bfloat16: blocks(
      widthsAVX2, [KernelsAVX2.convolutionTileWideBF16, KernelsAVX2.convolutionTileNarrowBF16]),
    int8: blocks(
      widthsAVX2, [KernelsAVX2.convolutionTileWideInt8, KernelsAVX2.convolutionTileNarrowInt8]),
    winogradInput: ByPrecision(KernelsAVX2.winogradInput, KernelsAVX2.winogradInputBF16),
    quantize: ByPrecision(KernelsAVX2.quantizePixels, KernelsAVX2.quantizePixelsBF16))

  /// The last 8 of 24 or 72 channels go to AVX2's narrow kernel, which does not waste half a vector.
  private static let widthsAVX512: [Width] = unsafe [
    (KernelsAVX512.convolutionTileWideWidth, KernelsAVX512.winogradOutputWide),
    (KernelsAVX512.convolutionTileNarrowWidth, KernelsAVX512.winogradOutputNarrow),
    (KernelsAVX2.convolutionTileNarrowWidth, KernelsAVX2.winogradOutputNarrow),
  ]

  static let avx512 = unsafe ConvolutionKernels(
    float32: blocks(
      widthsAVX512,
      [
        KernelsAVX512.convolutionTileWide, KernelsAVX512.convolutionTileNarrow,
        KernelsAVX2.convolutionTileNarrow,
      ]),
    bfloat16: blocks(
      widthsAVX512,
      [
        KernelsAVX512.convolutionTileWideBF16, KernelsAVX512.convolutionTileNarrowBF16,
        KernelsAVX2.convolutionTileNarrowBF16,
      ]),
    int8: blocks(
      widthsAVX512,
      [
        KernelsAVX512.convolutionTileWideInt8, KernelsAVX512.convolutionTileNarrowInt8,
        KernelsAVX2.convolutionTileNarrowInt8,
      ]),
    winogradInput: ByPrecision(KernelsAVX512.winogradInput, KernelsAVX512.winogradInputBF16),
    quantize: ByPrecision(KernelsAVX512.quantizePixels, KernelsAVX512.quantizePixelsBF16))

  /// The kernels of AVX-512, but for int8.
  static let avx512VNNI: ConvolutionKernels = {
    var kernels = avx512
    kernels.int8 = unsafe blocks(
      widthsAVX512,
      [
        KernelsAVX512VNNI.convolutionTileWideInt8, KernelsAVX512VNNI.convolutionTileNarrowInt8,
        KernelsAVX2.convolutionTileNarrowInt8,
      ])
    return kernels
  }()

  /// The same, but for bfloat16.
  static let avx512BF16: ConvolutionKernels = {
    var kernels = avx512VNNI
    kernels.bfloat16 = unsafe blocks(
      // Here the way back rounds to bfloat16 by an instruction.
      [
        (KernelsAVX512BF16.convolutionTileWideWidth, KernelsAVX512BF16.winogradOutputWide),
        (KernelsAVX512BF16.convolutionTileNarrowWidth, KernelsAVX512BF16.winogradOutputNarrow),
        (KernelsAVX512BF16.convolutionTileHalfWidth, KernelsAVX2.winogradOutputNarrow),
      ],
      [
        KernelsAVX512BF16.convolutionTileWideBF16, KernelsAVX512BF16.convolutionTileNarrowBF16,
        KernelsAVX512BF16.convolutionTileHalfBF16,
      ])
    unsafe kernels.winogradInput = ByPrecision(
      KernelsAVX512.winogradInput, KernelsAVX512BF16.winogradInputBF16)
    return kernels
  }()
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
