// SPDX-License-Identifier: MIT
import Glibc
import TestSupport
import Testing
import VFIEngine

/// What the default model computes beside its layers, against the definition in double precision.
@Suite struct DefaultModelMotionTests {
  private func engine(_ level: CPULevel) throws -> Engine {
    Engine(kernels: KernelTable(level: level), runner: try ThreadPool(threads: 2))
  }

  @Test(arguments: CPU.machineLevels, [Precision.float32, .bfloat16])
  func guideInputEqualsTheNaiveTwin(level: CPULevel, precision: Precision) throws {
    var random = SeededRandom(21)
    let engine = try engine(level)
    for (height, width) in [(1, 1), (5, 3), (9, 17)] {
      let motion = GuardedMap(height: height, width: width, channels: 9)
      motion.fill { Float.random(in: -5...5, using: &random) }
      let luma = (0..<2).map { _ in GuardedMap(height: height, width: width, channels: 1) }
      for map in luma { map.fill { Float.random(in: 0...1, using: &random) } }
      let wide = try engine.scratch.map(
        height: height, width: width, channels: 20, precision: precision)
      wide.fill(5)
      try guideInput(
        motion.map, luma[0].map, luma[1].map, into: wide.slice(2..<18), on: engine)
      for y in 0..<height {
        for x in 0..<width {
          let samples = (0..<4).map { index in
            NaiveMotion.sample(
              luma[index % 2].map, y: Double(y) + Double(motion.map[y, x, 2 * index + 1]),
              x: Double(x) + Double(motion.map[y, x, 2 * index]), c: 0)
          }
          var expected = (0..<8).map { Double(motion.map[y, x, $0]) / 16 }
          for (i, j) in [(0, 1), (2, 3), (0, 2), (1, 3), (0, 3), (2, 1)] {
            expected.append(4 * abs(samples[i] - samples[j]))
          }
          expected += [Double(motion.map[y, x, 8]), 0]
          for (c, value) in expected.enumerated() {
            let error = abs(Double(wide[y, x, 2 + c]) - value)
            #expect(error < (precision == .float32 ? 1e-5 : abs(value) / 256 + 1e-5))
          }
          #expect(wide[y, x, 1] == 5 && wide[y, x, 18] == 5)
        }
      }
    }
  }

  @Test(arguments: CPU.machineLevels, [Precision.float32, .bfloat16])
  func refineInputEqualsTheNaiveTwin(level: CPULevel, precision: Precision) throws {
    var random = SeededRandom(22)
    let engine = try engine(level)
    for (height, width, channels, details) in [(2, 2, 4, 4), (8, 6, 16, 16), (4, 22, 20, 8)] {
      let maps = try (0..<2).map { _ in
        try engine.scratch.map(
          height: height, width: width, channels: channels, precision: precision)
      }
      let motion = GuardedMap(height: height, width: width, channels: 16)
      motion.fill { Float.random(in: -3...3, using: &random) }
      let features = GuardedMap(height: height / 2, width: width / 2, channels: details)
      features.fill { Float.random(in: -1...1, using: &random) }
      for map in maps {
        for y in 0..<height {
          for x in 0..<width {
            for c in 0..<channels { map[y, x, c] = Float.random(in: -1...1, using: &random) }
          }
        }
      }
      let active = try ActiveSet(height: height, width: width, in: engine.scratch) { _, _ in
        Bool.random(using: &random)
      }
      let output = try active.map(
        channels: 4 * channels + details, precision: precision, in: engine.scratch)
      try refineInput(
        maps[0], maps[1], motion: motion.map, features: features.map, active: active,
        into: output, on: engine)
      var place = 0
      for y in 0..<height {
        for x in 0..<width where active.contains(y, x) {
          func expect(_ c: Int, _ value: Double) {
            let error = abs(Double(output[0, place, c]) - value)
            #expect(error < (precision == .float32 ? 1e-5 : abs(value) / 256 + 1e-5))
          }
          for index in 0..<4 {
            for c in 0..<channels {
              expect(
                index * channels + c,
                NaiveMotion.sample(
                  maps[index % 2], y: Double(y) + 2 * Double(motion.map[y, x, 2 * index + 1]),
                  x: Double(x) + 2 * Double(motion.map[y, x, 2 * index]), c: c))
            }
          }
          for c in 0..<details {
            expect(
              4 * channels + c,
              NaiveMotion.sample(
                features.map, y: Double(y) / 2 - 0.25, x: Double(x) / 2 - 0.25, c: c))
          }
          place += 1
        }
      }
      #expect(place == active.count)
    }
  }

  @Test(arguments: CPU.machineLevels)
  func finalMotionEqualsTheNaiveTwin(level: CPULevel) throws {
    var random = SeededRandom(23)
    let engine = try engine(level)
    for (height, width) in [(1, 1), (3, 5), (17, 21)] {
      let motion = GuardedMap(height: height, width: width, channels: 16)
      motion.fill { Float.random(in: -8...8, using: &random) }
      let before = try engine.scratch.map(height: height, width: width, channels: 16)
      try convert(motion.map, into: before, on: engine)
      let active = try ActiveSet(height: height, width: width, in: engine.scratch) { _, _ in
        Bool.random(using: &random)
      }
      let refined = try active.map(channels: 16, in: engine.scratch)
      for place in 0..<active.count {
        for c in 0..<16 { refined[0, place, c] = Float.random(in: -2...2, using: &random) }
      }
      try finalMotion(motion.map, refined: refined, active: active, on: engine)
      var place = 0
      for y in 0..<height {
        for x in 0..<width {
          var change = [Double](repeating: 0, count: 16)
          if active.contains(y, x) {
            change = (0..<16).map { Double(refined[0, place, $0]) }
            place += 1
          }
          var expected = (0..<8).map { 4 * Double(before[y, x, $0]) + 2 * change[$0] }
          let shares = (8..<12).map { exp(Double(before[y, x, $0]) + change[$0]) }
          expected += shares.map { $0 / shares.reduce(0, +) }
          expected += change[12..<15] + [Double(before[y, x, 12])]
          for c in 0..<16 { #expect(abs(Double(motion.map[y, x, c]) - expected[c]) < 1e-5) }
        }
      }
    }
  }

  /// Motion that is not a number or leads far outside is read without a fault.
  @Test(arguments: CPU.machineLevels)
  func anyMotionIsSafe(level: CPULevel) throws {
    var random = SeededRandom(24)
    let engine = try engine(level)
    let values: [Float] = [.nan, .infinity, -.infinity, 1e30, -1e30, 0, 3]
    for side in GuardedMap.Side.allCases {
      func wild(_ height: Int, _ width: Int, _ channels: Int) -> FeatureMap {
        let map = GuardedMap(height: height, width: width, channels: channels, guarded: side)
        map.fill { values.randomElement(using: &random) ?? 0 }
        return map.map
      }
      let guided = GuardedMap(height: 4, width: 4, channels: 16, guarded: side)
      try guideInput(
        wild(4, 4, 9), wild(4, 4, 1), wild(4, 4, 1), into: guided.map, on: engine)
      let active = try ActiveSet(height: 8, width: 8, in: engine.scratch) { y, x in x != y }
      let input = GuardedMap(height: 1, width: active.count, channels: 20, guarded: side)
      let motion = GuardedMap(height: 8, width: 8, channels: 16, guarded: side)
      motion.fill { values.randomElement(using: &random) ?? 0 }
      try refineInput(
        wild(8, 8, 4), wild(8, 8, 4), motion: motion.map, features: wild(4, 4, 4),
        active: active, into: input.map, on: engine)
      try finalMotion(
        motion.map, refined: wild(1, active.count, 16), active: active, on: engine)
    }
  }
}
