// SPDX-License-Identifier: MIT
import ArgumentParser
import CLibAV
import CVFI
import Glibc

/// Where motion is found and how: the options that several commands share.
struct EngineOptions: ParsableArguments {
  @Option(help: "A built-in model (see `vfi models`), or a .safetensors file.")
  var model: String?

  @Option(help: "Number of threads; 0 = one per CPU.")
  var threads: Int32?

  @Option(help: "Arithmetic of the network: auto, float32, bfloat16 or int8.")
  var precision: String?

  @Option(help: "Pixels that the network refines: auto, off (all), or the largest share, as 0.25.")
  var sparsity: String?

  @Option(help: "Milliseconds that a new frame shall take; fewer pixels are refined if need be.")
  var deadline: String?

  @Option(
    name: [.customShort("o"), .customLong("option")],
    help: ArgumentHelp("An option of libvfi, see `vfi options`.", valueName: "key=value"))
  var options: [String] = []

  /// All settings by libvfi's own names.
  func settings() throws -> [KeyValue] {
    var settings = try options.map { try keyValue($0, "-o") }
    if let model { settings.append(KeyValue("model", model)) }
    if let precision { settings.append(KeyValue("precision", precision)) }
    if let threads { settings.append(KeyValue("threads", String(threads))) }
    if let sparsity {
      let isShare = Double(sparsity) != nil
      settings.append(KeyValue("sparsity", isShare ? "cap" : sparsity))
      if isShare { settings.append(KeyValue("heavy_share", sparsity)) }
    }
    if let deadline { settings.append(KeyValue("deadline_ms", deadline)) }
    return settings
  }
}

func keyValue(_ text: String, _ option: String) throws -> KeyValue {
  guard let pair = KeyValue(argument: text) else {
    throw ValidationError("\(option) \(text): is not key=value")
  }
  return pair
}

struct InterpolateCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "interpolate",
    abstract: "Write a video again at a higher frame rate.",
    discussion: """
      Frames of the input whose time is wanted stay as they are; those between are made. Audio, \
      subtitles, attachments, chapters and descriptions are copied. Times are exact: output n \
      stands at start + n / rate, up to the end of the last frame.
      """)

  @OptionGroup var file: FileOptions

  @Option(help: "Frames a second, as 60 or 60000/1001.")
  var fps: String?

  @Option(help: "Multiple of the input's frame rate (2 unless --fps is given).")
  var mult: Int32?

  @OptionGroup var engine: EngineOptions

  @Option(help: "Also write a gray video of how certain each pixel of the new file is.")
  var confidence: String?

  @Flag(help: "Show what the engine did: time per step, multiply-adds, active pixels, memory.")
  var stats = false

  func validate() throws {
    if fps != nil && mult != nil { throw ValidationError("--fps and --mult exclude each other") }
    if let mult, !(1...1024).contains(mult) {
      throw ValidationError("--mult \(mult): is not from 1 to 1024")
    }
    if let fps, AVRational(rate: fps) == nil {
      throw ValidationError("--fps \(fps): is no frame rate")
    }
  }

  func run() throws {
    try file.run {
      var settings = try file.settings(engine)
      settings.rate = fps.flatMap { AVRational(rate: $0) }
      settings.multiplier = mult ?? 2
      settings.showsStatistics = stats
      settings.confidence = confidence
      // A file is read from its start to its end: frames around a pair are at hand.
      settings.options.insert(KeyValue("motion", "quadratic"), at: 0)
      return try Conversion(settings).run()
    }
  }
}
