// SPDX-License-Identifier: MIT
import CLibAV
import CVFI

/// What is known of a picture that is shown.
struct ShownDamage {
  /// Pixels that were not decoded, and those that depend on such, the former included.
  var missing = 0
  var affected = 0
  var kind = RepairKind.none
  /// What the decoder says of the picture.
  var isFlagged = false
}

/// Reads a video in which pictures are repaired as soon as they are decoded.
///
/// Three decoders get the same packets. Their pictures begin with other patterns, and only one
/// conceals what it misses, so that what is intact is the same in all of them: their differences are a
/// map of the damage. Two of the three go on from repaired pictures, so that
/// later ones are predicted from those (see ``CodedPicture``).
@safe final class RepairReader: PictureSource {
  /// Decoded pictures that a damaged one may be repaired from.
  private static let memory = 6

  let input: MediaInput
  let index: Int
  var otherPacket: ((UnsafeMutablePointer<AVPacket>) throws(Failure) -> Void)?
  private let decoders: [TrackedDecoder]
  /// Of H.265, whose decoder neither conceals nor notices that a slice has ended too early.
  private let sliceTail: SliceTail?
  private let options: [KeyValue]
  private let parser: UnsafeMutablePointer<AVCodecParserContext>?
  private let parserContext: UnsafeMutablePointer<AVCodecContext>
  private let packet: UnsafeMutablePointer<AVPacket>
  private let altered: UnsafeMutablePointer<AVPacket>
  private var mender: PictureMender?
  /// The last pictures, in the order of decoding, as far as they may still be needed.
  private var coded: [CodedPicture] = []
  private var waiting: [(picture: Picture, damage: ShownDamage)] = []
  private var epoch: Int64 = 0
  private var atEnd = false
  /// Of the picture that ``next()`` gave last.
  private(set) var damage = ShownDamage()

  init(_ input: MediaInput, options: [KeyValue]) throws(Failure) {
    self.input = input
    self.options = options
    index = try input.videoStream()
    let stream = unsafe input.stream(index)
    let place = "\(input.name): stream \(index): decoder"
    let codecs = [
      AV_CODEC_ID_H264, AV_CODEC_ID_HEVC, AV_CODEC_ID_MPEG1VIDEO, AV_CODEC_ID_MPEG2VIDEO,
      AV_CODEC_ID_MPEG4,
    ]
    guard let parameters = unsafe stream.pointee.codecpar,
      unsafe codecs.contains(parameters.pointee.codec_id)
    else {
      throw Failure("\(place): only H.264, H.265, MPEG-1, MPEG-2 and MPEG-4 can be repaired")
    }
    let isHEVC = unsafe parameters.pointee.codec_id == AV_CODEC_ID_HEVC
    sliceTail = unsafe isHEVC ? SliceTail(parameters) : nil
    let timebase = unsafe stream.pointee.time_base
    var opened: [TrackedDecoder] = []
    for (pattern, conceals) in [
      (TrackedDecoder.Pattern.grey, true), (.noise(1), false), (.noise(2), false),
    ] {
      opened.append(
        try unsafe TrackedDecoder(
          parameters, timebase: timebase, pattern: pattern, conceals: conceals, place: place))
    }
    decoders = opened
    unsafe parserContext = try allocated(avcodec_alloc_context3(nil))
    unsafe packet = try allocated(av_packet_alloc())
    unsafe altered = try allocated(av_packet_alloc())
    try unsafe check(avcodec_parameters_to_context(parserContext, parameters), place)
    unsafe parser = unsafe av_parser_init(Int32(parameters.pointee.codec_id.rawValue))
    unsafe parser?.pointee.flags |= PARSER_FLAG_COMPLETE_FRAMES
  }

  deinit {
    var context: UnsafeMutablePointer<AVCodecContext>? = unsafe parserContext
    var packets: [UnsafeMutablePointer<AVPacket>?] = unsafe [packet, altered]
    unsafe av_parser_close(parser)
    unsafe avcodec_free_context(&context)
    for index in 0..<2 { unsafe av_packet_free(&packets[index]) }
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
    var other = unsafe packet
    if let sliceTail, let packet = unsafe packet {
      try unsafe sliceTail.lengthen(packet, into: altered)
      unsafe other = altered
    }
    let shown = try unsafe decoders[0].decode(packet)
    for decoder in decoders[1...] { _ = try unsafe decoder.decode(other) }
    unsafe av_packet_unref(altered)
    let begun = decoders.map { $0.takeBegun() }
    let count = begun[0].count
    for index in 0..<count where begun.allSatisfy({ $0.count == count }) {
      // A decoder that misses a picture begins one in its place, before that of the packet.
      let isStandIn = index + 1 < count
      let picture = CodedPicture(
        shown: begun[0][index], shadow: begun[1][index], control: begun[2][index],
        order: isStandIn ? orderOfStandIn(before: order) : order, isLost: isStandIn)
      try mend(picture)
      coded.append(picture)
    }
    for picture in shown { waiting.append((picture, describe(picture))) }
    // Pictures of H.264 and H.265 may wait behind 16 others before they are shown.
    if coded.count > 40 { coded.removeFirst(coded.count - 40) }
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
    guard let format = KnownFormat(picture.shown.format) else { return }
    if mender == nil {
      mender = try PictureMender(
        ContextParameters(options), format: format, conceals: sliceTail == nil, place: input.name)
    }
    let sources = coded.suffix(Self.memory).filter { !$0.isLost || $0.action != .none }
    try mender?.mend(picture, from: Array(sources))
  }

  private func describe(_ picture: Picture) -> ShownDamage {
    var damage = ShownDamage()
    damage.isFlagged = unsafe clibav_frame_is_suspect(picture.frame) != 0
    guard let source = coded.last(where: { $0.holds(picture) }) else { return damage }
    let (width, height) = (Int(picture.width), Int(picture.height))
    damage.missing = source.origin.pixels(width: width, height: height)
    damage.affected = max(damage.missing, source.spread.pixels(width: width, height: height))
    damage.kind = source.action
    return damage
  }

  /// A number that grows in the order of presentation: of the parser, or else of the packet.
  private func presentation(of packet: UnsafeMutablePointer<AVPacket>?) -> Int64 {
    guard let packet = unsafe packet else { return .max }
    guard let parser = unsafe parser else { return unsafe packet.pointee.pts }
    var data: UnsafeMutablePointer<UInt8>?
    var size: Int32 = 0
    unsafe av_parser_parse2(
      parser, parserContext, &data, &size, packet.pointee.data, packet.pointee.size,
      packet.pointee.pts, packet.pointee.dts, packet.pointee.pos)
    // Picture order counts begin anew at key frames.
    if unsafe parser.pointee.key_frame == 1 { epoch += 1 }
    return epoch << 33 + Int64(unsafe parser.pointee.output_picture_number)
  }
}
