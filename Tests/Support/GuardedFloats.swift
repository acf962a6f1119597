// SPDX-License-Identifier: MIT
import VFIEngine

/// Floats that end right before an inaccessible page.
package final class GuardedFloats {
  package let start: UnsafeMutablePointer<Float>
  package let count: Int
  private let memory: GuardedMap

  package init(count: Int, fill: Float = 0) {
    memory = GuardedMap(height: 1, width: 1, channels: count)
    start = memory.map.base
    self.count = count
    start.initialize(repeating: fill, count: count)
  }

  /// Gives the memory back, as ``GuardedMap/unmap()`` does.
  package func unmap() { memory.unmap() }

  /// Numbers in -1...1.
  package func randomise(_ random: inout SeededRandom) {
    for index in 0..<count { start[index] = Float.random(in: -1...1, using: &random) }
  }

  /// The floats as a map whose pixels stand `pixelStride` apart.
  package func map(height: Int, width: Int, channels: Int, pixelStride: Int) -> FeatureMap {
    precondition(count >= (height * width - 1) * pixelStride + channels)
    return FeatureMap(
      unsafeBase: start, height: height, width: width, channels: channels,
      pixelStride: pixelStride)
  }
}
