// SPDX-License-Identifier: MIT
import Glibc
import VFIEngine

/// Features with an inaccessible page right before the first float or right after the last one.
///
/// The memory stays mapped until the tests end, since a view of it does not keep its owner alive.
package struct GuardedMap {
  package enum Side: CaseIterable { case before, after }

  package let map: FeatureMap

  package init(
    height: Int, width: Int, channels: Int, pixelStride: Int? = nil, guarded side: Side = .after
  ) {
    let stride = pixelStride ?? channels
    let bytes = ((height * width - 1) * stride + channels) * 4
    let page = 4096
    let inner = (bytes + page - 1) / page * page
    let size = inner + 2 * page
    guard
      let memory = mmap(nil, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0),
      memory != MAP_FAILED
    else { preconditionFailure("no memory for a test") }
    mprotect(memory, page, PROT_NONE)
    mprotect(memory + page + inner, page, PROT_NONE)
    let offset = side == .before ? page : page + inner - bytes
    let base = (memory + offset).bindMemory(to: Float.self, capacity: bytes / 4)
    map = FeatureMap(
      unsafeBase: base, height: height, width: width, channels: channels, pixelStride: stride)
  }

  /// Fills every float, those between the channels of a slice too.
  package func fill(_ value: () -> Float) {
    let count = (map.height * map.width - 1) * map.pixelStride + map.channels
    for i in 0..<count { map.base[i] = value() }
  }

  /// All floats, those between the channels of a slice too, as bits.
  package var bits: [UInt32] {
    let count = (map.height * map.width - 1) * map.pixelStride + map.channels
    return (0..<count).map { map.base[$0].bitPattern }
  }
}
