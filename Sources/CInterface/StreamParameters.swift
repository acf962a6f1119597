// SPDX-License-Identifier: MIT
import CVFI
import VFIEngine

/// `vfi_stream_params` with every field checked.
@safe struct StreamParameters {
  static let maximumLook = 64

  let timebase: Rational
  let sourceRate: Rational?
  /// Nil: the frames come at their own times.
  let clock: OutputClock?
  let fillsHoles: Bool
  let repairs: Bool
  let lookBack: Int
  let lookAhead: Int
  /// The caller's memory, valid during the call only.
  let mask: Frame?
  let inpaint: InpaintParameters

  /// The defaults of `vfi_stream_params_init`.
  static var defaults: vfi_stream_params {
    var params = unsafe vfi_stream_params()
    unsafe params.struct_size = MemoryLayout<vfi_stream_params>.size
    unsafe params.timebase = vfi_rational(num: 1, den: 1000)
    unsafe params.source_rate = vfi_rational(num: 0, den: 1)
    unsafe params.rate = vfi_rational(num: 0, den: 1)
    unsafe params.multiplier = 2
    unsafe params.look_ahead = 5
    unsafe params.look_back = 5
    return unsafe params
  }

  /// Reads `params`; NULL stands for the defaults.
  init(_ pointer: UnsafePointer<vfi_stream_params>?) throws(VFIError) {
    let params = unsafe pointer == nil ? Self.defaults : try Self.read(pointer)
    sourceRate = unsafe try Self.rational(params.source_rate, "source_rate")
    guard let timebase = unsafe try Self.rational(params.timebase, "timebase") else {
      throw .argument("the timebase is zero")
    }
    self.timebase = timebase
    let flags = unsafe params.flags
    let known = UInt32(VFI_STREAM_INPAINT | VFI_STREAM_REPAIR | VFI_STREAM_KEEP_TIMES)
    guard flags & ~known == 0 else { throw .argument("flags \(flags) are unknown") }
    fillsHoles = flags & UInt32(VFI_STREAM_INPAINT) != 0
    repairs = flags & UInt32(VFI_STREAM_REPAIR) != 0
    guard !fillsHoles || !repairs else {
      throw .argument("VFI_STREAM_INPAINT and VFI_STREAM_REPAIR want a stream each")
    }
    if flags & UInt32(VFI_STREAM_KEEP_TIMES) != 0 {
      clock = nil
    } else {
      clock = OutputClock(timebase: timebase, rate: unsafe try Self.rate(params, sourceRate))
    }
    let looks = fillsHoles || repairs
    lookBack = looks ? unsafe try Self.look(params.look_back, "look_back") : 0
    lookAhead = looks ? unsafe try Self.look(params.look_ahead, "look_ahead") : 0
    inpaint = unsafe try InpaintParameters(fillsHoles ? params.inpaint : nil)
    mask = unsafe params.mask == nil ? nil : try Frame(importing: params.mask, "mask")
    guard mask == nil || fillsHoles else {
      throw .argument("mask: flags have no VFI_STREAM_INPAINT")
    }
    if let format = mask?.description.format, format != .gray8 {
      throw .format("mask: the format is \(format), not gray8")
    }
  }

  private static func read(
    _ pointer: UnsafePointer<vfi_stream_params>?
  ) throws(VFIError) -> vfi_stream_params {
    // The flags stand where the first version had padding.
    unsafe try load(
      pointer, first: MemoryLayout<vfi_stream_params>.offset(of: \.look_ahead) ?? 0,
      used: MemoryLayout<vfi_stream_params>.offset(of: \.flags) ?? 0, defaults: defaults)
  }

  /// A rate or timebase; `nil` for 0/1.
  private static func rational(
    _ value: vfi_rational, _ name: String
  ) throws(VFIError) -> Rational? {
    if value.num == 0, value.den > 0 { return nil }
    let limit = Int64(Int32.max)
    guard value.num <= limit, value.den <= limit, let result = Rational(value.num, value.den)
    else { throw .argument("\(name) \(value.num)/\(value.den) has a part outside 1 to 2^31-1") }
    return result
  }

  private static func rate(
    _ params: vfi_stream_params, _ sourceRate: Rational?
  ) throws(VFIError) -> Rational {
    guard unsafe (1...1024).contains(params.multiplier) else {
      throw .argument("multiplier is \(unsafe params.multiplier), not 1 to 1024")
    }
    if let rate = unsafe try rational(params.rate, "rate") { return rate }
    guard let sourceRate else { throw .argument("neither rate nor source_rate is given") }
    guard let rate = unsafe Rational(sourceRate.num * Int64(params.multiplier), sourceRate.den)
    else { throw .argument("source_rate times multiplier is above 2^31-1") }
    return rate
  }

  private static func look(_ value: Int32, _ name: String) throws(VFIError) -> Int {
    guard (0...maximumLook).contains(Int(value)) else {
      throw .argument("\(name) is \(value), not 0 to \(maximumLook)")
    }
    return Int(value)
  }

  /// The rectangle around the static mask and all rectangles; nil where there is none.
  func holeBounds(_ description: FrameDescription) -> PixelRectangle? {
    PixelRectangle.around(inpaint.rectangles, mask: mask, in: description)
  }
}
