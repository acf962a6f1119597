// SPDX-License-Identifier: MIT

/// Finds the slices in packets of H.264, H.265, MPEG-1, MPEG-2 and MPEG-4, and alters their ends.
///
/// An intact slice says itself where it ends, and its data end there. A decoder that has lost its way
/// in a damaged one reads on, or leaves data over: what follows the data makes a difference then, or
/// the last of the data make none.
package struct CodedSlices {
  /// What is known here.
  package enum Codec {
    case h264, hevc
    /// MPEG-1 and MPEG-2.
    case mpeg
    /// Each picture counts as one slice.
    case mpeg4
  }

  /// Bytes of a slice, without its start code or length, and without zeros behind it.
  package struct Slice {
    package let bytes: Range<Int>
    /// Its first macroblock, but of H.265 (0).
    package let first: Int
    /// Of H.265, where it is known.
    package let start: SliceStarts.Start?
  }

  /// Pixels on a side of the blocks that places are told in.
  private static let side = 16
  /// Bytes of noise.
  private static let tail = 48
  /// Equal bytes in a row that tell of erased data, besides those that blocks may make.
  private static let erased = 32

  private let codec: Codec
  /// Macroblocks in a row.
  private let columns: Int
  /// Bytes of the length before a unit; 0: units begin with start codes.
  private let lengthBytes: Int
  /// Bytes that are overwritten at the end of a slice.
  ///
  /// Of 2,355 intact slices, 6 were decoded to the same picture without their last 3 bytes, which may
  /// be little more than the end mark, none without 4. Of MPEG-4, 5 were too few for one picture of 48
  /// intact streams.
  private let cut: Int
  /// What a slice must have besides, so that its header stays whole.
  private let header: Int
  /// What is appended, or written over the end; without zeros, so that no start code can arise.
  private let noise: [UInt8]
  private var starts = SliceStarts()

  package var isHEVC: Bool { codec == .hevc }
  /// Pictures are counted in the order of presentation.
  package var countsPictures: Bool { isHEVC || codec == .h264 }
  /// Pictures are counted anew in each group.
  package var countsInGroups: Bool { codec == .mpeg }
  /// Motion may be taken from other pictures.
  package var hasDirectMotion: Bool { codec != .mpeg }

  /// `extra`: what a container says of the stream, its parameter sets among it.
  package init(_ codec: Codec, width: Int, extra: [UInt8]) {
    self.codec = codec
    header =
      switch codec {
      case .h264, .hevc: 32
      case .mpeg: 4
      case .mpeg4: 8
      }
    cut = codec == .mpeg4 ? 8 : 5
    columns = (width + Self.side - 1) / Self.side
    let place = codec == .hevc ? 21 : 4
    let hasUnits = codec == .hevc || codec == .h264
    let hasLengths = hasUnits && extra.count > place && extra[0] == 1
    lengthBytes = hasLengths ? Int(extra[place] & 3) + 1 : 0
    var state: UInt32 = 1
    noise = (0..<Self.tail).map { _ in
      state = state &* 1_664_525 &+ 1_013_904_223
      return UInt8(53 + Int(state >> 24) * 190 / 256)
    }
    guard codec == .hevc else { return }
    for unit in hasLengths ? Self.unitsOfConfiguration(extra) : Self.unitsAfterStartCodes(extra) {
      starts.learn(extra[unit])
    }
  }

  /// The slices of a packet, in its order; none where units have no places.
  package mutating func slices(of packet: [UInt8]) -> [Slice] {
    let units =
      lengthBytes == 0 ? Self.unitsAfterStartCodes(packet) : unitsAfterLengths(packet)
    var slices: [Slice] = []
    for unit in units {
      var end = unit.upperBound
      while end > unit.lowerBound, packet[end - 1] == 0 { end -= 1 }
      let bytes = unit.lowerBound..<end
      guard bytes.count >= 3 else { continue }
      if isHEVC { starts.learn(packet[bytes]) }
      if isSlice(packet[bytes.lowerBound]) {
        slices.append(
          Slice(
            bytes: bytes, first: firstBlock(of: packet[bytes]),
            start: isHEVC ? starts.start(of: packet[bytes]) : nil))
      }
    }
    return slices
  }

  private func firstBlock(of slice: ArraySlice<UInt8>) -> Int {
    if isHEVC || codec == .mpeg4 { return 0 }
    // The code that MPEG-2 begins a slice with is that of its row, from 1 on.
    if codec == .mpeg { return (Int(slice[slice.startIndex]) - 1) * columns }
    var reader = BitReader(slice.dropFirst().prefix(8))
    return reader.number()
  }

  /// The blocks of each slice in a picture of `count` blocks; nil: they are not in order, or of H.265.
  package func places(of slices: [Slice], count: Int) -> [Range<Int>]? {
    guard !isHEVC, countsPictures ? slices.first?.first == 0 : !slices.isEmpty else { return nil }
    let ends = slices.dropFirst().map(\.first) + [count]
    guard zip(slices, ends).allSatisfy({ $0.first < $1 }) else { return nil }
    return zip(slices, ends).map { $0.first..<(codec == .mpeg ? min($1, $0.first + columns) : $1) }
  }

  /// The blocks of each slice in a picture of so many columns and rows, in rising order; nil: they
  /// are not known.
  ///
  /// What a lost slice would have held counts to the one before.
  package func blocks(of slices: [Slice], columns: Int, rows: Int) -> [[Int]]? {
    guard isHEVC else { return places(of: slices, count: columns * rows)?.map { Array($0) } }
    guard let starts = starts(of: slices) else { return nil }
    var blocks = slices.map { _ in [Int]() }
    for index in 0..<columns * rows {
      let (row, column) = (index / columns * Self.side, index % columns * Self.side)
      guard let number = starts[0].trees.number(row: row, column: column) else { return nil }
      if let slice = starts.lastIndex(where: { $0.first <= number }) { blocks[slice].append(index) }
    }
    return blocks
  }

  /// Where slices of H.265 begin, in order; nil: that is not known of each.
  private func starts(of slices: [Slice]) -> [SliceStarts.Start]? {
    let starts = slices.compactMap(\.start)
    guard starts.count == slices.count, !starts.isEmpty,
      zip(starts, starts.dropFirst()).allSatisfy({ $0.trees == $1.trees && $0.first < $1.first })
    else { return nil }
    return starts
  }

  /// The packet with noise behind each of its slices.
  package func lengthened(_ packet: [UInt8], _ slices: [Slice]) -> [UInt8] {
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
  /// Of H.265 it is the last slice only. Without its end, a slice goes on beyond its place, and what is
  /// made there shows at the edges of blocks also where other slices are decoded after it.
  package func cut(_ packet: [UInt8], _ slices: [Slice]) -> (packet: [UInt8], cut: [Bool]) {
    var result = packet
    var done = slices.map { _ in false }
    for (index, slice) in slices.enumerated() where !isHEVC || index == slices.count - 1 {
      var end = slice.bytes.upperBound
      // Three bytes that an encoder may append as often as it likes.
      while end - slice.bytes.lowerBound > 3, packet[end - 3..<end].elementsEqual([0, 0, 3]) {
        end -= 3
        while packet[end - 1] == 0 { end -= 1 }
      }
      guard end - slice.bytes.lowerBound >= header + cut else { continue }
      for place in end - cut..<end {
        result[place] = noise[(place + packet.count) % Self.tail]
      }
      done[index] = true
    }
    return (result, done)
  }

  /// The share of a slice's bytes before more equal ones in a row than so many blocks make; nil: there
  /// are none.
  package func intactShare(of slice: Slice, in packet: [UInt8], blocks: Int) -> Double? {
    // A block of MPEG-4 that stays as it was is a bit.
    let least = Self.erased + (codec == .mpeg4 ? blocks / 8 : 0)
    var run = 1
    for index in slice.bytes.dropFirst() {
      run = packet[index] == packet[index - 1] ? run + 1 : 1
      if run == least {
        return Double(index + 1 - run - slice.bytes.lowerBound) / Double(slice.bytes.count)
      }
    }
    return nil
  }

  private func isSlice(_ header: UInt8) -> Bool {
    switch codec {
    case .h264: header & 31 == 1 || header & 31 == 5
    case .hevc: header >> 1 & 63 < 32
    case .mpeg: (1...0xAF).contains(header)
    case .mpeg4: header == 0xB6
    }
  }

  static func unitsAfterStartCodes(_ packet: [UInt8]) -> [Range<Int>] {
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

  /// The parameter sets of H.265 in the form of MP4 and Matroska: behind 23 bytes there are lists, each
  /// with a kind and a count, of units with their lengths.
  private static func unitsOfConfiguration(_ extra: [UInt8]) -> [Range<Int>] {
    var units: [Range<Int>] = []
    var index = 23
    func word(_ place: Int) -> Int {
      place + 1 < extra.count ? Int(extra[place]) << 8 | Int(extra[place + 1]) : 0
    }
    while index + 3 <= extra.count {
      let count = word(index + 1)
      index += 3
      for _ in 0..<count {
        let unit = index + 2..<index + 2 + word(index)
        guard unit.upperBound <= extra.count else { return units }
        units.append(unit)
        index = unit.upperBound
      }
    }
    return units
  }
}
