// SPDX-License-Identifier: MIT
import CLibAV

/// What the user asked of the encoder.
struct EncoderSettings {
  /// An encoder or codec of FFmpeg; nil = the best one for the file and the pixel format.
  var codec: String?
  /// Constant quality; nil = the program's default.
  var crf: Double?
  /// Further options of the encoder.
  var options: [KeyValue] = []
}

/// What the encoder must know of the video before its first picture.
struct VideoDescription {
  let format: KnownFormat
  let rate: AVRational
  let timebase: AVRational
  let aspect: AVRational
}

/// Pictures in, packets out.
@safe final class VideoEncoder {
  let context: UnsafeMutablePointer<AVCodecContext>
  /// Seconds per unit of the times of pictures and packets.
  let unit: AVRational
  private let packet: UnsafeMutablePointer<AVPacket>
  /// Time of the first picture, in units.
  private var origin: Int64?
  private let place: String

  /// Opens an encoder for pictures like `first`, for a file of kind `container`.
  init(
    _ settings: EncoderSettings, like first: Picture, _ video: VideoDescription,
    container: UnsafePointer<AVOutputFormat>, place: String
  ) throws(Failure) {
    let choice = unsafe EncoderChoice(
      container: container, format: video.format.libav, width: first.width, height: first.height)
    let codec = try unsafe choice.encoder(named: settings.codec, for: place)
    let name = unsafe String(cString: codec.pointee.name)
    unit = video.timebase
    self.place = "\(place): encoder \(name)"
    unsafe context = try allocated(avcodec_alloc_context3(codec))
    unsafe packet = try allocated(av_packet_alloc())
    describe(video, first)
    if unsafe container.pointee.flags & AVFMT_GLOBALHEADER != 0 {
      unsafe context.pointee.flags |= AV_CODEC_FLAG_GLOBAL_HEADER
    }
    try unsafe open(codec, name, settings)
  }

  deinit {
    var context: UnsafeMutablePointer<AVCodecContext>? = unsafe context
    var packet: UnsafeMutablePointer<AVPacket>? = unsafe packet
    unsafe avcodec_free_context(&context)
    unsafe av_packet_free(&packet)
  }

  private func describe(_ video: VideoDescription, _ first: Picture) {
    unsafe context.pointee.width = first.width
    unsafe context.pointee.height = first.height
    unsafe context.pointee.pix_fmt = video.format.libav
    unsafe context.pointee.framerate = video.rate
    // The output's grid. H.264 tells it to players as the frame rate, and MPEG-4 knows no finer.
    unsafe context.pointee.time_base = video.rate.inverse
    unsafe context.pointee.sample_aspect_ratio = video.aspect
    unsafe context.pointee.colorspace = first.frame.pointee.colorspace
    unsafe context.pointee.color_primaries = first.frame.pointee.color_primaries
    unsafe context.pointee.color_trc = first.frame.pointee.color_trc
    unsafe context.pointee.color_range = video.format.libavRange(first.frame.pointee.color_range)
    unsafe context.pointee.chroma_sample_location = first.frame.pointee.chroma_location
    unsafe context.pointee.field_order = AV_FIELD_PROGRESSIVE
    unsafe context.pointee.thread_count = 0
  }

  private func open(
    _ codec: UnsafePointer<AVCodec>, _ name: String, _ settings: EncoderSettings
  ) throws(Failure) {
    var options: OpaquePointer?
    defer { unsafe av_dict_free(&options) }
    for (key, value) in qualityOptions(name, settings.crf) {
      unsafe av_dict_set(&options, key, value, 0)
    }
    for option in settings.options { unsafe av_dict_set(&options, option.key, option.value, 0) }
    try unsafe check(avcodec_open2(context, codec, &options), place)
    if let unknown = unsafe av_dict_get(options, "", nil, AV_DICT_IGNORE_SUFFIX) {
      let key = unsafe String(cString: unknown.pointee.key)
      throw Failure("\(place): it has no option \(key)")
    }
  }

  private func qualityOptions(_ name: String, _ crf: Double?) -> [(String, String)] {
    switch name {
    case "libx264", "libx264rgb": return [("crf", decimal(crf ?? 18, 2))]
    case "libx265": return [("crf", decimal(crf ?? 18, 2)), ("x265-params", "log-level=error")]
    case "libvpx-vp9", "libaom-av1": return [("crf", decimal(crf ?? 24, 0)), ("b", "0")]
    case "mpeg4" where crf == nil:
      unsafe context.pointee.flags |= AV_CODEC_FLAG_QSCALE
      unsafe context.pointee.global_quality = 3 * FF_QP2LAMBDA
      return []
    default: return crf.map { [("crf", decimal($0, 2))] } ?? []
    }
  }

  /// Encodes `picture`; nil = the end.
  ///
  /// Packets go to `write`. All times are in `unit`.
  func encode(
    _ picture: Picture?, _ write: (UnsafeMutablePointer<AVPacket>) throws(Failure) -> Void
  ) throws(Failure) {
    let grid = unsafe context.pointee.time_base
    if let frame = unsafe picture?.frame {
      let start = unsafe origin ?? frame.pointee.pts
      origin = start
      unsafe frame.pointee.pts = av_rescale_q(frame.pointee.pts - start, unit, grid)
    }
    try unsafe check(avcodec_send_frame(context, picture?.frame), place)
    while true {
      let code = unsafe avcodec_receive_packet(context, packet)
      if code == clibav_error_again || code == clibav_error_end { return }
      try check(code, place)
      defer { unsafe av_packet_unref(packet) }
      unsafe packet.pointee.duration = 1
      unsafe av_packet_rescale_ts(packet, grid, unit)
      unsafe packet.pointee.pts += origin ?? 0
      unsafe packet.pointee.dts += origin ?? 0
      try unsafe write(packet)
    }
  }
}
