// SPDX-License-Identifier: MIT

/// Frames in, frames out; what `vfi_stream` is made of.
package protocol VideoStream: AnyObject {
  /// Seconds per unit of the times that come out.
  var unit: (num: Int64, den: Int64) { get }
  /// Source frames, and about how many seconds, between a source and the outputs before it.
  var latency: (frames: Int, seconds: Double) { get }
  /// Copies a frame; `false` when outputs must be received before.
  func send(_ source: SourceFrame) throws(VFIError) -> Bool
  /// Gives the next frame; after an error nothing is lost.
  func receive() throws(VFIError) -> FrameStream.Output
  /// Says that no frame follows.
  func drain()
  /// Forgets all frames.
  func flush()
}

extension FrameStream: VideoStream {
  package var unit: (num: Int64, den: Int64) { settings.clock.unit }

  package func send(_ source: SourceFrame) throws(VFIError) -> Bool {
    guard source.mask == nil else {
      throw .argument("mask: the stream neither fills holes nor repairs")
    }
    return unsafe try send(
      source.frame, pts: source.pts, duration: source.duration, opaque: source.opaque)
  }
}

/// What is done with each frame of a ``WindowStream``, in sight of its neighbours.
package protocol WindowFilter: AnyObject {
  /// Throws where a frame, or its mask, does not fit.
  func check(_ source: SourceFrame) throws(VFIError)
  /// Changes the stream's copy of a mask, once.
  func prepare(mask: Frame) throws(VFIError)
  /// Makes the frame `window[index]` anew in `place` and tells what was done.
  ///
  /// Nil: the frame stays as it is, and `place` may hold anything.
  func apply(
    _ window: [SourceFrame], index: Int, in place: (FrameDescription) throws(VFIError) -> Frame
  ) throws(VFIError) -> (frame: Frame, change: SourceChange)?
}

/// A stage in front of a ``FrameStream``, or without one: each frame goes through a filter that sees
/// those before and after it.
///
/// What becomes of a frame depends on its window only, not on when frames are sent and received.
/// Without a ``FrameStream`` the frames come at their own times, one each, also those with the time
/// of their predecessor, which a ``FrameStream`` would drop.
package final class WindowStream: VideoStream {
  private let filter: (any WindowFilter)?
  private let next: FrameStream?
  private let timebase: Rational
  private let sourceRate: Rational?
  private let engine: Engine
  private let window: FrameWindow
  private let output: FrameBuffer
  private var isDraining = false
  /// Units between the two latest frames; 0 = unknown.
  private var sourceInterval: Int64 = 0
  /// Nanoseconds of filters that no output has told yet.
  private var elapsed: UInt64 = 0

  /// `next` takes the frames and gives the outputs; nil: the frames themselves are the outputs.
  package init(
    filter: (any WindowFilter)?, lookBack: Int, lookAhead: Int, next: FrameStream?,
    timebase: Rational, sourceRate: Rational?, engine: Engine
  ) {
    self.filter = filter
    self.next = next
    self.timebase = timebase
    self.sourceRate = sourceRate
    self.engine = engine
    window = FrameWindow(lookBack: lookBack, lookAhead: lookAhead, ledger: engine.ledger)
    output = FrameBuffer(ledger: engine.ledger)
  }

  package var unit: (num: Int64, den: Int64) {
    next?.unit ?? (timebase.num, timebase.den)
  }

  package var latency: (frames: Int, seconds: Double) {
    let frames = window.lookAhead + (next?.latency.frames ?? 0)
    let interval =
      sourceRate.map { Double($0.den) / Double($0.num) }
      ?? Double(sourceInterval) * Double(timebase.num) / Double(timebase.den)
    return (frames, Double(frames) * interval)
  }

  package func send(_ source: SourceFrame) throws(VFIError) -> Bool {
    guard !isDraining else { throw .state("no frame can be sent after drain: flush first") }
    if let filter {
      try filter.check(source)
    } else if source.mask != nil {
      throw .argument("mask: the stream neither fills holes nor repairs")
    }
    _ = try next?.settings.clock.time(pts: source.pts)
    while window.isReady(isEnd: false) {
      guard let next, next.takesSource() else { return false }
      try pass(to: next)
    }
    let latest = window.latest?.pts
    if next != nil, source.pts == latest { return true }
    try window.append(source, on: engine) { mask throws(VFIError) in
      try filter?.prepare(mask: mask)
    }
    if let latest {
      let interval = source.pts.subtractingReportingOverflow(latest)
      sourceInterval = interval.overflow ? 0 : max(0, interval.partialValue)
    }
    return true
  }

  package func receive() throws(VFIError) -> FrameStream.Output {
    guard let next else { return try receiveCurrent() }
    while true {
      switch try next.receive() {
      case .again where window.isReady(isEnd: isDraining): try pass(to: next)
      case .again where isDraining: next.drain()
      case .frame(var frame):
        frame.info.elapsed += elapsed
        elapsed = 0
        return .frame(frame)
      case let output: return output
      }
    }
  }

  package func drain() { isDraining = true }

  package func flush() {
    window.clear()
    next?.flush()
    isDraining = false
    elapsed = 0
  }

  /// Gives the current frame, filtered, to a stream that takes one.
  private func pass(to next: FrameStream) throws(VFIError) {
    let (source, change) = try filtered()
    _ = unsafe try next.send(
      source.frame, pts: source.pts, duration: source.duration, opaque: source.opaque,
      change: change)
    window.advance()
  }

  /// The current frame, filtered, as an output.
  private func receiveCurrent() throws(VFIError) -> FrameStream.Output {
    guard window.isReady(isEnd: isDraining) else { return isDraining ? .end : .again }
    let (source, change) = try filtered()
    window.advance()
    engine.statistics.framesCopied += 1
    defer { elapsed = 0 }
    return unsafe .frame(
      FrameStream.OutputFrame(
        frame: source.frame, pts: source.pts, duration: source.duration, opaque: source.opaque,
        info: FrameInfo(decision: .sourceCopy, elapsed: elapsed, change: change)))
  }

  private func filtered() throws(VFIError) -> (source: SourceFrame, change: SourceChange) {
    let start = Statistics.now()
    defer { elapsed &+= Statistics.now() &- start }
    let (frames, index) = window.neighbours()
    var source = frames[index]
    guard
      let result = try filter?.apply(
        frames, index: index,
        in: { description throws(VFIError) in try output.frame(description) })
    else { return (source, SourceChange()) }
    source.frame = result.frame
    return (source, result.change)
  }
}

extension WindowStream {
  /// Bytes that are held beside a ``FrameStream``'s: the frames of a window, each with a mask, one
  /// output and two more masks.
  package static func memoryRequired(
    _ description: FrameDescription, lookBack: Int, lookAhead: Int
  ) throws(VFIError) -> Int {
    let mask = try FrameDescription(
      format: .gray8, width: description.width, height: description.height)
    let frames = lookBack + lookAhead + 1
    return (frames + 1) * FrameBuffer.bytes(description) + (frames + 2) * FrameBuffer.bytes(mask)
  }
}
