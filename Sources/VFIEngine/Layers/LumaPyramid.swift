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
      try unsafe engine.forEachRows(level.height) { unsafe kernels.halveLuma(finer, level, $0, $1) }
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

  /// The pixels `region` of the frame at level `index + 1`; what lies beyond them is the picture's.
  ///
  /// `region` is all of them, or what ``region(unlike:)`` gave.
  package subscript(index: Int, region: MovingRegion) -> vfi_luma {
    let shift = index + Self.finest
    var level = unsafe self[index]
    let (top, left) = (region.rows.lowerBound >> shift, region.columns.lowerBound >> shift)
    let bottom =
      region.rows.upperBound == height ? unsafe level.height : region.rows.upperBound >> shift
    let right =
      region.columns.upperBound == width ? unsafe level.width : region.columns.upperBound >> shift
    unsafe level.base += top * level.stride + left
    unsafe level.height = bottom - top
    unsafe level.width = right - left
    return unsafe level
  }

  /// Size of the frame, padded.
  package var height: Int { unsafe self[0].height << Self.finest }
  package var width: Int { unsafe self[0].width << Self.finest }

  /// All of the frame.
  package var whole: MovingRegion { MovingRegion(rows: 0..<height, columns: 0..<width) }

  /// Pixels of the frame in one of the coarsest level.
  private var coarsePixel: Int { 1 << (count - 1 + Self.finest) }

  /// The part of the frame outside of which it looks like `other`, fit for the subscript.
  ///
  /// Empty, or enough for a patch of the coarsest level. A difference of one of 256 levels is noise.
  /// More than three quarters of the columns are all of them: less would not be worth the copies.
  package func region(unlike other: LumaPyramid) -> MovingRegion {
    let (a, b) = unsafe (self[0], other[0])
    let all = unsafe 0..<a.width
    func difference(_ y: Int, _ columns: Range<Int>) -> Int? {
      let (rowA, rowB) = unsafe (a.base + y * a.stride, b.base + y * b.stride)
      return columns.first { unsafe abs(rowA[$0] - rowB[$0]) > 1 }
    }
    func lastDifference(_ y: Int, _ columns: Range<Int>) -> Int? {
      let (rowA, rowB) = unsafe (a.base + y * a.stride, b.base + y * b.stride)
      return columns.last { unsafe abs(rowA[$0] - rowB[$0]) > 1 }
    }
    guard let top = unsafe (0..<a.height).first(where: { difference($0, all) != nil }),
      let bottom = unsafe (0..<a.height).last(where: { difference($0, all) != nil })
    else { return .empty }
    var (left, right) = (all.upperBound - 1, 0)
    for y in top...bottom {
      if let found = difference(y, 0..<left) { left = found }
      if let found = lastDifference(y, right + 1..<all.upperBound) { right = found }
    }
    let columns = span(min(left, right), max(left, right), of: width)
    return MovingRegion(
      rows: span(top, bottom, of: height),
      columns: 4 * columns.count > 3 * width ? 0..<width : columns)
  }

  /// `first...last` of the finest level with some margin, in pixels of the frame, whose side has `size`.
  ///
  /// Begins and ends at multiples of a pixel of the coarsest level, and of 32, or at the frame's edge.
  private func span(_ first: Int, _ last: Int, of size: Int) -> Range<Int> {
    let unit = max(32, coarsePixel)
    let margin = Int(VFI_PATCH) / 2
    let scale = 1 << Self.finest
    let least = Int(VFI_PATCH) * coarsePixel
    let start = max(0, first - margin) * scale / unit * unit
    let wanted = max((last + 1 + margin) * scale, start + least)
    let end = min(size, (wanted + unit - 1) / unit * unit)
    return max(0, min(start, (end - least) / unit * unit))..<end
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
