// SPDX-License-Identifier: MIT
import CLibAV
import CVFI

/// A pixel format that libvfi knows, under FFmpeg's name and under libvfi's code.
struct KnownFormat {
  /// FFmpeg's format of pictures that go to an encoder.
  let libav: AVPixelFormat
  let code: vfi_pixel_format
  /// The fourth byte of a pixel means nothing, where libvfi takes it for alpha.
  let hasUnusedByte: Bool
  /// FFmpeg's deprecated "yuvj" formats say full range by their name.
  private let isFullRange: Bool

  /// Nil when libvfi does not know the format.
  init?(_ format: AVPixelFormat) {
    guard let row = Self.table.first(where: { unsafe av_get_pix_fmt($0.name) == format }) else {
      return nil
    }
    hasUnusedByte = row.name == "bgr0"
    isFullRange = row.plain != nil
    libav = row.plain.map { unsafe av_get_pix_fmt($0) } ?? format
    code = vfi_pixel_format(row.code)
  }

  /// The range as libvfi counts it.
  func range(_ range: AVColorRange) -> Int32 {
    isFullRange ? Int32(VFI_RANGE_FULL) : Int32(range.rawValue)
  }

  /// The range as FFmpeg counts it.
  func libavRange(_ range: AVColorRange) -> AVColorRange {
    isFullRange ? AVCOL_RANGE_JPEG : range
  }

  /// FFmpeg's name of any format, for messages.
  static func name(_ format: AVPixelFormat) -> String {
    unsafe av_get_pix_fmt_name(format).map { unsafe String(cString: $0) } ?? "unknown"
  }

  /// All names that libvfi knows, for messages.
  static var names: String { table.filter { $0.plain == nil }.map(\.name).joined(separator: ", ") }

  /// FFmpeg completes a name of more than 8 bits by the byte order of the machine.
  private static let table: [(name: String, plain: String?, code: Int)] = [
    ("yuv420p", nil, VFI_FORMAT_YUV420P8), ("yuvj420p", "yuv420p", VFI_FORMAT_YUV420P8),
    ("yuv420p10", nil, VFI_FORMAT_YUV420P10), ("yuv420p12", nil, VFI_FORMAT_YUV420P12),
    ("yuv422p", nil, VFI_FORMAT_YUV422P8), ("yuvj422p", "yuv422p", VFI_FORMAT_YUV422P8),
    ("yuv422p10", nil, VFI_FORMAT_YUV422P10), ("yuv422p12", nil, VFI_FORMAT_YUV422P12),
    ("yuv444p", nil, VFI_FORMAT_YUV444P8), ("yuvj444p", "yuv444p", VFI_FORMAT_YUV444P8),
    ("yuv444p10", nil, VFI_FORMAT_YUV444P10), ("yuv444p12", nil, VFI_FORMAT_YUV444P12),
    ("nv12", nil, VFI_FORMAT_NV12), ("p010", nil, VFI_FORMAT_P010),
    ("gray", nil, VFI_FORMAT_GRAY8), ("gray10", nil, VFI_FORMAT_GRAY10),
    ("gbrp", nil, VFI_FORMAT_GBRP8), ("gbrp10", nil, VFI_FORMAT_GBRP10),
    ("gbrpf32", nil, VFI_FORMAT_GBRPF32), ("rgb24", nil, VFI_FORMAT_RGB24),
    ("bgra", nil, VFI_FORMAT_BGRA), ("bgr0", nil, VFI_FORMAT_BGRA),
    ("yuva420p", nil, VFI_FORMAT_YUVA420P8),
  ]
}
