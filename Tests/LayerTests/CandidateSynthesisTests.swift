// SPDX-License-Identifier: MIT
import TestSupport
import Testing
import VFIEngine

/// What only frames from four samples a pixel have; the rest is in ``SynthesisTests``.
@Suite struct CandidateSynthesisTests {
  /// A sample that is not taken may be wrong by all codes, but weighs less than 1/512.
  @Test func littleWeightLittleError() throws {
    let description = try FrameDescription(format: .gray8, width: 64, height: 32)
    let (a, b, out) = try randomFrames(description)
    var random = SeededRandom(6)
    let motion = TestMotion(.candidates, height: 16, width: 32) { y, _ in
      let small = Float(y) / 16 / 512
      return (0..<8).map { _ in Float.random(in: -5...5, using: &random) }
        + [small, 0.6 - small, small, 0.4 - small, 0, 0, 0, 0]
    }
    try merge(a, b, motion, into: out)
    #expect(synthesisError(a, b, motion, out) < 2 * 255.0 / 512)
  }

  @Test func logoStaysOverMotion() throws {
    let description = try FrameDescription(format: .gray8, width: 96, height: 48)
    let (a, b, out) = try randomFrames(description)
    func texture(_ y: Int, _ x: Int) -> Float { Float((x * 37 + y * 91 + x * y) % 200) }
    // A textured logo stands in 24..<72; around it another texture moves by 6 a frame.
    func picture(_ frame: Int, _ y: Int, _ x: Int) -> Float {
      (24..<72).contains(x) ? texture(y, x) : texture(y + 31, x + 6 * frame)
    }
    a.fill { picture(0, $1, $2) }
    b.fill { picture(1, $1, $2) }
    let motion = TestMotion(.candidates, height: 24, width: 48) { _, _ in
      [3, 0, -3, 0, 1, 1, -1, -1, 0.4, 0.4, 0.1, 0.1, 0.2, 0.2, 0.2, 0]
    }
    for level in CPU.machineLevels {
      try merge(a, b, motion, into: out, level: level)
      for y in 0..<48 { for x in 32..<64 { #expect(out[0, y, x] == texture(y, x)) } }
      #expect(out[0, 24, 4] != texture(55, 4))
    }
  }
}
