// SPDX-License-Identifier: MIT

/// How far along its way from the earlier frame (0) to the later one (1) each pixel's content is.
///
/// The memory is the caller's, of `height` rows of `width` values.
@safe package struct DistancePlane {
  /// Raw values are `VFI_DISTANCE_*`.
  package enum ValueType: Int32 {
    /// 0...255 for 0...1.
    case uint8 = 1
    /// 0...65535 for 0...1.
    case uint16 = 2
    case float = 3

    var bytes: Int {
      switch self {
      case .uint8: 1
      case .uint16: 2
      case .float: 4
      }
    }
  }

  package let width: Int
  package let height: Int
  private let base: UnsafeRawPointer
  private let stride: Int
  private let type: ValueType

  package init(
    base: UnsafeRawPointer, stride: Int, type: ValueType, width: Int, height: Int
  ) throws(VFIError) {
    guard abs(stride) >= width * type.bytes || height == 1 else {
      throw .size("the distance map's stride of \(stride) is less than a row")
    }
    unsafe self.base = base
    self.stride = stride
    self.type = type
    self.width = width
    self.height = height
  }

  /// Means over squares of `side` pixels, one for each pixel of `map` `[h, w, 1]`.
  ///
  /// Squares outside of the picture have the value of the nearest one inside.
  func reduce(to map: FeatureMap, side: Int, on engine: Engine) throws(VFIError) {
    try engine.forEach(map.height) { row, _ in
      let top = min(row, (height - 1) / side) * side
      for column in 0..<map.width {
        let left = min(column, (width - 1) / side) * side
        map[row, column, 0] = mean(
          rows: top..<min(top + side, height), columns: left..<min(left + side, width))
      }
    }
  }

  private func mean(rows: Range<Int>, columns: Range<Int>) -> Float {
    var sum: Float = 0
    for y in rows {
      let row = unsafe base + y * stride
      for x in columns { unsafe sum += value(row, x) }
    }
    return sum / Float(rows.count * columns.count)
  }

  private func value(_ row: UnsafeRawPointer, _ x: Int) -> Float {
    switch type {
    case .uint8: return unsafe Float(row.load(fromByteOffset: x, as: UInt8.self)) / 255
    case .uint16:
      return unsafe Float(row.loadUnaligned(fromByteOffset: 2 * x, as: UInt16.self)) / 65535
    case .float:
      let value = unsafe row.loadUnaligned(fromByteOffset: 4 * x, as: Float.self)
      // NaN is not above 0.
      return value > 0 ? min(value, 1) : 0
    }
  }
}
