// SPDX-License-Identifier: MIT
import CLibAV
import Glibc

/// A file that is written: one new video stream, and copies of the input's other streams.
@safe final class MediaOutput {
  let name: String
  let context: UnsafeMutablePointer<AVFormatContext>
  private let isPipe: Bool
  private let isY4M: Bool
  private var isOpen = false
  private var hasHeader = false
  /// Decoding time of the last packet of each stream.
  private var lastTimes: [Int32: Int64] = [:]

  /// Finds the kind of file by the name; "-" is y4m on the standard output.
  ///
  /// No file is touched before `begin`.
  init(_ path: String) throws(Failure) {
    isPipe = path == "-"
    name = isPipe ? "standard output" : path
    let url = isPipe ? "pipe:1" : path.contains("://") ? path : "file:" + path
    guard let format = unsafe av_guess_format(isPipe ? "yuv4mpegpipe" : nil, path, nil) else {
      throw Failure("\(name): no kind of file has this ending (try .mp4 or .mkv)")
    }
    var opened: UnsafeMutablePointer<AVFormatContext>?
    try unsafe check(avformat_alloc_output_context2(&opened, format, nil, url), name)
    unsafe context = try allocated(opened)
    isY4M = unsafe String(cString: format.pointee.name) == "yuv4mpegpipe"
    // Without this, y4m has 8 bits only.
    if isY4M { unsafe context.pointee.strict_std_compliance = FF_COMPLIANCE_UNOFFICIAL }
  }

  deinit {
    if isOpen { unsafe avio_closep(&context.pointee.pb) }
    unsafe avformat_free_context(context)
  }

  var format: UnsafePointer<AVOutputFormat> { unsafe UnsafePointer(context.pointee.oformat) }

  /// Adds a stream; the caller fills in its parameters.
  func addStream() throws(Failure) -> UnsafeMutablePointer<AVStream> {
    try unsafe allocated(avformat_new_stream(context, nil))
  }

  /// Makes the next picture replace the file, where each picture would be a file of its own.
  func keepOneImage() {
    if unsafe String(cString: format.pointee.name) == "image2" {
      unsafe av_opt_set(context.pointee.priv_data, "update", "1", 0)
    }
  }

  /// Adds the stream of an open encoder, with what `source` and its first picture say beside the
  /// samples.
  func addVideo(
    _ encoder: VideoEncoder, source: UnsafeMutablePointer<AVStream>?, like first: Picture
  ) throws(Failure) -> Int32 {
    let stream = try unsafe addStream()
    try unsafe check(
      avcodec_parameters_from_context(stream.pointee.codecpar, encoder.context), name)
    // A file without times says its rate by the time base.
    let isTimeless = unsafe format.pointee.flags & AVFMT_NOTIMESTAMPS != 0 || isY4M
    unsafe stream.pointee.time_base = isTimeless ? encoder.context.pointee.time_base : encoder.unit
    unsafe stream.pointee.avg_frame_rate = encoder.context.pointee.framerate
    unsafe stream.pointee.r_frame_rate = encoder.context.pointee.framerate
    unsafe stream.pointee.sample_aspect_ratio = encoder.context.pointee.sample_aspect_ratio
    if let source = unsafe source {
      unsafe stream.pointee.disposition = source.pointee.disposition
      try unsafe check(clibav_copy_stream_side_data(stream, source), name)
      try unsafe check(clibav_copy_frame_hdr(stream, first.frame), name)
    }
    return unsafe stream.pointee.index
  }

  /// Creates the file and writes its header.
  func begin() throws(Failure) {
    if unsafe format.pointee.flags & AVFMT_NOFILE == 0 {
      try unsafe check(avio_open(&context.pointee.pb, context.pointee.url, AVIO_FLAG_WRITE), name)
      isOpen = true
    }
    let code = unsafe avformat_write_header(context, nil)
    guard code >= 0 else {
      remove()
      throw Failure("\(name): header", libav: code)
    }
    hasHeader = true
  }

  /// Writes a packet of stream `index` whose times are in `unit`, in its place among the others.
  ///
  /// Takes the packet's content.
  func write(
    _ packet: UnsafeMutablePointer<AVPacket>, to index: Int32, unit: AVRational
  ) throws(Failure) {
    let stream = unsafe context.pointee.streams[Int(index)]
    unsafe packet.pointee.stream_index = index
    unsafe packet.pointee.pos = -1
    if let stream = unsafe stream {
      unsafe av_packet_rescale_ts(packet, unit, stream.pointee.time_base)
    }
    unsafe keepOrder(packet)
    try unsafe check(av_interleaved_write_frame(context, packet), name)
  }

  /// Moves a packet that would go back in time to just after its predecessor: where the clock of a
  /// broadcast jumps, streams may overlap by a few milliseconds, and muxers refuse that.
  private func keepOrder(_ packet: UnsafeMutablePointer<AVPacket>) {
    let time = unsafe packet.pointee.dts
    guard time != clibav_no_pts else { return }
    let step: Int64 = unsafe format.pointee.flags & AVFMT_TS_NONSTRICT != 0 ? 0 : 1
    let earliest = unsafe lastTimes[packet.pointee.stream_index].map { $0 + step } ?? time
    if time < earliest {
      unsafe packet.pointee.dts = earliest
      if unsafe packet.pointee.pts != clibav_no_pts {
        unsafe packet.pointee.pts = max(packet.pointee.pts, earliest)
      }
    }
    unsafe lastTimes[packet.pointee.stream_index] = max(time, earliest)
  }

  /// Completes the file, also after an error, so that what was written can be played.
  func finish() throws(Failure) {
    guard hasHeader else { return }
    hasHeader = false
    let written = unsafe av_write_trailer(context)
    let closed = unsafe isOpen ? avio_closep(&context.pointee.pb) : 0
    isOpen = false
    try check(min(written, closed), name)
  }

  /// Removes a file that never got a header.
  private func remove() {
    guard isOpen, !isPipe else { return }
    unsafe avio_closep(&context.pointee.pb)
    isOpen = false
    unsafe unlink(name)
  }
}
