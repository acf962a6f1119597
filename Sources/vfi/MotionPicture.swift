// SPDX-License-Identifier: MIT
import CLibAV
import CVFI

/// A new frame together with the motion that it was made from.
struct MotionPicture {
  let picture: Picture
  let info: vfi_info
  /// [height, width, 2]: pixels to the right and down, to the content's place in the later frame.
  private(set) var flow: [Float]
  /// [height, width]: share of the earlier frame, 0 to 1.
  private(set) var mask: [Float]
  /// [height, width]: 255 where no error is expected, 0 at one of a tenth of the range or more; nil
  /// where the model does not tell.
  private(set) var confidence: [UInt8]?

  /// Makes the frame in the middle of two packed RGB pictures.
  init(
    between a: Picture, and b: Picture, _ parameters: ContextParameters
  ) throws(Failure) {
    let library = try LibraryContext(parameters)
    let context = unsafe library.pointer
    guard let format = KnownFormat(a.format) else { throw Failure("format of pictures") }
    picture = try Picture(format: a.format, width: a.width, height: a.height)
    info = try unsafe Self.interpolate(a, b, picture, format, context)
    let count = Int(a.width) * Int(a.height)
    flow = [Float](repeating: 0, count: 2 * count)
    mask = [Float](repeating: 0, count: count)
    guard info.decision == VFI_INTERPOLATED else { return }
    try unsafe readMotion(context)
    confidence = try unsafe readConfidence(context, count: count)
  }

  private static func interpolate(
    _ a: Picture, _ b: Picture, _ out: Picture, _ format: KnownFormat, _ context: OpaquePointer?
  ) throws(Failure) -> vfi_info {
    var info = vfi_info()
    info.struct_size = MemoryLayout<vfi_info>.size
    try unsafe a.withFrame(format) { first throws(Failure) in
      try unsafe b.withFrame(format) { second throws(Failure) in
        try unsafe out.withFrame(format) { result throws(Failure) in
          _ = try unsafe check(
            vfi_interpolate(context, &first, &second, 1, 2, &result, &info), "new frame",
            of: context)
        }
      }
    }
    return info
  }

  private mutating func readMotion(_ context: OpaquePointer?) throws(Failure) {
    var motion = unsafe vfi_motion()
    unsafe motion.struct_size = MemoryLayout<vfi_motion>.size
    unsafe motion.width = picture.width
    unsafe motion.height = picture.height
    let status = unsafe flow.withUnsafeMutableBufferPointer { flow in
      unsafe mask.withUnsafeMutableBufferPointer { mask in
        unsafe motion.flow1 = flow.baseAddress
        unsafe motion.mask = mask.baseAddress
        return unsafe vfi_get_motion(context, &motion)
      }
    }
    try unsafe check(status, "motion", of: context)
  }

  private func readConfidence(
    _ context: OpaquePointer?, count: Int
  ) throws(Failure) -> [UInt8]? {
    var values = [UInt8](repeating: 0, count: count)
    var confidence = unsafe vfi_confidence()
    unsafe confidence.struct_size = MemoryLayout<vfi_confidence>.size
    unsafe confidence.width = picture.width
    unsafe confidence.height = picture.height
    unsafe confidence.stride = Int(picture.width)
    let status = unsafe values.withUnsafeMutableBufferPointer { values in
      unsafe confidence.data = values.baseAddress
      return unsafe vfi_get_confidence(context, &confidence)
    }
    if Int(status) == VFI_ERR_UNSUPPORTED { return nil }
    try unsafe check(status, "confidence", of: context)
    return values
  }
}
