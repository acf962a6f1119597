// SPDX-License-Identifier: MIT

extension Inpainter {
  /// An upper bound of the bytes for holes that lie within `bounds`, nil = anywhere, of frames like
  /// `description`; 0 where the bounds lie outside of the picture.
  ///
  /// As with ``Interpolator/memoryRequired(model:description:workers:settings:)``, two small sizes
  /// are tried and the line through them is followed to the region that is worked on. Cost: a few
  /// holes of at most 256 x 256; with a network, which sees whole frames, of half of that.
  package static func memoryRequired(
    _ description: FrameDescription, bounds: PixelRectangle?, settings: InpaintSettings,
    workers: Int, network: (any RecurrentInpainter)? = nil
  ) throws(VFIError) -> Int {
    let (width, height) = (description.width, description.height)
    let whole = PixelRectangle(x: 0, y: 0, width: width, height: height)
    guard let hole = (bounds ?? whole).clipped(width: width, height: height) else { return 0 }
    let region =
      network == nil
      ? hole.widened(by: settings.dilation + margin, width: width, height: height) : whole
    let small = network == nil ? 128 : 64
    let low = try memory(description.format, side: small, settings, workers, network)
    let high = try memory(description.format, side: 2 * small, settings, workers, network)
    let seen = network == nil ? 0 : RecurrentFiller.bytesPerPixel
    let perPixel = Double(high - low) / Double(3 * small * small) + Double(seen)
    let base = max(0, Double(low) - perPixel * Double(small * small))
    // Beside the region, the search for cuts reads rows of the whole picture.
    let rows = Double(2 * workers * (width + FrameDescription.maximumSize / 64) * 4)
    // Memory comes in blocks, so that a picture below the smaller size may take as much as that.
    let pixels = max(Double(low), base + perPixel * Double(region.width * region.height))
    var fills = 0
    if network == nil {
      // Beside one fill: the others, one in another region, and how sure each pixel of them is.
      let part = try FrameDescription(
        format: description.format, width: region.width, height: region.height)
      fills =
        fillCount * FrameBuffer.bytes(part)
        + fillCount * (region.width * region.height + 128)
    }
    return Int(pixels * 1.1 + rows) + fills + 65536
  }

  /// Most fills that are held.
  private static let fillCount = 2 * FillSpan.furthest + 1

  /// An upper bound of the bytes of motion that is kept from frame to frame of a video, besides, and of
  /// marks of masks.
  package static func keptMemoryRequired(
    _ description: FrameDescription, bounds: PixelRectangle?, settings: InpaintSettings,
    lookBack: Int, lookAhead: Int
  ) -> Int {
    let (width, height) = (description.width, description.height)
    let whole = PixelRectangle(x: 0, y: 0, width: width, height: height)
    guard let hole = (bounds ?? whole).clipped(width: width, height: height) else { return 0 }
    let region = hole.widened(by: settings.dilation + margin, width: width, height: height)
    let window = lookBack + 1 + lookAhead
    var pairs = min(2 * nearest + FillSpan.furthest, window - 1)
    let side = max(lookBack, lookAhead)
    var reached = nearest
    while reached < side - FillSpan.reach(side) {
      let next = min(distance(after: reached), side - FillSpan.reach(side))
      pairs += max(0, window - (next - reached))
      reached = next
    }
    // Of a pair, two flows at a quarter of the size; hole and mask have a byte a pixel.
    let cells = (max(16, region.width) / 4 + 1) * (max(16, region.height) / 4 + 1)
    let marks = window * ((width + 7) / 8 * height + 128)
    return pairs * (cells * 16 + 128) + 2 * region.width * region.height + 128 + marks
  }

  /// Most bytes held while a hole of almost all of a `side` x `side` frame is filled.
  private static func memory(
    _ format: PixelFormat, side: Int, _ settings: InpaintSettings, _ workers: Int,
    _ network: (any RecurrentInpainter)?
  ) throws(VFIError) -> Int {
    let engine = Engine(runner: CountingRunner(workers))
    let description = try FrameDescription(format: format, width: side, height: side)
    let gray = try FrameDescription(format: .gray8, width: side, height: side)
    // Frames that are not counted: one that comes again and again, the result, and two masks.
    let buffers = (0..<4).map { _ in FrameBuffer(ledger: MemoryLedger()) }
    defer { withExtendedLifetime(buffers) {} }
    var frames: [Frame] = []
    for (index, buffer) in buffers.enumerated() {
      let frame = try buffer.frame(index < 2 ? description : gray)
      try frame.clear(on: engine)
      frames.append(frame)
    }
    let known = min(2 * settings.dilation + 8, side / 2)
    let marks = ComponentSamples(frames[2], 0)
    for y in 0..<side { for x in known..<side { marks[y, x] = 1 } }
    // With a network three frames are enough. Without, so many that fills are averaged; the
    // others have no hole, so that all is found soon.
    let reach = network == nil ? FillSpan.sidePerFill : 1
    _ = try Inpainter(engine: engine, network: network).inpaint(
      (-reach...reach).map { _ in frames[0] },
      masks: (-reach...reach).map { frames[network != nil || $0 == 0 ? 2 : 3] }, index: reach,
      settings: settings, into: frames[1])
    return engine.ledger.peakBytes
  }
}
