// SPDX-License-Identifier: MIT
import VFIEngine

/// Random weights in the format of model files, so that layers are timed as they are used.
struct BenchmarkWeights {
  private var entries: [(name: String, shape: [Int])] = []

  mutating func add(_ name: String, _ shape: [Int]) { entries.append((name, shape)) }

  /// A convolution's weight and bias.
  mutating func addConvolution(_ name: String, inputs: Int, outputs: Int, kernel: Int) {
    add("\(name).weight", [outputs, inputs, kernel, kernel])
    add("\(name).bias", [outputs])
  }

  /// The file with small values that keep activations finite.
  func file(architecture: String = "benchmark") throws -> WeightFile {
    var header = "{\"__metadata__\":{\"architecture\":\"\(architecture)\"}"
    var data: [UInt8] = []
    var state: UInt32 = 1
    for (name, shape) in entries {
      let count = shape.reduce(1, *)
      header += ",\"\(name)\":{\"dtype\":\"F32\",\"shape\":\(shape),"
      header += "\"data_offsets\":[\(data.count),\(data.count + 4 * count)]}"
      let scale = 1 / Float(shape.dropFirst().reduce(1, *)).squareRoot()
      for _ in 0..<count {
        state = state &* 1_664_525 &+ 1_013_904_223
        let value = (Float(state >> 8) / Float(1 << 23) - 1) * scale
        unsafe withUnsafeBytes(of: value.bitPattern.littleEndian) {
          unsafe data.append(contentsOf: $0)
        }
      }
    }
    header += "}"
    var bytes: [UInt8] = []
    unsafe withUnsafeBytes(of: UInt64(header.utf8.count).littleEndian) {
      unsafe bytes.append(contentsOf: $0)
    }
    bytes += Array(header.utf8) + data
    return try unsafe bytes.withUnsafeBytes { try unsafe WeightFile(bytes: $0) }
  }
}
