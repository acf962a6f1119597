// SPDX-License-Identifier: MIT
import TestSupport
import Testing
import VFIEngine

/// Sparse convolutions against dense ones.
@Suite struct ActiveSetTests {
  /// A convolution, its dense input, and both results to compare.
  private struct Pair {
    let engine: Engine
    let layer: Convolution
    let input: FeatureMap
    let residual: FeatureMap

    init(level: CPULevel, kernel: Int, dilation: Int, threads: Int = 2) throws {
      engine = Engine(kernels: KernelTable(level: level), runner: try ThreadPool(threads: threads))
      var writer = SafetensorsWriter()
      writer.addConvolution("a", inputs: 9, outputs: 21, kernel: kernel, slopes: "s")
      let file = try writer.file()
      layer = try Convolution(
        file, "a", inputs: 9, outputs: 21, kernel: kernel, dilation: dilation,
        activation: .prelu(try file.floats("s.weight", shape: [21])), kernels: engine.kernels)
      input = try engine.scratch.map(height: 17, width: 23, channels: 9)
      residual = try engine.scratch.map(height: 17, width: 23, channels: 21)
      var random = SeededRandom(8)
      for map in [input, residual] {
        for y in 0..<map.height {
          for x in 0..<map.width {
            for c in 0..<map.channels { map[y, x, c] = .random(in: -1...1, using: &random) }
          }
        }
      }
    }

    func dense() throws -> FeatureMap {
      let output = try engine.scratch.map(height: 17, width: 23, channels: 21)
      try layer(input, into: output, adding: residual, on: engine)
      return output
    }

    /// The sparse result in a dense map; `elsewhere` where nothing is active.
    func sparse(_ active: ActiveSet, elsewhere: Float) throws -> FeatureMap {
      let arena = engine.scratch
      let compact = try active.map(channels: 9, in: arena)
      let added = try active.map(channels: 21, in: arena)
      let result = try active.map(channels: 21, in: arena)
      try active.gather(input, into: compact)
      try active.gather(residual, into: added)
      try layer(compact, active: active, into: result, adding: added, on: engine)
      let output = try arena.map(height: 17, width: 23, channels: 21)
      output.fill(elsewhere)
      try active.scatter(result, into: output)
      return output
    }
  }

  private static let shapes = [(1, 1), (3, 1), (3, 2), (5, 1)]

  @Test(arguments: CPU.machineLevels, shapes)
  func allActiveEqualsDense(level: CPULevel, shape: (kernel: Int, dilation: Int)) throws {
    let pair = try Pair(level: level, kernel: shape.kernel, dilation: shape.dilation)
    let all = try ActiveSet(height: 17, width: 23, in: pair.engine.scratch) { _, _ in true }
    #expect(all.count == 17 * 23 && all.share == 1)
    #expect(bits(try pair.sparse(all, elsewhere: 0)) == bits(try pair.dense()))
  }

  @Test(arguments: CPU.machineLevels, shapes)
  func partActiveEqualsMaskedDense(level: CPULevel, shape: (kernel: Int, dilation: Int)) throws {
    let pair = try Pair(level: level, kernel: shape.kernel, dilation: shape.dilation)
    for share in [2, 3, 10] {
      var random = SeededRandom(UInt64(share))
      let active = try ActiveSet(height: 17, width: 23, in: pair.engine.scratch) { _, _ in
        Int.random(in: 0..<share, using: &random) == 0
      }
      var mask = SeededRandom(UInt64(share))
      var isActive: [Bool] = []
      for y in 0..<17 {
        for x in 0..<23 {
          isActive.append(Int.random(in: 0..<share, using: &mask) == 0)
          if !isActive[y * 23 + x] { for c in 0..<9 { pair.input[y, x, c] = 0 } }
        }
      }
      let dense = try pair.dense()
      let sparse = try pair.sparse(active, elsewhere: 99)
      for y in 0..<17 {
        for x in 0..<23 {
          for c in 0..<21 {
            #expect(sparse[y, x, c] == (isActive[y * 23 + x] ? dense[y, x, c] : 99))
          }
        }
      }
    }
  }

  @Test func nothingActiveTouchesNothing() throws {
    let pair = try Pair(level: .portable, kernel: 3, dilation: 1)
    let none = try ActiveSet(height: 17, width: 23, in: pair.engine.scratch) { _, _ in false }
    let output = try pair.sparse(none, elsewhere: 7)
    #expect(bits(output).allSatisfy { $0 == Float(7).bitPattern })
    #expect(pair.engine.statistics.multiplyAdds == 0)
  }

  @Test(arguments: CPU.machineLevels)
  func sameBytesForAnyThreadCount(level: CPULevel) throws {
    let results = try (1...3).map { threads in
      let pair = try Pair(level: level, kernel: 3, dilation: 1, threads: threads)
      let active = try ActiveSet(height: 17, width: 23, in: pair.engine.scratch) { y, x in
        (x / 4 + y / 4) % 2 == 0
      }
      return bits(try pair.sparse(active, elsewhere: 0))
    }
    #expect(results[0] == results[1] && results[0] == results[2])
  }

  @Test func gatherRefusesOtherSizes() throws {
    let arena = Arena(ledger: MemoryLedger())
    let active = try ActiveSet(height: 4, width: 4, in: arena) { _, _ in true }
    let dense = try arena.map(height: 4, width: 5, channels: 2)
    let compact = try active.map(channels: 2, in: arena)
    #expect(throws: VFIError.self) { try active.gather(dense, into: compact) }
  }
}
