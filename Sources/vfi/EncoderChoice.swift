// SPDX-License-Identifier: MIT
import CLibAV

/// Finds the encoder for a container and a pixel format.
@safe struct EncoderChoice {
  let container: UnsafePointer<AVOutputFormat>
  let format: AVPixelFormat
  let width: Int32
  let height: Int32

  /// In order of preference: small files first, then lossless, then whatever nearly always works.
  private static let preferred = [
    "libx264", "libx265", "libvpx-vp9", "ffv1", "libx264rgb", "mpeg4", "png",
  ]

  /// For formats with alpha, which all readers of the file shall see.
  private static let preferredForAlpha = ["ffv1", "png"]

  /// The encoder `name` (of FFmpeg's encoders or codecs), or the best one when nil.
  func encoder(named name: String?, for place: String) throws(Failure) -> UnsafePointer<AVCodec> {
    if let name { return try unsafe explicit(name, place) }
    for name in hasAlpha ? Self.preferredForAlpha : Self.preferred {
      if let codec = unsafe avcodec_find_encoder_by_name(name), unsafe isUsable(codec) {
        return unsafe codec
      }
    }
    if !hasAlpha, let codec = unsafe avcodec_find_encoder(container.pointee.video_codec),
      unsafe takesFormat(codec)
    {
      return unsafe codec
    }
    throw Failure(
      unsafe "\(place): no encoder of \(String(cString: container.pointee.name)) takes "
        + "\(KnownFormat.name(format)) at \(width)x\(height); "
        + "choose one with --codec, or a .mkv file (ffv1)")
  }

  private func explicit(
    _ name: String, _ place: String
  ) throws(Failure) -> UnsafePointer<AVCodec> {
    let byCodec = unsafe avcodec_descriptor_get_by_name(name).flatMap {
      unsafe avcodec_find_encoder($0.pointee.id)
    }
    guard let codec = unsafe avcodec_find_encoder_by_name(name) ?? byCodec else {
      throw Failure("there is no encoder \(name)")
    }
    guard unsafe codec.pointee.type == AVMEDIA_TYPE_VIDEO else {
      throw Failure("\(name) is no encoder of video")
    }
    guard unsafe takesFormat(codec) else {
      throw Failure("encoder \(name) does not take \(KnownFormat.name(format)), the input's format")
    }
    guard unsafe avformat_query_codec(container, codec.pointee.id, FF_COMPLIANCE_UNOFFICIAL) != 0
    else {
      throw Failure("\(place): this kind of file cannot hold \(name)")
    }
    return unsafe codec
  }

  private var hasAlpha: Bool {
    let flags = unsafe av_pix_fmt_desc_get(format)?.pointee.flags ?? 0
    return flags & UInt64(AV_PIX_FMT_FLAG_ALPHA) != 0
  }

  private func isUsable(_ codec: UnsafePointer<AVCodec>) -> Bool {
    unsafe fits(codec.pointee.id) && takesFormat(codec) && takesSize(codec)
  }

  private func fits(_ codec: AVCodecID) -> Bool {
    // The one common container that has no list of its codecs.
    if unsafe String(cString: container.pointee.name) == "mpegts" {
      return codec == AV_CODEC_ID_H264 || codec == AV_CODEC_ID_HEVC
    }
    return unsafe avformat_query_codec(container, codec, FF_COMPLIANCE_NORMAL) == 1
  }

  private func takesFormat(_ codec: UnsafePointer<AVCodec>) -> Bool {
    guard var entry = unsafe clibav_encoder_formats(codec) else { return true }
    while unsafe entry.pointee != AV_PIX_FMT_NONE {
      if unsafe entry.pointee == format { return true }
      unsafe entry += 1
    }
    return false
  }

  /// H.264 and H.265 cannot say an odd size of subsampled pictures.
  private func takesSize(_ codec: UnsafePointer<AVCodec>) -> Bool {
    guard unsafe codec.pointee.id == AV_CODEC_ID_H264 || codec.pointee.id == AV_CODEC_ID_HEVC,
      let description = unsafe av_pix_fmt_desc_get(format)
    else { return true }
    let widthStep = unsafe Int32(1) << Int32(description.pointee.log2_chroma_w)
    let heightStep = unsafe Int32(1) << Int32(description.pointee.log2_chroma_h)
    return width % widthStep == 0 && height % heightStep == 0
  }
}
