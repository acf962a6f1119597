// SPDX-License-Identifier: MIT
import TestSupport
import Testing
import VFIEngine

/// Frames in, frames out, with VINet between; what it computes is tested in `VINetTests`.
@Suite struct RecurrentFillerTests {
  private func engine(threads: Int = 2) throws -> Engine {
    Engine(runner: try ThreadPool(threads: threads))
  }

  /// The fixture's clip as frames of floats, and its masks.
  private func clip(_ fixture: Fixture) throws -> (frames: [GuardedFrame], masks: [GuardedFrame]) {
    var (frames, masks): ([GuardedFrame], [GuardedFrame]) = ([], [])
    for number in 0..<7 {
      let (image, hole) = (try fixture.map("frames", number), try fixture.map("masks", number))
      let frame = try GuardedFrame(
        FrameDescription(format: .gbrpf32, width: image.width, height: image.height), padding: 4)
      // Planes of G, B, R.
      frame.fill { index, y, x in hole[y, x, 0] == 1 ? .nan : image[y, x, (index + 1) % 3] }
      let mask = try GuardedFrame(
        FrameDescription(format: .gray8, width: image.width, height: image.height))
      mask.fill { _, y, x in 255 * hole[y, x, 0] }
      frames.append(frame)
      masks.append(mask)
    }
    return (frames, masks)
  }

  private func inpainter(_ engine: Engine, hasNetwork: Bool = true) throws -> Inpainter {
    var settings = InterpolatorSettings()
    settings.sceneCut = false
    let file = try VINetWeights.file("vinet-s")
    let network = hasNetwork ? try openInpainter(file, kernels: engine.kernels) : nil
    return Inpainter(engine: engine, settings: settings, network: network)
  }

  private let settings: InpaintSettings = {
    var settings = InpaintSettings()
    (settings.dilation, settings.feather) = (0, 0)
    return settings
  }()

  /// What the network by itself makes of frame `index`, frame after frame from the first one, when
  /// each comes as the inpainter without a network fills it.
  private func expected(
    _ clip: (frames: [GuardedFrame], masks: [GuardedFrame]), index: Int, _ fixture: Fixture
  ) throws -> [FeatureMap] {
    let engine = try engine()
    let plain = try inpainter(engine, hasNetwork: false)
    let network = try openInpainter(try VINetWeights.file("vinet-s"), kernels: engine.kernels)
    let size = try fixture.map("frames", 0)
    let memory = try network.makeMemory(
      height: size.height, width: size.width, ledger: engine.ledger)
    let start = try GuardedFrame(clip.frames[0].frame.description)
    var results: [FeatureMap] = []
    var settings = settings
    settings.isSteady = false
    for place in 0...index {
      _ = try plain.inpaint(
        clip.frames.map(\.frame), masks: clip.masks.map(\.frame), index: place,
        settings: settings, into: start.frame)
      let window = try network.offsets.map { offset in
        let number = mirroredPlace(place + offset, count: 7)
        let frame = MaskedFrame(
          image: try fixture.map("frames", number), mask: try fixture.map("masks", number))
        if offset == 0 { try start.frame.loadRGB(into: frame.image, on: engine) }
        return frame
      }
      let made = try network.fill(
        window, memory: memory, options: InpainterOptions(), on: engine)
      let kept = try fixture.arena.map(height: size.height, width: size.width, channels: 3)
      try convert(made, into: kept, on: engine)
      results.append(kept)
    }
    return results
  }

  /// Largest difference of a frame's hole from `expected`, and whether all other samples are those of
  /// the source.
  private func compare(
    _ out: GuardedFrame, _ source: GuardedFrame, _ expected: FeatureMap, _ mask: GuardedFrame
  ) -> (error: Float, keeps: Bool) {
    var (error, keeps): (Float, Bool) = (0, true)
    for y in 0..<expected.height {
      for x in 0..<expected.width {
        for index in 0..<3 {
          if mask[0, y, x] == 0 {
            let (new, old) = (out[index, y, x], source[index, y, x])
            keeps = keeps && new.bitPattern == old.bitPattern
          } else {
            error = max(error, abs(out[index, y, x] - expected[y, x, (index + 1) % 3]))
          }
        }
      }
    }
    return (error, keeps)
  }

  /// A window alone, and frame after frame, both give what the network makes of the fill.
  @Test(arguments: [false, true]) func correctsTheFill(inOrder: Bool) throws {
    let fixture = try Fixture("vinet_s")
    let (frames, masks) = try clip(fixture)
    let expected = try expected((frames, masks), index: 2, fixture)
    let out = try GuardedFrame(frames[0].frame.description)
    let filler = try inpainter(try engine())
    var settings = settings
    settings.network.continues = inOrder
    for index in inOrder ? 0..<3 : 1..<3 {
      let info = try filler.inpaint(
        frames.map(\.frame), masks: masks.map(\.frame), index: index, settings: settings,
        into: out.frame)
      #expect(info.filled == 28 && info.propagated == 0 && info.framesUsed >= 2)
      let result = compare(out, frames[index], expected[index], masks[index])
      #expect(result.error < 1e-6 && result.keeps)
    }
    #expect(out.guardsAreIntact)
  }

  /// A second pass over the same frames takes no memory.
  @Test func nothingIsAllocatedLater() throws {
    let (frames, masks) = try clip(try Fixture("vinet_s"))
    let out = try GuardedFrame(frames[0].frame.description)
    let engine = try engine(threads: 1)
    let filler = try inpainter(engine)
    var counts: [Int] = []
    for _ in 0..<3 {
      _ = try filler.inpaint(
        frames.map(\.frame), masks: masks.map(\.frame), index: 1, into: out.frame)
      counts.append(engine.ledger.allocationCount)
    }
    #expect(counts[1] == counts[2])
  }

  /// RGB becomes the code values that the formulas of H.273 give at each sample's site.
  @Test(arguments: PixelFormat.allCases, [0, 2, 3, 6] as [Int32])
  func picturesBecomeSamples(format: PixelFormat, chroma: Int32) throws {
    var color = ColorDescription()
    color.chromaLocation = chroma
    color.matrix = 1
    let description = try FrameDescription(format: format, width: 30, height: 22, color: color)
    func ramp(_ x: Double, _ y: Double) -> SIMD3<Double> {
      SIMD3(0.2 + 0.015 * x, 0.8 - 0.012 * x + 0.004 * y, 0.1 + 0.018 * y)
    }
    let engine = try engine(threads: 1)
    let picture = try engine.scratch.map(height: 24, width: 32, channels: 3)
    for y in 0..<picture.height {
      for x in 0..<picture.width {
        for c in 0..<3 { picture[y, x, c] = Float(ramp(Double(x), Double(y))[c]) }
      }
    }
    let out = try GuardedFrame(description, padding: 3)
    out.fill { _, _, _ in 0 }
    let all = PixelRectangle(x: 0, y: 0, width: 30, height: 22)
    let shares = try FillShares(
      mask: nil, rectangles: [all], description, settings: InpaintSettings(), on: engine)
    #expect(shares.filled == 30 * 22)
    try shares.write(picture, whole: false, into: out.frame, on: engine)
    let layout = format.layout
    var worst = 0.0
    for index in 0..<layout.componentCount where layout.components[index].component != .alpha {
      let component = layout.components[index]
      let margin = component.shiftX
      for y in margin..<description.height(of: component) - margin {
        for x in margin..<description.width(of: component) - margin {
          let site = naiveSite(component, x, y, description)
          let code = naiveCode(ramp(site.x, site.y), component.component, description)
          worst = max(worst, abs(code - Double(out[index, y, x])))
        }
      }
    }
    // Half a code value of rounding; floats are not rounded.
    #expect(worst < (layout.sampleType == .float ? 1e-5 : 0.51))
    #expect(out.guardsAreIntact)
  }
}
