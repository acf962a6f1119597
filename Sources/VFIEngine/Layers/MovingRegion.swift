// SPDX-License-Identifier: MIT

/// The part of a pair's padded frames outside of which both look alike, in pixels of the frame.
package struct MovingRegion: Equatable, Sendable {
  package let rows, columns: Range<Int>

  package init(rows: Range<Int>, columns: Range<Int>) {
    self.rows = rows
    self.columns = columns
  }

  static let empty = MovingRegion(rows: 0..<0, columns: 0..<0)

  package var isEmpty: Bool { rows.isEmpty || columns.isEmpty }

  package var area: Int { rows.count * columns.count }

  /// The same at 1/`factor` of the size.
  package func reduced(by factor: Int) -> MovingRegion {
    func reduced(_ range: Range<Int>) -> Range<Int> {
      range.lowerBound / factor..<range.upperBound / factor
    }
    return MovingRegion(rows: reduced(rows), columns: reduced(columns))
  }
}

extension FeatureMap {
  /// Smaller maps in the same memory begin like this one.
  func shrunk(height: Int, width: Int) -> FeatureMap {
    precondition(height <= self.height && width <= self.width)
    return unsafe FeatureMap(
      unsafeMemory: memory, height: height, width: width, channels: channels,
      pixelStride: pixelStride, precision: precision)
  }

  /// A map of the size of `region`: its rows where it is as wide as this map, else others in `arena`.
  ///
  /// Takes memory for all of this map, so that what a frame takes does not depend on its content.
  func space(for region: MovingRegion, in arena: Arena) throws(VFIError) -> FeatureMap {
    let space = try arena.map(
      height: height, width: width, channels: channels, precision: precision)
    if region.columns == 0..<width { return rows(region.rows) }
    return space.shrunk(height: region.rows.count, width: region.columns.count)
  }

  /// The pixels of `region`, copied where the map is wider.
  func cut(_ region: MovingRegion, in arena: Arena) throws(VFIError) -> FeatureMap {
    let part = try space(for: region, in: arena)
    if part.width < width {
      for (y, row) in region.rows.enumerated() {
        part.row(y).copy(pixels(row * width + region.columns.lowerBound, count: part.width))
      }
    }
    return part
  }

  /// Writes `part`, of ``space(for:in:)``, to the pixels of `region`.
  func paste(_ part: FeatureMap, at region: MovingRegion) {
    guard part.width < width else { return }
    for (y, row) in region.rows.enumerated() {
      pixels(row * width + region.columns.lowerBound, count: part.width).copy(part.row(y))
    }
  }

  /// Calls `body` with the runs of pixels outside of `region`.
  func forEachRun(outside region: MovingRegion, _ body: (FeatureMap) -> Void) {
    for y in 0..<height {
      let inside = region.rows.contains(y) ? region.columns : 0..<0
      for run in [0..<inside.lowerBound, inside.upperBound..<width] where !run.isEmpty {
        body(pixels(y * width + run.lowerBound, count: run.count))
      }
    }
  }

  private func row(_ y: Int) -> FeatureMap { pixels(y * width, count: width) }

  private func pixels(_ first: Int, count: Int) -> FeatureMap { pixels(first..<first + count) }

  private func copy(_ other: FeatureMap) {
    precondition(
      width == other.width && channels == pixelStride && channels == other.channels
        && channels == other.pixelStride && precision == other.precision)
    unsafe memory.copyMemory(from: other.memory, byteCount: width * pixelBytes)
  }
}
