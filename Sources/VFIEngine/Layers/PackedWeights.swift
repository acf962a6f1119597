// SPDX-License-Identifier: MIT
import CIntrinsics
import Glibc

/// Weights of a convolution in the order in which the kernels of one level read them.
///
/// Output channels are split into blocks as wide as the kernels; each block is
/// `[taps][inputs][width]`, in bfloat16 `[taps][pairs][width][2]` for each map that the input consists
/// of, in int8 for each tap `[width]` of what dot products start with and `[quads][width][4]`; then its
/// bias, slopes and, in int8, steps, filled up with zeros and 64-byte aligned.
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
    fileprivate let steps: Int
  }

  let format: WeightFormat
  let taps: Int
  /// Channels of all maps of the input, and of the second one, if there is one.
  let inputs: Int
  let rest: Int
  let outputs: Int
  let blocks: [Block]
  /// Largest width of a block.
  let widest: Int
  private let hasSlopes: Bool
  private let memory: UnsafeMutablePointer<Float>

  /// Rows of a block's weights for one tap: words of one output channel.
  private let rows: Int

  /// Pointers that a pixel needs.
  var tapSlots: Int { rest > 0 ? 2 * taps : taps }

  /// Packs `weight(output, input, tap)`; `slopes` nil means no activation.
  ///
  /// The last `rest` input channels come from a second map, but not in int8.
  init(
    taps: Int, inputs: Int, rest: Int = 0, bias: [Float], slopes: [Float]?, format: WeightFormat,
    kernels: KernelTable, weight: (_ output: Int, _ input: Int, _ tap: Int) -> Float
  ) throws(VFIError) {
    self.taps = taps
    self.inputs = inputs
    self.rest = rest
    self.format = format
    outputs = bias.count
    hasSlopes = slopes != nil
    rows =
      switch format {
      case .float32: inputs
      case .bfloat16: (inputs - rest + 1) / 2 + (rest + 1) / 2
      case .int8: 1 + inputs / 4
      }
    var blocks: [Block] = []
    // One row of zeros comes first: the bias of products that have none.
    var (first, offset) = (0, 64)
    for kernel in kernels.convolution.split(bias.count, format) {
      let values = taps * rows * kernel.width
      let row = max(16, kernel.width)
      blocks.append(
        Block(
          kernel: kernel, firstChannel: first, channels: min(kernel.width, bias.count - first),
          weights: offset, bias: offset + values, slopes: offset + values + row,
          steps: offset + values + 2 * row))
      first += kernel.width
      offset += (values + 3 * row + 15) & ~15
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
      if format == .int8 {
        quantize(block, lane: lane) { weight(output, $0, $1) }
        continue
      }
      for tap in 0..<taps {
        for input in 0..<inputs {
          store(weight(output, input, tap), block, lane: lane, input: input, tap: tap)
        }
      }
    }
  }

  /// Stores the weights of one output in int8: the greatest becomes 127 steps.
  private func quantize(_ block: Block, lane: Int, weight: (_ input: Int, _ tap: Int) -> Float) {
    var greatest: Float = 0
    for tap in 0..<taps {
      // What is not a number stays so.
      for input in 0..<inputs { greatest = .maximum(greatest, abs(weight(input, tap))) }
    }
    unsafe memory[block.steps + lane] = greatest / 127
    guard greatest > 0, greatest.isFinite else { return }
    for tap in 0..<taps {
      let first = unsafe UnsafeMutableRawPointer(
        memory + block.weights + tap * rows * block.kernel.width + lane)
      var sum: Int32 = 0
      for input in 0..<inputs {
        let value = Int8((weight(input, tap) * (127 / greatest)).rounded())
        sum += Int32(value)
        unsafe first.storeBytes(
          of: value, toByteOffset: 4 * (1 + input / 4) * block.kernel.width + input % 4,
          as: Int8.self)
      }
      unsafe first.storeBytes(of: -128 * sum, as: Int32.self)
    }
  }

  /// Stores a weight in float32 or bfloat16.
  private func store(_ value: Float, _ block: Block, lane: Int, input: Int, tap: Int) {
    let width = block.kernel.width
    if format == .float32 {
      unsafe memory[block.weights + (tap * inputs + input) * width + lane] = value
      return
    }
    let first = inputs - rest
    let pairs = (first + 1) / 2
    let (channel, row) =
      input < first
      ? (input, tap * pairs)
      : (input - first, taps * pairs + tap * ((rest + 1) / 2))
    let word = block.weights + (row + channel / 2) * width + lane
    unsafe UnsafeMutableRawPointer(memory + word).storeBytes(
      of: value.bfloat16, toByteOffset: channel % 2 * 2, as: UInt16.self)
  }

  /// The product of one tap alone, without bias and activation, of 12 inputs: `sums` is the result.
  func tile(
    _ block: Block, tap: Int, inputs slots: UnsafeMutablePointer<UnsafeRawPointer>,
    sums: UnsafeMutablePointer<Float>
  ) -> vfi_convolution_tile {
    unsafe vfi_convolution_tile(
      inputs: UnsafePointer(slots), taps: 1, input_channels: inputs, rest_channels: 0,
      weights: UnsafeRawPointer(memory + block.weights + tap * rows * block.kernel.width),
      steps: nil, bias: UnsafePointer(memory), slopes: nil, outputs: nil, residuals: nil,
      output_bfloat16: false, residual_bfloat16: false, first_channel: 0,
      output_channels: block.channels, pixels: ConvolutionGrid.tilePixels, sums: sums)
  }

  /// What the way back from Winograd's domain needs to know of `block`.
  func winogradOutput(
    _ block: Block, sums: UnsafeMutablePointer<Float>, pointStride: Int,
    outputs: UnsafeMutablePointer<UnsafeMutableRawPointer?>,
    residuals: UnsafeMutablePointer<UnsafeRawPointer?>, tiles: Int, output: Precision,
    residual: Precision?
  ) -> vfi_winograd_output {
    unsafe vfi_winograd_output(
      sums: UnsafePointer(sums), point_stride: pointStride,
      bias: UnsafePointer(memory + block.bias),
      slopes: hasSlopes ? UnsafePointer(memory + block.slopes) : nil,
      outputs: UnsafePointer(outputs), residuals: residual != nil ? UnsafePointer(residuals) : nil,
      output_bfloat16: output == .bfloat16, residual_bfloat16: residual == .bfloat16,
      first_channel: block.firstChannel, output_channels: block.channels, tiles: tiles)
  }

  /// What a kernel needs to know for the pixels of `slots` and the output channels of `block`.
  func tile(
    _ block: Block, _ slots: ConvolutionSlots, first: Int, pixels: Int, output: Precision,
    residual: Precision?
  ) -> vfi_convolution_tile {
    unsafe vfi_convolution_tile(
      inputs: UnsafePointer(slots.inputs + first * tapSlots), taps: taps,
      input_channels: inputs - rest, rest_channels: rest,
      weights: UnsafeRawPointer(memory + block.weights), steps: UnsafePointer(memory + block.steps),
      bias: UnsafePointer(memory + block.bias),
      slopes: hasSlopes ? UnsafePointer(memory + block.slopes) : nil,
      outputs: UnsafePointer(slots.outputs + first),
      residuals: residual != nil ? UnsafePointer(slots.residuals + first) : nil,
      output_bfloat16: output == .bfloat16, residual_bfloat16: residual == .bfloat16,
      first_channel: block.firstChannel, output_channels: block.channels, pixels: pixels,
      sums: slots.sums)
  }
}
