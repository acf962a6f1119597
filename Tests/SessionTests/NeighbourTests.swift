// SPDX-License-Identifier: MIT
import TestSupport
import Testing
import VFIEngine

/// Frames beside a pair, with the model inside the library.
@Suite struct NeighbourTests {
  private let description: FrameDescription

  init() throws { description = try FrameDescription(format: .gray8, width: 192, height: 128) }

  /// A smooth texture at `x(n) = 3 n^2 + 4 n`, so that half-way it stands at 2.75, not at 3.5.
  private func frame(_ n: Double) throws -> GuardedFrame {
    let frame = try GuardedFrame(description)
    let shift = 3 * n * n + 4 * n
    frame.fill { Float(Self.texture(Double($1), Double($2) - shift)) }
    return frame
  }

  private static func texture(_ y: Double, _ x: Double) -> Double {
    func wave(_ phase: Double) -> Double {
      let turn = phase - phase.rounded(.down)
      return 16 * turn * turn * (1 - turn) * (1 - turn)
    }
    let sum = wave(x / 47) + wave(x / 83 + y / 67) + wave(y / 59 - x / 113)
    return (30 + 60 * sum).rounded()
  }

  private func session(bends: Bool = true) throws -> Interpolator {
    var settings = InterpolatorSettings()
    settings.bendsMotion = bends
    settings.sceneCut = false
    let engine = Engine(runner: try ThreadPool(threads: 2))
    return Interpolator(
      model: try openModel(.embedded(), kernels: engine.kernels), engine: engine,
      settings: settings)
  }

  private func middle(
    _ session: Interpolator, before: GuardedFrame?, after: GuardedFrame?, ids: Bool = false
  ) throws -> GuardedFrame {
    let (a, b, out) = (try frame(0), try frame(1), try GuardedFrame(description))
    try session.begin(
      a.frame, b.frame, idA: ids ? 2 : 0, idB: ids ? 3 : 0,
      before: before.map { Neighbour(frame: $0.frame, id: ids ? 1 : 0) },
      after: after.map { Neighbour(frame: $0.frame, id: ids ? 4 : 0) })
    defer { session.end() }
    _ = try session.render(1, 2, into: out.frame)
    withExtendedLifetime((a, b, before, after)) {}
    return out
  }

  /// Mean absolute difference inside of the borders.
  private func error(_ out: GuardedFrame) throws -> Float {
    let truth = try frame(0.5)
    var sum: Float = 0
    for y in 16..<112 { for x in 32..<160 { sum += abs(out[0, y, x] - truth[0, y, x]) } }
    return sum / Float(96 * 128)
  }

  @Test func accelerationIsFollowed() throws {
    let (before, after) = (try frame(-1), try frame(2))
    let linear = try error(middle(session(bends: false), before: before, after: after))
    let one = try error(middle(session(), before: before, after: nil))
    let other = try error(middle(session(), before: nil, after: after))
    let both = try error(middle(session(), before: before, after: after))
    #expect(linear > 1.5, "a straight way is wrong")
    #expect(one < 0.7 * linear && other < 0.7 * linear)
    #expect(both < 0.4 * linear)
  }

  @Test func withoutNeighboursMotionIsLinear() throws {
    let linear = try middle(session(bends: false), before: nil, after: nil)
    let bent = try middle(session(), before: nil, after: nil)
    // A repetition tells nothing.
    let (a, b) = (try frame(0), try frame(1))
    let still = try middle(session(), before: a, after: b)
    for y in 0..<128 {
      for x in 0..<192 {
        #expect(bent[0, y, x] == linear[0, y, x] && still[0, y, x] == linear[0, y, x])
      }
    }
  }

  /// Pair after pair, what was found for one is used for the next, with the same result.
  @Test func knownMotionGivesTheSame() throws {
    let frames = try (-1...4).map { try frame(Double($0)) }
    let kept = try session()
    for n in 1..<frames.count - 1 {
      let encoded = kept.engine.statistics.framesEncoded
      var results: [GuardedFrame] = []
      for ids in [true, false] {
        let session = ids ? kept : try session()
        let out = try GuardedFrame(description)
        func neighbour(_ index: Int) -> Neighbour? {
          frames.indices.contains(index)
            ? Neighbour(frame: frames[index].frame, id: ids ? UInt64(index + 1) : 0) : nil
        }
        try session.begin(
          frames[n].frame, frames[n + 1].frame, idA: ids ? UInt64(n + 1) : 0,
          idB: ids ? UInt64(n + 2) : 0, before: neighbour(n - 1), after: neighbour(n + 2))
        _ = try session.render(1, 3, into: out.frame)
        session.end()
        results.append(out)
      }
      #expect(n == 1 || kept.engine.statistics.framesEncoded <= encoded + 1)
      for y in 0..<128 {
        for x in 0..<192 { #expect(results[0][0, y, x] == results[1][0, y, x]) }
      }
    }
  }
}
