// SPDX-License-Identifier: MIT
import VFIEngine

/// The default model's layer table, written a second time, with hashed weights.
package enum DefaultModelWeights {
  package static let parameterCount = 482_544
  /// Thousands of multiply-adds per pixel with all pixels refined, as `training/vfi_training/macs.py`
  /// counts them.
  package static let kmacPerPixel = 13.722

  /// The model in any arithmetic.
  package static func model(_ arithmetic: Arithmetic, level: CPULevel) throws -> DefaultModel {
    let network = try openNetwork(try file(), arithmetic, level: level)
    guard case .interpolation(let model) = network, let model = model as? DefaultModel else {
      throw VFIError.defect("the default model's weights are another one's")
    }
    return model
  }

  package static func file() throws -> WeightFile {
    var writer = SafetensorsWriter(metadata: [("architecture", "vfi-v1"), ("name", "default")])
    func block(_ name: String, _ inputs: Int, _ outputs: Int) {
      writer.addConvolution(
        "\(name).conv", inputs: inputs, outputs: outputs, slopes: "\(name).prelu")
    }
    func residual(_ name: String, _ channels: Int) {
      block("\(name).first", channels, channels)
      writer.addConvolution(
        "\(name).second", inputs: channels, outputs: channels, slopes: "\(name).prelu")
    }
    block("encoder.to_half", 3, 16)
    block("encoder.to_quarter", 16, 32)
    block("encoder.to_eighth", 32, 32)
    block("guide.enter", 144, 48)
    residual("guide.residual", 48)
    block("guide.down", 48, 96)
    residual("guide.context", 96)
    writer.addTransposed("guide.up", inputs: 96, outputs: 48)
    block("guide.merge", 48, 48)
    writer.addTransposed("guide.head", inputs: 48, outputs: 32)
    block("refine.enter", 80, 32)
    block("refine.middle", 32, 32)
    writer.addConvolution("refine.head", inputs: 32, outputs: 16)
    return try writer.file()
  }
}
