// SPDX-License-Identifier: MIT
import VFIEngine

/// The default model's layer table, written a second time, with hashed weights.
package enum DefaultModelWeights {
  package static let parameterCount = 594_232
  /// Thousands of multiply-adds per pixel, as `training/vfi_training/macs.py` counts them.
  package static let kmacPerPixel = 19.554

  package static func file() throws -> WeightFile {
    var writer = SafetensorsWriter(metadata: [("architecture", "vfi-v0"), ("name", "default")])
    func block(_ name: String, _ inputs: Int, _ outputs: Int) {
      writer.addConvolution(
        "\(name).conv", inputs: inputs, outputs: outputs, slopes: "\(name).prelu")
    }
    block("encoder.to_half", 3, 16)
    block("encoder.to_quarter", 16, 32)
    block("encoder.at_quarter", 32, 32)
    block("encoder.to_eighth", 32, 48)
    block("encoder.at_eighth", 48, 48)
    block("refine_eighth.enter", 201, 64)
    block("refine_eighth.down", 64, 96)
    block("refine_eighth.context", 96, 96)
    writer.addTransposed("refine_eighth.up", inputs: 96, outputs: 64)
    block("refine_eighth.merge", 64, 64)
    writer.addTransposed("refine_eighth.head", inputs: 64, outputs: 32)
    block("refine_quarter.enter", 95, 48)
    block("refine_quarter.residual", 48, 48)
    writer.addConvolution(
      "refine_quarter.residual2", inputs: 48, outputs: 48, slopes: "refine_quarter.prelu")
    writer.addTransposed("refine_quarter.head", inputs: 48, outputs: 16)
    block("refine_half.enter", 48, 32)
    block("refine_half.middle", 32, 32)
    writer.addTransposed("refine_half.head", inputs: 32, outputs: 8)
    return try writer.file()
  }
}
