// SPDX-License-Identifier: MIT
import CLibAV
import CodedVideo

/// Tells which slices a decoder left before their data ended: without its last bytes, such a slice is
/// decoded to the same picture.
@safe final class TailWitness {
  private let decoder: TrackedDecoder
  private let slices: CodedSlices
  private var cut: [Bool] = []
  private var begun: [Picture] = []
  /// Slices that were tested, and those among them that were left.
  private var tested = 0
  private var left = 0

  init(_ decoder: TrackedDecoder, _ slices: CodedSlices) {
    self.decoder = decoder
    self.slices = slices
  }

  /// Decodes the cut form of a packet, whose slices are given; nil: what is left at the end.
  func decode(
    _ packet: UnsafeMutablePointer<AVPacket>?, _ bytes: [UInt8], _ found: [CodedSlices.Slice]
  ) throws(Failure) {
    guard let packet = unsafe packet else { return }
    let altered = slices.cut(bytes, found)
    cut = altered.cut
    let copy = try unsafe PacketCopy(of: packet, altered.packet)
    _ = try unsafe decoder.decode(copy.packet)
    begun = decoder.takeBegun().map(\.picture)
  }

  /// The blocks of the slices that were left, in the last of `count` pictures that were begun.
  func judge(_ picture: Picture, of count: Int, _ found: [CodedSlices.Slice]) -> BlockMap? {
    guard begun.count == count, let own = begun.last, own.width == picture.width,
      own.height == picture.height, found.count == cut.count
    else { return nil }
    let differing = BlockMap(picture, unlike: own)
    var map = differing.empty
    // Where slices of H.265 have no known places, the last one, which alone is cut, may be anywhere.
    guard
      let places = slices.blocks(of: found, columns: map.columns, rows: map.rows)
        ?? (slices.isHEVC ? found.map { _ in Array(map.marks.indices) } : nil)
    else { return nil }
    for (index, blocks) in places.enumerated() where cut[index] {
      // Where blocks touch those of a slice before that is cut as well, its end makes a difference.
      let isTouching = slices.countsPictures && !slices.isHEVC && index > 0
      let own = blocks.dropFirst(isTouching ? map.columns + 1 : 0)
      guard !own.isEmpty else { continue }
      tested += 1
      guard !own.contains(where: { differing.marks[$0] }) else { continue }
      left += 1
      // Where most slices seem to be left, they end in a way that is not known here.
      if 2 * left <= tested { for block in blocks { map.marks[block] = true } }
    }
    return map.count > 0 ? map : nil
  }

  /// Lets later pictures be predicted from the same samples as those of the given ones.
  func follow(_ pictures: [Picture]) {
    for (own, picture) in zip(begun, pictures) where begun.count == pictures.count {
      own.copySamples(of: picture)
    }
    begun = []
  }
}

extension CodedSlices {
  /// Nil for other codecs.
  init?(_ parameters: UnsafeMutablePointer<AVCodecParameters>) {
    let codec: Codec? =
      switch unsafe parameters.pointee.codec_id {
      case AV_CODEC_ID_H264: .h264
      case AV_CODEC_ID_HEVC: .hevc
      case AV_CODEC_ID_MPEG1VIDEO, AV_CODEC_ID_MPEG2VIDEO: .mpeg
      case AV_CODEC_ID_MPEG4: .mpeg4
      default: nil
      }
    guard let codec else { return nil }
    let extra = unsafe UnsafeBufferPointer(
      start: parameters.pointee.extradata, count: Int(parameters.pointee.extradata_size))
    unsafe self.init(codec, width: Int(parameters.pointee.width), extra: Array(extra))
  }
}

/// A packet like another one, but with other bytes.
@safe final class PacketCopy {
  let packet: UnsafeMutablePointer<AVPacket>

  init(of source: UnsafeMutablePointer<AVPacket>, _ bytes: [UInt8]) throws(Failure) {
    unsafe packet = try allocated(av_packet_alloc())
    try unsafe check(av_new_packet(packet, Int32(clamping: bytes.count)), "copying a packet")
    unsafe packet.pointee.data.update(from: bytes, count: bytes.count)
    try unsafe check(av_packet_copy_props(packet, source), "copying a packet")
  }

  deinit {
    var packet: UnsafeMutablePointer<AVPacket>? = unsafe packet
    unsafe av_packet_free(&packet)
  }
}
