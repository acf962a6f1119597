// SPDX-License-Identifier: MIT

/// A view of float features `[height, width, channels]`, channels last.
///
/// The memory belongs to an ``Arena`` (or, in tests, to the caller) and must outlive the view.
/// Neighbouring pixels are `pixelStride` floats apart and rows follow each other without a gap, so
/// that a channel slice of a wider map is a map too, and concatenation costs nothing.
@safe package struct FeatureMap {
  package let height: Int
  package let width: Int
  package let channels: Int
  /// Floats from one pixel to the next; at least `channels`.
  package let pixelStride: Int
  /// The first channel of the first pixel, for kernels and Runtime only.
  package let base: UnsafeMutablePointer<Float>

  /// Wraps memory of at least `(height * width - 1) * pixelStride + channels` floats.
  package init(
    unsafeBase base: UnsafeMutablePointer<Float>, height: Int, width: Int, channels: Int,
    pixelStride: Int
  ) {
    precondition(height > 0 && width > 0 && channels > 0 && pixelStride >= channels)
    unsafe self.base = base
    self.height = height
    self.width = width
    self.channels = channels
    self.pixelStride = pixelStride
  }

  /// Floats from one row to the next.
  package var rowStride: Int { width * pixelStride }

  /// The channels `range` of every pixel, as a map.
  package func slice(_ range: Range<Int>) -> FeatureMap {
    precondition(range.lowerBound >= 0 && range.upperBound <= channels && !range.isEmpty)
    return unsafe FeatureMap(
      unsafeBase: base + range.lowerBound, height: height, width: width, channels: range.count,
      pixelStride: pixelStride)
  }

  /// Sets every value.
  package func fill(_ value: Float) {
    for pixel in 0..<height * width {
      unsafe (base + pixel * pixelStride).update(repeating: value, count: channels)
    }
  }

  /// One value; for tests and for code outside the frame loop.
  package subscript(y: Int, x: Int, c: Int) -> Float {
    get {
      precondition(y >= 0 && y < height && x >= 0 && x < width && c >= 0 && c < channels)
      return unsafe base[(y * width + x) * pixelStride + c]
    }
    nonmutating set {
      precondition(y >= 0 && y < height && x >= 0 && x < width && c >= 0 && c < channels)
      unsafe base[(y * width + x) * pixelStride + c] = newValue
    }
  }
}
