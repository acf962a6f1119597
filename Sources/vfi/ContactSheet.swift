// SPDX-License-Identifier: MIT
import CLibAV

/// A picture of panels of one size, three in a row.
struct ContactSheet {
  let picture: Picture
  private let width: Int
  private let height: Int
  private static let gap = 4
  private static let columns = 3

  /// White, with room for `count` panels.
  init(panels count: Int, width: Int32, height: Int32) throws(Failure) {
    self.width = Int(width)
    self.height = Int(height)
    let rows = (count + Self.columns - 1) / Self.columns
    let total = Self.columns * Int(width) + (Self.columns - 1) * Self.gap
    let tall = rows * Int(height) + (rows - 1) * Self.gap
    picture = try Picture(format: AV_PIX_FMT_RGB24, width: Int32(total), height: Int32(tall))
    for row in 0..<tall {
      unsafe picture.plane(0)?.advanced(by: row * picture.stride(0))
        .update(repeating: 255, count: 3 * total)
    }
  }

  /// Puts an RGB picture of the panel's size in panel `index`.
  func add(_ source: Picture, at index: Int) {
    for row in 0..<height {
      guard let from = unsafe source.plane(0) else { return }
      unsafe start(of: row, in: index)?.update(
        from: from + row * source.stride(0), count: 3 * width)
    }
  }

  /// Fills panel `index` from a colour for each column and row.
  func fill(_ index: Int, _ colour: (_ x: Int, _ y: Int) -> SIMD3<UInt8>) {
    for row in 0..<height {
      guard var pixel = unsafe start(of: row, in: index) else { return }
      for column in 0..<width {
        let value = colour(column, row)
        for channel in 0..<3 { unsafe pixel[channel] = value[channel] }
        unsafe pixel += 3
      }
    }
  }

  private func start(of row: Int, in index: Int) -> UnsafeMutablePointer<UInt8>? {
    let left = index % Self.columns * (width + Self.gap)
    let top = index / Self.columns * (height + Self.gap)
    return unsafe picture.plane(0)?.advanced(by: (top + row) * picture.stride(0) + 3 * left)
  }
}
