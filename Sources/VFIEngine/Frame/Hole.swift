// SPDX-License-Identifier: MIT

/// What of a frame is to be filled, within the region that is worked on.
///
/// Samples of a subsampled component belong to the hole when any of their pixels does.
@safe package struct Hole {
  /// 1 at pixels of the mask and up to `dilation` pixels (Euclidean) around them, else 0.
  let pixels: Grid<UInt8>
  /// The same of the samples of subsampled components, where the format has some.
  private let chroma: Grid<UInt8>?
  /// Whether it is known to have no pixel.
  let isEmpty: Bool

  /// A hole without a pixel.
  init(height: Int, width: Int, in arena: Arena) throws(VFIError) {
    pixels = try arena.grid(UInt8(0), height: height, width: width)
    chroma = nil
    isEmpty = true
  }

  /// Pixels up to `dilation` from the mask, in the region of a frame.
  package init(
    _ distances: HoleDistances, of region: FrameDescription, dilation: Int, in arena: Arena,
    on engine: Engine
  ) throws(VFIError) {
    let (height, width) = (region.height, region.width)
    let pixels = try arena.grid(UInt8(0), height: height, width: width)
    try engine.forEachRows(height) { first, end in
      for y in first..<end {
        for x in 0..<width where distances[y, x] <= dilation * dilation { pixels[y, x] = 1 }
      }
    }
    self.pixels = pixels
    chroma = try Self.chroma(pixels, region, in: arena, on: engine)
    isEmpty = false
  }

  private static func chroma(
    _ pixels: Grid<UInt8>, _ region: FrameDescription, in arena: Arena, on engine: Engine
  ) throws(VFIError) -> Grid<UInt8>? {
    let layout = region.format.layout
    guard layout.componentCount > 1, layout.components[1].shiftX > 0 else { return nil }
    let component = layout.components[1]
    let (height, width) = (region.height(of: component), region.width(of: component))
    let chroma = try arena.grid(UInt8(0), height: height, width: width)
    try engine.forEachRows(height) { first, end in
      for y in first..<end {
        for row in y << component.shiftY..<min((y + 1) << component.shiftY, pixels.height) {
          pixels.forEachMark(row) { chroma[y, $0 >> 1] = 1 }
        }
      }
    }
    return chroma
  }

  /// 1 at a component's samples that belong to the hole.
  func samples(of component: ComponentLayout) -> Grid<UInt8> {
    component.shiftX > 0 ? chroma ?? pixels : pixels
  }

  /// Whether a component's sample belongs to the hole.
  func contains(_ component: ComponentLayout, _ y: Int, _ x: Int) -> Bool {
    !isEmpty && samples(of: component)[y, x] != 0
  }
}

/// Squared distances to marked pixels as far as `reach`; larger ones are `Int(Int32.max)`.
@safe package struct HoleDistances {
  private let squares: Grid<Int32>

  /// Distances to a mask, GRAY8 of the region's size, that marks pixels by any value but 0, and to
  /// rectangles.
  package init(
    mask: Frame?, rectangles: [PixelRectangle], height: Int, width: Int, reach: Int,
    in arena: Arena, on engine: Engine
  ) throws(VFIError) {
    let vertical = try arena.grid(UInt8(reach + 1), height: height, width: width)
    if let mask, let bounds = mask.nonZeroBounds() {
      let samples = ComponentSamples(mask, 0)
      for y in bounds.y..<bounds.y + bounds.height {
        for x in bounds.x..<bounds.x + bounds.width where samples[y, x] != 0 { vertical[y, x] = 0 }
      }
    }
    for rectangle in rectangles {
      for y in rectangle.y..<rectangle.y + rectangle.height {
        for x in rectangle.x..<rectangle.x + rectangle.width { vertical[y, x] = 0 }
      }
    }
    try self.init(vertical, reach: reach, in: arena, on: engine)
  }

  /// Distances of a hole's pixels to what is known around it, within the region.
  init(outside hole: Hole, reach: Int, in arena: Arena, on engine: Engine) throws(VFIError) {
    let pixels = hole.pixels
    let vertical = try arena.grid(UInt8(0), height: pixels.height, width: pixels.width)
    try engine.forEachRows(pixels.height) { first, end in
      for y in first..<end {
        for x in 0..<pixels.width where pixels[y, x] != 0 { vertical[y, x] = UInt8(reach + 1) }
      }
    }
    try self.init(vertical, reach: reach, in: arena, on: engine)
  }

  /// Takes 0 at marked pixels and `reach + 1` elsewhere.
  private init(
    _ vertical: Grid<UInt8>, reach: Int, in arena: Arena, on engine: Engine
  ) throws(VFIError) {
    let (height, width) = (vertical.height, vertical.width)
    let squares = try arena.grid(Int32.max, height: height, width: width)
    try Self.spread(vertical, far: UInt8(reach + 1), on: engine)
    try engine.forEachRows(height) { first, end in
      for y in first..<end {
        // Most rows have little that is near.
        guard let left = (0..<width).first(where: { Int(vertical[y, $0]) <= reach }),
          let right = (0..<width).last(where: { Int(vertical[y, $0]) <= reach })
        else { continue }
        for x in max(0, left - reach)...min(width - 1, right + reach) {
          guard vertical[y, x] > 0 else {
            squares[y, x] = 0
            continue
          }
          var least = Int32.max
          for column in max(0, x - reach)...min(width - 1, x + reach) {
            let distance = Int(vertical[y, column])
            if distance <= reach {
              let dx = column - x
              least = min(least, Int32(distance * distance + dx * dx))
            }
          }
          squares[y, x] = least
        }
      }
    }
    self.squares = squares
  }

  subscript(y: Int, x: Int) -> Int { Int(squares[y, x]) }

  /// Makes of the marks the distances to the nearest one of the same column, at most `far`.
  private static func spread(_ grid: Grid<UInt8>, far: UInt8, on engine: Engine) throws(VFIError) {
    let (height, width) = (grid.height, grid.width)
    let block = 64
    try engine.forEach((width + block - 1) / block) { item, _ in
      let columns = item * block..<min(width, (item + 1) * block)
      for y in stride(from: 1, to: height, by: 1) {
        for x in columns { grid[y, x] = min(grid[y, x], min(grid[y - 1, x], far - 1) + 1) }
      }
      for y in stride(from: height - 2, through: 0, by: -1) {
        for x in columns { grid[y, x] = min(grid[y, x], min(grid[y + 1, x], far - 1) + 1) }
      }
    }
  }
}
