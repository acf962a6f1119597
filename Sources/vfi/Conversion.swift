// SPDX-License-Identifier: MIT
import CLibAV
import CVFI
import Glibc

/// What `vfi interpolate` is to do.
struct ConversionSettings {
  let input: String
  let output: String
  /// Frames a second; nil = `multiplier` times the input's.
  var rate: AVRational?
  var multiplier: Int32 = 2
  var options: [KeyValue] = []
  var encoder = EncoderSettings()
  /// Number of source frames to read; nil = all.
  var frameLimit: Int?
  var overwrites = false
  var ignoresInterlacing = false
  var showsProgress = false
  var showsStatistics = false
  /// File that takes the confidence of the output's frames.
  var confidence: String?
}

extension ConversionSettings {
  /// Refuses to write over the input, or over any file without leave.
  func protect(_ output: String) throws(Failure) {
    var source = stat()
    var target = stat()
    guard output != "-", unsafe stat(output, &target) == 0 else { return }
    if unsafe stat(input, &source) == 0, source.st_ino == target.st_ino,
      source.st_dev == target.st_dev
    {
      throw Failure("\(output): is the input; choose another name for the output")
    }
    let isFile = target.st_mode & S_IFMT == S_IFREG
    guard overwrites || !isFile else {
      throw Failure("\(output): exists already (--overwrite replaces it)")
    }
  }

  /// The pixel format of a stream's picture, if it is one that libvfi knows.
  func knownFormat(
    of picture: Picture, stream: Int, of input: MediaInput
  ) throws(Failure) -> KnownFormat {
    guard let format = KnownFormat(picture.format) else {
      throw Failure(
        "\(input.name): stream \(stream): pixel format \(KnownFormat.name(picture.format)) "
          + "is not supported; convert to one of \(KnownFormat.names)")
    }
    if unsafe clibav_frame_is_interlaced(picture.frame) != 0 && !ignoresInterlacing {
      throw Failure(
        "\(input.name): stream \(stream) is interlaced; deinterlace it first (ffmpeg -vf "
          + "bwdif), or say --ignore-interlacing if the flag in the file is wrong")
    }
    return format
  }
}

/// Reads a file, interpolates its video, and writes another file.
final class Conversion {
  private let settings: ConversionSettings
  private let input: MediaInput
  private let reader: VideoReader
  private let output: MediaOutput
  private let copy: StreamCopy
  private var clock: SourceClock
  private var tally = Tally()
  private var dropped = 0
  private var hasToldChange = false
  private var videoTarget: Int32 = 0
  private var confidence: ConfidenceVideo?

  init(_ settings: ConversionSettings) throws(Failure) {
    self.settings = settings
    try settings.protect(settings.output)
    output = try MediaOutput(settings.output)
    input = try MediaInput(settings.input)
    reader = try VideoReader(input)
    copy = StreamCopy(from: input, to: output)
    clock = SourceClock(timebase: reader.timebase, rate: reader.nominalRate)
    unsafe reader.otherPacket = { [copy] packet throws(Failure) in try unsafe copy.take(packet) }
  }

  /// Converts everything; returns a line that says what was done.
  func run() throws(Failure) -> String {
    guard let first = try reader.next() else {
      throw input.readFailure ?? Failure("\(input.name): no frame can be decoded")
    }
    let format = try settings.knownFormat(of: first, stream: reader.index, of: input)
    let rate = try outputRate()
    let converter = try RateConverter(
      ContextParameters(settings.options), format: format, clock: clock,
      sourceRate: reader.nominalRate, rate: rate, place: input.name)
    let video = unsafe VideoDescription(
      format: format, rate: rate, timebase: converter.timebase,
      aspect: av_guess_sample_aspect_ratio(input.context, reader.stream, first.frame))
    let encoder = try unsafe VideoEncoder(
      settings.encoder, like: first, video, container: output.format, place: output.name)
    try begin(encoder, like: first)
    if let path = settings.confidence {
      try settings.protect(path)
      confidence = try ConfidenceVideo(path, width: first.width, height: first.height, rate: rate)
    }
    var progress = Progress(expected: expectedCount(rate), isForced: settings.showsProgress)
    defer { progress.end() }
    do {
      try pump(first, converter, encoder, &progress)
    } catch {
      // A frame that was interrupted in the middle is no error.
      if !Interruption.isRequested {
        // What is there shall be playable; the first error is the one to tell.
        try? encode(nil, with: encoder)
        try? output.finish()
        throw error
      }
    }
    try encode(nil, with: encoder)
    try output.finish()
    try confidence?.finish()
    progress.end()
    try report()
    if settings.showsStatistics {
      EngineFigures(stats: try converter.statistics()).lines.forEach(tell)
    }
    return tally.summary(seconds: progress.elapsed)
  }

  private func outputRate() throws(Failure) -> AVRational {
    if let rate = settings.rate { return rate }
    let source = reader.nominalRate
    guard source.isPositive else {
      throw Failure("\(input.name): the frame rate is unknown; give the wanted one with --fps")
    }
    return av_mul_q(source, AVRational(num: settings.multiplier, den: 1))
  }

  private func begin(_ encoder: VideoEncoder, like first: Picture) throws(Failure) {
    videoTarget = try unsafe output.addVideo(encoder, source: reader.stream, like: first)
    try copy.addStreams(besides: reader.index, videoTarget: videoTarget)
    try output.begin()
    copy.leftOut.forEach(tell)
    try copy.begin()
  }

  private func encode(_ picture: Picture?, with encoder: VideoEncoder) throws(Failure) {
    try unsafe encoder.encode(picture) { packet throws(Failure) in
      try unsafe output.write(packet, to: videoTarget, unit: encoder.unit)
    }
  }

  /// Source frames in, output frames out, until the end or an interruption.
  private func pump(
    _ first: Picture, _ converter: RateConverter, _ encoder: VideoEncoder,
    _ progress: inout Progress
  ) throws(Failure) {
    let fitter = try PictureFitter(
      like: first, settings.knownFormat(of: first, stream: reader.index, of: input))
    var next: Picture? = first
    var count = 0
    while let picture = next, !Interruption.isRequested {
      try send(fitted(picture, by: fitter), to: converter)
      try receive(converter, encoder, &progress)
      count += 1
      next = count == settings.frameLimit ? nil : try reader.next()
    }
    if !Interruption.isRequested {
      try converter.drain()
      try receive(converter, encoder, &progress)
    }
  }

  private func send(_ picture: Picture, to converter: RateConverter) throws(Failure) {
    let duration = unsafe clibav_frame_duration(picture.frame)
    guard let time = clock.time(pts: picture.pts, duration: duration) else {
      dropped += 1
      return
    }
    if settings.ignoresInterlacing { unsafe clibav_frame_clear_coding(picture.frame) }
    let seconds = Double(time.pts) * clock.unit.value
    try converter.send(picture, pts: time.pts, duration: time.duration, at: seconds)
  }

  private func receive(
    _ converter: RateConverter, _ encoder: VideoEncoder, _ progress: inout Progress
  ) throws(Failure) {
    while !Interruption.isRequested, let output = try converter.receive() {
      tally.add(output.info)
      try unsafe confidence?.add(output.info, from: converter.context)
      let seconds = unsafe Double(output.picture.frame.pointee.pts) * converter.timebase.value
      try encode(output.picture, with: encoder)
      progress.update(done: tally.total, seconds: seconds)
    }
  }

  /// The picture in the size and format that the file has; the first change is told.
  private func fitted(_ picture: Picture, by fitter: PictureFitter) throws(Failure) -> Picture {
    if !fitter.fits(picture) && !hasToldChange {
      hasToldChange = true
      let seconds = Double(picture.pts ?? 0) * reader.timebase.value
      tell(
        "\(input.name): at \(clockText(seconds)) the picture changes to "
          + "\(PictureFitter.text(picture)); it is scaled to \(fitter.target) from there on")
    }
    return try fitter.fit(picture)
  }

  private func expectedCount(_ rate: AVRational) -> Int {
    if let limit = settings.frameLimit, reader.nominalRate.isPositive {
      return Int(Double(limit) * rate.value / reader.nominalRate.value)
    }
    let duration = unsafe reader.stream.pointee.duration
    let whole = unsafe input.context.pointee.duration
    let seconds =
      duration > 0
      ? Double(duration) * reader.timebase.value
      : whole > 0 ? Double(whole) / Double(AV_TIME_BASE) : 0
    return Int(seconds * rate.value)
  }

  /// Tells what went wrong in reading, now that the output is complete.
  private func report() throws(Failure) {
    if dropped > 0 { tell("\(input.name): \(dropped) frames without a later time were dropped") }
    if reader.damaged > 0 { tell("\(input.name): \(reader.damaged) damaged packets") }
    if let failure = input.readFailure { throw failure }
  }
}
