// SPDX-License-Identifier: MIT
import TestSupport
import Testing
import VFIEngine

/// Adds up the values of a window, so that an output tells which frames were seen.
private final class SummingFilter: WindowFilter {
  var failure: VFIError?
  /// Frames whose value is a multiple of this stay as they are.
  let spared: Float
  private(set) var largestWindow = 0

  init(spared: Float) { self.spared = spared }

  func check(_ source: SourceFrame) throws(VFIError) {}
  func prepare(mask: Frame) throws(VFIError) {}

  func apply(
    _ window: [SourceFrame], index: Int, in place: (FrameDescription) throws(VFIError) -> Frame
  ) throws(VFIError) -> (frame: Frame, change: SourceChange)? {
    if let failure { throw failure }
    largestWindow = max(largestWindow, window.count)
    let values = window.map { SummingFilter.value($0.frame) }
    if values[index].remainder(dividingBy: spared) == 0 { return nil }
    let out = try place(window[index].frame.description)
    out.planes[0].base?.storeBytes(of: values.reduce(0, +), as: Float.self)
    return (out, SourceChange(pixels: window.count))
  }

  static func value(_ frame: Frame) -> Float {
    frame.planes[0].base?.loadUnaligned(as: Float.self) ?? .nan
  }
}

/// Interpolates one float a frame linearly.
private final class LinearRenderer: PairRenderer {
  let engine: Engine
  let looksAround = false
  private var values: (Float, Float) = (0, 0)

  init(_ engine: Engine) { self.engine = engine }

  func begin(
    _ a: Frame, _ b: Frame, idA: UInt64, idB: UInt64, before: Neighbour?, after: Neighbour?
  ) throws(VFIError) {
    values = (SummingFilter.value(a), SummingFilter.value(b))
  }

  func render(_ num: Int64, _ den: Int64, into out: Frame) throws(VFIError) -> FrameInfo {
    let t = Float(num) / Float(den)
    out.planes[0].base?.storeBytes(of: values.0 * (1 - t) + values.1 * t, as: Float.self)
    return FrameInfo(decision: .interpolated)
  }

  func end() {}
}

private struct Sent {
  var pts: Int64
  var value: Float
  var width: Int
}

private struct Received: Equatable {
  var pts: Int64
  var value: Float
  var filled: Int
}

@Suite struct WindowStreamTests {
  /// A stream of windows, what it was made of, and what came out of it.
  private final class Harness {
    let engine: Engine
    let filter = SummingFilter(spared: 7)
    let stream: WindowStream
    var received: [Received] = []

    init(lookBack: Int, lookAhead: Int, rate: (Int64, Int64)?) throws {
      engine = Engine(runner: try ThreadPool(threads: 1))
      let timebase = try #require(Rational(1, 30))
      var next: FrameStream?
      if let rate {
        let clock = OutputClock(timebase: timebase, rate: try #require(Rational(rate.0, rate.1)))
        next = FrameStream(
          renderer: LinearRenderer(engine),
          settings: FrameStreamSettings(clock: clock, sourceRate: nil, maximumGap: 1e9))
      }
      stream = WindowStream(
        filter: filter, lookBack: lookBack, lookAhead: lookAhead, next: next, timebase: timebase,
        sourceRate: nil, engine: engine)
    }

    func send(_ sent: Sent) throws -> Bool {
      let frame = try GuardedFrame(
        FrameDescription(format: .gbrpf32, width: sent.width, height: 1))
      frame[0, 0, 0] = sent.value
      defer { withExtendedLifetime(frame) {} }
      return try stream.send(SourceFrame(frame.frame, pts: sent.pts))
    }

    @discardableResult func receive() throws -> Bool {
      guard case .frame(let output) = try stream.receive() else { return false }
      received.append(
        Received(
          pts: output.pts, value: SummingFilter.value(output.frame),
          filled: output.info.change.pixels))
      return true
    }

    /// Sends everything, receives when it must and at random, fails at random if asked to.
    func play(_ frames: [Sent], seed: UInt64, failing: Bool = false) throws {
      var random = SeededRandom(seed)
      func attempt(_ body: () throws -> Bool) throws -> Bool {
        filter.failure = failing && Bool.random(using: &random) ? .cancelled : nil
        defer { filter.failure = nil }
        do { return try body() } catch VFIError.cancelled { return true }
      }
      for frame in frames {
        while true {
          filter.failure = failing && Bool.random(using: &random) ? .cancelled : nil
          do {
            if try send(frame) { break }
            filter.failure = nil
            #expect(try receive(), "a stream that takes no source has an output")
          } catch VFIError.cancelled {
            filter.failure = nil
          }
        }
        filter.failure = nil
        while Int.random(in: 0..<3, using: &random) > 0, try attempt(receive) {}
      }
      stream.drain()
      while try attempt(receive) {}
      while try receive() {}
      guard case .end = try stream.receive() else {
        Issue.record("a drained stream is at its end")
        return
      }
    }
  }

  /// What a run of frames becomes, said plainly.
  private func filtered(_ frames: [Sent], _ lookBack: Int, _ lookAhead: Int) -> [Received] {
    var runs: [[Sent]] = []
    for frame in frames {
      if let last = runs.last?.last, frame.pts >= last.pts, frame.width == last.width {
        runs[runs.count - 1].append(frame)
      } else {
        runs.append([frame])
      }
    }
    return runs.flatMap { run in
      run.indices.map { index in
        let frame = run[index]
        if frame.value.remainder(dividingBy: 7) == 0 {
          return Received(pts: frame.pts, value: frame.value, filled: 0)
        }
        let window = run[max(0, index - lookBack)...min(run.count - 1, index + lookAhead)]
        return Received(
          pts: frame.pts, value: window.reduce(0) { $0 + $1.value }, filled: window.count)
      }
    }
  }

  /// Frames whose times mostly grow, but stay or go back as well, of two sizes.
  private func frames(_ count: Int, seed: UInt64) -> [Sent] {
    var random = SeededRandom(seed)
    var pts: Int64 = 0
    var width = 1
    return (0..<count).map { _ in
      switch Int.random(in: 0..<12, using: &random) {
      case 0: pts -= Int64.random(in: 1...9, using: &random)
      case 1: break
      case 2: width = 3 - width
      default: pts += Int64.random(in: 1...3, using: &random)
      }
      return Sent(pts: pts, value: Float(Int.random(in: 1...99, using: &random)), width: width)
    }
  }

  static let windows = [(0, 0), (0, 3), (4, 0), (2, 2), (3, 1), (1, 9)]

  @Test(arguments: windows) func framesDependOnTheirWindowsOnly(back: Int, ahead: Int) throws {
    for seed in UInt64(1)...6 {
      let frames = frames(80, seed: seed)
      let harness = try Harness(lookBack: back, lookAhead: ahead, rate: nil)
      try harness.play(frames, seed: seed + 100)
      #expect(harness.received == filtered(frames, back, ahead))
      #expect(harness.filter.largestWindow <= back + ahead + 1)
    }
  }

  @Test(arguments: windows) func errorsLoseNoFrame(back: Int, ahead: Int) throws {
    let frames = frames(80, seed: 9)
    let harness = try Harness(lookBack: back, lookAhead: ahead, rate: nil)
    try harness.play(frames, seed: 10, failing: true)
    #expect(harness.received == filtered(frames, back, ahead))
    let (calm, shaken) = (
      try Harness(lookBack: back, lookAhead: ahead, rate: (50, 1)),
      try Harness(lookBack: back, lookAhead: ahead, rate: (50, 1))
    )
    try calm.play(frames, seed: 11)
    try shaken.play(frames, seed: 12, failing: true)
    #expect(calm.received == shaken.received)
    #expect(calm.received.count > 80)
  }

  /// With a rate, the outputs are those of a plain stream of the filtered frames.
  @Test(arguments: windows) func filteredFramesAreInterpolated(back: Int, ahead: Int) throws {
    var frames = frames(80, seed: 5)
    // Frames with the time of their predecessor are dropped before they are seen in a window.
    for index in frames.indices.dropFirst() where frames[index].pts == frames[index - 1].pts {
      frames[index].width = frames[index - 1].width
    }
    var kept: [Sent] = []
    for frame in frames where frame.pts != kept.last?.pts { kept.append(frame) }
    let engine = Engine(runner: try ThreadPool(threads: 1))
    let timebase = try #require(Rational(1, 30))
    let plain = FrameStream(
      renderer: LinearRenderer(engine),
      settings: FrameStreamSettings(
        clock: OutputClock(timebase: timebase, rate: try #require(Rational(60, 1))),
        sourceRate: nil, maximumGap: 1e9))
    var expected: [Received] = []
    func receive() throws -> Bool {
      guard case .frame(let output) = try plain.receive() else { return false }
      expected.append(
        Received(
          pts: output.pts, value: SummingFilter.value(output.frame),
          filled: output.info.change.pixels))
      return true
    }
    for (frame, result) in zip(kept, filtered(kept, back, ahead)) {
      let picture = try GuardedFrame(
        FrameDescription(format: .gbrpf32, width: frame.width, height: 1))
      picture[0, 0, 0] = result.value
      while try !plain.send(
        picture.frame, pts: frame.pts, duration: 0, opaque: nil,
        change: SourceChange(pixels: result.filled))
      {
        #expect(try receive())
      }
    }
    plain.drain()
    while try receive() {}
    let harness = try Harness(lookBack: back, lookAhead: ahead, rate: (60, 1))
    try harness.play(frames, seed: 6)
    #expect(harness.received == expected)
  }

  @Test(arguments: windows) func memoryIsThatOfTheWindow(back: Int, ahead: Int) throws {
    for rate in [nil, (60, 1)] as [(Int64, Int64)?] {
      let harness = try Harness(lookBack: back, lookAhead: ahead, rate: rate)
      var random = SeededRandom(3)
      for frame in frames(2000, seed: 4) {
        switch Int.random(in: 0..<40, using: &random) {
        case 0: harness.stream.flush()
        case 1..<20: try harness.receive()
        default: _ = try harness.send(frame)
        }
      }
      // One row of a float and its two neighbours in planes of 64 bytes, times four for a stream.
      let frames = back + ahead + 2 + (rate == nil ? 0 : 4)
      #expect(harness.engine.ledger.peakBytes <= frames * 3 * 64)
      #expect(harness.engine.ledger.allocationCount <= frames)
    }
  }

  @Test func drainAndFlush() throws {
    let harness = try Harness(lookBack: 2, lookAhead: 5, rate: nil)
    for pts in Int64(0)..<4 {
      #expect(try harness.send(Sent(pts: pts, value: 1, width: 1)))
      #expect(try !harness.receive())
    }
    #expect(harness.stream.latency.frames == 5)
    harness.stream.drain()
    #expect(throws: VFIError.self) { _ = try harness.send(Sent(pts: 4, value: 1, width: 1)) }
    #expect(try harness.receive())
    harness.stream.flush()
    guard case .again = try harness.stream.receive() else {
      Issue.record("a flushed stream wants frames")
      return
    }
    harness.received = []
    try harness.play([Sent(pts: 0, value: 3, width: 1), Sent(pts: 1, value: 4, width: 1)], seed: 1)
    #expect(
      harness.received == [
        Received(pts: 0, value: 7, filled: 2), Received(pts: 1, value: 7, filled: 2),
      ])
  }
}
