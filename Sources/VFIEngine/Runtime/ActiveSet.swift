// SPDX-License-Identifier: MIT

/// The pixels of one pyramid level that are worth computing.
///
/// Features of active pixels are stored compactly: a map `[1, count, C]` in row-major order of the
/// pixels. The index map finds a neighbour among them; what is not active counts as zero.
@safe package struct ActiveSet {
  package let height: Int
  package let width: Int
  /// Number of active pixels.
  package let count: Int
  /// Flat index `y * width + x` of each active pixel, increasing.
  private let pixels: UnsafeMutablePointer<Int32>
  /// For every pixel its place among the active ones, or -1.
  let places: UnsafeMutablePointer<Int32>

  /// Lists the pixels of a `height` x `width` level for which `isActive` holds; memory of `arena`.
  ///
  /// Complexity: O(height * width), once per level and frame.
  package init(
    height: Int, width: Int, in arena: Arena, where isActive: (_ y: Int, _ x: Int) -> Bool
  ) throws(VFIError) {
    let (total, overflow) = height.multipliedReportingOverflow(by: width)
    guard height > 0, width > 0, !overflow, total <= Int32.max else {
      throw .size("an active set of \(height) x \(width) pixels is too large")
    }
    self.height = height
    self.width = width
    unsafe pixels = try arena.buffer(of: Int32.self, count: total)
    unsafe places = try arena.buffer(of: Int32.self, count: total)
    var count = 0
    for y in 0..<height {
      for x in 0..<width {
        let index = y * width + x
        let active = isActive(y, x)
        unsafe places[index] = active ? Int32(truncatingIfNeeded: count) : -1
        if active {
          unsafe pixels[count] = Int32(truncatingIfNeeded: index)
          count += 1
        }
      }
    }
    self.count = count
  }

  /// The pixels where `map` `[h, w, 1]`, float32, exceeds `threshold`; memory of `engine.scratch`.
  package init(_ map: FeatureMap, above threshold: Float, on engine: Engine) throws(VFIError) {
    let (height, width) = (map.height, map.width)
    guard height * width <= Int32.max else {
      throw .size("an active set of \(height) x \(width) pixels is too large")
    }
    let pixels = unsafe try engine.scratch.buffer(of: Int32.self, count: height * width)
    let places = unsafe try engine.scratch.buffer(of: Int32.self, count: height * width)
    let (values, stride) = unsafe (map.base, map.pixelStride)
    count = try engine.list(
      rows: height,
      count: { y in
        var count = 0
        for index in y * width..<(y + 1) * width {
          let active = unsafe values[index * stride] > threshold
          unsafe places[index] = active ? 0 : -1
          count += active ? 1 : 0
        }
        return count
      },
      list: { y, first in
        var place = first
        for index in y * width..<(y + 1) * width where unsafe places[index] == 0 {
          unsafe places[index] = Int32(truncatingIfNeeded: place)
          unsafe pixels[place] = Int32(truncatingIfNeeded: index)
          place += 1
        }
      })
    (self.height, self.width) = (height, width)
    unsafe (self.pixels, self.places) = unsafe (pixels, places)
  }

  /// The pixels that `set` has in their 3x3 neighbourhood: what a 3x3 convolution of `set` reads.
  package init(around set: ActiveSet, in arena: Arena) throws(VFIError) {
    let (height, width) = (set.height, set.width)
    let flags = unsafe try arena.buffer(of: Bool.self, count: height * width)
    unsafe flags.update(repeating: false, count: height * width)
    for place in 0..<set.count {
      let (y, x) = set.position(place)
      for row in max(0, y - 1)...min(height - 1, y + 1) {
        for column in max(0, x - 1)...min(width - 1, x + 1) {
          unsafe flags[row * width + column] = true
        }
      }
    }
    try self.init(height: height, width: width, in: arena) { y, x in unsafe flags[y * width + x] }
  }

  /// Whether the pixel is active.
  package func contains(_ y: Int, _ x: Int) -> Bool {
    precondition(y >= 0 && y < height && x >= 0 && x < width)
    return unsafe places[y * width + x] >= 0
  }

  /// The pixel's place among the active ones; nil where it is not active or outside the level.
  func place(_ y: Int, _ x: Int) -> Int? {
    guard y >= 0, y < height, x >= 0, x < width else { return nil }
    let place = unsafe Int(places[y &* width &+ x])
    return place < 0 ? nil : place
  }

  /// Where the active pixel at `place` stands.
  func position(_ place: Int) -> (y: Int, x: Int) {
    let index = unsafe Int(pixels[place])
    return (index / width, index % width)
  }

  /// Active pixels as a share of all, 0...1.
  package var share: Double { Double(count) / Double(height * width) }

  /// Features for the active pixels, `[1, max(count, 1), channels]`.
  ///
  /// Takes memory for all pixels, so that what a frame takes does not depend on its content; the
  /// system provides what is used.
  package func map(
    channels: Int, precision: Precision = .float32, in arena: Arena
  ) throws(VFIError) -> FeatureMap {
    let all = try arena.map(
      height: 1, width: height * width, channels: channels, precision: precision)
    return unsafe FeatureMap(
      unsafeMemory: all.memory, height: 1, width: max(count, 1), channels: channels,
      pixelStride: channels, precision: precision)
  }

  /// Copies the active pixels of `dense` to `compact`.
  package func gather(_ dense: FeatureMap, into compact: FeatureMap) throws(VFIError) {
    try check(dense, compact)
    for place in 0..<count {
      unsafe (compact.memory + place * compact.pixelBytes).copyMemory(
        from: dense.memory + Int(pixels[place]) * dense.pixelBytes,
        byteCount: dense.channels * dense.precision.bytes)
    }
  }

  /// Copies `compact` to the active pixels of `dense`; the others keep their values.
  package func scatter(_ compact: FeatureMap, into dense: FeatureMap) throws(VFIError) {
    try check(dense, compact)
    for place in 0..<count {
      unsafe (dense.memory + Int(pixels[place]) * dense.pixelBytes).copyMemory(
        from: compact.memory + place * compact.pixelBytes,
        byteCount: dense.channels * dense.precision.bytes)
    }
  }

  /// Copies `compact` to the active pixels of `dense`, and `elsewhere` to all others.
  package func spread(
    _ compact: FeatureMap, elsewhere: [Float], into dense: FeatureMap, on engine: Engine
  ) throws(VFIError) {
    try check(dense, compact)
    guard elsewhere.count == dense.channels else {
      throw .defect("\(elsewhere.count) values for \(dense.channels) channels")
    }
    let filler = try engine.scratch.map(
      height: 1, width: 1, channels: dense.channels, precision: dense.precision)
    for (channel, value) in elsewhere.enumerated() { filler[0, 0, channel] = value }
    try engine.forEachRows(height) { first, end in
      for index in first * width..<end * width {
        let place = unsafe Int(places[index])
        unsafe (dense.memory + index * dense.pixelBytes).copyMemory(
          from: place < 0 ? filler.memory : compact.memory + place * compact.pixelBytes,
          byteCount: dense.channels * dense.precision.bytes)
      }
    }
  }

  /// Calls `body(list, first, end)` for ranges of the list of active pixels that together are all.
  func forEachPixels(
    on engine: Engine, _ body: (UnsafePointer<Int32>, _ first: Int, _ end: Int) -> Void
  ) throws(VFIError) {
    let block = 1024
    try engine.forEach((count + block - 1) / block) { item, _ in
      unsafe body(pixels, item * block, min(count, (item + 1) * block))
    }
  }

  private func check(_ dense: FeatureMap, _ compact: FeatureMap) throws(VFIError) {
    guard dense.height == height, dense.width == width, compact.height == 1,
      compact.width >= count, compact.channels == dense.channels,
      compact.precision == dense.precision
    else { throw .defect("an active set and its maps differ in size or type") }
  }

  /// Writes the pointers of the taps of the pixel at `position` in the compact `input`, `spacing` apart.
  func listInputs(
    around position: (y: Int, x: Int), _ grid: ConvolutionGrid, of input: FeatureMap,
    zero: UnsafeRawPointer, to slots: UnsafeMutablePointer<UnsafeRawPointer>,
    spacing: Int = ConvolutionGrid.tilePixels
  ) {
    let (top, left) = (position.y &+ grid.originY, position.x &+ grid.originX)
    var slot = unsafe slots
    for ky in 0..<grid.kernel {
      let y = top &+ ky &* grid.dilation
      for kx in 0..<grid.kernel {
        let x = left &+ kx &* grid.dilation
        var neighbour = -1
        if y >= 0, y < height, x >= 0, x < width {
          neighbour = unsafe Int(places[y &* width &+ x])
        }
        unsafe slot.pointee =
          neighbour < 0 ? zero : UnsafeRawPointer(input.memory) + neighbour &* input.pixelBytes
        unsafe slot += spacing
      }
    }
  }
}
