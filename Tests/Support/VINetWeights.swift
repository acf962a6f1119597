// SPDX-License-Identifier: MIT
import VFIEngine

/// VINet's layer table, written a second time, with hashed weights.
///
/// The same as in `training/fixtures_vinet.py`: the factors keep the signal up through the gates.
package enum VINetWeights {
  private static let prefix = "1."
  private static let gated: Float = 2.625
  private static let biased: Float = 1.25

  // Made once for all tests.
  private static let small = Result { try writer("vinet-256").file() }
  private static let large = Result { try writer("vinet-512").file() }

  package static func file(_ architecture: String) throws -> WeightFile {
    try (architecture == "vinet-512" ? large : small).get()
  }

  /// All tensors under their official names.
  private static func writer(_ architecture: String) -> SafetensorsWriter {
    var writer = SafetensorsWriter(metadata: [("architecture", architecture)])
    for encoder in ["encoder1", "encoder2"] {
      let table = [
        ("ec0", 5, 32), ("ec1", 32, 64), ("ec2", 64, 64), ("ec3_1", 64, 96), ("ec3_2", 96, 96),
        ("ec4_1", 96, 128), ("ec4", 128, 128), ("ec5", 128, 128),
      ]
      for (layer, inputs, outputs) in table {
        addGated(&writer, "\(encoder).\(layer).conv", [2 * outputs, inputs, 3, 3])
      }
    }
    for index in 0..<4 {
      addGated(&writer, "bottleneck.bt\(index).conv", [256, index == 0 ? 256 : 128, 3, 3])
    }
    addBiased(&writer, "convlstm.Gates", inputs: 256, outputs: 512)
    addDecoder(&writer)
    for (suffix, channels) in [("", 128), ("_64", 96), ("_128", 64), ("_256", 32)] {
      let inputs = channels + 81 + (suffix.isEmpty ? 0 : 2)
      addFlow(&writer, "flownet\(suffix).flow_estimator", inputs: inputs)
      addChain(
        &writer, "masknet\(suffix).convs", [channels, channels / 2, channels / 2])
      addBiased(&writer, "masknet\(suffix).convs.2", inputs: channels / 2, outputs: 1)
      if suffix != "_256" {
        addGated(
          &writer, "st_agg\(suffix).stAgg.conv", [2 * channels, channels, 5, 3, 3])
      }
    }
    return writer
  }

  private static func addDecoder(_ writer: inout SafetensorsWriter) {
    let table = [
      ("dc0.conv", 128, 128), ("dc1.conv", 128, 128), ("dc1_1.conv.1", 128, 96),
      ("dc2_1.conv", 192, 96), ("dc2_bt1.conv", 96, 96), ("dc2_bt2.conv", 96, 96),
      ("dc2_bt3.conv", 96, 96), ("dc2_2.conv.1", 96, 64), ("dc3_1.conv", 128, 64),
      ("dc3_2.conv", 64, 64), ("dc4.conv.1", 64, 32), ("dc5.conv", 32, 16),
    ]
    for (layer, inputs, outputs) in table {
      addGated(&writer, "decoder.\(layer)", [2 * outputs, inputs, 1, 3, 3])
    }
    addGated(&writer, "decoder.dc6", [3, 16, 1, 3, 3])
  }

  private static func addFlow(
    _ writer: inout SafetensorsWriter, _ name: String, inputs: Int
  ) {
    addChain(&writer, "\(name).convs", [inputs, 128, 128, 96, 64, 32])
    addBiased(&writer, "\(name).conv1", inputs: 32, outputs: 2)
    addChain(&writer, "\(name).convs_fine.convs", [34, 128, 128, 128, 96, 64, 32, 2])
  }

  private static func addChain(
    _ writer: inout SafetensorsWriter, _ name: String, _ sizes: [Int]
  ) {
    for (index, inputs) in sizes.dropLast().enumerated() {
      addBiased(&writer, "\(name).\(index).0", inputs: inputs, outputs: sizes[index + 1])
    }
  }

  private static func addGated(
    _ writer: inout SafetensorsWriter, _ name: String, _ shape: [Int]
  ) {
    addScaled(&writer, "\(name).weight", shape, by: gated)
  }

  private static func addBiased(
    _ writer: inout SafetensorsWriter, _ name: String, inputs: Int, outputs: Int
  ) {
    addScaled(&writer, "\(name).weight", [outputs, inputs, 3, 3], by: biased)
    let bias = HashedWeights.values("\(prefix)\(name).bias", [outputs], .bias)
    writer.add("\(name).bias", [outputs], bias)
  }

  private static func addScaled(
    _ writer: inout SafetensorsWriter, _ name: String, _ shape: [Int], by factor: Float
  ) {
    let values = HashedWeights.values(prefix + name, shape, .convolution)
    writer.add(name, shape, values.map { $0 * factor })
  }
}
