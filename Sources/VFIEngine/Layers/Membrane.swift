// SPDX-License-Identifier: MIT
import CIntrinsics

/// Fills what is unknown so that each value is the mean of its four neighbours.
///
/// That is the solution of Laplace's equation with the known values around as its border: constant
/// and affine fields are continued exactly. `map` is `[H, W, C]`, float32, packed; a value of
/// `unknown` that is not 0 marks a pixel to be filled. Beyond the edges the picture's own pixel
/// counts. Without any known pixel the map becomes 0.
///
/// Coarse to fine: a level starts from the enlarged solution of one half its size, and then takes
/// `sweeps` red-black sweeps over its unknown pixels only, all but the last over-relaxed. Pixels of
/// one colour read the other's only, so any number of threads gives the same bytes.
package func fillMembrane(
  _ map: FeatureMap, unknown: Grid<UInt8>, sweeps: Int, on engine: Engine
) throws(VFIError) {
  precondition(map.pixelStride == map.channels)
  precondition(unknown.height == map.height && unknown.width == map.width)
  for channel in 0..<map.channels {
    let mark = engine.scratch.mark
    defer { engine.scratch.release(to: mark) }
    let finest = try MembraneLevel(height: map.height, width: map.width, on: engine)
    let count = try finest.take(map, channel, unknown, on: engine)
    if count == 0 { return }
    guard count < map.height * map.width else {
      unsafe map.base.update(repeating: 0, count: map.height * map.rowStride)
      return
    }
    var levels = [finest]
    while let last = levels.last, last.isOpen { levels.append(try last.reduced(on: engine)) }
    for index in (0..<levels.count - 1).reversed() {
      try levels[index].solve(from: levels[index + 1], sweeps: sweeps, on: engine)
    }
    try finest.give(to: map, channel, on: engine)
  }
}

/// A channel of a map at one size, in scratch memory.
@safe private struct MembraneLevel {
  private let view: vfi_membrane
  private var height: Int { unsafe view.height }
  private var width: Int { unsafe view.width }

  init(height: Int, width: Int, on engine: Engine) throws(VFIError) {
    // Enough for the vectors of all levels of the machine.
    let stride = ((width + 1) / 2 + 48) / 16 * 16
    let plane = height * stride
    let memory = unsafe try engine.scratch.buffer(of: Float.self, count: 4 * plane) + 1
    let open = unsafe try engine.scratch.buffer(of: Int32.self, count: 2 * height)
    unsafe view = unsafe vfi_membrane(
      red: memory, black: memory + plane, red_known: memory + 2 * plane,
      black_known: memory + 3 * plane, open: open, height: height, width: width, stride: stride)
  }

  /// Sorts a channel by colours; returns how many values are to be found.
  func take(
    _ map: FeatureMap, _ channel: Int, _ unknown: Grid<UInt8>, on engine: Engine
  ) throws(VFIError) -> Int {
    let mark = engine.scratch.mark
    defer { engine.scratch.release(to: mark) }
    let counts = try engine.scratch.grid(Int32(0), height: height, width: 1)
    try forEachBlock(on: engine) { first, end in
      for y in first..<end {
        counts[y, 0] = unsafe take(
          map.base + (y * map.rowStride + channel), map.channels, unknown.base + y * width, row: y)
      }
    }
    return (0..<height).reduce(0) { $0 + Int(counts[$1, 0]) }
  }

  private func take(
    _ values: UnsafePointer<Float>, _ step: Int, _ unknown: UnsafePointer<UInt8>, row: Int
  ) -> Int32 {
    var count: Int32 = 0
    var (low, high) = (width, -1)
    for x in 0..<width where unsafe unknown[x] != 0 {
      low = min(low, x)
      high = x
      count += 1
    }
    unsafe (view.open[2 * row], view.open[2 * row + 1]) = (Int32(low), Int32(high))
    for offset in 0...1 {
      let (own, known) = unsafe colour(row, offset)
      let pixels = (width - offset + 1) / 2
      for i in 0..<pixels {
        unsafe own[i] = values[(2 * i + offset) * step]
        unsafe known[i] = unknown[2 * i + offset] == 0 ? 1 : 0
      }
      for i in unsafe pixels..<view.stride - 1 { unsafe known[i] = -1 }
    }
    return count
  }

  /// Writes what was found.
  func give(to map: FeatureMap, _ channel: Int, on engine: Engine) throws(VFIError) {
    try forEachBlock(on: engine) { first, end in
      for y in first..<end {
        let out = unsafe map.base + (y * map.rowStride + channel)
        let (low, high) = unsafe (Int(view.open[2 * y]), Int(view.open[2 * y + 1]))
        for x in stride(from: low, through: high, by: 1) {
          let (own, known) = unsafe colour(y, x & 1)
          if unsafe known[x / 2] == 0 { unsafe out[x * map.channels] = own[x / 2] }
        }
      }
    }
  }

  /// The pixels of a row from column `offset` on, every other one.
  private func colour(
    _ row: Int, _ offset: Int
  ) -> (values: UnsafeMutablePointer<Float>, known: UnsafeMutablePointer<Float>) {
    let isRed = (row + offset) & 1 == 0
    let start = unsafe row * view.stride
    return unsafe (
      (isRed ? view.red : view.black) + start, (isRed ? view.red_known : view.black_known) + start
    )
  }

  /// Whether values are to be found; all of them may be known nevertheless.
  ///
  /// A single pixel is known, since some are.
  var isOpen: Bool {
    (height > 1 || width > 1)
      && (0..<height).contains { unsafe view.open[2 * $0] <= view.open[2 * $0 + 1] }
  }

  /// The level of half the size, of which no value is found yet.
  func reduced(on engine: Engine) throws(VFIError) -> MembraneLevel {
    let coarse = try MembraneLevel(height: (height + 1) / 2, width: (width + 1) / 2, on: engine)
    let kernel = unsafe engine.kernels.holes.membraneReduce
    try coarse.forEachBlock(on: engine) { first, end in
      unsafe withUnsafePointer(to: view) { fine in
        unsafe withUnsafePointer(to: coarse.view) { unsafe kernel(fine, $0, first, end) }
      }
    }
    return coarse
  }

  /// Finds the values, from those of the level of half the size.
  func solve(from coarse: MembraneLevel, sweeps: Int, on engine: Engine) throws(VFIError) {
    let kernels = engine.kernels.holes
    coarse.repeatEdges()
    try forEachBlock(on: engine) { first, end in
      unsafe withUnsafePointer(to: coarse.view) { other in
        unsafe withUnsafePointer(to: view) {
          unsafe kernels.membraneEnlarge(other, $0, first, end)
        }
      }
    }
    for sweep in 0..<sweeps {
      let relaxation: Float = sweep == sweeps - 1 ? 1 : 1.3
      for isBlack in [false, true] {
        try forEachBlock(on: engine) { first, end in
          unsafe withUnsafePointer(to: view) {
            unsafe kernels.membraneRelax($0, isBlack, relaxation, first, end)
          }
        }
      }
    }
  }

  /// Gives rows a pixel before the first and behind the last one.
  private func repeatEdges() {
    for y in 0..<height {
      let (even, odd) = unsafe (colour(y, 0).values, colour(y, 1).values)
      unsafe odd[-1] = even[0]
      let half = width / 2
      if width % 2 == 0 { unsafe even[half] = odd[half - 1] } else { unsafe odd[half] = even[half] }
    }
  }

  /// Calls `body(first, end)` for blocks of rows: a thread that waits for little work costs more than
  /// that.
  private func forEachBlock(
    on engine: Engine, _ body: (_ first: Int, _ end: Int) -> Void
  ) throws(VFIError) {
    let block = max(8, 32768 / width)
    try engine.forEach((height + block - 1) / block) { item, _ in
      body(item * block, min(height, (item + 1) * block))
    }
  }
}
