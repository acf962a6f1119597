// SPDX-License-Identifier: MIT
import VFIEngine

extension Precision {
  /// Largest error of rounding a value to this type, relative to the value.
  package var rounding: Float { self == .float32 ? 0 : 1 / 256 }

  /// The value as this type holds it.
  package func rounded(_ value: Float) -> Float {
    self == .float32 ? value : Float(bfloat16: value.bfloat16)
  }
}
