// SPDX-License-Identifier: MIT
import CLibAV

/// Converts pictures between YUV and RGB, for pictures to look at.
///
/// Videos that are interpolated never go through this: libvfi works on their own planes.
@safe final class ColourConverter {
  private let scaler: OpaquePointer
  private let target: AVPixelFormat
  private let isToRGB: Bool

  /// `like` tells the colour of YUV; without it, and where it is silent, BT.709 from 720 lines
  /// and BT.601 below, limited range.
  init(
    from source: AVPixelFormat, to target: AVPixelFormat, width: Int32, height: Int32,
    like picture: Picture? = nil
  ) throws(Failure) {
    let flags = SWS_BICUBIC | SWS_ACCURATE_RND | SWS_FULL_CHR_H_INT | SWS_FULL_CHR_H_INP
    let scaler = unsafe sws_getContext(
      width, height, source, width, height, target, flags, nil, nil, nil)
    guard let scaler = unsafe scaler else {
      throw Failure("cannot convert \(KnownFormat.name(source)) to \(KnownFormat.name(target))")
    }
    unsafe self.scaler = scaler
    self.target = target
    isToRGB = target == AV_PIX_FMT_RGB24
    let guess = height >= 720 ? AVCOL_SPC_BT709 : AVCOL_SPC_SMPTE170M
    let said = unsafe picture?.frame.pointee.colorspace ?? AVCOL_SPC_UNSPECIFIED
    let matrix = said == AVCOL_SPC_UNSPECIFIED ? guess : said
    let range = unsafe picture?.frame.pointee.color_range ?? AVCOL_RANGE_UNSPECIFIED
    let known = KnownFormat(source)?.libavRange(range) ?? range
    let isFull: Int32 = known == AVCOL_RANGE_JPEG ? 1 : 0
    let table = unsafe sws_getCoefficients(Int32(matrix.rawValue))
    unsafe sws_setColorspaceDetails(
      scaler, table, isToRGB ? isFull : 1, table, isToRGB ? 1 : 0, 0, 1 << 16, 1 << 16)
  }

  deinit { unsafe sws_freeContext(scaler) }

  func convert(_ picture: Picture) throws(Failure) -> Picture {
    let result = try Picture(format: target, width: picture.width, height: picture.height)
    try unsafe picture.scale(with: scaler, to: result)
    return result
  }
}

extension Picture {
  /// Writes what `scaler` makes of the whole picture to `result`.
  func scale(with scaler: OpaquePointer, to result: Picture) throws(Failure) {
    var from = unsafe (0..<4).map { unsafe UnsafePointer(plane($0)) }
    var fromStrides = (0..<4).map { Int32(stride($0)) }
    var to = unsafe (0..<4).map(result.plane)
    var toStrides = (0..<4).map { Int32(result.stride($0)) }
    try unsafe check(
      sws_scale(scaler, &from, &fromStrides, 0, height, &to, &toStrides), "colour conversion")
    withExtendedLifetime((self, result)) {}
  }
}
