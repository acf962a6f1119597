// SPDX-License-Identifier: MIT

/// Pointers of the tiles that one worker works on, and its kernel's scratch memory.
@safe struct ConvolutionSlots: BitwiseCopyable {
  /// `[tiles][maps][taps][12]`.
  let inputs: UnsafeMutablePointer<UnsafeRawPointer>
  /// `[tiles][12]`, likewise the residuals.
  let outputs: UnsafeMutablePointer<UnsafeMutableRawPointer>
  let residuals: UnsafeMutablePointer<UnsafeRawPointer>
  let sums: UnsafeMutablePointer<Float>

  init(tiles: Int, weights: PackedWeights, in arena: Arena) throws(VFIError) {
    let pixels = tiles * ConvolutionGrid.tilePixels
    unsafe inputs = try arena.buffer(
      of: UnsafeRawPointer.self, count: pixels * weights.tapSlots)
    unsafe outputs = try arena.buffer(of: UnsafeMutableRawPointer.self, count: pixels)
    unsafe residuals = try arena.buffer(of: UnsafeRawPointer.self, count: pixels)
    unsafe sums = try arena.buffer(
      of: Float.self, count: ConvolutionGrid.tilePixels * weights.widest)
  }
}

/// One convolution on its way through the kernels: dense, transposed or sparse.
///
/// Pixels are taken in rows of tiles of 12. An item of the thread pool is a run of tiles that is
/// short enough for its input to stay in the level-2 cache, so that each block's weights are read
/// from there for many tiles.
@safe struct ConvolutionRun {
  /// One, or the four of a transposed convolution; an item computes all while it has the input.
  let phases: [PackedWeights]
  /// Of the first phase.
  let grid: ConvolutionGrid
  var input: FeatureMap
  /// The input's channels behind those of `input`, if they stand elsewhere.
  var rest: FeatureMap?
  let output: FeatureMap
  let residual: FeatureMap?
  /// Bytes of input that one item should touch, half of a common level-2 cache.
  private static let itemBytes = 256 << 10

  /// Computes all pixels, which are those of `active` or, without it, the whole grid.
  ///
  /// With `active` the input holds the pixels of `source`.
  func callAsFunction(
    active: ActiveSet? = nil, from source: ActiveSet? = nil, on engine: Engine
  ) throws(VFIError) {
    let pixels = active?.count ?? grid.height * grid.width
    guard let weights = phases.first else { return }
    let mark = engine.scratch.mark
    defer { engine.scratch.release(to: mark) }
    var run = self
    if weights.format == .int8 {
      let most = source.map { max($0.height * $0.width, input.width) }
      run.input = try quantize(input, most: most ?? input.height * input.width, on: engine)
    }
    try run.convolve(pixels, weights, active: active, from: source, on: engine)
    engine.statistics.multiplyAdds +=
      pixels * phases.count * weights.taps * weights.inputs * weights.outputs
  }

  private func convolve(
    _ pixels: Int, _ weights: PackedWeights, active: ActiveSet?, from source: ActiveSet?,
    on engine: Engine
  ) throws(VFIError) {
    let tiles = (pixels + ConvolutionGrid.tilePixels - 1) / ConvolutionGrid.tilePixels
    let tileBytes =
      ConvolutionGrid.tilePixels * weights.inputs * weights.format.bytes * grid.kernel
      * grid.stride
    // As many tiles as fit: what a frame takes must not depend on its content.
    let most = max(1, min(32, Self.itemBytes / tileBytes))
    let zero = unsafe try engine.scratch.buffer(of: Float.self, count: weights.inputs)
    unsafe zero.update(repeating: 0, count: weights.inputs)
    let slots = unsafe try engine.scratch.buffer(of: ConvolutionSlots.self, count: engine.workers)
    for worker in 0..<engine.workers {
      unsafe slots[worker] = try ConvolutionSlots(
        tiles: most, weights: weights, in: engine.scratch)
    }
    let fairShare = (tiles + 4 * engine.workers - 1) / (4 * engine.workers)
    let tilesPerItem = max(1, min(most, fairShare))
    let items = (tiles + tilesPerItem - 1) / tilesPerItem
    try engine.forEach(items) { item, worker in
      let first = item * tilesPerItem * ConvolutionGrid.tilePixels
      let range = first..<min(pixels, first + tilesPerItem * ConvolutionGrid.tilePixels)
      for (phase, weights) in phases.enumerated() {
        unsafe list(
          range, of: grid.phase(phase), active: active, from: source,
          zero: UnsafeRawPointer(zero),
          into: slots[worker])
        unsafe compute(range.count, weights, slots[worker])
      }
    }
  }

  /// Writes the pointers of all taps, outputs and residuals of `range`.
  private func list(
    _ range: Range<Int>, of grid: ConvolutionGrid, active: ActiveSet?, from source: ActiveSet?,
    zero: UnsafeRawPointer, into slots: ConvolutionSlots
  ) {
    let mapSlots = grid.kernel * grid.kernel * ConvolutionGrid.tilePixels
    let tileSlots = rest == nil ? mapSlots : 2 * mapSlots
    for first in stride(from: 0, to: range.count, by: ConvolutionGrid.tilePixels) {
      let taps = unsafe slots.inputs + first / ConvolutionGrid.tilePixels &* tileSlots
      let count = min(ConvolutionGrid.tilePixels, range.count - first)
      if let active, let source {
        for slot in 0..<count {
          let index = range.lowerBound &+ first &+ slot
          let position = active.position(index)
          unsafe source.listInputs(
            around: position, grid, of: input, zero: zero, to: taps + slot)
          if let rest {
            unsafe source.listInputs(
              around: position, grid, of: rest, zero: zero, to: taps + mapSlots + slot)
          }
          listOutput(index, first &+ slot, into: slots)
        }
      } else {
        let position = grid.position(range.lowerBound &+ first)
        unsafe listTile(position, count, of: grid, input, zero: zero, to: taps)
        if let rest {
          unsafe listTile(position, count, of: grid, rest, zero: zero, to: taps + mapSlots)
        }
        listOutputs(position, count, of: grid, first, into: slots)
      }
      // The kernel reads twelve pixels: those that the last tile lacks are zero.
      for slot in count..<ConvolutionGrid.tilePixels {
        for tap in stride(from: slot, to: tileSlots, by: ConvolutionGrid.tilePixels) {
          unsafe taps[tap] = zero
        }
      }
    }
  }

  /// The pointers to `map` of up to twelve pixels from `position` on.
  private func listTile(
    _ position: ConvolutionGrid.Position, _ count: Int, of grid: ConvolutionGrid,
    _ map: FeatureMap, zero: UnsafeRawPointer, to taps: UnsafeMutablePointer<UnsafeRawPointer>
  ) {
    if unsafe count == ConvolutionGrid.tilePixels && grid.listTile(position, of: map, to: taps) {
      return
    }
    var position = position
    for slot in 0..<count {
      unsafe grid.listInputs(position, of: map, zero: zero, to: taps + slot)
      grid.advance(&position)
    }
  }

  /// The pointers to the output and to the residual of the same pixels, of which `first` is the slot.
  private func listOutputs(
    _ position: ConvolutionGrid.Position, _ count: Int, of grid: ConvolutionGrid, _ first: Int,
    into slots: ConvolutionSlots
  ) {
    var position = position
    var slot = 0
    while slot < count {
      let index = grid.outputIndex(position, width: output.width)
      let end = min(count, slot &+ grid.width &- position.x)
      for pixel in slot..<end {
        listOutput(index &+ (pixel &- slot) &* grid.spread, first &+ pixel, into: slots)
      }
      slot = end
      position = ConvolutionGrid.Position(y: position.y &+ 1, x: 0)
    }
  }

  /// The pointers of pixel `index` of the output and of the residual.
  private func listOutput(_ index: Int, _ slot: Int, into slots: ConvolutionSlots) {
    unsafe slots.outputs[slot] = output.memory + index &* output.pixelBytes
    if let residual {
      unsafe slots.residuals[slot] =
        UnsafeRawPointer(residual.memory) + index &* residual.pixelBytes
    }
  }

  private func compute(_ pixels: Int, _ weights: PackedWeights, _ slots: ConvolutionSlots) {
    for block in weights.blocks {
      for first in stride(from: 0, to: pixels, by: ConvolutionGrid.tilePixels) {
        var tile = unsafe weights.tile(
          block, slots, first: first, pixels: min(ConvolutionGrid.tilePixels, pixels - first),
          output: output.precision, residual: residual?.precision)
        unsafe block.kernel.tile(&tile)
      }
    }
  }
}
