// SPDX-License-Identifier: MIT
import CLibAV
import Glibc

/// A file that is read: any that libavformat knows.
@safe final class MediaInput {
  /// How messages call the file.
  let name: String
  let context: UnsafeMutablePointer<AVFormatContext>
  /// Why the file ended before its end, if it did.
  private(set) var readFailure: Failure?
  private var shift: TimestampShift

  /// Opens `path`, or the standard input for "-".
  init(_ path: String) throws(Failure) {
    name = path == "-" ? "standard input" : path
    // A colon in the name of a file must not look like a protocol.
    let url = unsafe path == "-" ? "pipe:0" : access(path, F_OK) == 0 ? "file:" + path : path
    var opened: UnsafeMutablePointer<AVFormatContext>?
    try unsafe check(avformat_open_input(&opened, url, nil, nil), name)
    unsafe context = try allocated(opened)
    shift = unsafe TimestampShift(context)
    try unsafe check(avformat_find_stream_info(context, nil), name)
    shift = unsafe TimestampShift(context)
  }

  deinit {
    var context: UnsafeMutablePointer<AVFormatContext>? = unsafe context
    unsafe avformat_close_input(&context)
  }

  var streamCount: Int { unsafe Int(context.pointee.nb_streams) }

  func stream(_ index: Int) -> UnsafeMutablePointer<AVStream> {
    // libavformat has `nb_streams` non-NULL entries.
    unsafe unsafeBitCast(context.pointee.streams[index], to: UnsafeMutablePointer<AVStream>.self)
  }

  /// Microseconds by which packets are moved, see `TimestampShift`.
  var offset: Int64 { shift.offset }

  /// The video that a player would show; never a cover picture.
  func videoStream() throws(Failure) -> Int {
    let best = unsafe av_find_best_stream(context, AVMEDIA_TYPE_VIDEO, -1, -1, nil, 0)
    guard best >= 0 else { throw Failure("\(name): no video stream") }
    guard unsafe stream(Int(best)).pointee.disposition & AV_DISPOSITION_ATTACHED_PIC == 0 else {
      throw Failure("\(name): no video stream, only a cover picture")
    }
    return Int(best)
  }

  /// Reads the next packet of any stream; false at the end.
  func read(into packet: UnsafeMutablePointer<AVPacket>) -> Bool {
    let code = unsafe av_read_frame(context, packet)
    guard code >= 0 else {
      if code != clibav_error_end { readFailure = Failure("\(name): reading", libav: code) }
      return false
    }
    unsafe shift.apply(to: packet, of: stream(Int(packet.pointee.stream_index)))
    return true
  }

  /// Goes to the last key frame at or before `seconds`.
  func seek(to seconds: Double) throws(Failure) {
    var target = Int64(seconds * Double(AV_TIME_BASE))
    if unsafe context.pointee.start_time != clibav_no_pts {
      unsafe target += context.pointee.start_time
    }
    try unsafe check(av_seek_frame(context, -1, target, AVSEEK_FLAG_BACKWARD), "\(name): seeking")
  }
}
