// SPDX-License-Identifier: MIT

/// Reads the fields of a unit of H.264 or H.265, in which a 3 behind two zeros is not part of the data.
///
/// Where the data end too early, zeros are read, and ``isBeyond`` says so.
package struct BitReader {
  private let bytes: [UInt8]
  /// Of the next bit.
  private var place = 0
  package private(set) var isBeyond = false

  package init(_ unit: some Sequence<UInt8>) {
    var bytes: [UInt8] = []
    var zeros = 0
    for byte in unit {
      if zeros >= 2, byte == 3 {
        zeros = 0
        continue
      }
      zeros = byte == 0 ? zeros + 1 : 0
      bytes.append(byte)
    }
    self.bytes = bytes
  }

  /// A number of up to 32 bits, the highest one first.
  package mutating func bits(_ count: Int) -> Int {
    (0..<count).reduce(0) { number, _ in number << 1 | (flag() ? 1 : 0) }
  }

  package mutating func flag() -> Bool {
    guard place < 8 * bytes.count else {
      isBeyond = true
      return false
    }
    defer { place += 1 }
    return bytes[place / 8] >> UInt8(7 - place % 8) & 1 == 1
  }

  /// A number in Exp-Golomb code, of less than 32 bits.
  package mutating func number() -> Int {
    var zeros = 0
    while !flag() {
      zeros += 1
      if isBeyond || zeros > 31 {
        isBeyond = true
        return 0
      }
    }
    return (1 << zeros) - 1 + bits(zeros)
  }

  package mutating func skip(_ count: Int) {
    place += count
    if place > 8 * bytes.count { isBeyond = true }
  }

  /// Passes over numbers in Exp-Golomb code, with or without a sign.
  package mutating func skipNumbers(_ count: Int) {
    for _ in 0..<count { _ = number() }
  }
}
