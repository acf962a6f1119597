// SPDX-License-Identifier: MIT
import CLibAV
import CVFI
import CodedVideo

/// What is known of a picture that is shown.
struct ShownDamage {
  /// Pixels that were not decoded, and those that depend on such, the former included.
  var missing = 0
  var affected = 0
  var kind = RepairKind.none
  /// What the decoder, or the container, says of the picture.
  var isFlagged = false
  /// There was no such picture in the stream.
  var isMissing = false
}

/// What a packet holds; at the end nothing.
private struct PacketCoding {
  let bytes: [UInt8]
  let slices: [CodedSlices.Slice]
}

/// Reads a video in which pictures are repaired as soon as they are decoded.
///
/// Three decoders get the same packets. Their pictures begin with other patterns, and only one
/// conceals what it misses, so that what is intact is the same in all of them: their differences are a
/// map of the damage. Two of the three go on from repaired pictures, so that
/// later ones are predicted from those (see ``CodedPicture``). A fourth one sees slices without their
/// ends (see ``TailWitness``).
@safe final class RepairReader: PictureSource {
  /// Decoded pictures that a damaged one may be repaired from.
  private static let memory = 6

  let input: MediaInput
  let index: Int
  var otherPacket: ((UnsafeMutablePointer<AVPacket>) throws(Failure) -> Void)?
  private let decoders: [TrackedDecoder]
  private var slices: CodedSlices
  private let witness: TailWitness
  private let options: [KeyValue]
  private let parser: UnsafeMutablePointer<AVCodecParserContext>?
  private let parserContext: UnsafeMutablePointer<AVCodecContext>
  private let packet: UnsafeMutablePointer<AVPacket>
  private var mender: PictureMender?
  /// The last pictures, in the order of decoding, as far as they may still be needed.
  private var coded: [CodedPicture] = []
  private var waiting: [(picture: Picture, damage: ShownDamage)] = []
  private var last: Picture?
  private var missing = MissingPictures()
  private var epoch: Int64 = 0
  private var anchors = AnchorOrder()
  private var groups = GroupCount()
  private var isInterlaced = false
  private var atEnd = false
  /// Of the picture that ``next()`` gave last.
  private(set) var damage = ShownDamage()

  init(_ input: MediaInput, options: [KeyValue]) throws(Failure) {
    self.input = input
    self.options = options
    index = try input.videoStream()
    let stream = unsafe input.stream(index)
    let place = "\(input.name): stream \(index): decoder"
    guard let parameters = unsafe stream.pointee.codecpar,
      let slices = unsafe CodedSlices(parameters)
    else {
      throw Failure("\(place): only H.264, H.265, MPEG-1, MPEG-2 and MPEG-4 can be repaired")
    }
    let timebase = unsafe stream.pointee.time_base
    func decoder(
      _ pattern: TrackedDecoder.Pattern, conceals: Bool = false, resumes: Bool = true
    ) throws(Failure) -> TrackedDecoder {
      try unsafe TrackedDecoder(
        parameters, timebase: timebase, pattern: pattern, conceals: conceals, resumes: resumes,
        place: place)
    }
    decoders = [
      try decoder(.grey, conceals: true), try decoder(.noise(1)),
      try decoder(.noise(2), resumes: false),
    ]
    self.slices = slices
    witness = TailWitness(try decoder(.noise(3)), slices)
    unsafe parserContext = try allocated(avcodec_alloc_context3(nil))
    unsafe packet = try allocated(av_packet_alloc())
    try unsafe check(avcodec_parameters_to_context(parserContext, parameters), place)
    unsafe parser = unsafe av_parser_init(Int32(parameters.pointee.codec_id.rawValue))
    unsafe parser?.pointee.flags |= PARSER_FLAG_COMPLETE_FRAMES
  }

  deinit {
    var context: UnsafeMutablePointer<AVCodecContext>? = unsafe parserContext
    var packet: UnsafeMutablePointer<AVPacket>? = unsafe packet
    unsafe av_parser_close(parser)
    unsafe avcodec_free_context(&context)
    unsafe av_packet_free(&packet)
  }

  var damaged: Int { decoders[0].refused }

  /// The next picture, repaired, in the order of presentation; nil at the end.
  func next() throws(Failure) -> Picture? {
    while waiting.isEmpty {
      if atEnd { return nil }
      try feed()
    }
    let shown = waiting.removeFirst()
    damage = shown.damage
    return shown.picture
  }

  private func feed() throws(Failure) {
    defer { unsafe av_packet_unref(packet) }
    while unsafe input.read(into: packet) {
      if unsafe packet.pointee.stream_index == Int32(index) { return try unsafe decode(packet) }
      try unsafe otherPacket?(packet)
      unsafe av_packet_unref(packet)
    }
    atEnd = true
    try unsafe decode(nil)
  }

  /// Gives a packet, or the end, to all decoders, and repairs the pictures that are complete now.
  private func decode(_ packet: UnsafeMutablePointer<AVPacket>?) throws(Failure) {
    let order = unsafe presentation(of: packet)
    let bytes = unsafe packet.map {
      unsafe Array(UnsafeBufferPointer(start: $0.pointee.data, count: Int($0.pointee.size)))
    }
    let found = bytes.map { slices.slices(of: $0) } ?? []
    let shown = try unsafe decoders[0].decode(packet)
    // The decoder of H.265 neither conceals nor notices that a slice's data have ended too early.
    if let packet = unsafe packet, let bytes, slices.isHEVC {
      let longer = try unsafe PacketCopy(of: packet, slices.lengthened(bytes, found))
      _ = try unsafe decoders[1].decode(longer.packet)
    } else {
      _ = try unsafe decoders[1].decode(packet)
    }
    _ = try unsafe decoders[2].decode(packet)
    try unsafe witness.decode(packet, bytes ?? [], found)
    let coding = PacketCoding(bytes: bytes ?? [], slices: found)
    let own = try take(decoders.map { $0.takeBegun() }, order, coding)
    if slices.countsInGroups, let bytes { own?.number = groups.number(of: bytes) }
    if let packet = unsafe packet, unsafe packet.pointee.flags & AV_PKT_FLAG_CORRUPT != 0 {
      own?.isFlagged = true
    }
    for picture in shown { try show(picture) }
    // Pictures of H.264 and H.265 may wait behind 16 others before they are shown.
    if coded.count > 40 { coded.removeFirst(coded.count - 40) }
  }

  /// Repairs the pictures that each decoder has begun with a packet; returns the packet's own, which
  /// is the last one so far where it holds a second field.
  private func take(
    _ begun: [[TrackedDecoder.Begun]], _ order: Int64, _ coding: PacketCoding
  ) throws(Failure) -> CodedPicture? {
    let count = begun[0].count
    guard begun.allSatisfy({ $0.count == count }) else { return coded.last }
    let (isHEVC, found) = (slices.isHEVC, coding.slices)
    for index in 0..<count {
      // A decoder that misses a picture begins one in its place: before that of the packet, in H.265
      // behind it, so that the packet's own was predicted from nothing.
      let isStandIn = index != (isHEVC ? 0 : count - 1)
      let isLost = isStandIn || isHEVC && count > 1
      let picture = CodedPicture(
        shown: begun[0][index].picture, shadow: begun[1][index].picture,
        control: begun[2][index].picture,
        order: isStandIn ? orderOfStandIn(before: order) : order, isLost: isLost)
      // Macroblocks of interlaced pictures are not coded in the order of their places.
      let isPlaced = !isLost && (found.count == 1 || !isInterlaced)
      let left = isPlaced ? witness.judge(picture.shown, of: count, found) : nil
      var doubtful = picture.origin
      if let left { doubtful.formUnion(left) }
      let isSuspect = doubtful.count > 0 || picture.spread.count > 0
      if isSuspect, let mender = try mender(of: picture.shown),
        let strays = StrayFinder(picture, among: coded.suffix(Self.memory), by: mender)
      {
        if isHEVC, !picture.isLost,
          let blocks = try strays.find(left, in: blocks(of: found, picture))
        {
          picture.reject(blocks)
        } else if !isHEVC, isPlaced, picture.origin.count > 0 || left != nil {
          let doubts = DoubtfulSlices(
            of: picture, unwritten: decoders[1].unwritten(in: begun[1][index]), left: left,
            hasDirectMotion: slices.hasDirectMotion)
          try doubts.settle(by: strays, in: places(of: found, picture))
        }
      }
      if isPlaced, !picture.isLost { rejectLost(doubtful, of: picture, coding) }
      try mend(picture)
      if let left { picture.suspect(left) }
      coded.append(picture)
    }
    witness.follow(begun[0].map(\.picture))
    return isHEVC && count > 0 ? coded[coded.count - count] : coded.last
  }

  /// Counts as lost what was erased of the slices that hold any of `doubtful`, and such slices that
  /// repeat the picture before.
  private func rejectLost(_ doubtful: BlockMap, of picture: CodedPicture, _ coding: PacketCoding) {
    guard doubtful.count > 0 else { return }
    var lost = doubtful.empty
    let own = blocks(of: coding.slices, picture)
    for (slice, blocks) in zip(coding.slices, own) where own.count == coding.slices.count {
      guard blocks.contains(where: { doubtful.marks[$0] }),
        let share = slices.intactShare(of: slice, in: coding.bytes, blocks: blocks.count)
      else { continue }
      for block in blocks.dropFirst(Int(share * Double(blocks.count))) { lost.marks[block] = true }
    }
    if let repeated = RepeatedSlices(picture, among: coded) {
      lost.formUnion(repeated.find(doubtful, in: own))
    }
    if lost.count > 0 { picture.reject(lost) }
  }

  /// The blocks of each slice.
  ///
  /// Where slices have no known places, a picture is taken for one; of MPEG-1 and MPEG-2 each row of
  /// blocks is at least one.
  private func places(of found: [CodedSlices.Slice], _ picture: CodedPicture) -> [Range<Int>] {
    let map = picture.origin
    return slices.places(of: found, count: map.marks.count) ?? [0..<map.marks.count]
  }

  /// The same where they need not be in rows.
  private func blocks(of found: [CodedSlices.Slice], _ picture: CodedPicture) -> [[Int]] {
    let map = picture.origin
    return slices.blocks(of: found, columns: map.columns, rows: map.rows)
      ?? [Array(map.marks.indices)]
  }

  /// Half-way between the last picture and one that a missing one was to be shown before.
  private func orderOfStandIn(before order: Int64) -> Int64 {
    guard let last = coded.map(\.order).filter({ $0 < order }).max() else { return order }
    return last + (order - last) / 2
  }

  private func mend(_ picture: CodedPicture) throws(Failure) {
    if picture.origin.count == 0 {
      if picture.spread.count > 0 { picture.action = .carried }
      return
    }
    let sources = coded.suffix(Self.memory).filter { !$0.isLost || $0.action != .none }
    try mender(of: picture.shown)?.mend(picture, from: Array(sources))
  }

  private func mender(of picture: Picture) throws(Failure) -> PictureMender? {
    if mender == nil, let format = KnownFormat(picture.format) {
      mender = try PictureMender(
        ContextParameters(options), format: format, conceals: !slices.isHEVC,
        place: input.name)
    }
    return mender
  }

  /// Puts a picture into the queue, behind those that are missing before it.
  private func show(_ picture: Picture) throws(Failure) {
    let source = coded.last { $0.holds(picture) }
    defer { last = picture }
    if let number = slices.countsPictures ? source?.order : source?.number,
      let last, PictureFitter.alike(last, picture), let mender = try mender(of: picture)
    {
      let times = missing.before(order: number, pts: picture.pts)
      let pictures = try mender.between(last, picture, count: times.count)
      for (made, time) in zip(pictures, times) {
        try made.carryProperties(of: picture, isNew: true)
        unsafe made.frame.pointee.best_effort_timestamp = time ?? clibav_no_pts
        let area = Int(picture.width) * Int(picture.height)
        waiting.append(
          (made, ShownDamage(missing: area, affected: area, kind: .interpolated, isMissing: true)))
      }
    }
    waiting.append((picture, describe(picture, source)))
  }

  private func describe(_ picture: Picture, _ source: CodedPicture?) -> ShownDamage {
    var damage = ShownDamage()
    damage.isFlagged = unsafe clibav_frame_is_suspect(picture.frame) != 0
    guard let source else { return damage }
    damage.isFlagged = damage.isFlagged || source.isFlagged
    let (width, height) = (Int(picture.width), Int(picture.height))
    damage.missing = source.origin.pixels(width: width, height: height)
    damage.affected = max(damage.missing, source.spread.pixels(width: width, height: height))
    damage.kind = source.action
    return damage
  }

  /// A number that grows in the order of presentation.
  private func presentation(of packet: UnsafeMutablePointer<AVPacket>?) -> Int64 {
    guard let packet = unsafe packet else { return .max }
    guard let parser = unsafe parser else { return unsafe packet.pointee.pts }
    var data: UnsafeMutablePointer<UInt8>?
    var size: Int32 = 0
    unsafe av_parser_parse2(
      parser, parserContext, &data, &size, packet.pointee.data, packet.pointee.size,
      packet.pointee.pts, packet.pointee.dts, packet.pointee.pos)
    isInterlaced = unsafe ![AV_FIELD_UNKNOWN, AV_FIELD_PROGRESSIVE].contains(
      parser.pointee.field_order)
    if !slices.countsPictures {
      return anchors.order(
        isBetween: unsafe parser.pointee.pict_type == Int32(AV_PICTURE_TYPE_B.rawValue))
    }
    // The counts begin anew at key frames.
    if unsafe parser.pointee.key_frame == 1 { epoch += 1 }
    return epoch << 33 + Int64(unsafe parser.pointee.output_picture_number)
  }
}
