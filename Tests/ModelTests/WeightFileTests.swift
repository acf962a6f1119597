// SPDX-License-Identifier: MIT
import TestSupport
import Testing
import VFIEngine

/// The reader of model files, which come from strangers.
@Suite struct WeightFileTests {
  @Test func readsWhatWasWritten() throws {
    var writer = SafetensorsWriter(metadata: [
      ("architecture", "x"), ("note", "a \\\"b\\\" \\u00e9"),
    ])
    writer.add("first", [2, 3], [1, 2, 3, 4, 5, 6])
    writer.add("second", [], [7])
    writer.add("empty", [0, 4], [])
    let file = try writer.file()
    #expect(file.metadata == ["architecture": "x", "note": "a \"b\" \u{e9}"])
    #expect(file.tensorNames == ["empty", "first", "second"])
    #expect(file.parameterCount == 7)
    #expect(try file.floats("first", shape: [2, 3]) == [1, 2, 3, 4, 5, 6])
    #expect(try file.floats("second", shape: []) == [7])
  }

  @Test func readsShorterFloats() throws {
    let header =
      #"{"h":{"dtype":"F16","shape":[2],"data_offsets":[0,4]},"#
      + #""b":{"dtype":"BF16","shape":[1],"data_offsets":[4,6]}}  "#
    let bytes: [UInt8] = [0x00, 0x3C, 0x00, 0xC1, 0x40, 0x40]
    let file = try SafetensorsWriter.file(SafetensorsWriter.bytes(header: header, data: bytes))
    #expect(try file.floats("h", shape: [2]) == [1, -2.5])
    #expect(try file.floats("b", shape: [1]) == [3])
  }

  @Test func mapsAFile() throws {
    let fixture = try Fixture("layers")
    #expect(try fixture.file.shape("conv3x3.weight") == [7, 5, 3, 3])
  }

  @Test func wrongRequestsAreNamed() throws {
    var writer = SafetensorsWriter()
    writer.add("a", [2], [1, .infinity])
    let file = try writer.file()
    #expect(throws: VFIError.model("there is no tensor 'b'")) {
      try file.floats("b", shape: [1])
    }
    #expect(throws: VFIError.model("tensor 'a' has the shape [2], not [3]")) {
      try file.floats("a", shape: [3])
    }
    #expect(throws: VFIError.model("tensor 'a' has a value that is not finite")) {
      try file.floats("a", shape: [2])
    }
  }

  @Test(arguments: ["/nonexistent/model.safetensors", "/", "/dev/null"])
  func unreadablePathsAreRefused(path: String) {
    #expect(throws: VFIError.self) { try WeightFile(path: path) }
  }

  /// Headers over four bytes of data; each must be refused.
  static let hostile = [
    "", "{", "}", "[]", "null", "{}", "{} {}", #"{"a"}"#, #"{"a":}"#, #"{"a":1}"#, #"{"a":{}}"#,
    #"{"a":{"dtype":"F32","shape":[1]}}"#,
    #"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0]}}"#,
    #"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4,8]}}"#,
    #"{"a":{"dtype":"F32","shape":[1],"data_offsets":[4,0]}}"#,
    #"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,8]}}"#,
    #"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,4]}}"#,
    #"{"a":{"dtype":"F32","shape":[1],"data_offsets":[-4,0]}}"#,
    #"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,04]}}"#,
    #"{"a":{"dtype":"F32","shape":[1.0],"data_offsets":[0,4]}}"#,
    #"{"a":{"dtype":"F32","shape":[1e0],"data_offsets":[0,4]}}"#,
    #"{"a":{"dtype":"F99","shape":[1],"data_offsets":[0,4]}}"#,
    #"{"a":{"dtype":"F32","shape":[9223372036854775807,9223372036854775807],"data_offsets":[0,4]}}"#,
    #"{"a":{"dtype":"F32","shape":[99999999999999999999],"data_offsets":[0,4]}}"#,
    #"{"a":{"dtype":"F32","shape":[1,1,1,1,1,1,1,1,1],"data_offsets":[0,4]}}"#,
    #"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4],"extra":1}}"#,
    #"{"a":{"dtype":"F32","dtype":"F32","shape":[1],"data_offsets":[0,4]}}"#,
    #"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},}"#,
    #"{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"b":{"dtype":"U8","shape":[2],"data_offsets":[2,4]}}"#,
    #"{"a":{"dtype":"U8","shape":[3],"data_offsets":[0,3]},"b":{"dtype":"U8","shape":[2],"data_offsets":[2,4]}}"#,
    #"{"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2]},"a":{"dtype":"U8","shape":[2],"data_offsets":[2,4]}}"#,
    #"{"__metadata__":{"a":1},"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}"#,
    #"{"__metadata__":{"a":"\x"},"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}"#,
    #"{"__metadata__":{"a":"\ud800"},"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}"#,
    #"{"__metadata__":{"a":"\u12"},"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}"#,
    "{\"a\n\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]}}",
  ]

  @Test(arguments: hostile)
  func hostileHeadersAreRefused(header: String) {
    let bytes = SafetensorsWriter.bytes(header: header, data: [0, 0, 0, 0])
    #expect(throws: VFIError.self) { try SafetensorsWriter.file(bytes) }
  }

  @Test func everyTruncationIsRefused() throws {
    var writer = SafetensorsWriter(metadata: [("architecture", "x")])
    writer.add("a", [1], [1])
    let bytes = writer.bytes
    for length in 0..<bytes.count {
      #expect(throws: VFIError.self) { try SafetensorsWriter.file(Array(bytes[0..<length])) }
    }
    #expect(throws: VFIError.self) { try SafetensorsWriter.file(bytes + [0]) }
  }

  /// Any byte may be anything: an error or a file, never a trap.
  @Test func randomDamageNeverTraps() throws {
    var writer = SafetensorsWriter(metadata: [("architecture", "ifrnet-s")])
    writer.add("a", [2, 2], [1, 2, 3, 4])
    var random = SeededRandom(3)
    for _ in 0..<20000 {
      var bytes = writer.bytes
      for _ in 0..<Int.random(in: 1...4, using: &random) {
        bytes[.random(in: 0..<bytes.count, using: &random)] = .random(in: 0...255, using: &random)
      }
      guard let file = try? SafetensorsWriter.file(bytes) else { continue }
      for name in file.tensorNames { _ = try? file.floats(name, shape: [2, 2]) }
      #expect(throws: VFIError.self) { _ = try openModel(file) }
    }
  }

  @Test func aHugeHeaderLengthIsRefused() {
    for length: UInt64 in [.max, 1 << 63, 1 << 32, 17] {
      let bytes = withUnsafeBytes(of: length.littleEndian) { Array($0) } + Array("{}      ".utf8)
      #expect(throws: VFIError.self) { try SafetensorsWriter.file(bytes) }
    }
  }

  @Test func unknownArchitecturesAreNamed() throws {
    let file = try SafetensorsWriter(metadata: [("architecture", "other")]).file()
    #expect(throws: VFIError.model("the architecture 'other' is unknown")) {
      _ = try openModel(file)
    }
  }
}
