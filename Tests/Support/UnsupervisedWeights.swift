// SPDX-License-Identifier: MIT
import VFIEngine

/// The generator of unsupervised inpainting, its table written a second time, with hashed weights.
///
/// The same as `hashed_folded` in `training/vfi_training/unsup.py`.
package enum UnsupervisedWeights {
  private static let prefix = "1."

  /// A file of width 4; `frames` goes to the metadata.
  package static func file(frames: String = "3", leavingOut: String = "") throws -> WeightFile {
    var writer = SafetensorsWriter(
      metadata: [("architecture", "unsup-4"), ("frames", frames)])
    for (name, shape, kind) in table where name != leavingOut {
      let hashed = HashedWeights.values(prefix + name + kind.suffix, shape, kind.rule)
      writer.add(name, shape, kind == .scale ? hashed.map { 1 + 2.5 * $0 } : hashed)
    }
    return try writer.file()
  }

  private enum Kind {
    case weight, bias, scale, shift

    /// What stands behind the tensor's name where it is hashed.
    var suffix: String { self == .scale || self == .shift ? ".bias" : "" }
    var rule: HashedWeights.Kind { self == .weight ? .convolution : .bias }
  }

  private static var table: [(String, [Int], Kind)] {
    let sides = [3, 4, 64, 32, 16, 8, 4]
    var rows: [(String, [Int], Kind)] = []
    for (index, inputs) in sides.dropLast().enumerated() {
      let (name, outputs) = ("blocks.\(index)", sides[index + 1])
      rows += [
        ("\(name).scale", [inputs], .scale), ("\(name).shift", [inputs], .shift),
        ("\(name).conv1.weight", [outputs, inputs, 3, 3, 3], .weight),
        ("\(name).conv1.bias", [outputs], .bias),
        ("\(name).conv2.weight", [outputs, outputs, 3, 3, 3], .weight),
        ("\(name).shortcut.weight", [outputs, inputs, 1, 1], .weight),
      ]
    }
    for (part, inputs, outputs) in [
      ("query", 8, 1), ("key", 8, 1), ("value", 8, 4), ("output", 4, 8),
    ] {
      rows += [
        ("attention.\(part).weight", [outputs, inputs, 1, 1], .weight),
        ("attention.\(part).bias", [outputs], .bias),
      ]
    }
    return rows + [
      ("scale", [4], .scale), ("shift", [4], .shift), ("last.weight", [3, 4, 3, 3, 3], .weight),
      ("last.bias", [3], .bias),
    ]
  }
}
