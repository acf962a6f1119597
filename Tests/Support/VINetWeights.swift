// SPDX-License-Identifier: MIT
import VFIEngine

/// VINet's layer table, written a second time, with hashed weights.
///
/// The same as in `training/fixtures_vinet.py`: the factors keep the signal up through the gates.
package enum VINetWeights {
  private static let prefix = "1."
  private static let gated: Float = 2.625
  private static let biased: Float = 1.25

  /// Channels and reaches, as `FORMS` in `training/vfi_training/vinet.py` has them.
  private struct Form {
    /// At 1/8, 1/4, 1/2, 1/1.
    var levels = [128, 96, 64, 32]
    var places = [81, 81, 81, 81]
    var trunk = [128, 128, 96, 64, 32]
    var context = [128, 128, 128, 96, 64, 32]
    var last = 16
    var refines = true
  }

  private static let narrow = Form(
    levels: [48, 32, 16, 8], places: [81, 25, 25, 25], trunk: [16, 16, 16, 16, 8],
    context: [16, 16, 16, 16, 16, 8], last: 8, refines: false)

  // Made once for all tests.
  private static let small = Result { try writer("vinet-256").file() }
  private static let large = Result { try writer("vinet-512").file() }
  private static let smallest = Result { try writer("vinet-s").file() }

  package static func file(_ architecture: String) throws -> WeightFile {
    switch architecture {
    case "vinet-s": try smallest.get()
    case "vinet-512": try large.get()
    default: try small.get()
    }
  }

  /// All tensors under their official names.
  package static func writer(_ architecture: String) -> SafetensorsWriter {
    let form = architecture == "vinet-s" ? narrow : Form()
    let (eighth, quarter, half, full) = (
      form.levels[0], form.levels[1], form.levels[2], form.levels[3]
    )
    var writer = SafetensorsWriter(metadata: [("architecture", architecture)])
    for encoder in ["encoder1", "encoder2"] {
      let table = [
        ("ec0", 5, full), ("ec1", full, half), ("ec2", half, half), ("ec3_1", half, quarter),
        ("ec3_2", quarter, quarter), ("ec4_1", quarter, eighth), ("ec4", eighth, eighth),
        ("ec5", eighth, eighth),
      ]
      for (layer, inputs, outputs) in table {
        addGated(&writer, "\(encoder).\(layer).conv", [2 * outputs, inputs, 3, 3])
      }
    }
    for index in 0..<4 {
      let inputs = index == 0 ? 2 * eighth : eighth
      addGated(&writer, "bottleneck.bt\(index).conv", [2 * eighth, inputs, 3, 3])
    }
    addBiased(&writer, "convlstm.Gates", inputs: 2 * eighth, outputs: 4 * eighth)
    addDecoder(&writer, form)
    for (level, suffix) in ["", "_64", "_128", "_256"].enumerated() {
      let channels = form.levels[level]
      if suffix != "_256" || form.refines {
        let inputs = channels + form.places[level] + (suffix.isEmpty ? 0 : 2)
        addFlow(&writer, "flownet\(suffix).flow_estimator", inputs: inputs, form)
      }
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

  private static func addDecoder(_ writer: inout SafetensorsWriter, _ form: Form) {
    let (eighth, quarter, half, full) = (
      form.levels[0], form.levels[1], form.levels[2], form.levels[3]
    )
    let table = [
      ("dc0.conv", eighth, eighth), ("dc1.conv", eighth, eighth),
      ("dc1_1.conv.1", eighth, quarter), ("dc2_1.conv", 2 * quarter, quarter),
      ("dc2_bt1.conv", quarter, quarter), ("dc2_bt2.conv", quarter, quarter),
      ("dc2_bt3.conv", quarter, quarter), ("dc2_2.conv.1", quarter, half),
      ("dc3_1.conv", 2 * half, half), ("dc3_2.conv", half, half), ("dc4.conv.1", half, full),
      ("dc5.conv", full, form.last),
    ]
    for (layer, inputs, outputs) in table {
      addGated(&writer, "decoder.\(layer)", [2 * outputs, inputs, 1, 3, 3])
    }
    addGated(&writer, "decoder.dc6", [3, form.last, 1, 3, 3])
  }

  private static func addFlow(
    _ writer: inout SafetensorsWriter, _ name: String, inputs: Int, _ form: Form
  ) {
    let last = form.trunk[4]
    addChain(&writer, "\(name).convs", [inputs] + form.trunk)
    addBiased(&writer, "\(name).conv1", inputs: last, outputs: 2)
    addChain(&writer, "\(name).convs_fine.convs", [last + 2] + form.context + [2])
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
