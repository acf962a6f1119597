// SPDX-License-Identifier: MIT

/// A kernel for each type of features.
package struct ByPrecision<Kernel: Sendable>: Sendable {
  private let float32: Kernel
  private let bfloat16: Kernel

  init(_ float32: Kernel, _ bfloat16: Kernel) {
    self.float32 = float32
    self.bfloat16 = bfloat16
  }

  package subscript(precision: Precision) -> Kernel {
    precision == .float32 ? float32 : bfloat16
  }
}

/// The kernels of one instruction set: the only place that knows about levels.
///
/// Each family has a structure of functions of its own, filled in `KernelTable+Family.swift`.
package struct KernelTable: Sendable {
  package let level: CPULevel
  /// Whether layers form products in int8 where that pays.
  package let quantizes: Bool
  package let convolution: ConvolutionKernels
  package let motion: MotionKernels
  package let peak: ByPrecision<PeakKernel>
  package let pixelConvert: PixelConvertKernels
  package let merge: MergeKernels
  package let inverseSearch: InverseSearchKernels
  package let block: BlockKernels
  package let inpainting: InpaintingKernels
  package let holes: HoleKernels

  /// The type that a layer which is not quantised should take in place of `precision`, where its input
  /// may be of either: products of bfloat16 without instructions for them cost more than those of float32.
  package func quickest(_ precision: Precision) -> Precision {
    level == .avx512BF16 ? precision : .float32
  }

  package init(level: CPULevel = CPU.level, quantizes: Bool = false) {
    self.level = level
    self.quantizes = quantizes
    convolution =
      switch level {
      case .portable: .portable
      case .avx2: .avx2
      case .avx512: .avx512
      case .avx512VNNI: .avx512VNNI
      case .avx512BF16: .avx512BF16
      }
    // No other kernel has instructions of its own for bfloat16 or int8.
    let level = min(level, .avx512)
    motion = level == .avx512 ? .avx512 : level == .avx2 ? .avx2 : .portable
    let multiplyAdds: PeakKernel =
      level == .avx512 ? .avx512 : level == .avx2 ? .avx2 : .portable
    peak = ByPrecision(multiplyAdds, self.level == .avx512BF16 ? .avx512BF16 : multiplyAdds)
    pixelConvert = level == .avx512 ? .avx512 : level == .avx2 ? .avx2 : .portable
    merge = level == .avx512 ? .avx512 : level == .avx2 ? .avx2 : .portable
    inverseSearch = level == .avx512 ? .avx512 : level == .avx2 ? .avx2 : .portable
    block = level == .avx512 ? .avx512 : level == .avx2 ? .avx2 : .portable
    inpainting = level == .avx512 ? .avx512 : level == .avx2 ? .avx2 : .portable
    holes = level == .avx512 ? .avx512 : level == .avx2 ? .avx2 : .portable
  }
}
