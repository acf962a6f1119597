// SPDX-License-Identifier: MIT
import CIntrinsics

/// A long short-term memory of features, without peepholes, whose gates are one 3x3 convolution.
///
/// Gates are input, remember, output and cell: `cell = remember * cell + input * tanh(new)`,
/// `hidden = output * tanh(cell)`. All maps are `[H, W, channels]`, float32.
package final class ConvLSTM: Sendable {
  private let gates: Convolution
  private let channels: Int

  /// Reads `name.weight` `[4 channels, 2 channels, 3, 3]`, the input's channels first, and a bias.
  package init(
    _ file: WeightFile, _ name: String, channels: Int, kernels: KernelTable
  ) throws(VFIError) {
    self.channels = channels
    gates = try Convolution(
      file, name, inputs: 2 * channels, rest: channels, outputs: 4 * channels, method: .winograd,
      kernels: kernels)
  }

  /// Multiply-adds for one pixel.
  package var multiplyAddsPerPixel: Int { gates.multiplyAddsPerPixel }

  /// Takes `input` in: `hidden` and `cell` are those of the last frame, and become those of this one.
  package func callAsFunction(
    _ input: FeatureMap, hidden: FeatureMap, cell: FeatureMap, on engine: Engine
  ) throws(VFIError) {
    let mark = engine.scratch.mark
    defer { engine.scratch.release(to: mark) }
    let values = try engine.scratch.map(
      height: input.height, width: input.width, channels: 4 * channels)
    try gates(input, with: hidden, into: values, on: engine)
    try lstm(values, cell: cell, hidden: hidden, on: engine)
  }
}

/// The step of an LSTM from its gates `[H, W, 4 C]`; `cell` is read and written, `hidden` written.
package func lstm(
  _ gates: FeatureMap, cell: FeatureMap, hidden: FeatureMap, on engine: Engine
) throws(VFIError) {
  guard cell.hasSize(of: hidden), gates.height == cell.height, gates.width == cell.width,
    gates.channels == 4 * cell.channels,
    [gates, cell, hidden].allSatisfy({ $0.precision == .float32 })
  else { throw .defect("lstm: the sizes or types of its maps differ") }
  let arguments = unsafe vfi_lstm(gates: gates.view, cell: cell.view, hidden: hidden.view)
  let kernel = unsafe engine.kernels.inpainting.lstm
  try engine.forEachRows(cell.height) { first, end in
    unsafe withUnsafePointer(to: arguments) { unsafe kernel($0, first, end) }
  }
}
