// SPDX-License-Identifier: MIT
import TestSupport
import Testing
import VFIEngine

/// Frames from four samples a pixel.
@Suite struct CandidateSynthesisTests {
  @Test(arguments: PixelFormat.allCases) func equalsTheNaiveTwin(format: PixelFormat) throws {
    for (width, height) in [(67, 35), (16, 8), (1, 9), (9, 1), (2, 2), (1, 1), (33, 17)] {
      let description = try FrameDescription(format: format, width: width, height: height)
      for (level, negative) in zip(CPU.machineLevels + [.portable], [false, true, true, false]) {
        let (a, b, out) = try randomFrames(description, negative: negative)
        var random = SeededRandom(7)
        let motion = TestMotion(
          .candidates, height: (height + 3) / 2, width: (width + 4) / 2, reach: 9, &random)
        try merge(a, b, motion, into: out, level: level)
        #expect(synthesisError(a, b, motion, out) < 0.01, "\(width) x \(height) \(level)")
        #expect(a.guardsAreIntact && b.guardsAreIntact && out.guardsAreIntact)
      }
    }
  }

  @Test(arguments: Int32(0)...6) func everySite(location: Int32) throws {
    let color = ColorDescription(chromaLocation: location)
    for format in [PixelFormat.yuv420p10, .yuv422p8, .nv12] {
      let description = try FrameDescription(format: format, width: 30, height: 20, color: color)
      let (a, b, out) = try randomFrames(description)
      var random = SeededRandom(3)
      let motion = TestMotion(.candidates, height: 10, width: 15, reach: 4, &random)
      try merge(a, b, motion, into: out)
      #expect(synthesisError(a, b, motion, out) < 0.01)
    }
  }

  @Test(arguments: [2, 4]) func reducedMotion(factor: Int) throws {
    for format in [PixelFormat.yuv420p8, .gbrpf32, .rgb24, .yuv422p10] {
      let description = try FrameDescription(format: format, width: 37, height: 23)
      let (a, b, out) = try randomFrames(description)
      var random = SeededRandom(5)
      let motion = TestMotion(
        .candidates, height: 12 / factor + 1, width: 20 / factor, factor: factor, reach: 3, &random)
      for level in CPU.machineLevels {
        try merge(a, b, motion, into: out, level: level)
        #expect(synthesisError(a, b, motion, out) < 0.01)
      }
    }
  }

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

  @Test(arguments: PixelFormat.allCases) func anyThreadsSameBytes(format: PixelFormat) throws {
    let description = try FrameDescription(format: format, width: 61, height: 43)
    let (a, b, out) = try randomFrames(description)
    var random = SeededRandom(11)
    let motion = TestMotion(.candidates, height: 24, width: 32, reach: 5, &random)
    try merge(a, b, motion, into: out)
    let once = out.bytes
    for threads in 2...3 {
      try merge(a, b, motion, into: out, threads: threads)
      #expect(out.bytes == once)
    }
  }

  @Test(arguments: PixelFormat.allCases) func stillSceneStays(format: PixelFormat) throws {
    let description = try FrameDescription(format: format, width: 45, height: 31)
    let (a, _, out) = try randomFrames(description)
    var random = SeededRandom(9)
    let motion = TestMotion(.candidates, height: 16, width: 23, reach: 1, &random)
    for level in CPU.machineLevels {
      try merge(a, a, motion, into: out, level: level)
      var worst: Float = 0
      for index in 0..<format.layout.componentCount {
        let c = format.layout.components[index]
        for y in 0..<description.height(of: c) {
          for x in 0..<description.width(of: c) {
            worst = max(worst, abs(out[index, y, x] - a[index, y, x]))
          }
        }
      }
      #expect(worst <= (format == .gbrpf32 ? 1e-6 : 0))
    }
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

  @Test(arguments: PixelFormat.allCases) func hostileMotion(format: PixelFormat) throws {
    let description = try FrameDescription(format: format, width: 33, height: 18)
    let (a, b, out) = try randomFrames(description)
    for value: Float in [.nan, .infinity, -.infinity, 1e30, -1e30, 3e9, 0] {
      let motion = TestMotion(.candidates, height: 9, width: 17) { y, _ in
        [Float](repeating: y % 2 == 0 ? value : 0, count: 16)
      }
      for level in CPU.machineLevels {
        try merge(a, b, motion, into: out, level: level)
        try merge(a, a, motion, into: out, level: level)
      }
    }
    #expect(out.guardsAreIntact)
  }
}
