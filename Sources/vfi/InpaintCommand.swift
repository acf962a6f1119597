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

  @OptionGroup var file: FileOptions

  @Option(help: "A picture that is bright where to fill, or a video of one mask a frame.")
  var mask: String?

  @Option(
    help: ArgumentHelp("Fill this part of every frame; may be repeated.", valueName: "x,y,w,h"))
  var rect: [String] = []

  @Option(
    help: "Frames that are looked at for one, itself included (1 to 256; 45).")
  var window: Int?

  @Option(help: "Pixels around the mask that are filled too (0 to 64; 4 unless given).")
  var dilation: Int32?

  @Option(help: "Outermost of these over which the fill fades in (2 unless given).")
  var feather: Int32?

  @Option(
    help: ArgumentHelp(
      "With a network, do as VINet's demonstration: forget, whole, drop-first; may be repeated.",
      valueName: "name"))
  var quirk: [NetworkQuirk] = []

  @OptionGroup var engine: EngineOptions

  func validate() throws {
    if mask == nil && rect.isEmpty { throw ValidationError("give --mask or --rect") }
    for text in rect where rectangle(text) == nil {
      throw ValidationError("--rect \(text): is not x,y,width,height")
    }
    if rect.count > 1024 { throw ValidationError("--rect: there are more than 1024") }
    if let window, !(1...256).contains(window) {
      throw ValidationError("--window \(window): is not from 1 to 256")
    }
    let reach = dilation ?? 4
    if !(0...64).contains(reach) {
      throw ValidationError("--dilation \(reach): is not from 0 to 64")
    }
    if let feather, !(0...reach).contains(feather) {
      throw ValidationError("--feather \(feather): is not from 0 to the dilation, \(reach)")
    }
  }

  private func rectangle(_ text: String) -> vfi_rectangle? {
    let numbers = text.split(separator: ",", omittingEmptySubsequences: false).map { Int32($0) }
    guard numbers.count == 4, let x = numbers[0], let y = numbers[1], let width = numbers[2],
      let height = numbers[3], width > 0, height > 0
    else { return nil }
    return vfi_rectangle(x: x, y: y, width: width, height: height)
  }

  func run() throws {
    try file.run {
      var holes = HoleSettings()
      let settings = try file.settings(engine)
      let model = settings.options.last { $0.key == "model" }?.value
      if let model {
        let description = try ModelDescription.named(model)
        if description.task == "inpaint" { holes.network = description.name }
      }
      if holes.network == nil, let first = quirk.first {
        throw Failure("--quirk \(first.rawValue): the model is no network that fills holes")
      }
      holes.rectangles = rect.compactMap(rectangle)
      holes.window = window ?? holes.window
      holes.dilation = dilation
      holes.feather = feather
      holes.quirks = Set(quirk)
      return try InpaintConversion(settings, holes, mask: mask).run()
    }
  }
}

extension NetworkQuirk: ExpressibleByArgument {}
