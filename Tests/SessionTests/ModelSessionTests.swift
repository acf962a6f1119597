// SPDX-License-Identifier: MIT
import TestSupport
import Testing
import VFIEngine

/// Sessions with the networks themselves, whatever their weights.
@Suite struct ModelSessionTests {
  private static func models() throws -> [any InterpolationModel] {
    let small = try IFRNetWeights.variants[0].file()
    return [try openModel(.embedded()), try openModel(small)]
  }

  private func textured(_ description: FrameDescription, _ number: Int) throws -> GuardedFrame {
    let frame = try GuardedFrame(description)
    frame.fill { index, y, x in
      Float(70 + (x * 5 + y * 3 + number * 7 + x * y / 9 + index * 20) % 120)
    }
    return frame
  }

  private func session(_ model: any InterpolationModel, threads: Int) throws -> Interpolator {
    var settings = InterpolatorSettings()
    settings.sceneCut = false
    return Interpolator(
      model: model, engine: Engine(runner: try ThreadPool(threads: threads)), settings: settings)
  }

  @Test(arguments: [(1, 1), (1, 70), (33, 17), (67, 35)])
  func anySizeAndSameBytes(size: (Int, Int)) throws {
    let description = try FrameDescription(format: .yuv420p8, width: size.0, height: size.1)
    for model in try Self.models() {
      var results: [[UInt8]] = []
      for threads in 1...3 {
        let session = try session(model, threads: threads)
        let (a, b) = (try textured(description, 0), try textured(description, 1))
        let out = try GuardedFrame(description, padding: 2)
        try session.begin(a.frame, b.frame)
        #expect(try session.render(1, 3, into: out.frame).decision == .interpolated)
        session.end()
        #expect(out.guardsAreIntact)
        results.append(out.bytes)
      }
      #expect(results[0] == results[1] && results[0] == results[2])
    }
  }

  @Test(arguments: [(96, 64), (320, 48), (40, 200)])
  func memoryIsBoundedAndLaidOutOnce(size: (Int, Int)) throws {
    let description = try FrameDescription(format: .yuv420p8, width: size.0, height: size.1)
    for model in try Self.models() {
      let bound = try Interpolator.memoryRequired(
        model: model, description: description, workers: 2)
      let session = try session(model, threads: 2)
      let ledger = session.engine.ledger
      let out = try GuardedFrame(description)
      var counts: [Int] = []
      for n in 0..<3 {
        let (a, b) = (try textured(description, n), try textured(description, n + 1))
        try session.begin(a.frame, b.frame, idA: UInt64(n + 1), idB: UInt64(n + 2))
        _ = try session.render(1, 2, into: out.frame)
        session.end()
        counts.append(ledger.allocationCount)
      }
      #expect(counts[0] == counts[1] && counts[0] == counts[2])
      #expect(ledger.peakBytes <= bound && bound <= 2 * ledger.peakBytes + 262_144)
    }
  }

  @Test func hostileFloatsDoNotTrap() throws {
    let description = try FrameDescription(format: .gbrpf32, width: 40, height: 24)
    let a = try GuardedFrame(description)
    a.fill { _, y, x in [Float.nan, .infinity, -.infinity, 1e38, -5][(x + 3 * y) % 5] }
    let b = try textured(description, 1)
    for model in try Self.models() {
      let session = try session(model, threads: 2)
      let out = try GuardedFrame(description)
      try session.begin(a.frame, b.frame)
      _ = try session.render(1, 2, into: out.frame)
      session.end()
    }
  }

  @Test(arguments: PixelFormat.allCases) func stillSceneDiffersByOneCode(format: PixelFormat) throws
  {
    let description = try FrameDescription(format: format, width: 45, height: 33)
    let a = try textured(description, 0)
    let b = try textured(description, 0)
    if format == .gbrpf32 {
      for frame in [a, b] { frame.fill { _, y, x in Float((x * 7 + y * 3) % 100) / 50 - 0.5 } }
    }
    var settings = InterpolatorSettings()
    settings.copyDuplicates = false
    let session = Interpolator(
      model: try openModel(.embedded()), engine: Engine(runner: try ThreadPool(threads: 2)),
      settings: settings)
    let out = try GuardedFrame(description)
    try session.begin(a.frame, b.frame)
    #expect(try session.render(1, 2, into: out.frame).decision == .interpolated)
    session.end()
    let layout = format.layout
    var worst: Float = 0
    for index in 0..<layout.componentCount {
      let component = layout.components[index]
      for y in 0..<description.height(of: component) {
        for x in 0..<description.width(of: component) {
          worst = max(worst, abs(out[index, y, x] - a[index, y, x]))
        }
      }
    }
    #expect(worst <= (format == .gbrpf32 ? 1e-6 : 0))
  }
}
