// SPDX-License-Identifier: MIT

extension FrameRepairer {
  /// An upper bound of the bytes for windows of `window` frames like `description`, less what the
  /// interpolator holds for a lost frame.
  ///
  /// Found as ``Inpainter/memoryRequired(_:bounds:settings:workers:)`` does it. Cost: a few frames of
  /// at most 256 x 256.
  package static func memoryRequired(
    _ description: FrameDescription, window: Int, workers: Int
  ) throws(VFIError) -> Int {
    let (width, height) = (description.width, description.height)
    let small = 128
    let low = try analysisMemory(description.format, side: small, workers)
    let high = try analysisMemory(description.format, side: 2 * small, workers)
    let perPixel = Double(high - low) / Double(3 * small * small)
    let base = max(0, Double(low) - perPixel * Double(small * small))
    let analysis = base + perPixel * Double(width * height)
    let map = FrameBuffer.bytes(
      try FrameDescription(format: .gray8, width: width, height: height))
    let holes = try Inpainter.memoryRequired(
      description, bounds: nil, settings: RepairSettings().inpaint, workers: workers)
    return Int(analysis * 1.1) + window * map + holes
  }

  /// Most bytes held while a `side` x `side` frame is looked at and while one is predicted.
  private static func analysisMemory(
    _ format: PixelFormat, side: Int, _ workers: Int
  ) throws(VFIError) -> Int {
    let engine = Engine(runner: CountingRunner(workers))
    let description = try FrameDescription(format: format, width: side, height: side)
    // Frames that are not counted: a window and the result.
    let buffers = (0..<6).map { _ in FrameBuffer(ledger: MemoryLedger()) }
    defer { withExtendedLifetime(buffers) {} }
    var frames: [Frame] = []
    for buffer in buffers {
      let frame = try buffer.frame(description)
      try frame.clear(on: engine)
      frames.append(frame)
    }
    let window = frames[..<5].map { SuspectFrame($0) }
    _ = try FrameAnalyzer(engine: engine).analyze(window, index: 2)
    try frames[0].extrapolate(from: frames[1], by: 1, into: frames[5], on: engine)
    return engine.ledger.peakBytes
  }
}
