// SPDX-License-Identifier: MIT
import Glibc
import TestSupport
import Testing
import VFIEngine

/// Sums of products of values up to 1; the sigmoid is within 1e-6.
private let tolerance: Float = 4e-6

/// What inpainting networks add to the layers, against naive twins over random shapes.
@Suite struct InpaintingLayerTests {
  private static let untouched: Float = 4096

  private func engine(_ level: CPULevel, threads: Int = 1) throws -> Engine {
    Engine(kernels: KernelTable(level: level), runner: try ThreadPool(threads: threads))
  }

  /// A slice of a guarded buffer with random values, or with `untouched` ones.
  private struct Slice {
    let guarded: GuardedMap
    let map: FeatureMap
    let margin: Int

    init(
      _ height: Int, _ width: Int, _ channels: Int, _ random: inout SeededRandom,
      reach: Float = 1, isOutput: Bool = false
    ) {
      margin = Int.random(in: 0...3, using: &random)
      guarded = GuardedMap(
        height: height, width: width, channels: channels, pixelStride: channels + margin,
        guarded: Bool.random(using: &random) ? .before : .after)
      map = guarded.map
      guarded.fill { isOutput ? untouched : .random(in: -reach...reach, using: &random) }
    }

    /// Whether the values between the channels of neighbouring pixels were left alone.
    var neighboursAreUntouched: Bool {
      let stride = map.channels + margin
      return guarded.bits.enumerated().allSatisfy {
        $0.offset % stride < map.channels || $0.element == untouched.bitPattern
      }
    }
  }

  /// The maps of one round.
  private final class Maps {
    private var all: [Slice] = []

    func slice(
      _ height: Int, _ width: Int, _ channels: Int, _ random: inout SeededRandom, reach: Float = 1,
      isOutput: Bool = false
    ) -> Slice {
      all.append(
        Slice(height, width, channels, &random, reach: reach, isOutput: isOutput))
      return all[all.count - 1]
    }

    func unmap() { for slice in all { slice.guarded.unmap() } }
  }

  private func forEachValue(of map: FeatureMap, _ body: (Int, Int, Int) throws -> Void) rethrows {
    for y in 0..<map.height {
      for x in 0..<map.width {
        for c in 0..<map.channels { try body(y, x, c) }
      }
    }
  }

  private func sizes(_ random: inout SeededRandom) -> (height: Int, width: Int, channels: Int) {
    (
      Int.random(in: 1...11, using: &random), Int.random(in: 1...13, using: &random),
      Int.random(in: 1...40, using: &random)
    )
  }

  @Test(arguments: CPU.machineLevels) func correlationEqualsTheNaiveTwin(level: CPULevel) throws {
    var random = SeededRandom(21)
    let engine = try engine(level)
    for _ in 0..<40 {
      let maps = Maps()
      defer { maps.unmap() }
      let (height, width, channels) = sizes(&random)
      let reach = Int.random(in: 0...4, using: &random)
      let reference = maps.slice(height, width, channels, &random)
      let source = maps.slice(height, width, channels, &random)
      let side = 2 * reach + 1
      let output = maps.slice(height, width, side * side, &random, isOutput: true)
      try correlation(reference.map, source.map, reach: reach, into: output.map, on: engine)
      forEachValue(of: output.map) { y, x, k in
        let expected = NaiveInpainting.correlation(
          reference.map, source.map, reach: reach, y: y, x: x, k: k)
        #expect(abs(output.map[y, x, k] - expected) <= tolerance)
      }
      #expect(output.neighboursAreUntouched)
    }
  }

  @Test(arguments: CPU.machineLevels) func warpWithZerosEqualsTheNaiveTwin(level: CPULevel) throws {
    var random = SeededRandom(22)
    let engine = try engine(level)
    let extremes: [Float] = [
      .nan, .infinity, -.infinity, .greatestFiniteMagnitude, -1e10, 0, -0.0, 1, -1, -0.999_999_94,
    ]
    for round in 0..<120 {
      let maps = Maps()
      defer { maps.unmap() }
      let (height, width, channels) = sizes(&random)
      let input = maps.slice(height, width, channels, &random)
      let flow = maps.slice(height, width, 2, &random, reach: [0.7, 4, 30][round % 3])
      for y in 0..<height where round % 4 == 0 {
        flow.map[y, 0, y % 2] = extremes.randomElement(using: &random) ?? 0
      }
      let output = maps.slice(height, width, channels, &random, isOutput: true)
      try backwardWarpZeros(input.map, flow: flow.map, into: output.map, on: engine)
      forEachValue(of: output.map) { y, x, c in
        let expected = NaiveInpainting.warpZeros(input.map, flow.map, y: y, x: x, c: c)
        #expect(abs(output.map[y, x, c] - expected) <= tolerance)
      }
      #expect(output.neighboursAreUntouched)
    }
  }

  /// Right below the last column, where adding 1 in float would round up to the next one.
  @Test(arguments: CPU.machineLevels) func justInsideTheBorder(level: CPULevel) throws {
    let engine = try engine(level)
    let (input, flow, output) = (
      GuardedMap(height: 1, width: 32, channels: 5), GuardedMap(height: 1, width: 32, channels: 2),
      GuardedMap(height: 1, width: 32, channels: 5)
    )
    input.fill { 1 }
    flow.fill { 0 }
    flow.map[0, 31, 0] = Float(32).nextDown - 31
    flow.map[0, 0, 0] = -Float(1).nextDown
    try backwardWarpZeros(input.map, flow: flow.map, into: output.map, on: engine)
    for c in 0..<5 {
      #expect(output.map[0, 30, c] == 1)
      #expect(abs(output.map[0, 31, c]) < 1e-5 && abs(output.map[0, 0, c]) < 1e-5)
    }
  }

  @Test(arguments: CPU.machineLevels) func gateEqualsTheNaiveTwin(level: CPULevel) throws {
    var random = SeededRandom(23)
    let engine = try engine(level)
    for round in 0..<40 {
      let maps = Maps()
      defer { maps.unmap() }
      let (height, width, channels) = sizes(&random)
      let slope: Float = round % 2 == 0 ? 0 : 0.2
      let input = maps.slice(height, width, 2 * channels, &random, reach: 6)
      let output = maps.slice(height, width, channels, &random, isOutput: true)
      try gate(input.map, slope: slope, into: output.map, on: engine)
      forEachValue(of: output.map) { y, x, c in
        let expected = NaiveInpainting.gate(
          phi: input.map[y, x, c], gate: input.map[y, x, channels + c], slope: slope)
        #expect(abs(output.map[y, x, c] - expected) <= 6 * tolerance)
      }
      #expect(output.neighboursAreUntouched)
    }
  }

  @Test(arguments: CPU.machineLevels) func lstmEqualsTheNaiveTwin(level: CPULevel) throws {
    var random = SeededRandom(24)
    let engine = try engine(level)
    for _ in 0..<40 {
      let maps = Maps()
      defer { maps.unmap() }
      let (height, width, channels) = sizes(&random)
      let gates = maps.slice(height, width, 4 * channels, &random, reach: 8)
      let cell = maps.slice(height, width, channels, &random, reach: 2)
      let hidden = maps.slice(height, width, channels, &random, isOutput: true)
      var expected: [(cell: Float, hidden: Float)] = []
      forEachValue(of: cell.map) { y, x, c in
        let values = (0..<4).map { gates.map[y, x, $0 * channels + c] }
        expected.append(NaiveInpainting.lstm(values, cell: cell.map[y, x, c]))
      }
      try lstm(gates.map, cell: cell.map, hidden: hidden.map, on: engine)
      var index = 0
      forEachValue(of: cell.map) { y, x, c in
        #expect(abs(cell.map[y, x, c] - expected[index].cell) <= 2 * tolerance)
        #expect(abs(hidden.map[y, x, c] - expected[index].hidden) <= 2 * tolerance)
        index += 1
      }
      #expect(hidden.neighboursAreUntouched)
    }
  }

  @Test(arguments: CPU.machineLevels, [0, 1, 2])
  func mixEqualsTheNaiveTwin(level: CPULevel, shift: Int) throws {
    var random = SeededRandom(25)
    let engine = try engine(level)
    for _ in 0..<20 {
      let maps = Maps()
      defer { maps.unmap() }
      let (small, wide, channels) = sizes(&random)
      let (height, width) = (small << shift, wide << shift)
      let (a, b) = (
        maps.slice(height, width, channels, &random), maps.slice(height, width, channels, &random)
      )
      let logit = maps.slice(small, wide, 1, &random, reach: 9)
      let output = maps.slice(height, width, channels, &random, isOutput: true)
      try mix(a.map, b.map, logit: logit.map, into: output.map, on: engine)
      forEachValue(of: output.map) { y, x, c in
        let share = NaiveMotion.sigmoid(Double(logit.map[y >> shift, x >> shift, 0]))
        let expected = (1 - share) * Double(a.map[y, x, c]) + share * Double(b.map[y, x, c])
        #expect(abs(output.map[y, x, c] - Float(expected)) <= tolerance)
      }
      #expect(output.neighboursAreUntouched)
    }
  }

  @Test(arguments: CPU.machineLevels) func absoluteDifferenceIsExact(level: CPULevel) throws {
    var random = SeededRandom(26)
    let engine = try engine(level)
    for _ in 0..<40 {
      let maps = Maps()
      defer { maps.unmap() }
      let (height, width, channels) = sizes(&random)
      let (a, b) = (
        maps.slice(height, width, channels, &random), maps.slice(height, width, channels, &random)
      )
      let output = maps.slice(height, width, channels, &random, isOutput: true)
      try absoluteDifference(a.map, b.map, into: output.map, on: engine)
      forEachValue(of: output.map) { y, x, c in
        #expect(output.map[y, x, c] == abs(a.map[y, x, c] - b.map[y, x, c]))
      }
      #expect(output.neighboursAreUntouched)
    }
  }

  /// Tails of every length, values far apart, pixels of a wider map.
  @Test(arguments: CPU.machineLevels) func softmaxMatchesLoops(level: CPULevel) throws {
    var random = SeededRandom(31)
    let engine = try engine(level)
    for channels in 1...40 {
      let maps = Maps()
      defer { maps.unmap() }
      let (height, width) = (Int.random(in: 1...4, using: &random), 5)
      let slice = maps.slice(height, width, channels, &random, reach: 40, isOutput: true)
      forEachValue(of: slice.map) { y, x, c in
        slice.map[y, x, c] = .random(in: -60 ... -1, using: &random)
      }
      var expected: [Double] = []
      for pixel in 0..<height * width {
        let values = (0..<channels).map { exp(Double(slice.map[pixel / width, pixel % width, $0])) }
        let sum = values.reduce(0, +)
        expected += values.map { $0 / sum }
      }
      try softmax(slice.map, on: engine)
      forEachValue(of: slice.map) { y, x, c in
        let share = expected[(y * width + x) * channels + c]
        #expect(abs(slice.map[y, x, c] - Float(share)) < tolerance)
      }
      #expect(slice.neighboursAreUntouched)
    }
  }

  /// Strides, dilations, slopes, and all three ways in which official files store the weights.
  @Test(arguments: CPU.machineLevels) func gatedConvolutionEqualsTheNaiveOnes(level: CPULevel)
    throws
  {
    var random = SeededRandom(27)
    let engine = try engine(level)
    for round in 0..<30 {
      let maps = Maps()
      defer { maps.unmap() }
      let (height, width, outputs) = sizes(&random)
      let channels = Int.random(in: 1...9, using: &random)
      let count = round % 3 == 2 ? 5 : 1
      let inputs = channels * count
      let stride = Int.random(in: 1...2, using: &random)
      let dilation = stride == 1 ? [1, 2, 8].randomElement(using: &random) ?? 1 : 1
      let slope: Float = round % 2 == 0 ? 0 : 0.2
      let weights = (0..<2 * outputs * inputs * 9).map { _ in
        Float.random(in: -1...1, using: &random)
      }
      let extents = [[inputs, 3, 3], [inputs, 1, 3, 3], [channels, count, 3, 3]][round % 3]
      let depth: GatedConvolution.Depth = [.none, .one, .maps(count)][round % 3]
      var writer = SafetensorsWriter()
      writer.add("layer.weight", [2 * outputs] + extents, weights)
      let layer = try GatedConvolution(
        try writer.file(), "layer", inputs: inputs, outputs: outputs, stride: stride,
        dilation: dilation, depth: depth, slope: slope, kernels: engine.kernels)
      let input = maps.slice(height, width, inputs, &random)
      let size = ((height + stride - 1) / stride, (width + stride - 1) / stride)
      let output = maps.slice(size.0, size.1, outputs, &random, isOutput: true)
      try layer(input.map, into: output.map, on: engine)
      let both = maps.slice(size.0, size.1, 2 * outputs, &random).map
      NaiveLayers.convolution(
        input.map, into: both, weights: mapsFirst(weights, channels: channels, maps: count),
        bias: Array(repeating: 0, count: 2 * outputs), kernel: 3, stride: stride,
        dilation: dilation, slopes: nil, residual: nil)
      let expected = maps.slice(size.0, size.1, outputs, &random).map
      forEachValue(of: expected) { y, x, c in
        expected[y, x, c] = NaiveInpainting.gate(
          phi: both[y, x, c], gate: both[y, x, outputs + c], slope: slope)
      }
      #expect(relativeError(output.map, expected) < 3e-5)
      #expect(output.neighboursAreUntouched)
    }
  }

  /// Weights `[..][channels][maps][9]` in the order of maps that stand behind each other.
  private func mapsFirst(_ weights: [Float], channels: Int, maps: Int) -> [Float] {
    weights.indices.map { index in
      let (output, input, tap) = (
        index / (9 * channels * maps), index / 9 % (channels * maps), index % 9
      )
      let (map, channel) = (input / channels, input % channels)
      return weights[((output * channels + channel) * maps + map) * 9 + tap]
    }
  }

  @Test(arguments: CPU.machineLevels) func anyNumberOfThreadsGivesTheSameBytes(
    level: CPULevel
  ) throws {
    var found: [[UInt32]] = []
    for threads in 1...3 {
      let maps = Maps()
      defer { maps.unmap() }
      var random = SeededRandom(28)
      let engine = try engine(level, threads: threads)
      let (a, b) = (maps.slice(37, 20, 24, &random), maps.slice(37, 20, 24, &random))
      let window = maps.slice(37, 20, 81, &random, isOutput: true)
      try correlation(a.map, b.map, reach: 4, into: window.map, on: engine)
      let warped = maps.slice(37, 20, 24, &random, isOutput: true)
      try backwardWarpZeros(a.map, flow: b.map, into: warped.map, on: engine)
      try lstm(a.map, cell: b.map.slice(0..<6), hidden: warped.map.slice(6..<12), on: engine)
      found.append(window.guarded.bits + warped.guarded.bits + b.guarded.bits)
    }
    #expect(found[0] == found[1] && found[0] == found[2])
  }

  @Test func sizesThatDoNotFitAreRefused() throws {
    let engine = Engine(runner: try ThreadPool(threads: 1))
    let a = try engine.scratch.map(height: 4, width: 4, channels: 2)
    let b = try engine.scratch.map(height: 4, width: 6, channels: 2)
    #expect(throws: VFIError.self) { try correlation(a, b, reach: 1, into: a, on: engine) }
    #expect(throws: VFIError.self) { try backwardWarpZeros(a, flow: b, into: a, on: engine) }
    #expect(throws: VFIError.self) { try gate(a, slope: 0, into: b, on: engine) }
    #expect(throws: VFIError.self) { try lstm(a, cell: b, hidden: b, on: engine) }
    #expect(throws: VFIError.self) { try mix(a, a, logit: b, into: a, on: engine) }
    #expect(throws: VFIError.self) { try absoluteDifference(a, b, into: a, on: engine) }
  }
}
