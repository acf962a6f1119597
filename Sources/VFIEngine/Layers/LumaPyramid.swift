// SPDX-License-Identifier: MIT
import CIntrinsics

/// Luma of a frame (0 to 255) at 1/2 of its size and coarser, as the inverse search reads it.
///
/// Level k has the size 1/2^k of the frame, rounded down; the first one is level 1, the last one the
/// coarsest up to level 6 whose short side is at least 8 pixels.
@safe package struct LumaPyramid {
  static let finest = 1
  static let coarsest = 6

  /// Level 1 and coarser ones, as far as `count`.
  private var levels: InlineArray<6, vfi_luma?>
  package private(set) var count = 1

  /// Builds the pyramid of `image`, RGB `[H, W, 3]` in 0...1 whose sides are multiples of 4.
  package init(_ image: FeatureMap, in arena: Arena, on engine: Engine) throws(VFIError) {
    guard image.channels == 3, image.pixelStride == 3, image.height % 4 == 0, image.width % 4 == 0
    else { throw .defect("luma: the sides of the frame are no multiples of 4") }
    let kernel = unsafe engine.kernels.inverseSearch.halfLuma
    try unsafe self.init(
      height: image.height / 2, width: image.width / 2, in: arena, on: engine
    ) { level throws(VFIError) in
      try engine.forEachRows(image.height / 2) { first, end in
        unsafe kernel(image.view, level, first, end)
      }
    }
  }

  /// Builds a pyramid whose first level `fill` writes, without its repeated edges.
  package init(
    height: Int, width: Int, in arena: Arena, on engine: Engine,
    fill: (vfi_luma) throws(VFIError) -> Void
  ) throws(VFIError) {
    guard min(height, width) >= Int(VFI_PATCH) else {
      throw .defect("the inverse search needs a luma of at least 8 x 8 pixels")
    }
    unsafe levels = .init(repeating: nil)
    let kernels = engine.kernels.inverseSearch
    var finer = unsafe try Self.level(height, width, in: arena)
    try unsafe fill(finer)
    unsafe kernels.repeatEdges(finer)
    unsafe levels[0] = unsafe finer
    while count <= Self.coarsest - Self.finest,
      unsafe min(finer.height, finer.width) >= 2 * Int(VFI_PATCH)
    {
      let level = unsafe try Self.level(finer.height / 2, finer.width / 2, in: arena)
      unsafe kernels.halveLuma(finer, level)
      unsafe kernels.repeatEdges(level)
      unsafe levels[count] = unsafe level
      count += 1
      unsafe finer = unsafe level
    }
  }

  /// Level `index + 1`.
  package subscript(index: Int) -> vfi_luma {
    guard let level = unsafe levels[index] else { preconditionFailure("no level \(index + 1)") }
    return unsafe level
  }

  /// The rows `rows` of the frame at level `index + 1`; what lies beyond them is the picture's.
  ///
  /// `rows` is all of them, or what ``rows(unlike:)`` gave.
  package subscript(index: Int, rows rows: Range<Int>) -> vfi_luma {
    var level = unsafe self[index]
    let first = rows.lowerBound >> (index + Self.finest)
    let end =
      rows.upperBound == height ? unsafe level.height : rows.upperBound >> (index + Self.finest)
    unsafe level.base += first * level.stride
    unsafe level.height = end - first
    return unsafe level
  }

  /// Height of the frame, padded.
  package var height: Int { unsafe self[0].height << Self.finest }

  /// Rows of the frame in one row of the coarsest level.
  private var coarseRow: Int { 1 << (count - 1 + Self.finest) }

  /// Ranges of rows begin and end at multiples of this, or at the frame's edge.
  private var rowUnit: Int { max(32, coarseRow) }

  /// The rows of the frame outside of which it looks like `other`, fit for ``subscript(_:rows:)``.
  ///
  /// Empty, or enough for a patch of the coarsest level. A difference of one of 256 levels is noise.
  package func rows(unlike other: LumaPyramid) -> Range<Int> {
    let (a, b) = unsafe (self[0], other[0])
    func differs(_ y: Int) -> Bool {
      let (rowA, rowB) = unsafe (a.base + y * a.stride, b.base + y * b.stride)
      return unsafe (0..<a.width).contains { unsafe abs(rowA[$0] - rowB[$0]) > 1 }
    }
    guard let top = unsafe (0..<a.height).first(where: differs),
      let bottom = unsafe (0..<a.height).last(where: differs)
    else { return 0..<0 }
    let margin = Int(VFI_PATCH) / 2
    let scale = 1 << Self.finest
    var first = max(0, top - margin) * scale / rowUnit * rowUnit
    let least = Int(VFI_PATCH) * coarseRow
    let wanted = max((bottom + 1 + margin) * scale, first + least)
    let end = min(height, (wanted + rowUnit - 1) / rowUnit * rowUnit)
    first = max(0, min(first, (end - least) / rowUnit * rowUnit))
    return first..<end
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
