// SPDX-License-Identifier: MIT
import VFIEngine

/// Weights that Python and Swift both compute from the tensor's name.
///
/// Twin of `training/vfi_training/hashed_weights.py`, where the rule is written down.
package enum HashedWeights {
  /// What a tensor is decides its scale.
  package enum Kind {
    case convolution
    case transposed
    case bias
    case slope
  }

  package static func values(_ name: String, _ shape: [Int], _ kind: Kind) -> [Float] {
    let seed = name.utf8.reduce(0xCBF2_9CE4_8422_2325 as UInt64) { hash, byte in
      (hash ^ UInt64(byte)) &* 0x100_0000_01B3
    }
    let scale: Double
    switch kind {
    case .convolution: scale = (3 / Double(shape[1...].reduce(1, *))).squareRoot()
    case .transposed: scale = (3 / Double(shape[0] * 4)).squareRoot()
    case .bias, .slope: scale = 0.1
    }
    let centre = kind == .slope ? 0.25 : 0.0
    return (0..<shape.reduce(1, *)).map { index in
      var random = SeededRandom(seed &+ UInt64(index) &* 0x9E37_79B9_7F4A_7C15)
      let uniform = Double(random.next() >> 40) / Double(1 << 24)
      return Float(centre + (2 * uniform - 1) * scale)
    }
  }
}

extension SafetensorsWriter {
  private mutating func add(_ name: String, _ shape: [Int], _ kind: HashedWeights.Kind) {
    add(name, shape, HashedWeights.values(hashPrefix + name, shape, kind))
  }

  /// A convolution with hashed weights; `slopes` names its PReLU.
  package mutating func addConvolution(
    _ name: String, inputs: Int, outputs: Int, kernel: Int = 3, slopes: String? = nil,
    hasBias: Bool = true
  ) {
    add("\(name).weight", [outputs, inputs, kernel, kernel], .convolution)
    if hasBias { add("\(name).bias", [outputs], .bias) }
    if let slopes { add("\(slopes).weight", [outputs], .slope) }
  }

  /// A transposed convolution of kernel 4 with hashed weights; `slopes` names its PReLU.
  package mutating func addTransposed(
    _ name: String, inputs: Int, outputs: Int, slopes: String? = nil
  ) {
    add("\(name).weight", [inputs, outputs, 4, 4], .transposed)
    add("\(name).bias", [outputs], .bias)
    if let slopes { add("\(slopes).weight", [outputs], .slope) }
  }
}
