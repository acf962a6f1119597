// SPDX-License-Identifier: MIT
import TestSupport
import Testing
import VFIEngine

/// Pixels, for flows of up to 6 that change by as much from one pixel to the next.
private let tolerance = 1e-4

@Suite struct MotionCandidatesTests {
  @Test(arguments: CPU.machineLevels, [Float(0.5), 0.1, 0.75])
  func equalTheNaiveTwin(level: CPULevel, t: Float) throws {
    var random = SeededRandom(12)
    let engine = Engine(kernels: KernelTable(level: level), runner: try ThreadPool(threads: 2))
    for (height, width) in [(2, 2), (8, 8), (22, 14)] {
      let flows = (0..<2).map { _ in GuardedMap(height: height, width: width, channels: 2) }
      for flow in flows { flow.fill { Float.random(in: -6...6, using: &random) } }
      let output = GuardedMap(height: height, width: width, channels: 8)
      let wide = GuardedMap(height: height / 2, width: width / 2, channels: 12)
      wide.fill { 5 }
      let halved = wide.map.slice(2..<11)
      try motionCandidates(
        flows[0].map, flows[1].map, at: .constant(t), into: output.map, halved: halved, on: engine)
      for y in 0..<height {
        for x in 0..<width {
          let expected = NaiveMotion.candidates(
            flows[0].map, flows[1].map, t: Double(t), y: y, x: x)
          for c in 0..<8 {
            #expect(abs(Double(output.map[y, x, c]) - expected[c]) < tolerance)
          }
        }
      }
      for y in 0..<height / 2 {
        for x in 0..<width / 2 {
          for c in 0..<8 {
            let corners = (0..<4).map { output.map[2 * y + $0 / 2, 2 * x + $0 % 2, c] }
            let expected = Double(corners.reduce(0, +)) / 8
            #expect(abs(Double(halved[y, x, c]) - expected) < tolerance)
          }
          #expect(abs(halved[y, x, 8] - t) < 1e-6)
          #expect(wide.map[y, x, 1] == 5 && wide.map[y, x, 11] == 5)
        }
      }
    }
  }

  /// An instant of each pixel gives at each pixel what that instant gives for all.
  @Test(arguments: CPU.machineLevels)
  func everyPixelHasItsInstant(level: CPULevel) throws {
    var random = SeededRandom(15)
    let engine = Engine(kernels: KernelTable(level: level), runner: try ThreadPool(threads: 2))
    let (height, width) = (10, 14)
    let flows = (0..<2).map { _ in GuardedMap(height: height, width: width, channels: 2) }
    for flow in flows { flow.fill { Float.random(in: -6...6, using: &random) } }
    let times = GuardedMap(height: height, width: width, channels: 1)
    times.fill { Float.random(in: 0...1, using: &random) }
    let output = GuardedMap(height: height, width: width, channels: 8)
    let halved = GuardedMap(height: height / 2, width: width / 2, channels: 9)
    try motionCandidates(
      flows[0].map, flows[1].map, at: .perPixel(times.map), into: output.map,
      halved: halved.map, on: engine)
    for y in 0..<height {
      for x in 0..<width {
        let expected = NaiveMotion.candidates(
          flows[0].map, flows[1].map, t: Double(times.map[y, x, 0]), y: y, x: x)
        for c in 0..<8 { #expect(abs(Double(output.map[y, x, c]) - expected[c]) < tolerance) }
      }
    }
    for y in 0..<height / 2 {
      for x in 0..<width / 2 {
        let sum = (0..<4).reduce(Float(0)) { $0 + times.map[2 * y + $1 / 2, 2 * x + $1 % 2, 0] }
        #expect(abs(halved.map[y, x, 8] - sum / 4) < 1e-6)
      }
    }
  }

  /// Flows that are not numbers or lead far outside are read without a fault.
  @Test(arguments: CPU.machineLevels)
  func anyFlowIsSafe(level: CPULevel) throws {
    var random = SeededRandom(14)
    let engine = Engine(kernels: KernelTable(level: level), runner: try ThreadPool(threads: 1))
    let values: [Float] = [.nan, .infinity, -.infinity, 1e30, -1e30, 0, 3]
    for side in GuardedMap.Side.allCases {
      let flows = (0..<2).map { _ in
        GuardedMap(height: 8, width: 8, channels: 2, guarded: side)
      }
      for flow in flows { flow.fill { values.randomElement(using: &random) ?? 0 } }
      let output = GuardedMap(height: 8, width: 8, channels: 8, guarded: side)
      let halved = GuardedMap(height: 4, width: 4, channels: 9, guarded: side)
      try motionCandidates(
        flows[0].map, flows[1].map, at: .constant(0.5), into: output.map, halved: halved.map,
        on: engine)
    }
  }
}
