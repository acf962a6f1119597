// SPDX-License-Identifier: MIT
import CIntrinsics
import TestSupport
import Testing
import VFIEngine

/// In pixels: Gauss-Newton steps add up roundings of sums of 64 products.
private let tolerance: Float = 1e-2
/// The search chooses by comparing costs: where two are equal up to rounding, either may win.
private let agreement = 0.995

/// Share of the vectors `[x, y]` that differ by at most the tolerance.
private func share(_ map: FeatureMap, _ expected: [Float], columns: Range<Int>? = nil) -> Double {
  let columns = columns ?? 0..<map.width
  guard expected.count == 2 * map.height * columns.count else { return 0 }
  var near = 0
  for y in 0..<map.height {
    for (x, column) in columns.enumerated() {
      let index = y * columns.count + x
      let dx = map[y, column, 0] - expected[index]
      let dy = map[y, column, 1] - expected[expected.count / 2 + index]
      near += abs(dx) <= tolerance && abs(dy) <= tolerance ? 1 : 0
    }
  }
  return Double(near) / Double(map.height * columns.count)
}

extension Fixture {
  /// A tensor's values in its own order.
  fileprivate func values(_ name: String) throws -> [Float] {
    try file.floats(name, shape: try file.shape(name))
  }

  /// A picture `[1, H, W]` as a map of one channel.
  fileprivate func picture(_ name: String) throws -> FeatureMap {
    let shape = try file.shape(name)
    let map = try arena.map(height: shape[1], width: shape[2], channels: 1)
    for (i, value) in try values(name).enumerated() { map[i / shape[2], i % shape[2], 0] = value }
    return map
  }
}

extension LumaPyramid {
  /// The pyramid whose first level is `luma` `[h, w, 1]`.
  fileprivate init(of luma: FeatureMap, on engine: Engine) throws {
    try self.init(height: luma.height, width: luma.width, in: engine.scratch, on: engine) { level in
      for y in 0..<luma.height {
        for x in 0..<luma.width { level.base[y * level.stride + x] = luma[y, x, 0] }
      }
    }
  }
}

/// A picture with detail everywhere, moved by `(dx, dy)`.
private func texture(
  _ map: FeatureMap, dx: Double = 0, dy: Double = 0, contrast: Double = 20
) {
  for y in 0..<map.height {
    for x in 0..<map.width {
      let (u, v) = (Double(x) - dx, Double(y) - dy)
      var value = 0.0
      for k in 1...6 {
        let f = 0.09 * Double(k)
        value += sineWave(f * u + 0.7 * f * v + Double(k)) + sineWave(0.8 * f * v - 0.4 * f * u)
      }
      map[y, x, 0] = Float(127 + contrast * value)
    }
  }
}

/// A smooth wave of period 2 pi between -1 and 1, made of parabolas.
private func sineWave(_ x: Double) -> Double {
  let turn = x / (2 * .pi)
  let phase = (turn - turn.rounded(.down)) * 4
  return phase < 2 ? phase * (2 - phase) : (phase - 2) * (phase - 4)
}

@Suite struct InverseSearchTests {
  /// Each level by itself, from the reference's own coarser flow.
  @Test(arguments: CPU.machineLevels)
  func everyLevelMatchesTheReference(level: CPULevel) throws {
    let fixture = try Fixture("inverse_search")
    let engine = Engine(kernels: KernelTable(level: level), runner: try ThreadPool(threads: 2))
    for number in [3, 2, 1] {
      let first = try LumaPyramid(of: fixture.picture("level\(number).first"), on: engine)
      let second = try LumaPyramid(of: fixture.picture("level\(number).second"), on: engine)
      let coarse = number == 3 ? nil : try fixture.map("level\(number + 1).flow")
      let search = try InverseSearchLevel(
        first, second, 0, in: first.whole, widens: false, coarse: coarse, on: engine)
      let backward = try InverseSearchLevel(
        second, first, 0, in: first.whole, widens: false, coarse: coarse, on: engine)
      try InverseSearchLevel.run(search, backward, on: engine)
      let descended = try fixture.values("level\(number).descended")
      let planes = (0..<2).flatMap { c in
        (0..<descended.count / 2).map { descended[2 * $0 + c] }
      }
      #expect(share(search.patchFlow, planes) >= agreement, "level \(number)")
      let dense = try fixture.values("level\(number).dense")
      #expect(
        share(search.dense, dense, columns: 1..<search.dense.width - 1) >= agreement,
        "level \(number)")
      let flow = try fixture.values("level\(number).flow")
      #expect(share(search.flow, flow) >= agreement, "level \(number)")
    }
  }

  /// Sides that are no multiples of the distance of patches, with and without a coarser level.
  ///
  /// At low contrast some patches are quiet at their start.
  @Test(arguments: CPU.machineLevels, [(8, 8, 20.0), (9, 21, 20), (23, 10, 20), (30, 35, 1)])
  func equalsTheNaiveTwin(level: CPULevel, size: (Int, Int, contrast: Double)) throws {
    var random = SeededRandom(10)
    let engine = Engine(kernels: KernelTable(level: level), runner: try ThreadPool(threads: 1))
    let arena = engine.scratch
    let maps = try (0..<2).map { _ in
      try arena.map(height: size.0, width: size.1, channels: 1)
    }
    texture(maps[0], contrast: size.contrast)
    texture(maps[1], dx: 1.75, dy: -1.25, contrast: size.contrast)
    let coarse = try arena.map(height: size.0 / 2, width: size.1 / 2, channels: 2)
    for y in 0..<coarse.height {
      for x in 0..<coarse.width {
        for c in 0..<2 { coarse[y, x, c] = Float.random(in: -1.5...1.5, using: &random) }
      }
    }
    let pyramids = try maps.map { try LumaPyramid(of: $0, on: engine) }
    for (guess, widens) in [(nil, false), (coarse, false), (coarse, true)] {
      let search = try InverseSearchLevel(
        pyramids[0], pyramids[1], 0, in: pyramids[0].whole, widens: widens, coarse: guess,
        on: engine)
      let backward = try InverseSearchLevel(
        pyramids[1], pyramids[0], 0, in: pyramids[0].whole, widens: widens, coarse: guess,
        on: engine)
      try InverseSearchLevel.run(search, backward, on: engine)
      let twin = NaiveInverseSearch(maps[0], maps[1], coarse: guess, widens: widens).dense()
      let planes = twin.map { Float($0.x) } + twin.map { Float($0.y) }
      #expect(share(search.dense, planes, columns: 1..<size.1 + 1) >= agreement)
      let inner = try arena.map(height: size.0, width: size.1, channels: 2)
      for y in 0..<size.0 {
        for x in 0..<size.1 { for c in 0..<2 { inner[y, x, c] = search.dense[y, x + 1, c] } }
      }
      for y in 0..<size.0 {
        for x in 0..<size.1 {
          for c in 0..<2 {
            #expect(search.flow[y, x, c] == NaiveInverseSearch.median(inner, y, x, c))
          }
        }
      }
    }
  }

  /// Luma is the mean of 2x2 pixels.
  @Test(arguments: CPU.machineLevels)
  func firstLevelIsAMean(level: CPULevel) throws {
    var random = SeededRandom(11)
    let engine = Engine(kernels: KernelTable(level: level), runner: try ThreadPool(threads: 1))
    let image = GuardedMap(height: 16, width: 28, channels: 3)
    image.fill { Float.random(in: 0...1, using: &random) }
    let luma = try LumaPyramid(image.map, in: engine.scratch, on: engine)[0]
    #expect((luma.height, luma.width) == (8, 14))
    for y in 0..<8 {
      for x in 0..<14 {
        var sum = 0.0
        for i in 0..<4 {
          let rgb = (0..<3).map { Double(image.map[2 * y + i / 2, 2 * x + i % 2, $0]) }
          sum += (rgb[0] + 2 * rgb[1] + rgb[2]) * 255 / 4
        }
        #expect(abs(Double(luma.base[y * luma.stride + x]) - sum / 4) < 1e-3)
      }
    }
  }

  /// From luma at 1/2 down to the coarsest level and back; the result is averaged.
  @Test(arguments: CPU.machineLevels)
  func wholeSearchMatchesTheReference(level: CPULevel) throws {
    let fixture = try Fixture("inverse_search")
    let engine = Engine(kernels: KernelTable(level: level), runner: try ThreadPool(threads: 1))
    let first = try LumaPyramid(of: fixture.picture("level1.first"), on: engine)
    let second = try LumaPyramid(of: fixture.picture("level1.second"), on: engine)
    let found = try inverseSearch(first, second, on: engine)
    let flow = try fixture.map("level1.flow")
    let means = (0..<2).flatMap { c in
      (0..<found.flow01.height * found.flow01.width).map { i in
        let (y, x) = (2 * (i / found.flow01.width), 2 * (i % found.flow01.width))
        return (flow[y, x, c] + flow[y, x + 1, c] + flow[y + 1, x, c] + flow[y + 1, x + 1, c]) / 8
      }
    }
    #expect(share(found.flow01, means) >= agreement)
  }

  @Test(arguments: CPU.machineLevels)
  func lumaAndBothDirectionsMatchTheReference(level: CPULevel) throws {
    let fixture = try Fixture("default_model")
    let engine = Engine(kernels: KernelTable(level: level), runner: try ThreadPool(threads: 1))
    let luma = try (0..<2).map { number in
      try LumaPyramid(try fixture.map("frame\(number)"), in: fixture.arena, on: engine)
    }
    let found = try inverseSearch(luma[0], luma[1], on: engine)
    // The reference gives full-resolution pixels.
    let flow01 = try fixture.values("flow01").map { $0 / 4 }
    let flow10 = try fixture.values("flow10").map { $0 / 4 }
    #expect(share(found.flow01, flow01) >= agreement)
    #expect(share(found.flow10, flow10) >= agreement)
  }

  /// A shifted picture gives that shift inside, and the opposite one backwards.
  @Test(arguments: [(3.25, -1.5), (-11.0, 6.0), (0.0, 0.0)])
  func findsAShift(shift: (Double, Double)) throws {
    let engine = Engine(runner: try ThreadPool(threads: 1))
    let maps = try (0..<2).map { _ in
      try engine.scratch.map(height: 90, width: 122, channels: 1)
    }
    texture(maps[0])
    texture(maps[1], dx: shift.0, dy: shift.1)
    let luma = try maps.map { try LumaPyramid(of: $0, on: engine) }
    let found = try inverseSearch(luma[0], luma[1], on: engine)
    let expected = (x: Float(shift.0) / 2, y: Float(shift.1) / 2)
    for y in 13..<32 {
      for x in 13..<48 {
        #expect(abs(found.flow01[y, x, 0] - expected.x) < 0.05)
        #expect(abs(found.flow01[y, x, 1] - expected.y) < 0.05)
        #expect(abs(found.flow10[y, x, 0] + expected.x) < 0.05)
        #expect(abs(found.flow10[y, x, 1] + expected.y) < 0.05)
      }
    }
  }

  /// A still picture has no motion at all, not even a rounding's worth.
  @Test(arguments: CPU.machineLevels)
  func stillPictureDoesNotMove(level: CPULevel) throws {
    let engine = Engine(kernels: KernelTable(level: level), runner: try ThreadPool(threads: 1))
    let map = try engine.scratch.map(height: 40, width: 56, channels: 1)
    texture(map)
    let luma = try LumaPyramid(of: map, on: engine)
    let found = try inverseSearch(luma, luma, on: engine)
    for y in 0..<20 {
      for x in 0..<28 { for c in 0..<2 { #expect(found.flow01[y, x, c] == 0) } }
    }
  }

  /// The smallest size, odd sizes, and pictures that are not numbers: finite flows, no fault.
  @Test(arguments: CPU.machineLevels, [(8, 8), (8, 61), (33, 9), (17, 23)])
  func anyPictureGivesFiniteMotion(level: CPULevel, size: (Int, Int)) throws {
    var random = SeededRandom(6)
    let engine = Engine(kernels: KernelTable(level: level), runner: try ThreadPool(threads: 1))
    let values: [[Float]] = [
      [0, 255], [.nan], [.infinity, 0], [-.infinity, .greatestFiniteMagnitude, 1],
      [1e30, -1e30], [.nan, 100, 3],
    ]
    for choice in values {
      let maps = (0..<2).map { _ in GuardedMap(height: size.0, width: size.1, channels: 1) }
      for map in maps { map.fill { choice.randomElement(using: &random) ?? 0 } }
      let luma = try maps.map { try LumaPyramid(of: $0.map, on: engine) }
      let found = try inverseSearch(luma[0], luma[1], on: engine)
      for y in 0..<size.0 / 2 {
        for x in 0..<size.1 / 2 {
          for c in 0..<2 {
            #expect(found.flow01[y, x, c].isFinite && found.flow10[y, x, c].isFinite)
          }
        }
      }
    }
  }

  @Test(arguments: CPU.machineLevels)
  func anyNumberOfThreadsGivesTheSameBytes(level: CPULevel) throws {
    var bits: [[UInt32]] = []
    for threads in 1...3 {
      let engine = Engine(
        kernels: KernelTable(level: level), runner: try ThreadPool(threads: threads))
      let maps = (0..<2).map { _ in GuardedMap(height: 61, width: 83, channels: 1) }
      texture(maps[0].map)
      texture(maps[1].map, dx: 4.4, dy: -2.2)
      let luma = try maps.map { try LumaPyramid(of: $0.map, on: engine) }
      let found = try inverseSearch(luma[0], luma[1], on: engine)
      bits.append(
        [found.flow01, found.flow10].flatMap { map in
          (0..<30).flatMap { y in
            (0..<41).flatMap { x in (0..<2).map { map[y, x, $0].bitPattern } }
          }
        })
    }
    #expect(bits[0] == bits[1] && bits[0] == bits[2])
  }
}
