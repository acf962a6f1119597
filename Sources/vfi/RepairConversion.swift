// SPDX-License-Identifier: MIT
import CLibAV
import CVFI
import Glibc

/// Reads a damaged file, and writes another one with repaired pictures.
final class RepairConversion {
  private let settings: ConversionSettings
  private let file: VideoRewrite
  private let reader: RepairReader
  private let report: RepairReport?
  private var frames = 0
  private var changed = 0

  init(_ settings: ConversionSettings, report: String?) throws(Failure) {
    self.settings = settings
    if report == "-", settings.output == "-" {
      throw Failure("--report -: the video goes to the standard output already")
    }
    if let report, report == settings.input || report == settings.output {
      throw Failure("--report \(report): is the input or the output")
    }
    var opened: RepairReader?
    file = try VideoRewrite(settings) { input throws(Failure) in
      let reader = try RepairReader(input, options: settings.options)
      opened = reader
      return reader
    }
    guard let opened else { throw Failure("\(settings.input): no reader") }
    reader = opened
    if let report { try settings.protect(report) }
    self.report = try report.map { path throws(Failure) in try RepairReport(path) }
  }

  /// Converts everything; returns a line that says what was done.
  func run() throws(Failure) -> String {
    // Three decoders would tell of each damaged macroblock; the report does so once.
    av_log_set_level(AV_LOG_FATAL)
    let (first, format) = try file.first()
    let rate = reader.gridRate
    guard rate.isPositive else { throw Failure("\(file.input.name): the frame rate is unknown") }
    try file.begin(like: first, format, rate: rate, timebase: file.clock.unit)
    let fitter = try PictureFitter(like: first, format)
    var progress = Progress(expected: 0, isForced: settings.showsProgress)
    defer { progress.end() }
    try file.complete { () throws(Failure) in
      try file.forEach(from: first) { picture throws(Failure) in
        try write(picture, fitter, format, &progress)
      }
    }
    try report?.finish()
    progress.end()
    try file.report()
    return "\(frames) frames in \(decimal(progress.elapsed, 1)) s, \(changed) of them changed"
  }

  private func write(
    _ picture: Picture, _ fitter: PictureFitter, _ format: KnownFormat, _ progress: inout Progress
  ) throws(Failure) {
    let damage = reader.damage
    let source = picture.pts
    guard let time = try file.place(picture, like: fitter) else { return }
    let seconds = Double(time.pts) * file.clock.unit.value
    if damage.affected > 0 || damage.isFlagged {
      if damage.kind != .none { changed += 1 }
      try report?.write(damage, frame: frames, pts: source, seconds: seconds, of: picture)
    }
    unsafe picture.frame.pointee.color_range = format.libavRange(picture.frame.pointee.color_range)
    unsafe picture.frame.pointee.format = format.libav.rawValue
    unsafe clibav_frame_clear_coding(picture.frame)
    unsafe picture.frame.pointee.pts = time.pts
    try file.encode(picture)
    frames += 1
    progress.update(done: frames, seconds: seconds)
  }
}

/// Lines of JSON, one for each damaged picture.
@safe private final class RepairReport {
  private let path: String
  private let file: UnsafeMutablePointer<FILE>

  init(_ path: String) throws(Failure) {
    self.path = path
    let stream = unsafe path == "-" ? fdopen(dup(STDOUT_FILENO), "w") : fopen(path, "w")
    guard let opened = unsafe stream else {
      throw Failure("\(path): \(unsafe String(cString: strerror(errno)))")
    }
    unsafe file = opened
  }

  func write(
    _ damage: ShownDamage, frame: Int, pts: Int64?, seconds: Double, of picture: Picture
  ) throws(Failure) {
    let area = Int(picture.width) * Int(picture.height)
    var events: [String] = []
    if damage.isMissing {
      events.append("missing")
    } else {
      if damage.affected > 0 { events.append("damaged") }
      if damage.missing * 10 >= area * 9 { events.append("lost") }
    }
    if damage.isFlagged { events.append("flagged") }
    let list = events.map { "\"\($0)\"" }.joined(separator: ", ")
    let line =
      "{\"frame\": \(frame), \"pts\": \(pts.map(String.init) ?? "null"), "
      + "\"time\": \(decimal(seconds, 6)), \"events\": [\(list)], "
      + "\"missing_pixels\": \(damage.missing), \"damaged_pixels\": \(damage.affected), "
      + "\"action\": \"\(damage.kind.rawValue)\"}\n"
    guard unsafe fputs(line, file) >= 0 else { throw failure() }
  }

  func finish() throws(Failure) {
    guard unsafe fflush(file) == 0 else { throw failure() }
  }

  private func failure() -> Failure {
    Failure("\(path): \(unsafe String(cString: strerror(errno)))")
  }

  deinit { unsafe fclose(file) }
}
