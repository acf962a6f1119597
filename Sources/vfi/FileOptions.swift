// SPDX-License-Identifier: MIT
import ArgumentParser
import CLibAV
import Glibc

/// The files of a command that writes a video again, and how it is encoded.
struct FileOptions: ParsableArguments {
  @Argument(help: "The video, in any form that FFmpeg reads; \"-\" = standard input.")
  var input: String

  @Argument(help: "The new file; \"-\" = y4m on the standard output.")
  var output: String

  @Option(help: "Encoder, as FFmpeg calls it (libx264 where possible, else ffv1 or mpeg4).")
  var codec: String?

  @Option(help: "Quality of the encoder; less is better (18 for libx264).")
  var crf: Double?

  @Option(
    help: ArgumentHelp("An option of the encoder, e.g. preset=slow.", valueName: "key=value"))
  var codecOption: [String] = []

  @Option(help: "Stop after this many frames of the input.")
  var frames: Int?

  @Flag(name: [.customShort("y"), .long], help: "Replace an existing output file.")
  var overwrite = false

  @Flag(help: "Treat frames that are marked as interlaced like all others.")
  var ignoreInterlacing = false

  @Flag(help: "Show progress and a summary also where there is no terminal.")
  var progress = false

  func validate() throws {
    if let frames, frames < 1 { throw ValidationError("--frames \(frames): is less than 1") }
  }

  func settings(_ engine: EngineOptions) throws -> ConversionSettings {
    var settings = ConversionSettings(input: input, output: output)
    settings.options = try engine.settings()
    settings.encoder = EncoderSettings(
      codec: codec, crf: crf,
      options: try codecOption.map { try keyValue($0, "--codec-option") })
    settings.frameLimit = frames
    settings.overwrites = overwrite
    settings.ignoresInterlacing = ignoreInterlacing
    settings.showsProgress = progress
    return settings
  }

  /// Runs a conversion, which returns a line that says what was done, until its end or an interruption.
  func run(_ convert: () throws -> String) throws {
    av_log_set_level(AV_LOG_ERROR)
    Interruption.install()
    let summary = try convert()
    if progress || isatty(STDERR_FILENO) == 1 { tell("\(output): \(summary)") }
    if Interruption.isRequested {
      tell("interrupted; \(output) has what was done until then")
      throw ExitCode(Interruption.exitCode)
    }
  }
}
