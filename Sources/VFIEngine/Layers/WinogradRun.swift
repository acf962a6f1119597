// SPDX-License-Identifier: MIT
import CIntrinsics

/// Buffers of one worker, which hold a batch of tiles while it is transformed, multiplied and
/// transformed back.
@safe struct WinogradSlots: BitwiseCopyable {
  /// Values between the points of arrays: large powers of two would fall into one cache set.
  static let padding = 32

  /// `[tiles][points]` input pixels.
  let pixels: UnsafeMutablePointer<UnsafeRawPointer>
  /// `[points][tiles][valueStride]` transformed inputs, and `[points][tiles]` pointers to them.
  let values: UnsafeMutableRawPointer
  let products: UnsafeMutablePointer<UnsafeRawPointer>
  /// Products, for each block of output channels `[points][tiles][width]`.
  let sums: UnsafeMutablePointer<Float>
  /// `[tiles][outputs]` output pixels, likewise the residuals.
  let outputs: UnsafeMutablePointer<UnsafeMutableRawPointer?>
  let residuals: UnsafeMutablePointer<UnsafeRawPointer?>

  /// Takes memory for batches of up to `tiles` tiles.
  init(
    _ kind: WinogradTile, tiles: Int, valueStride: Int, weights: PackedWeights, in arena: Arena
  ) throws(VFIError) {
    let points = kind.points
    let outputs = weights.blocks.reduce(0) { $0 + $1.kernel.width }
    unsafe pixels = try arena.buffer(of: UnsafeRawPointer.self, count: tiles * points)
    let size = points * (tiles * valueStride + Self.padding) * weights.format.bytes
    unsafe values = UnsafeMutableRawPointer(try arena.buffer(of: UInt8.self, count: size))
    unsafe products = try arena.buffer(of: UnsafeRawPointer.self, count: points * tiles)
    unsafe sums = try arena.buffer(
      of: Float.self, count: points * (tiles * outputs + Self.padding * weights.blocks.count))
    let pixels = tiles * kind.side * kind.side
    unsafe self.outputs = try arena.buffer(of: UnsafeMutableRawPointer?.self, count: pixels)
    unsafe residuals = try arena.buffer(of: UnsafeRawPointer?.self, count: pixels)
  }

  /// Lays the memory out for batches of `tiles` tiles.
  func prepare(_ kind: WinogradTile, tiles: Int, valueStride: Int, format: WeightFormat) {
    let bytes = format.bytes
    let pointStride = tiles * valueStride + Self.padding
    let size = kind.points * pointStride * bytes
    // The last twelve tiles of a map are multiplied even where only some exist.
    unsafe values.initializeMemory(as: UInt8.self, repeating: 0, count: size)
    for point in 0..<kind.points {
      for tile in 0..<tiles {
        unsafe products[point * tiles + tile] =
          UnsafeRawPointer(values + (point * pointStride + tile * valueStride) * bytes)
      }
    }
  }
}

/// A 3x3 convolution of stride 1 by Winograd's F(m x m, 3x3): (m + 2)^2 products in place of 9 m^2.
///
/// Tiles of m x m output pixels are taken in batches that stay in the level-2 cache between the
/// three steps. The kernels that convolve compute the products, as one 1x1 convolution a point.
@safe struct WinogradRun {
  let tile: WinogradTile
  /// The taps are the points of the transformed kernels.
  let weights: PackedWeights
  let input: FeatureMap
  /// The input's channels behind those of `input`, if they stand elsewhere.
  let rest: FeatureMap?
  let output: FeatureMap
  let residual: FeatureMap?
  /// Where only these, of 2x2 outputs, are computed: the maps then are compact.
  var active: ActiveTiles?
  /// Bytes of a batch's transformed inputs and sums.
  private static let batchBytes = 512 << 10
  /// Tiles of a batch at most.
  private static let mostTiles = 96

  /// The input pixels of each tile begin one pixel before its output pixels.
  private var grid: ConvolutionGrid {
    ConvolutionGrid(
      kernel: tile.inputSide, stride: tile.side, originY: -1, originX: -1,
      height: ((active?.active.height ?? output.height) + tile.side - 1) / tile.side,
      width: ((active?.active.width ?? output.width) + tile.side - 1) / tile.side)
  }

  /// Values from one tile's transformed channels to the next one's: whole vectors of any level.
  ///
  /// `rest` may begin inside a vector, and its last vector end behind the last channel.
  private var valueStride: Int { (weights.inputs + (rest == nil ? 15 : 30)) & ~15 }

  func callAsFunction(on engine: Engine) throws(VFIError) {
    let grid = grid
    let count = active?.count ?? grid.height * grid.width
    let mark = engine.scratch.mark
    defer { engine.scratch.release(to: mark) }
    let zero = unsafe try engine.scratch.buffer(of: Float.self, count: weights.inputs)
    unsafe zero.update(repeating: 0, count: weights.inputs)
    // As many tiles as fit: what a frame takes must not depend on its content.
    let tileBytes = tile.points * (weights.format.bytes * valueStride + 4 * weights.outputs)
    let most = Self.roundedUp(
      min(Self.batchBytes / tileBytes, Self.mostTiles, grid.height * grid.width))
    let slots = unsafe try engine.scratch.buffer(of: WinogradSlots.self, count: engine.workers)
    for worker in 0..<engine.workers {
      unsafe slots[worker] = try WinogradSlots(
        tile, tiles: most, valueStride: valueStride, weights: weights, in: engine.scratch)
    }
    guard count > 0 else { return }
    let fairShare = (count + 4 * engine.workers - 1) / (4 * engine.workers)
    let batch = min(most, Self.roundedUp(fairShare))
    for worker in 0..<engine.workers {
      unsafe slots[worker].prepare(
        tile, tiles: batch, valueStride: valueStride, format: weights.format)
    }
    let kernels = engine.kernels.convolution
    try engine.forEach((count + batch - 1) / batch) { item, worker in
      let tiles = item * batch..<min(count, (item + 1) * batch)
      let slots = unsafe slots[worker]
      listOutputs(tiles, of: grid, into: slots)
      unsafe transform(
        input, tiles, of: grid, batch: batch, zero: UnsafeRawPointer(zero), slots, kernels)
      if let rest {
        unsafe transform(
          rest, at: input.channels, tiles, of: grid, batch: batch, zero: UnsafeRawPointer(zero),
          slots, kernels)
      }
      multiply(tiles.count, batch: batch, slots)
      finish(tiles.count, batch: batch, slots)
    }
    engine.statistics.multiplyAdds +=
      (active?.active.count ?? output.height * output.width)
      * 9 * weights.inputs * weights.outputs
  }

  /// Calls `body` with each tile's place among `tiles` and its position.
  private func forEach(
    _ tiles: Range<Int>, of grid: ConvolutionGrid,
    _ body: (Int, ConvolutionGrid.Position) -> Void
  ) {
    if let active {
      for index in tiles { body(index - tiles.lowerBound, active.position(index)) }
      return
    }
    var position = grid.position(tiles.lowerBound)
    for index in 0..<tiles.count {
      body(index, position)
      grid.advance(&position)
    }
  }

  /// The place of a pixel in the output; nil where it is not computed.
  private func place(_ y: Int, _ x: Int) -> Int? {
    if let active { return active.active.place(y, x) }
    return y < output.height && x < output.width ? y * output.width + x : nil
  }

  /// Writes the pointers of the tiles' outputs and residuals.
  private func listOutputs(
    _ tiles: Range<Int>, of grid: ConvolutionGrid, into slots: WinogradSlots
  ) {
    let side = tile.side
    forEach(tiles, of: grid) { index, position in
      for pixel in 0..<side * side {
        let place = place(side * position.y + pixel / side, side * position.x + pixel % side)
        let slot = side * side * index + pixel
        unsafe slots.outputs[slot] = place.map { unsafe output.memory + $0 * output.pixelBytes }
        if let residual, let place {
          unsafe slots.residuals[slot] =
            UnsafeRawPointer(residual.memory) + place * residual.pixelBytes
        }
      }
    }
  }

  /// Transforms the tiles of `map`, whose channels are those of the input from `first`.
  private func transform(
    _ map: FeatureMap, at first: Int = 0, _ tiles: Range<Int>, of grid: ConvolutionGrid,
    batch: Int, zero: UnsafeRawPointer, _ slots: WinogradSlots,
    _ kernels: ConvolutionKernels
  ) {
    forEach(tiles, of: grid) { index, position in
      let pixels = unsafe slots.pixels + tile.points * index
      if let active {
        unsafe active.source.listInputs(
          around: (tile.side * position.y, tile.side * position.x), grid, of: map, zero: zero,
          to: pixels,
          spacing: 1)
      } else {
        unsafe grid.listInputs(position, of: map, zero: zero, to: pixels, spacing: 1)
      }
    }
    var argument = unsafe vfi_winograd_input(
      pixels: UnsafePointer(slots.pixels),
      values: slots.values + first * weights.format.bytes,
      point_stride: batch * valueStride + WinogradSlots.padding, tile_stride: valueStride,
      channels: map.channels, tiles: tiles.count)
    unsafe kernels.winogradInput(tile, map.precision)(&argument)
  }

  /// Where the products of the `index`-th block begin.
  private func sums(
    _ index: Int, batch: Int, _ slots: WinogradSlots
  ) -> UnsafeMutablePointer<Float> {
    unsafe slots.sums
      + tile.points
      * (batch * weights.blocks[index].firstChannel + index * WinogradSlots.padding)
  }

  /// Multiplies at all points; the inputs of one point stay in the level-1 cache for all blocks.
  private func multiply(_ tiles: Int, batch: Int, _ slots: WinogradSlots) {
    for point in 0..<tile.points {
      for (index, block) in weights.blocks.enumerated() {
        let width = block.kernel.width
        let pointSums =
          unsafe sums(index, batch: batch, slots)
          + point * (batch * width + WinogradSlots.padding)
        let kernel = unsafe block.kernel.tile
        var tile = unsafe weights.tile(
          block, tap: point, inputs: slots.products + point * batch, sums: pointSums)
        for _ in stride(from: 0, to: tiles, by: ConvolutionGrid.tilePixels) {
          unsafe kernel(&tile)
          unsafe tile.inputs += ConvolutionGrid.tilePixels
          unsafe tile.sums += ConvolutionGrid.tilePixels * width
        }
      }
    }
  }

  /// Transforms the products back, adds what follows them and stores the output.
  private func finish(_ tiles: Int, batch: Int, _ slots: WinogradSlots) {
    for (index, block) in weights.blocks.enumerated() {
      var argument = unsafe weights.winogradOutput(
        block, sums: sums(index, batch: batch, slots),
        pointStride: batch * block.kernel.width + WinogradSlots.padding, outputs: slots.outputs,
        residuals: slots.residuals, tiles: tiles, output: output.precision,
        residual: residual?.precision)
      unsafe block.kernel.winogradOutput(tile)(&argument)
    }
  }

  private static func roundedUp(_ tiles: Int) -> Int {
    max(1, (tiles + ConvolutionGrid.tilePixels - 1) / ConvolutionGrid.tilePixels)
      * ConvolutionGrid.tilePixels
  }
}

extension WinogradTile {
  /// G, which makes a row of three weights one of points; rows of three.
  private var kernelTransform: [Double] {
    switch self {
    case .outputs2x2: [1, 0, 0, 1 / 2, 1 / 2, 1 / 2, 1 / 2, -1 / 2, 1 / 2, 0, 0, 1]
    case .outputs4x4:
      [
        1 / 4, 0, 0, -1 / 6, -1 / 6, -1 / 6, -1 / 6, 1 / 6, -1 / 6,
        1 / 24, 1 / 12, 1 / 6, 1 / 24, -1 / 12, 1 / 6, 0, 0, 1,
      ]
    }
  }

  /// G g G^T, in double precision: each 3x3 kernel of `kernels` becomes its points.
  func points(kernels: [Float]) -> [Float] {
    let g = kernelTransform
    // The weight of each of nine taps in each point.
    let factors = (0..<points).flatMap { point in
      (0..<9).map { g[3 * (point / inputSide) + $0 / 3] * g[3 * (point % inputSide) + $0 % 3] }
    }
    var result: [Float] = []
    result.reserveCapacity(kernels.count / 9 * points)
    for start in stride(from: 0, to: kernels.count, by: 9) {
      for point in 0..<points {
        var sum = 0.0
        for tap in 0..<9 { sum += factors[9 * point + tap] * Double(kernels[start + tap]) }
        result.append(Float(sum))
      }
    }
    return result
  }
}
