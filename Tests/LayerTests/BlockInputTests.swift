// SPDX-License-Identifier: MIT
import TestSupport
import Testing
import VFIEngine

/// The fused input of a block against warps and resizes of whole maps.
@Suite struct BlockInputTests {
  /// Sizes of the blocks' channels, and tails of every vector.
  private static let shapes = [(32, 32), (48, 48), (72, 72), (3, 5), (17, 9), (1, 21)]

  @Test(
    arguments: CPU.machineLevels.flatMap { level in Precision.allCases.map { (level, $0) } }, shapes
  )
  func equalsWholeMaps(
    _ kernel: (CPULevel, Precision), shape: (channels: Int, coarse: Int)
  ) throws {
    let (level, precision) = kernel
    let engine = Engine(kernels: KernelTable(level: level), runner: try ThreadPool(threads: 2))
    let (height, width, arena) = (22, 34, engine.scratch)
    var random = SeededRandom(UInt64(shape.channels))
    func noise(
      _ height: Int, _ width: Int, _ channels: Int, _ reach: Float = 1,
      _ precision: Precision = precision
    ) throws -> FeatureMap {
      let map = try arena.map(
        height: height, width: width, channels: channels, precision: precision)
      for y in 0..<height {
        for x in 0..<width {
          for c in 0..<channels { map[y, x, c] = .random(in: -reach...reach, using: &random) }
        }
      }
      return map
    }
    let (a, b) = (
      try noise(height, width, shape.channels), try noise(height, width, shape.channels)
    )
    let coarse = try noise(height / 2, width / 2, shape.coarse + 2).slice(2..<shape.coarse + 2)
    // Many samples leave the picture; one flow is not a number.
    let flow = try noise(height, width, 4, 20, .float32)
    flow[3, 4, 1] = .nan
    let active = try ActiveSet(height: height, width: width, in: arena) { y, x in
      (y == 3 && x == 4) || Int.random(in: 0..<3, using: &random) == 0
    }
    let channels = 2 * shape.channels + shape.coarse + 4
    let output = try active.map(channels: channels, precision: precision, in: arena)
    try blockInput(a, b, flow: flow, coarse: coarse, active: active, into: output, on: engine)

    let dense = try arena.map(
      height: height, width: width, channels: channels, precision: precision)
    let (c, d) = (shape.channels, shape.coarse)
    try backwardWarp(a, flow: flow, into: dense.slice(0..<c), on: engine)
    try backwardWarp(b, flow: flow.slice(2..<4), into: dense.slice(c..<2 * c), on: engine)
    try resizeBilinear(coarse, into: dense.slice(2 * c..<2 * c + d), on: engine)
    try convert(flow, into: dense.slice(2 * c + d..<channels), on: engine)
    let wanted = try active.map(channels: channels, precision: precision, in: arena)
    try active.gather(dense, into: wanted)
    flow[3, 4, 1] = 0
    for place in 0..<active.count {
      for channel in 0..<2 * c + d {
        // The doubling of whole maps rounds in another order.
        let (value, expected) = (output[0, place, channel], wanted[0, place, channel])
        #expect(abs(value - expected) < 1e-6 + precision.rounding * abs(expected))
      }
    }
    let flows = try active.map(channels: 4, in: arena)
    try active.gather(flow, into: flows)
    for place in 0..<active.count {
      for channel in 0..<4 {
        let value = output[0, place, 2 * c + d + channel]
        #expect(value == precision.rounded(flows[0, place, channel]) || value.isNaN)
      }
    }
  }

  @Test func refusesOtherSizes() throws {
    let engine = Engine(runner: try ThreadPool(threads: 1))
    let arena = engine.scratch
    let a = try arena.map(height: 8, width: 8, channels: 3)
    let flow = try arena.map(height: 8, width: 8, channels: 4)
    let coarse = try arena.map(height: 4, width: 3, channels: 2)
    let active = try ActiveSet(height: 8, width: 8, in: arena) { _, _ in true }
    let output = try active.map(channels: 12, in: arena)
    #expect(throws: VFIError.self) {
      try blockInput(a, a, flow: flow, coarse: coarse, active: active, into: output, on: engine)
    }
  }
}
