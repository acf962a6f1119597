// SPDX-License-Identifier: MIT
import TestSupport
import Testing
import VFIEngine

@Suite struct InterpolatorTests {
  private let description: FrameDescription
  private let model: TestModel

  init() throws {
    description = try FrameDescription(format: .yuv420p8, width: 70, height: 50)
    model = try TestModel(velocity: SIMD2(4, 2), residual: 0.01)
  }

  private func interpolator(
    _ settings: InterpolatorSettings = InterpolatorSettings(), threads: Int = 2,
    cancellation: Cancellation = .never(), limit: Int = .max
  ) throws -> Interpolator {
    Interpolator(
      model: model,
      engine: Engine(
        runner: try ThreadPool(threads: threads), ledger: MemoryLedger(limit: limit),
        cancellation: cancellation), settings: settings)
  }

  /// Frame `number` of a scene: smooth noise that moves by (4, 2) a frame; another seed is another
  /// scene.
  private func frame(_ number: Int, seed: Int = 0, _ other: FrameDescription? = nil) throws
    -> GuardedFrame
  {
    let frame = try GuardedFrame(other ?? description, padding: 3)
    frame.fill { index, y, x in
      let (v, u) = (y - 2 * number, x - 4 * number)
      let wave = (u * (3 + seed) + v * (5 - seed) + index * 31) % 64
      let cell = ((u >> 4) * 71 + (v >> 4) * 113 * (seed + 1)) % 97
      return Float(60 + abs(wave) + abs(cell))
    }
    return frame
  }

  private func out() throws -> GuardedFrame { try GuardedFrame(description, padding: 1) }

  private var noCuts: InterpolatorSettings {
    var settings = InterpolatorSettings()
    settings.sceneCut = false
    return settings
  }

  @Test func endsAreCopies() throws {
    let interpolator = try interpolator()
    let (a, b, out) = (try frame(0), try frame(1), try out())
    try interpolator.begin(a.frame, b.frame)
    #expect(try interpolator.render(0, 7, into: out.frame).decision == .sourceCopy)
    #expect(out.bytes == a.bytes)
    #expect(try interpolator.render(7, 7, into: out.frame).decision == .sourceCopy)
    #expect(out.bytes == b.bytes)
    #expect(model.encodeCount == 0 && model.decodeCount == 0)
    interpolator.end()
  }

  @Test func betweenIsInterpolated() throws {
    let interpolator = try interpolator()
    let (a, b, out) = (try frame(0), try frame(1), try out())
    try interpolator.begin(a.frame, b.frame)
    let info = try interpolator.render(1, 2, into: out.frame)
    #expect(info.decision == .interpolated && info.elapsed > 0)
    #expect((0...10).contains(info.sceneScore))
    interpolator.end()
    // Halfway the content has moved by (2, 1); the residual adds 0.01 of 219.
    var worst: Float = 0
    for y in 8..<40 {
      for x in 8..<60 { worst = max(worst, abs(out[0, y, x] - a[0, y - 1, x - 2] - 2.19)) }
    }
    #expect(worst <= 0.5)
    #expect(out.guardsAreIntact && a.guardsAreIntact)
    #expect(interpolator.engine.statistics.framesInterpolated == 1)
  }

  @Test(arguments: [[-1, 2], [3, 2], [0, 0], [1, -1], [Int64.min, 1], [Int64.max, 1]])
  func instantsOutsideThrow(instant: [Int64]) throws {
    let interpolator = try interpolator()
    let (a, b, out) = (try frame(0), try frame(1), try out())
    try interpolator.begin(a.frame, b.frame)
    #expect(throws: VFIError.self) {
      _ = try interpolator.render(instant[0], instant[1], into: out.frame)
    }
    let info = try interpolator.render(.max / 2, .max, into: out.frame)
    #expect(info.decision == .interpolated)
    interpolator.end()
  }

  @Test func differentFramesThrow() throws {
    let interpolator = try interpolator()
    let a = try frame(0)
    let others = [
      try FrameDescription(format: .yuv422p8, width: 70, height: 50),
      try FrameDescription(format: .yuv420p8, width: 71, height: 50),
      try FrameDescription(
        format: .yuv420p8, width: 70, height: 50, color: ColorDescription(range: 2)),
    ]
    for other in others {
      let b = try frame(1, other)
      #expect(throws: VFIError.self) { try interpolator.begin(a.frame, b.frame) }
    }
    let b = try frame(1)
    try interpolator.begin(a.frame, b.frame)
    for other in others.prefix(2) {
      let out = try GuardedFrame(other)
      #expect(throws: VFIError.self) { _ = try interpolator.render(1, 2, into: out.frame) }
    }
    #expect(throws: VFIError.self) { _ = try interpolator.render(1, 2, into: b.frame) }
    interpolator.end()
    #expect(throws: VFIError.self) { _ = try interpolator.render(1, 2, into: try out().frame) }
  }

  @Test func cutIsHeldOrBlendedButNeverMixed() throws {
    let (a, b, out) = (try frame(0), try frame(0, seed: 3), try out())
    let holding = try interpolator()
    #expect(try SceneCut.score(a.frame, b.frame, on: holding.engine) > 10)
    try holding.begin(a.frame, b.frame)
    for (num, expected) in [(1, Decision.heldPrevious), (2, .heldPrevious), (3, .heldNext)] {
      let info = try holding.render(Int64(num), 4, into: out.frame)
      #expect(info.decision == expected && info.sceneScore > 10)
      #expect(out.bytes == (expected == .heldNext ? b.bytes : a.bytes))
    }
    holding.end()
    #expect(model.encodeCount == 0)

    var settings = InterpolatorSettings()
    settings.cutAction = .blend
    let blending = try interpolator(settings)
    try blending.begin(a.frame, b.frame)
    #expect(try blending.render(1, 4, into: out.frame).decision == .blended)
    #expect(abs(out[0, 9, 9] - (0.75 * a[0, 9, 9] + 0.25 * b[0, 9, 9])) <= 0.5)
    blending.end()

    let careless = try interpolator(noCuts)
    try careless.begin(a.frame, b.frame)
    let info = try careless.render(1, 4, into: out.frame)
    #expect(info.decision == .interpolated && info.sceneScore == -1)
    careless.end()
  }

  @Test func duplicatesAreCopied() throws {
    let (a, b, out) = (try frame(0), try frame(0), try out())
    let copying = try interpolator()
    try copying.begin(a.frame, b.frame)
    #expect(try copying.render(1, 3, into: out.frame).decision == .sourceCopy)
    #expect(out.bytes == a.bytes && model.encodeCount == 0)
    copying.end()

    var settings = InterpolatorSettings()
    settings.copyDuplicates = false
    let working = try interpolator(settings)
    try working.begin(a.frame, b.frame)
    #expect(try working.render(1, 3, into: out.frame).decision == .interpolated)
    #expect(out.bytes == a.bytes, "static blocks are exact")
    working.end()
  }

  @Test func featuresAreSharedByContentId() throws {
    let interpolator = try interpolator()
    let frames = try (0..<5).map { try frame($0) }
    let out = try out()
    for n in 0..<4 {
      try interpolator.begin(
        frames[n].frame, frames[n + 1].frame, idA: UInt64(n + 1), idB: UInt64(n + 2))
      for num in 1..<4 { _ = try interpolator.render(Int64(num), 4, into: out.frame) }
      interpolator.end()
    }
    #expect(model.encodeCount == 5 && model.prepareCount == 4 && model.decodeCount == 12)
    #expect(interpolator.engine.statistics.framesEncoded == 5)
    // Backwards, and without ids.
    try interpolator.begin(frames[4].frame, frames[3].frame, idA: 5, idB: 4)
    _ = try interpolator.render(1, 2, into: out.frame)
    interpolator.end()
    #expect(model.encodeCount == 5)
    try interpolator.begin(frames[3].frame, frames[4].frame)
    _ = try interpolator.render(1, 2, into: out.frame)
    interpolator.end()
    #expect(model.encodeCount == 7)
  }

  @Test(arguments: [false, true]) func secondFrameAllocatesNothing(configured: Bool) throws {
    let interpolator = try interpolator()
    if configured { try interpolator.configure(description) }
    let out = try out()
    let ledger = interpolator.engine.ledger
    var counts = [ledger.allocationCount]
    for n in 0..<4 {
      let (a, b) = (try frame(n), try frame(n + 1))
      try interpolator.begin(a.frame, b.frame, idA: UInt64(n + 1), idB: UInt64(n + 2))
      _ = try interpolator.render(1, 3, into: out.frame)
      _ = try interpolator.render(2, 3, into: out.frame)
      interpolator.end()
      counts.append(ledger.allocationCount)
    }
    #expect(Set(counts.dropFirst(configured ? 0 : 1)).count == 1, "\(counts)")
  }

  @Test func motionOutlivesThePair() throws {
    let interpolator = try interpolator()
    let out = try out()
    var flow = [Float](repeating: 9, count: 70 * 50 * 2)
    var mask = [Float](repeating: 9, count: 70 * 50)
    func copy(width: Int = 70) throws {
      try flow.withUnsafeMutableBufferPointer { flow in
        try mask.withUnsafeMutableBufferPointer { mask in
          try interpolator.copyMotion(
            flow0: nil, flow1: flow.baseAddress, mask: mask.baseAddress, width: width, height: 50)
        }
      }
    }
    #expect(throws: VFIError.self) { try copy() }
    for n in 0..<2 {
      let (a, b) = (try frame(n), try frame(n + 1))
      try interpolator.begin(a.frame, b.frame)
      _ = try interpolator.render(1, 2, into: out.frame)
      interpolator.end()
      flow[17] = 9
      try copy()
      #expect(flow[16] == 2 && flow[17] == 1 && mask.allSatisfy { abs($0 - 0.5) < 1e-6 })
    }
    #expect(throws: VFIError.self) { try copy(width: 71) }
  }

  @Test func cancelledContextStaysUsable() throws {
    let cancellation = Cancellation.never()
    let interpolator = try interpolator(cancellation: cancellation)
    let (a, b, out) = (try frame(0), try frame(1), try out())
    try interpolator.begin(a.frame, b.frame, idA: 1, idB: 2)
    cancellation.cancel()
    #expect(throws: VFIError.cancelled) { _ = try interpolator.render(1, 2, into: out.frame) }
    #expect(throws: VFIError.cancelled) { _ = try interpolator.render(0, 2, into: out.frame) }
    interpolator.end()
    #expect(throws: VFIError.cancelled) { try interpolator.begin(a.frame, b.frame) }
    cancellation.reset()
    try interpolator.begin(a.frame, b.frame, idA: 1, idB: 2)
    #expect(try interpolator.render(1, 2, into: out.frame).decision == .interpolated)
    interpolator.end()
  }

  @Test func memoryLimitIsAnError() throws {
    let needed = try Interpolator.memoryRequired(
      model: model, description: description, workers: 2)
    let (a, b, out) = (try frame(0), try frame(1), try out())
    for limit in stride(from: 0, to: needed, by: needed / 40) {
      let interpolator = try interpolator(limit: limit)
      do {
        try interpolator.begin(a.frame, b.frame)
        _ = try interpolator.render(1, 2, into: out.frame)
      } catch {
        guard case .outOfMemory = error else {
          Issue.record("\(error)")
          return
        }
      }
      interpolator.end()
      #expect(interpolator.engine.ledger.peakBytes <= limit)
    }
  }

  @Test(arguments: [(16, 16), (200, 120), (1000, 3), (3, 1000), (640, 360), (1, 1)])
  func memoryBoundHolds(width: Int, height: Int) throws {
    let description = try FrameDescription(format: .yuv420p8, width: width, height: height)
    for workers in [1, 3] {
      let bound = try Interpolator.memoryRequired(
        model: model, description: description, workers: workers)
      let interpolator = try interpolator(threads: workers)
      let (a, b) = (try frame(0, description), try frame(1, description))
      let out = try GuardedFrame(description)
      for _ in 0..<2 {
        try interpolator.begin(a.frame, b.frame)
        _ = try interpolator.render(1, 2, into: out.frame)
        interpolator.end()
      }
      try interpolator.configure(description)
      let peak = interpolator.engine.ledger.peakBytes
      #expect(peak <= bound && bound <= 2 * peak + 262_144, "\(peak) of \(bound)")
    }
  }

  @Test func bigFramesAreReducedForTheNetwork() throws {
    var settings = noCuts
    for (scale, factor) in [(1.0, 1), (0.5, 2), (0.25, 4)] {
      settings.flowScale = scale
      // In pixels of the network's image.
      let model = try TestModel(velocity: SIMD2(4, 2) / Float(factor))
      let interpolator = Interpolator(
        model: model, engine: Engine(runner: try ThreadPool(threads: 2)), settings: settings)
      let (a, b, out) = (try frame(0), try frame(1), try out())
      try interpolator.begin(a.frame, b.frame)
      _ = try interpolator.render(1, 2, into: out.frame)
      interpolator.end()
      #expect(out[0, 20, 30] == a[0, 19, 28])
    }
  }

  @Test func anyThreadsSameBytes() throws {
    let (a, b) = (try frame(0), try frame(1))
    var results: [[UInt8]] = []
    for threads in 1...3 {
      let interpolator = try interpolator(threads: threads)
      let out = try out()
      try interpolator.begin(a.frame, b.frame)
      _ = try interpolator.render(2, 5, into: out.frame)
      interpolator.end()
      results.append(out.bytes)
    }
    #expect(results[0] == results[1] && results[0] == results[2])
  }
}
