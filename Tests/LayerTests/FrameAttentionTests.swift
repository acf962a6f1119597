// SPDX-License-Identifier: MIT
import Glibc
import TestSupport
import Testing
import VFIEngine

/// The attention against loops in double precision, over random shapes, also in several blocks.
@Suite struct FrameAttentionTests {
  private static let channels = 16
  private static let tolerance: Float = 2e-6

  private static func file() throws -> WeightFile {
    var writer = SafetensorsWriter()
    for (part, inputs, outputs) in [
      ("query", 16, 2), ("key", 16, 2), ("value", 16, 8), ("output", 8, 16),
    ] {
      writer.addConvolution("a.\(part)", inputs: inputs, outputs: outputs, kernel: 1)
    }
    return try writer.file()
  }

  /// A 1x1 convolution at one place.
  private static func layer(
    _ file: WeightFile, _ name: String, _ input: [Double], outputs: Int
  ) throws -> [Double] {
    let weights = try file.floats("a.\(name).weight", shape: [outputs, input.count, 1, 1])
    let bias = try file.floats("a.\(name).bias", shape: [outputs])
    return (0..<outputs).map { output in
      (0..<input.count).reduce(Double(bias[output])) {
        $0 + Double(weights[output * input.count + $1]) * input[$1]
      }
    }
  }

  private static func naive(
    _ file: WeightFile, _ map: FeatureMap, _ places: [(y: Int, x: Int)]
  ) throws -> [[Double]] {
    func pixel(_ y: Int, _ x: Int) -> [Double] {
      (0..<channels).map { Double(map[y, x, $0]) }
    }
    func pooled(_ name: String, _ outputs: Int) throws -> [[Double]] {
      try (0..<map.height / 2 * (map.width / 2)).map { place in
        let (y, x) = (place / (map.width / 2) * 2, place % (map.width / 2) * 2)
        let four = try [(y, x), (y, x + 1), (y + 1, x), (y + 1, x + 1)].map {
          try layer(file, name, pixel($0.0, $0.1), outputs: outputs)
        }
        return (0..<outputs).map { c in four.reduce(-.infinity) { max($0, $1[c]) } }
      }
    }
    let (keys, values) = (try pooled("key", 2), try pooled("value", 8))
    return try places.map { place in
      let own = pixel(place.y, place.x)
      let query = try layer(file, "query", own, outputs: 2)
      let shares = keys.map { exp($0[0] * query[0] + $0[1] * query[1]) }
      let sum = shares.reduce(0, +)
      let found = (0..<8).map { c in
        zip(shares, values).reduce(0) { $0 + $1.0 / sum * $1.1[c] }
      }
      return zip(own, try layer(file, "output", found, outputs: channels)).map { $0 + $1 }
    }
  }

  /// Sides of one place of keys, of odd ones, and of more keys than a block has room for.
  @Test(arguments: CPU.machineLevels, [(2, 3), (5, 4), (9, 13), (44, 95)])
  func matchesLoops(level: CPULevel, size: (height: Int, width: Int)) throws {
    let engine = Engine(kernels: KernelTable(level: level), runner: try ThreadPool(threads: 2))
    let file = try Self.file()
    let layer = try FrameAttention(file, "a", channels: Self.channels, kernels: engine.kernels)
    let arena = Arena(ledger: engine.ledger)
    var random = SeededRandom(UInt64(size.height))
    // A slice of a wider map, as the frame of a clip is.
    let wide = try arena.map(
      height: size.height, width: size.width, channels: 2 * Self.channels)
    for y in 0..<size.height {
      for x in 0..<size.width {
        for c in 0..<wide.channels { wide[y, x, c] = .random(in: -2...2, using: &random) }
      }
    }
    let input = wide.slice(Self.channels..<2 * Self.channels)
    let result = wide.slice(0..<Self.channels)
    let places = (0..<12).map { _ in
      (
        y: Int.random(in: 0..<size.height, using: &random),
        x: Int.random(in: 0..<size.width, using: &random)
      )
    }
    let expected = try Self.naive(file, input, places)
    try layer(input, into: result, on: engine)
    for (place, values) in zip(places, expected) {
      for c in 0..<Self.channels {
        let error = abs(result[place.y, place.x, c] - Float(values[c]))
        #expect(error < Self.tolerance * 4, "\(place) \(c)")
      }
    }
    arena.clear()
  }
}
