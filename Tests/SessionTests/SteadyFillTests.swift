// SPDX-License-Identifier: MIT
import TestSupport
import Testing
import VFIEngine

/// The mean of the fills of neighbours, against one made of these fills by themselves.
@Suite struct SteadyFillTests {
  private let description: FrameDescription
  private let hole = PixelRectangle(x: 60, y: 44, width: 30, height: 28)

  init() throws {
    description = try FrameDescription(format: .gray8, width: 160, height: 120)
  }

  private func inpainter() throws -> Inpainter {
    var settings = InterpolatorSettings()
    settings.sceneCut = false
    return Inpainter(
      engine: Engine(runner: try ThreadPool(threads: 2)), settings: settings)
  }

  /// A texture that moves by `velocity` pixels a frame to the right, with noise of its own in each.
  private func frames(_ count: Int, velocity: Int, noise: Float) throws -> [GuardedFrame] {
    var random = SeededRandom(11)
    var table = [Float](repeating: 0, count: 64 * 64)
    for place in table.indices { table[place] = Float.random(in: 60...190, using: &random) }
    return try (0..<count).map { number in
      let frame = try GuardedFrame(description)
      frame.fill { _, y, x in
        // Spots of 5 x 5 pixels.
        let u = x - velocity * number + 1000
        return table[(y / 5) % 64 * 64 + (u / 5) % 64]
          + noise * Float.random(in: -1...1, using: &random)
      }
      return frame
    }
  }

  private func fill(
    _ frames: ArraySlice<GuardedFrame>, index: Int, isSteady: Bool
  ) throws -> GuardedFrame {
    let out = try GuardedFrame(description)
    var settings = InpaintSettings()
    (settings.dilation, settings.feather, settings.isSteady) = (0, 0, isSteady)
    _ = try inpainter().inpaint(
      frames.map(\.frame), masks: [], rectangles: [hole], index: index, settings: settings,
      into: out.frame)
    withExtendedLifetime(frames) {}
    return out
  }

  /// Mean difference in the hole.
  private func difference(
    _ a: GuardedFrame, _ expected: (_ y: Int, _ x: Int) -> Float
  ) -> Float {
    var sum: Float = 0
    for y in hole.y..<hole.y + hole.height {
      for x in hole.x..<hole.x + hole.width {
        sum += abs(a[0, y, x] - expected(y, x))
      }
    }
    return sum / Float(hole.width * hole.height)
  }

  @Test(arguments: [(25, 12, 0), (25, 12, 4), (13, 6, 4), (13, 2, 0), (11, 5, 0)])
  func isTheMeanOfTheFillsOfNeighbours(count: Int, index: Int, velocity: Int) throws {
    // Of what stands still fills differ by the noise beside the hole only.
    let frames = try frames(count, velocity: velocity, noise: velocity > 0 ? 4 : 8)
    let span = FillSpan(count: count, index: index)
    let numbers = span.numbers
    var fills: [(number: Int, frame: GuardedFrame)] = []
    for number in numbers {
      let range = span.window(of: number)
      fills.append(
        (number, try fill(frames[range], index: number - range.lowerBound, isSteady: false)))
    }
    let steady = try fill(frames[...], index: index, isSteady: true)
    func mean(_ y: Int, _ x: Int) -> Float {
      fills.reduce(0) { $0 + $1.frame[0, y, x + velocity * ($1.number - index)] }
        / Float(fills.count)
    }
    let found = difference(steady, mean)
    let alone = difference(try fill(frames[...], index: index, isSteady: false), mean)
    // Weights and motion differ from 1 and from the truth by little.
    #expect(
      found < 1.5 && (numbers.count == 1 || alone > 1.5 * found),
      "\(found) and \(alone)")
  }

  @Test func unseenPartsDoNotFlicker() throws {
    let frames = try frames(26, velocity: 0, noise: 25)
    func change(_ isSteady: Bool) throws -> Float {
      let pair = try (12...13).map {
        try fill(frames[$0 - 12..<$0 + 13], index: 12, isSteady: isSteady)
      }
      return difference(pair[0]) { y, x in pair[1][0, y, x] }
    }
    #expect(try change(true) < 0.6 * change(false))
  }

  @Test func fillsOfAStreamAreMadeOnce() {
    for (back, ahead) in [(22, 22), (20, 20), (5, 5), (6, 6), (12, 2), (9, 0), (0, 6), (1, 1)] {
      var windows: [Int: Set<Range<Int>>] = [:]
      // Frames in the middle of a long video.
      for frame in 100..<140 {
        let span = FillSpan(count: back + ahead + 1, index: back)
        for number in span.numbers {
          let window = span.window(of: number)
          let first = frame - back
          #expect(window.contains(number) && window.upperBound <= back + ahead + 1)
          windows[first + number, default: []].insert(
            first + window.lowerBound..<first + window.upperBound)
        }
      }
      for frame in 105..<135 { #expect(windows[frame]?.count == 1) }
    }
  }

  @Test func fillsOfAShortVideoAreMadeOnce() {
    // Windows of 45 frames: 22 on either side.
    var windows: [Int: Set<Range<Int>>] = [:]
    for frame in 3..<28 {
      let (first, last) = (max(0, frame - 22), min(30, frame + 22))
      guard frame - first != last - frame else { continue }
      let span = FillSpan(count: last - first + 1, index: frame - first)
      for number in span.numbers {
        let window = span.window(of: number)
        windows[first + number, default: []].insert(
          first + window.lowerBound..<first + window.upperBound)
      }
    }
    for frame in 5..<26 { #expect(windows[frame]?.count == 1) }
  }

  @Test func windowsOfFillsLieInTheWindow() {
    for count in 1...50 {
      for index in 0..<count {
        let span = FillSpan(count: count, index: index)
        #expect(span.numbers.contains(index) && (0..<count).contains(span.numbers))
        for number in span.numbers {
          let window = span.window(of: number)
          #expect(window.contains(number) && (0..<count).contains(window))
        }
        // Short windows are looked at as a whole.
        if count <= 6 { #expect(span.numbers.count == 1 && span.window(of: index) == 0..<count) }
      }
    }
  }
}
