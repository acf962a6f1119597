// SPDX-License-Identifier: MIT

/// The JSON header of a safetensors file: where each tensor lies, and a few strings.
///
/// The format is a 64-bit little-endian length, that many bytes of JSON, then the tensors' bytes:
/// `{"__metadata__": {"key": "value"}, "name": {"dtype": "F32", "shape": [2, 3],
/// "data_offsets": [0, 24]}}`. The parser takes this one shape of JSON and nothing else, so that
/// it needs no recursion and a hostile file cannot make it work longer than its length.
package struct SafetensorsHeader: Equatable, Sendable {
  /// What the bytes of one tensor are.
  package struct Tensor: Equatable, Sendable {
    package var type = ""
    package var shape: [Int] = []
    /// First byte, and the byte after the last, counted from the end of the header.
    package var begin = 0
    package var end = 0
  }

  package var metadata: [String: String] = [:]
  package var tensors: [String: Tensor] = [:]

  /// Reads `json` and checks that the tensors fill `dataSize` bytes without gap or overlap.
  package init(json: [UInt8], dataSize: Int) throws(VFIError) {
    var reader = HeaderReader(bytes: json)
    try reader.object { (reader, key) throws(VFIError) in
      if key == "__metadata__" {
        try reader.object { (reader, name) throws(VFIError) in
          metadata[name] = try reader.string()
        }
      } else {
        guard tensors[key] == nil else { throw .model("tensor '\(key)' appears twice") }
        tensors[key] = try reader.tensor(key)
      }
    }
    try reader.finish()
    try checkLayout(dataSize)
  }

  /// Bytes of one element of a safetensors type.
  package static func elementSize(_ type: String) -> Int? {
    switch type {
    case "F64", "I64", "U64": 8
    case "F32", "I32", "U32": 4
    case "F16", "BF16", "I16", "U16": 2
    case "I8", "U8", "BOOL": 1
    default: nil
    }
  }

  private func checkLayout(_ dataSize: Int) throws(VFIError) {
    var position = 0
    let inOrder = tensors.sorted { ($0.value.begin, $0.value.end) < ($1.value.begin, $1.value.end) }
    for (name, tensor) in inOrder {
      guard let size = Self.elementSize(tensor.type) else {
        throw .model("tensor '\(name)' has the unknown type '\(tensor.type)'")
      }
      var bytes = size
      for extent in tensor.shape {
        let (product, overflow) = bytes.multipliedReportingOverflow(by: extent)
        guard !overflow else { throw .model("tensor '\(name)' has an impossible shape") }
        bytes = product
      }
      guard tensor.begin == position, tensor.end >= tensor.begin else {
        throw .model("tensor '\(name)' overlaps another one or leaves a gap before it")
      }
      guard tensor.end - tensor.begin == bytes else {
        throw .model(
          "tensor '\(name)' has \(tensor.end - tensor.begin) bytes, its shape needs \(bytes)")
      }
      position = tensor.end
    }
    guard position == dataSize else {
      throw .model("the tensors take \(position) bytes, the file has \(dataSize) for them")
    }
  }
}

/// Walks over the header's bytes; every error names the byte.
private struct HeaderReader {
  let bytes: [UInt8]
  var position = 0

  init(bytes: [UInt8]) { self.bytes = bytes }

  /// `{ "key": value, ... }`; `body` reads the value.
  mutating func object(
    _ body: (inout HeaderReader, String) throws(VFIError) -> Void
  ) throws(VFIError) {
    try expect("{")
    if accept("}") { return }
    repeat {
      let key = try string()
      try expect(":")
      try body(&self, key)
    } while accept(",")
    try expect("}")
  }

  mutating func tensor(_ name: String) throws(VFIError) -> SafetensorsHeader.Tensor {
    var result = SafetensorsHeader.Tensor()
    var seen: [String] = []
    try object { (reader, key) throws(VFIError) in
      guard !seen.contains(key) else { throw reader.error("'\(key)' appears twice") }
      seen.append(key)
      switch key {
      case "dtype": result.type = try reader.string()
      case "shape": result.shape = try reader.numbers(atMost: 8)
      case "data_offsets":
        let offsets = try reader.numbers(atMost: 2)
        guard offsets.count == 2 else { throw reader.error("'data_offsets' needs two numbers") }
        (result.begin, result.end) = (offsets[0], offsets[1])
      default: throw reader.error("unknown key '\(key)'")
      }
    }
    guard seen.count == 3 else {
      throw .model("tensor '\(name)' lacks one of 'dtype', 'shape', 'data_offsets'")
    }
    return result
  }

  /// `[1, 2, ...]`, whole numbers from 0.
  mutating func numbers(atMost limit: Int) throws(VFIError) -> [Int] {
    try expect("[")
    if accept("]") { return [] }
    var result: [Int] = []
    repeat {
      guard result.count < limit else { throw error("more than \(limit) numbers") }
      result.append(try number())
    } while accept(",")
    try expect("]")
    return result
  }

  private mutating func number() throws(VFIError) -> Int {
    skipSpace()
    let start = position
    var value = 0
    while position < bytes.count, bytes[position] >= 0x30, bytes[position] <= 0x39 {
      let (tens, o1) = value.multipliedReportingOverflow(by: 10)
      let (sum, o2) = tens.addingReportingOverflow(Int(bytes[position]) - 0x30)
      guard !o1, !o2 else { throw error("a number is too large") }
      value = sum
      position += 1
    }
    guard position > start, bytes[start] != 0x30 || position == start + 1 else {
      throw error("a whole number is expected")
    }
    return value
  }

  mutating func string() throws(VFIError) -> String {
    try expect("\"")
    var text: [UInt8] = []
    while position < bytes.count {
      let byte = bytes[position]
      position += 1
      switch byte {
      case UInt8(ascii: "\""):
        guard let result = String(validating: text, as: UTF8.self) else {
          throw error("a string is not UTF-8")
        }
        return result
      case UInt8(ascii: "\\"): try escape(into: &text)
      case 0..<0x20: throw error("a control character stands in a string")
      default: text.append(byte)
      }
    }
    throw error("a string does not end")
  }

  private mutating func escape(into text: inout [UInt8]) throws(VFIError) {
    guard position < bytes.count else { throw error("a string does not end") }
    let byte = bytes[position]
    position += 1
    switch byte {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): text.append(byte)
    case UInt8(ascii: "b"): text.append(8)
    case UInt8(ascii: "f"): text.append(12)
    case UInt8(ascii: "n"): text.append(10)
    case UInt8(ascii: "r"): text.append(13)
    case UInt8(ascii: "t"): text.append(9)
    case UInt8(ascii: "u"): text.append(contentsOf: String(try escapedScalar()).utf8)
    default: throw error("an unknown escape stands in a string")
    }
  }

  /// What follows `\u`: four hexadecimal digits, or a pair of surrogates.
  private mutating func escapedScalar() throws(VFIError) -> Unicode.Scalar {
    var value = try hexadecimal()
    if value >> 10 == 0x36, position + 1 < bytes.count, bytes[position] == UInt8(ascii: "\\"),
      bytes[position + 1] == UInt8(ascii: "u")
    {
      position += 2
      let low = try hexadecimal()
      guard low >> 10 == 0x37 else { throw error("a surrogate stands alone") }
      value = 0x10000 + (value & 0x3FF) << 10 + low & 0x3FF
    }
    guard let scalar = Unicode.Scalar(value) else { throw error("a surrogate stands alone") }
    return scalar
  }

  private mutating func hexadecimal() throws(VFIError) -> UInt32 {
    var value: UInt32 = 0
    for _ in 0..<4 {
      guard position < bytes.count,
        let digit = Character(Unicode.Scalar(bytes[position])).hexDigitValue
      else { throw error("four hexadecimal digits are expected") }
      value = value << 4 | UInt32(digit)
      position += 1
    }
    return value
  }

  /// Nothing but space may follow; the format pads the header with it.
  mutating func finish() throws(VFIError) {
    skipSpace()
    guard position == bytes.count else { throw error("something follows the object") }
  }

  private mutating func skipSpace() {
    while position < bytes.count, [0x20, 0x09, 0x0A, 0x0D].contains(bytes[position]) {
      position += 1
    }
  }

  private mutating func accept(_ byte: Unicode.Scalar) -> Bool {
    skipSpace()
    guard position < bytes.count, bytes[position] == UInt8(ascii: byte) else { return false }
    position += 1
    return true
  }

  private mutating func expect(_ byte: Unicode.Scalar) throws(VFIError) {
    guard accept(byte) else { throw error("'\(byte)' is expected") }
  }

  func error(_ what: String) -> VFIError { .model("header, byte \(position): \(what)") }
}
