// SPDX-License-Identifier: MIT
import TestSupport
import Testing
import VFIEngine

/// Relative to values of magnitude 1: a few roundings, and fused against separate multiply-adds.
private let tolerance: Float = 2e-6

private let extremes: [Float] = [
  .nan, .infinity, -.infinity, .greatestFiniteMagnitude, -.greatestFiniteMagnitude, 1e10, -1e10,
  0, -0.0, 1, -1, 0.5, .leastNonzeroMagnitude,
]

@Suite struct BackwardWarpTests {
  @Test(arguments: CPU.machineLevels, Precision.allCases)
  func equalsTheNaiveTwin(level: CPULevel, precision: Precision) throws {
    var random = SeededRandom(1)
    let engine = Engine(kernels: KernelTable(level: level), runner: try ThreadPool(threads: 1))
    for round in 0..<160 {
      let height = round < 4 ? 1 : Int.random(in: 1...13, using: &random)
      let width = round % 4 == 0 ? 1 : Int.random(in: 1...19, using: &random)
      let channels = Int.random(in: 1...67, using: &random)
      let side: GuardedMap.Side = round % 2 == 0 ? .before : .after
      let input = GuardedMap(
        height: height, width: width, channels: channels,
        pixelStride: channels + Int.random(in: 0...3, using: &random), precision: precision,
        guarded: side)
      let flow = GuardedMap(
        height: height, width: width, channels: 2, pixelStride: 4, guarded: side)
      let output = GuardedMap(
        height: height, width: width, channels: channels + 2, precision: precision, guarded: side)
      input.fill { Float.random(in: -1...1, using: &random) }
      let reach = Float([0.7, 5, 100].randomElement(using: &random) ?? 1)
      flow.fill {
        Int.random(in: 0..<10, using: &random) == 0
          ? extremes.randomElement(using: &random) ?? 0
          : Float.random(in: -reach...reach, using: &random)
      }
      output.fill { 7 }
      let slice = output.map.slice(1..<channels + 1)
      try backwardWarp(input.map, flow: flow.map, into: slice, on: engine)
      for y in 0..<height {
        for x in 0..<width {
          #expect(output.map[y, x, 0] == 7 && output.map[y, x, channels + 1] == 7)
          for c in 0..<channels {
            let expected = NaiveMotion.warp(input.map, flow.map, y: y, x: x, c: c)
            let allowed = tolerance + precision.rounding * abs(expected)
            #expect(abs(slice[y, x, c] - expected) <= allowed)
          }
        }
      }
    }
  }

  /// `W([10, 20, 30], 0.5) = [15, 25, 30]`, by -1 `[10, 10, 20]`, by 100 `[30, 30, 30]`.
  @Test(
    arguments: zip(
      [0.5, -1, 100] as [Float], [[15, 25, 30], [10, 10, 20], [30, 30, 30]] as [[Float]]))
  func knownRows(u: Float, expected: [Float]) throws {
    let engine = Engine(runner: try ThreadPool(threads: 1))
    let maps = try [1, 2, 1].map { try engine.scratch.map(height: 1, width: 3, channels: $0) }
    for x in 0..<3 {
      maps[0][0, x, 0] = Float(10 * (x + 1))
      maps[1][0, x, 0] = u
      maps[1][0, x, 1] = 0
    }
    try backwardWarp(maps[0], flow: maps[1], into: maps[2], on: engine)
    #expect((0..<3).map { maps[2][0, $0, 0] } == expected)
  }

  /// A picture of one value stays exactly that, however the flow falls between the pixels.
  @Test(arguments: CPU.machineLevels, Precision.allCases)
  func evenPictureIsExact(level: CPULevel, precision: Precision) throws {
    var random = SeededRandom(2)
    let engine = Engine(kernels: KernelTable(level: level), runner: try ThreadPool(threads: 1))
    let (input, flow, output) = (
      GuardedMap(height: 9, width: 8, channels: 19, precision: precision),
      GuardedMap(height: 9, width: 8, channels: 2),
      GuardedMap(height: 9, width: 8, channels: 19, precision: precision)
    )
    input.fill { 0.3 }
    flow.fill { Float.random(in: -9...9, using: &random) }
    try backwardWarp(input.map, flow: flow.map, into: output.map, on: engine)
    #expect(output.bits.allSatisfy { $0 == precision.rounded(0.3).bitPattern })
  }

  @Test(arguments: CPU.machineLevels)
  func anyNumberOfThreadsGivesTheSameBytes(level: CPULevel) throws {
    var bits: [[UInt32]] = []
    for threads in 1...3 {
      var random = SeededRandom(3)
      let engine = Engine(
        kernels: KernelTable(level: level), runner: try ThreadPool(threads: threads))
      let (input, flow, output) = (
        GuardedMap(height: 67, width: 31, channels: 20),
        GuardedMap(height: 67, width: 31, channels: 2),
        GuardedMap(height: 67, width: 31, channels: 20)
      )
      input.fill { Float.random(in: -1...1, using: &random) }
      flow.fill { Float.random(in: -9...9, using: &random) }
      try backwardWarp(input.map, flow: flow.map, into: output.map, on: engine)
      bits.append(output.bits)
    }
    #expect(bits[0] == bits[1] && bits[0] == bits[2])
  }

  /// Two maps at once give what one after the other gives, to the bit, and the flow beside them.
  @Test(
    arguments: CPU.machineLevels.flatMap { level in Precision.allCases.map { (level, $0) } },
    [1, 3, 4, 7, 16, 24, 32, 50])
  func pairEqualsTwoWarps(_ kernel: (CPULevel, Precision), channels: Int) throws {
    let (level, precision) = kernel
    var random = SeededRandom(9)
    let engine = Engine(kernels: KernelTable(level: level), runner: try ThreadPool(threads: 2))
    let (height, width) = (13, 11)
    func map(
      _ channels: Int, _ precision: Precision = precision, _ value: () -> Float
    ) -> FeatureMap {
      let map = GuardedMap(height: height, width: width, channels: channels, precision: precision)
      map.fill(value)
      return map.map
    }
    let a = map(channels) { Float.random(in: -1...1, using: &random) }
    let b = map(channels) { Float.random(in: -1...1, using: &random) }
    let flow = map(4, .float32) { Float.random(in: -7...7, using: &random) }
    let single = map(channels) { 0 }
    let output = map(2 * channels + 5) { 9 }
    try backwardWarpPair(
      a, b, flow: flow, into: output.slice(0..<2 * channels + 4), on: engine)
    for (index, source) in [a, b].enumerated() {
      try backwardWarp(
        source, flow: flow.slice(2 * index..<2 * index + 2), into: single, on: engine)
      #expect(bits(output.slice(index * channels..<(index + 1) * channels)) == bits(single))
    }
    let rounded = bits(flow).map { precision.rounded(Float(bitPattern: $0)).bitPattern }
    #expect(bits(output.slice(2 * channels..<2 * channels + 4)) == rounded)
    let beside = output.slice(2 * channels + 4..<output.channels)
    #expect(bits(beside).allSatisfy { $0 == Float(9).bitPattern })
  }

  @Test func sizesThatDoNotFitAreRefused() throws {
    let engine = Engine(runner: try ThreadPool(threads: 1))
    let a = try engine.scratch.map(height: 4, width: 4, channels: 2)
    let b = try engine.scratch.map(height: 4, width: 5, channels: 2)
    #expect(throws: VFIError.self) { try backwardWarp(a, flow: b, into: a, on: engine) }
  }
}
