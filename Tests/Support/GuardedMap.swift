// SPDX-License-Identifier: MIT
import Glibc
import VFIEngine

/// Features with an inaccessible page right before the first value or right after the last one.
///
/// The memory stays mapped until the tests end or ``unmap()`` is called, since a view of it does not
/// keep its owner alive. A process may have 65530 mappings, and each of these takes three.
package struct GuardedMap {
  package enum Side: CaseIterable { case before, after }

  package let map: FeatureMap
  private let region: UnsafeMutableRawPointer
  private let regionSize: Int

  package init(
    height: Int, width: Int, channels: Int, pixelStride: Int? = nil,
    precision: Precision = .float32, guarded side: Side = .after
  ) {
    let stride = pixelStride ?? channels
    let bytes = ((height * width - 1) * stride + channels) * precision.bytes
    let page = 4096
    let inner = (bytes + page - 1) / page * page
    let size = inner + 2 * page
    guard
      let memory = mmap(nil, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0),
      memory != MAP_FAILED
    else { preconditionFailure("no memory for a test") }
    (region, regionSize) = (memory, size)
    mprotect(memory, page, PROT_NONE)
    mprotect(memory + page + inner, page, PROT_NONE)
    let offset = side == .before ? page : page + inner - bytes
    map = FeatureMap(
      unsafeMemory: memory + offset, height: height, width: width, channels: channels,
      pixelStride: stride, precision: precision)
  }

  /// Gives the memory back; no view of it may be used any more.
  package func unmap() { munmap(region, regionSize) }

  /// All values in a row, those between the channels of a slice too.
  private var values: FeatureMap {
    let count = (map.height * map.width - 1) * map.pixelStride + map.channels
    return FeatureMap(
      unsafeMemory: map.memory, height: 1, width: 1, channels: count, pixelStride: count,
      precision: map.precision)
  }

  /// Fills every value, those between the channels of a slice too.
  package func fill(_ value: () -> Float) {
    let values = values
    for i in 0..<values.channels { values[0, 0, i] = value() }
  }

  /// All values, those between the channels of a slice too, as bits of a float.
  package var bits: [UInt32] {
    let values = values
    return (0..<values.channels).map { values[0, 0, $0].bitPattern }
  }
}
