// SPDX-License-Identifier: MIT
import CIntrinsics
import Kernels
import KernelsAVX2
import KernelsAVX512

/// The kernels of one level that fill holes without a network.
///
/// The last two numbers are the rows to work on, from the first up to the second.
@safe package struct HoleKernels: Sendable {
  package typealias MembraneStep =
    @Sendable (
      UnsafePointer<vfi_membrane>, UnsafePointer<vfi_membrane>, Int, Int
    ) -> Void

  package typealias Step<Arguments> = @Sendable (UnsafePointer<Arguments>, Int, Int) -> Void

  /// Of black pixels or red ones, by what factor.
  package let membraneRelax: @Sendable (UnsafePointer<vfi_membrane>, Bool, Float, Int, Int) -> Void
  /// From the first level to the second one.
  package let membraneReduce: MembraneStep
  package let membraneEnlarge: MembraneStep
  package let advanceTrace: Step<vfi_trace_step>
  package let collectSamples: Step<vfi_collection>
  /// Here the numbers are those of listed samples, the first one a multiple of 16.
  package let rimSamples: Step<vfi_rim_samples>

  static let portable = unsafe HoleKernels(
    membraneRelax: Kernels.membraneRelax, membraneReduce: Kernels.membraneReduce,
    membraneEnlarge: Kernels.membraneEnlarge, advanceTrace: Kernels.advanceTrace,
    collectSamples: Kernels.collectSamples, rimSamples: Kernels.rimSamples)

  static let avx2 = unsafe HoleKernels(
    membraneRelax: KernelsAVX2.membraneRelax, membraneReduce: KernelsAVX2.membraneReduce,
    membraneEnlarge: KernelsAVX2.membraneEnlarge, advanceTrace: KernelsAVX2.advanceTrace,
    collectSamples: KernelsAVX2.collectSamples, rimSamples: KernelsAVX2.rimSamples)

  static let avx512 = unsafe HoleKernels(
    membraneRelax: KernelsAVX512.membraneRelax, membraneReduce: KernelsAVX512.membraneReduce,
    membraneEnlarge: KernelsAVX512.membraneEnlarge, advanceTrace: KernelsAVX512.advanceTrace,
    collectSamples: KernelsAVX512.collectSamples, rimSamples: KernelsAVX512.rimSamples)
}
