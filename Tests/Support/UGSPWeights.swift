// SPDX-License-Identifier: MIT
import VFIEngine

/// UGSP's layer table, written a second time, with hashed weights.
package enum UGSPWeights {
  /// With this before the names every mask has both values on the fixtures' pictures.
  package static let hashPrefix = "4."

  package static func file(_ architecture: String = "ugsp") throws -> WeightFile {
    try writer(architecture).file()
  }

  /// All tensors of inference under their official names.
  package static func writer(_ architecture: String) -> SafetensorsWriter {
    var writer = SafetensorsWriter(metadata: [("architecture", architecture)])
    writer.hashPrefix = hashPrefix
    var inputs = 3
    for (index, channels) in [32, 48, 72, 96].enumerated() {
      let name = "context.pyramid\(index + 1)"
      writer.addConvolution(
        "\(name).0.0", inputs: inputs, outputs: channels, slopes: "\(name).0.1")
      writer.addConvolution(
        "\(name).1.0", inputs: channels, outputs: channels, slopes: "\(name).1.1")
      inputs = channels
    }
    addBlock(&writer, "glblock_first", channels: 192, layers: 5, features: 72, hasBias: true)
    addBlock(&writer, "glblock_1", channels: 220, layers: 5, features: 48)
    addBlock(&writer, "glblock_2", channels: 148, layers: 5, features: 32)
    addBlock(&writer, "glblock_final", channels: 100, layers: 4, features: nil)
    if architecture == "ugsp-refine" { addRefinement(&writer) }
    return writer
  }

  /// `features` counts the join's outputs beside the flows; nil for the last block.
  package static func addBlock(
    _ writer: inout SafetensorsWriter, _ name: String, channels: Int, layers: Int, features: Int?,
    hasBias: Bool = false
  ) {
    writer.addConvolution(
      "\(name).conv_head.0", inputs: channels, outputs: channels, slopes: "\(name).conv_head.1",
      hasBias: hasBias)
    for index in 0..<layers {
      writer.addConvolution(
        "\(name).convblock_l.\(index)", inputs: channels, outputs: channels,
        slopes: "\(name).prelu_l.\(index)", hasBias: hasBias)
    }
    writer.addConvolution(
      "\(name).conv_last", inputs: channels * (layers + 1),
      outputs: features.map { 4 + $0 } ?? channels, kernel: 1,
      slopes: features == nil ? "\(name).prelu_last" : nil)
    if let features {
      writer.addConvolution("\(name).conv_mask", inputs: features, outputs: 2)
    } else {
      writer.addTransposed("\(name).dconv_last", inputs: channels, outputs: 8)
    }
  }

  private static func addRefinement(_ writer: inout SafetensorsWriter) {
    func halve(_ name: String, _ inputs: Int, _ outputs: Int) {
      writer.addConvolution(
        "\(name).conv1.0", inputs: inputs, outputs: outputs, slopes: "\(name).conv1.1")
      writer.addConvolution(
        "\(name).conv2.0", inputs: outputs, outputs: outputs, slopes: "\(name).conv2.1")
    }
    for (index, (inputs, outputs)) in [(3, 10), (10, 20), (20, 40), (40, 80)].enumerated() {
      halve("contextnet.conv\(index + 1)", inputs, outputs)
    }
    for (index, (inputs, outputs)) in [(17, 20), (40, 40), (80, 80), (160, 160)].enumerated() {
      halve("unet.down\(index)", inputs, outputs)
    }
    for (index, (inputs, outputs)) in [(320, 80), (160, 40), (80, 20), (40, 10)].enumerated() {
      writer.addTransposed(
        "unet.up\(index).0", inputs: inputs, outputs: outputs, slopes: "unet.up\(index).1")
    }
    writer.addConvolution("unet.conv", inputs: 10, outputs: 3)
  }
}
