// SPDX-License-Identifier: MIT
import CIntrinsics
import Kernels
import KernelsAVX2
import KernelsAVX512

/// The kernels of one level for the dense inverse search, in the order of their use.
///
/// Numbers are the rows to work on, from the first up to the second; pointers to floats are memory
/// for one worker.
@safe package struct InverseSearchKernels: Sendable {
  package let halfLuma: @Sendable (vfi_features, vfi_luma, Int, Int) -> Void
  package let halveLuma: @Sendable (vfi_luma, vfi_luma, Int, Int) -> Void
  package let repeatEdges: @Sendable (vfi_luma) -> Void
  package let searchPatches:
    @Sendable (UnsafePointer<vfi_inverse_search>, Int, Int, UnsafeMutablePointer<Float>) -> Void
  package let densify:
    @Sendable (UnsafePointer<vfi_inverse_search>, Int, Int, UnsafeMutablePointer<Float>) -> Void
  package let medianFlow: @Sendable (UnsafePointer<vfi_inverse_search>, Int, Int) -> Void

  static let portable = unsafe InverseSearchKernels(
    halfLuma: Kernels.halfLuma, halveLuma: Kernels.halveLuma, repeatEdges: Kernels.repeatEdges,
    searchPatches: Kernels.searchPatches, densify: Kernels.densify, medianFlow: Kernels.medianFlow)

  static let avx2 = unsafe InverseSearchKernels(
    halfLuma: KernelsAVX2.halfLuma, halveLuma: KernelsAVX2.halveLuma,
    repeatEdges: KernelsAVX2.repeatEdges, searchPatches: KernelsAVX2.searchPatches,
    densify: KernelsAVX2.densify, medianFlow: KernelsAVX2.medianFlow)

  static let avx512 = unsafe InverseSearchKernels(
    halfLuma: KernelsAVX512.halfLuma, halveLuma: KernelsAVX512.halveLuma,
    repeatEdges: KernelsAVX512.repeatEdges, searchPatches: KernelsAVX512.searchPatches,
    densify: KernelsAVX512.densify, medianFlow: KernelsAVX512.medianFlow)
}
