// SPDX-License-Identifier: MIT
import CLibAV

/// Carries everything but the video from one file to another: audio, subtitles, attachments, cover
/// pictures, chapters and descriptions.
@safe final class StreamCopy {
  private let input: MediaInput
  private let output: MediaOutput
  /// The output's stream for a stream of the input.
  private var targets: [Int: Int32] = [:]
  /// Streams that the output cannot hold, as texts for the user.
  private(set) var leftOut: [String] = []
  /// Packets that came before the output had its header.
  private var waiting: [UnsafeMutablePointer<AVPacket>] = unsafe []

  init(from input: MediaInput, to output: MediaOutput) {
    self.input = input
    self.output = output
  }

  deinit { unsafe waiting.forEach(unsafe Self.free) }

  /// Adds streams for all of the input's but `video`, which stands as `videoTarget` in the output.
  func addStreams(besides video: Int, videoTarget: Int32) throws(Failure) {
    for index in 0..<input.streamCount where index != video {
      let source = unsafe input.stream(index)
      guard let parameters = unsafe source.pointee.codecpar, unsafe !isMadeByMuxer(parameters)
      else { continue }
      guard unsafe canHold(parameters) else {
        unsafe leftOut.append(describe(index, parameters))
        continue
      }
      let stream = try unsafe output.addStream()
      try unsafe check(avcodec_parameters_copy(stream.pointee.codecpar, parameters), output.name)
      unsafe stream.pointee.codecpar.pointee.codec_tag = tag(for: parameters)
      unsafe stream.pointee.time_base = source.pointee.time_base
      unsafe stream.pointee.avg_frame_rate = source.pointee.avg_frame_rate
      unsafe stream.pointee.disposition = source.pointee.disposition
      try unsafe check(clibav_copy_stream_side_data(stream, source), output.name)
      unsafe av_dict_copy(&stream.pointee.metadata, source.pointee.metadata, 0)
      targets[index] = unsafe stream.pointee.index
    }
    try copyDescriptions(video, videoTarget)
  }

  private func copyDescriptions(_ video: Int, _ videoTarget: Int32) throws(Failure) {
    unsafe av_dict_copy(&output.context.pointee.metadata, input.context.pointee.metadata, 0)
    // These describe the old file, not its content.
    for key in ["encoder", "major_brand", "minor_version", "compatible_brands"] {
      unsafe av_dict_set(&output.context.pointee.metadata, key, nil, 0)
    }
    if let stream = unsafe output.context.pointee.streams[Int(videoTarget)] {
      unsafe av_dict_copy(&stream.pointee.metadata, input.stream(video).pointee.metadata, 0)
      for key in ["encoder", "DURATION", "BPS", "NUMBER_OF_FRAMES", "NUMBER_OF_BYTES"] {
        unsafe av_dict_set(&stream.pointee.metadata, key, nil, 0)
      }
    }
    try unsafe check(clibav_copy_chapters(output.context, input.context, input.offset), output.name)
  }

  /// MP4 stores chapters and the time code as streams too; the muxer makes them anew from the
  /// descriptions.
  private func isMadeByMuxer(_ parameters: UnsafeMutablePointer<AVCodecParameters>) -> Bool {
    if unsafe parameters.pointee.codec_type != AVMEDIA_TYPE_DATA { return false }
    let hasChapters = unsafe input.context.pointee.nb_chapters > 0
    if unsafe parameters.pointee.codec_id == AV_CODEC_ID_BIN_DATA { return hasChapters }
    return unsafe parameters.pointee.codec_tag == Self.timeCodeTag
  }

  /// "tmcd", the first letter in the lowest byte.
  private static let timeCodeTag: UInt32 = 0x6463_6d74

  private func canHold(_ parameters: UnsafeMutablePointer<AVCodecParameters>) -> Bool {
    let format = unsafe output.format
    let name = unsafe String(cString: format.pointee.name)
    // Fonts and the like have no codec, and only one kind of file takes them.
    if unsafe parameters.pointee.codec_type == AVMEDIA_TYPE_ATTACHMENT { return name == "matroska" }
    if unsafe parameters.pointee.codec_id == AV_CODEC_ID_NONE { return false }
    let answer = unsafe avformat_query_codec(
      format, parameters.pointee.codec_id, FF_COMPLIANCE_NORMAL)
    if answer >= 0 { return answer > 0 }
    // The muxer has no table of its codecs: what it read it can write, and audio where it has any.
    let source = unsafe String(cString: input.context.pointee.iformat.pointee.name)
    let isAudio = unsafe parameters.pointee.codec_type == AVMEDIA_TYPE_AUDIO
    return unsafe format.pointee.audio_codec != AV_CODEC_ID_NONE && (isAudio || name == source)
  }

  /// The input's tag where it means the same in the output, else the muxer's own.
  private func tag(for parameters: UnsafeMutablePointer<AVCodecParameters>) -> UInt32 {
    let (tag, codec) = unsafe (parameters.pointee.codec_tag, parameters.pointee.codec_id)
    guard let table = unsafe output.format.pointee.codec_tag else { return tag }
    var own: UInt32 = 0
    let isKnown = unsafe av_codec_get_id(table, tag) == codec
    return unsafe isKnown || av_codec_get_tag2(table, codec, &own) == 0 ? tag : 0
  }

  private func describe(
    _ index: Int, _ parameters: UnsafeMutablePointer<AVCodecParameters>
  ) -> String {
    let type =
      unsafe av_get_media_type_string(parameters.pointee.codec_type)
      .map { unsafe String(cString: $0) } ?? "data"
    let codec = unsafe String(cString: avcodec_get_name(parameters.pointee.codec_id))
    return "\(output.name): stream \(index) of the input (\(type), \(codec)) has no place in "
      + "this kind of file and is left out"
  }

  /// Writes a packet of the input, or keeps it until `begin`.
  func take(_ packet: UnsafeMutablePointer<AVPacket>) throws(Failure) {
    guard hasBegun else {
      unsafe waiting.append(try allocated(av_packet_clone(packet)))
      return
    }
    try unsafe write(packet)
  }

  private var hasBegun = false

  /// From now on packets go to the output, first those that waited.
  func begin() throws(Failure) {
    hasBegun = true
    let packets = unsafe waiting
    unsafe waiting = []
    defer { unsafe packets.forEach(Self.free) }
    for index in 0..<(unsafe packets.count) { try unsafe write(packets[index]) }
  }

  private func write(_ packet: UnsafeMutablePointer<AVPacket>) throws(Failure) {
    let index = unsafe Int(packet.pointee.stream_index)
    guard let target = targets[index] else { return }
    try unsafe output.write(packet, to: target, unit: input.stream(index).pointee.time_base)
  }

  private static func free(_ packet: UnsafeMutablePointer<AVPacket>) {
    var packet: UnsafeMutablePointer<AVPacket>? = unsafe packet
    unsafe av_packet_free(&packet)
  }
}
