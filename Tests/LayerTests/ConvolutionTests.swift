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
    case winograd2x2

    var method: Convolution.Method {
      switch self {
      case .direct, .transposed: .direct
      case .winograd: .winograd
      case .winograd2x2: .winograd2x2
      }
    }
  }

  /// Level and arithmetic of a layer.
  struct Machine: CustomTestStringConvertible {
    let level: CPULevel
    let arithmetic: Arithmetic
    var precision: Precision { arithmetic.features }
    var kernels: KernelTable { KernelTable(level: level, quantizes: arithmetic == .int8) }
    var testDescription: String { "\(level) \(arithmetic)" }
  }

  static let machines = CPU.machineLevels.flatMap { level in
    Arithmetic.allCases.map { Machine(level: level, arithmetic: $0) }
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
    let method: Convolution.Method
    let activation: Activation
    let slopes: [Float]?
    let precision: Precision
    let quantizes: Bool
    /// Channels of the wider maps behind the slice.
    private let margin: Int
    private let input: GuardedMap
    private let output: GuardedMap
    private let residual: GuardedMap
    private let hasResidual: Bool
    static let untouched: Float = 4096

    init(_ random: inout SeededRandom, _ kind: Kind, _ arithmetic: Arithmetic) throws {
      let precision = arithmetic.features
      self.precision = precision
      transposed = kind == .transposed
      method = kind.method
      // Others are not quantised; those are tested as bfloat16.
      quantizes = arithmetic == .int8
      inputs =
        quantizes ? 16 * .random(in: 1...3, using: &random) : .random(in: 1...40, using: &random)
      outputs = Int.random(in: quantizes ? 16...70 : 1...70, using: &random)
      let direct = kind == .direct
      kernel =
        transposed ? 4 : method != .direct ? 3 : [1, 3, 5, 7].randomElement(using: &random) ?? 1
      stride = direct ? Int.random(in: 1...2, using: &random) : 1
      dilation = direct ? Int.random(in: 1...3, using: &random) : 1
      let (height, width) = (
        Int.random(in: 1...9, using: &random), Int.random(in: 1...40, using: &random)
      )
      let outputSize =
        transposed
        ? (2 * height, 2 * width)
        : ((height + stride - 1) / stride, (width + stride - 1) / stride)
      margin = Int.random(in: 0...5, using: &random)
      hasResidual = Bool.random(using: &random)
      let extents =
        transposed ? [inputs, outputs, 4, 4] : [outputs, inputs, kernel, kernel]
      weights = (0..<extents.reduce(1, *)).map { _ in
        precision.rounded(.random(in: -1...1, using: &random))
      }
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
      input = GuardedMap(
        height: height, width: width, channels: inputs, pixelStride: inputs + margin,
        precision: precision)
      // Either type behind either kernel.
      let maps = (0..<2).map { [outputs, margin] _ in
        GuardedMap(
          height: outputSize.0, width: outputSize.1, channels: outputs,
          pixelStride: outputs + margin,
          precision: Precision.allCases.randomElement(using: &random) ?? .float32)
      }
      (output, residual) = (maps[0], maps[1])
      input.fill { .random(in: -1...1, using: &random) }
      residual.fill { .random(in: -1...1, using: &random) }
      output.fill { Self.untouched }
    }

    /// What may differ: the order of sums, the rounding of the output, and in bfloat16 that of the
    /// inputs and the weights in Winograd's domain, of which 0.0068 was measured.
    var tolerance: Float {
      ConvolutionTests.tolerance + output.map.precision.rounding
        + (method != .direct && precision == .bfloat16 && !quantizes ? 0.01 : 0)
    }

    func run(on kernels: KernelTable, threads: Int) throws -> FeatureMap {
      let engine = Engine(kernels: kernels, runner: try ThreadPool(threads: threads))
      let (source, target) = (input.map, output.map)
      let added = hasResidual ? residual.map : nil
      if transposed {
        try TransposedConvolution(
          file, "layer", inputs: inputs, outputs: outputs, activation: activation,
          precision: precision, kernels: engine.kernels)(
            source, into: target, adding: added, on: engine)
      } else {
        try Convolution(
          file, "layer", inputs: inputs, outputs: outputs, kernel: kernel, stride: stride,
          dilation: dilation, activation: activation, method: method,
          precision: precision, kernels: engine.kernels)(
            source, into: target, adding: added, on: engine)
      }
      return target
    }

    func naive(in arena: Arena) throws -> FeatureMap {
      let result = try arena.map(
        height: output.map.height, width: output.map.width, channels: outputs)
      let added = hasResidual ? residual.map : nil
      let input = quantizes ? try quantizedInput(in: arena) : input.map
      let weights = quantizes ? quantizedWeights() : weights
      if transposed {
        NaiveLayers.transposedConvolution(
          input, into: result, weights: weights, bias: bias, slopes: slopes,
          residual: added)
      } else {
        NaiveLayers.convolution(
          input, into: result, weights: weights, bias: bias, kernel: kernel,
          stride: stride, dilation: dilation, slopes: slopes, residual: added)
      }
      return result
    }

    /// What the input is in int8: each pixel in steps of a 127th of its greatest channel.
    private func quantizedInput(in arena: Arena) throws -> FeatureMap {
      let (height, width) = (input.map.height, input.map.width)
      let result = try arena.map(height: height, width: width, channels: inputs)
      for y in 0..<height {
        for x in 0..<width {
          let pixel = (0..<inputs).map { input.map[y, x, $0] }
          for (c, value) in Self.quantized(pixel, .toNearestOrEven).enumerated() {
            result[y, x, c] = value
          }
        }
      }
      return result
    }

    /// What the weights are: each output, of a transposed convolution each phase, has a step.
    private func quantizedWeights() -> [Float] {
      var result = weights
      let taps = kernel * kernel
      for output in 0..<outputs {
        for phase in 0..<(transposed ? 4 : 1) {
          let places = (0..<inputs).flatMap { input in
            (0..<taps).compactMap { tap -> Int? in
              if !transposed { return (output * inputs + input) * taps + tap }
              // Odd rows of the kernel belong to the even rows of the output, likewise in x.
              let belongs = (3 - tap / 4) % 2 == phase / 2 && (3 - tap % 4) % 2 == phase % 2
              return belongs ? (input * outputs + output) * taps + tap : nil
            }
          }
          let values = Self.quantized(places.map { weights[$0] }, .toNearestOrAwayFromZero)
          for (place, value) in zip(places, values) { result[place] = value }
        }
      }
      return result
    }

    private static func quantized(
      _ values: [Float], _ rule: FloatingPointRoundingRule
    ) -> [Float] {
      let greatest = values.reduce(0) { max($0, abs($1)) }
      return values.map { ($0 * (127 / greatest)).rounded(rule) * (greatest / 127) }
    }

    /// Ends the use of all views.
    func unmap() { for map in [input, output, residual] { map.unmap() } }

    /// Whether the channels between the slices of neighbouring pixels kept their values.
    var neighboursAreUntouched: Bool {
      output.bits.enumerated().allSatisfy { index, bits in
        index % (outputs + margin) < outputs || bits == Self.untouched.bitPattern
      }
    }
  }

  @Test(arguments: machines, Kind.allCases)
  func matchesNaive(machine: Machine, kind: Kind) throws {
    var random = SeededRandom(2)
    for _ in 0..<40 {
      let test = try Case(&random, kind, machine.arithmetic)
      let arena = Arena(ledger: MemoryLedger())
      let output = try test.run(on: machine.kernels, threads: 1)
      let error = relativeError(output, try test.naive(in: arena))
      #expect(error < test.tolerance)
      #expect(test.neighboursAreUntouched)
      test.unmap()
    }
  }

  @Test(arguments: machines, Kind.allCases)
  func sameBytesForAnyThreadCount(machine: Machine, kind: Kind) throws {
    var random = SeededRandom(11)
    for _ in 0..<10 {
      let test = try Case(&random, kind, machine.arithmetic)
      let one = bits(try test.run(on: machine.kernels, threads: 1))
      #expect(bits(try test.run(on: machine.kernels, threads: 2)) == one)
      #expect(bits(try test.run(on: machine.kernels, threads: 3)) == one)
      test.unmap()
    }
  }

  /// What a frame takes shall not depend on what it shows.
  @Test(arguments: Arithmetic.allCases)
  func memoryDoesNotDependOnTheActiveShare(arithmetic: Arithmetic) throws {
    let machine = Machine(level: CPU.level, arithmetic: arithmetic)
    let engine = Engine(kernels: machine.kernels, runner: try ThreadPool(threads: 1))
    let arena = Arena(ledger: MemoryLedger())
    var writer = SafetensorsWriter()
    writer.addConvolution("a", inputs: 32, outputs: 16)
    let layer = try Convolution(
      try writer.file(), "a", inputs: 32, outputs: 16, precision: machine.precision,
      kernels: engine.kernels)
    var counts: [Int] = []
    for step in [3, 1] {
      let active = try ActiveSet(height: 120, width: 120, in: arena) { _, x in x % step == 0 }
      let input = try active.map(channels: 32, precision: machine.precision, in: arena)
      input.fill(0.5)
      try layer(
        input, active: active, into: try active.map(channels: 16, in: arena), on: engine)
      try engine.scratch.reset()
      counts.append(engine.ledger.allocationCount)
    }
    #expect(counts[0] == counts[1])
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

  /// An input in two maps gives what the input in one gives, wherever it is cut.
  ///
  /// To the bit by Winograd; directly the sums are formed in another order.
  @Test(arguments: machines, [1, 5, 16, 24, 30])
  func concatenationEqualsOneMap(machine: Machine, cut: Int) throws {
    let engine = Engine(kernels: machine.kernels, runner: try ThreadPool(threads: 1))
    var writer = SafetensorsWriter()
    writer.addConvolution("a", inputs: 31, outputs: 20)
    let file = try writer.file()
    let input = try engine.scratch.map(
      height: 9, width: 11, channels: 31, precision: machine.precision)
    randomise(input)
    func run(_ method: Convolution.Method, rest: Int) throws -> FeatureMap {
      let output = try engine.scratch.map(height: 9, width: 11, channels: 20)
      let layer = try Convolution(
        file, "a", inputs: 31, rest: rest, outputs: 20, method: method,
        precision: machine.precision, kernels: engine.kernels)
      try layer(
        input.slice(0..<31 - rest), with: rest > 0 ? input.slice(31 - rest..<31) : nil,
        into: output, on: engine)
      return output
    }
    for method in [Convolution.Method.winograd, .winograd2x2] {
      #expect(bits(try run(method, rest: 31 - cut)) == bits(try run(method, rest: 0)))
    }
    if machine.precision == .bfloat16 {
      let error = relativeError(try run(.direct, rest: 31 - cut), try run(.direct, rest: 0))
      #expect(error < Self.tolerance)
    }
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
    let rounded = try engine.scratch.map(height: 4, width: 4, channels: 3, precision: .bfloat16)
    let fitting = try engine.scratch.map(height: 4, width: 4, channels: 4)
    #expect(throws: VFIError.self) { try layer(rounded, into: fitting, on: engine) }
    let dense = try Convolution(
      try writer.file(), "a", inputs: 3, outputs: 4, method: .winograd, kernels: engine.kernels)
    let all = try ActiveSet(height: 4, width: 4, in: engine.scratch) { _, _ in true }
    let compact = try all.map(channels: 3, in: engine.scratch)
    compact.fill(0)
    #expect(throws: VFIError.self) {
      try dense(
        compact, active: all, into: try all.map(channels: 4, in: engine.scratch), on: engine)
    }
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
