// SPDX-License-Identifier: MIT
import CIntrinsics
import Glibc

/// Weights of a convolution in the order in which the kernels of one level read them.
///
/// Output channels are split into blocks as wide as the kernels; each block is
/// `[taps][inputs][width]`, then its bias and slopes, filled up with zeros and 64-byte aligned.
@safe final class PackedWeights: @unchecked Sendable {
  // Sendable: written by `init` only.

  struct Block: Sendable {
    let kernel: ConvolutionKernels.Block
    /// The first output channel, and how many of the block's channels exist.
    let firstChannel: Int
    let channels: Int
    fileprivate let weights: Int
    fileprivate let bias: Int
    fileprivate let slopes: Int
  }

  let taps: Int
  let inputs: Int
  let outputs: Int
  let blocks: [Block]
  /// Largest width of a block.
  let widest: Int
  private let hasSlopes: Bool
  private let memory: UnsafeMutablePointer<Float>

  /// Packs `weight(output, input, tap)`; `slopes` nil means no activation.
  init(
    taps: Int, inputs: Int, bias: [Float], slopes: [Float]?, kernels: KernelTable,
    weight: (_ output: Int, _ input: Int, _ tap: Int) -> Float
  ) throws(VFIError) {
    self.taps = taps
    self.inputs = inputs
    outputs = bias.count
    hasSlopes = slopes != nil
    var blocks: [Block] = []
    // One row of zeros comes first: the bias of products that have none.
    var (first, offset) = (0, 64)
    for kernel in kernels.convolution.split(bias.count) {
      let values = taps * inputs * kernel.width
      let row = max(16, kernel.width)
      blocks.append(
        Block(
          kernel: kernel, firstChannel: first, channels: min(kernel.width, bias.count - first),
          weights: offset, bias: offset + values, slopes: offset + values + row))
      first += kernel.width
      offset += (values + 2 * row + 15) & ~15
    }
    self.blocks = blocks
    widest = blocks.first?.kernel.width ?? 0
    guard let bytes = unsafe aligned_alloc(64, offset * 4) else {
      throw .outOfMemory("no memory for \(offset * 4) bytes of weights")
    }
    unsafe memory = bytes.bindMemory(to: Float.self, capacity: offset)
    unsafe memory.initialize(repeating: 0, count: offset)
    for block in blocks {
      pack(block, bias: bias, slopes: slopes, weight: weight)
    }
  }

  deinit { unsafe free(memory) }

  private func pack(
    _ block: Block, bias: [Float], slopes: [Float]?, weight: (Int, Int, Int) -> Float
  ) {
    for lane in 0..<block.channels {
      let output = block.firstChannel + lane
      unsafe memory[block.bias + lane] = bias[output]
      if let slopes { unsafe memory[block.slopes + lane] = slopes[output] }
      for tap in 0..<taps {
        for input in 0..<inputs {
          let index = block.weights + (tap * inputs + input) * block.kernel.width + lane
          unsafe memory[index] = weight(output, input, tap)
        }
      }
    }
  }

  /// The product of one tap alone, without bias and activation, of 12 inputs: `sums` is the result.
  func tile(
    _ block: Block, tap: Int, inputs slots: UnsafeMutablePointer<UnsafePointer<Float>>,
    sums: UnsafeMutablePointer<Float>
  ) -> vfi_convolution_tile {
    unsafe vfi_convolution_tile(
      inputs: UnsafePointer(slots), taps: 1, input_channels: inputs,
      weights: UnsafePointer(memory + block.weights + tap * inputs * block.kernel.width),
      bias: UnsafePointer(memory), slopes: nil, outputs: nil, residuals: nil, first_channel: 0,
      output_channels: block.channels, pixels: ConvolutionGrid.tilePixels, sums: sums)
  }

  /// What the way back from Winograd's domain needs to know of `block`.
  func winogradOutput(
    _ block: Block, sums: UnsafeMutablePointer<Float>, pointStride: Int,
    outputs: UnsafeMutablePointer<UnsafeMutablePointer<Float>?>,
    residuals: UnsafeMutablePointer<UnsafePointer<Float>?>?, tiles: Int
  ) -> vfi_winograd_output {
    unsafe vfi_winograd_output(
      sums: UnsafePointer(sums), point_stride: pointStride,
      bias: UnsafePointer(memory + block.bias),
      slopes: hasSlopes ? UnsafePointer(memory + block.slopes) : nil,
      outputs: UnsafePointer(outputs), residuals: residuals.map { unsafe UnsafePointer($0) },
      first_channel: block.firstChannel, output_channels: block.channels, tiles: tiles)
  }

  /// What a kernel needs to know for the pixels of `slots` and the output channels of `block`.
  func tile(
    _ block: Block, _ slots: ConvolutionSlots, first: Int, pixels: Int, hasResidual: Bool
  ) -> vfi_convolution_tile {
    unsafe vfi_convolution_tile(
      inputs: UnsafePointer(slots.inputs + first * taps), taps: taps, input_channels: inputs,
      weights: UnsafePointer(memory + block.weights), bias: UnsafePointer(memory + block.bias),
      slopes: hasSlopes ? UnsafePointer(memory + block.slopes) : nil,
      outputs: UnsafePointer(slots.outputs + first),
      residuals: hasResidual ? UnsafePointer(slots.residuals + first) : nil,
      first_channel: block.firstChannel, output_channels: block.channels, pixels: pixels,
      sums: slots.sums)
  }
}
