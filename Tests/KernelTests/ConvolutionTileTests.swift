// SPDX-License-Identifier: MIT
import CIntrinsics
import TestSupport
import Testing
import VFIEngine

/// Every convolution kernel of floats of every level against the sum that it stands for.
@Suite struct ConvolutionTileTests {
  /// Float32 sums of at most a few hundred products of numbers in -1...1.
  static let tolerance: Float = 2e-5

  struct Kernel: CustomTestStringConvertible {
    let level: CPULevel
    let precision: Precision
    let block: ConvolutionKernels.Block
    var testDescription: String { "convolutionTile \(level) \(precision) \(block.width)" }
  }

  static let kernels = CPU.machineLevels.flatMap { level in
    Precision.allCases.flatMap { precision in
      KernelTable(level: level).convolution.blocks(format(precision)).map {
        Kernel(level: level, precision: precision, block: $0)
      }
    }
  }

  private static func format(_ precision: Precision) -> WeightFormat {
    precision == .float32 ? .float32 : .bfloat16
  }

  @Test(arguments: kernels)
  func matchesSum(_ kernel: Kernel) {
    var random = SeededRandom(UInt64(kernel.block.width))
    for _ in 0..<60 {
      let call = TileCall(kernel.precision, width: kernel.block.width, random: &random)
      call.run(kernel.block.tile)
      let relative = Self.tolerance + call.output.map.precision.rounding
      for pixel in 0..<12 {
        for channel in 0..<call.outputStride {
          let value = call.output.map[0, pixel, channel]
          let expected = call.expected(pixel, channel)
          #expect(abs(value - expected) <= Self.tolerance + relative * abs(expected))
        }
      }
      call.unmap()
    }
  }

  /// What is not a number stays so, through every activation and into every type.
  @Test(arguments: kernels, Precision.allCases)
  func propagatesNaN(_ kernel: Kernel, into output: Precision) {
    var random = SeededRandom(5)
    let call = TileCall(
      kernel.precision, width: kernel.block.width, output: output, random: &random)
    call.inputs.map[0, 0, 0] = .nan
    call.run(kernel.block.tile)
    #expect(call.output.map[0, 0, call.first].isNaN)
  }

  @Test(arguments: CPU.machineLevels, WeightFormat.allCases)
  func blocksCoverTheChannels(level: CPULevel, format: WeightFormat) {
    let kernels = KernelTable(level: level).convolution
    let narrowest = kernels.blocks(format).map(\.width).min() ?? 0
    for channels in 1...200 {
      let covered = kernels.split(channels, format).reduce(0) { $0 + $1.width }
      #expect(covered >= channels && covered - channels < narrowest)
    }
  }
}

/// Buffers of one call of a convolution kernel, each between guard pages.
private final class TileCall {
  let precision: Precision
  let taps: Int
  let channels: Int
  /// Channels of a second map; 0 = there is none.
  let rest: Int
  let width: Int
  let pixels: Int
  let outputChannels: Int
  let first: Int
  let hasResidual: Bool
  let hasSlopes: Bool
  /// `[1, taps * 12, channels]`; the last pixel ends at the guard page.
  let inputs: GuardedMap
  let restInputs: GuardedMap
  /// `[taps][channels and rest][width]`, as the kernel's type holds them.
  let values: [Float]
  let weights: GuardedFloats
  let bias: GuardedFloats
  let slopes: GuardedFloats
  /// `[1, 12, outputStride]`.
  let residual: GuardedMap
  let output: GuardedMap
  let sums: GuardedFloats
  let outputStride: Int
  static let untouched: Float = 12288

  init(
    _ precision: Precision, width: Int, output: Precision? = nil, random: inout SeededRandom
  ) {
    func precisionOfOutput() -> Precision {
      Precision.allCases.randomElement(using: &random) ?? precision
    }
    self.precision = precision
    self.width = width
    taps = [1, 4, 9].randomElement(using: &random) ?? 1
    channels = Int.random(in: 1...21, using: &random)
    rest =
      precision == .bfloat16 && Bool.random(using: &random) ? .random(in: 1...9, using: &random) : 0
    pixels = Int.random(in: 1...12, using: &random)
    outputChannels = Int.random(in: 1...width, using: &random)
    first = Int.random(in: 0...3, using: &random)
    hasResidual = Bool.random(using: &random)
    hasSlopes = Bool.random(using: &random)
    outputStride = first + outputChannels + 2
    inputs = GuardedMap(height: 1, width: taps * 12, channels: channels, precision: precision)
    restInputs = GuardedMap(
      height: 1, width: taps * 12, channels: max(1, rest), precision: precision)
    values = (0..<taps * (channels + rest) * width).map { _ in
      precision.rounded(.random(in: -1...1, using: &random))
    }
    bias = GuardedFloats(count: width)
    slopes = GuardedFloats(count: width)
    residual = GuardedMap(
      height: 1, width: 12, channels: outputStride, precision: precisionOfOutput())
    self.output = GuardedMap(
      height: 1, width: 12, channels: outputStride, precision: output ?? precisionOfOutput())
    sums = GuardedFloats(count: 12 * width)
    weights = GuardedFloats(
      count: precision == .float32
        ? values.count : taps * ((channels + 1) / 2 + (rest + 1) / 2) * width)
    for buffer in [bias, slopes] { buffer.randomise(&random) }
    for map in [inputs, restInputs, residual] { map.fill { .random(in: -1...1, using: &random) } }
    self.output.fill { Self.untouched }
    pack()
  }

  /// The weight of input channel `c`, where those of the second map follow those of the first.
  private func weight(_ tap: Int, _ c: Int, _ output: Int) -> Float {
    values[(tap * (channels + rest) + c) * width + output]
  }

  private func pack() {
    guard precision == .bfloat16 else {
      for index in 0..<values.count { weights.start[index] = values[index] }
      return
    }
    var index = 0
    for (start, count) in [(0, channels), (channels, rest)] {
      for tap in 0..<taps {
        for c in stride(from: 0, to: count, by: 2) {
          for output in 0..<width {
            let even = UInt32(weight(tap, start + c, output).bfloat16)
            let odd = c + 1 < count ? UInt32(weight(tap, start + c + 1, output).bfloat16) : 0
            weights.start[index] = Float(bitPattern: even | odd << 16)
            index += 1
          }
        }
      }
    }
  }

  func run(_ kernel: ConvolutionKernels.Tile) {
    func pointers(_ map: FeatureMap) -> [UnsafeMutableRawPointer] {
      (0..<map.width).map { map.memory + $0 * map.pixelStride * map.precision.bytes }
    }
    let inputPointers =
      (pointers(inputs.map) + (rest > 0 ? pointers(restInputs.map) : []))
      .map { UnsafeRawPointer($0) }
    let outputPointers = pointers(output.map)
    let residualPointers = pointers(residual.map).map { UnsafeRawPointer($0) }
    inputPointers.withUnsafeBufferPointer { inputPointers in
      outputPointers.withUnsafeBufferPointer { outputPointers in
        residualPointers.withUnsafeBufferPointer { residualPointers in
          guard let inputs = inputPointers.baseAddress, let outputs = outputPointers.baseAddress
          else { return }
          var tile = vfi_convolution_tile(
            inputs: inputs, taps: taps, input_channels: channels, rest_channels: rest,
            weights: weights.start, steps: nil, bias: bias.start,
            slopes: hasSlopes ? UnsafePointer(slopes.start) : nil, outputs: outputs,
            residuals: hasResidual ? residualPointers.baseAddress : nil,
            output_bfloat16: output.map.precision == .bfloat16,
            residual_bfloat16: residual.map.precision == .bfloat16, first_channel: first,
            output_channels: outputChannels, pixels: pixels, sums: sums.start)
          kernel(&tile)
        }
      }
    }
  }

  func unmap() {
    for map in [inputs, restInputs, residual, output] { map.unmap() }
    for buffer in [weights, bias, slopes, sums] { buffer.unmap() }
  }

  /// What stands at a place of the output.
  func expected(_ pixel: Int, _ place: Int) -> Float {
    let channel = place - first
    guard pixel < pixels, channel >= 0, channel < outputChannels else { return Self.untouched }
    var sum = Double(bias.start[channel])
    for tap in 0..<taps {
      for c in 0..<channels + rest {
        let slot = tap * 12 + pixel
        let input = c < channels ? inputs.map[0, slot, c] : restInputs.map[0, slot, c - channels]
        sum += Double(input) * Double(weight(tap, c, channel))
      }
    }
    if hasResidual { sum += Double(residual.map[0, pixel, place]) }
    return Float(hasSlopes && sum < 0 ? sum * Double(slopes.start[channel]) : sum)
  }
}
