// SPDX-License-Identifier: MIT
import CIntrinsics

/// Luma of a frame at 1/4 of its size and coarser, as the inverse search reads it.
///
/// Level k has the size 1/2^k of the frame, rounded down; the first one is level 2, the last one the
/// coarsest up to level 6 whose short side is at least 8 pixels.
@safe package struct LumaPyramid {
  static let finest = 2
  static let coarsest = 6

  /// Level 2 and coarser ones, as far as `count`.
  private var levels: InlineArray<5, vfi_luma?>
  package private(set) var count = 1

  /// Builds the pyramid of `luma` `[H/4, W/4, 1]` in `engine.scratch`.
  package init(_ luma: FeatureMap, on engine: Engine) throws(VFIError) {
    guard luma.channels == 1, min(luma.height, luma.width) >= Int(VFI_PATCH) else {
      throw .defect("the inverse search needs a luma of at least 8 x 8 pixels")
    }
    unsafe levels = .init(repeating: nil)
    let kernels = engine.kernels.inverseSearch
    var finer = unsafe try Self.level(luma.height, luma.width, in: engine.scratch)
    unsafe kernels.copyLuma(luma.view, finer)
    unsafe levels[0] = unsafe finer
    while count <= Self.coarsest - Self.finest,
      unsafe min(finer.height, finer.width) >= 2 * Int(VFI_PATCH)
    {
      let level = unsafe try Self.level(finer.height / 2, finer.width / 2, in: engine.scratch)
      unsafe kernels.halveLuma(finer, level)
      unsafe levels[count] = unsafe level
      count += 1
      unsafe finer = unsafe level
    }
  }

  /// Level `index + 2`.
  subscript(index: Int) -> vfi_luma {
    guard let level = unsafe levels[index] else { preconditionFailure("no level \(index + 2)") }
    return unsafe level
  }

  private static func level(
    _ height: Int, _ width: Int, in arena: Arena
  ) throws(VFIError) -> vfi_luma {
    let border = Int(VFI_LUMA_BORDER)
    let stride = width + 2 * border
    let memory = unsafe try arena.buffer(of: Float.self, count: stride * (height + 2 * border))
    return unsafe vfi_luma(
      base: memory + border * stride + border, height: height, width: width, stride: stride)
  }
}

/// Computes luma in 0...255 of `image` at 1/4 of its size.
///
/// `image` is RGB `[H, W, 3]` in 0...1; its sides are multiples of 4.
package func quarterLuma(
  _ image: FeatureMap, into luma: FeatureMap, on engine: Engine
) throws(VFIError) {
  guard image.channels == 3, image.pixelStride == 3, luma.channels == 1, luma.pixelStride == 1,
    image.height == 4 * luma.height, image.width == 4 * luma.width
  else { throw .defect("quarterLuma: wrong sizes") }
  let kernel = unsafe engine.kernels.inverseSearch.quarterLuma
  try engine.forEachRows(luma.height) { first, end in
    unsafe kernel(image.view, luma.view, first, end)
  }
}
