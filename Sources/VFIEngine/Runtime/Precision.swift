// SPDX-License-Identifier: MIT

/// The type of features and weights; raw values are `VFI_PRECISION_FLOAT32` and following.
package enum Precision: Int32, Sendable, CaseIterable, CustomStringConvertible {
  case float32 = 1
  /// The upper half of a float32: its range, with 8 bits of precision.
  ///
  /// Products are added up in float32.
  case bfloat16 = 2

  /// What kernels of `level` compute fastest: bfloat16 where the machine has instructions for it.
  package static func fastest(_ level: CPULevel) -> Precision {
    level == .avx512BF16 ? .bfloat16 : .float32
  }

  /// Bytes of one value.
  package var bytes: Int { self == .float32 ? 4 : 2 }

  package var description: String { self == .float32 ? "float32" : "bfloat16" }
}

extension Float {
  /// The value of a bfloat16.
  package init(bfloat16 bits: UInt16) { self.init(bitPattern: UInt32(bits) << 16) }

  /// The nearest bfloat16, ties to even; what is not a number stays so.
  package var bfloat16: UInt16 {
    if isNaN { return UInt16(bitPattern >> 16) | 0x40 }
    return UInt16(truncatingIfNeeded: (bitPattern &+ (0x7FFF &+ (bitPattern >> 16 & 1))) >> 16)
  }
}
