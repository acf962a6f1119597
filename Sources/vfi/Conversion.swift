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
  private let file: VideoRewrite
  private var tally = Tally()
  private var dropped = 0
  private var hasToldChange = false
  private var confidence: ConfidenceVideo?

  init(_ settings: ConversionSettings) throws(Failure) {
    self.settings = settings
    file = try VideoRewrite(settings)
  }

  /// Converts everything; returns a line that says what was done.
  func run() throws(Failure) -> String {
    let (first, format) = try file.first()
    let rate = try outputRate()
    let converter = try RateConverter(
      ContextParameters(settings.options), format: format, clock: file.clock,
      sourceRate: file.reader.nominalRate, rate: rate, place: file.input.name)
    try file.begin(like: first, format, rate: rate, timebase: converter.timebase)
    if let path = settings.confidence {
      try settings.protect(path)
      confidence = try ConfidenceVideo(path, width: first.width, height: first.height, rate: rate)
    }
    let fitter = try PictureFitter(like: first, format)
    var progress = Progress(expected: expectedCount(rate), isForced: settings.showsProgress)
    defer { progress.end() }
    try file.complete { () throws(Failure) in
      try pump(first, fitter, converter, &progress)
    }
    try confidence?.finish()
    progress.end()
    if dropped > 0 {
      tell("\(file.input.name): \(dropped) frames without a later time were dropped")
    }
    try file.report()
    if settings.showsStatistics {
      EngineFigures(stats: try converter.statistics()).lines.forEach(tell)
    }
    return tally.summary(seconds: progress.elapsed)
  }

  private func outputRate() throws(Failure) -> AVRational {
    if let rate = settings.rate { return rate }
    let source = file.reader.nominalRate
    guard source.isPositive else {
      throw Failure("\(file.input.name): the frame rate is unknown; give the wanted one with --fps")
    }
    return av_mul_q(source, AVRational(num: settings.multiplier, den: 1))
  }

  /// Source frames in, output frames out, until the end or an interruption.
  private func pump(
    _ first: Picture, _ fitter: PictureFitter, _ converter: RateConverter,
    _ progress: inout Progress
  ) throws(Failure) {
    try file.forEach(from: first) { picture throws(Failure) in
      try send(fitted(picture, by: fitter), to: converter)
      try receive(converter, &progress)
    }
    if !Interruption.isRequested {
      try converter.drain()
      try receive(converter, &progress)
    }
  }

  private func send(_ picture: Picture, to converter: RateConverter) throws(Failure) {
    guard let time = file.time(of: picture) else {
      dropped += 1
      return
    }
    let seconds = Double(time.pts) * file.clock.unit.value
    try converter.send(picture, pts: time.pts, duration: time.duration, at: seconds)
  }

  private func receive(
    _ converter: RateConverter, _ progress: inout Progress
  ) throws(Failure) {
    while !Interruption.isRequested, let output = try converter.receive() {
      tally.add(output.info)
      try unsafe confidence?.add(output.info, from: converter.context)
      let seconds = unsafe Double(output.picture.frame.pointee.pts) * converter.timebase.value
      try file.encode(output.picture)
      progress.update(done: tally.total, seconds: seconds)
    }
  }

  /// The picture in the size and format that the file has; the first change is told.
  private func fitted(_ picture: Picture, by fitter: PictureFitter) throws(Failure) -> Picture {
    if !fitter.fits(picture) && !hasToldChange {
      hasToldChange = true
      let seconds = Double(picture.pts ?? 0) * file.reader.timebase.value
      tell(
        "\(file.input.name): at \(clockText(seconds)) the picture changes to "
          + "\(PictureFitter.text(picture)); it is scaled to \(fitter.target) from there on")
    }
    return try fitter.fit(picture)
  }

  private func expectedCount(_ rate: AVRational) -> Int {
    if let limit = settings.frameLimit, file.reader.nominalRate.isPositive {
      return Int(Double(limit) * rate.value / file.reader.nominalRate.value)
    }
    let duration = unsafe file.reader.stream.pointee.duration
    let whole = unsafe file.input.context.pointee.duration
    let seconds =
      duration > 0
      ? Double(duration) * file.reader.timebase.value
      : whole > 0 ? Double(whole) / Double(AV_TIME_BASE) : 0
    return Int(seconds * rate.value)
  }
}
