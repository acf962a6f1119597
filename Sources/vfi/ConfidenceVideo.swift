// SPDX-License-Identifier: MIT
import CLibAV
import CVFI

/// A gray video beside a new one: how certain each pixel is, white where it comes from the source.
final class ConfidenceVideo {
  private let path: String
  private let width: Int32
  private let height: Int32
  private let writer: VideoWriter
  private var count: Int64 = 0

  init(_ path: String, width: Int32, height: Int32, rate: AVRational) throws(Failure) {
    self.path = path
    self.width = width
    self.height = height
    let first = try Picture(format: AV_PIX_FMT_GRAY8, width: width, height: height)
    unsafe first.frame.pointee.color_range = AVCOL_RANGE_JPEG
    writer = try VideoWriter(path, like: first, rate: rate)
  }

  /// Adds the picture of the output that `context` gave last.
  func add(_ info: vfi_info, from context: OpaquePointer?) throws(Failure) {
    let picture = try Picture(format: AV_PIX_FMT_GRAY8, width: width, height: height)
    unsafe picture.frame.pointee.color_range = AVCOL_RANGE_JPEG
    unsafe picture.frame.pointee.pts = count
    count += 1
    if info.decision == VFI_INTERPOLATED {
      var confidence = unsafe vfi_confidence()
      unsafe confidence.struct_size = MemoryLayout<vfi_confidence>.size
      unsafe confidence.width = width
      unsafe confidence.height = height
      unsafe confidence.data = picture.plane(0)
      unsafe confidence.stride = picture.stride(0)
      try unsafe check(vfi_get_confidence(context, &confidence), path, of: context)
    } else {
      for row in 0..<Int(height) {
        unsafe picture.plane(0)?.advanced(by: row * picture.stride(0))
          .update(repeating: 255, count: Int(width))
      }
    }
    try writer.write(picture)
  }

  func finish() throws(Failure) { try writer.finish() }
}
