// SPDX-License-Identifier: MIT
import Glibc
import TestSupport
import Testing
import VFIEngine

/// What C callers do not see: figures of detectors and repairs on drawn clips.
@Suite struct FrameRepairerTests {
  private let description: FrameDescription
  private let repairer: FrameRepairer
  private let engine: Engine

  init() throws {
    description = try FrameDescription(format: .yuv420p8, width: 160, height: 128)
    engine = Engine(runner: try ThreadPool(threads: 2))
    var settings = InterpolatorSettings()
    // Waves that move by more than a cell of the thumbnail look like a cut.
    settings.sceneCutThreshold = 100
    // From frame 1 to frame 4 of ``frames(_:)``.
    let model = try TestModel(velocity: SIMD2(9, 3))
    let interpolator = Interpolator(
      model: model, engine: engine, settings: settings)
    repairer = FrameRepairer(
      interpolator: interpolator, inpainter: Inpainter(engine: engine, settings: settings))
  }

  /// A texture that moves by (3, 1) pixels a frame.
  private func frames(_ count: Int) throws -> [GuardedFrame] {
    try (0..<count).map { number in
      let frame = try GuardedFrame(description, padding: 5)
      frame.fill { component, y, x in
        let scale: Float = component == 0 ? 1 : 2
        let (u, v) = (scale * Float(x) - 3 * Float(number), scale * Float(y) - Float(number))
        return 120 + 30 * sinf(0.21 * u + 0.05 * v) + 30 * sinf(0.17 * v - 0.08 * u)
          + 20 * sinf(0.37 * u + 0.31 * v)
      }
      return frame
    }
  }

  private func repair(
    _ window: [GuardedFrame], index: Int, suspicion: FrameSuspicion = [], detects: Bool = true,
    into out: GuardedFrame
  ) throws -> RepairInfo {
    defer { withExtendedLifetime((window, out)) {} }
    var suspects = window.map { SuspectFrame($0.frame) }
    suspects[index].suspicion = suspicion
    var settings = RepairSettings()
    settings.detects = detects
    return try repairer.repair(suspects, index: index, settings: settings, into: out.frame)
  }

  /// Mean absolute difference of luma.
  private func error(_ a: GuardedFrame, _ b: GuardedFrame) -> Float {
    var sum: Float = 0
    for y in 0..<description.height {
      for x in 0..<description.width { sum += abs(a[0, y, x] - b[0, y, x]) }
    }
    return sum / Float(description.width * description.height)
  }

  @Test func goesOnAsBeforeAtTheEnd() throws {
    let clip = try frames(5)
    let truth = try frames(5)
    // The last frame is the one before again, and the decoder says so.
    clip[4].fill { clip[3][$0, $1, $2] }
    let out = try GuardedFrame(description)
    let info = try repair(clip, index: 4, suspicion: .corrupt, into: out)
    #expect(info.action == .predicted && info.framesUsed == 2)
    #expect(error(out, truth[4]) < error(clip[3], truth[4]) / 2)
    // And so at the beginning, from what comes later.
    clip[0].fill { clip[1][$0, $1, $2] }
    let first = try repair(clip, index: 0, suspicion: .corrupt, into: out)
    #expect(first.action == .none, "frame 0 repeats nothing")
  }

  @Test func findsBlocksThatCameAndWent() throws {
    let clip = try frames(5)
    let truth = try frames(5)
    // Blocks of another texture: no flat fill and no line repeats, but they show and are alone.
    for y in 48..<80 {
      for x in 64..<112 { clip[2][0, y, x] = 40 + 170 * Float((x / 3 + y / 5) % 2) }
    }
    let out = try GuardedFrame(description)
    let info = try repair(clip, index: 2, into: out)
    #expect(info.action == .filled && info.analysis.events == .damaged)
    #expect(info.analysis.damagedPixels >= 32 * 48 * 9 / 10)
    #expect(error(out, truth[2]) < error(clip[2], truth[2]) / 5)
    let untouched = try repair(clip, index: 2, detects: false, into: out)
    #expect(untouched.action == .none && out.bytes == clip[2].bytes)
    for index in [0, 1, 3, 4] {
      #expect(try repair(clip, index: index, into: out).action == .none)
      #expect(out.bytes == clip[index].bytes)
    }
  }

  @Test func lostFramesAreNoSource() throws {
    let clip = try frames(6)
    let marks = try FrameDescription(format: .gray8, width: 160, height: 128)
    let (all, none) = (try GuardedFrame(marks), try GuardedFrame(marks))
    all.fill { _, _, _ in 255 }
    none.fill { _, _, _ in 0 }
    for index in [2, 3] { clip[index].fill { _, _, _ in 128 } }
    var suspects = clip.map { SuspectFrame($0.frame, marks: none.frame) }
    for index in [2, 3] { suspects[index].marks = all.frame }
    let truth = try frames(6)
    let out = try GuardedFrame(description)
    for index in [2, 3] {
      let info = try repairer.repair(suspects, index: index, into: out.frame)
      #expect(info.action == .interpolated && info.analysis.events.contains(.lost))
      #expect(error(out, truth[index]) < 4)
    }
    withExtendedLifetime((clip, all, none)) {}
  }

  @Test func cutsIgnoreWhatIsHidden() throws {
    let clip = try frames(2)
    let marks = try GuardedFrame(
      FrameDescription(format: .gray8, width: 10, height: 8))
    marks.fill { _, y, _ in y < 5 ? 9 : 0 }
    let seen = try SceneCut.score(clip[0].frame, clip[1].frame, on: engine)
    for y in 0..<80 {
      for x in 0..<160 { clip[1][0, y, x] = (x / 20 + y / 20) % 2 == 0 ? 235 : 16 }
    }
    let spoilt = try SceneCut.score(clip[0].frame, clip[1].frame, on: engine)
    let hidden = try SceneCut.score(
      clip[0].frame, clip[1].frame, hiddenB: marks.frame, on: engine)
    let swapped = try SceneCut.score(
      clip[1].frame, clip[0].frame, hiddenA: marks.frame, on: engine)
    #expect(spoilt > 2 * seen + 5 && hidden < seen + 5 && hidden == swapped)
    marks.fill { _, _, _ in 1 }
    #expect(
      try SceneCut.score(
        clip[0].frame, clip[1].frame, hiddenA: marks.frame, hiddenB: marks.frame, on: engine) == 0)
    withExtendedLifetime((clip, marks)) {}
  }
}
