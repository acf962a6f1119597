// SPDX-License-Identifier: MIT
import CIntrinsics
import TestSupport
import Testing
import VFIEngine

/// Every convolution kernel of every level against the sum that it stands for.
@Suite struct ConvolutionTileTests {
  /// Float32 sums of at most a few hundred products of numbers in -1...1.
  static let tolerance: Float = 2e-5

  struct Kernel: CustomTestStringConvertible {
    let level: CPULevel
    let block: ConvolutionKernels.Block
    var testDescription: String { "convolutionTile \(level) \(block.width)" }
  }

  static let kernels = CPU.machineLevels.flatMap { level in
    KernelTable(level: level).convolution.blocks.map { Kernel(level: level, block: $0) }
  }

  /// Buffers of one call, each between guard pages.
  private final class Call {
    let taps: Int
    let channels: Int
    let width: Int
    let pixels: Int
    let outputChannels: Int
    let first: Int
    let hasResidual: Bool
    let hasSlopes: Bool
    /// `[taps][12][channels]`; the last pixel ends at the guard page.
    let inputs: GuardedFloats
    let weights: GuardedFloats
    let bias: GuardedFloats
    let slopes: GuardedFloats
    let residual: GuardedFloats
    let output: GuardedFloats
    let sums: GuardedFloats
    let outputStride: Int
    static let untouched: Float = 12345

    init(width: Int, random: inout SeededRandom) {
      self.width = width
      taps = [1, 4, 9].randomElement(using: &random) ?? 1
      channels = Int.random(in: 1...21, using: &random)
      pixels = Int.random(in: 1...12, using: &random)
      outputChannels = Int.random(in: 1...width, using: &random)
      first = Int.random(in: 0...3, using: &random)
      hasResidual = Bool.random(using: &random)
      hasSlopes = Bool.random(using: &random)
      outputStride = first + outputChannels + 2
      inputs = GuardedFloats(count: taps * 12 * channels)
      weights = GuardedFloats(count: taps * channels * width)
      bias = GuardedFloats(count: width)
      slopes = GuardedFloats(count: width)
      residual = GuardedFloats(count: 12 * outputStride - 2)
      output = GuardedFloats(count: 12 * outputStride - 2, fill: Self.untouched)
      sums = GuardedFloats(count: 12 * width)
      for buffer in [inputs, weights, bias, slopes, residual] { buffer.randomise(&random) }
    }

    func run(_ kernel: @Sendable (UnsafePointer<vfi_convolution_tile>) -> Void) {
      let inputPointers = (0..<taps * 12).map { UnsafePointer(inputs.start + $0 * channels) }
      let outputPointers = (0..<12).map { output.start + $0 * outputStride }
      let residualPointers = (0..<12).map { UnsafePointer(residual.start + $0 * outputStride) }
      inputPointers.withUnsafeBufferPointer { inputPointers in
        outputPointers.withUnsafeBufferPointer { outputPointers in
          residualPointers.withUnsafeBufferPointer { residualPointers in
            guard let inputs = inputPointers.baseAddress, let outputs = outputPointers.baseAddress
            else { return }
            var tile = vfi_convolution_tile(
              inputs: inputs, taps: taps, input_channels: channels, weights: weights.start,
              bias: bias.start, slopes: hasSlopes ? UnsafePointer(slopes.start) : nil,
              outputs: outputs, residuals: hasResidual ? residualPointers.baseAddress : nil,
              first_channel: first, output_channels: outputChannels, pixels: pixels,
              sums: sums.start)
            kernel(&tile)
          }
        }
      }
    }

    /// What stands at `index` of the output buffer.
    func expected(_ index: Int) -> Float {
      let (pixel, channel) = (index / outputStride, index % outputStride - first)
      guard pixel < pixels, channel >= 0, channel < outputChannels else { return Self.untouched }
      var sum = Double(bias.start[channel])
      for tap in 0..<taps {
        for c in 0..<channels {
          sum +=
            Double(inputs.start[(tap * 12 + pixel) * channels + c])
            * Double(weights.start[(tap * channels + c) * width + channel])
        }
      }
      if hasResidual { sum += Double(residual.start[index]) }
      return Float(hasSlopes && sum < 0 ? sum * Double(slopes.start[channel]) : sum)
    }
  }

  @Test(arguments: kernels)
  func matchesSum(_ kernel: Kernel) {
    var random = SeededRandom(UInt64(kernel.block.width))
    for _ in 0..<60 {
      let call = Call(width: kernel.block.width, random: &random)
      call.run(kernel.block.tile)
      for index in 0..<call.output.count {
        let (value, expected) = (call.output.start[index], call.expected(index))
        #expect(abs(value - expected) <= Self.tolerance * max(1, abs(expected)))
      }
    }
  }

  /// What is not a number stays so, through every activation.
  @Test(arguments: kernels)
  func propagatesNaN(_ kernel: Kernel) {
    var random = SeededRandom(5)
    let call = Call(width: kernel.block.width, random: &random)
    call.inputs.start[0] = .nan
    call.run(kernel.block.tile)
    #expect(call.output.start[call.first].isNaN)
  }

  @Test(arguments: CPU.machineLevels)
  func blocksCoverTheChannels(level: CPULevel) {
    let kernels = KernelTable(level: level).convolution
    let narrowest = kernels.blocks.map(\.width).min() ?? 0
    for channels in 1...200 {
      let covered = kernels.split(channels).reduce(0) { $0 + $1.width }
      #expect(covered >= channels && covered - channels < narrowest)
    }
  }
}
