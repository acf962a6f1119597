// SPDX-License-Identifier: MIT
import TestSupport
import VFIEngine

/// What the frame room does for one new frame of 1280x720, beside the model.
final class FrameBenchmark {
  let name: String
  private let engine: Engine
  private let a: GuardedFrame
  private let b: GuardedFrame
  private let out: GuardedFrame
  private let image: GuardedMap
  private let motion: TestMotion
  private let candidates: TestMotion

  init(_ format: PixelFormat, threads: Int) throws {
    engine = Engine(runner: try ThreadPool(threads: threads))
    name = "\(format), \(threads) thread\(threads == 1 ? "" : "s")"
    let description = try FrameDescription(
      format: format, width: ModelBenchmark.width, height: ModelBenchmark.height)
    a = try GuardedFrame(description)
    b = try GuardedFrame(description)
    out = try GuardedFrame(description)
    // Stripes that move, so that no block is static.
    a.fill { _, y, x in Float(20 + (x + y) % 200) }
    b.fill { _, y, x in Float(20 + (x + y + 9) % 200) }
    image = GuardedMap(height: description.height, width: description.width, channels: 3)
    motion = TestMotion(height: description.height, width: description.width) { y, x in
      let wave = Float((x / 16 + y / 16) % 8)
      return [wave, 1 - wave, -wave, wave - 1, 0.1 * wave, 0.01, 0, -0.01]
    }
    // Two or three of the four samples count, as they do in most places.
    candidates = TestMotion(
      .candidates, height: description.height / 2, width: description.width / 2
    ) { y, x in
      let wave = Float((x / 8 + y / 8) % 8)
      let weights: [Float] = (x / 32 + y / 8) % 2 == 0 ? [0.5, 0.5, 0, 0] : [0.5, 0, 0.25, 0.25]
      return [wave, 1 - wave, -wave, wave - 1, 3, 0, 0, 3] + weights + [0.01, 0, -0.01, -5]
    }
  }

  /// Durations of one frame's steps; a stream converts each source frame once.
  func measure() throws -> [(step: String, duration: Duration)] {
    let convert = try Duration { try a.frame.loadRGB(into: image.map, on: engine) }
    let cut = try Duration { _ = try SceneCut.score(a.frame, b.frame, on: engine) }
    let synthesis = try Duration {
      try synthesise(a.frame, b.frame, motion: motion.field, into: out.frame, on: engine)
    }
    let candidateSynthesis = try Duration {
      try synthesise(a.frame, b.frame, motion: candidates.field, into: out.frame, on: engine)
    }
    return [
      ("convert", convert), ("scene score", cut), ("synthesis", synthesis),
      ("synthesis from candidates", candidateSynthesis),
    ]
  }
}
