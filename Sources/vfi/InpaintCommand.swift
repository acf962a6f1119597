// SPDX-License-Identifier: MIT
import ArgumentParser
import CLibAV
import CVFI
import Glibc

struct InpaintCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "inpaint",
    abstract: "Fill a part of the picture from the frames around it.",
    discussion: """
      Logos, time stamps, scratches: what the frames before and after show is carried over along \
      its motion, what none of them shows is continued from its surroundings. Pixels outside are \
      encoded as they were decoded. Audio, subtitles, attachments, chapters and descriptions are \
      copied, and there are as many frames as before.
      """)

  @Argument(help: "The video, in any form that FFmpeg reads; \"-\" = standard input.")
  var input: String

  @Argument(help: "The new file; \"-\" = y4m on the standard output.")
  var output: String

  @Option(help: "A picture that is bright where to fill, or a video of one mask a frame.")
  var mask: String?

  @Option(
    help: ArgumentHelp("Fill this part of every frame; may be repeated.", valueName: "x,y,w,h"))
  var rect: [String] = []

  @Option(help: "Frames that are looked at for one, itself included (1 to 256).")
  var window = HoleSettings().window

  @Option(help: "Pixels around the mask that are filled too (0 to 64; 4 unless given).")
  var dilation: Int32?

  @Option(help: "Outermost of these over which the fill fades in (2 unless given).")
  var feather: Int32?

  @OptionGroup var engine: EngineOptions

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
    if mask == nil && rect.isEmpty { throw ValidationError("give --mask or --rect") }
    for text in rect where rectangle(text) == nil {
      throw ValidationError("--rect \(text): is not x,y,width,height")
    }
    if rect.count > 1024 { throw ValidationError("--rect: there are more than 1024") }
    if !(1...256).contains(window) {
      throw ValidationError("--window \(window): is not from 1 to 256")
    }
    let reach = dilation ?? 4
    if !(0...64).contains(reach) {
      throw ValidationError("--dilation \(reach): is not from 0 to 64")
    }
    if let feather, !(0...reach).contains(feather) {
      throw ValidationError("--feather \(feather): is not from 0 to the dilation, \(reach)")
    }
    if let frames, frames < 1 { throw ValidationError("--frames \(frames): is less than 1") }
  }

  private func rectangle(_ text: String) -> vfi_rectangle? {
    let numbers = text.split(separator: ",", omittingEmptySubsequences: false).map { Int32($0) }
    guard numbers.count == 4, let x = numbers[0], let y = numbers[1], let width = numbers[2],
      let height = numbers[3], width > 0, height > 0
    else { return nil }
    return vfi_rectangle(x: x, y: y, width: width, height: height)
  }

  func run() throws {
    av_log_set_level(AV_LOG_ERROR)
    Interruption.install()
    var settings = ConversionSettings(input: input, output: output)
    settings.options = try engine.settings()
    settings.encoder = EncoderSettings(
      codec: codec, crf: crf,
      options: try codecOption.map { try keyValue($0, "--codec-option") })
    settings.frameLimit = frames
    settings.overwrites = overwrite
    settings.ignoresInterlacing = ignoreInterlacing
    settings.showsProgress = progress
    var holes = HoleSettings()
    holes.rectangles = rect.compactMap(rectangle)
    holes.window = window
    holes.dilation = dilation
    holes.feather = feather
    let summary = try InpaintConversion(settings, holes, mask: mask).run()
    if progress || isatty(STDERR_FILENO) == 1 { tell("\(output): \(summary)") }
    if Interruption.isRequested {
      tell("interrupted; \(output) has what was done until then")
      throw ExitCode(Interruption.exitCode)
    }
  }
}
