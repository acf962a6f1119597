// SPDX-License-Identifier: MIT

/// Runs all jobs on the caller's thread, but counts as several workers.
final class CountingRunner: JobRunner {
  let maximumJobs: Int
  init(_ jobs: Int) { maximumJobs = jobs }
  func run(count: Int, job: (Int) -> Void) { for index in 0..<count { job(index) } }
}

extension Interpolator {
  /// Lays scratch memory out in one block, where the first frame has left several.
  func joinScratch() {
    guard engine.scratch.isFragmented else { return }
    // Without memory for a better layout, the next frame takes what it needs, or says so.
    if (try? engine.scratch.reset()) == nil { engine.scratch.clear() }
  }

  /// Takes all memory of a frame like `description` by making one from two gray images.
  func rehearse(_ description: FrameDescription) throws(VFIError) {
    let factor = motionFactor(description)
    let size = description.imageSize(reducedBy: factor, multiple: model.multiple)
    // What reading and writing a frame takes, row by row.
    let rows = synthesisScratchCount(description, workers: engine.workers)
    var features: [FrameFeatures] = []
    for slot in slots {
      slot.forget()
      features.append(
        try encode(size, in: slot) { image throws(VFIError) in
          _ = try engine.scratch.map(height: 1, width: 1, channels: rows)
          for y in 0..<size.height {
            for x in 0..<size.width { for c in 0..<3 { image[y, x, c] = 0.5 } }
          }
        })
    }
    let frames = features.enumerated().map { SourceFeatures(id: UInt64($0 + 1), features: $1) }
    let pair = try bent(
      frames[0], frames[1], before: looksAround ? (frames[2], 1) : nil,
      after: looksAround ? (frames[3], 1) : nil)
    var instant = Instant.constant(0.5)
    if model.takesDistance {
      let map = try distanceMap(for: pair)
      map.fill(0.5)
      instant = .perPixel(map)
    }
    // Gray is certain; a picture may not be.
    _ = try decode(pair, at: instant, factor: factor, budget: .off)
    _ = try engine.scratch.map(height: 1, width: 1, channels: rows)
  }

  /// Memory for the instants of all pixels.
  func distanceMap(for pair: PairFeatures) throws(VFIError) -> FeatureMap {
    try engine.scratch.map(
      height: pair.a.height / 4, width: pair.a.width / 4, channels: 1)
  }

  /// An upper bound of the bytes that a context takes for frames like `description`.
  ///
  /// Features grow with the number of pixels, so two small sizes are tried and the line through
  /// them is followed. Smaller sizes would say more of rows than of pixels. Cost: two frames of at
  /// most 256 x 256.
  package static func memoryRequired(
    model: any InterpolationModel, description: FrameDescription, workers: Int,
    settings: InterpolatorSettings = InterpolatorSettings()
  ) throws(VFIError) -> Int {
    let small = (128 + model.multiple - 1) / model.multiple * model.multiple
    let low = try memory(model, side: small, workers: workers, settings: settings)
    let high = try memory(model, side: 2 * small, workers: workers, settings: settings)
    let perPixel = Double(high - low) / Double(3 * small * small)
    let base = max(0, Double(low) - perPixel * Double(small * small))

    let interpolator = Interpolator(
      model: model, engine: Engine(runner: CountingRunner(workers)), settings: settings)
    let factor = interpolator.motionFactor(description)
    let size = description.imageSize(reducedBy: factor, multiple: model.multiple)
    let features = base + perPixel * Double(size.height) * Double(size.width)
    let rows = Double(synthesisScratchCount(description, workers: workers) * 4)
    return Int(features * 1.1 + rows) + 65536
  }

  /// Most bytes held while `side` x `side` frames are interpolated.
  private static func memory(
    _ model: any InterpolationModel, side: Int, workers: Int, settings: InterpolatorSettings
  ) throws(VFIError) -> Int {
    let engine = Engine(runner: CountingRunner(workers))
    var settings = settings
    settings.flowScale = 1
    let interpolator = Interpolator(model: model, engine: engine, settings: settings)
    try interpolator.configure(FrameDescription(format: .gray8, width: side, height: side))
    return engine.ledger.peakBytes
  }
}
