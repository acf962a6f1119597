// SPDX-License-Identifier: MIT
import CLibAV

/// Pictures of one stream, in the order of presentation.
protocol PictureSource: AnyObject {
  var input: MediaInput { get }
  var index: Int { get }
  /// Packets that the decoder refused.
  var damaged: Int { get }
  /// Takes the packets of the other streams, in the order of the file.
  var otherPacket: ((UnsafeMutablePointer<AVPacket>) throws(Failure) -> Void)? { get set }

  /// The next picture; nil at the end.
  func next() throws(Failure) -> Picture?
}

extension PictureSource {
  var stream: UnsafeMutablePointer<AVStream> { unsafe input.stream(index) }
  var timebase: AVRational { unsafe stream.pointee.time_base }

  /// The rate for "twice as many frames": the nominal one, or the mean of a variable rate.
  var nominalRate: AVRational {
    let guess = unsafe av_guess_frame_rate(input.context, stream, nil)
    let mean = unsafe stream.pointee.avg_frame_rate
    // `guess` may be the least common multiple of all intervals.
    guard mean.isPositive, guess.value > 1.05 * mean.value else { return guess.restoringNTSC }
    return av_d2q(mean.value, 1001)
  }

  /// The rate of a grid on which all pictures lie, also where some are missing.
  var gridRate: AVRational {
    let guess = unsafe av_guess_frame_rate(input.context, stream, nil)
    return guess.value <= 8 * nominalRate.value ? guess.restoringNTSC : nominalRate
  }
}

/// The decoded pictures of a file's video.
@safe final class VideoReader: PictureSource {
  let input: MediaInput
  let index: Int
  private(set) var damaged = 0
  var otherPacket: ((UnsafeMutablePointer<AVPacket>) throws(Failure) -> Void)?
  private let decoder: UnsafeMutablePointer<AVCodecContext>
  private let packet: UnsafeMutablePointer<AVPacket>
  private var atEnd = false

  init(_ input: MediaInput) throws(Failure) {
    self.input = input
    index = try input.videoStream()
    let stream = unsafe input.stream(index)
    let parameters = unsafe stream.pointee.codecpar
    guard let parameters = unsafe parameters,
      let codec = unsafe avcodec_find_decoder(parameters.pointee.codec_id)
    else {
      let name =
        unsafe parameters.map { unsafe String(cString: avcodec_get_name($0.pointee.codec_id)) }
        ?? "?"
      throw Failure("\(input.name): stream \(index): no decoder for \(name)")
    }
    unsafe decoder = try allocated(avcodec_alloc_context3(codec))
    unsafe packet = try allocated(av_packet_alloc())
    unsafe decoder.pointee.pkt_timebase = stream.pointee.time_base
    unsafe decoder.pointee.thread_count = 0
    let place = "\(input.name): stream \(index): decoder"
    try unsafe check(avcodec_parameters_to_context(decoder, parameters), place)
    try unsafe check(avcodec_open2(decoder, codec, nil), place)
  }

  deinit {
    var decoder: UnsafeMutablePointer<AVCodecContext>? = unsafe decoder
    var packet: UnsafeMutablePointer<AVPacket>? = unsafe packet
    unsafe avcodec_free_context(&decoder)
    unsafe av_packet_free(&packet)
  }

  func next() throws(Failure) -> Picture? {
    while true {
      let picture = try Picture()
      let code = unsafe avcodec_receive_frame(decoder, picture.frame)
      if code >= 0 { return picture }
      if code == clibav_error_end { return nil }
      if code != clibav_error_again {
        damaged += 1
        if atEnd { return nil }
      }
      try feed()
    }
  }

  /// Gives the decoder one more packet of its stream, or the end.
  private func feed() throws(Failure) {
    defer { unsafe av_packet_unref(packet) }
    while unsafe input.read(into: packet) {
      if unsafe packet.pointee.stream_index == Int32(index) {
        if unsafe avcodec_send_packet(decoder, packet) < 0 { damaged += 1 }
        return
      }
      try unsafe otherPacket?(packet)
      unsafe av_packet_unref(packet)
    }
    atEnd = true
    unsafe avcodec_send_packet(decoder, nil)
  }

  /// Goes to the last key frame at or before `seconds`.
  func seek(to seconds: Double) throws(Failure) {
    try input.seek(to: seconds)
    unsafe avcodec_flush_buffers(decoder)
  }
}
