// SPDX-License-Identifier: MIT
import Glibc
import TestSupport
import Testing
import VFIEngine

/// What a model of four samples a pixel can do beside making frames.
@Suite struct CandidateSessionTests {
  private let description: FrameDescription

  init() throws { description = try FrameDescription(format: .gray8, width: 70, height: 50) }

  private func texture(_ y: Int, _ x: Int) -> Float { Float((x * 37 + y * 91 + x * y) % 200) }

  private func session(
    _ model: any InterpolationModel, _ change: (inout InterpolatorSettings) -> Void = { _ in }
  ) throws -> Interpolator {
    var settings = InterpolatorSettings()
    settings.sceneCut = false
    change(&settings)
    return Interpolator(
      model: model, engine: Engine(runner: try ThreadPool(threads: 2)), settings: settings)
  }

  /// Frame `n` of a picture that moves by (8, 4) a frame.
  private func frame(_ n: Int) throws -> GuardedFrame {
    let frame = try GuardedFrame(description)
    frame.fill { texture($1 - 4 * n + 99, $2 - 8 * n + 99) }
    return frame
  }

  private func render(
    _ session: Interpolator, distance: DistancePlane? = nil
  ) throws -> GuardedFrame {
    let (a, b, out) = (try frame(0), try frame(1), try GuardedFrame(description))
    try session.begin(a.frame, b.frame)
    defer { session.end() }
    _ = try session.render(1, 2, distance: distance, into: out.frame)
    withExtendedLifetime((a, b)) {}
    return out
  }

  @Test func motionIsTheMeanOfTheCandidates() throws {
    let session = try session(try TestModel(.candidates, velocity: SIMD2(8, 4)))
    let out = try render(session)
    #expect(out[0, 30, 40] == texture(30 + 97, 40 + 95))
    var flow0 = [Float](repeating: .nan, count: 70 * 50 * 2)
    var flow1 = flow0
    var mask = [Float](repeating: .nan, count: 70 * 50)
    try flow0.withUnsafeMutableBufferPointer { flow0 in
      try flow1.withUnsafeMutableBufferPointer { flow1 in
        try mask.withUnsafeMutableBufferPointer { mask in
          try session.copyMotion(
            flow0: flow0.baseAddress, flow1: flow1.baseAddress, mask: mask.baseAddress, width: 70,
            height: 50)
        }
      }
    }
    for pixel in 0..<70 * 50 {
      #expect(flow0[2 * pixel] == -4 && flow0[2 * pixel + 1] == -2)
      #expect(flow1[2 * pixel] == 4 && flow1[2 * pixel + 1] == 2)
      #expect(mask[pixel] == 0.5)
    }
  }

  @Test(arguments: [(1e-9, 255), (0.025, 191), (0.05, 128), (0.1, 0), (0.5, 0), (.nan, 0)])
  func confidenceFollowsTheExpectedError(error: Double, certainty: UInt8) throws {
    let model = try TestModel(.candidates, uncertainty: Float(log(error / 2)))
    let session = try session(model)
    _ = try render(session)
    var plane = [UInt8](repeating: 7, count: 80 * 50)
    try plane.withUnsafeMutableBufferPointer { plane in
      guard let base = plane.baseAddress else { return }
      // From the last row up.
      try session.copyConfidence(to: base + 49 * 80, stride: -80, width: 70, height: 50)
    }
    for y in 0..<50 {
      for x in 0..<80 { #expect(plane[y * 80 + x] == (x < 70 ? certainty : 7)) }
    }
  }

  @Test func confidenceNeedsAModelThatTells() throws {
    let session = try session(try TestModel())
    var plane = [UInt8](repeating: 0, count: 70 * 50)
    func confidence() throws(VFIError) {
      do {
        try plane.withUnsafeMutableBufferPointer { plane in
          guard let base = plane.baseAddress else { return }
          try session.copyConfidence(to: base, stride: 70, width: 70, height: 50)
        }
      } catch let error as VFIError { throw error } catch { throw .defect("\(error)") }
    }
    #expect(throws: VFIError.state("no frame was interpolated")) { try confidence() }
    _ = try render(session)
    let error = #expect(throws: VFIError.self) { try confidence() }
    guard case .unsupported(let text)? = error else {
      Issue.record("\(String(describing: error))")
      return
    }
    #expect(text.contains("test"))
  }

  /// The left half stands at a quarter of the way, the right half at three quarters.
  @Test(arguments: [DistancePlane.ValueType.uint8, .uint16, .float])
  func eachPixelHasItsInstant(type: DistancePlane.ValueType) throws {
    let session = try session(try TestModel(.candidates, velocity: SIMD2(8, 4)))
    var bytes: [UInt8] = []
    for _ in 0..<50 {
      for x in 0..<70 {
        // 1/4 and 3/4 as nearly as the type has them.
        let isLeft = x < 32
        switch type {
        case .uint8: bytes.append(isLeft ? 64 : 191)
        case .uint16:
          withUnsafeBytes(of: UInt16(isLeft ? 16384 : 49151)) { bytes += $0 }
        case .float: withUnsafeBytes(of: Float(isLeft ? 0.25 : 0.75)) { bytes += $0 }
        }
      }
    }
    let out = try bytes.withUnsafeBytes { bytes in
      let base = try #require(bytes.baseAddress)
      return try render(
        session,
        distance: try DistancePlane(
          base: base, stride: bytes.count / 50, type: type, width: 70, height: 50))
    }
    var worst: Float = 0
    for y in 10..<40 {
      for x in (16..<24) {
        worst = max(worst, abs(out[0, y, x] - texture(y + 98, x + 97)))
      }
      for x in (44..<56) {
        worst = max(worst, abs(out[0, y, x] - texture(y + 96, x + 93)))
      }
    }
    // A step of up to 200 codes times an error of 1/510 of 8 pixels.
    #expect(worst <= (type == .uint8 ? 6 : 1))
  }

  @Test func aModelOfOneInstantRefusesADistance() throws {
    let session = try session(try TestModel())
    let values = [UInt8](repeating: 128, count: 70 * 50)
    let error = try values.withUnsafeBytes { bytes in
      let base = try #require(bytes.baseAddress)
      let plane = try DistancePlane(base: base, stride: 70, type: .uint8, width: 70, height: 50)
      return #expect(throws: VFIError.self) { try render(session, distance: plane) }
    }
    guard case .unsupported(let text)? = error else {
      Issue.record("\(String(describing: error))")
      return
    }
    #expect(text.contains("test"))
  }

  @Test func memoryIsConstantAndBounded() throws {
    let model = try TestModel(.candidates)
    let bound = try Interpolator.memoryRequired(model: model, description: description, workers: 2)
    let session = try session(model)
    try session.configure(description)
    let count = session.engine.ledger.allocationCount
    for _ in 0..<2 { _ = try render(session) }
    #expect(session.engine.ledger.allocationCount == count)
    #expect(session.engine.ledger.peakBytes <= bound)
  }

  @Test func theBudgetReachesTheModel() throws {
    for budget in [ComputeBudget.auto, .off, .cap(0.25)] {
      let model = try TestModel()
      let session = try session(model) { $0.budget = budget }
      _ = try render(session)
      #expect(model.budgets == [budget])
    }
  }

  @Test func aDeadlineLimitsTheBudget() throws {
    // No frame is made within a nanosecond; any within an hour.
    for (seconds, isLate) in [(1e-9, true), (3600, false)] {
      let model = try TestModel()
      let session = try session(model) {
        $0.deadline = seconds
        $0.budget = .off
      }
      for _ in 0..<3 { _ = try render(session) }
      #expect(model.budgets == (isLate ? [.off, .cap(0), .cap(0)] : [.off, .off, .off]))
    }
  }
}

@Suite struct DeadlineTests {
  /// A machine where a frame takes 10 ms, and 60 ms more when all pixels are refined.
  private func seconds(_ share: Double) -> Double { 0.010 + 0.060 * share }

  @Test(arguments: [0.015, 0.03, 0.05, 0.069]) func settlesBelowTheDeadline(limit: Double) {
    var deadline = Deadline(seconds: limit)
    var late = 0
    for number in 0..<60 {
      let time = seconds(deadline.cap)
      if number >= 8 {
        late += time > limit ? 1 : 0
        #expect(time < 1.1 * limit)
      }
      deadline.note(seconds: time, share: deadline.cap)
    }
    #expect(late <= 20)
    #expect(seconds(deadline.cap) > 0.7 * limit)
  }

  @Test func givesBackWhatWasTaken() {
    var deadline = Deadline(seconds: 0.02)
    deadline.note(seconds: 0.2, share: 0.5)
    #expect(deadline.cap < 0.01)
    #expect(deadline.limited(.auto) == .cap(deadline.cap))
    #expect(deadline.limited(.cap(0)) == .cap(0))
    for _ in 0..<100 { deadline.note(seconds: 0.01, share: deadline.cap) }
    #expect(deadline.cap == 1 && deadline.limited(.off) == .off)
  }

  @Test func withoutADeadlineNothingIsLimited() {
    var deadline = Deadline(seconds: 0)
    deadline.note(seconds: 100, share: 1)
    #expect(deadline.limited(.auto) == .auto && deadline.limited(.cap(0.5)) == .cap(0.5))
  }
}
