// SPDX-License-Identifier: MIT
import TestSupport
import Testing
import VFIEngine

/// Stands in for the interpolator: one float a frame, interpolated linearly.
private final class LinearRenderer: PairRenderer {
  let engine: Engine
  var failure: VFIError?
  private(set) var pairs: [(UInt64, UInt64)] = []
  private(set) var neighbours: [(UInt64?, UInt64?)] = []
  var looksAround = false
  private(set) var isOpen = false
  private var values: (Float, Float) = (0, 0)

  init() throws { engine = Engine(runner: try ThreadPool(threads: 1)) }

  func begin(
    _ a: Frame, _ b: Frame, idA: UInt64, idB: UInt64, before: Neighbour?, after: Neighbour?
  ) throws(VFIError) {
    neighbours.append((before?.id, after?.id))
    values = (LinearRenderer.value(a), LinearRenderer.value(b))
    pairs.append((idA, idB))
    isOpen = true
  }

  func render(_ num: Int64, _ den: Int64, into out: Frame) throws(VFIError) -> FrameInfo {
    if let failure { throw failure }
    let t = Float(num) / Float(den)
    out.planes[0].base?.storeBytes(of: values.0 * (1 - t) + values.1 * t, as: Float.self)
    return FrameInfo(decision: .interpolated)
  }

  func end() { isOpen = false }

  static func value(_ frame: Frame) -> Float {
    frame.planes[0].base?.loadUnaligned(as: Float.self) ?? .nan
  }
}

private struct Received: Equatable {
  var pts: Int64
  var value: Float
  var decision: Decision
  var opaque: Int
}

/// A stream whose sources hold one float, and what came out of it.
private final class Harness {
  let renderer: LinearRenderer
  let stream: FrameStream
  var received: [Received] = []

  init(
    timebase: (Int64, Int64), rate: (Int64, Int64), sourceRate: (Int64, Int64)? = nil,
    gap: Double = 1e9
  ) throws {
    renderer = try LinearRenderer()
    let clock = OutputClock(
      timebase: try #require(Rational(timebase.0, timebase.1)),
      rate: try #require(Rational(rate.0, rate.1)))
    stream = FrameStream(
      renderer: renderer,
      settings: FrameStreamSettings(
        clock: clock, sourceRate: sourceRate.flatMap { Rational($0.0, $0.1) }, maximumGap: gap))
  }

  private func frame(_ value: Float, width: Int) throws -> GuardedFrame {
    let frame = try GuardedFrame(FrameDescription(format: .gbrpf32, width: width, height: 1))
    for plane in 0..<3 { frame[plane, 0, 0] = value }
    return frame
  }

  /// Sends when the stream takes it, and receives until it does.
  func send(_ pts: Int64, value: Float? = nil, duration: Int64 = 0, width: Int = 1) throws {
    let frame = try frame(value ?? Float(pts), width: width)
    let opaque = UnsafeMutableRawPointer(bitPattern: Int(pts &+ 1000))
    while try !stream.send(frame.frame, pts: pts, duration: duration, opaque: opaque) {
      #expect(try receive(), "a stream that takes no source has an output")
    }
  }

  /// Receives one output; `false` when there is none.
  @discardableResult func receive() throws -> Bool {
    guard case .frame(let output) = try stream.receive() else { return false }
    #expect(output.duration == stream.settings.clock.interval)
    received.append(
      Received(
        pts: output.pts, value: LinearRenderer.value(output.frame),
        decision: output.info.decision, opaque: Int(bitPattern: output.opaque) &- 1000))
    return true
  }

  func finish() throws {
    stream.drain()
    while try receive() {}
    guard case .end = try stream.receive() else {
      Issue.record("a drained stream is at its end")
      return
    }
  }
}

@Suite struct FrameStreamTests {
  struct Count: Sendable, CustomTestStringConvertible {
    let frames: Int64
    let source: (Int64, Int64)
    let rate: (Int64, Int64)
    let expected: Int
    var testDescription: String { "\(frames) frames at \(source) to \(rate)" }
  }

  /// The table of frame counts that hosts expect.
  static let counts = [
    Count(frames: 48, source: (24000, 1001), rate: (60, 1), expected: 121),
    Count(frames: 50, source: (25, 1), rate: (60, 1), expected: 120),
    Count(frames: 60, source: (30, 1), rate: (60, 1), expected: 120),
    Count(frames: 60, source: (30000, 1001), rate: (60000, 1001), expected: 120),
    Count(frames: 120, source: (60, 1), rate: (24, 1), expected: 48),
    Count(frames: 10, source: (30, 1), rate: (60, 1), expected: 20),
    Count(frames: 10, source: (30, 1), rate: (48000, 1001), expected: 16),
    Count(frames: 10, source: (30, 1), rate: (50, 1), expected: 17),
  ]

  @Test(arguments: counts) func countsWithDurations(_ count: Count) throws {
    let harness = try Harness(timebase: (count.source.1, count.source.0), rate: count.rate)
    for pts in 0..<count.frames { try harness.send(pts, duration: 1) }
    try harness.finish()
    #expect(harness.received.count == count.expected)
    let clock = harness.stream.settings.clock
    for (n, output) in harness.received.enumerated() {
      #expect(output.pts == Int64(n) * clock.interval)
      // Sources carry their pts, so an output's value is its time, until the last source is held.
      let time = Float(output.pts) / Float(clock.sourceUnits)
      #expect(abs(output.value - min(time, Float(count.frames - 1))) < 1e-4)
    }
  }

  @Test(arguments: counts) func countsWithoutDurations(_ count: Count) throws {
    let harness = try Harness(timebase: (count.source.1, count.source.0), rate: count.rate)
    for pts in 0..<count.frames { try harness.send(pts) }
    try harness.finish()
    #expect(harness.received.count == count.expected)
  }

  @Test func passesSourcesThemselves() throws {
    let harness = try Harness(timebase: (1, 30), rate: (60, 1))
    for pts in Int64(5)..<9 { try harness.send(pts, value: 0.1 * Float(pts)) }
    try harness.finish()
    #expect(
      harness.received.map(\.decision) == [
        .sourceCopy, .interpolated, .sourceCopy, .interpolated, .sourceCopy, .interpolated,
        .sourceCopy, .heldPrevious,
      ])
    #expect(harness.received[2].value == 0.1 * 6)
    #expect(harness.received.map(\.opaque) == [5, 5, 6, 6, 7, 7, 8, 8])
    #expect(harness.received.map(\.pts) == [10, 11, 12, 13, 14, 15, 16, 17])
  }

  @Test func followsVariableRate() throws {
    var random = SeededRandom(7)
    let harness = try Harness(timebase: (1, 90000), rate: (60, 1))
    var pts: Int64 = 0
    for _ in 0..<200 {
      pts += Int64.random(in: 1...9000, using: &random)
      try harness.send(pts)
    }
    try harness.finish()
    let first = harness.received[0].pts
    for (n, output) in harness.received.enumerated() {
      #expect(output.pts == first + Int64(n) * 1500)
      if output.decision == .interpolated {
        #expect(abs(output.value - Float(output.pts)) < 1)
      }
    }
  }

  @Test func hoursOfFilmDoNotDrift() throws {
    // 10^5 sources at 24000/1001, an hour and ten minutes, in milliseconds as a container has them.
    let harness = try Harness(timebase: (1, 1000), rate: (60, 1))
    for n in Int64(0)..<100_000 {
      try harness.send((n * 1_001_000 + 12_000) / 24000)
      while try harness.receive() {}
      if let last = harness.received.last { harness.received = [last] }
    }
    try harness.finish()
    // The last source stands at 4170792 ms, the one before 42 ms earlier: it ends at 4170834 ms.
    let last = try #require(harness.received.last)
    #expect(harness.stream.settings.clock.unit == (1, 3000))
    #expect(last.pts == (4_170_834 * 3 - 1) / 50 * 50)
  }

  @Test func dropsEqualTimes() throws {
    let harness = try Harness(timebase: (1, 30), rate: (30, 1))
    try harness.send(0, value: 1)
    try harness.send(0, value: 2)
    try harness.send(1, value: 3)
    try harness.send(1, value: 4)
    try harness.finish()
    #expect(harness.received.map(\.value) == [1, 3])
  }

  @Test func startsAnewAtAnEarlierTime() throws {
    let harness = try Harness(timebase: (1, 30), rate: (60, 1))
    for pts in Int64(10)..<13 { try harness.send(pts) }
    for pts in Int64(2)..<4 { try harness.send(pts) }
    try harness.finish()
    #expect(harness.received.map(\.pts) == [20, 21, 22, 23, 24, 25, 4, 5, 6, 7])
    #expect(harness.received[5].decision == .heldPrevious)
    #expect(harness.received[6].decision == .sourceCopy)
  }

  @Test func startsAnewWithAnotherSize() throws {
    let harness = try Harness(timebase: (1, 30), rate: (60, 1))
    for pts in Int64(0)..<3 { try harness.send(pts) }
    for pts in Int64(3)..<5 { try harness.send(pts, width: 9) }
    try harness.finish()
    #expect(harness.received.map(\.pts) == Array(0..<10))
    #expect(harness.received[5].decision == .heldPrevious)
    #expect(harness.received[5].value == 2)
    #expect(harness.received[6].value == 3)
  }

  @Test func holdsAcrossGaps() throws {
    let harness = try Harness(timebase: (1, 10), rate: (10, 1), gap: 0.25)
    for pts in [0, 1, 2, 6, 7, 9] as [Int64] { try harness.send(pts) }
    try harness.finish()
    #expect(harness.received.map(\.value) == [0, 1, 2, 2, 2, 2, 6, 7, 8, 9, 9])
    #expect(harness.received[4].decision == .heldPrevious)
    #expect(harness.received[8].decision == .interpolated)
  }

  @Test func lastFrameLastsAsLongAsItSays() throws {
    func count(_ durations: [Int64], sourceRate: (Int64, Int64)? = nil) throws -> Int {
      let harness = try Harness(timebase: (1, 100), rate: (50, 1), sourceRate: sourceRate)
      for (n, duration) in durations.enumerated() {
        try harness.send(Int64(n) * 4, duration: duration)
      }
      try harness.finish()
      return harness.received.count
    }
    #expect(try count([0]) == 1)
    #expect(try count([0], sourceRate: (10, 1)) == 5)
    #expect(try count([0, 0]) == 4)
    #expect(try count([0, 1]) == 3)
    #expect(try count([0, 20]) == 12)
  }

  @Test func downsamplesWithoutLosingTheGrid() throws {
    let harness = try Harness(timebase: (1, 60), rate: (24, 1))
    for pts in Int64(0)..<120 { try harness.send(pts) }
    try harness.finish()
    #expect(harness.received.map(\.value) == (0..<48).map { 2.5 * Float($0) })
    // Pairs without an output are not even begun.
    #expect(harness.renderer.pairs.count == 24)
  }

  @Test func keepsIdsOfFrames() throws {
    let harness = try Harness(timebase: (1, 30), rate: (90, 1))
    for pts in Int64(0)..<4 { try harness.send(pts) }
    try harness.finish()
    #expect(harness.renderer.pairs.map(\.0) == [1, 2, 3])
    #expect(harness.renderer.pairs.map(\.1) == [2, 3, 4])
    #expect(!harness.renderer.isOpen)
  }

  @Test func flushForgetsEverything() throws {
    let harness = try Harness(timebase: (1, 30), rate: (60, 1))
    for pts in Int64(0)..<3 { try harness.send(pts) }
    harness.stream.drain()
    #expect(throws: VFIError.self) { try harness.send(3) }
    harness.stream.flush()
    guard case .again = try harness.stream.receive() else {
      Issue.record("a flushed stream wants frames")
      return
    }
    harness.received = []
    for pts in Int64(1)..<3 { try harness.send(pts) }
    try harness.finish()
    #expect(harness.received.map(\.pts) == [2, 3, 4, 5])
  }

  @Test func triesAFailedOutputAgain() throws {
    let harness = try Harness(timebase: (1, 30), rate: (60, 1))
    for pts in Int64(0)..<2 { try harness.send(pts) }
    #expect(try harness.receive())
    harness.renderer.failure = .cancelled
    #expect(throws: VFIError.cancelled) { try harness.receive() }
    #expect(!harness.renderer.isOpen)
    harness.renderer.failure = nil
    try harness.finish()
    #expect(harness.received.map(\.value) == [0, 0.5, 1, 1])
  }

  @Test func bindsItsMemory() throws {
    let harness = try Harness(timebase: (1, 30), rate: (60, 1))
    var random = SeededRandom(3)
    for step in 0..<3000 {
      switch Int.random(in: 0..<10, using: &random) {
      case 0..<5:
        try harness.send(
          Int64.random(in: 0..<8, using: &random), width: Int.random(in: 1...2, using: &random))
      case 5..<9: try harness.receive()
      default: harness.stream.flush()
      }
      if step == 300 { #expect(harness.renderer.engine.ledger.allocationCount <= 4) }
    }
    #expect(harness.renderer.engine.ledger.allocationCount <= 4)
  }

  @Test func refusesTimesOutOfRange() throws {
    let harness = try Harness(timebase: (1, 1000), rate: (60000, 1001))
    #expect(throws: VFIError.self) { try harness.send(.max) }
    #expect(throws: VFIError.self) { try harness.send(.min) }
    // Both ends of what fits: too far apart for a pair, so held until the output clock gives up.
    let far = Int64.max / harness.stream.settings.clock.sourceUnits
    try harness.send(-far, value: 0)
    try harness.send(far, value: 1)
    try harness.receive()
    try harness.receive()
    #expect(harness.received.map(\.decision) == [.sourceCopy, .heldPrevious])
  }

  /// Each pair is given with the sources beside it, and nothing else changes.
  @Test func neighboursOfPairs() throws {
    let harness = try Harness(timebase: (1, 10), rate: (20, 1), gap: 0.35)
    harness.renderer.looksAround = true
    #expect(harness.stream.latency.frames == 2)
    for pts in [Int64(0), 1, 2, 4, 9] { try harness.send(pts, duration: 1) }
    try harness.finish()
    let linear = try Harness(timebase: (1, 10), rate: (20, 1), gap: 0.35)
    for pts in [Int64(0), 1, 2, 4, 9] { try linear.send(pts, duration: 1) }
    try linear.finish()
    #expect(harness.received == linear.received)
    // The last source is too far away for a pair, and for a neighbour.
    let expected: [[UInt64?]] = [[nil, 3], [1, 4], [2, nil]]
    #expect(harness.renderer.neighbours.map { [$0.0, $0.1] } == expected)
    #expect(linear.renderer.neighbours.allSatisfy { $0.0 == nil && $0.1 == nil })
  }

  /// A run that ends, by a pts that goes back or by a flush, has no neighbours beyond its end.
  @Test func neighboursStayInTheirRun() throws {
    let harness = try Harness(timebase: (1, 10), rate: (20, 1))
    harness.renderer.looksAround = true
    for pts in [Int64(5), 6, 7, 0, 1] { try harness.send(pts) }
    while try harness.receive() {}
    harness.stream.flush()
    for pts in [Int64(0), 1] { try harness.send(pts) }
    try harness.finish()
    let expected: [[UInt64?]] = [[nil, 3], [1, nil], [nil, nil]]
    #expect(harness.renderer.neighbours.map { [$0.0, $0.1] } == expected)
    // The run of 0 and 1 was flushed before anything could follow its first frame.
    #expect(harness.received.map(\.pts) == [10, 11, 12, 13, 14, 15, 0, 0, 1, 2, 3])
  }
}
