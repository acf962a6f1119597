// SPDX-License-Identifier: MIT
import TestSupport
import Testing
import VFIEngine

@Suite struct MembraneTests {
  private let arena = Arena(ledger: MemoryLedger())

  private func engine(threads: Int = 2) throws -> Engine {
    Engine(runner: try ThreadPool(threads: threads))
  }

  private func map(
    _ height: Int, _ width: Int, _ channels: Int, _ value: (Int, Int, Int) -> Float
  ) throws -> FeatureMap {
    let map = try arena.map(height: height, width: width, channels: channels)
    for y in 0..<height {
      for x in 0..<width { for c in 0..<channels { map[y, x, c] = value(y, x, c) } }
    }
    return map
  }

  private func unknown(
    _ height: Int, _ width: Int, _ isUnknown: (Int, Int) -> Bool
  ) throws -> Grid<UInt8> {
    let grid = try arena.grid(UInt8(0), height: height, width: width)
    for y in 0..<height { for x in 0..<width where isUnknown(y, x) { grid[y, x] = 1 } }
    return grid
  }

  /// Laplace's equation by sweeps until nothing changes, in double precision.
  private func naive(_ map: FeatureMap, _ unknown: Grid<UInt8>, _ c: Int) -> [[Double]] {
    var values = (0..<map.height).map { y in
      (0..<map.width).map { x in unknown[y, x] == 0 ? Double(map[y, x, c]) : 0 }
    }
    for _ in 0..<20000 {
      for y in 0..<map.height {
        for x in 0..<map.width where unknown[y, x] != 0 {
          values[y][x] =
            (values[max(0, y - 1)][x] + values[min(map.height - 1, y + 1)][x]
              + values[y][max(0, x - 1)] + values[y][min(map.width - 1, x + 1)]) / 4
        }
      }
    }
    return values
  }

  @Test func affineFieldsAreContinued() throws {
    let map = try map(41, 53, 2) { y, x, c in
      (8...30).contains(y) && (11...40).contains(x)
        ? .nan : Float(c) + 0.5 * Float(x) - 0.25 * Float(y)
    }
    let unknown = try unknown(41, 53) { y, x in (8...30).contains(y) && (11...40).contains(x) }
    try fillMembrane(map, unknown: unknown, sweeps: 10, on: try engine())
    var worst: Float = 0
    for y in 0..<41 {
      for x in 0..<53 {
        for c in 0..<2 {
          worst = max(worst, abs(map[y, x, c] - (Float(c) + 0.5 * Float(x) - 0.25 * Float(y))))
        }
      }
    }
    // Of values that span 26; a multigrid would need more sweeps to be exact.
    #expect(worst < 0.3)
  }

  @Test(arguments: [(13, 17), (1, 9), (8, 1), (16, 16), (3, 2)])
  func isTheSolutionOfLaplace(size: (Int, Int)) throws {
    let (height, width) = size
    var random = SeededRandom(7)
    let known = (0..<height * width).map { _ in Int.random(in: 0..<4, using: &random) == 0 }
    let values = (0..<height * width).map { _ in Float.random(in: 0...100, using: &random) }
    let unknown = try unknown(height, width) { y, x in !known[y * width + x] && y + x > 0 }
    let map = try map(height, width, 1) { y, x, _ in
      unknown[y, x] == 0 ? values[y * width + x] : .infinity
    }
    let expected = naive(map, unknown, 0)
    try fillMembrane(map, unknown: unknown, sweeps: 200, on: try engine())
    for y in 0..<height {
      for x in 0..<width {
        #expect(abs(Double(map[y, x, 0]) - expected[y][x]) < 1e-3)
        if unknown[y, x] == 0 { #expect(map[y, x, 0] == values[y * width + x]) }
      }
    }
  }

  @Test func nothingKnownIsZeroAndNothingUnknownStays() throws {
    let map = try map(9, 6, 3) { y, x, c in Float(y * 18 + x * 3 + c) }
    try fillMembrane(
      map, unknown: try unknown(9, 6) { _, _ in false }, sweeps: 10, on: try engine())
    #expect(map[8, 5, 2] == 161 && map[0, 1, 1] == 4)
    try fillMembrane(
      map, unknown: try unknown(9, 6) { _, _ in true }, sweeps: 10, on: try engine())
    for y in 0..<9 { for x in 0..<6 { for c in 0..<3 { #expect(map[y, x, c] == 0) } } }
  }

  @Test func bytesDoNotDependOnThreads() throws {
    var random = SeededRandom(3)
    let values = (0..<150 * 170).map { _ in Float.random(in: 0...1, using: &random) }
    let unknown = try unknown(150, 170) { y, x in (10..<140).contains(y) && (9..<160).contains(x) }
    var results: [[Float]] = []
    for threads in [1, 2, 5] {
      let map = try map(150, 170, 1) { y, x, _ in values[y * 170 + x] }
      try fillMembrane(map, unknown: unknown, sweeps: 10, on: try engine(threads: threads))
      results.append((0..<150 * 170).map { map[$0 / 170, $0 % 170, 0] })
    }
    #expect(results[0] == results[1] && results[0] == results[2])
  }
}
