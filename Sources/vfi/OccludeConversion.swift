// SPDX-License-Identifier: MIT
import ArgumentParser
import CLibAV

/// What stands in the place of hidden pixels.
enum OcclusionFill: String, CaseIterable, ExpressibleByArgument {
  case black, grey, white

  /// Luma in the range of a picture; chroma is 128 for all.
  func luma(_ range: AVColorRange) -> UInt8 {
    switch self {
    case .black: range == AVCOL_RANGE_JPEG ? 0 : 16
    case .grey: range == AVCOL_RANGE_JPEG ? 128 : 126
    case .white: range == AVCOL_RANGE_JPEG ? 255 : 235
    }
  }
}

/// Reads a video and writes it with parts hidden, and the masks beside it.
final class OccludeConversion {
  private let settings: ConversionSettings
  private let occlusion: Occlusion
  private let seed: UInt64
  private let fill: OcclusionFill
  private let maskPath: String?
  private let reader: VideoReader
  private var video: VideoWriter?
  private var masks: VideoWriter?

  init(
    _ settings: ConversionSettings, _ occlusion: Occlusion, seed: UInt64, fill: OcclusionFill,
    maskOut: String?
  ) throws(Failure) {
    self.settings = settings
    self.occlusion = occlusion
    self.seed = seed
    self.fill = fill
    maskPath = maskOut
    reader = try VideoReader(MediaInput(settings.input))
  }

  /// Writes both files.
  func run() throws(Failure) {
    guard reader.nominalRate.isPositive else {
      throw Failure("\(reader.input.name): the frame rate is unknown")
    }
    var count = 0
    var first: Picture?
    while count != settings.frameLimit, !Interruption.isRequested, let picture = try reader.next() {
      let like = first ?? picture
      first = like
      guard PictureFitter.text(picture) == PictureFitter.text(like) else {
        throw Failure(
          "\(reader.input.name): the picture changes to \(PictureFitter.text(picture)); "
            + "cut the file there")
      }
      try write(picture, frame: count)
      count += 1
    }
    try video?.finish()
    try masks?.finish()
    if let failure = reader.input.readFailure { throw failure }
    if count == 0 { throw Failure("\(reader.input.name): no frame can be decoded") }
  }

  private func write(_ source: Picture, frame: Int) throws(Failure) {
    let picture = try fullColour(source)
    let mask = try Picture(format: AV_PIX_FMT_GRAY8, width: source.width, height: source.height)
    hide(frame, in: picture, mask)
    unsafe picture.frame.pointee.pts = Int64(frame)
    unsafe mask.frame.pointee.pts = Int64(frame)
    // A black mask is 0, and a white one 255.
    unsafe mask.frame.pointee.color_range = AVCOL_RANGE_JPEG
    try append(picture, to: &video, settings.output)
    if let maskPath { try append(mask, to: &masks, maskPath) }
  }

  /// Writes to `writer`, which is opened for the first picture.
  private func append(
    _ picture: Picture, to writer: inout VideoWriter?, _ path: String
  ) throws(Failure) {
    if writer == nil {
      writer = try VideoWriter(
        path, like: picture, rate: reader.nominalRate,
        codec: path.hasSuffix(".mkv") ? "ffv1" : nil)
    }
    try writer?.write(picture)
  }

  /// The picture in YUV 4:4:4 of 8 bits; luma of 8 bits stays as it is.
  private func fullColour(_ source: Picture) throws(Failure) -> Picture {
    let format = KnownFormat(source.format)
    let known = format?.libav ?? source.format
    let flags = SWS_BICUBIC | SWS_ACCURATE_RND | SWS_FULL_CHR_H_INP
    let scaler = unsafe sws_getContext(
      source.width, source.height, known, source.width, source.height, AV_PIX_FMT_YUV444P, flags,
      nil, nil, nil)
    guard let scaler = unsafe scaler else {
      throw Failure(
        "\(reader.input.name): cannot convert \(KnownFormat.name(source.format)) to yuv444p")
    }
    defer { unsafe sws_freeContext(scaler) }
    let result = try Picture(
      format: AV_PIX_FMT_YUV444P, width: source.width, height: source.height)
    try result.carryProperties(of: source, isNew: false)
    try unsafe source.scale(with: scaler, to: result)
    let range = unsafe source.frame.pointee.color_range
    unsafe result.frame.pointee.color_range = format?.libavRange(range) ?? range
    if unsafe source.frame.pointee.colorspace == AVCOL_SPC_RGB {
      unsafe result.frame.pointee.colorspace = AVCOL_SPC_SMPTE170M
      unsafe result.frame.pointee.color_range = AVCOL_RANGE_MPEG
    }
    return result
  }

  /// Hides the pixels of frame `t` in all planes, and marks them in `mask`.
  private func hide(_ t: Int, in picture: Picture, _ mask: Picture) {
    let (rows, columns) = (Int(picture.height), Int(picture.width))
    let hidden = occlusion.mask(seed: seed, frame: t, rows: rows, columns: columns)
    let luma = unsafe fill.luma(picture.frame.pointee.color_range)
    for (plane, value) in [(0, luma), (1, 128), (2, 128)] {
      guard let first = unsafe picture.plane(plane) else { return }
      for y in 0..<rows {
        let row = unsafe first.advanced(by: y * picture.stride(plane))
        for x in 0..<columns where hidden[y * columns + x] { unsafe row[x] = value }
      }
    }
    guard let first = unsafe mask.plane(0) else { return }
    for y in 0..<rows {
      let row = unsafe first.advanced(by: y * mask.stride(0))
      for x in 0..<columns { unsafe row[x] = hidden[y * columns + x] ? 255 : 0 }
    }
  }
}
