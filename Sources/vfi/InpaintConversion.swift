// SPDX-License-Identifier: MIT
import CLibAV
import CVFI

/// Reads a file, fills holes of its video, and writes another file with as many frames.
final class InpaintConversion {
  private let settings: ConversionSettings
  private let holes: HoleSettings
  private let maskPath: String?
  private let file: VideoRewrite
  private var tally = FillTally()
  /// Frames around the one that is filled, with their times in units of the clock.
  private var window: [(picture: Picture, mask: Picture?, pts: Int64)] = []
  /// Number of the window's first frame in the video.
  private var number: UInt64 = 0
  /// The first of the window that is not written yet.
  private var current = 0
  private var lastSlot: Int64?

  init(_ settings: ConversionSettings, _ holes: HoleSettings, mask: String?) throws(Failure) {
    self.settings = settings
    self.holes = holes
    maskPath = mask
    file = try VideoRewrite(settings)
  }

  /// Converts everything; returns a line that says what was done.
  func run() throws(Failure) -> String {
    let (first, format) = try file.first()
    guard file.reader.nominalRate.isPositive else {
      throw Failure("\(file.input.name): the frame rate is unknown")
    }
    try checkRectangles(in: first)
    let filler = try HoleFiller(
      ContextParameters(settings.options), format: format, holes, place: file.input.name)
    let masks = try maskPath.map { path throws(Failure) in
      try MaskReader(path, width: first.width, height: first.height)
    }
    try file.begin(
      like: first, format, rate: file.reader.gridRate, timebase: file.clock.unit)
    let fitter = try PictureFitter(like: first, format)
    var progress = Progress(expected: 0, isForced: settings.showsProgress)
    defer { progress.end() }
    try file.complete { () throws(Failure) in
      try pump(first, fitter, masks, filler, &progress)
    }
    progress.end()
    try file.report()
    return tally.summary(seconds: progress.elapsed, network: holes.network)
  }

  private func checkRectangles(in first: Picture) throws(Failure) {
    for part in holes.rectangles {
      guard part.x < first.width, part.y < first.height,
        Int(part.x) + Int(part.width) > 0, Int(part.y) + Int(part.height) > 0
      else {
        throw Failure(
          "\(file.input.name): \(part.x),\(part.y),\(part.width),\(part.height) lies outside of "
            + "\(first.width)x\(first.height)")
      }
    }
  }

  /// Frames in, filled frames out once those after them are there, until the end.
  private func pump(
    _ first: Picture, _ fitter: PictureFitter, _ masks: MaskReader?, _ filler: HoleFiller,
    _ progress: inout Progress
  ) throws(Failure) {
    try file.forEach(from: first) { picture throws(Failure) in
      try take(picture, fitter, masks)
      while window.count - current > reach(after: .max).ahead {
        try fillNext(filler, masks, &progress)
      }
    }
    while current < window.count, !Interruption.isRequested {
      try fillNext(filler, masks, &progress)
    }
  }

  /// Frames around the current one that are looked at, when `after` come after it.
  private func reach(after: Int) -> (back: Int, ahead: Int) {
    holes.reach(before: Int(number) + current, after: after)
  }

  private func take(
    _ picture: Picture, _ fitter: PictureFitter, _ masks: MaskReader?
  ) throws(Failure) {
    let mask = try masks?.next()
    guard let time = try file.place(picture, like: fitter) else { return }
    window.append((picture, mask, time.pts))
  }

  /// Writes the current frame, and forgets those that no later one needs.
  private func fillNext(
    _ filler: HoleFiller, _ masks: MaskReader?, _ progress: inout Progress
  ) throws(Failure) {
    let (back, ahead) = reach(after: window.count - 1 - current)
    let first = max(0, current - back)
    let part = window[first...min(window.count - 1, current + ahead)]
    let own = masks?.isStill == false ? part.compactMap(\.mask) : window[current].mask.map { [$0] }
    let result = try filler.fill(
      part.map(\.picture), number: number + UInt64(first), masks: own ?? [],
      index: current - first)
    tally.add(result.info)
    let time = window[current].pts
    let slot = av_rescale_q(time, file.clock.unit, file.reader.nominalRate.inverse)
    guard slot != lastSlot else {
      throw Failure(
        "\(file.input.name): the frame rate varies; make it constant first (ffmpeg -fps_mode cfr)")
    }
    lastSlot = slot
    unsafe result.picture.frame.pointee.pts = time
    // One frame a call: the first one is the first of the tally.
    if tally.frames > 1 || !holes.quirks.contains(.dropFirst) { try file.encode(result.picture) }
    progress.update(done: tally.frames, seconds: Double(time) * file.clock.unit.value)
    current += 1
    let past = max(0, current - holes.furthest)
    window.removeFirst(past)
    number += UInt64(past)
    current -= past
  }
}
