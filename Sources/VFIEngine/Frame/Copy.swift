// SPDX-License-Identifier: MIT
extension Frame {
  private static let bandRows = 64

  /// Calls `body(plane, row)` for every row of every plane, bands of rows in parallel.
  func forEachRow(
    on engine: Engine, _ body: (_ plane: Int, _ row: Int) -> Void
  ) throws(VFIError) {
    for plane in 0..<description.format.layout.planeCount {
      let rows = description.rows(plane: plane)
      try engine.forEach((rows + Self.bandRows - 1) / Self.bandRows) { band, _ in
        for row in band * Self.bandRows..<min(rows, (band + 1) * Self.bandRows) {
          body(plane, row)
        }
      }
    }
  }

  /// The first byte of a plane's row.
  func start(_ plane: Int, _ row: Int) -> UnsafeMutableRawPointer {
    guard let base = unsafe planes[plane].base else { preconditionFailure("checked at creation") }
    return unsafe base + row * planes[plane].stride
  }

  /// Copies all samples, bit by bit, and nothing beside them.
  package func copy(to out: Frame, on engine: Engine) throws(VFIError) {
    try forEachRow(on: engine) { plane, row in
      let bytes = description.rowBytes(plane: plane)
      unsafe out.start(plane, row).copyMemory(from: start(plane, row), byteCount: bytes)
    }
  }

  /// Sets all bytes to zero.
  func clear(on engine: Engine) throws(VFIError) {
    try forEachRow(on: engine) { plane, row in
      let count = description.rowBytes(plane: plane)
      unsafe start(plane, row).initializeMemory(as: UInt8.self, repeating: 0, count: count)
    }
  }

  /// Writes `(1 - t) * a + t * b` of the code values, rounded to nearest.
  package static func blend(
    _ a: Frame, _ b: Frame, t: Float, into out: Frame, on engine: Engine
  ) throws(VFIError) {
    let layout = a.description.format.layout
    let kernels = engine.kernels.pixelConvert
    try a.forEachRow(on: engine) { plane, row in
      let first = unsafe a.start(plane, row)
      let second = unsafe b.start(plane, row)
      let result = unsafe out.start(plane, row)
      let count = a.description.rowBytes(plane: plane) / layout.sampleType.rawValue
      switch layout.sampleType {
      case .byte: unsafe kernels.blendRowBytes(first, second, t, count, result)
      case .word:
        unsafe kernels.blendRowWords(first, second, t, Int32(layout.shift), count, result)
      case .float: unsafe kernels.blendRowFloats(first, second, t, count, result)
      }
    }
  }
}
