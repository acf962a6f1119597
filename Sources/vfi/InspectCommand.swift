// SPDX-License-Identifier: MIT
import ArgumentParser
import CLibAV
import CVFI

struct InspectCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "inspect",
    abstract: "Make one new frame and a picture of how it came about.",
    discussion: """
      The picture shows: above, the frame before, the new one, the frame after; below, the motion \
      towards the frame after (hue = direction, saturation = length), the mask (white = taken \
      from the frame before), and the key of the motion's colours; for a model that tells how \
      certain it is, below that, how certain (white = no error expected) and, in red over the new \
      frame, the pixels that it refines for that.
      """)

  @Argument(help: "A video.") var input: String
  @Argument(help: "The new picture, .png; it is replaced when it exists.") var output: String
  @Option(help: "Seconds: the frame shown there and the next one are taken.") var at: Double?
  @Option(help: "Number of the earlier frame, from 0.") var frame: Int?
  @OptionGroup var engine: EngineOptions

  func validate() throws {
    if at != nil && frame != nil { throw ValidationError("--at and --frame exclude each other") }
    if let at, at < 0 { throw ValidationError("--at \(at): is before the start") }
    if let frame, frame < 0 { throw ValidationError("--frame \(frame): is less than 0") }
  }

  func run() throws {
    av_log_set_level(AV_LOG_ERROR)
    let reader = try VideoReader(MediaInput(input))
    let (first, second) = try pair(reader)
    let converter = try ColourConverter(
      from: first.format, to: AV_PIX_FMT_RGB24, width: first.width, height: first.height,
      like: first)
    let (a, b) = (try converter.convert(first), try converter.convert(second))
    let motion = try MotionPicture(
      between: a, and: b, ContextParameters(try engine.settings()))
    try check(motion)
    let colours = FlowColours(for: motion.flow)
    let sheet = try draw(a, motion, b, colours)
    let writer = try VideoWriter(
      output, like: sheet, rate: AVRational(num: 1, den: 1), codec: "png")
    unsafe sheet.frame.pointee.pts = 0
    try writer.write(sheet)
    try writer.finish()
    let milliseconds = Double(motion.info.elapsed_ns) / 1e6
    print(
      "\(output): \(a.width)x\(a.height), \(decimal(milliseconds, 1)) ms, full colour at "
        + "\(decimal(Double(colours.scale), 1)) pixels of motion in half an interval")
  }

  /// Fails when there is no motion to show.
  private func check(_ motion: MotionPicture) throws(Failure) {
    let score = decimal(motion.info.scene_score, 1)
    switch Int(motion.info.decision) {
    case VFI_INTERPOLATED: return
    case VFI_SOURCE_COPY: throw Failure("\(input): the two frames are equal: no motion")
    case VFI_BLENDED: throw Failure("\(input): no motion at this size")
    default:
      throw Failure(
        "\(input): there is a cut between the two frames (score \(score)); -o scene_cut=0 makes "
          + "a frame all the same")
    }
  }

  /// The wanted frame and its successor.
  private func pair(_ reader: VideoReader) throws(Failure) -> (Picture, Picture) {
    if let at, at > 0 { try reader.seek(to: at) }
    let start = unsafe Double(reader.stream.pointee.start_time) * reader.timebase.value
    let origin = unsafe reader.stream.pointee.start_time == clibav_no_pts ? 0 : start
    var count = 0
    var previous: Picture?
    while let picture = try reader.next() {
      let isAfter =
        frame.map { count > $0 }
        ?? (Double(picture.pts ?? 0) * reader.timebase.value - origin > at ?? 0)
      if let previous, isAfter {
        guard previous.width == picture.width, previous.height == picture.height else { break }
        return (previous, picture)
      }
      previous = picture
      count += 1
    }
    throw Failure("\(input): no two frames there")
  }

  private func draw(
    _ a: Picture, _ motion: MotionPicture, _ b: Picture, _ colours: FlowColours
  ) throws(Failure) -> Picture {
    let sheet = try ContactSheet(
      panels: motion.confidence == nil ? 6 : 8, width: a.width, height: a.height)
    let (width, height) = (Int(a.width), Int(a.height))
    sheet.add(a, at: 0)
    sheet.add(motion.picture, at: 1)
    sheet.add(b, at: 2)
    sheet.fill(3) { x, y in
      let index = 2 * (y * width + x)
      return colours.colour(motion.flow[index], motion.flow[index + 1])
    }
    sheet.fill(4) { x, y in
      let share = min(max(motion.mask[y * width + x], 0), 1)
      return SIMD3(repeating: UInt8((share * 255).rounded()))
    }
    let radius = Float(min(width, height)) / 2
    sheet.fill(5) { x, y in
      let dx = (Float(x) - Float(width) / 2) / radius
      let dy = (Float(y) - Float(height) / 2) / radius
      guard dx * dx + dy * dy <= 1 else { return SIMD3(repeating: 255) }
      return colours.colour(dx * colours.scale, dy * colours.scale)
    }
    if let confidence = motion.confidence { draw(confidence, over: motion.picture, sheet) }
    return sheet.picture
  }

  /// Adds the row of models that tell how certain they are.
  private func draw(_ confidence: [UInt8], over picture: Picture, _ sheet: ContactSheet) {
    let width = Int(picture.width)
    sheet.fill(6) { x, y in SIMD3(repeating: confidence[y * width + x]) }
    let refined = leastConfidence(confidence)
    sheet.fill(7) { x, y in
      guard let row = unsafe picture.plane(0)?.advanced(by: y * picture.stride(0) + 3 * x) else {
        return SIMD3(repeating: 255)
      }
      let colour = unsafe SIMD3(row[0], row[1], row[2])
      return confidence[y * width + x] < refined
        ? SIMD3(255 - (255 - colour.x) / 2, colour.y / 2, colour.z / 2) : colour
    }
  }

  /// The confidence below which the default model refines: it expects an error of more than 0.05,
  /// or of more than 0.01 at the least certain tenth (`vfi_confidence` tells errors up to 0.1).
  private func leastConfidence(_ confidence: [UInt8]) -> UInt8 {
    let least = confidence.sorted()[confidence.count / 10]
    return min(max(least, UInt8(255 * (1 - 0.05 / 0.1))), UInt8(255 * (1 - 0.01 / 0.1)))
  }
}
