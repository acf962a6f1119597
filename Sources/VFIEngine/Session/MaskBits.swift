// SPDX-License-Identifier: MIT

/// What a mask marks, one bit a pixel.
final class MaskBits {
  private let arena: Arena
  private var bits: Grid<UInt8>?

  init(_ ledger: MemoryLedger) { arena = Arena(ledger: ledger) }

  /// Nil: there is no mask.
  func take(_ mask: Frame?) throws(VFIError) {
    bits = nil
    guard let mask else { return }
    try arena.reset()
    let (height, width) = (mask.description.height, (mask.description.width + 7) / 8)
    let bits = try arena.grid(UInt8(0), height: height, width: width)
    for y in 0..<height { for x in 0..<width { bits[y, x] = Self.byte(mask, y, x) } }
    self.bits = bits
  }

  func clear() {
    bits = nil
    arena.clear()
  }

  /// Whether a mask of the same size marks the same.
  func isMarked(by mask: Frame?) -> Bool {
    guard let bits, let mask else { return bits == nil && mask == nil }
    return (0..<bits.height).allSatisfy { y in
      (0..<bits.width).allSatisfy { x in bits[y, x] == Self.byte(mask, y, x) }
    }
  }

  /// The marks of the pixels from 8 `group` on of a row.
  private static func byte(_ mask: Frame, _ y: Int, _ group: Int) -> UInt8 {
    let row = unsafe UnsafeRawBufferPointer(
      start: mask.row(y, of: mask.description.format.layout.components[0]),
      count: mask.description.width)
    let part = 8 * group..<min(8 * group + 8, row.count)
    // Most of a mask marks nothing.
    if part.count == 8,
      unsafe row.loadUnaligned(fromByteOffset: part.lowerBound, as: UInt64.self) == 0
    {
      return 0
    }
    var byte: UInt8 = 0
    for x in part { byte = byte << 1 | (unsafe row[x] != 0 ? 1 : 0) }
    return byte
  }
}
