// SPDX-License-Identifier: MIT
import CIntrinsics

/// A view of features `[height, width, channels]`, channels last, float32 or bfloat16.
///
/// The memory belongs to an ``Arena`` (or, in tests, to the caller) and must outlive the view.
/// Neighbouring pixels are `pixelStride` values apart and rows follow each other without a gap, so
/// that a channel slice of a wider map is a map too, and concatenation costs nothing.
@safe package struct FeatureMap {
  package let height: Int
  package let width: Int
  package let channels: Int
  /// Values from one pixel to the next; at least `channels`.
  package let pixelStride: Int
  package let precision: Precision
  /// The first channel of the first pixel, for kernels and Runtime only.
  package let memory: UnsafeMutableRawPointer

  /// Wraps memory of at least `(height * width - 1) * pixelStride + channels` values.
  package init(
    unsafeMemory memory: UnsafeMutableRawPointer, height: Int, width: Int, channels: Int,
    pixelStride: Int, precision: Precision
  ) {
    precondition(height > 0 && width > 0 && channels > 0 && pixelStride >= channels)
    unsafe self.memory = memory
    self.height = height
    self.width = width
    self.channels = channels
    self.pixelStride = pixelStride
    self.precision = precision
  }

  /// The same for floats.
  package init(
    unsafeBase base: UnsafeMutablePointer<Float>, height: Int, width: Int, channels: Int,
    pixelStride: Int
  ) {
    unsafe self.init(
      unsafeMemory: UnsafeMutableRawPointer(base), height: height, width: width,
      channels: channels, pixelStride: pixelStride, precision: .float32)
  }

  /// The first channel of the first pixel of a float32 map.
  package var base: UnsafeMutablePointer<Float> {
    precondition(precision == .float32)
    return unsafe memory.assumingMemoryBound(to: Float.self)
  }

  /// Values from one row to the next.
  package var rowStride: Int { width * pixelStride }

  /// Bytes from one pixel to the next.
  var pixelBytes: Int { pixelStride &* precision.bytes }

  /// The map as kernels take it.
  var view: vfi_features {
    unsafe vfi_features(
      base: memory, height: height, width: width, channels: channels, stride: pixelStride)
  }

  /// The channels `range` of every pixel, as a map.
  package func slice(_ range: Range<Int>) -> FeatureMap {
    precondition(range.lowerBound >= 0 && range.upperBound <= channels && !range.isEmpty)
    return unsafe FeatureMap(
      unsafeMemory: memory + range.lowerBound * precision.bytes, height: height, width: width,
      channels: range.count, pixelStride: pixelStride, precision: precision)
  }

  /// The rows `range`, as a map.
  package func rows(_ range: Range<Int>) -> FeatureMap {
    precondition(range.lowerBound >= 0 && range.upperBound <= height && !range.isEmpty)
    return unsafe FeatureMap(
      unsafeMemory: memory + range.lowerBound * width * pixelBytes, height: range.count,
      width: width, channels: channels, pixelStride: pixelStride, precision: precision)
  }

  /// The pixels `range`, counted row by row, as a map of one row.
  package func pixels(_ range: Range<Int>) -> FeatureMap {
    precondition(range.lowerBound >= 0 && range.upperBound <= height * width && !range.isEmpty)
    return unsafe FeatureMap(
      unsafeMemory: memory + range.lowerBound * pixelBytes, height: 1, width: range.count,
      channels: channels, pixelStride: pixelStride, precision: precision)
  }

  /// Whether height, width and channels are those of `other`.
  func hasSize(of other: FeatureMap) -> Bool {
    height == other.height && width == other.width && channels == other.channels
  }

  /// Sets every value.
  package func fill(_ value: Float) {
    if channels == pixelStride && precision == .float32 {
      return unsafe base.update(repeating: value, count: height * width * channels)
    }
    for pixel in 0..<height * width {
      for c in 0..<channels { store(value, pixel * pixelStride + c) }
    }
  }

  /// One value; for tests and for code outside the frame loop.
  package subscript(y: Int, x: Int, c: Int) -> Float {
    get {
      precondition(y >= 0 && y < height && x >= 0 && x < width && c >= 0 && c < channels)
      let index = (y * width + x) * pixelStride + c
      switch precision {
      case .float32: return unsafe memory.loadUnaligned(fromByteOffset: 4 * index, as: Float.self)
      case .bfloat16:
        return unsafe Float(
          bfloat16: memory.loadUnaligned(fromByteOffset: 2 * index, as: UInt16.self))
      }
    }
    nonmutating set {
      precondition(y >= 0 && y < height && x >= 0 && x < width && c >= 0 && c < channels)
      store(newValue, (y * width + x) * pixelStride + c)
    }
  }

  private func store(_ value: Float, _ index: Int) {
    switch precision {
    case .float32: unsafe memory.storeBytes(of: value, toByteOffset: 4 * index, as: Float.self)
    case .bfloat16:
      unsafe memory.storeBytes(of: value.bfloat16, toByteOffset: 2 * index, as: UInt16.self)
    }
  }
}
