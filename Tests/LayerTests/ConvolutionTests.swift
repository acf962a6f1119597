// SPDX-License-Identifier: MIT
import TestSupport
import Testing
import VFIEngine

/// Convolutions of random shapes against the naive ones.
@Suite struct ConvolutionTests {
  /// Float32 sums of at most 49 * 40 products, relative to the largest output.
  static let tolerance: Float = 1e-5

  enum Kind: CaseIterable {
    case direct
    case transposed
    case winograd
  }

  /// One random layer with maps that are slices of guarded buffers.
  private final class Case {
    let file: WeightFile
    let weights: [Float]
    let bias: [Float]
    let inputs: Int
    let outputs: Int
    let kernel: Int
    let stride: Int
    let dilation: Int
    let transposed: Bool
    let winograd: Bool
    let activation: Activation
    let slopes: [Float]?
    let input: GuardedFloats
    let output: GuardedFloats
    let residual: GuardedFloats
    let hasResidual: Bool
    private let size: (height: Int, width: Int)
    private let outputSize: (height: Int, width: Int)
    /// Channels of the wider map before and after the slice.
    private let margin: Int
    static let untouched: Float = 4321

    init(_ random: inout SeededRandom, _ kind: Kind) throws {
      transposed = kind == .transposed
      winograd = kind == .winograd
      inputs = Int.random(in: 1...40, using: &random)
      outputs = Int.random(in: 1...70, using: &random)
      let direct = kind == .direct
      kernel = transposed ? 4 : winograd ? 3 : [1, 3, 5, 7].randomElement(using: &random) ?? 1
      stride = direct ? Int.random(in: 1...2, using: &random) : 1
      dilation = direct ? Int.random(in: 1...3, using: &random) : 1
      let (height, width) = (
        Int.random(in: 1...9, using: &random), Int.random(in: 1...40, using: &random)
      )
      size = (height, width)
      outputSize =
        transposed
        ? (2 * height, 2 * width)
        : ((height + stride - 1) / stride, (width + stride - 1) / stride)
      margin = Int.random(in: 0...5, using: &random)
      hasResidual = Bool.random(using: &random)
      let extents =
        transposed ? [inputs, outputs, 4, 4] : [outputs, inputs, kernel, kernel]
      weights = (0..<extents.reduce(1, *)).map { _ in Float.random(in: -1...1, using: &random) }
      bias = (0..<outputs).map { _ in Float.random(in: -1...1, using: &random) }
      let slopes = (0..<outputs).map { _ in Float.random(in: -1...2, using: &random) }
      let choices: [(Activation, [Float]?)] = [
        (.none, nil), (.relu, slopes.map { _ in 0 }), (.leakyReLU(0.2), slopes.map { _ in 0.2 }),
        (.prelu(slopes), slopes),
      ]
      (activation, self.slopes) = choices.randomElement(using: &random) ?? choices[0]
      var writer = SafetensorsWriter()
      writer.add("layer.weight", extents, weights)
      writer.add("layer.bias", [outputs], bias)
      file = try writer.file()
      input = GuardedFloats(count: height * width * (inputs + margin) - margin)
      let count = outputSize.height * outputSize.width * (outputs + margin) - margin
      output = GuardedFloats(count: count, fill: Self.untouched)
      residual = GuardedFloats(count: count)
      input.randomise(&random)
      residual.randomise(&random)
    }

    private func map(_ buffer: GuardedFloats, _ size: (height: Int, width: Int), _ channels: Int)
      -> FeatureMap
    {
      buffer.map(
        height: size.height, width: size.width, channels: channels,
        pixelStride: channels + margin)
    }

    func run(level: CPULevel, threads: Int) throws -> FeatureMap {
      let engine = Engine(
        kernels: KernelTable(level: level), runner: try ThreadPool(threads: threads))
      let (source, target) = (map(input, size, inputs), map(output, outputSize, outputs))
      let added = hasResidual ? map(residual, outputSize, outputs) : nil
      if transposed {
        try TransposedConvolution(
          file, "layer", inputs: inputs, outputs: outputs, activation: activation,
          kernels: engine.kernels)(source, into: target, adding: added, on: engine)
      } else {
        try Convolution(
          file, "layer", inputs: inputs, outputs: outputs, kernel: kernel, stride: stride,
          dilation: dilation, activation: activation, method: winograd ? .winograd : .direct,
          kernels: engine.kernels)(
            source, into: target, adding: added, on: engine)
      }
      return target
    }

    func naive(in arena: Arena) throws -> FeatureMap {
      let result = try arena.map(
        height: outputSize.height, width: outputSize.width, channels: outputs)
      let added = hasResidual ? map(residual, outputSize, outputs) : nil
      if transposed {
        NaiveLayers.transposedConvolution(
          map(input, size, inputs), into: result, weights: weights, bias: bias, slopes: slopes,
          residual: added)
      } else {
        NaiveLayers.convolution(
          map(input, size, inputs), into: result, weights: weights, bias: bias, kernel: kernel,
          stride: stride, dilation: dilation, slopes: slopes, residual: added)
      }
      return result
    }

    /// Whether the channels between the slices of neighbouring pixels kept their values.
    var neighboursAreUntouched: Bool {
      (0..<output.count).allSatisfy {
        $0 % (outputs + margin) < outputs || output.start[$0] == Self.untouched
      }
    }
  }

  @Test(arguments: CPU.machineLevels, Kind.allCases)
  func matchesNaive(level: CPULevel, kind: Kind) throws {
    var random = SeededRandom(2)
    for _ in 0..<40 {
      let test = try Case(&random, kind)
      let arena = Arena(ledger: MemoryLedger())
      let output = try test.run(level: level, threads: 1)
      #expect(relativeError(output, try test.naive(in: arena)) < Self.tolerance)
      #expect(test.neighboursAreUntouched)
    }
  }

  @Test(arguments: CPU.machineLevels, Kind.allCases)
  func sameBytesForAnyThreadCount(level: CPULevel, kind: Kind) throws {
    var random = SeededRandom(11)
    for _ in 0..<10 {
      let test = try Case(&random, kind)
      let one = bits(try test.run(level: level, threads: 1))
      #expect(bits(try test.run(level: level, threads: 2)) == one)
      #expect(bits(try test.run(level: level, threads: 3)) == one)
    }
  }

  /// A layer cut in two by output channels gives what the whole layer gives.
  @Test func partsEqualTheWhole() throws {
    let engine = Engine(runner: try ThreadPool(threads: 1))
    var writer = SafetensorsWriter()
    writer.addTransposed("a", inputs: 5, outputs: 30)
    let file = try writer.file()
    let source = try engine.scratch.map(height: 7, width: 9, channels: 5)
    randomise(source)
    let whole = try engine.scratch.map(height: 14, width: 18, channels: 30)
    let parts = try engine.scratch.map(height: 14, width: 18, channels: 30)
    try TransposedConvolution(file, "a", inputs: 5, outputs: 30, kernels: engine.kernels)(
      source, into: whole, on: engine)
    for part in [0..<13, 13..<30] {
      try TransposedConvolution(
        file, "a", inputs: 5, outputs: 30, part: part, kernels: engine.kernels)(
          source, into: parts.slice(part), on: engine)
    }
    #expect(relativeError(parts, whole) < 1e-6)
  }

  /// An input in two maps gives the bytes of the input in one, wherever it is cut.
  @Test(arguments: CPU.machineLevels, [1, 5, 16, 24, 30])
  func concatenationEqualsOneMap(level: CPULevel, cut: Int) throws {
    let engine = Engine(kernels: KernelTable(level: level), runner: try ThreadPool(threads: 1))
    var writer = SafetensorsWriter()
    writer.addConvolution("a", inputs: 31, outputs: 20)
    let layer = try Convolution(
      try writer.file(), "a", inputs: 31, outputs: 20, method: .winograd, kernels: engine.kernels)
    let input = try engine.scratch.map(height: 9, width: 11, channels: 31)
    randomise(input)
    let whole = try engine.scratch.map(height: 9, width: 11, channels: 20)
    let joined = try engine.scratch.map(height: 9, width: 11, channels: 20)
    try layer(input, into: whole, on: engine)
    try layer(input.slice(0..<cut), with: input.slice(cut..<31), into: joined, on: engine)
    #expect(bits(joined) == bits(whole))
  }

  private func randomise(_ map: FeatureMap) {
    var random = SeededRandom(1)
    for y in 0..<map.height {
      for x in 0..<map.width {
        for c in 0..<map.channels { map[y, x, c] = .random(in: -1...1, using: &random) }
      }
    }
  }

  @Test func wrongSizesAreDefects() throws {
    let engine = Engine(runner: try ThreadPool(threads: 1))
    var writer = SafetensorsWriter()
    writer.addConvolution("a", inputs: 3, outputs: 4)
    let layer = try Convolution(
      try writer.file(), "a", inputs: 3, outputs: 4, kernels: engine.kernels)
    let input = try engine.scratch.map(height: 4, width: 4, channels: 3)
    let output = try engine.scratch.map(height: 4, width: 5, channels: 4)
    #expect(throws: VFIError.self) { try layer(input, into: output, on: engine) }
  }

  @Test func multiplyAddsAreCounted() throws {
    let engine = Engine(runner: try ThreadPool(threads: 1))
    var writer = SafetensorsWriter()
    writer.addConvolution("a", inputs: 3, outputs: 4)
    let layer = try Convolution(
      try writer.file(), "a", inputs: 3, outputs: 4, kernels: engine.kernels)
    let input = try engine.scratch.map(height: 5, width: 6, channels: 3)
    input.fill(0)
    try layer(
      input, into: try engine.scratch.map(height: 5, width: 6, channels: 4), on: engine)
    #expect(engine.statistics.multiplyAdds == 5 * 6 * 9 * 3 * 4)
    #expect(layer.multiplyAddsPerPixel == 9 * 3 * 4)
  }
}
