// SPDX-License-Identifier: MIT

/// Memory for one frame after another: taken once, and again only for a larger frame.
@safe final class FrameBuffer {
  /// Rows begin at multiples of this, in bytes.
  private static let alignment = 64

  private let ledger: MemoryLedger
  private var memory: UnsafeMutableRawPointer?
  private var capacity = 0

  init(ledger: MemoryLedger) { self.ledger = ledger }

  deinit { release() }

  /// A frame of `description` in this memory, uninitialised, valid until the next call.
  func frame(_ description: FrameDescription) throws(VFIError) -> Frame {
    let size = Self.bytes(description)
    if size > capacity {
      release()
      unsafe memory = try ledger.take(size)
      capacity = size
    }
    var planes = InlineArray<4, FramePlane>(repeating: .none)
    var offset = 0
    for plane in 0..<description.format.layout.planeCount {
      let stride = Self.stride(description, plane)
      unsafe planes[plane] = FramePlane(base: memory.map { unsafe $0 + offset }, stride: stride)
      offset += stride * description.rows(plane: plane)
    }
    return try Frame(description: description, planes: planes)
  }

  private func release() {
    guard let old = unsafe memory else { return }
    unsafe ledger.giveBack(old, capacity)
    unsafe memory = nil
    capacity = 0
  }

  private static func stride(_ description: FrameDescription, _ plane: Int) -> Int {
    (description.rowBytes(plane: plane) + alignment - 1) / alignment * alignment
  }

  /// Bytes that a frame of `description` takes: at most 4 * 16384 * 65536, so no overflow.
  static func bytes(_ description: FrameDescription) -> Int {
    (0..<description.format.layout.planeCount).reduce(0) {
      $0 + stride(description, $1) * description.rows(plane: $1)
    }
  }
}
