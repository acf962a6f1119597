// SPDX-License-Identifier: MIT
import CLibAV
import CVFI

/// One decoded or composed picture; owns an AVFrame.
@safe final class Picture {
  let frame: UnsafeMutablePointer<AVFrame>

  init() throws(Failure) { unsafe frame = try allocated(av_frame_alloc()) }

  /// A picture with planes of its own, contents undefined.
  convenience init(format: AVPixelFormat, width: Int32, height: Int32) throws(Failure) {
    try self.init()
    unsafe frame.pointee.format = format.rawValue
    unsafe frame.pointee.width = width
    unsafe frame.pointee.height = height
    try unsafe check(av_frame_get_buffer(frame, 0), "picture of \(width)x\(height)")
  }

  deinit {
    var frame: UnsafeMutablePointer<AVFrame>? = unsafe frame
    unsafe av_frame_free(&frame)
  }

  var format: AVPixelFormat { unsafe AVPixelFormat(frame.pointee.format) }
  var width: Int32 { unsafe frame.pointee.width }
  var height: Int32 { unsafe frame.pointee.height }

  /// Time in units of the stream's time base, as well as the decoder can tell.
  var pts: Int64? {
    let time = unsafe frame.pointee.best_effort_timestamp
    return time == clibav_no_pts ? nil : time
  }

  /// Bytes from one row of plane `index` to the next.
  func stride(_ index: Int) -> Int { unsafe Int(clibav_frame_linesize(frame, Int32(index))) }

  /// First byte of plane `index`.
  func plane(_ index: Int) -> UnsafeMutablePointer<UInt8>? {
    unsafe clibav_frame_data(frame, Int32(index))
  }

  /// Describes the picture to libvfi for the time of `body`.
  func withFrame<R>(
    _ format: KnownFormat, _ body: (inout vfi_frame) throws(Failure) -> R
  ) throws(Failure) -> R {
    var view = unsafe vfi_frame()
    unsafe vfi_frame_init(&view, MemoryLayout<vfi_frame>.size)
    unsafe view.format = format.code
    unsafe view.width = width
    unsafe view.height = height
    unsafe view.data = (plane(0), plane(1), plane(2), plane(3))
    unsafe view.stride = (stride(0), stride(1), stride(2), stride(3))
    unsafe view.matrix = Int32(frame.pointee.colorspace.rawValue)
    unsafe view.primaries = Int32(frame.pointee.color_primaries.rawValue)
    unsafe view.transfer = Int32(frame.pointee.color_trc.rawValue)
    unsafe view.range = format.range(frame.pointee.color_range)
    unsafe view.chroma_location = Int32(frame.pointee.chroma_location.rawValue)
    if unsafe clibav_frame_is_interlaced(frame) != 0 {
      unsafe view.flags = UInt32(VFI_FRAME_INTERLACED)
    }
    defer { withExtendedLifetime(self) {} }
    return try unsafe body(&view)
  }

  /// Sets the fourth byte of every pixel to "opaque", in planes of the picture's own.
  func fillUnusedByte() throws(Failure) {
    try unsafe check(av_frame_make_writable(frame), "picture of \(width)x\(height)")
    for row in 0..<Int(height) {
      guard var pixel = unsafe plane(0)?.advanced(by: row * stride(0)) else { return }
      for _ in 0..<Int(width) {
        unsafe pixel[3] = 255
        unsafe pixel += 4
      }
    }
  }

  /// Copies the samples of a frame of the same format and size.
  func copySamples(of source: vfi_frame) {
    var from: [UnsafePointer<UInt8>?] = unsafe [
      .init(source.data.0), .init(source.data.1), .init(source.data.2), .init(source.data.3),
    ]
    var strides = unsafe [source.stride.0, source.stride.1, source.stride.2, source.stride.3]
      .map(Int32.init)
    var to = unsafe (0..<4).map(plane)
    var toStrides = (0..<4).map { Int32(stride($0)) }
    unsafe av_image_copy(&to, &toStrides, &from, &strides, format, width, height)
  }
}
