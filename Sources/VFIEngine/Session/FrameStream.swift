// SPDX-License-Identifier: MIT

/// What a stream asks for the frames between two sources: an ``Interpolator``, or a test's stand-in.
package protocol PairRenderer: AnyObject {
  var engine: Engine { get }
  /// Equal ids stand for equal frames.
  ///
  /// `before` and `after` are given where it ``looksAround``.
  func begin(
    _ a: Frame, _ b: Frame, idA: UInt64, idB: UInt64, before: Neighbour?, after: Neighbour?
  ) throws(VFIError)
  /// Whether the sources beside a pair are wanted.
  var looksAround: Bool { get }
  /// Writes the frame at `num / den` between the pair's frames.
  func render(_ num: Int64, _ den: Int64, into out: Frame) throws(VFIError) -> FrameInfo
  func end()
}

extension Interpolator: PairRenderer {}

/// Rates of a stream, and the gap that it does not bridge.
package struct FrameStreamSettings: Sendable {
  package var clock: OutputClock
  /// Frames a second that sources nominally have; the last resort for a missing duration.
  package var sourceRate: Rational?
  /// Seconds between sources beyond which frames are held.
  package var maximumGap: Double

  package init(clock: OutputClock, sourceRate: Rational?, maximumGap: Double) {
    self.clock = clock
    self.sourceRate = sourceRate
    self.maximumGap = maximumGap
  }
}

/// Source frames in, frames at another rate out.
///
/// A *run* is a row of sources with increasing pts and one description. Its output n stands at
/// `start + n / rate` and is due while that is before the end of the run's last frame. At most two
/// sources of the current run are held (four where the renderer looks around), and the first of the
/// next one.
package final class FrameStream {
  /// What ``receive()`` gives.
  package enum Output {
    /// Its planes are valid until the next call.
    case frame(OutputFrame)
    /// Nothing is due before another source comes.
    case again
    /// Nothing follows.
    case end
  }

  @safe package struct OutputFrame {
    package let frame: Frame
    /// In units of the clock.
    package let pts: Int64
    package let duration: Int64
    /// That of the nearer source.
    package let opaque: UnsafeMutableRawPointer?
    package internal(set) var info: FrameInfo
  }

  @safe private struct Source {
    let buffer: FrameBuffer
    let frame: Frame
    /// In units of the clock.
    let time: Int64
    /// In units of the clock; 0 = unknown.
    let duration: Int64
    let opaque: UnsafeMutableRawPointer?
    let id: UInt64
    let change: SourceChange
  }

  package let settings: FrameStreamSettings
  private let renderer: any PairRenderer
  private let outputBuffer: FrameBuffer
  private var spareBuffers: [FrameBuffer] = []

  /// The latest source at or before the next output.
  private var previous: Source?
  /// The source after it.
  private var next: Source?
  /// The sources beside them, where the renderer looks around.
  private var before: Source?
  private var after: Source?
  /// The first source of the run that follows when this one has ended.
  private var queued: Source?
  private var draining = false
  private var pairIsOpen = false
  private var lastID: UInt64 = 0

  /// Time of the run's first source.
  private var start: Int64 = 0
  /// Number of the run's next output.
  private var index: Int64 = 0
  /// Between the run's two latest sources; 0 = there was one only.
  private var sourceInterval: Int64 = 0

  package init(renderer: any PairRenderer, settings: FrameStreamSettings) {
    self.renderer = renderer
    self.settings = settings
    outputBuffer = FrameBuffer(ledger: renderer.engine.ledger)
  }

  /// Source frames, and about how many seconds, between a source and the outputs before it.
  package var latency: (frames: Int, seconds: Double) {
    let nominal = settings.sourceRate.map { Double($0.den) / Double($0.num) }
    let frames = renderer.looksAround ? 2 : 1
    let interval = nominal ?? settings.clock.seconds(from: 0, to: sourceInterval)
    return (frames, Double(frames) * interval)
  }

  /// Copies a source into the stream; `false` when outputs must be received before.
  ///
  /// `pts` and `duration` (0 = unknown) are in units of the source's timebase, `change` is told
  /// with the outputs. Throws `.state` after ``drain()``, `.argument` when the time is out of range.
  package func send(
    _ frame: Frame, pts: Int64, duration: Int64, opaque: UnsafeMutableRawPointer?,
    change: SourceChange = SourceChange()
  ) throws(VFIError) -> Bool {
    guard !draining else { throw .state("no frame can be sent after drain: flush first") }
    let time = try settings.clock.time(pts: pts)
    guard takesSource() else { return false }
    let last = next ?? previous
    if let last, time == last.time { return true }
    let buffer = spareBuffers.popLast() ?? FrameBuffer(ledger: renderer.engine.ledger)
    let copy: Frame
    do throws(VFIError) {
      copy = try buffer.frame(frame.description)
      try frame.copy(to: copy, on: renderer.engine)
    } catch {
      spareBuffers.append(buffer)
      throw error
    }
    lastID &+= 1
    let source = unsafe Source(
      buffer: buffer, frame: copy, time: time, duration: settings.clock.duration(duration),
      opaque: opaque, id: lastID, change: change)
    guard let last else {
      beginRun(source)
      return true
    }
    if time < last.time || frame.description != last.frame.description {
      queued = source
    } else if next == nil {
      next = source
    } else {
      after = source
    }
    return true
  }

  /// Whether a source can be sent before an output is received.
  func takesSource() -> Bool {
    settle()
    return queued == nil && (renderer.looksAround ? after : next) == nil
  }

  /// Gives the next output.
  ///
  /// After an error nothing is lost: the same output is tried again.
  package func receive() throws(VFIError) -> Output {
    settle()
    guard let previous else { return draining ? .end : .again }
    let time = settings.clock.time(output: index, start: start)
    let output: OutputFrame
    if time == previous.time {
      output = pass(previous, at: time, .sourceCopy)
    } else if let next {
      // What bends the motion of a pair is waited for.
      if renderer.looksAround, after == nil, !draining, queued == nil { return .again }
      output = try between(previous, next, at: time)
    } else if draining || queued != nil {
      output = pass(previous, at: time, .heldPrevious)
    } else {
      return .again
    }
    index += 1
    return .frame(output)
  }

  /// Says that no source follows.
  package func drain() { draining = true }

  /// Forgets all frames; the next source starts a new run.
  package func flush() {
    closePair()
    for source in [before, previous, next, after, queued] { recycle(source) }
    (before, previous, next, after, queued) = (nil, nil, nil, nil, nil)
    draining = false
  }
}

extension FrameStream {
  private func beginRun(_ source: Source) {
    previous = source
    start = source.time
    index = 0
    sourceInterval = 0
  }

  private func recycle(_ source: Source?) {
    if let source { spareBuffers.append(source.buffer) }
  }

  /// Drops the sources that no further output needs, and enters the queued run after the last.
  private func settle() {
    while let current = previous {
      let time = settings.clock.time(output: index, start: start)
      if let following = next {
        guard time >= following.time else { return }
        closePair()
        sourceInterval = Int64(clamping: Int128(following.time) - Int128(current.time))
        recycle(before)
        (before, previous, next, after) = (nil, following, after, nil)
        if renderer.looksAround {
          before = current
          continue
        }
      } else {
        guard draining || queued != nil, time >= end(of: current) else { return }
        recycle(before)
        (before, previous) = (nil, nil)
        if let first = queued {
          queued = nil
          beginRun(first)
        }
      }
      recycle(current)
    }
  }

  /// Where the run ends when `source` is its last.
  ///
  /// A later frame of another size or format ends it at the latest at its own time.
  private func end(of source: Source) -> Int64 {
    let successor = queued.flatMap { $0.time > source.time ? $0.time : nil }
    var duration = source.duration
    if duration <= 0 {
      if let successor { return successor }
      duration = sourceInterval
    }
    if duration <= 0, let rate = settings.sourceRate {
      duration = settings.clock.interval(rate: rate)
    }
    if duration <= 0 { duration = settings.clock.interval }
    let end = Int64(clamping: Int128(source.time) + Int128(duration))
    return min(end, successor ?? .max)
  }

  /// A source itself: its own memory, so bit by bit.
  private func pass(_ source: Source, at time: Int64, _ decision: Decision) -> OutputFrame {
    if decision == .sourceCopy {
      renderer.engine.statistics.framesCopied += 1
    } else {
      renderer.engine.statistics.framesHeld += 1
    }
    return unsafe OutputFrame(
      frame: source.frame, pts: time, duration: settings.clock.interval, opaque: source.opaque,
      info: FrameInfo(decision: decision, change: source.change))
  }

  /// The output at `time`, which lies inside the pair.
  private func between(_ a: Source, _ b: Source, at time: Int64) throws(VFIError) -> OutputFrame {
    let (distance, overflow) = b.time.subtractingReportingOverflow(a.time)
    if overflow || settings.clock.seconds(from: a.time, to: b.time) > settings.maximumGap {
      return pass(a, at: time, .heldPrevious)
    }
    let elapsed = time - a.time
    do throws(VFIError) {
      let frame = try outputBuffer.frame(a.frame.description)
      if !pairIsOpen {
        pairIsOpen = true
        try renderer.begin(
          a.frame, b.frame, idA: a.id, idB: b.id, before: neighbour(before, of: a, distance),
          after: neighbour(after, of: b, distance))
      }
      var info = try renderer.render(elapsed, distance, into: frame)
      info.change = a.change + b.change
      return unsafe OutputFrame(
        frame: frame, pts: time, duration: settings.clock.interval,
        opaque: elapsed <= distance - elapsed ? a.opaque : b.opaque, info: info)
    } catch {
      closePair()
      throw error
    }
  }

  /// A source beside a pair that lasts `interval`, unless it is too far away.
  private func neighbour(_ source: Source?, of next: Source, _ interval: Int64) -> Neighbour? {
    guard let source else { return nil }
    let (from, to) = (min(source.time, next.time), max(source.time, next.time))
    let (distance, overflow) = to.subtractingReportingOverflow(from)
    if overflow || settings.clock.seconds(from: from, to: to) > settings.maximumGap { return nil }
    return Neighbour(
      frame: source.frame, id: source.id, interval: Double(distance) / Double(interval))
  }

  private func closePair() {
    if pairIsOpen { renderer.end() }
    pairIsOpen = false
  }
}

extension FrameStream {
  /// Bytes that a stream holds beside its interpolator: three sources and an output, and two sources
  /// more where the interpolator looks around.
  package static func memoryRequired(
    _ description: FrameDescription, looksAround: Bool
  ) -> Int {
    (looksAround ? 6 : 4) * FrameBuffer.bytes(description)
  }
}
