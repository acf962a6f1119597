// SPDX-License-Identifier: MIT
import CLibAV

/// Finds the slices in packets of H.264, H.265, MPEG-1 and MPEG-2, and alters their ends.
///
/// An intact slice says itself where it ends, and its data end there. A decoder that has lost its way
/// in a damaged one reads on, or leaves data over: what follows the data makes a difference then, or
/// the last of the data make none.
struct CodedSlices {
  /// Bytes of a slice, without its start code or length, and without zeros behind it.
  struct Slice {
    let bytes: Range<Int>
    /// Its first macroblock, but of H.265 (0).
    let first: Int
  }

  /// Bytes that are appended.
  private static let tail = 48
  /// Bytes that are overwritten.
  ///
  /// Of 2,355 intact slices, 6 were decoded to the same picture without their last 3 bytes, which may
  /// be little more than the end mark, none without 4.
  private static let cut = 5

  let isHEVC: Bool
  /// Pictures are counted in the order of presentation.
  let countsPictures: Bool
  /// What a slice must have besides, so that its header stays whole.
  private let header: Int
  /// Macroblocks in a row, of MPEG-1 and MPEG-2.
  private let columns: Int
  /// Of the length before a unit; 0: units begin with start codes.
  private let lengthBytes: Int
  /// Without zeros, so that no start code can arise.
  private let noise: [UInt8]

  /// Nil for other codecs.
  init?(_ parameters: UnsafeMutablePointer<AVCodecParameters>) {
    let codec = unsafe parameters.pointee.codec_id
    isHEVC = codec == AV_CODEC_ID_HEVC
    countsPictures = isHEVC || codec == AV_CODEC_ID_H264
    guard countsPictures || codec == AV_CODEC_ID_MPEG1VIDEO || codec == AV_CODEC_ID_MPEG2VIDEO
    else { return nil }
    header = countsPictures ? 32 : 4
    columns = unsafe Int(parameters.pointee.width + 15) / 16
    let place = isHEVC ? 21 : 4
    var length = 0
    if countsPictures, let extra = unsafe parameters.pointee.extradata, unsafe extra[0] == 1,
      unsafe Int(parameters.pointee.extradata_size) > place
    {
      length = unsafe Int(extra[place] & 3) + 1
    }
    lengthBytes = length
    var state: UInt32 = 1
    noise = (0..<Self.tail).map { _ in
      state = state &* 1_664_525 &+ 1_013_904_223
      return UInt8(53 + Int(state >> 24) * 190 / 256)
    }
  }

  /// The slices of a packet, in its order; none where units have no places.
  func slices(of packet: [UInt8]) -> [Slice] {
    (lengthBytes == 0 ? unitsAfterStartCodes(packet) : unitsAfterLengths(packet)).compactMap {
      var end = $0.upperBound
      while end > $0.lowerBound, packet[end - 1] == 0 { end -= 1 }
      guard end - $0.lowerBound >= 3, isSlice(packet[$0.lowerBound]) else { return nil }
      let bytes = $0.lowerBound..<end
      return Slice(bytes: bytes, first: firstBlock(of: packet[bytes]))
    }
  }

  private func firstBlock(of slice: ArraySlice<UInt8>) -> Int {
    if isHEVC { return 0 }
    // The code that MPEG-2 begins a slice with is that of its row, from 1 on.
    return countsPictures
      ? leadingNumber(slice.dropFirst()) : (Int(slice[slice.startIndex]) - 1) * columns
  }

  /// The blocks of each slice in a picture of `count` blocks; nil: they are not in order, or of H.265.
  func places(of slices: [Slice], count: Int) -> [Range<Int>]? {
    guard !isHEVC, countsPictures ? slices.first?.first == 0 : !slices.isEmpty else { return nil }
    let ends = slices.dropFirst().map(\.first) + [count]
    guard zip(slices, ends).allSatisfy({ $0.first < $1 }) else { return nil }
    return zip(slices, ends).map { $0.first..<(countsPictures ? $1 : min($1, $0.first + columns)) }
  }

  /// The packet with noise behind each of its slices.
  func lengthened(_ packet: [UInt8], _ slices: [Slice]) -> [UInt8] {
    var result = packet
    for slice in slices.reversed() {
      result.insert(contentsOf: noise, at: slice.bytes.upperBound)
      let start = slice.bytes.lowerBound
      var carry = noise.count
      for index in (start - lengthBytes..<start).reversed() {
        carry += Int(result[index])
        result[index] = UInt8(carry & 255)
        carry >>= 8
      }
      // A length that has no room for it.
      if lengthBytes > 0, carry > 0 { return packet }
    }
    return result
  }

  /// The packet with noise instead of the last bytes of slices; which ones these are.
  ///
  /// Of H.265 it is the last slice only, as the places of the others are not known.
  func cut(_ packet: [UInt8], _ slices: [Slice]) -> (packet: [UInt8], cut: [Bool]) {
    var result = packet
    var done = slices.map { _ in false }
    for (index, slice) in slices.enumerated() where !isHEVC || index == slices.count - 1 {
      var end = slice.bytes.upperBound
      // Three bytes that an encoder may append as often as it likes.
      while end - slice.bytes.lowerBound > 3, packet[end - 3..<end].elementsEqual([0, 0, 3]) {
        end -= 3
        while packet[end - 1] == 0 { end -= 1 }
      }
      guard end - slice.bytes.lowerBound >= header + Self.cut else { continue }
      for place in end - Self.cut..<end {
        result[place] = noise[(place + packet.count) % Self.tail]
      }
      done[index] = true
    }
    return (result, done)
  }

  private func isSlice(_ header: UInt8) -> Bool {
    if !countsPictures { return (1...0xAF).contains(header) }
    return isHEVC ? header >> 1 & 63 < 32 : header & 31 == 1 || header & 31 == 5
  }

  /// The number in Exp-Golomb code with which bytes begin.
  private func leadingNumber(_ bytes: ArraySlice<UInt8>) -> Int {
    let word = bytes.prefix(8).reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
    let bits = word << UInt64(8 * (8 - min(8, bytes.count)))
    let zeros = bits.leadingZeroBitCount
    guard zeros < 31 else { return 0 }
    return Int((bits << UInt64(zeros)) >> UInt64(63 - zeros)) - 1
  }

  private func unitsAfterStartCodes(_ packet: [UInt8]) -> [Range<Int>] {
    var starts: [Int] = []
    var index = 0
    while index + 2 < packet.count {
      if packet[index] == 0, packet[index + 1] == 0, packet[index + 2] == 1 {
        starts.append(index + 3)
        index += 3
      } else {
        index += 1
      }
    }
    return zip(starts, starts.dropFirst().map { $0 - 3 } + [packet.count]).map { $0..<$1 }
  }

  /// None where a length is damaged.
  private func unitsAfterLengths(_ packet: [UInt8]) -> [Range<Int>] {
    var units: [Range<Int>] = []
    var index = 0
    while index + lengthBytes <= packet.count {
      let start = index + lengthBytes
      let length = packet[index..<start].reduce(0) { $0 << 8 | Int($1) }
      guard length > 0, length <= packet.count - start else { return [] }
      units.append(start..<start + length)
      index = start + length
    }
    return index == packet.count ? units : []
  }
}
