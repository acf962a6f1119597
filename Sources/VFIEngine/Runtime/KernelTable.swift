// SPDX-License-Identifier: MIT

/// The kernels of one instruction set: the only place that knows about levels.
///
/// Each family has a structure of functions of its own, filled in `KernelTable+Family.swift`.
package struct KernelTable: Sendable {
  package let level: CPULevel
  package let convolution: ConvolutionKernels
  package let motion: MotionKernels
  package let peak: PeakKernel
  package let pixelConvert: PixelConvertKernels
  package let merge: MergeKernels
  package let inverseSearch: InverseSearchKernels
  package let block: BlockKernels

  package init(level: CPULevel = CPU.level) {
    self.level = level
    convolution = level == .avx512 ? .avx512 : level == .avx2 ? .avx2 : .portable
    motion = level == .avx512 ? .avx512 : level == .avx2 ? .avx2 : .portable
    peak = level == .avx512 ? .avx512 : level == .avx2 ? .avx2 : .portable
    pixelConvert = level == .avx512 ? .avx512 : level == .avx2 ? .avx2 : .portable
    merge = level == .avx512 ? .avx512 : level == .avx2 ? .avx2 : .portable
    inverseSearch = level == .avx512 ? .avx512 : level == .avx2 ? .avx2 : .portable
    block = level == .avx512 ? .avx512 : level == .avx2 ? .avx2 : .portable
  }
}
