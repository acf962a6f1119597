// SPDX-License-Identifier: MIT
import CLibAV
import CVFI

/// What VINet's released demonstration does otherwise than `vfi inpaint` does.
enum NetworkQuirk: String, CaseIterable {
  /// The network's state is lost after every frame.
  case forget
  /// All pixels are the network's.
  case whole
  /// The first frame is not written.
  case dropFirst = "drop-first"
}

/// What `vfi inpaint` is to fill, and how.
struct HoleSettings {
  var rectangles: [vfi_rectangle] = []
  /// Largest number of frames of a window.
  var window = 45
  var dilation: Int32?
  var feather: Int32?
  /// Name of the network that fills, nil = none.
  var network: String?
  var quirks: Set<NetworkQuirk> = []

  /// Frames on the longer side of a window with which the fills of a frame near an end of the video are
  /// those that other frames ask for as well: see "How it works" in docs/inpainting.md.
  private static let quickSides = [6, 11, 12, 22, 42, 82]

  /// Most frames on one side of one that are looked at.
  var furthest: Int {
    let side = window / 2
    return side < Self.quickSides[0] ? side : Self.quickSides.first { $0 >= side } ?? side
  }

  /// Frames before and after one that are looked at, which has so many of them in the video.
  ///
  /// Near an end there is room for more on the other side.
  func reach(before: Int, after: Int) -> (back: Int, ahead: Int) {
    let (back, ahead) = ((window - 1) / 2, window / 2)
    if before < back { return (back, max(ahead, min(furthest, window - 1 - before))) }
    if after < ahead { return (max(back, min(furthest, window - 1 - after)), ahead) }
    return (back, ahead)
  }

  /// VINet's memory goes on from frame to frame.
  var flags: UInt32 {
    var flags = network == nil ? 0 : VFI_INPAINT_CONTINUE
    if quirks.contains(.forget) { flags |= VFI_INPAINT_FORGET }
    if quirks.contains(.whole) { flags |= VFI_INPAINT_WHOLE }
    return UInt32(flags)
  }
}

/// Counts what was filled.
struct FillTally {
  private(set) var frames = 0
  private(set) var pixels: UInt64 = 0
  private(set) var propagated: UInt64 = 0
  private var nanoseconds: UInt64 = 0

  mutating func add(_ info: vfi_inpaint_info) {
    frames += 1
    pixels += info.filled_pixels
    propagated += info.propagated_pixels
    nanoseconds += info.elapsed_ns
  }

  /// One line for the user; a network does not tell what it has seen.
  func summary(seconds: Double, network: String?) -> String {
    let share = pixels > 0 ? 100 * Double(propagated) / Double(pixels) : 0
    let each = frames > 0 ? Double(nanoseconds) / Double(frames) / 1e6 : 0
    let line = "\(frames) frames in \(decimal(seconds, 1)) s, \(decimal(each, 1)) ms each; "
    if let network { return line + "\(pixels) pixels filled by \(network)" }
    return line
      + "\(decimal(share, 1)) % of \(pixels) filled pixels were seen in other frames"
  }
}

/// Fills holes of pictures from those around them.
@safe final class HoleFiller {
  private let context: LibraryContext
  private let format: KnownFormat
  private let settings: HoleSettings
  private let place: String

  init(
    _ parameters: ContextParameters, format: KnownFormat, _ settings: HoleSettings, place: String
  ) throws(Failure) {
    self.format = format
    self.settings = settings
    self.place = place
    context = try LibraryContext(parameters)
  }

  /// A picture like `pictures[index]` with its hole filled, and how.
  ///
  /// The masks are none, one for all, or one for each. `number` is that of the first picture in the
  /// video.
  func fill(
    _ pictures: [Picture], number: UInt64, masks: [Picture], index: Int
  ) throws(Failure) -> (picture: Picture, info: vfi_inpaint_info) {
    let source = pictures[index]
    let result = try Picture(format: format.libav, width: source.width, height: source.height)
    try result.carryProperties(of: source, isNew: false)
    unsafe result.frame.pointee.color_range = format.libavRange(source.frame.pointee.color_range)
    guard let gray = KnownFormat(AV_PIX_FMT_GRAY8) else { throw Failure("no masks") }
    var frames: [vfi_frame] = unsafe []
    for picture in pictures {
      try unsafe picture.withFrame(format) { frame throws(Failure) in unsafe frames.append(frame) }
    }
    for index in pictures.indices {
      unsafe frames[index].content_id = number + UInt64(index) + 1
    }
    var views: [vfi_frame] = unsafe []
    for mask in masks {
      try unsafe mask.withFrame(gray) { frame throws(Failure) in unsafe views.append(frame) }
    }
    var info = vfi_inpaint_info()
    info.struct_size = MemoryLayout<vfi_inpaint_info>.size
    var rectangles = settings.rectangles
    let count = Int32(rectangles.count)
    let status = try unsafe result.withFrame(format) { out throws(Failure) -> vfi_status in
      unsafe rectangles.withUnsafeMutableBufferPointer { list in
        var parameters = unsafe vfi_inpaint_params()
        unsafe vfi_inpaint_params_init(&parameters, MemoryLayout<vfi_inpaint_params>.size)
        if let dilation = settings.dilation {
          unsafe parameters.dilation = dilation
          unsafe parameters.feather = min(parameters.feather, max(dilation, 0))
        }
        if let feather = settings.feather { unsafe parameters.feather = feather }
        unsafe parameters.flags = settings.flags
        unsafe parameters.rectangle_count = count
        unsafe parameters.rectangles = UnsafePointer(list.baseAddress)
        return unsafe vfi_inpaint_window(
          context.pointer, Int32(frames.count), frames, Int32(views.count), views, Int32(index),
          &parameters, &out, &info)
      }
    }
    withExtendedLifetime((pictures, masks)) {}
    try unsafe check(status, place, of: context.pointer)
    return (result, info)
  }
}
