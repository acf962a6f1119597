// SPDX-License-Identifier: MIT
import CIntrinsics

/// Frames, their masks, and the region around all holes that is worked on.
struct InpaintWindow {
  private(set) var frames: [Frame]
  /// Of each frame: 0, or a number that only frames of equal content share.
  private(set) var contents: [UInt64]
  let region: PixelRectangle
  /// Their parts in the region, and the masks themselves.
  private let masks: [Frame]
  /// None, one of all frames, or one of each.
  private let wholeMasks: [Frame]
  /// In coordinates of the region.
  private let rectangles: [PixelRectangle]
  let settings: InpaintSettings
  var dilation: Int { settings.dilation }
  /// That of all frames, where there is one mask or none.
  private(set) var shared: Hole?
  /// Squared distances to the mask itself, there.
  private var sharedDistances: HoleDistances?

  /// Nil where no mask marks a pixel.
  ///
  /// `region`: where to work, nil = around all holes.
  init?(
    _ frames: [Frame], contents: [UInt64] = [], masks: [Frame], rectangles: [PixelRectangle],
    region: PixelRectangle? = nil, settings: InpaintSettings, on engine: Engine
  ) throws(VFIError) {
    let (width, height) = (frames[0].description.width, frames[0].description.height)
    let clipped = rectangles.compactMap { $0.clipped(width: width, height: height) }
    var bounds: PixelRectangle?
    for rectangle in clipped { bounds = rectangle.union(bounds) }
    for mask in masks { bounds = mask.nonZeroBounds()?.union(bounds) ?? bounds }
    guard let bounds else { return nil }
    let region =
      region
      ?? bounds.widened(
        by: settings.dilation + Inpainter.margin, width: width, height: height)
    var parts: [Frame] = []
    for mask in masks { parts.append(try mask.cropped(to: region)) }
    self.frames = frames
    self.contents = contents.isEmpty ? frames.map { _ in 0 } : contents
    self.masks = parts
    wholeMasks = masks
    self.rectangles = clipped.map {
      PixelRectangle(x: $0.x - region.x, y: $0.y - region.y, width: $0.width, height: $0.height)
    }
    self.region = region
    self.settings = settings
    if masks.count < 2 {
      let distances = try distances(0, in: engine.scratch, on: engine)
      shared = try hole(distances, in: engine.scratch, on: engine)
      sharedDistances = distances
    }
  }

  /// The window of some of the frames; nil where no mask of theirs marks a pixel.
  ///
  /// One mask of all frames has the same region and hole in every window.
  func narrowed(to part: Range<Int>, on engine: Engine) throws(VFIError) -> InpaintWindow? {
    guard shared == nil else {
      var window = self
      (window.frames, window.contents) = (Array(frames[part]), Array(contents[part]))
      return window
    }
    return try InpaintWindow(
      Array(frames[part]), contents: Array(contents[part]), masks: Array(wholeMasks[part]),
      rectangles: wholeRectangles, settings: settings, on: engine)
  }

  /// The same frames, worked on in another region.
  func moved(to region: PixelRectangle, on engine: Engine) throws(VFIError) -> InpaintWindow? {
    try InpaintWindow(
      frames, contents: contents, masks: wholeMasks, rectangles: wholeRectangles, region: region,
      settings: settings, on: engine)
  }

  /// Whether a frame has a hole.
  func isMarked(_ number: Int) -> Bool {
    !rectangles.isEmpty || wholeMask(number)?.nonZeroBounds() != nil
  }

  /// In coordinates of the frames.
  var wholeRectangles: [PixelRectangle] {
    rectangles.map {
      PixelRectangle(x: $0.x + region.x, y: $0.y + region.y, width: $0.width, height: $0.height)
    }
  }

  /// The region of a frame.
  func part(_ number: Int) throws(VFIError) -> Frame { try frames[number].cropped(to: region) }

  func hole(_ number: Int, in arena: Arena, on engine: Engine) throws(VFIError) -> Hole {
    if let shared { return shared }
    return try hole(try distances(number, in: arena, on: engine), in: arena, on: engine)
  }

  private func hole(
    _ distances: HoleDistances, in arena: Arena, on engine: Engine
  ) throws(VFIError) -> Hole {
    try Hole(distances, of: try part(0).description, dilation: dilation, in: arena, on: engine)
  }

  /// Squared distances of the region's pixels to the mask itself.
  func distances(_ number: Int, in arena: Arena, on engine: Engine) throws(VFIError)
    -> HoleDistances
  {
    if let sharedDistances { return sharedDistances }
    return try HoleDistances(
      mask: masks.mask(of: number), rectangles: rectangles, height: region.height,
      width: region.width,
      reach: dilation, in: arena, on: engine)
  }

  /// The mask of a frame in the size of the frame.
  func wholeMask(_ number: Int) -> Frame? {
    wholeMasks.mask(of: number)
  }

  /// The region's part of the mask of all frames, where there is one.
  var sharedMask: Frame? { masks.count == 1 ? masks[0] : nil }

}

extension [Frame] {
  /// The mask of frame `number`, where there is none, one for all frames, or one of each.
  func mask(of number: Int) -> Frame? { isEmpty ? nil : self[count == 1 ? 0 : number] }
}

/// The region of one frame: its samples, its hole, and when asked for, luma in which the hole is
/// filled.
final class InpaintSight {
  let part: Frame
  let hole: Hole
  private let arena: Arena
  private var madeLuma: LumaPyramid?

  init(
    _ window: InpaintWindow, _ number: Int, in arena: Arena, on engine: Engine
  ) throws(VFIError) {
    part = try window.part(number)
    hole = try window.hole(number, in: arena, on: engine)
    self.arena = arena
  }

  /// A frame's region in which nothing is hidden.
  init(_ part: Frame, in arena: Arena) throws(VFIError) {
    self.part = part
    let (height, width) = (part.description.height, part.description.width)
    hole = try Hole(height: height, width: width, in: arena)
    self.arena = arena
  }

  // The search wants patches of 8 x 8 pixels at half the size, and flows at a quarter.
  private var height: Int { max(16, (part.description.height + 3) / 4 * 4) }
  private var width: Int { max(16, (part.description.width + 3) / 4 * 4) }

  /// The hole at a quarter of the size, one cell wider, in scratch memory.
  func cells(on engine: Engine) throws(VFIError) -> Grid<UInt8> {
    try hole.reduced(
      by: 4, widenedBy: 1, height: height / 4, width: width / 4, in: engine.scratch,
      on: engine)
  }

  /// Luma from half the size on, made by the first call.
  func luma(on engine: Engine) throws(VFIError) -> LumaPyramid {
    if let madeLuma { return madeLuma }
    let mark = engine.scratch.mark
    defer { engine.scratch.release(to: mark) }
    let image = try engine.scratch.map(height: height, width: width, channels: 3)
    try part.loadRGB(into: image, on: engine)
    let kernel = unsafe engine.kernels.inverseSearch.halfLuma
    let luma = try unsafe LumaPyramid(
      height: height / 2, width: width / 2, in: arena, on: engine
    ) { level throws(VFIError) in
      try engine.forEachRows(height / 2) { first, end in
        unsafe kernel(image.view, level, first, end)
      }
      let half = try engine.scratch.map(height: height / 2, width: width / 2, channels: 1)
      for y in 0..<half.height {
        unsafe (half.base + y * half.width).update(
          from: level.base + y * level.stride, count: half.width)
      }
      try fillMembrane(
        half,
        unknown: hole.reduced(
          by: 2, widenedBy: 0, height: half.height, width: half.width, in: engine.scratch,
          on: engine),
        sweeps: 4, on: engine)
      for y in 0..<half.height {
        unsafe (level.base + y * level.stride).update(
          from: half.base + y * half.width, count: half.width)
      }
    }
    madeLuma = luma
    return luma
  }
}

extension Hole {
  /// 1 where a cell of `side` x `side` pixels, or one at most `reach` cells away, has a pixel of the
  /// hole.
  func reduced(
    by side: Int, widenedBy reach: Int, height: Int, width: Int, in arena: Arena, on engine: Engine
  ) throws(VFIError) -> Grid<UInt8> {
    let cells = try arena.grid(UInt8(0), height: height, width: width)
    try engine.forEachRows(height) { first, end in
      for y in first * side..<min(end * side, pixels.height) {
        pixels.forEachMark(y) { cells[y / side, $0 / side] = 1 }
      }
    }
    guard reach > 0 else { return cells }
    let wider = try arena.grid(UInt8(0), height: height, width: width)
    try engine.forEachRows(height) { first, end in
      for y in first..<end {
        for row in max(0, y - reach)...min(height - 1, y + reach) {
          cells.forEachMark(row) { x in
            for column in max(0, x - reach)...min(width - 1, x + reach) { wider[y, column] = 1 }
          }
        }
      }
    }
    return wider
  }
}
