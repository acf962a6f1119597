// SPDX-License-Identifier: MIT
import Glibc
import TestSupport
import Testing
import VFIEngine

/// Two samples a pixel, and four.
private let layouts: [MotionField.Layout] = [.warpPair, .candidates]

@Suite struct SynthesisTests {
  /// Positions of up to 100 pixels have a float's error of 8e-6, times a step of 255 codes.
  private static let tolerance = 0.01

  @Test(arguments: PixelFormat.allCases, layouts)
  func equalsTheNaiveTwin(format: PixelFormat, layout: MotionField.Layout) throws {
    for (width, height) in [(67, 35), (16, 8), (1, 9), (9, 1), (2, 2), (1, 1), (33, 17)] {
      let description = try FrameDescription(format: format, width: width, height: height)
      for (level, negative) in zip(CPU.machineLevels + [.portable], [false, true, true, false]) {
        let (a, b, out) = try randomFrames(description, negative: negative)
        var random = SeededRandom(7)
        let motion = TestMotion(layout, for: description, reach: 9, &random)
        try merge(a, b, motion, into: out, level: level)
        #expect(synthesisError(a, b, motion, out) < Self.tolerance, "\(width) x \(height) \(level)")
        #expect(a.guardsAreIntact && b.guardsAreIntact && out.guardsAreIntact)
      }
    }
  }

  /// Neighbouring pixels come from neighbouring places, on one row, on two, or on more; also at the edges.
  @Test(arguments: PixelFormat.allCases, layouts)
  func smoothMotion(format: PixelFormat, layout: MotionField.Layout) throws {
    let description = try FrameDescription(format: format, width: 150, height: 24)
    let spacing = layout == .candidates ? 2 : 1
    for (slope, bend) in [(0, 0), (0.04, 0.01), (-0.06, 0.2), (0.3, -0.4)] as [(Float, Float)] {
      let motion = TestMotion(layout, height: 28 / spacing, width: 156 / spacing) { y, x in
        let (u, v) = (Float(x * spacing), Float(y * spacing))
        let pair = [bend * u - 9, slope * u + 0.1 * v, 7 - bend * u, 0.7 - slope * u]
        return layout == .candidates
          ? pair + pair.map { 1 - $0 } + [0.3, 0.3, 0.2, 0.2, 0.1, 0, -0.1, 0]
          : pair + [0.5, 0.1, 0, -0.1]
      }
      for level in CPU.machineLevels {
        let (a, b, out) = try randomFrames(description, negative: slope < 0)
        try merge(a, b, motion, into: out, level: level)
        #expect(synthesisError(a, b, motion, out) < Self.tolerance, "\(slope) \(bend) \(level)")
        #expect(a.guardsAreIntact && b.guardsAreIntact && out.guardsAreIntact)
      }
    }
  }

  @Test(arguments: Int32(0)...6, layouts)
  func everySite(location: Int32, layout: MotionField.Layout) throws {
    let color = ColorDescription(chromaLocation: location)
    for format in [PixelFormat.yuv420p10, .yuv422p8, .nv12] {
      let description = try FrameDescription(format: format, width: 30, height: 20, color: color)
      let (a, b, out) = try randomFrames(description)
      var random = SeededRandom(3)
      let motion = TestMotion(layout, for: description, reach: 4, &random)
      try merge(a, b, motion, into: out)
      #expect(synthesisError(a, b, motion, out) < Self.tolerance)
    }
  }

  @Test(arguments: [2, 4], layouts)
  func reducedMotion(factor: Int, layout: MotionField.Layout) throws {
    for format in [PixelFormat.yuv420p8, .gbrpf32, .rgb24, .yuv422p10] {
      let description = try FrameDescription(format: format, width: 37, height: 23)
      let (a, b, out) = try randomFrames(description)
      var random = SeededRandom(5)
      let motion = TestMotion(layout, for: description, factor: factor, reach: 3, &random)
      for level in CPU.machineLevels {
        try merge(a, b, motion, into: out, level: level)
        #expect(synthesisError(a, b, motion, out) < Self.tolerance)
      }
    }
  }

  @Test func premultipliedAlphaIsNotWeighed() throws {
    for format in [PixelFormat.bgra, .yuva420p8] {
      let description = try FrameDescription(
        format: format, width: 20, height: 12, color: ColorDescription(alphaMode: 1))
      let (a, b, out) = try randomFrames(description)
      var random = SeededRandom(5)
      let motion = TestMotion(height: 12, width: 20, reach: 3, &random)
      try merge(a, b, motion, into: out)
      #expect(synthesisError(a, b, motion, out) < Self.tolerance)
    }
  }

  @Test(arguments: PixelFormat.allCases, layouts)
  func anyThreadsSameBytes(format: PixelFormat, layout: MotionField.Layout) throws {
    let description = try FrameDescription(format: format, width: 61, height: 43)
    let (a, b, out) = try randomFrames(description)
    var random = SeededRandom(11)
    let motion = TestMotion(layout, for: description, reach: 5, &random)
    try merge(a, b, motion, into: out)
    let once = out.bytes
    for threads in 2...3 {
      try merge(a, b, motion, into: out, threads: threads)
      #expect(out.bytes == once)
    }
  }

  @Test(arguments: PixelFormat.allCases) func constantFlowTranslates(format: PixelFormat) throws {
    let description = try FrameDescription(
      format: format, width: 64, height: 48, color: ColorDescription(alphaMode: 1))
    let (a, _, out) = try randomFrames(description)
    let (b, _, _) = try randomFrames(description, seed: 2)
    // The picture moves by (8, -4) from a to b, by half of it to the new frame.
    func picture(_ index: Int, _ y: Int, _ x: Int) -> Float { a[index, y, x] }
    let layout = format.layout
    for index in 0..<layout.componentCount {
      let c = layout.components[index]
      let shift = (x: 8 >> c.shiftX, y: -4 >> c.shiftY)
      for y in 0..<description.height(of: c) {
        for x in 0..<description.width(of: c) {
          let (v, u) = (y - shift.y, x - shift.x)
          guard v >= 0, u >= 0, v < description.height(of: c), u < description.width(of: c) else {
            continue
          }
          b[index, y, x] = a[index, v, u]
        }
      }
    }
    let motion = TestMotion(height: 48, width: 64) { _, _ in [-4, 2, 4, -2, 0.3, 0, 0, 0] }
    try merge(a, b, motion, into: out)
    var wrong = 0
    for index in 0..<layout.componentCount {
      let c = layout.components[index]
      for y in (4 >> c.shiftY)..<description.height(of: c) - (4 >> c.shiftY) {
        for x in (8 >> c.shiftX)..<description.width(of: c) - (8 >> c.shiftX) {
          let expected = a[index, y + (2 >> c.shiftY), x - (4 >> c.shiftX)]
          let allowed: Float = format == .gbrpf32 ? 1e-6 : 0
          if abs(out[index, y, x] - expected) > allowed { wrong += 1 }
        }
      }
    }
    #expect(wrong == 0)
  }

  @Test(arguments: PixelFormat.allCases, layouts)
  func stillSceneStays(format: PixelFormat, layout: MotionField.Layout) throws {
    let description = try FrameDescription(format: format, width: 45, height: 31)
    let (a, _, out) = try randomFrames(description)
    var random = SeededRandom(9)
    let motion = TestMotion(layout, for: description, reach: 1, &random)
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

  @Test(arguments: PixelFormat.allCases, layouts)
  func hostileMotion(format: PixelFormat, layout: MotionField.Layout) throws {
    let description = try FrameDescription(format: format, width: 33, height: 18)
    let (a, b, out) = try randomFrames(description)
    for value: Float in [.nan, .infinity, -.infinity, 1e30, -1e30, 3e9, 0] {
      let motion = TestMotion(layout, height: 18, width: 33) { y, _ in
        [Float](repeating: y % 2 == 0 ? value : 0, count: 16)
      }
      for level in CPU.machineLevels {
        try merge(a, b, motion, into: out, level: level)
        try merge(a, a, motion, into: out, level: level)
      }
    }
    #expect(out.guardsAreIntact)
  }

  /// Rows more than 2^31 bytes apart; only the pages that are used take memory.
  @Test(arguments: [1_200_000_000, -1_200_000_000]) func rowsFarApart(stride: Int) throws {
    let description = try FrameDescription(format: .gray8, width: 24, height: 3)
    let size = 2 * abs(stride) + 4096
    guard let memory = mmap(nil, size, PROT_READ | PROT_WRITE, mapFlags, -1, 0),
      memory != MAP_FAILED
    else { return }
    defer { munmap(memory, size) }
    let plane = FramePlane(base: memory + max(0, -2 * stride), stride: stride)
    let far = try Frame(description: description, planes: InlineArray(repeating: plane))
    let (a, b, out) = try randomFrames(description)
    let engine = Engine(runner: try ThreadPool(threads: 2))
    try a.frame.copy(to: far, on: engine)
    var random = SeededRandom(4)
    let motion = TestMotion(height: 3, width: 24, reach: 3, &random)
    try synthesise(far, b.frame, motion: motion.field, into: out.frame, on: engine)
    #expect(synthesisError(a, b, motion, out) < Self.tolerance)
  }

  private let mapFlags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE

  @Test func floatsAreNotLimited() throws {
    let description = try FrameDescription(format: .gbrpf32, width: 16, height: 16)
    let a = try GuardedFrame(description)
    a.fill { index, y, x in Float(index) * 4 - 3 + Float(x + y) / 16 }
    let b = try GuardedFrame(description)
    b.fill { index, y, x in Float(index) * 4 - 2 + Float(x + y) / 16 }
    let out = try GuardedFrame(description)
    let motion = TestMotion(height: 16, width: 16) { _, _ in [0, 0, 0, 0, 0, 0, 0, 0] }
    try merge(a, b, motion, into: out)
    #expect(abs(out[0, 0, 0] + 2.5) < 1e-5 && abs(out[2, 0, 0] - 5.5) < 1e-5)
  }

  @Test func colorOfTransparencyDoesNotBleed() throws {
    let description = try FrameDescription(format: .bgra, width: 16, height: 16)
    let a = try GuardedFrame(description)
    // Left half opaque and dark, right half transparent and bright; half a pixel of motion.
    a.fill { index, _, x in index == 3 ? (x < 8 ? 255 : 0) : (x < 8 ? 20 : 250) }
    let out = try GuardedFrame(description)
    let motion = TestMotion(height: 16, width: 16) { _, _ in [0.5, 0, 0.5, 0, 0, 0, 0, 0] }
    let b = try GuardedFrame(description)
    b.fill { index, _, x in index == 3 ? (x < 8 ? 255 : 0) : (x < 8 ? 23 : 250) }
    try merge(a, b, motion, into: out)
    #expect(out[0, 5, 7] == 22 && out[3, 5, 7] == 128)
    #expect(out[0, 5, 12] == 250 && out[3, 5, 12] == 0)
  }
}

@Suite struct StaticBlocksTests {
  /// Frames of `picture(frame, y, x)`, and the frame between them under `motion`.
  private func between(
    _ picture: (Int, Int, Int) -> Float, _ motion: (Int, Int) -> [Float]
  ) throws -> GuardedFrame {
    let description = try FrameDescription(format: .gray8, width: 96, height: 48)
    let a = try GuardedFrame(description)
    let b = try GuardedFrame(description)
    let out = try GuardedFrame(description)
    a.fill { picture(0, $1, $2) }
    b.fill { picture(1, $1, $2) }
    let field = TestMotion(height: 48, width: 96, motion)
    let engine = Engine(runner: try ThreadPool(threads: 2))
    try synthesise(a.frame, b.frame, motion: field.field, into: out.frame, on: engine)
    withExtendedLifetime((a, b, field)) {}
    return out
  }

  private func texture(_ y: Int, _ x: Int) -> Float { Float((x * 37 + y * 91 + x * y) % 200) }

  @Test func logoStaysOverMotion() throws {
    // A textured logo stands in 24..<72; around it another texture moves by 6 a frame.
    let out = try between(
      { frame, y, x in
        (24..<72).contains(x) ? texture(y, x) : texture(y + 31, x + 6 * frame)
      }, { _, _ in [3, 0, -3, 0, 0, 0.2, 0.2, 0.2] })
    for y in 0..<48 { for x in 32..<64 { #expect(out[0, y, x] == texture(y, x)) } }
  }

  @Test func smallDifferencesAreStatic() throws {
    let out = try between(
      { frame, y, x in texture(y, x) + Float(frame) }, { _, _ in [1, 1, -1, -1, 0, 0.3, 0.3, 0.3] })
    for y in 0..<48 { for x in 0..<96 { #expect(abs(out[0, y, x] - texture(y, x)) <= 1) } }
  }

  @Test func whatPassesIsShown() throws {
    // A ball of 12 pixels jumps by 64 over still ground; halfway it covers what is still in both.
    func isBall(_ y: Int, _ x: Int, at left: Int) -> Bool {
      (18..<30).contains(y) && (left..<left + 12).contains(x)
    }
    let out = try between(
      { frame, y, x in isBall(y, x, at: 10 + 64 * frame) ? 250 : texture(y, x) },
      { y, x in isBall(y, x, at: 42) ? [-32, 0, 32, 0, 0, 0, 0, 0] : [0, 0, 0, 0, 0, 0, 0, 0] })
    for y in 18..<30 { for x in 42..<54 { #expect(out[0, y, x] == 250) } }
    for y in 0..<10 { for x in 0..<96 { #expect(out[0, y, x] == texture(y, x)) } }
  }
}
