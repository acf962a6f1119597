// SPDX-License-Identifier: MIT
import Glibc
import TestSupport
import Testing
import VFIEngine

/// Fixed cameras are told from moving ones by what drawn scenes show beside a large walker.
@Suite struct FixedViewTests {
  enum Camera: CaseIterable {
    // These stand still.
    case tripod, noiseAndLight, crowd
    // These do not.
    case slowPan, zoom, handheld, alongEdges

    var isFixed: Bool {
      switch self {
      case .tripod, .noiseAndLight, .crowd: true
      case .slowPan, .zoom, .handheld, .alongEdges: false
      }
    }
  }

  private static let (width, height, count) = (240, 144, 17)
  /// Right of it everything moves before ``Camera/crowd``.
  private static let crowdsEdge = 70

  private struct Wave {
    let (x, y, phase): (Float, Float, Float)
  }

  private let waves: [Wave]

  init() {
    var random = SeededRandom(5)
    waves = (0..<12).map { _ in
      let length = Float.random(in: 8...40, using: &random)
      let (angle, phase) = (
        Float.random(in: 0...3.14, using: &random), Float.random(in: 0...6.28, using: &random)
      )
      return Wave(x: 6.28 / length * cosf(angle), y: 6.28 / length * sinf(angle), phase: phase)
    }
  }

  private func texture(_ x: Float, _ y: Float) -> Float {
    let sum = waves.reduce(0) { $0 + 9 * sinf($1.x * x + $1.y * y + $1.phase) }
    return max(10, min(120 + sum, 220))
  }

  /// What a frame shows at a place, but for the walker.
  private func scene(
    _ camera: Camera, _ number: Int, _ random: inout SeededRandom
  ) -> (_ y: Int, _ x: Int) -> Float {
    let time = Float(number)
    let shake = SIMD2(
      Float.random(in: -2...2, using: &random), Float.random(in: -2...2, using: &random))
    var noise = random
    return { y, x in
      let (x, y) = (Float(x), Float(y))
      switch camera {
      case .tripod: return texture(x, y)
      case .noiseAndLight:
        let light = 1 + 0.1 * sinf(0.4 * time)
        return light * texture(x, y) + Float.random(in: -4...4, using: &noise)
      case .crowd: return texture(x < Float(Self.crowdsEdge) ? x : x - 3 * time, y)
      case .slowPan: return texture(x + 0.25 * time, y)
      case .zoom:
        let scale = 1 + 0.004 * time
        return texture((x - 120) * scale + 120, (y - 72) * scale + 72)
      case .handheld: return texture(x + shake.x, y + shake.y)
      // Stakes, and the meadow below them.
      case .alongEdges: return texture(x, y < 80 ? 0 : y + 0.5 * time)
      }
    }
  }

  private func walker(_ number: Int, height: Int) -> PixelRectangle {
    let left = 10 + 8 * number
    return PixelRectangle(
      x: left, y: 10, width: min(70, Self.width - left), height: min(120, height - 10))
  }

  /// Asks all frames, and tells of what the one in the middle sees.
  private func look(
    _ camera: Camera, height: Int = Self.height, _ body: (FixedView, Engine) throws -> Void
  ) throws {
    let engine = Engine(runner: try ThreadPool(threads: 2))
    let description = try FrameDescription(
      format: .gray8, width: Self.width, height: height)
    var random = SeededRandom(9)
    var holes: [Hole] = []
    let frames = try (0..<Self.count).map { number in
      let (walker, place) = (walker(number, height: height), scene(camera, number, &random))
      let frame = try GuardedFrame(description)
      frame.fill { _, y, x in place(y, x) }
      for y in walker.y..<walker.y + walker.height {
        for x in walker.x..<walker.x + walker.width { frame[0, y, x] = 255 }
      }
      let distances = try HoleDistances(
        mask: nil, rectangles: [walker], height: height, width: Self.width, reach: 0,
        in: engine.scratch, on: engine)
      holes.append(
        try Hole(
          distances, of: description, dilation: 0, in: engine.scratch, on: engine))
      return frame
    }
    let index = Self.count / 2
    let view = try FixedView(frames[index].frame, holes[index], on: engine)
    for number in 0..<Self.count where number != index {
      try view.ask(frames[number].frame, holes[number], bit: number, on: engine)
    }
    try body(view, engine)
    withExtendedLifetime(frames) {}
  }

  @Test(arguments: Camera.allCases) func cornersTellFixedCamerasFromMovingOnes(
    camera: Camera
  ) throws {
    try look(camera) { view, _ in
      let share = try #require(view.cornerShare)
      // Fills take more than 0.15 for a camera that stands still, and less than 0.1 for none.
      #expect(camera.isFixed ? share > 0.25 : share < 0.05, "\(share)")
      // Of edges alone many would seem to stand still.
      if camera == .alongEdges { #expect(try #require(view.share) > 0.15) }
    }
  }

  @Test func fewCellsTellNothing() throws {
    // Hardly anything but the walker.
    try look(.tripod, height: 24) { view, _ in
      #expect(view.cornerShare == nil)
    }
  }

  @Test func onlyPlacesNearStillCellsAreCalm() throws {
    try look(.crowd) { view, engine in
      let shares = try view.shares(on: engine)
      #expect(try #require(view.share) < 0.5)
      for y in 0..<shares.height {
        #expect(shares[y, 2] > 0.65, "\(shares[y, 2])")
        #expect(shares[y, shares.width - 3] < 0.2, "\(shares[y, shares.width - 3])")
      }
      // From the still part to the other.
      #expect(shares[9, 4] > shares[9, 10] && shares[9, 10] > shares[9, 16])
    }
  }
}
