// SPDX-License-Identifier: MIT

/// The memory between a plane's first and last byte, in address order.
struct Extent {
  let start: Int
  let end: Int
  let rowBytes: Int
  /// Distance of rows, positive.
  let pitch: Int

  /// `nil` when the plane would leave the address space.
  init?(plane: FramePlane, rows: Int, rowBytes: Int) {
    let (span, overflow) = (rows - 1).multipliedReportingOverflow(by: plane.stride)
    let base = unsafe Int(bitPattern: plane.base)
    let (first, o1) = base.addingReportingOverflow(min(span, 0))
    let (last, o2) = base.addingReportingOverflow(max(span, 0))
    let (end, o3) = last.addingReportingOverflow(rowBytes)
    guard !overflow, !o1, !o2, !o3, plane.stride != .min else { return nil }
    start = first
    self.end = end
    self.rowBytes = rowBytes
    pitch = abs(plane.stride)
  }

  /// Whether a byte belongs to rows of both.
  ///
  /// Planes of equal stride may lie beside each other in the same rows of memory.
  func overlaps(_ other: Extent) -> Bool {
    guard start < other.end, other.start < end else { return false }
    guard pitch == other.pitch, rowBytes + other.rowBytes <= pitch else { return true }
    let shift = ((other.start - start) % pitch + pitch) % pitch
    return shift < rowBytes || shift + other.rowBytes > pitch
  }
}

extension Frame {
  private func extent(_ plane: Int) -> Extent? {
    Extent(
      plane: planes[plane], rows: description.rows(plane: plane),
      rowBytes: description.rowBytes(plane: plane))
  }

  /// Whether a sample of this frame shares memory with one of `other`.
  package func overlaps(_ other: Frame) -> Bool {
    for i in 0..<description.format.layout.planeCount {
      for j in 0..<other.description.format.layout.planeCount {
        if let a = extent(i), let b = other.extent(j), a.overlaps(b) { return true }
      }
    }
    return false
  }

  /// Whether two planes of this frame share memory, which an output's must not.
  package var overlapsItself: Bool {
    for i in 0..<description.format.layout.planeCount {
      for j in 0..<i {
        if let a = extent(i), let b = extent(j), a.overlaps(b) { return true }
      }
    }
    return false
  }
}
