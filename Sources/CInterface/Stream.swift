// SPDX-License-Identifier: MIT
import CVFI
import VFIEngine

/// What a `vfi_stream` points to.
private final class Stream {
  let context: Context
  let frames: any VideoStream

  init(
    _ parameters: Parameters, _ pointer: UnsafePointer<vfi_stream_params>?
  ) throws(VFIError) {
    let settings = unsafe try StreamParameters(pointer)
    let context = try Context(parameters, belongsToStream: true)
    self.context = context
    let rates = try settings.clock.map { (clock) throws(VFIError) in
      FrameStream(
        renderer: try context.interpolator,
        settings: FrameStreamSettings(
          clock: clock, sourceRate: settings.sourceRate, maximumGap: parameters.maximumGap))
    }
    if let rates, !settings.fillsHoles, !settings.repairs {
      frames = rates
      return
    }
    var filter: (any WindowFilter)?
    if settings.fillsHoles {
      filter = try HoleFilter(
        context.inpainter, mask: settings.mask, rectangles: settings.inpaint.rectangles,
        settings: settings.inpaint.settings)
    } else if settings.repairs {
      filter = RepairFilter(try context.repairer)
    }
    frames = WindowStream(
      filter: filter, lookBack: settings.lookBack, lookAhead: settings.lookAhead, next: rates,
      timebase: settings.timebase, sourceRate: settings.sourceRate, engine: context.engine)
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
  var defaults = unsafe StreamParameters.defaults
  unsafe defaults.struct_size = struct_size
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
    let unit = stream.frames.unit
    unsafe timebase.pointee = vfi_rational(num: unit.num, den: unit.den)
    return vfi_status(VFI_OK)
  }
}

@c @implementation
public func vfi_stream_send(
  _ stream: OpaquePointer?, _ frame: UnsafePointer<vfi_frame>?
) -> vfi_status {
  unsafe vfi_stream_send_marked(stream, frame, nil)
}

@c @implementation
public func vfi_stream_send_marked(
  _ stream: OpaquePointer?, _ frame: UnsafePointer<vfi_frame>?,
  _ mask: UnsafePointer<vfi_frame>?
) -> vfi_status {
  unsafe withStream(stream) { (stream) throws(VFIError) in
    let view = unsafe try Frame(importing: frame, "frame")
    let fields = unsafe try load(frame)
    guard unsafe fields.duration >= 0 else { throw .argument("frame: the duration is negative") }
    var source = unsafe SourceFrame(
      view, pts: fields.pts, duration: fields.duration, opaque: fields.opaque)
    source.suspicion = FrameSuspicion(rawValue: unsafe fields.flags)
      .intersection([.corrupt, .concealed])
    if unsafe mask != nil { source.mask = unsafe try Frame(importing: mask, "mask") }
    try stream.context.checkCancellation()
    stream.context.note(view.description)
    return vfi_status(try stream.frames.send(source) ? VFI_OK : VFI_AGAIN)
  }
}

@c @implementation
public func vfi_stream_receive(
  _ stream: OpaquePointer?, _ frame: UnsafeMutablePointer<vfi_frame>?,
  _ info: UnsafeMutablePointer<vfi_info>?
) -> vfi_status {
  unsafe withStream(stream) { (stream) throws(VFIError) in
    var fields = unsafe try load(UnsafePointer(frame))
    unsafe try checkInfo(info)
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

@c @implementation
public func vfi_stream_memory_required(
  _ params: UnsafePointer<vfi_params>?, _ stream_params: UnsafePointer<vfi_stream_params>?,
  _ description: UnsafePointer<vfi_frame>?, _ bytes: UnsafeMutablePointer<UInt64>?
) -> vfi_status {
  withoutContext { () throws(VFIError) in
    guard let bytes = unsafe bytes else { throw .argument("the place of the bytes is NULL") }
    let parameters = unsafe try Parameters(params)
    let settings = unsafe try StreamParameters(stream_params)
    let description = unsafe try FrameDescription(importing: description, "description")
    var sum = 0
    let looks = settings.fillsHoles || settings.repairs
    if settings.clock != nil || settings.repairs {
      sum += try parameters.memoryRequired(description)
    }
    if settings.clock == nil || looks {
      sum += try WindowStream.memoryRequired(
        description, lookBack: settings.lookBack, lookAhead: settings.lookAhead)
    }
    if settings.fillsHoles {
      sum += try Inpainter.memoryRequired(
        description, bounds: settings.holeBounds(description), settings: settings.inpaint.settings,
        workers: parameters.workers)
      sum += Inpainter.keptMemoryRequired(
        description, bounds: settings.holeBounds(description), settings: settings.inpaint.settings,
        lookBack: settings.lookBack, lookAhead: settings.lookAhead)
    }
    if settings.repairs {
      sum += try FrameRepairer.memoryRequired(
        description, window: settings.lookBack + settings.lookAhead + 1,
        workers: parameters.workers)
    }
    unsafe bytes.pointee = UInt64(clamping: sum)
  }
}
