// SPDX-License-Identifier: MIT
import VFIEngine

/// Builds model files in memory.
package struct SafetensorsWriter {
  package var metadata: [(key: String, value: String)]
  /// What stands before a tensor's name where its values are hashed.
  package var hashPrefix = ""
  private var header = ""
  private var data: [UInt8] = []

  package init(metadata: [(key: String, value: String)] = []) { self.metadata = metadata }

  package mutating func add(_ name: String, _ shape: [Int], _ values: [Float]) {
    let end = data.count + 4 * values.count
    header += ",\"\(name)\":{\"dtype\":\"F32\",\"shape\":\(shape),"
    header += "\"data_offsets\":[\(data.count),\(end)]}"
    data.reserveCapacity(end)
    values.map { $0.bitPattern.littleEndian }.withUnsafeBytes { data.append(contentsOf: $0) }
  }

  /// The bytes of the file.
  package var bytes: [UInt8] {
    let strings = metadata.map { "\"\($0.key)\":\"\($0.value)\"" }.joined(separator: ",")
    return Self.bytes(header: "{\"__metadata__\":{\(strings)}\(header)}", data: data)
  }

  package func file() throws -> WeightFile { try Self.file(bytes) }

  /// A file with any header, for tests of hostile ones.
  package static func bytes(header: String, data: [UInt8]) -> [UInt8] {
    let length = withUnsafeBytes(of: UInt64(header.utf8.count).littleEndian) { Array($0) }
    return length + Array(header.utf8) + data
  }

  package static func file(_ bytes: [UInt8]) throws -> WeightFile {
    try bytes.withUnsafeBytes { try WeightFile(bytes: $0) }
  }
}
