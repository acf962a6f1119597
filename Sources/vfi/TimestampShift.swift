// SPDX-License-Identifier: MIT
import CLibAV

/// Moves the times of broadcast-like streams (MPEG-TS), which start anywhere and may jump.
///
/// There the first time becomes 0, and a jump of more than ten seconds is a new clock that goes on
/// where the old one stopped. Files of other formats keep their times, also where they begin late.
struct TimestampShift {
  /// Microseconds added to every time.
  private(set) var offset: Int64 = 0
  private let isDiscontinuous: Bool
  /// Expected time of the next packet of a stream, in microseconds with the offset.
  private var expected: [Int32: Int64] = [:]

  private static let largestStep: Int64 = 10_000_000
  private static let microseconds = AVRational(num: 1, den: AV_TIME_BASE)

  init(_ context: UnsafeMutablePointer<AVFormatContext>) {
    isDiscontinuous = unsafe context.pointee.iformat.pointee.flags & AVFMT_TS_DISCONT != 0
    let start = unsafe context.pointee.start_time
    if isDiscontinuous && start != clibav_no_pts { offset = -start }
  }

  mutating func apply(
    to packet: UnsafeMutablePointer<AVPacket>, of stream: UnsafeMutablePointer<AVStream>
  ) {
    guard isDiscontinuous else { return }
    let unit = unsafe stream.pointee.time_base
    if unsafe packet.pointee.dts != clibav_no_pts {
      var time = unsafe av_rescale_q(packet.pointee.dts, unit, Self.microseconds) + offset
      let wanted = unsafe expected[packet.pointee.stream_index] ?? time
      if abs(time - wanted) > Self.largestStep {
        offset += wanted - time
        time = wanted
      }
      let length = unsafe av_rescale_q(packet.pointee.duration, unit, Self.microseconds)
      unsafe expected[packet.pointee.stream_index] = time + length
    }
    let step = av_rescale_q(offset, Self.microseconds, unit)
    if unsafe packet.pointee.pts != clibav_no_pts { unsafe packet.pointee.pts += step }
    if unsafe packet.pointee.dts != clibav_no_pts { unsafe packet.pointee.dts += step }
  }
}
