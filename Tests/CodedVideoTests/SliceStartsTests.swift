// SPDX-License-Identifier: MIT
import CodedVideo
import TestSupport
import Testing

/// Writes fields as units of H.265 have them.
private struct BitWriter {
  private var bits: [Bool] = []

  mutating func bits(_ value: Int, _ count: Int) {
    for shift in (0..<count).reversed() { bits.append(value >> shift & 1 == 1) }
  }

  /// A number in Exp-Golomb code.
  mutating func number(_ value: Int) {
    let length = Int.bitWidth - (value + 1).leadingZeroBitCount
    bits(value + 1, 2 * length - 1)
  }

  /// With the end mark, and a 3 where three bytes would be taken for a start code.
  func unit(header: [UInt8]) -> [UInt8] {
    var all = bits + [true]
    while all.count % 8 > 0 { all.append(false) }
    var bytes = header
    for start in stride(from: 0, to: all.count, by: 8) {
      let byte = all[start..<start + 8].reduce(UInt8(0)) { $0 << 1 | ($1 ? 1 : 0) }
      if byte <= 3, bytes.count > 3, bytes.suffix(2) == [0, 0] { bytes.append(3) }
      bytes.append(byte)
    }
    return bytes
  }
}

/// What the parameter sets of a stream say, as far as it matters.
private struct Stream {
  var width = 448
  var height = 256
  /// Log2 of the sides of coding blocks.
  var least = 3
  var side = 6
  var layers = 0
  var chroma = 1
  var isCropped = false
  var mayDepend = false
  var hasTiles = false
  var hasDepths = false
  var ids = (sequence: 0, picture: 0)

  init() {}

  init(_ random: inout SeededRandom) {
    width = 8 * Int.random(in: 1...512, using: &random)
    height = 8 * Int.random(in: 1...300, using: &random)
    side = Int.random(in: 4...6, using: &random)
    least = Int.random(in: 3...side, using: &random)
    layers = Int.random(in: 0...6, using: &random)
    chroma = Int.random(in: 0...3, using: &random)
    isCropped = .random(using: &random)
    mayDepend = .random(using: &random)
    hasDepths = .random(using: &random)
    ids = (Int.random(in: 0...15, using: &random), Int.random(in: 0...63, using: &random))
  }

  var columns: Int { (width + (1 << side) - 1) >> side }
  var rows: Int { (height + (1 << side) - 1) >> side }

  var sequenceUnit: [UInt8] {
    var writer = BitWriter()
    writer.bits(0, 4)
    writer.bits(layers, 3)
    writer.bits(1, 1)
    for _ in 0..<12 { writer.bits(0, 8) }
    for layer in 0..<layers { writer.bits(layer % 4, 2) }
    if layers > 0 { writer.bits(0, 2 * (8 - layers)) }
    for layer in 0..<layers {
      if layer % 4 >= 2 { for _ in 0..<11 { writer.bits(0xA5, 8) } }
      if layer % 2 == 1 { writer.bits(93, 8) }
    }
    writer.number(ids.sequence)
    writer.number(chroma)
    if chroma == 3 { writer.bits(0, 1) }
    writer.number(width)
    writer.number(height)
    writer.bits(isCropped ? 1 : 0, 1)
    if isCropped { for offset in 0..<4 { writer.number(offset) } }
    for value in [0, 0, 4] { writer.number(value) }
    writer.bits(hasDepths ? 1 : 0, 1)
    for _ in 0..<(hasDepths ? layers + 1 : 1) { for value in [4, 2, 0] { writer.number(value) } }
    writer.number(least - 3)
    writer.number(side - least)
    for value in [0, 3, 1, 1] { writer.number(value) }
    return writer.unit(header: [33 << 1, 1])
  }

  var pictureUnit: [UInt8] {
    var writer = BitWriter()
    writer.number(ids.picture)
    writer.number(ids.sequence)
    writer.bits(mayDepend ? 1 : 0, 1)
    writer.bits(0b0_010_1_0, 6)
    for value in [2, 0, 5] { writer.number(value) }
    writer.bits(0b01, 2)
    writer.bits(hasDepths ? 1 : 0, 1)
    if hasDepths { writer.number(1) }
    for value in [1, 12] { writer.number(value) }
    writer.bits(0b0110, 4)
    writer.bits(hasTiles ? 1 : 0, 1)
    writer.bits(0b1, 1)
    return writer.unit(header: [34 << 1, 1])
  }

  /// The beginning of a slice, with noise behind.
  func slice(at first: Int, isKey: Bool = false) -> [UInt8] {
    var writer = BitWriter()
    writer.bits(first == 0 ? 1 : 0, 1)
    if isKey { writer.bits(0, 1) }
    writer.number(ids.picture)
    if first > 0, mayDepend { writer.bits(1, 1) }
    var bits = 0
    while 1 << bits < columns * rows { bits += 1 }
    if first > 0 { writer.bits(first, bits) }
    for value in 0..<60 { writer.bits(value * 37 % 251, 8) }
    return writer.unit(header: [(isKey ? 19 : 1) << 1, 1])
  }
}

private let code: [UInt8] = [0, 0, 0, 1]

@Suite struct SliceStartsTests {
  @Test func findsWhereSlicesBegin() throws {
    var random = SeededRandom(1)
    for _ in 0..<300 {
      let stream = Stream(&random)
      var starts = SliceStarts()
      let first = Int.random(in: 0..<stream.columns * stream.rows, using: &random)
      let slice = stream.slice(at: first, isKey: .random(using: &random))
      #expect(starts.start(of: slice[...]) == nil)
      starts.learn(stream.pictureUnit[...])
      #expect(starts.start(of: slice[...]) == nil)
      starts.learn(stream.sequenceUnit[...])
      let start = try #require(starts.start(of: slice[...]))
      #expect(start.first == first)
      #expect((start.trees.columns, start.trees.rows) == (stream.columns, stream.rows))
      #expect(start.trees.side == stream.side)
    }
  }

  @Test func knowsNothingOfTiles() {
    var stream = Stream()
    stream.hasTiles = true
    var starts = SliceStarts()
    starts.learn(stream.sequenceUnit[...])
    starts.learn(stream.pictureUnit[...])
    #expect(starts.start(of: stream.slice(at: 7)[...]) == nil)
  }

  @Test func survivesDamage() {
    var random = SeededRandom(2)
    for _ in 0..<2000 {
      let stream = Stream(&random)
      var starts = SliceStarts()
      for unit in [stream.sequenceUnit, stream.pictureUnit] {
        var unit = unit.prefix(.random(in: 0...unit.count, using: &random))
        for _ in 0..<Int.random(in: 0...4, using: &random) where !unit.isEmpty {
          unit[.random(in: 0..<unit.count, using: &random)] = .random(in: 0...255, using: &random)
        }
        starts.learn(unit)
      }
      let slice = stream.slice(at: 0)
      if let start = starts.start(of: slice.prefix(.random(in: 0...slice.count, using: &random))) {
        #expect((0..<start.trees.count).contains(start.first))
      }
    }
  }
}

@Suite struct CodedSlicesTests {
  private let stream = {
    var stream = Stream()
    (stream.mayDepend, stream.width) = (true, 440)
    return stream
  }()

  /// Slices from coding tree blocks 0, 9 and 14 of 7 columns and 4 rows on.
  private func packet() -> [UInt8] {
    [0, 9, 14].flatMap { code + stream.slice(at: $0) }
  }

  private var extra: [UInt8] { code + stream.sequenceUnit + code + stream.pictureUnit }

  /// The same as MP4 and Matroska have it.
  private var configuration: [UInt8] {
    var bytes: [UInt8] = [1] + Array(repeating: 0, count: 20) + [3, 2]
    for (kind, unit) in [(33, stream.sequenceUnit), (34, stream.pictureUnit)] {
      bytes += [UInt8(kind), 0, 1, 0, UInt8(unit.count)] + unit
    }
    return bytes
  }

  @Test func knowsTheBlocksOfSlices() throws {
    var inBand = CodedSlices(.hevc, width: 440, extra: [])
    var before = CodedSlices(.hevc, width: 440, extra: extra)
    #expect(inBand.blocks(of: inBand.slices(of: packet()), columns: 28, rows: 16) == nil)
    let slices = before.slices(of: packet())
    #expect(slices.count == 3)
    let blocks = try #require(before.blocks(of: slices, columns: 28, rows: 16))
    for index in 0..<28 * 16 {
      let tree = index / 28 / 4 * 7 + index % 28 / 4
      #expect(blocks[tree < 9 ? 0 : tree < 14 ? 1 : 2].contains(index))
    }
    #expect(blocks.map(\.count) == [144, 80, 224])
    let later = inBand.slices(of: extra + packet())
    #expect(inBand.blocks(of: later, columns: 28, rows: 16) == blocks)
    // Of another size, or in disorder.
    #expect(before.blocks(of: slices, columns: 29, rows: 16) == nil)
    #expect(before.blocks(of: slices.reversed(), columns: 28, rows: 16) == nil)
  }

  @Test func readsBothFormsOfExtraData() {
    var slices = CodedSlices(.hevc, width: 440, extra: configuration)
    let units = [stream.slice(at: 0), stream.slice(at: 9)]
    let packet: [UInt8] = units.flatMap { [0, 0, 0, UInt8($0.count)] + $0 }
    let found = slices.slices(of: packet)
    #expect(found.map { $0.start?.first } == [0, 9])
    var random = SeededRandom(3)
    for _ in 0..<500 {
      var damaged = configuration.prefix(.random(in: 0...configuration.count, using: &random))
      for index in damaged.indices where Int.random(in: 0..<20, using: &random) == 0 {
        damaged[index] = .random(in: 0...255, using: &random)
      }
      var some = CodedSlices(.hevc, width: 440, extra: Array(damaged))
      for slice in some.slices(of: packet) where slice.start != nil {
        #expect(slice.bytes.upperBound <= packet.count)
      }
    }
  }

  @Test func cutsEnds() {
    // Of H.265 the last slice, of others each.
    for (codec, wanted) in [(CodedSlices.Codec.hevc, [2]), (.h264, [0, 1, 2])] {
      var slices = CodedSlices(codec, width: 440, extra: extra)
      // For H.264, the same units are of slices with a header of their own.
      let whole = packet().map { codec == .h264 && $0 == 2 ? 0x65 : $0 }
      let found = slices.slices(of: whole)
      let cut = slices.cut(whole, found)
      #expect(cut.cut == (0..<3).map(wanted.contains))
      #expect(cut.packet.count == whole.count)
      let changed = whole.indices.filter { whole[$0] != cut.packet[$0] }
      #expect(Set(changed).isSubset(of: wanted.flatMap { found[$0].bytes.suffix(5) }))
      #expect(changed.count >= 4 * wanted.count)
    }
    // What is hardly more than a header stays whole.
    var slices = CodedSlices(.hevc, width: 440, extra: extra)
    let short = code + stream.slice(at: 0).prefix(30)
    #expect(slices.cut(short, slices.slices(of: short)).cut == [false])
  }

  @Test func knowsTheBlocksOfRows() {
    var mpeg = CodedSlices(.mpeg, width: 100, extra: [])
    let packet = ([1, 2, 2, 4] as [UInt8]).flatMap {
      [0, 0, 1, $0] + [UInt8](repeating: 77, count: 20)
    }
    let found = mpeg.slices(of: packet)
    #expect(found.map(\.first) == [0, 7, 7, 21])
    // Two slices in a row: where the second one begins is not known.
    #expect(mpeg.places(of: found, count: 35) == nil)
    #expect(
      mpeg.places(of: [found[0], found[1], found[3]], count: 35) == [0..<7, 7..<14, 21..<28])
    var h264 = CodedSlices(.h264, width: 100, extra: [])
    // The first macroblock, in Exp-Golomb code: 0 and 10.
    let heads: [[UInt8]] = [[0x65, 0x80], [0x65, 0x16]]
    let slices = heads.flatMap { code + $0 + [UInt8](repeating: 9, count: 40) }
    let two = h264.slices(of: slices)
    #expect(h264.places(of: two, count: 35) == [0..<10, 10..<35])
    #expect(h264.places(of: Array(two.dropFirst()), count: 35) == nil)
    var mpeg4 = CodedSlices(.mpeg4, width: 100, extra: [])
    // A picture is a slice, behind whatever else there is.
    let whole = [0, 0, 1, 0xB0, 3, 0, 0, 1, 0xB6] + [UInt8](repeating: 9, count: 30)
    #expect(mpeg4.slices(of: whole).map(\.bytes) == [8..<39])
    #expect(mpeg4.places(of: mpeg4.slices(of: whole), count: 35) == [0..<35])
    #expect(mpeg4.cut(whole, mpeg4.slices(of: whole)).packet.prefix(31) == whole.prefix(31))
  }

  @Test func findsWhatWasErased() throws {
    var h264 = CodedSlices(.h264, width: 100, extra: [])
    var mpeg4 = CodedSlices(.mpeg4, width: 100, extra: [])
    for (run, isErased) in [(31, [false, false]), (32, [true, false]), (36, [true, true])] {
      // A quarter of the slice is intact.
      let data = (0..<19).map { UInt8(100 + $0) } + [UInt8](repeating: 255, count: run)
      let rest = (0..<60 - run).map { UInt8(100 + $0) }
      for (isMPEG4, header) in [(false, 0x65), (true, 0xB6)] as [(Bool, UInt8)] {
        let packet = code + [header] + data + rest
        let found = isMPEG4 ? mpeg4.slices(of: packet) : h264.slices(of: packet)
        let slice = try #require(found.first)
        let share =
          isMPEG4
          ? mpeg4.intactShare(of: slice, in: packet, blocks: 35)
          : h264.intactShare(of: slice, in: packet, blocks: 35)
        #expect(share == (isErased[isMPEG4 ? 1 : 0] ? 0.25 : nil))
      }
    }
  }
}

@Suite struct GroupCountTests {
  private func packet(_ place: Int, beginsGroup: Bool = false) -> [UInt8] {
    let group: [UInt8] = beginsGroup ? [0, 0, 1, 0xB8, 0, 8, 0, 0] : []
    return group + [0, 0, 1, 0, UInt8(place >> 2), UInt8(place & 3) << 6 | 0x10, 0, 0]
  }

  @Test func countsOnFromGroupToGroup() {
    var count = GroupCount()
    // As decoded: I B B P B B, then a group that begins with two pictures of type B.
    #expect(
      [0, 3, 1, 2].enumerated().map { count.number(of: packet($1, beginsGroup: $0 == 0)) }
        == [0, 3, 1, 2])
    #expect(count.number(of: packet(2, beginsGroup: true)) == 6)
    #expect([0, 1, 5].map { count.number(of: packet($0)) } == [4, 5, 9])
    #expect(count.number(of: [0, 0, 1, 0xB3, 1, 2]) == nil)
    #expect(count.number(of: [0, 0, 1]) == nil)
  }

  @Test func countsOnInLongGroups() {
    var count = GroupCount()
    for number in 0..<5000 {
      // Each pair in the other order.
      let shown = number ^ 1
      #expect(count.number(of: packet(shown % 1024)) == Int64(shown))
    }
  }
}
