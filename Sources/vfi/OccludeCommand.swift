// SPDX-License-Identifier: MIT
import ArgumentParser
import CLibAV

extension Occlusion.Process: ExpressibleByArgument {}

struct OccludeCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "occlude",
    abstract: "Hide parts of a video, to try out what fills them.",
    discussion: """
      Falling raindrops, a moving bar, single pixels or drifting clouds: the processes of \
      unsupervised video inpainting. The masks depend on the seed, the parameters and the size of \
      the picture alone, and training/vfi_training/occlusion.py draws the same. The output is \
      8-bit YUV 4:4:4, so that a hidden pixel takes no colour from its neighbours, and lossless in \
      a .mkv file. Sound is left out.
      """)

  @Argument(help: "The video, in any form that FFmpeg reads; \"-\" = standard input.")
  var input: String

  @Argument(help: "The new file, .mkv best; \"-\" = y4m on the standard output.")
  var output: String

  @Option(
    help: ArgumentHelp("What hides: raindrops, bar, pixels or clouds.", valueName: "process"))
  var process: Occlusion.Process

  @Option(help: "Another number hides other places.")
  var seed: UInt64

  @Option(
    help: ArgumentHelp(
      "Another file for the masks, white where hidden: for `vfi inpaint --mask`.",
      valueName: "file"))
  var maskOut: String?

  @Option(help: "What hidden pixels show: black, grey or white.")
  var fill = OcclusionFill.grey

  @Option(help: "Raindrops: how many.")
  var count = 30

  @Option(help: "Raindrops, bar: width in widths of the picture (1/64 or 0.1 unless given).")
  var width: Double?

  @Option(help: "Bar: height in heights of the picture.")
  var height = 1.0

  @Option(
    help: "Raindrops, bar, clouds: sides of the picture a frame (0.07, 0.05, 0.02 unless given).")
  var speed: Double?

  @Option(help: "Pixels: the share that is hidden.")
  var share = 0.6

  @Option(help: "Clouds: size of the largest, in smaller sides of the picture.")
  var size = 0.5

  @Option(help: "Clouds: how dense their field must be to hide, 0 to 1.")
  var threshold = 0.55

  @Option(help: "Stop after this many frames.")
  var frames: Int?

  @Flag(name: [.customShort("y"), .long], help: "Replace existing files.")
  var overwrite = false

  func validate() throws {
    if !(0...10_000).contains(count) {
      throw ValidationError("--count \(count): is not from 0 to 10000")
    }
    let fractions = [
      ("width", width ?? 0), ("height", height), ("speed", speed ?? 0), ("share", share),
      ("size", size), ("threshold", threshold),
    ]
    for (name, value) in fractions where !(0...1).contains(value) {
      throw ValidationError("--\(name) \(decimal(value, 3)): is not from 0 to 1")
    }
    if let frames, frames < 1 { throw ValidationError("--frames \(frames): is less than 1") }
    if maskOut == output { throw ValidationError("--mask-out \(output): is the output, too") }
  }

  func run() throws {
    av_log_set_level(AV_LOG_ERROR)
    Interruption.install()
    var settings = ConversionSettings(input: input, output: output)
    settings.overwrites = overwrite
    settings.frameLimit = frames
    try settings.protect(output)
    if let maskOut { try settings.protect(maskOut) }
    var occlusion = Occlusion(process: process)
    occlusion.count = count
    occlusion.width = width
    occlusion.height = height
    occlusion.speed = speed
    occlusion.share = share
    occlusion.size = size
    occlusion.threshold = threshold
    try OccludeConversion(settings, occlusion, seed: seed, fill: fill, maskOut: maskOut).run()
  }
}
