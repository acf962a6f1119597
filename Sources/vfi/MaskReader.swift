// SPDX-License-Identifier: MIT
import CLibAV

/// Masks from a picture, which is that of all frames, or from a video or numbered pictures, one a
/// frame.
///
/// What is brighter than half marks a pixel; masks of videos are never quite black.
@safe final class MaskReader {
  private let name: String
  private let reader: VideoReader
  private let width: Int32
  private let height: Int32
  private var first: Picture?
  private var second: Picture?

  /// Opens a file whose pictures must have the size of the video's.
  init(_ path: String, width: Int32, height: Int32) throws(Failure) {
    let input = try MediaInput(path)
    name = input.name
    reader = try VideoReader(input)
    self.width = width
    self.height = height
    guard let picture = try reader.next() else {
      throw Failure("\(input.name): no picture can be decoded")
    }
    first = try mask(from: picture)
    second = try reader.next().map { picture throws(Failure) in try mask(from: picture) }
    isStill = second == nil
  }

  /// Whether one mask is that of all frames.
  private(set) var isStill = false

  /// The mask of the next frame.
  func next() throws(Failure) -> Picture {
    guard let mask = first else {
      throw Failure("\(name): there are fewer masks than frames, and more than one")
    }
    if isStill { return mask }
    first = second
    second = try reader.next().map { picture throws(Failure) in try self.mask(from: picture) }
    return mask
  }

  /// 255 where the picture is brighter than half, else 0.
  private func mask(from picture: Picture) throws(Failure) -> Picture {
    guard picture.width == width, picture.height == height else {
      throw Failure(
        "\(name): the mask has \(picture.width)x\(picture.height) pixels, the video "
          + "\(width)x\(height)")
    }
    let mask = try Picture(format: AV_PIX_FMT_GRAY8, width: width, height: height)
    let scaler = unsafe sws_getContext(
      width, height, picture.format, width, height, AV_PIX_FMT_GRAY8, SWS_BICUBIC, nil, nil, nil)
    guard let scaler = unsafe scaler else {
      throw Failure("\(name): cannot read \(KnownFormat.name(picture.format)) as a mask")
    }
    defer { unsafe sws_freeContext(scaler) }
    try unsafe picture.scale(with: scaler, to: mask)
    for row in 0..<Int(height) {
      guard let samples = unsafe mask.plane(0)?.advanced(by: row * mask.stride(0)) else { break }
      for x in 0..<Int(width) { unsafe samples[x] = samples[x] >= 128 ? 255 : 0 }
    }
    return mask
  }
}
