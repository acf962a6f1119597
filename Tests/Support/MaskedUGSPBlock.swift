// SPDX-License-Identifier: MIT
import VFIEngine

/// UGSP's mask-guided block as its definition reads: everything dense, then times a mask.
///
/// The mask may be soft, so that the fixtures of training check this twin; it then checks the sparse
/// block of the engine.
package final class MaskedUGSPBlock {
  private let head: Convolution
  private let headSlopes: [Float]
  private let body: [(layer: Convolution, slopes: [Float])]
  private let join: Convolution
  private let channels: Int

  /// Reads the weights of `name` in `file`; `activatesJoin` for the last block.
  package init(
    _ file: WeightFile, _ name: String, channels: Int, layers: Int, outputs: Int,
    activatesJoin: Bool = false, kernels: KernelTable
  ) throws {
    self.channels = channels
    head = try Convolution(
      file, "\(name).conv_head.0", inputs: channels, outputs: channels, hasBias: false,
      kernels: kernels)
    headSlopes = try file.floats("\(name).conv_head.1.weight", shape: [channels])
    body = try (0..<layers).map { index in
      (
        try Convolution(
          file, "\(name).convblock_l.\(index)", inputs: channels, outputs: channels,
          hasBias: false, kernels: kernels),
        try file.floats("\(name).prelu_l.\(index).weight", shape: [channels])
      )
    }
    join = try Convolution(
      file, "\(name).conv_last", inputs: channels * (layers + 1), outputs: outputs, kernel: 1,
      activation: activatesJoin
        ? .prelu(try file.floats("\(name).prelu_last.weight", shape: [outputs])) : .none,
      kernels: kernels)
  }

  /// The join of `input` `[h, w, channels]` under `mask` `[h, w, 1]`.
  package func callAsFunction(
    _ input: FeatureMap, mask: FeatureMap, on engine: Engine
  ) throws -> FeatureMap {
    func map(_ channels: Int) throws -> FeatureMap {
      try engine.scratch.map(height: input.height, width: input.width, channels: channels)
    }
    let wide = try map(channels * (body.count + 1))
    var x = wide.slice(0..<channels)
    try head(input, into: x, on: engine)
    activate(x, headSlopes)
    multiply(x, by: mask)
    for (index, (layer, slopes)) in body.enumerated() {
      let y = wide.slice((index + 1) * channels..<(index + 2) * channels)
      try layer(x, into: y, on: engine)
      multiply(y, by: mask)
      activate(y, slopes)
      x = y
    }
    let output = try map(join.outputs)
    try join(wide, into: output, on: engine)
    return output
  }

  private func activate(_ map: FeatureMap, _ slopes: [Float]) {
    change(map) { _, _, c, value in value < 0 ? value * slopes[c] : value }
  }

  private func multiply(_ map: FeatureMap, by mask: FeatureMap) {
    change(map) { y, x, _, value in value * mask[y, x, 0] }
  }

  private func change(_ map: FeatureMap, _ body: (Int, Int, Int, Float) -> Float) {
    for y in 0..<map.height {
      for x in 0..<map.width {
        for c in 0..<map.channels { map[y, x, c] = body(y, x, c, map[y, x, c]) }
      }
    }
  }
}
