// SPDX-License-Identifier: MIT
import CLibAV

/// Lengthens the slices of H.265 packets by noise.
///
/// A slice says itself where it ends, so that an intact one is decoded to the same picture. A decoder
/// that has lost its way in a damaged one reads on, and what it makes of the noise is not what it
/// makes of the end of the data.
struct SliceTail {
  private static let count = 48

  /// Units begin with their length in four bytes, and not with a start code.
  private let hasLengths: Bool
  /// Without zeros, so that no start code can arise.
  private let noise: [UInt8]

  init(_ parameters: UnsafeMutablePointer<AVCodecParameters>) {
    let extra = unsafe parameters.pointee.extradata
    hasLengths = unsafe parameters.pointee.extradata_size > 0 && extra?.pointee == 1
    var state: UInt32 = 1
    noise = (0..<Self.count).map { _ in
      state = state &* 1_664_525 &+ 1_013_904_223
      return UInt8(53 + Int(state >> 24) * 190 / 256)
    }
  }

  /// Makes `target` a copy of a packet with longer slices.
  func lengthen(
    _ packet: UnsafeMutablePointer<AVPacket>, into target: UnsafeMutablePointer<AVPacket>
  ) throws(Failure) {
    let bytes = unsafe Array(
      UnsafeBufferPointer(start: packet.pointee.data, count: Int(packet.pointee.size)))
    let longer = hasLengths ? withLengths(bytes) : withStartCodes(bytes)
    try unsafe check(av_new_packet(target, Int32(clamping: longer.count)), "copying a packet")
    unsafe target.pointee.data.update(from: longer, count: longer.count)
    try unsafe check(av_packet_copy_props(target, packet), "copying a packet")
  }

  private func isSlice(_ header: UInt8) -> Bool { header >> 1 & 63 < 32 }

  private func withStartCodes(_ bytes: [UInt8]) -> [UInt8] {
    var result: [UInt8] = []
    result.reserveCapacity(bytes.count + 16 * Self.count)
    var start: Int?
    func end(at limit: Int) {
      guard let start else { return }
      var end = limit
      while end > start, bytes[end - 1] == 0 { end -= 1 }
      result += bytes[start..<end]
      if end > start, isSlice(bytes[start]) { result += noise }
      result += bytes[end..<limit]
    }
    var index = 0
    while index + 2 < bytes.count {
      guard bytes[index] == 0, bytes[index + 1] == 0, bytes[index + 2] == 1 else {
        index += 1
        continue
      }
      if start == nil { result += bytes[..<index] } else { end(at: index) }
      result += [0, 0, 1]
      index += 3
      start = index
    }
    guard start != nil else { return bytes }
    end(at: bytes.count)
    return result
  }

  private func withLengths(_ bytes: [UInt8]) -> [UInt8] {
    var result: [UInt8] = []
    var index = 0
    while index + 4 <= bytes.count {
      let length = bytes[index..<index + 4].reduce(0) { $0 << 8 | Int($1) }
      // Lengths of other widths, or damaged ones: the packet stays as it is.
      guard length > 0, length <= bytes.count - index - 4 else { return bytes }
      let unit = bytes[index + 4..<index + 4 + length]
      let tail = isSlice(unit[unit.startIndex]) ? noise : []
      let total = length + tail.count
      result += [24, 16, 8, 0].map { UInt8(total >> $0 & 255) } + unit + tail
      index += 4 + length
    }
    return index == bytes.count ? result : bytes
  }
}
