// SPDX-License-Identifier: MIT

/// Tells a scene cut from motion by two frames alone.
///
/// Luma is reduced so that its longer side has at most 64 cells. Each block of 8x8 cells of one
/// frame is searched in the other one, up to 8 cells away (an eighth of the picture): motion finds
/// most blocks again, a cut does not. What stays unlike, in both directions, is taken in relation
/// to the blocks' own contrast:
///
///     score = 16 * (residual + residual') / (contrast + contrast' + 16)     (at most 100)
///
/// with means per cell in code values of 8 bits. Of frames of `../shared/data/train` (448x256) these
/// score above 10: all of 549 pairs from different clips; 93 % of 121 pairs from different shots of
/// a clip (the others show the same view); none of 3072 neighbours inside shots; 0.6 % of 1152
/// pairs two frames apart, 3 % of 1152 four apart.
package enum SceneCut {
  private static let cells = 64
  private static let block = 8
  private static let reach = 8
  private static let gain = 16.0
  /// Contrast that is added, so that noise in flat pictures is no cut.
  private static let noise = 8.0

  /// 0 (the same scene) to 100, symmetric in `a` and `b`.
  ///
  /// `hiddenA` and `hiddenB`, GRAY8 of the frames' size or of one sample for 16 x 16 pixels, mark what is
  /// not looked at by any value but 0: there each frame counts as showing what the other one does, and blocks of which
  /// more than half is hidden do not count. 0 where nothing is left.
  package static func score(
    _ a: Frame, _ b: Frame, hiddenA: Frame? = nil, hiddenB: Frame? = nil, on engine: Engine
  ) throws(VFIError) -> Double {
    let mark = engine.scratch.mark
    defer { engine.scratch.release(to: mark) }
    let first = try Thumbnail(a, cells: cells, on: engine)
    let second = try Thumbnail(b, cells: cells, on: engine)
    let hidden = try first.hide(hiddenA, in: second, hiddenB, on: engine)
    let columns = (first.width + block - 1) / block
    let rows = (first.height + block - 1) / block
    let sums = unsafe try engine.scratch.buffer(of: SIMD2<Int32>.self, count: rows * columns)
    let kernels = engine.kernels.block
    try engine.forEach(rows * columns) { index, _ in
      let x = index % columns * block
      let y = index / columns * block
      let width = min(block, first.width - x)
      let height = min(block, first.height - y)
      var sum = SIMD2<Int32>(0, 0)
      for (one, other) in [(first, second), (second, first)] {
        sum.x &+= unsafe kernels.blockSearch(
          one.cells, other.cells, one.width, one.height, x, y, width, height, reach)
        sum.y &+= unsafe kernels.blockActivity(
          one.cells + y * one.width + x, one.width, width, height)
      }
      unsafe sums[index] = sum
    }
    var residual = 0.0
    var contrast = 0.0
    var area = 0.0
    for index in 0..<rows * columns {
      let (ys, xs) = first.block(index / columns * block, index % columns * block, side: block)
      if let hidden {
        var count = 0
        for y in ys { for x in xs where hidden[y, x] != 0 { count += 1 } }
        if 2 * count > ys.count * xs.count { continue }
      }
      residual += unsafe Double(sums[index].x)
      contrast += unsafe Double(sums[index].y)
      area += Double(ys.count * xs.count)
    }
    guard area > 0 else { return 0 }
    return min(100, gain * residual / (contrast + 2 * noise * area))
  }
}

/// Luma of a frame in few cells: means of squares of the picture, in code values of 8 bits.
@safe private struct Thumbnail {
  let width: Int
  let height: Int
  let cells: UnsafeMutablePointer<UInt8>
  /// Pixels of a cell's side.
  let side: Int
  let frameWidth: Int
  let frameHeight: Int

  /// Memory is taken from `engine.scratch`.
  init(_ frame: Frame, cells limit: Int, on engine: Engine) throws(VFIError) {
    let description = frame.description
    let side = (max(description.width, description.height) + limit - 1) / limit
    let width = (description.width + side - 1) / side
    let height = (description.height + side - 1) / side
    self.width = width
    self.height = height
    self.side = side
    (frameWidth, frameHeight) = (description.width, description.height)
    let cells = unsafe try engine.scratch.buffer(of: UInt8.self, count: width * height)
    unsafe self.cells = unsafe cells
    // A row of samples, padded to whole cells, and a row of sums for each worker.
    let rowCount = (width * side + 15) / 16 * 16
    let scratch = unsafe try engine.scratch.buffer(
      of: Float.self, count: 2 * rowCount * engine.workers)
    let reader = LumaReader(frame, kernels: engine.kernels.pixelConvert)
    // Eight rows of a cell tell its mean well enough.
    let step = max(1, side / 8)
    try engine.forEach(height) { row, worker in
      let samples = unsafe scratch + 2 * rowCount * worker
      let sums = unsafe samples + rowCount
      unsafe sums.update(repeating: 0, count: width)
      var weight: Float = 0
      for y in stride(from: row * side, to: min((row + 1) * side, description.height), by: step) {
        weight += unsafe reader.add(row: y, samples: samples, side: side, count: width, to: sums)
      }
      for x in 0..<width {
        let mean = unsafe sums[x] / (weight * Float(side))
        unsafe cells[row * width + x] = UInt8(max(0, min(mean + 0.5, 255)))
      }
    }
  }
}

extension Thumbnail {
  /// The cells of a block that begins at `y` and `x`.
  fileprivate func block(_ y: Int, _ x: Int, side: Int) -> (y: Range<Int>, x: Range<Int>) {
    (y..<min(y + side, height), x..<min(x + side, width))
  }

  /// Gives each thumbnail the other one's cells where its own are hidden; returns where that is.
  fileprivate func hide(
    _ mask: Frame?, in other: Thumbnail, _ otherMask: Frame?, on engine: Engine
  ) throws(VFIError) -> Grid<UInt8>? {
    guard mask != nil || otherMask != nil else { return nil }
    let marked = (hiding(mask), hiding(otherMask))
    let hidden = try engine.scratch.grid(UInt8(0), height: height, width: width)
    let flat: UInt8 = 128
    for y in 0..<height {
      for x in 0..<width {
        let (own, others) = (marked.0?.marks(y, x) ?? false, marked.1?.marks(y, x) ?? false)
        guard own || others else { continue }
        hidden[y, x] = 1
        let index = y * width + x
        let value = unsafe own && others ? flat : own ? other.cells[index] : cells[index]
        unsafe cells[index] = value
        unsafe other.cells[index] = value
      }
    }
    return hidden
  }

  private func hiding(_ mask: Frame?) -> HiddenCells? {
    guard let mask, let bounds = mask.nonZeroBounds() else { return nil }
    let samples = ComponentSamples(mask, 0)
    let isWhole = samples.height == frameHeight && samples.width == frameWidth
    return HiddenCells(
      samples: samples, bounds: bounds, side: side, shift: isWhole ? 0 : 4, height: frameHeight,
      width: frameWidth)
  }
}

/// A mask, of the frame's size or of one sample for 16 x 16 pixels, as cells of a thumbnail see it.
private struct HiddenCells {
  let samples: ComponentSamples
  /// Of the samples that are not 0: mostly a small part.
  let bounds: PixelRectangle
  /// Pixels of the side of a cell.
  let side: Int
  let shift: Int
  /// Of the frame.
  let height, width: Int

  /// Whether a part of a cell is marked.
  func marks(_ y: Int, _ x: Int) -> Bool {
    let rows = places(y, height, bounds.y, bounds.height)
    let columns = places(x, width, bounds.x, bounds.width)
    return rows.contains { row in columns.contains { samples[row, $0] != 0 } }
  }

  /// The samples of a cell, as far as they lie within the bounds.
  private func places(_ cell: Int, _ size: Int, _ first: Int, _ count: Int) -> Range<Int> {
    let last = (min((cell + 1) * side, size) - 1) >> shift
    return ((cell * side) >> shift..<last + 1).clamped(to: first..<first + count)
  }
}

/// Adds rows of luma, or of RGB with green counted twice, to sums of cells.
struct LumaReader {
  let frame: Frame
  let layout: PixelLayout
  let kernels: PixelConvertKernels
  /// Code values in one of 8 bits.
  let unit: Float

  init(_ frame: Frame, kernels: PixelConvertKernels) {
    self.frame = frame
    self.kernels = kernels
    layout = frame.description.format.layout
    unit = layout.sampleType == .float ? 1 / 255 : Float(1 << (layout.depth - 8))
  }

  /// Adds `count` cells of `side` columns; returns by how much one sample counts.
  func add(
    row: Int, samples: UnsafeMutablePointer<Float>, side: Int, count: Int,
    to sums: UnsafeMutablePointer<Float>
  ) -> Float {
    var weight: Float = 0
    let width = frame.description.width
    for index in 0..<(layout.isRGB ? 3 : 1) {
      unsafe load(layout.components[index], row, samples)
      for x in width..<max(side * count, width) { unsafe samples[x] = samples[width - 1] }
      let repeats = layout.components[index].component == .green ? 2 : 1
      for _ in 0..<repeats { unsafe kernels.addColumnGroups(samples, side, count, sums) }
      weight += Float(repeats) * unit
    }
    return weight
  }

  private func load(_ component: ComponentLayout, _ row: Int, _ out: UnsafeMutablePointer<Float>) {
    let source = unsafe UnsafeRawPointer(frame.row(row, of: component))
    let step = component.step * layout.sampleType.rawValue
    let count = frame.description.width
    switch layout.sampleType {
    case .byte: unsafe kernels.loadRowBytes(source, step, count, out)
    case .word: unsafe kernels.loadRowWords(source, step, Int32(layout.shift), count, out)
    case .float: unsafe kernels.loadRowFloats(source, step, count, out)
    }
  }
}
