// SPDX-License-Identifier: MIT
import Glibc
import TestSupport
import Testing
import VFIEngine

@Suite struct AccelerationTests {
  private func maps(
    _ count: Int, _ height: Int, _ width: Int, _ channels: Int, _ value: () -> Float
  ) -> [GuardedMap] {
    (0..<count).map { _ in
      let map = GuardedMap(height: height, width: width, channels: channels)
      map.fill(value)
      return map
    }
  }

  /// The definition, read literally: each known cell in reach counts once.
  private func naive(
    _ flows: FlowsAround, y: Int, x: Int
  ) -> (x: Double, y: Double, isKnown: Bool) {
    func single(_ y: Int, _ x: Int) -> SIMD2<Double>? {
      var ways: [SIMD2<Double>] = []
      for (there, back) in [(flows.ahead, flows.aheadBack), (flows.behind, flows.behindBack)] {
        let flow = SIMD2(Double(there[y, x, 0]), Double(there[y, x, 1]))
        var miss = flow
        for c in 0..<2 {
          miss[c] += NaiveMotion.sample(
            back, y: Double(y) + flow.y, x: Double(x) + flow.x, c: c)
        }
        guard hypot(miss.x, miss.y) < 0.4 + 0.05 * hypot(flow.x, flow.y) else { return nil }
        ways.append(flow)
      }
      let interval = Double(flows.interval)
      return 2 / (1 + interval) * (ways[0] + ways[1] / interval)
    }
    var (sum, known, cells) = (SIMD2<Double>.zero, 0, 0)
    for row in max(0, y - 2)...min(flows.ahead.height - 1, y + 2) {
      for column in max(0, x - 2)...min(flows.ahead.width - 1, x + 2) {
        cells += 1
        if let value = single(row, column) {
          sum += value
          known += 1
        }
      }
    }
    guard Double(known) > 0.3 * Double(cells) else { return (0, 0, false) }
    return (sum.x / Double(known), sum.y / Double(known), true)
  }

  @Test(arguments: [Float(1), 2, 0.5]) func measuresAsTheDefinition(interval: Float) throws {
    var random = SeededRandom(31)
    let engine = Engine(runner: try ThreadPool(threads: 2))
    var (known, unknown) = (0, 0)
    for (height, width) in [(2, 2), (9, 12), (17, 7)] {
      // Ways there that differ by up to a pixel, and ways back that miss by about the limit.
      let ahead = maps(1, height, width, 2) { 2 + Float.random(in: 0...0.6, using: &random) }[0]
      let back = maps(1, height, width, 2) { -2.3 + Float.random(in: -0.4...0.4, using: &random) }[
        0]
      let behind = maps(1, height, width, 2) { -1 + Float.random(in: 0...0.4, using: &random) }[0]
      let forth = maps(1, height, width, 2) { 0.8 + Float.random(in: -0.3...0.3, using: &random) }[
        0]
      // Where no way back is found over more than a window, nothing is known.
      for y in 0..<height { for x in 0..<width / 2 { forth.map[y, x, 0] = 9 } }
      let flows = FlowsAround(
        ahead: ahead.map, aheadBack: back.map, behind: behind.map, behindBack: forth.map,
        interval: interval)
      let output = GuardedMap(height: height, width: width, channels: 4)
      try Acceleration.measure(flows, into: output.map, on: engine)
      for y in 0..<height {
        for x in 0..<width {
          let expected = naive(flows, y: y, x: x)
          if expected.isKnown { known += 1 } else { unknown += 1 }
          #expect(abs(Double(output.map[y, x, 0]) - expected.x) < 1e-4)
          #expect(abs(Double(output.map[y, x, 1]) - expected.y) < 1e-4)
          #expect((output.map[y, x, 2] == 1) == expected.isKnown)
        }
      }
    }
    #expect(known > 20 && unknown > 0)
  }

  /// One side is believed less than two; where neither knows, motion stays linear.
  @Test func joinsWhatIsKnown() throws {
    let engine = Engine(runner: try ThreadPool(threads: 1))
    func side(_ x: Float, known: Float) -> FeatureMap {
      let map = GuardedMap(height: 4, width: 4, channels: 4).map
      for y in 0..<4 { for c in 0..<4 { (map[y, c, 0], map[y, c, 2]) = (x * known, known) } }
      for y in 0..<4 { for c in 0..<4 { (map[y, c, 1], map[y, c, 3]) = (0, 0) } }
      return map
    }
    let flow = GuardedMap(height: 4, width: 4, channels: 2)
    flow.fill { 0.5 }
    let output = GuardedMap(height: 4, width: 4, channels: 2)
    func joined(_ here: FeatureMap?, _ there: FeatureMap?) throws -> Float {
      try Acceleration.join(here, there, flow: flow.map, into: output.map, on: engine)
      #expect(output.map[2, 2, 1] == 0)
      return output.map[2, 2, 0]
    }
    #expect(try joined(nil, nil) == 0)
    #expect(abs(try joined(side(2, known: 1), nil) - 1.3) < 1e-6)
    #expect(abs(try joined(nil, side(2, known: 1)) - 1.3) < 1e-6)
    #expect(abs(try joined(side(2, known: 1), side(4, known: 1)) - 3) < 1e-6)
    #expect(abs(try joined(side(2, known: 1), side(4, known: 0)) - 1.3) < 1e-6)
  }

  /// Uniform motion with a constant acceleration is found exactly, at any instant.
  @Test(arguments: CPU.machineLevels, [Float(0.5), 0.25, 0.9])
  func candidatesFollowTheCurve(level: CPULevel, t: Float) throws {
    let engine = Engine(kernels: KernelTable(level: level), runner: try ThreadPool(threads: 2))
    let velocity = SIMD2<Float>(3, -1)
    let change = SIMD2<Float>(1.5, 2)
    let (height, width) = (8, 10)
    let flows = [velocity + change / 2, -(velocity + change / 2)].map { motion in
      let map = GuardedMap(height: height, width: width, channels: 2)
      for y in 0..<height { for x in 0..<width { for c in 0..<2 { map.map[y, x, c] = motion[c] } } }
      return map
    }
    let accelerations = (0..<2).map { _ in
      let map = GuardedMap(height: height, width: width, channels: 2)
      for y in 0..<height { for x in 0..<width { for c in 0..<2 { map.map[y, x, c] = change[c] } } }
      return map
    }
    let times = GuardedMap(height: height, width: width, channels: 1)
    times.fill { t }
    let output = GuardedMap(height: height, width: width, channels: 8)
    let halved = GuardedMap(height: height / 2, width: width / 2, channels: 9)
    for instant in [Instant.constant(t), .perPixel(times.map)] {
      output.fill { .nan }
      try motionCandidates(
        flows[0].map, flows[1].map,
        accelerations: (accelerations[0].map, accelerations[1].map), at: instant,
        into: output.map, halved: halved.map, on: engine)
      let gone = velocity * t + change * (t * t / 2)
      let left = velocity + change / 2 - gone
      let expected = [-gone.x, -gone.y, left.x, left.y]
      for y in 0..<height {
        for x in 0..<width {
          for c in 0..<8 { #expect(abs(output.map[y, x, c] - expected[c % 4]) < 1e-5) }
        }
      }
    }
  }
}
