// SPDX-License-Identifier: MIT
import CIntrinsics
import TestSupport
import Testing
import VFIEngine

/// The kernels of int8 of every level against the numbers that they stand for.
@Suite struct Int8Tests {
  struct Kernel: CustomTestStringConvertible {
    let level: CPULevel
    let block: ConvolutionKernels.Block
    var testDescription: String { "convolutionTile \(level) int8 \(block.width)" }
  }

  static let kernels = CPU.machineLevels.flatMap { level in
    KernelTable(level: level).convolution.blocks(.int8).map { Kernel(level: level, block: $0) }
  }

  @Test(arguments: kernels)
  func tileMatchesSum(_ kernel: Kernel) {
    var random = SeededRandom(UInt64(kernel.block.width))
    for round in 0..<40 {
      let call = Int8Call(width: kernel.block.width, random: &random, extreme: round < 4)
      call.run(kernel.block.tile)
      for pixel in 0..<12 {
        for place in 0..<call.outputStride {
          let (value, expected) = (call.output.map[0, pixel, place], call.expected(pixel, place))
          #expect(abs(value - expected) <= 2e-5 * (1 + abs(expected)))
        }
      }
      call.unmap()
    }
  }

  @Test(arguments: CPU.machineLevels, Precision.allCases)
  func pixelsAreQuantized(level: CPULevel, precision: Precision) {
    var random = SeededRandom(3)
    for round in 0..<30 {
      let channels = 16 * Int.random(in: 1...5, using: &random)
      let pixels = Int.random(in: 1...20, using: &random)
      let stride = channels + Int.random(in: 0...5, using: &random)
      let input = GuardedMap(
        height: 1, width: pixels, channels: channels, pixelStride: stride, precision: precision)
      let scales: [Float] = [1, 1e-30, 1e30]
      let scale = round == 0 ? 0 : scales.randomElement(using: &random) ?? 1
      input.fill { scale * Float.random(in: -1...1, using: &random) }
      let output = GuardedMap(height: 1, width: pixels, channels: 1 + channels / 4)
      var argument = vfi_quantization(
        input: input.map.memory, input_stride: stride * precision.bytes,
        output: output.map.memory, channels: channels, pixels: pixels)
      KernelTable(level: level).convolution.quantize[precision](&argument)
      for pixel in 0..<pixels {
        let values = (0..<channels).map { input.map[0, pixel, $0] }
        let greatest = values.reduce(0) { max($0, abs($1)) }
        #expect(output.map[0, pixel, 0] == greatest / 127)
        let bytes = output.map.memory + pixel * (4 + channels) + 4
        for (channel, value) in values.enumerated() {
          let steps = greatest > 0 ? (value * (127 / greatest)).rounded(.toNearestOrEven) : 0
          let byte = bytes.load(fromByteOffset: channel, as: UInt8.self)
          #expect(Int(byte) == 128 + Int(steps))
        }
      }
      for map in [input, output] { map.unmap() }
    }
  }

  /// Nothing that is in a picture may stop the program; what it becomes is the picture's matter.
  @Test(arguments: CPU.machineLevels)
  func anythingIsQuantized(level: CPULevel) {
    let wild: [Float] = [
      .nan, .infinity, -.infinity, .leastNonzeroMagnitude, .greatestFiniteMagnitude,
    ]
    for value in wild {
      let input = GuardedMap(height: 1, width: 1, channels: 16)
      input.fill { 0.5 }
      input.map[0, 0, 3] = value
      let output = GuardedMap(height: 1, width: 1, channels: 5)
      var argument = vfi_quantization(
        input: input.map.memory, input_stride: 64, output: output.map.memory, channels: 16,
        pixels: 1)
      KernelTable(level: level).convolution.quantize[.float32](&argument)
      #expect(output.map[0, 0, 0] >= 0)
      for map in [input, output] { map.unmap() }
    }
  }
}

/// Buffers of one call of a kernel of int8, each between guard pages.
private final class Int8Call {
  let taps: Int
  let channels: Int
  let width: Int
  let pixels: Int
  let outputChannels: Int
  let first: Int
  let hasResidual: Bool
  let hasSlopes: Bool
  let outputStride: Int
  /// Of each tap and pixel `[taps * 12]`; the bytes are `[taps * 12][channels]`.
  private let steps: [Float]
  private let bytes: [UInt8]
  /// `[taps][channels][width]`, and the step of each output.
  private let values: [Int8]
  private let weightSteps: GuardedFloats
  private let inputs: GuardedMap
  private let weights: GuardedFloats
  private let bias: GuardedFloats
  private let slopes: GuardedFloats
  private let residual: GuardedMap
  let output: GuardedMap
  private let sums: GuardedFloats
  static let untouched: Float = 12288

  /// `extreme` values are the greatest ones: their sums are the greatest, too.
  init(width: Int, random: inout SeededRandom, extreme: Bool) {
    self.width = width
    taps = [1, 4, 9].randomElement(using: &random) ?? 1
    channels = 16 * Int.random(in: 1...4, using: &random)
    pixels = Int.random(in: 1...12, using: &random)
    outputChannels = Int.random(in: 1...width, using: &random)
    first = Int.random(in: 0...3, using: &random)
    hasResidual = Bool.random(using: &random)
    hasSlopes = Bool.random(using: &random)
    outputStride = first + outputChannels + 2
    steps = (0..<taps * 12).map { _ in .random(in: 0...0.01, using: &random) }
    bytes = (0..<taps * 12 * channels).map { _ in
      extreme ? 255 : .random(in: 1...255, using: &random)
    }
    values = (0..<taps * channels * width).map { _ in
      extreme ? -127 : .random(in: -127...127, using: &random)
    }
    (weightSteps, bias) = (GuardedFloats(count: width), GuardedFloats(count: width))
    slopes = GuardedFloats(count: width)
    for buffer in [weightSteps, bias, slopes] { buffer.randomise(&random) }
    for o in 0..<width { weightSteps.start[o] = abs(weightSteps.start[o]) / 100 }
    inputs = GuardedMap(height: 1, width: taps * 12, channels: 1 + channels / 4)
    weights = GuardedFloats(count: taps * (1 + channels / 4) * width)
    residual = GuardedMap(height: 1, width: 12, channels: outputStride)
    output = GuardedMap(height: 1, width: 12, channels: outputStride)
    sums = GuardedFloats(count: 12 * width)
    residual.fill { .random(in: -1...1, using: &random) }
    output.fill { Self.untouched }
    pack()
  }

  private func pack() {
    for slot in 0..<taps * 12 {
      let pixel = inputs.map.memory + slot * (4 + channels)
      pixel.storeBytes(of: steps[slot], as: Float.self)
      for c in 0..<channels {
        pixel.storeBytes(of: bytes[slot * channels + c], toByteOffset: 4 + c, as: UInt8.self)
      }
    }
    let memory = UnsafeMutableRawPointer(weights.start)
    for tap in 0..<taps {
      let rows = memory + tap * 4 * (1 + channels / 4) * width
      for o in 0..<width {
        let column = (0..<channels).map { values[(tap * channels + $0) * width + o] }
        let start = column.reduce(Int32(0)) { $0 - 128 * Int32($1) }
        rows.storeBytes(of: start, toByteOffset: 4 * o, as: Int32.self)
        for (c, value) in column.enumerated() {
          rows.storeBytes(
            of: value, toByteOffset: 4 * ((1 + c / 4) * width + o) + c % 4, as: Int8.self)
        }
      }
    }
  }

  func run(_ kernel: ConvolutionKernels.Tile) {
    let inputPointers = (0..<taps * 12).map {
      UnsafeRawPointer(inputs.map.memory + $0 * (4 + channels))
    }
    let outputPointers = (0..<12).map { output.map.memory + 4 * $0 * outputStride }
    let residualPointers: [UnsafeRawPointer?] = (0..<12).map {
      UnsafeRawPointer(residual.map.memory + 4 * $0 * outputStride)
    }
    inputPointers.withUnsafeBufferPointer { inputPointers in
      outputPointers.withUnsafeBufferPointer { outputPointers in
        residualPointers.compactMap { $0 }.withUnsafeBufferPointer { residualPointers in
          guard let inputs = inputPointers.baseAddress, let outputs = outputPointers.baseAddress
          else { return }
          var tile = vfi_convolution_tile(
            inputs: inputs, taps: taps, input_channels: channels, rest_channels: 0,
            weights: weights.start, steps: weightSteps.start, bias: bias.start,
            slopes: hasSlopes ? UnsafePointer(slopes.start) : nil, outputs: outputs,
            residuals: hasResidual ? residualPointers.baseAddress : nil, output_bfloat16: false,
            residual_bfloat16: false, first_channel: first, output_channels: outputChannels,
            pixels: pixels, sums: sums.start)
          kernel(&tile)
        }
      }
    }
  }

  func unmap() {
    for map in [inputs, residual, output] { map.unmap() }
    for buffer in [weightSteps, weights, bias, slopes, sums] { buffer.unmap() }
  }

  /// What stands at a place of the output.
  func expected(_ pixel: Int, _ place: Int) -> Float {
    let channel = place - first
    guard pixel < pixels, channel >= 0, channel < outputChannels else { return Self.untouched }
    var sum = 0.0
    for tap in 0..<taps {
      let slot = tap * 12 + pixel
      let dot = (0..<channels).reduce(0) {
        $0 + (Int(bytes[slot * channels + $1]) - 128)
          * Int(values[(tap * channels + $1) * width + channel])
      }
      sum += Double(steps[slot]) * Double(dot)
    }
    sum = Double(bias.start[channel]) + Double(weightSteps.start[channel]) * sum
    if hasResidual { sum += Double(residual.map[0, pixel, place]) }
    return Float(hasSlopes && sum < 0 ? sum * Double(slopes.start[channel]) : sum)
  }
}
