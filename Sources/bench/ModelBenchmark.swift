// SPDX-License-Identifier: MIT
import TestSupport
import VFIEngine

/// One model on a pair of 1280x720 pictures, step by step, without pixel conversion and synthesis.
final class ModelBenchmark {
  static let height = 720
  static let width = 1280

  let name: String
  private let model: any InterpolationModel
  private let engine: Engine
  private let frames: Arena
  private let images: (FeatureMap, FeatureMap)

  /// nil where the model fills holes.
  init?(_ file: WeightFile, _ arithmetic: Arithmetic, threads: Int) throws {
    engine = Engine(runner: try ThreadPool(threads: threads))
    let network = try openNetwork(file, arithmetic, level: engine.kernels.level)
    guard case .interpolation(let model) = network else { return nil }
    self.model = model
    name = "\(model.info.name), \(arithmetic), \(threads) thread\(threads == 1 ? "" : "s")"
    frames = Arena(ledger: engine.ledger)
    let multiple = model.multiple
    let height = (Self.height + multiple - 1) / multiple * multiple
    let width = (Self.width + multiple - 1) / multiple * multiple
    images = (
      try noise(height, width, 3, in: frames), try noise(height, width, 3, in: frames)
    )
    // The first frame grows the arena, the second one touches its memory for the first time.
    for _ in 0..<2 { _ = try measure() }
  }

  /// Durations of one frame's steps, with one of its two neighbours already encoded.
  func measure() throws -> [(step: String, duration: Duration)] {
    try engine.scratch.reset()
    let mark = frames.mark
    defer { frames.release(to: mark) }
    let known = try model.encode(images.0, in: frames, on: engine)
    var (encoded, pair) = (known, nil as PairFeatures?)
    let encode = try Duration { encoded = try model.encode(images.1, in: frames, on: engine) }
    let prepare = try Duration { pair = try model.prepare(known, encoded, on: engine) }
    guard let pair else { return [] }
    let decode = try Duration { _ = try model.decode(pair, t: 0.5, on: engine) }
    return [("encode", encode), ("prepare", prepare), ("decode", decode)]
  }

  /// Multiply-adds of one frame, as counted while running.
  func multiplyAdds() throws -> Int {
    engine.statistics.multiplyAdds = 0
    _ = try measure()
    return engine.statistics.multiplyAdds
  }
}
