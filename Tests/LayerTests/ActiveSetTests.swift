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
    let precision: Precision

    init(
      level: CPULevel, _ precision: Precision = .float32, kernel: Int, dilation: Int,
      method: Convolution.Method = .direct, threads: Int = 2
    ) throws {
      self.precision = precision
      engine = Engine(kernels: KernelTable(level: level), runner: try ThreadPool(threads: threads))
      var writer = SafetensorsWriter()
      writer.addConvolution("a", inputs: 9, outputs: 21, kernel: kernel, slopes: "s")
      let file = try writer.file()
      layer = try Convolution(
        file, "a", inputs: 9, outputs: 21, kernel: kernel, dilation: dilation,
        activation: .prelu(try file.floats("s.weight", shape: [21])), method: method,
        precision: precision, kernels: engine.kernels)
      input = try engine.scratch.map(height: 17, width: 23, channels: 9, precision: precision)
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
      let compact = try active.map(channels: 9, precision: precision, in: arena)
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

  typealias Shape = (
    precision: Precision, kernel: Int, dilation: Int, method: Convolution.Method
  )

  private static let shapes: [Shape] =
    Precision.allCases.flatMap { precision in
      [(1, 1), (3, 1), (3, 2), (5, 1)].map { (precision, $0.0, $0.1, .direct) }
    } + [(.float32, 3, 1, .winograd2x2)]

  @Test(arguments: CPU.machineLevels, shapes)
  func allActiveEqualsDense(level: CPULevel, shape: Shape) throws {
    let pair = try Pair(
      level: level, shape.precision, kernel: shape.kernel, dilation: shape.dilation,
      method: shape.method)
    let all = try ActiveSet(height: 17, width: 23, in: pair.engine.scratch) { _, _ in true }
    #expect(all.count == 17 * 23 && all.share == 1)
    #expect(bits(try pair.sparse(all, elsewhere: 0)) == bits(try pair.dense()))
  }

  /// What a map exceeds is listed in the order of the pixels, on any number of threads.
  @Test(arguments: [1, 2, 3])
  func aboveAThreshold(threads: Int) throws {
    let engine = Engine(runner: try ThreadPool(threads: threads))
    for (height, width) in [(1, 1), (17, 23), (40, 9)] {
      let map = try engine.scratch.map(height: height, width: width, channels: 5)
      var random = SeededRandom(4)
      for y in 0..<height {
        for x in 0..<width {
          for c in 0..<5 { map[y, x, c] = .random(in: -1...1, using: &random) }
        }
      }
      for threshold in [-2, -0.5, 0.6, 2] as [Float] {
        let active = try ActiveSet(map.slice(3..<4), above: threshold, on: engine)
        let expected = try ActiveSet(height: height, width: width, in: engine.scratch) { y, x in
          map[y, x, 3] > threshold
        }
        #expect(active.count == expected.count)
        let picture = try active.map(channels: 1, in: engine.scratch)
        let other = try expected.map(channels: 1, in: engine.scratch)
        for y in 0..<height {
          for x in 0..<width { #expect(active.contains(y, x) == expected.contains(y, x)) }
        }
        try active.gather(map.slice(3..<4), into: picture)
        try expected.gather(map.slice(3..<4), into: other)
        if expected.count > 0 { #expect(bits(picture) == bits(other)) }
      }
    }
  }

  @Test(arguments: CPU.machineLevels, shapes)
  func partActiveEqualsMaskedDense(level: CPULevel, shape: Shape) throws {
    let pair = try Pair(
      level: level, shape.precision, kernel: shape.kernel, dilation: shape.dilation,
      method: shape.method)
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

  /// The input of a set's neighbourhood is all that the set's pixels read.
  ///
  /// Winograd's tiles also read beyond it, where only rounding depends on what stands there.
  @Test(arguments: CPU.machineLevels, [Convolution.Method.direct, .winograd2x2])
  func inputAroundTheSetEqualsDenseInput(level: CPULevel, method: Convolution.Method) throws {
    let pair = try Pair(level: level, kernel: 3, dilation: 1, method: method)
    let arena = pair.engine.scratch
    var random = SeededRandom(5)
    let active = try ActiveSet(height: 17, width: 23, in: arena) { _, _ in
      Int.random(in: 0..<6, using: &random) == 0
    }
    let around = try ActiveSet(around: active, in: arena)
    for y in 0..<17 {
      for x in 0..<23 {
        let near = (max(0, y - 1)...min(16, y + 1)).contains { row in
          (max(0, x - 1)...min(22, x + 1)).contains { active.contains(row, $0) }
        }
        #expect(around.contains(y, x) == near)
      }
    }
    let input = try around.map(channels: 9, in: arena)
    try around.gather(pair.input, into: input)
    let result = try active.map(channels: 21, in: arena)
    let added = try active.map(channels: 21, in: arena)
    try active.gather(pair.residual, into: added)
    try pair.layer(
      input, from: around, active: active, into: result, adding: added, on: pair.engine)
    let wanted = try active.map(channels: 21, in: arena)
    try active.gather(try pair.dense(), into: wanted)
    #expect(relativeError(result, wanted) < (method == .direct ? .leastNonzeroMagnitude : 1e-5))
  }

  @Test(arguments: [Convolution.Method.direct, .winograd2x2])
  func savedProductsAreCounted(_ method: Convolution.Method) throws {
    let pair = try Pair(level: .portable, kernel: 3, dilation: 1, method: method)
    let half = try ActiveSet(height: 17, width: 23, in: pair.engine.scratch) { y, _ in y < 5 }
    _ = try pair.sparse(half, elsewhere: 0)
    let statistics = pair.engine.statistics
    #expect(statistics.multiplyAdds == 5 * 23 * 9 * 9 * 21)
    #expect(statistics.multiplyAddsSaved == 12 * 23 * 9 * 9 * 21)
    pair.engine.statistics.count(half, level: 2)
    pair.engine.statistics.count(
      try ActiveSet(height: 17, width: 23, in: pair.engine.scratch) { _, _ in false }, level: 2)
    #expect(pair.engine.statistics.activeShare(level: 2) == 5.0 / 34)
    #expect(pair.engine.statistics.activeShare(level: 1) == nil)
  }

  @Test(arguments: [Convolution.Method.direct, .winograd2x2])
  func nothingActiveTouchesNothing(_ method: Convolution.Method) throws {
    let pair = try Pair(level: .portable, kernel: 3, dilation: 1, method: method)
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
