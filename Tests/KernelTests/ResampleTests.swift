// SPDX-License-Identifier: MIT
import TestSupport
import Testing
import VFIEngine

/// Relative to values of magnitude 3: a few roundings, and fused against separate multiply-adds.
private let tolerance: Float = 4e-6

/// The naive twin: section 1.2 of the fact sheet, one axis after the other, in double precision.
private func naiveResize(_ input: FeatureMap, step: (Double, Double), y: Int, x: Int, c: Int)
  -> Float
{
  func place(_ d: Int, _ step: Double, _ size: Int) -> (Int, Int, Double) {
    let s = min(max((Double(d) + 0.5) * step - 0.5, 0), Double(size - 1))
    return (Int(s), min(Int(s) + 1, size - 1), s - Double(Int(s)))
  }
  let (left, right, fx) = place(x, step.0, input.width)
  let (top, bottom, fy) = place(y, step.1, input.height)
  let upper = Double(input[top, left, c]) * (1 - fx) + Double(input[top, right, c]) * fx
  let lower = Double(input[bottom, left, c]) * (1 - fx) + Double(input[bottom, right, c]) * fx
  return Float(upper * (1 - fy) + lower * fy)
}

/// Output size and input pixels per output pixel.
private enum Factor: CaseIterable {
  case double, half, quarter, eighth, uneven

  func size(_ n: Int) -> Int {
    switch self {
    case .double: 2 * n
    case .half: max(1, n / 2)
    case .quarter: max(1, n / 4)
    case .eighth: max(1, n / 8)
    case .uneven: n * 3 + 1
    }
  }

  func smallest(_ random: inout SeededRandom) -> Int {
    let least = [Factor.half: 2, .quarter: 4, .eighth: 8][self] ?? 1
    return Int.random(in: least...least + 15, using: &random)
  }
}

@Suite struct ResizeBilinearTests {
  @Test(arguments: CPU.machineLevels, Precision.allCases)
  func equalsTheNaiveTwin(level: CPULevel, precision: Precision) throws {
    var random = SeededRandom(4)
    let engine = Engine(kernels: KernelTable(level: level), runner: try ThreadPool(threads: 1))
    for round in 0..<150 {
      let factor = Factor.allCases[round % 5]
      let (height, width) = (factor.smallest(&random), factor.smallest(&random))
      let channels = Int.random(in: 1...39, using: &random)
      let side: GuardedMap.Side = round % 2 == 0 ? .before : .after
      let input = GuardedMap(
        height: height, width: width, channels: channels,
        pixelStride: channels + Int.random(in: 0...3, using: &random), precision: precision,
        guarded: side)
      let output = GuardedMap(
        height: factor.size(height), width: factor.size(width), channels: channels + 2,
        precision: precision, guarded: side)
      input.fill { Float.random(in: -1...1, using: &random) }
      output.fill { 0.25 }
      let slice = output.map.slice(1..<channels + 1)
      let (adding, scale) = (Bool.random(using: &random), Float.random(in: -2...2, using: &random))
      try resizeBilinear(input.map, into: slice, scale: scale, adding: adding, on: engine)
      let step = exactStep(factor, input.map, slice)
      for y in 0..<slice.height {
        for x in 0..<slice.width {
          #expect(output.map[y, x, 0] == 0.25 && output.map[y, x, channels + 1] == 0.25)
          for c in 0..<channels {
            let value = naiveResize(input.map, step: step, y: y, x: x, c: c)
            let expected = value * scale + (adding ? 0.25 : 0)
            let allowed = tolerance + precision.rounding * abs(expected)
            #expect(abs(slice[y, x, c] - expected) <= allowed, "\(factor) \(y) \(x) \(c)")
          }
        }
      }
    }
  }

  private func exactStep(
    _ factor: Factor, _ input: FeatureMap, _ output: FeatureMap
  ) -> (Double, Double) {
    switch factor {
    case .double: (0.5, 0.5)
    case .half: (2, 2)
    case .quarter: (4, 4)
    case .eighth: (8, 8)
    case .uneven:
      (
        Double(input.width) / Double(output.width), Double(input.height) / Double(output.height)
      )
    }
  }

  /// An addend of its own is read, not written.
  @Test(
    arguments: CPU.machineLevels.flatMap { level in Precision.allCases.map { (level, $0) } },
    [2, 3])
  func addendMayBeAnotherMap(_ kernel: (CPULevel, Precision), factor: Int) throws {
    let (level, precision) = kernel
    var random = SeededRandom(8)
    let engine = Engine(kernels: KernelTable(level: level), runner: try ThreadPool(threads: 1))
    for channels in [1, 4, 9, 23] {
      let input = GuardedMap(height: 5, width: 6, channels: channels, precision: precision)
      let (height, width) = (5 * factor, 6 * factor)
      let addend = GuardedMap(
        height: height, width: width, channels: channels + 3, precision: precision)
      let output = GuardedMap(
        height: height, width: width, channels: channels, precision: precision)
      input.fill { Float.random(in: -1...1, using: &random) }
      addend.fill { Float.random(in: -1...1, using: &random) }
      let slice = addend.map.slice(2..<2 + channels)
      let before = addend.bits
      try resizeBilinear(input.map, into: output.map, scale: 2, plus: slice, on: engine)
      let step = (1 / Double(factor), 1 / Double(factor))
      for y in 0..<height {
        for x in 0..<width {
          for c in 0..<channels {
            let value = naiveResize(input.map, step: step, y: y, x: x, c: c)
            let expected = 2 * value + slice[y, x, c]
            let allowed = tolerance + precision.rounding * abs(expected)
            #expect(abs(output.map[y, x, c] - expected) <= allowed)
          }
        }
      }
      #expect(addend.bits == before)
    }
  }

  /// The examples of the fact sheet: x2, 1/2 and 1/4 of one row.
  @Test(
    arguments: zip(
      [[0, 1], [0, 1, 2, 3], [0, 1, 2, 3, 4, 5, 6, 7]] as [[Float]],
      [[0, 0.25, 0.75, 1], [0.5, 2.5], [1.5, 5.5]] as [[Float]]))
  func knownRows(row: [Float], expected: [Float]) throws {
    let engine = Engine(runner: try ThreadPool(threads: 1))
    let rows = row.count == 8 ? 4 : row.count == 4 ? 2 : 1
    let input = try engine.scratch.map(height: rows, width: row.count, channels: 1)
    let output = try engine.scratch.map(
      height: row.count == 2 ? 2 : 1, width: expected.count, channels: 1)
    for y in 0..<rows { for (x, value) in row.enumerated() { input[y, x, 0] = value } }
    try resizeBilinear(input, into: output, on: engine)
    #expect((0..<expected.count).map { output[0, $0, 0] } == expected)
  }

  @Test(arguments: CPU.machineLevels)
  func anyNumberOfThreadsGivesTheSameBytes(level: CPULevel) throws {
    var bits: [[UInt32]] = []
    for threads in 1...3 {
      var random = SeededRandom(5)
      let engine = Engine(
        kernels: KernelTable(level: level), runner: try ThreadPool(threads: threads))
      let input = GuardedMap(height: 41, width: 23, channels: 9)
      let output = GuardedMap(height: 82, width: 46, channels: 9)
      input.fill { Float.random(in: -1...1, using: &random) }
      try resizeBilinear(input.map, into: output.map, scale: 2, on: engine)
      bits.append(output.bits)
    }
    #expect(bits[0] == bits[1] && bits[0] == bits[2])
  }
}
