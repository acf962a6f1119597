// SPDX-License-Identifier: MIT
import CIntrinsics
import Kernels
import KernelsAVX2
import KernelsAVX512

/// Comparison of blocks of two frames; see `Kernels/Block.swift`.
@safe package struct BlockKernels: Sendable {
  package typealias Agrees = @Sendable (UnsafePointer<vfi_block_pair>) -> Bool

  package let blockAgreesBytes: Agrees
  package let blockAgreesWords: Agrees
  package let blockAgreesFloats: Agrees
  package let blockSearch:
    @Sendable (UnsafePointer<UInt8>, UnsafePointer<UInt8>, Int, Int, Int, Int, Int, Int, Int) ->
      Int32
  package let blockActivity: @Sendable (UnsafePointer<UInt8>, Int, Int, Int) -> Int32

  static let portable = unsafe BlockKernels(
    blockAgreesBytes: Kernels.blockAgreesBytes,
    blockAgreesWords: Kernels.blockAgreesWords,
    blockAgreesFloats: Kernels.blockAgreesFloats,
    blockSearch: Kernels.blockSearch,
    blockActivity: Kernels.blockActivity)

  static let avx2 = unsafe BlockKernels(
    blockAgreesBytes: KernelsAVX2.blockAgreesBytes,
    blockAgreesWords: KernelsAVX2.blockAgreesWords,
    blockAgreesFloats: KernelsAVX2.blockAgreesFloats,
    blockSearch: KernelsAVX2.blockSearch,
    blockActivity: KernelsAVX2.blockActivity)

  static let avx512 = unsafe BlockKernels(
    blockAgreesBytes: KernelsAVX512.blockAgreesBytes,
    blockAgreesWords: KernelsAVX512.blockAgreesWords,
    blockAgreesFloats: KernelsAVX512.blockAgreesFloats,
    blockSearch: KernelsAVX512.blockSearch,
    blockActivity: KernelsAVX512.blockActivity)
}
