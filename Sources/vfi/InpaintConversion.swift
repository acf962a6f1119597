// SPDX-License-Identifier: MIT
import CLibAV
import CVFI

/// Reads a file, fills holes of its video, and writes another file with as many frames.
final class InpaintConversion {
  private let settings: ConversionSettings
  private let holes: HoleSettings
  private let maskPath: String?
  private let input: MediaInput
  private let reader: VideoReader
  private let output: MediaOutput
  private let copy: StreamCopy
  private var clock: SourceClock
  private var videoTarget: Int32 = 0
  private var tally = FillTally()
  /// Frames around the one that is filled, with their times in units of the clock.
  private var window: [(picture: Picture, mask: Picture?, pts: Int64)] = []
  /// The first of the window that is not written yet.
  private var current = 0
  private var lastSlot: Int64?

  init(_ settings: ConversionSettings, _ holes: HoleSettings, mask: String?) throws(Failure) {
    self.settings = settings
    self.holes = holes
    maskPath = mask
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
    guard reader.nominalRate.isPositive else {
      throw Failure("\(input.name): the frame rate is unknown")
    }
    for part in holes.rectangles {
      guard part.x < first.width, part.y < first.height,
        Int(part.x) + Int(part.width) > 0, Int(part.y) + Int(part.height) > 0
      else {
        throw Failure(
          "\(input.name): \(part.x),\(part.y),\(part.width),\(part.height) lies outside of "
            + "\(first.width)x\(first.height)")
      }
    }
    let filler = try HoleFiller(
      ContextParameters(settings.options), format: format, holes, place: input.name)
    let masks = try maskPath.map { path throws(Failure) in
      try MaskReader(path, width: first.width, height: first.height)
    }
    let encoder = try begin(like: first, format)
    var progress = Progress(expected: 0, isForced: settings.showsProgress)
    defer { progress.end() }
    do {
      try pump(first, PictureFitter(like: first, format), masks, filler, encoder, &progress)
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
    progress.end()
    if reader.damaged > 0 { tell("\(input.name): \(reader.damaged) damaged packets") }
    if let failure = input.readFailure { throw failure }
    return tally.summary(seconds: progress.elapsed)
  }

  private func begin(like first: Picture, _ format: KnownFormat) throws(Failure) -> VideoEncoder {
    let video = unsafe VideoDescription(
      format: format, rate: reader.nominalRate, timebase: clock.unit,
      aspect: av_guess_sample_aspect_ratio(input.context, reader.stream, first.frame))
    let encoder = try unsafe VideoEncoder(
      settings.encoder, like: first, video, container: output.format, place: output.name)
    videoTarget = try unsafe output.addVideo(encoder, source: reader.stream, like: first)
    try copy.addStreams(besides: reader.index, videoTarget: videoTarget)
    try output.begin()
    copy.leftOut.forEach(tell)
    try copy.begin()
    return encoder
  }

  private func encode(_ picture: Picture?, with encoder: VideoEncoder) throws(Failure) {
    try unsafe encoder.encode(picture) { packet throws(Failure) in
      try unsafe output.write(packet, to: videoTarget, unit: encoder.unit)
    }
  }

  /// Frames in, filled frames out once those after them are there, until the end.
  private func pump(
    _ first: Picture, _ fitter: PictureFitter, _ masks: MaskReader?, _ filler: HoleFiller,
    _ encoder: VideoEncoder, _ progress: inout Progress
  ) throws(Failure) {
    var next: Picture? = first
    var count = 0
    while let picture = next, !Interruption.isRequested {
      try take(picture, fitter, masks)
      if window.count - current > holes.window / 2 {
        try fillNext(filler, masks, encoder, &progress)
      }
      count += 1
      next = count == settings.frameLimit ? nil : try reader.next()
    }
    while current < window.count, !Interruption.isRequested {
      try fillNext(filler, masks, encoder, &progress)
    }
  }

  private func take(
    _ picture: Picture, _ fitter: PictureFitter, _ masks: MaskReader?
  ) throws(Failure) {
    let mask = try masks?.next()
    let duration = unsafe clibav_frame_duration(picture.frame)
    guard let time = clock.time(pts: picture.pts, duration: duration) else {
      tell("\(input.name): a frame without a later time was dropped")
      return
    }
    guard fitter.fits(picture) else {
      throw Failure(
        "\(input.name): the picture changes to \(PictureFitter.text(picture)); cut the file there")
    }
    if settings.ignoresInterlacing { unsafe clibav_frame_clear_coding(picture.frame) }
    window.append((picture, mask, time.pts))
  }

  /// Writes the current frame, and forgets those that no later one needs.
  private func fillNext(
    _ filler: HoleFiller, _ masks: MaskReader?, _ encoder: VideoEncoder,
    _ progress: inout Progress
  ) throws(Failure) {
    let first = max(0, current - (holes.window - 1) / 2)
    let part = window[first...min(window.count - 1, current + holes.window / 2)]
    let own = masks?.isStill == false ? part.compactMap(\.mask) : window[current].mask.map { [$0] }
    let result = try filler.fill(
      part.map(\.picture), masks: own ?? [], index: current - first)
    tally.add(result.info)
    let time = window[current].pts
    let slot = av_rescale_q(time, clock.unit, reader.nominalRate.inverse)
    guard slot != lastSlot else {
      throw Failure(
        "\(input.name): the frame rate varies; make it constant first (ffmpeg -fps_mode cfr)")
    }
    lastSlot = slot
    unsafe result.picture.frame.pointee.pts = time
    try encode(result.picture, with: encoder)
    progress.update(done: tally.frames, seconds: Double(time) * clock.unit.value)
    current += 1
    let needed = max(0, current - (holes.window - 1) / 2)
    window.removeFirst(needed)
    current -= needed
  }
}
