// SPDX-License-Identifier: MIT

/// The 2x2 tiles of a level in which a pixel is active, for Winograd's convolution of few pixels.
///
/// A tile costs the same however many of its four pixels are active.
@safe struct ActiveTiles {
  /// What is written, and what the input holds.
  let active: ActiveSet
  let source: ActiveSet
  /// Number of tiles.
  let count: Int
  /// Tiles across the level.
  private let width: Int
  /// Flat index of each tile, increasing.
  private let tiles: UnsafeMutablePointer<Int32>

  /// Complexity: O(tiles of the level).
  init(_ active: ActiveSet, from source: ActiveSet, in arena: Arena) throws(VFIError) {
    self.active = active
    self.source = source
    let height = (active.height + 1) / 2
    width = (active.width + 1) / 2
    unsafe tiles = try arena.buffer(of: Int32.self, count: height * width)
    var count = 0
    for y in 0..<height {
      for x in 0..<width {
        let (right, below) = (2 * x + 1 < active.width, 2 * y + 1 < active.height)
        guard
          active.contains(2 * y, 2 * x) || right && active.contains(2 * y, 2 * x + 1)
            || below && active.contains(2 * y + 1, 2 * x)
            || right && below && active.contains(2 * y + 1, 2 * x + 1)
        else { continue }
        unsafe tiles[count] = Int32(truncatingIfNeeded: y * width + x)
        count += 1
      }
    }
    self.count = count
  }

  func position(_ index: Int) -> ConvolutionGrid.Position {
    let tile = unsafe Int(tiles[index])
    return ConvolutionGrid.Position(y: tile / width, x: tile % width)
  }
}
