// SPDX-License-Identifier: MIT
import TestSupport
import Testing
import VFIEngine

@Suite struct ConvertTests {
  static let values: [Float] = [
    0, -0.0, 1, -1, 0.1, 1 / 3, 1e-30, -3e38, .infinity, -.infinity, .nan,
    .greatestFiniteMagnitude, .leastNormalMagnitude,
    // Ties: to the even neighbour below and above; and just beside them.
    Float(bitPattern: 0x3F80_8000), Float(bitPattern: 0x3F81_8000),
    Float(bitPattern: 0x3F80_8001), Float(bitPattern: 0x3F80_7FFF),
    // All bits set: the rounding must not carry out of a NaN.
    Float(bitPattern: 0x7FFF_FFFF), Float(bitPattern: 0xFFFF_FFFF), Float(bitPattern: 0x7F80_0001),
  ]

  /// The nearest bfloat16 by search among both neighbours, not by the trick of the kernels.
  private static func nearest(_ x: Float) -> Float {
    if x.isNaN || x.isInfinite { return x }
    let below = Float(bitPattern: x.bitPattern & 0xFFFF_0000)
    let above = Float(bitPattern: (x.bitPattern & 0xFFFF_0000) + 0x1_0000)
    // Beyond the largest bfloat16 the next one would be 2^128.
    let next = above.isInfinite ? (x < 0 ? -0x1p128 : 0x1p128) : Double(above)
    let (low, high) = (abs(Double(x) - Double(below)), abs(next - Double(x)))
    if low == high { return below.bitPattern & 0x1_0000 == 0 ? below : above }
    return low < high ? below : above
  }

  @Test func roundsToTheNearest() {
    var random = SeededRandom(3)
    let numbers = (0..<2000).map { _ in
      Float(bitPattern: UInt32(truncatingIfNeeded: random.next()))
    }
    for x in Self.values + numbers {
      let (rounded, expected) = (Float(bfloat16: x.bfloat16), Self.nearest(x))
      #expect(rounded == expected || (rounded.isNaN && expected.isNaN), "\(x)")
    }
  }

  @Test(arguments: CPU.machineLevels, Precision.allCases)
  func convertsEveryPair(level: CPULevel, from: Precision) throws {
    var random = SeededRandom(6)
    let engine = Engine(kernels: KernelTable(level: level), runner: try ThreadPool(threads: 2))
    for round in 0..<60 {
      let to = round % 2 == 0 ? Precision.float32 : .bfloat16
      let (height, width) = (
        Int.random(in: 1...11, using: &random), Int.random(in: 1...9, using: &random)
      )
      let channels = Int.random(in: 1...40, using: &random)
      let gap = round % 3
      let input = GuardedMap(
        height: height, width: width, channels: channels, pixelStride: channels + gap,
        precision: from, guarded: round % 4 < 2 ? .before : .after)
      let output = GuardedMap(
        height: height, width: width, channels: channels + gap, precision: to)
      let offset: Float = round % 5 == 0 ? 0 : -0.4375
      input.fill {
        round % 7 == 0
          ? Self.values.randomElement(using: &random) ?? 0 : .random(in: -1...1, using: &random)
      }
      output.fill { 7 }
      try convert(input.map, plus: offset, into: output.map.slice(0..<channels), on: engine)
      for y in 0..<height {
        for x in 0..<width {
          for c in 0..<channels {
            let (value, expected) = (
              output.map[y, x, c], to.rounded(input.map[y, x, c] + offset)
            )
            #expect(value == expected || (value.isNaN && expected.isNaN))
          }
          for c in channels..<channels + gap { #expect(output.map[y, x, c] == 7) }
        }
      }
    }
  }

  @Test func otherSizesAreRefused() throws {
    let engine = Engine(runner: try ThreadPool(threads: 1))
    let a = try engine.scratch.map(height: 2, width: 2, channels: 2)
    let b = try engine.scratch.map(height: 2, width: 2, channels: 3, precision: .bfloat16)
    #expect(throws: VFIError.self) { try convert(a, into: b, on: engine) }
  }
}
