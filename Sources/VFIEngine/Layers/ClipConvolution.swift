// SPDX-License-Identifier: MIT

/// Features of a few frames in a row: one map `[H, W, (T + 2) C]` whose channels are frame after frame.
///
/// A frame of zeros stands before and after, as the padding of convolutions over time.
package struct ClipFeatures {
  package let frames: Int
  package let channels: Int
  private let map: FeatureMap

  /// Zeros at both ends, and memory of the frames that is not initialised.
  package init(
    height: Int, width: Int, frames: Int, channels: Int, in arena: Arena
  ) throws(VFIError) {
    map = try arena.map(height: height, width: width, channels: (frames + 2) * channels)
    self.frames = frames
    self.channels = channels
    map.slice(0..<channels).fill(0)
    map.slice((frames + 1) * channels..<map.channels).fill(0)
  }

  /// Features of frame `t`, `[H, W, C]`.
  package subscript(t: Int) -> FeatureMap {
    map.slice((t + 1) * channels..<(t + 2) * channels)
  }

  /// Those of the frame and of its two neighbours, `[H, W, 3 C]`.
  func around(_ t: Int) -> FeatureMap { map.slice(t * channels..<(t + 3) * channels) }

  /// Features of the same size and number of frames.
  func like(channels: Int, in arena: Arena) throws(VFIError) -> ClipFeatures {
    try ClipFeatures(
      height: map.height, width: map.width, frames: frames, channels: channels, in: arena)
  }

  /// `max(0, scale x + shift)` of each channel, in place; the zeros at the ends stay.
  func rectify(scale: [Float], shift: [Float], on engine: Engine) throws(VFIError) {
    try engine.forEach(map.height) { y, _ in
      for t in 0..<frames {
        var pixel = unsafe self[t].base + y * map.rowStride
        for _ in 0..<map.width {
          for c in 0..<channels { unsafe pixel[c] = max(0, scale[c] * pixel[c] + shift[c]) }
          unsafe pixel += map.pixelStride
        }
      }
    }
  }
}

/// A convolution over 3x3 places of three frames, with zero padding.
///
/// Since the frames of a clip lie behind each other in the channels, it is a 3x3 convolution of three
/// times as many inputs for each frame: the sum over time costs no pass of its own.
package final class ClipConvolution: Sendable {
  package let outputs: Int
  private let layer: Convolution

  /// Reads `name.weight` `[outputs, inputs, 3, 3, 3]`, time first, and `name.bias` if `hasBias`.
  package init(
    _ file: WeightFile, _ name: String, inputs: Int, outputs: Int, hasBias: Bool,
    activation: Activation = .none, kernels: KernelTable
  ) throws(VFIError) {
    let stored = try file.floats("\(name).weight", shape: [outputs, inputs, 3, 3, 3])
    var weights: [Float] = []
    weights.reserveCapacity(stored.count)
    for output in 0..<outputs {
      for time in 0..<3 {
        for input in 0..<inputs {
          let first = ((output * inputs + input) * 3 + time) * 9
          weights += stored[first..<first + 9]
        }
      }
    }
    self.outputs = outputs
    layer = try Convolution(
      weights,
      bias: hasBias
        ? try file.floats("\(name).bias", shape: [outputs])
        : [Float](repeating: 0, count: outputs),
      inputs: 3 * inputs, activation: activation, method: .winograd, kernels: kernels)
  }

  /// Multiply-adds for one pixel of one frame.
  package var multiplyAddsPerPixel: Int { layer.multiplyAddsPerPixel }

  /// Convolves frame `t` of `clip` and its neighbours into `output` `[H, W, outputs]`.
  package func callAsFunction(
    _ clip: ClipFeatures, at t: Int, into output: FeatureMap, adding residual: FeatureMap? = nil,
    on engine: Engine
  ) throws(VFIError) {
    try layer(clip.around(t), into: output, adding: residual, on: engine)
  }
}
