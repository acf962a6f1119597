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
        flows[0].map, flows[1].map, t: t, into: output.map, halved: halved, on: engine)
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
          #expect(halved[y, x, 8] == t)
          #expect(wide.map[y, x, 1] == 5 && wide.map[y, x, 11] == 5)
        }
      }
    }
  }

  @Test(arguments: CPU.machineLevels)
  func choiceEqualsTheNaiveTwin(level: CPULevel) throws {
    var random = SeededRandom(13)
    let engine = Engine(kernels: KernelTable(level: level), runner: try ThreadPool(threads: 2))
    for width in [1, 3, 8, 16, 17, 37] {
      let wide = GuardedMap(height: 9, width: width, channels: 9)
      let candidates = GuardedMap(height: 9, width: width, channels: 8)
      let flow = GuardedMap(height: 9, width: width, channels: 4)
      for map in [wide, candidates] { map.fill { Float.random(in: -9...9, using: &random) } }
      let head = wide.map.slice(1..<7)
      try chooseMotion(candidates.map, by: head, into: flow.map, on: engine)
      for y in 0..<9 {
        for x in 0..<width {
          let share = NaiveMotion.sigmoid(Double(head[y, x, 4]))
          for c in 0..<4 {
            let (a, b) = (candidates.map[y, x, c], candidates.map[y, x, c + 4])
            let expected = Double(head[y, x, c]) + share * Double(a) + (1 - share) * Double(b)
            #expect(abs(Double(flow.map[y, x, c]) - expected) < tolerance)
          }
        }
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
        flows[0].map, flows[1].map, t: 0.5, into: output.map, halved: halved.map, on: engine)
      let flow = GuardedMap(height: 8, width: 8, channels: 4, guarded: side)
      try chooseMotion(output.map, by: output.map, into: flow.map, on: engine)
    }
  }
}
