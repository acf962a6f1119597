// SPDX-License-Identifier: MIT
import CIntrinsics
import Kernels
import KernelsAVX2
import KernelsAVX512
import KernelsAVX512BF16
import KernelsAVX512VNNI

/// Tiles of Winograd's method: outputs of 3x3 convolutions that are computed together.
package enum WinogradTile: Int, Sendable {
  case outputs2x2 = 2
  case outputs4x4 = 4

  /// Output pixels in each direction.
  package var side: Int { rawValue }
  /// Input pixels in each direction.
  package var inputSide: Int { side + 2 }
  /// Input pixels, and points of their transform.
  package var points: Int { inputSide * inputSide }
}

/// The convolution kernels of one level: one for each type and width of a block of output channels.
@safe package struct ConvolutionKernels: Sendable {
  // Functions of C have no context: calling them counts no references, which two threads that do so
  // for every tile would wait for.
  package typealias Tile = @convention(c) (UnsafePointer<vfi_convolution_tile>) -> Void
  package typealias WinogradInput = @convention(c) (UnsafePointer<vfi_winograd_input>) -> Void
  package typealias WinogradOutput = @convention(c) (UnsafePointer<vfi_winograd_output>) -> Void

  /// The kernels of one width, which is the number of output channels that they compute at once.
  @safe package struct Block: Sendable {
    package let width: Int
    package let tile: Tile
    fileprivate let winograd2x2: WinogradOutput
    fileprivate let winograd4x4: WinogradOutput

    /// The way back from Winograd's domain.
    package func winogradOutput(_ tile: WinogradTile) -> WinogradOutput {
      unsafe tile == .outputs2x2 ? winograd2x2 : winograd4x4
    }
  }

  /// Widest first; each width divides the one before it.
  package var float32: [Block]
  package var bfloat16: [Block]
  package var int8: [Block]
  package var winograd2x2: ByPrecision<WinogradInput>
  /// Of float32.
  package var winograd4x4: WinogradInput
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

  /// The way to Winograd's domain.
  package func winogradInput(_ tile: WinogradTile, _ precision: Precision) -> WinogradInput {
    unsafe tile == .outputs2x2 ? winograd2x2[precision] : winograd4x4
  }

  /// What the kernels of one width share, whatever their type.
  private typealias Width = (
    channels: Int, winograd2x2: WinogradOutput, winograd4x4: WinogradOutput
  )

  private static func blocks(_ widths: [Width], _ tiles: [Tile]) -> [Block] {
    unsafe zip(widths, tiles).map { width, tile in
      unsafe Block(
        width: width.channels, tile: tile, winograd2x2: width.winograd2x2,
        winograd4x4: width.winograd4x4)
    }
  }

  private static let widthsPortable: [Width] = unsafe [
    (
      Kernels.convolutionTileWideWidth, { unsafe Kernels.winograd2x2OutputWide($0) },
      { unsafe Kernels.winograd4x4OutputWide($0) }
    ),
    (
      Kernels.convolutionTileNarrowWidth, { unsafe Kernels.winograd2x2OutputNarrow($0) },
      { unsafe Kernels.winograd4x4OutputNarrow($0) }
    ),
  ]

  static let portable = unsafe ConvolutionKernels(
    float32: blocks(
      widthsPortable,
      [{ unsafe Kernels.convolutionTileWide($0) }, { unsafe Kernels.convolutionTileNarrow($0) }]),
    bfloat16: blocks(
      widthsPortable,
      [
        { unsafe Kernels.convolutionTileWideBF16($0) },
        { unsafe Kernels.convolutionTileNarrowBF16($0) },
      ]),
    int8: blocks(
      widthsPortable,
      [
        { unsafe Kernels.convolutionTileWideInt8($0) },
        { unsafe Kernels.convolutionTileNarrowInt8($0) },
      ]),
    winograd2x2: ByPrecision(
      { unsafe Kernels.winograd2x2Input($0) }, { unsafe Kernels.winograd2x2InputBF16($0) }),
    winograd4x4: { unsafe Kernels.winograd4x4Input($0) },
    quantize: ByPrecision(Kernels.quantizePixels, Kernels.quantizePixelsBF16))

  private static let widthsAVX2: [Width] = unsafe [
    (
      KernelsAVX2.convolutionTileWideWidth, { unsafe KernelsAVX2.winograd2x2OutputWide($0) },
      { unsafe KernelsAVX2.winograd4x4OutputWide($0) }
    ),
    (
      KernelsAVX2.convolutionTileNarrowWidth, { unsafe KernelsAVX2.winograd2x2OutputNarrow($0) },
      { unsafe KernelsAVX2.winograd4x4OutputNarrow($0) }
    ),
  ]

  static let avx2 = unsafe ConvolutionKernels(
    float32: blocks(
      widthsAVX2,
      [
        { unsafe KernelsAVX2.convolutionTileWide($0) },
        { unsafe KernelsAVX2.convolutionTileNarrow($0) },
      ]),
    bfloat16: blocks(
      widthsAVX2,
      [
        { unsafe KernelsAVX2.convolutionTileWideBF16($0) },
        { unsafe KernelsAVX2.convolutionTileNarrowBF16($0) },
      ]),
    int8: blocks(
      widthsAVX2,
      [
        { unsafe KernelsAVX2.convolutionTileWideInt8($0) },
        { unsafe KernelsAVX2.convolutionTileNarrowInt8($0) },
      ]),
    winograd2x2: ByPrecision(
      { unsafe KernelsAVX2.winograd2x2Input($0) }, { unsafe KernelsAVX2.winograd2x2InputBF16($0) }),
    winograd4x4: { unsafe KernelsAVX2.winograd4x4Input($0) },
    quantize: ByPrecision(KernelsAVX2.quantizePixels, KernelsAVX2.quantizePixelsBF16))

  /// The last 8 of 24 or 72 channels go to AVX2's narrow kernel, which does not waste half a vector.
  private static let widthsAVX512: [Width] = unsafe [
    (
      KernelsAVX512.convolutionTileWideWidth, { unsafe KernelsAVX512.winograd2x2OutputWide($0) },
      { unsafe KernelsAVX512.winograd4x4OutputWide($0) }
    ),
    (
      KernelsAVX512.convolutionTileNarrowWidth,
      { unsafe KernelsAVX512.winograd2x2OutputNarrow($0) },
      { unsafe KernelsAVX512.winograd4x4OutputNarrow($0) }
    ),
    (
      KernelsAVX2.convolutionTileNarrowWidth, { unsafe KernelsAVX2.winograd2x2OutputNarrow($0) },
      { unsafe KernelsAVX2.winograd4x4OutputNarrow($0) }
    ),
  ]

  static let avx512 = unsafe ConvolutionKernels(
    float32: blocks(
      widthsAVX512,
      [
        { unsafe KernelsAVX512.convolutionTileWide($0) },
        { unsafe KernelsAVX512.convolutionTileNarrow($0) },
        { unsafe KernelsAVX2.convolutionTileNarrow($0) },
      ]),
    bfloat16: blocks(
      widthsAVX512,
      [
        { unsafe KernelsAVX512.convolutionTileWideBF16($0) },
        { unsafe KernelsAVX512.convolutionTileNarrowBF16($0) },
        { unsafe KernelsAVX2.convolutionTileNarrowBF16($0) },
      ]),
    int8: blocks(
      widthsAVX512,
      [
        { unsafe KernelsAVX512.convolutionTileWideInt8($0) },
        { unsafe KernelsAVX512.convolutionTileNarrowInt8($0) },
        { unsafe KernelsAVX2.convolutionTileNarrowInt8($0) },
      ]),
    winograd2x2: ByPrecision(
      { unsafe KernelsAVX512.winograd2x2Input($0) },
      { unsafe KernelsAVX512.winograd2x2InputBF16($0) }),
    winograd4x4: { unsafe KernelsAVX512.winograd4x4Input($0) },
    quantize: ByPrecision(KernelsAVX512.quantizePixels, KernelsAVX512.quantizePixelsBF16))

  /// The kernels of AVX-512, but for int8.
  static let avx512VNNI: ConvolutionKernels = {
    var kernels = avx512
    kernels.int8 = unsafe blocks(
      widthsAVX512,
      [
        { unsafe KernelsAVX512VNNI.convolutionTileWideInt8($0) },
        { unsafe KernelsAVX512VNNI.convolutionTileNarrowInt8($0) },
        { unsafe KernelsAVX2.convolutionTileNarrowInt8($0) },
      ])
    return kernels
  }()

  /// The same, but for bfloat16.
  static let avx512BF16: ConvolutionKernels = {
    var kernels = avx512VNNI
    kernels.bfloat16 = unsafe blocks(
      // Here the way back rounds to bfloat16 by an instruction.
      [
        (
          KernelsAVX512BF16.convolutionTileWideWidth,
          { unsafe KernelsAVX512BF16.winograd2x2OutputWide($0) },
          { unsafe KernelsAVX512BF16.winograd4x4OutputWide($0) }
        ),
        (
          KernelsAVX512BF16.convolutionTileNarrowWidth,
          { unsafe KernelsAVX512BF16.winograd2x2OutputNarrow($0) },
          { unsafe KernelsAVX512BF16.winograd4x4OutputNarrow($0) }
        ),
        (
          KernelsAVX512BF16.convolutionTileHalfWidth,
          { unsafe KernelsAVX2.winograd2x2OutputNarrow($0) },
          { unsafe KernelsAVX2.winograd4x4OutputNarrow($0) }
        ),
      ],
      [
        { unsafe KernelsAVX512BF16.convolutionTileWideBF16($0) },
        { unsafe KernelsAVX512BF16.convolutionTileNarrowBF16($0) },
        { unsafe KernelsAVX512BF16.convolutionTileHalfBF16($0) },
      ])
    unsafe kernels.winograd2x2 = ByPrecision(
      { unsafe KernelsAVX512.winograd2x2Input($0) },
      { unsafe KernelsAVX512BF16.winograd2x2InputBF16($0) })
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
