// SPDX-License-Identifier: MIT

/// The 2x2 tiles of a level in which a pixel is active, for Winograd's convolution of few pixels.
///
/// A tile costs the same however many of its four pixels are active.
@safe package struct ActiveTiles {
  /// What is written, and what the input holds.
  let active: ActiveSet
  let source: ActiveSet
  /// Number of tiles.
  let count: Int
  /// Tiles across the level.
  private let width: Int
  /// Flat index of each tile, increasing.
  private let tiles: UnsafeMutablePointer<Int32>

  /// Lists the tiles in memory of `engine.scratch`.
  ///
  /// Complexity: O(tiles of the level).
  init(_ active: ActiveSet, from source: ActiveSet, on engine: Engine) throws(VFIError) {
    self.active = active
    self.source = source
    let height = (active.height + 1) / 2
    let width = (active.width + 1) / 2
    self.width = width
    let tiles = unsafe try engine.scratch.buffer(of: Int32.self, count: height * width)
    unsafe self.tiles = unsafe tiles
    func isActive(_ y: Int, _ x: Int) -> Bool {
      let (right, below) = (2 * x + 1 < active.width, 2 * y + 1 < active.height)
      return active.contains(2 * y, 2 * x) || right && active.contains(2 * y, 2 * x + 1)
        || below && active.contains(2 * y + 1, 2 * x)
        || right && below && active.contains(2 * y + 1, 2 * x + 1)
    }
    count = try engine.list(
      rows: height,
      count: { y in (0..<width).count { isActive(y, $0) } },
      list: { y, first in
        var place = first
        for x in 0..<width where isActive(y, x) {
          unsafe tiles[place] = Int32(truncatingIfNeeded: y * width + x)
          place += 1
        }
      })
  }

  func position(_ index: Int) -> ConvolutionGrid.Position {
    let tile = unsafe Int(tiles[index])
    return ConvolutionGrid.Position(y: tile / width, x: tile % width)
  }
}
