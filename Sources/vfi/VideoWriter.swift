// SPDX-License-Identifier: MIT
import CLibAV

/// Writes a file with nothing but a new video.
final class VideoWriter {
  private let output: MediaOutput
  private let encoder: VideoEncoder

  /// Opens a file for pictures like `first`; `codec` = nil: the best encoder for it.
  init(
    _ path: String, like first: Picture, rate: AVRational, codec: String? = nil
  ) throws(Failure) {
    output = try MediaOutput(path)
    output.keepOneImage()
    guard let format = KnownFormat(first.format) else {
      throw Failure("\(path): cannot write \(KnownFormat.name(first.format))")
    }
    let video = VideoDescription(
      format: format, rate: rate, timebase: rate.inverse, aspect: AVRational(num: 1, den: 1))
    encoder = try unsafe VideoEncoder(
      EncoderSettings(codec: codec), like: first, video, container: output.format, place: path)
    _ = try unsafe output.addVideo(encoder, source: nil, like: first)
    try output.begin()
  }

  /// Writes a picture whose pts counts frames.
  func write(_ picture: Picture) throws(Failure) { try encode(picture) }

  func finish() throws(Failure) {
    try encode(nil)
    try output.finish()
  }

  private func encode(_ picture: Picture?) throws(Failure) {
    try unsafe encoder.encode(picture) { packet throws(Failure) in
      try unsafe output.write(packet, to: 0, unit: encoder.unit)
    }
  }
}
