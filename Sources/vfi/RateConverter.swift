// SPDX-License-Identifier: MIT
import CLibAV
import CVFI

/// Pictures at one rate in, pictures at another rate out: a `vfi_stream` with FFmpeg's pictures.
@safe final class RateConverter {
  /// Seconds per unit of the times of output pictures.
  ///
  /// The stream's own, or where that needs more than 31 bits, one output interval; then only the
  /// start of the film is rounded.
  let timebase: AVRational
  private let isExact: Bool
  private let exactUnit: Double
  private var start: Int64?
  private let format: KnownFormat
  private let parameters: ContextParameters
  private let stream: OpaquePointer
  private let place: String
  /// Sources whose properties an output may still carry, by their number; the oldest first.
  private var sources: [(number: Int, picture: Picture)] = []
  private var sent = 0

  init(
    _ parameters: ContextParameters, format: KnownFormat, clock: SourceClock,
    sourceRate: AVRational, rate: AVRational, place: String
  ) throws(Failure) {
    self.parameters = parameters
    self.format = format
    self.place = place
    var settings = unsafe vfi_stream_params()
    unsafe vfi_stream_params_init(&settings, MemoryLayout<vfi_stream_params>.size)
    unsafe settings.timebase = clock.unit.exact
    unsafe settings.rate = rate.exact
    if sourceRate.isPositive { unsafe settings.source_rate = sourceRate.exact }
    var created: OpaquePointer?
    var values = unsafe parameters.value
    try unsafe check(vfi_stream_create(&created, &values, &settings), "libvfi", of: nil)
    guard let created = unsafe created else { throw Failure("out of memory") }
    unsafe stream = created
    var unit = vfi_rational()
    try unsafe check(vfi_stream_timebase(stream, &unit), "libvfi", of: vfi_stream_context(stream))
    exactUnit = Double(unit.num) / Double(unit.den)
    isExact = AVRational(unit) != nil
    timebase = AVRational(unit) ?? rate.inverse
  }

  deinit {
    var stream: OpaquePointer? = unsafe stream
    unsafe vfi_stream_destroy(&stream)
  }

  var context: OpaquePointer? { unsafe vfi_stream_context(stream) }

  /// Gives the next source picture, all earlier outputs having been received.
  func send(_ picture: Picture, pts: Int64, duration: Int64, at seconds: Double) throws(Failure) {
    let number = sent
    if format.hasUnusedByte { try picture.fillUnusedByte() }
    let status = try unsafe picture.withFrame(format) { frame throws(Failure) in
      unsafe frame.pts = pts
      unsafe frame.duration = duration
      unsafe frame.opaque = UnsafeMutableRawPointer(bitPattern: number + 1)
      return try unsafe check(
        vfi_stream_send(stream, &frame), "\(place): frame at \(clockText(seconds))",
        of: unsafe context)
    }
    guard status == VFI_OK else { throw Failure("\(place): the stream takes no frame") }
    sources.append((number, try picture.properties()))
    sent += 1
  }

  /// The next output picture, with how it came about; nil when more must be sent, or at the end.
  func receive() throws(Failure) -> (picture: Picture, info: vfi_info)? {
    var frame = unsafe vfi_frame()
    unsafe frame.struct_size = MemoryLayout<vfi_frame>.size
    var info = vfi_info()
    info.struct_size = MemoryLayout<vfi_info>.size
    let status = try unsafe check(vfi_stream_receive(stream, &frame, &info), place, of: context)
    guard status == VFI_OK else { return nil }
    let picture = try unsafe Picture(format: format.libav, width: frame.width, height: frame.height)
    try unsafe describe(picture, frame, isNew: info.decision != VFI_SOURCE_COPY)
    unsafe picture.copySamples(of: frame)
    return (picture, info)
  }

  private func describe(_ picture: Picture, _ frame: vfi_frame, isNew: Bool) throws(Failure) {
    let number = unsafe Int(bitPattern: frame.opaque) - 1
    while let first = sources.first, first.number < number, sources.count > 2 {
      sources.removeFirst()
    }
    if let source = sources.first(where: { $0.number == number })?.picture {
      try picture.carryProperties(of: source, isNew: isNew)
    }
    unsafe picture.frame.pointee.color_range = format.libavRange(picture.frame.pointee.color_range)
    unsafe picture.frame.pointee.pts = time(frame.pts)
  }

  /// A time of the stream in units of `timebase`.
  private func time(_ pts: Int64) -> Int64 {
    if isExact { return pts }
    let origin = start ?? pts
    start = origin
    func intervals(_ time: Int64) -> Int64 {
      Int64((Double(time) * exactUnit / timebase.value).rounded())
    }
    return intervals(origin) + intervals(pts - origin)
  }

  /// Says that no picture follows.
  func drain() throws(Failure) { try unsafe check(vfi_stream_drain(stream), place, of: context) }

  /// Sums over all pictures so far.
  func statistics() throws(Failure) -> vfi_stats {
    var stats = vfi_stats()
    stats.struct_size = MemoryLayout<vfi_stats>.size
    try unsafe check(vfi_get_stats(context, &stats), place, of: context)
    return stats
  }
}
