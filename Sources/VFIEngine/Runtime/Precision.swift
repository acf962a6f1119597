// SPDX-License-Identifier: MIT

/// How a network computes; raw values are `VFI_PRECISION_FLOAT32` and following.
package enum Arithmetic: Int32, Sendable, CaseIterable, CustomStringConvertible {
  case float32 = 1
  case bfloat16 = 2
  /// Products of the wider convolutions in int8, all else in bfloat16.
  case int8 = 3

  /// What kernels of `level` compute fastest, by their instructions.
  package static func fastest(_ level: CPULevel) -> Arithmetic {
    switch level {
    case .avx512BF16: .bfloat16
    case .avx512VNNI: .int8
    case .avx512, .avx2, .portable: .float32
    }
  }

  /// The type of features.
  package var features: Precision { self == .float32 ? .float32 : .bfloat16 }

  package var description: String {
    switch self {
    case .float32: "float32"
    case .bfloat16: "bfloat16"
    case .int8: "int8"
    }
  }
}

/// The type of features.
package enum Precision: Sendable, CaseIterable, CustomStringConvertible {
  case float32
  /// The upper half of a float32: its range, with 8 bits of precision.
  ///
  /// Products are added up in float32.
  case bfloat16

  /// Bytes of one value.
  package var bytes: Int { self == .float32 ? 4 : 2 }

  package var description: String { self == .float32 ? "float32" : "bfloat16" }
}

/// The type in which a layer's products are formed.
package enum WeightFormat: Sendable, CaseIterable {
  case float32, bfloat16
  /// Whole numbers of -127 to 127, with a step for each output.
  case int8

  /// That of the features, or int8 where that spares more than it takes to quantise the input.
  ///
  /// With few outputs it does not; other numbers of inputs are not worth kernels with tails.
  init(_ precision: Precision, quantizes: Bool, inputs: Int, outputs: Int) {
    if quantizes && inputs.isMultiple(of: 16) && outputs >= 16 {
      self = .int8
    } else {
      self = precision == .float32 ? .float32 : .bfloat16
    }
  }

  /// Bytes of one value.
  package var bytes: Int {
    switch self {
    case .float32: 4
    case .bfloat16: 2
    case .int8: 1
    }
  }
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
