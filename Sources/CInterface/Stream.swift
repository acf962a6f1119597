// SPDX-License-Identifier: MIT
import CVFI
import VFIEngine

/// What a `vfi_stream` points to.
private final class Stream {
  let context: Context
  let frames: FrameStream

  init(
    _ parameters: Parameters, _ pointer: UnsafePointer<vfi_stream_params>?
  ) throws(VFIError) {
    let params = unsafe pointer == nil ? Self.defaults : try load(pointer)
    let sourceRate = try Self.rational(params.source_rate, "source_rate")
    guard let timebase = try Self.rational(params.timebase, "timebase") else {
      throw .argument("the timebase is zero")
    }
    let clock = OutputClock(timebase: timebase, rate: try Self.rate(params, sourceRate))
    context = try Context(parameters, belongsToStream: true)
    frames = FrameStream(
      renderer: context.interpolator,
      settings: FrameStreamSettings(
        clock: clock, sourceRate: sourceRate, maximumGap: parameters.maximumGap))
  }

  static var defaults: vfi_stream_params {
    vfi_stream_params(
      struct_size: MemoryLayout<vfi_stream_params>.size, timebase: vfi_rational(num: 1, den: 1000),
      source_rate: vfi_rational(num: 0, den: 1), rate: vfi_rational(num: 0, den: 1), multiplier: 2)
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
    guard (1...1024).contains(params.multiplier) else {
      throw .argument("multiplier is \(params.multiplier), not 1 to 1024")
    }
    if let rate = try rational(params.rate, "rate") { return rate }
    guard let sourceRate else { throw .argument("neither rate nor source_rate is given") }
    guard let rate = Rational(sourceRate.num * Int64(params.multiplier), sourceRate.den) else {
      throw .argument("source_rate times multiplier is above 2^31-1")
    }
    return rate
  }

  static func from(_ handle: OpaquePointer) -> Stream {
    unsafe Unmanaged<Stream>.fromOpaque(UnsafeRawPointer(handle)).takeUnretainedValue()
  }
}

/// Runs the body of a call on a stream; failures are those of its context.
private func withStream(
  _ handle: OpaquePointer?, _ body: (Stream) throws(VFIError) -> vfi_status
) -> vfi_status {
  guard let handle = unsafe handle else {
    return withoutContext { () throws(VFIError) in throw .argument("the stream is NULL") }
  }
  let stream = unsafe Stream.from(handle)
  return stream.context.run { () throws(VFIError) in try body(stream) }
}

@c @implementation
public func vfi_stream_params_init(
  _ params: UnsafeMutablePointer<vfi_stream_params>?, _ struct_size: Int
) {
  var defaults = Stream.defaults
  defaults.struct_size = struct_size
  unsafe initialise(params, struct_size, defaults)
}

@c @implementation
public func vfi_stream_create(
  _ stream: UnsafeMutablePointer<OpaquePointer?>?, _ params: UnsafePointer<vfi_params>?,
  _ stream_params: UnsafePointer<vfi_stream_params>?
) -> vfi_status {
  withoutContext { () throws(VFIError) in
    guard let stream = unsafe stream else { throw .argument("the stream's place is NULL") }
    unsafe stream.pointee = nil
    let made = unsafe try Stream(Parameters(params), stream_params)
    unsafe stream.pointee = OpaquePointer(Unmanaged.passRetained(made).toOpaque())
  }
}

@c @implementation
public func vfi_stream_timebase(
  _ stream: OpaquePointer?, _ timebase: UnsafeMutablePointer<vfi_rational>?
) -> vfi_status {
  unsafe withStream(stream) { (stream) throws(VFIError) in
    guard let timebase = unsafe timebase else { throw .argument("the timebase is NULL") }
    let unit = stream.frames.settings.clock.unit
    unsafe timebase.pointee = vfi_rational(num: unit.num, den: unit.den)
    return vfi_status(VFI_OK)
  }
}

@c @implementation
public func vfi_stream_send(
  _ stream: OpaquePointer?, _ frame: UnsafePointer<vfi_frame>?
) -> vfi_status {
  unsafe withStream(stream) { (stream) throws(VFIError) in
    let source = unsafe try Frame(importing: frame, "frame")
    let fields = unsafe try load(frame)
    guard unsafe fields.duration >= 0 else { throw .argument("frame: the duration is negative") }
    try stream.context.checkCancellation()
    stream.context.note(source.description)
    let taken = unsafe try stream.frames.send(
      source, pts: fields.pts, duration: fields.duration, opaque: fields.opaque)
    return vfi_status(taken ? VFI_OK : VFI_AGAIN)
  }
}

@c @implementation
public func vfi_stream_receive(
  _ stream: OpaquePointer?, _ frame: UnsafeMutablePointer<vfi_frame>?,
  _ info: UnsafeMutablePointer<vfi_info>?
) -> vfi_status {
  unsafe withStream(stream) { (stream) throws(VFIError) in
    var fields = unsafe try load(UnsafePointer(frame))
    if let info = unsafe info { _ = unsafe try load(UnsafePointer(info)) }
    try stream.context.checkCancellation()
    switch try stream.frames.receive() {
    case .again: return vfi_status(VFI_AGAIN)
    case .end: return vfi_status(VFI_EOF)
    case .frame(let output):
      unsafe output.frame.export(to: &fields)
      unsafe fields.pts = output.pts
      unsafe fields.duration = output.duration
      unsafe fields.opaque = unsafe output.opaque
      unsafe frame?.pointee = unsafe fields
      unsafe export(output.info, to: info)
      return vfi_status(VFI_OK)
    }
  }
}

@c @implementation
public func vfi_stream_drain(_ stream: OpaquePointer?) -> vfi_status {
  unsafe withStream(stream) { (stream) throws(VFIError) in
    stream.frames.drain()
    return vfi_status(VFI_OK)
  }
}

@c @implementation
public func vfi_stream_flush(_ stream: OpaquePointer?) -> vfi_status {
  unsafe withStream(stream) { (stream) throws(VFIError) in
    stream.frames.flush()
    return vfi_status(VFI_OK)
  }
}

@c @implementation
public func vfi_stream_latency(
  _ stream: OpaquePointer?, _ frames: UnsafeMutablePointer<Int32>?,
  _ seconds: UnsafeMutablePointer<Double>?
) -> vfi_status {
  unsafe withStream(stream) { (stream) throws(VFIError) in
    guard let frames = unsafe frames, let seconds = unsafe seconds else {
      throw .argument("the place of frames or seconds is NULL")
    }
    let latency = stream.frames.latency
    unsafe frames.pointee = Int32(clamping: latency.frames)
    unsafe seconds.pointee = latency.seconds
    return vfi_status(VFI_OK)
  }
}

@c @implementation
public func vfi_stream_context(_ stream: OpaquePointer?) -> OpaquePointer? {
  guard let stream = unsafe stream else { return nil }
  let context = unsafe Stream.from(stream).context
  return unsafe OpaquePointer(Unmanaged.passUnretained(context).toOpaque())
}

@c @implementation
public func vfi_stream_destroy(_ stream: UnsafeMutablePointer<OpaquePointer?>?) {
  guard let stream = unsafe stream, let handle = unsafe stream.pointee else { return }
  unsafe stream.pointee = nil
  unsafe Unmanaged<Stream>.fromOpaque(UnsafeRawPointer(handle)).release()
}
