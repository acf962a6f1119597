// SPDX-License-Identifier: MIT
import TestSupport
import Testing
import VFIEngine

@Suite struct SceneCutTests {
  private static let threshold = InterpolatorSettings().sceneCutThreshold

  private func score(_ a: GuardedFrame, _ b: GuardedFrame, threads: Int = 2) throws -> Double {
    let engine = Engine(runner: try ThreadPool(threads: threads))
    let score = try SceneCut.score(a.frame, b.frame, on: engine)
    withExtendedLifetime((a, b)) {}
    return score
  }

  private struct Shape {
    let centre: SIMD2<Double>
    let radius: Double
    let color: SIMD3<Double>
  }

  /// Shapes of all sizes, colours in RGB of 0...1; another seed is another scene.
  private func shapes(seed: UInt64) -> [Shape] {
    var random = SeededRandom(seed)
    func number(_ range: ClosedRange<Double>) -> Double { .random(in: range, using: &random) }
    return (0..<24).map { _ in
      Shape(
        centre: SIMD2(number(0...1), number(0...1)), radius: number(0.05...0.3),
        color: SIMD3(number(0...1), number(0...1), number(0...1)))
    }
  }

  private func color(_ shapes: [Shape], at place: SIMD2<Double>) -> SIMD3<Double> {
    let top = shapes.last {
      let distance = place - $0.centre
      return abs(distance.x) < $0.radius && abs(distance.y) < 0.7 * $0.radius
    }
    return top?.color ?? SIMD3(0.3, 0.5, 0.4)
  }

  private func frame(
    _ description: FrameDescription, seed: UInt64, movedBy shift: SIMD2<Double> = .zero,
    padding: Int = 0
  ) throws -> GuardedFrame {
    let frame = try GuardedFrame(description, padding: padding)
    let layout = description.format.layout
    let size = Double(max(description.width, description.height))
    let scene = shapes(seed: seed)
    frame.fill { index, y, x in
      let component = layout.components[index]
      let site = naiveSite(component, x, y, description) / size
      let color = color(scene, at: site - shift)
      let code = naiveCode(color, component.component, description)
      return layout.sampleType == .float ? Float(code) : Float(code.rounded())
    }
    return frame
  }

  @Test(arguments: PixelFormat.allCases) func motionIsNoCut(format: PixelFormat) throws {
    let description = try FrameDescription(format: format, width: 130, height: 74)
    let first = try frame(description, seed: 1)
    let moved = try frame(description, seed: 1, movedBy: SIMD2(0.07, -0.05), padding: 3)
    let other = try frame(description, seed: 2)
    #expect(try score(first, first) == 0)
    #expect(try score(first, moved) < Self.threshold)
    #expect(try score(first, other) > Self.threshold)
    #expect(try score(first, other) == score(other, first))
    #expect(try score(first, other) <= 100)
    for threads in [1, 3] {
      #expect(try score(first, other, threads: threads) == score(first, other))
    }
  }

  /// The score tells the same whatever the size of the picture.
  @Test(arguments: [(64, 36), (448, 252), (300, 900)]) func anySize(size: (Int, Int)) throws {
    let description = try FrameDescription(format: .gray8, width: size.0, height: size.1)
    let first = try frame(description, seed: 5)
    #expect(
      try score(first, frame(description, seed: 5, movedBy: SIMD2(0.06, 0.03))) < Self.threshold)
    #expect(try score(first, frame(description, seed: 6)) > Self.threshold)
  }

  @Test func tinyAndFlatFrames() throws {
    for (width, height) in [(1, 1), (2, 1), (1, 7), (9, 3)] {
      let description = try FrameDescription(format: .yuv420p10, width: width, height: height)
      let dark = try GuardedFrame(description)
      dark.fill { _, _, _ in 64 }
      let noisy = try GuardedFrame(description)
      noisy.fill { _, y, x in Float(64 + (x + y) % 3 * 4) }
      let bright = try GuardedFrame(description)
      bright.fill { _, _, _ in 800 }
      #expect(try score(dark, noisy) < Self.threshold)
      #expect(try score(dark, bright) > Self.threshold)
    }
  }

  @Test func hostileFloats() throws {
    let description = try FrameDescription(format: .gbrpf32, width: 20, height: 20)
    let a = try GuardedFrame(description)
    a.fill { _, y, x in [Float.nan, .infinity, -.infinity, 1e30][(x + y) % 4] }
    let b = try GuardedFrame(description)
    b.fill { _, _, _ in 0.5 }
    #expect((0...100).contains(try score(a, b)))
  }
}
