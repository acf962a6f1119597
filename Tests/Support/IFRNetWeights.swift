// SPDX-License-Identifier: MIT
import VFIEngine

/// IFRNet's layer table, written a second time, with hashed weights.
package struct IFRNetWeights: Sendable {
  package let architecture: String
  let pyramid: [Int]
  let side: Int
  let firstKernel: Int
  package let parameterCount: Int
  /// Thousands of multiply-adds per pixel, from the paper's layers by hand.
  package let kmacPerPixel: Double

  package static let variants = [
    IFRNetWeights(
      architecture: "ifrnet-s", pyramid: [24, 36, 54, 72], side: 24, firstKernel: 3,
      parameterCount: 2_803_610, kmacPerPixel: 109.9),
    IFRNetWeights(
      architecture: "ifrnet-b", pyramid: [32, 48, 72, 96], side: 32, firstKernel: 3,
      parameterCount: 4_959_692, kmacPerPixel: 193.4),
    IFRNetWeights(
      architecture: "ifrnet-l", pyramid: [64, 96, 144, 192], side: 64, firstKernel: 7,
      parameterCount: 19_699_460, kmacPerPixel: 766),
  ]

  package func file() throws -> WeightFile { try writer.file() }

  /// All tensors under their official names.
  package var writer: SafetensorsWriter {
    var writer = SafetensorsWriter(metadata: [("architecture", architecture)])
    var inputs = 3
    for (index, channels) in pyramid.enumerated() {
      let name = "encoder.pyramid\(index + 1)"
      writer.addConvolution(
        "\(name).0.0", inputs: inputs, outputs: channels, kernel: index == 0 ? firstKernel : 3,
        slopes: "\(name).0.1")
      writer.addConvolution(
        "\(name).1.0", inputs: channels, outputs: channels, slopes: "\(name).1.1")
      inputs = channels
    }
    let (c1, c2, c3, c4) = (pyramid[0], pyramid[1], pyramid[2], pyramid[3])
    addDecoder(&writer, 4, inputs: 2 * c4 + 1, channels: 2 * c4, outputs: 4 + c3)
    addDecoder(&writer, 3, inputs: 3 * c3 + 4, channels: 3 * c3, outputs: 4 + c2)
    addDecoder(&writer, 2, inputs: 3 * c2 + 4, channels: 3 * c2, outputs: 4 + c1)
    addDecoder(&writer, 1, inputs: 3 * c1 + 4, channels: 3 * c1, outputs: 8)
    return writer
  }

  private func addDecoder(
    _ writer: inout SafetensorsWriter, _ level: Int, inputs: Int, channels: Int, outputs: Int
  ) {
    let name = "decoder\(level).convblock"
    writer.addConvolution(
      "\(name).0.0", inputs: inputs, outputs: channels, slopes: "\(name).0.1")
    for (index, width) in [channels, side, channels, side].enumerated() {
      let layer = "\(name).1.conv\(index + 1)"
      writer.addConvolution("\(layer).0", inputs: width, outputs: width, slopes: "\(layer).1")
    }
    writer.addConvolution(
      "\(name).1.conv5", inputs: channels, outputs: channels, slopes: "\(name).1.prelu")
    writer.addTransposed("\(name).2", inputs: channels, outputs: outputs)
  }
}
