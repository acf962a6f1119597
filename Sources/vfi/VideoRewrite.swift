// SPDX-License-Identifier: MIT
import CLibAV

/// A file that is read, and another one that takes its video anew and a copy of all else.
final class VideoRewrite {
  let input: MediaInput
  let reader: any PictureSource
  var clock: SourceClock
  private let settings: ConversionSettings
  private let output: MediaOutput
  private let copy: StreamCopy
  private var encoder: VideoEncoder?
  private var target: Int32 = 0

  /// `open` makes the reader of the video, if not the ordinary one.
  init(
    _ settings: ConversionSettings,
    open: (MediaInput) throws(Failure) -> any PictureSource = { input throws(Failure) in
      try VideoReader(input)
    }
  ) throws(Failure) {
    self.settings = settings
    try settings.protect(settings.output)
    output = try MediaOutput(settings.output)
    input = try MediaInput(settings.input)
    reader = try open(input)
    copy = StreamCopy(from: input, to: output)
    clock = SourceClock(timebase: reader.timebase, rate: reader.nominalRate)
    unsafe reader.otherPacket = { [copy] packet throws(Failure) in try unsafe copy.take(packet) }
  }

  /// The first picture and its format, which is one that libvfi knows.
  func first() throws(Failure) -> (picture: Picture, format: KnownFormat) {
    guard let first = try reader.next() else {
      throw input.readFailure ?? Failure("\(input.name): no frame can be decoded")
    }
    return (first, try settings.knownFormat(of: first, stream: reader.index, of: input))
  }

  /// Opens the encoder for pictures like the first one, and begins the new file.
  func begin(
    like first: Picture, _ format: KnownFormat, rate: AVRational, timebase: AVRational
  ) throws(Failure) {
    let video = unsafe VideoDescription(
      format: format, rate: rate, timebase: timebase,
      aspect: av_guess_sample_aspect_ratio(input.context, reader.stream, first.frame))
    let encoder = try unsafe VideoEncoder(
      settings.encoder, like: first, video, container: output.format, place: output.name)
    target = try unsafe output.addVideo(encoder, source: reader.stream, like: first)
    try copy.addStreams(besides: reader.index, videoTarget: target)
    try output.begin()
    copy.leftOut.forEach(tell)
    try copy.begin()
    self.encoder = encoder
  }

  /// Adds a picture to the new file; nil = there is no other.
  func encode(_ picture: Picture?) throws(Failure) {
    guard let encoder else { return }
    try unsafe encoder.encode(picture) { packet throws(Failure) in
      try unsafe output.write(packet, to: target, unit: encoder.unit)
    }
  }

  /// Lets `pump` write all pictures, and completes the new file, also after an error.
  func complete(_ pump: () throws(Failure) -> Void) throws(Failure) {
    do {
      try pump()
    } catch {
      // A frame that was interrupted in the middle is no error.
      if !Interruption.isRequested {
        // What is there shall be playable; the first error is the one to tell.
        try? encode(nil)
        try? output.finish()
        throw error
      }
    }
    try encode(nil)
    try output.finish()
  }

  /// Calls `take` for `first` and the pictures after it, as far as the settings want them.
  func forEach(
    from first: Picture, _ take: (Picture) throws(Failure) -> Void
  ) throws(Failure) {
    var next: Picture? = first
    var count = 0
    while let picture = next, !Interruption.isRequested {
      try take(picture)
      count += 1
      next = count == settings.frameLimit ? nil : try reader.next()
    }
  }

  /// When a picture stands, in units of the clock; nil where no later time is known for it.
  func time(of picture: Picture) -> (pts: Int64, duration: Int64)? {
    let duration = unsafe clibav_frame_duration(picture.frame)
    guard let time = clock.time(pts: picture.pts, duration: duration) else { return nil }
    if settings.ignoresInterlacing { unsafe clibav_frame_clear_coding(picture.frame) }
    return time
  }

  /// The same of a picture that must be like the first one; tells where no time is known.
  func place(_ picture: Picture, like fitter: PictureFitter) throws(Failure) -> (
    pts: Int64, duration: Int64
  )? {
    guard let time = time(of: picture) else {
      tell("\(input.name): a frame without a later time was dropped")
      return nil
    }
    guard fitter.fits(picture) else {
      throw Failure(
        "\(input.name): the picture changes to \(PictureFitter.text(picture)); cut the file there")
    }
    return time
  }

  /// Tells what went wrong in reading, now that the output is complete.
  func report() throws(Failure) {
    if reader.damaged > 0 { tell("\(input.name): \(reader.damaged) damaged packets") }
    if let failure = input.readFailure { throw failure }
  }
}
