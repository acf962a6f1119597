// SPDX-License-Identifier: MIT
import CLibAV

/// Brings pictures to the size and pixel format of the first one of a video.
///
/// An encoder has one size and one format for a whole file, a decoded stream need not.
@safe final class PictureFitter {
  /// Of the first picture all but its samples.
  private let first: Picture
  private let format: KnownFormat
  private var scaler: OpaquePointer?
  /// What `scaler` takes.
  private var source: Picture?

  init(like first: Picture, _ format: KnownFormat) throws(Failure) {
    self.first = try Self.outline(of: first)
    self.format = format
  }

  deinit { unsafe sws_freeContext(scaler) }

  func fits(_ picture: Picture) -> Bool { Self.alike(picture, first) }

  /// The picture itself where it fits, else a scaled and converted one with its properties.
  func fit(_ picture: Picture) throws(Failure) -> Picture {
    guard !fits(picture) else { return picture }
    if source.map({ !Self.alike($0, picture) }) ?? true {
      try prepare(picture)
      source = try Self.outline(of: picture)
    }
    let result = try Picture(format: format.libav, width: first.width, height: first.height)
    try unsafe check(av_frame_copy_props(result.frame, picture.frame), "properties of a frame")
    unsafe result.frame.pointee.colorspace = first.frame.pointee.colorspace
    unsafe result.frame.pointee.color_range = format.libavRange(first.frame.pointee.color_range)
    unsafe result.frame.pointee.chroma_location = first.frame.pointee.chroma_location
    unsafe result.frame.pointee.sample_aspect_ratio = first.frame.pointee.sample_aspect_ratio
    guard let scaler = unsafe scaler else { return picture }
    try unsafe picture.scale(with: scaler, to: result)
    return result
  }

  /// The size and format of every picture, for messages.
  var target: String { Self.text(first) }

  /// "640x360 yuv420p".
  static func text(_ picture: Picture) -> String {
    "\(picture.width)x\(picture.height) \(KnownFormat.name(picture.format))"
  }

  /// Size, format and properties without samples.
  private static func outline(of picture: Picture) throws(Failure) -> Picture {
    let outline = try picture.properties()
    unsafe outline.frame.pointee.format = picture.format.rawValue
    unsafe outline.frame.pointee.width = picture.width
    unsafe outline.frame.pointee.height = picture.height
    return outline
  }

  static func alike(_ a: Picture, _ b: Picture) -> Bool {
    a.width == b.width && a.height == b.height && a.format == b.format
  }

  private func prepare(_ picture: Picture) throws(Failure) {
    let flags = SWS_BICUBIC | SWS_ACCURATE_RND | SWS_FULL_CHR_H_INT | SWS_FULL_CHR_H_INP
    unsafe sws_freeContext(scaler)
    unsafe scaler = sws_getContext(
      picture.width, picture.height, picture.format, first.width, first.height, format.libav,
      flags, nil, nil, nil)
    guard let scaler = unsafe scaler else {
      throw Failure("cannot bring \(Self.text(picture)) to \(Self.text(first))")
    }
    unsafe sws_setColorspaceDetails(
      scaler, matrix(of: picture), isFull(picture), matrix(of: first), isFull(first), 0, 1 << 16,
      1 << 16)
  }

  /// A picture that does not tell its matrix has that of the first one.
  private func matrix(of picture: Picture) -> UnsafePointer<Int32>? {
    let own = unsafe picture.frame.pointee.colorspace
    let known = own == AVCOL_SPC_UNSPECIFIED ? unsafe first.frame.pointee.colorspace : own
    return unsafe sws_getCoefficients(Int32(known.rawValue))
  }

  private func isFull(_ picture: Picture) -> Int32 {
    let own = unsafe picture.frame.pointee.color_range
    let known = KnownFormat(picture.format)?.libavRange(own) ?? own
    return known == AVCOL_RANGE_JPEG ? 1 : 0
  }
}
