// SPDX-License-Identifier: MIT
import TestSupport
import Testing
import VFIEngine

@Suite struct PlanesToFeaturesTests {
  /// A colour that changes linearly over the picture, so that interpolation between samples is
  /// exact, and steeply enough that half a pixel is seen.
  private func ramp(_ x: Double, _ y: Double) -> SIMD3<Double> {
    SIMD3(0.2 + 0.015 * x, 0.8 - 0.012 * x + 0.004 * y, 0.1 + 0.018 * y)
  }

  private func rampFrame(_ description: FrameDescription, padding: Int = 0, negative: Bool = false)
    throws -> GuardedFrame
  {
    let frame = try GuardedFrame(description, padding: padding, negativeStride: negative)
    let layout = description.format.layout
    frame.fill { index, y, x in
      let component = layout.components[index]
      let site = naiveSite(component, x, y, description)
      let code = naiveCode(ramp(site.x, site.y), component.component, description)
      return layout.sampleType == .float ? Float(code) : Float(code.rounded())
    }
    return frame
  }

  /// Rounding to codes costs half a code in each component; the matrix adds them up.
  private func tolerance(_ format: PixelFormat) -> Double {
    format == .gbrpf32 ? 1e-5 : 1.7 / Double((1 << format.layout.depth) - 1)
  }

  private func check(
    _ frame: GuardedFrame, factor: Int = 1, multiple: Int = 16,
    level: CPULevel = CPU.level, threads: Int = 2
  ) throws {
    let description = frame.frame.description
    let engine = Engine(
      kernels: KernelTable(level: level), runner: try ThreadPool(threads: threads))
    let size = description.imageSize(reducedBy: factor, multiple: multiple)
    let guarded = GuardedMap(height: size.height, width: size.width, channels: 3)
    try frame.frame.loadRGB(into: guarded.map, reducedBy: factor, on: engine)
    let layout = description.format.layout
    let border = layout.isSubsampled ? 2 : 0
    var worst = 0.0
    for y in border..<description.height / factor - border {
      for x in border..<description.width / factor - border {
        let centre = Double(factor - 1) / 2
        var expected = ramp(Double(x * factor) + centre, Double(y * factor) + centre)
        if layout.componentCount == 1 {
          let luma = expected.x * 0.299 + expected.y * 0.587 + expected.z * 0.114
          expected = SIMD3(repeating: luma)
        }
        for c in 0..<3 { worst = max(worst, abs(Double(guarded.map[y, x, c]) - expected[c])) }
      }
    }
    #expect(worst <= tolerance(description.format))
    for y in 0..<guarded.map.height {
      for x in 0..<guarded.map.width {
        let row = min(y, (description.height + factor - 1) / factor - 1)
        let column = min(x, (description.width + factor - 1) / factor - 1)
        for c in 0..<3 where guarded.map[y, x, c] != guarded.map[row, column, c] {
          Issue.record("padding at \(x), \(y)")
          return
        }
      }
    }
  }

  @Test(arguments: PixelFormat.allCases) func everyFormat(format: PixelFormat) throws {
    for (padding, negative) in [(0, false), (3, true)] {
      let description = try FrameDescription(format: format, width: 41, height: 35)
      let frame = try rampFrame(description, padding: padding, negative: negative)
      for level in CPU.machineLevels { try check(frame, level: level) }
      #expect(frame.guardsAreIntact)
    }
  }

  @Test(arguments: [2, 4]) func reduced(factor: Int) throws {
    for format in [PixelFormat.yuv420p8, .yuv422p10, .yuv444p12, .nv12, .gray8, .gbrpf32, .bgra] {
      let description = try FrameDescription(format: format, width: 43, height: 37)
      try check(try rampFrame(description), factor: factor)
    }
  }

  @Test(arguments: Int32(0)...6) func everySite(location: Int32) throws {
    let color = ColorDescription(chromaLocation: location)
    for format in [PixelFormat.yuv420p12, .yuv422p12, .p010] {
      let description = try FrameDescription(format: format, width: 40, height: 36, color: color)
      try check(try rampFrame(description))
    }
  }

  @Test(arguments: [Int32(1), 2, 4, 5, 6, 7, 9]) func everyMatrixAndRange(matrix: Int32) throws {
    for range in Int32(0)...2 {
      let color = ColorDescription(matrix: matrix, range: range)
      for format in [PixelFormat.yuv444p10, .gbrp10, .yuv420p8] {
        let description = try FrameDescription(format: format, width: 40, height: 36, color: color)
        try check(try rampFrame(description))
      }
    }
  }

  @Test func matrixIsGuessedByHeight() throws {
    for height in [719, 720] {
      let description = try FrameDescription(format: .yuv444p12, width: 4, height: height)
      let frame = try GuardedFrame(description)
      let rgb = SIMD3(0.9, 0.2, 0.4)
      frame.fill { index, _, _ in
        Float(
          naiveCode(rgb, description.format.layout.components[index].component, description)
            .rounded())
      }
      let engine = Engine(runner: try ThreadPool(threads: 1))
      let guarded = GuardedMap(height: height, width: 4, channels: 3)
      try frame.frame.loadRGB(into: guarded.map, on: engine)
      for c in 0..<3 { #expect(abs(Double(guarded.map[height - 1, 3, c]) - rgb[c]) < 0.001) }
    }
  }

  @Test func hostileFloatsBecomeColors() throws {
    let description = try FrameDescription(format: .gbrpf32, width: 6, height: 1)
    let frame = try GuardedFrame(description)
    let values: [Float] = [.nan, .infinity, -.infinity, -1, 2, 0.25]
    frame.fill { _, _, x in values[x] }
    let engine = Engine(runner: try ThreadPool(threads: 1))
    let guarded = GuardedMap(height: 1, width: 6, channels: 3)
    try frame.frame.loadRGB(into: guarded.map, on: engine)
    #expect((0..<6).map { guarded.map[0, $0, 1] } == [0, 1, 0, 0, 1, 0.25])
  }

  @Test(arguments: PixelFormat.allCases) func tinySizes(format: PixelFormat) throws {
    for width in 1...3 {
      for height in 1...3 {
        let description = try FrameDescription(format: format, width: width, height: height)
        let frame = try GuardedFrame(description, padding: 1)
        let rgb = SIMD3(0.3, 0.6, 0.5)
        frame.fill { index, _, _ in
          let code = naiveCode(rgb, format.layout.components[index].component, description)
          return format == .gbrpf32 ? Float(code) : Float(code.rounded())
        }
        let engine = Engine(runner: try ThreadPool(threads: 1))
        for factor in [1, 2, 4] {
          let guarded = GuardedMap(height: 16, width: 16, channels: 3)
          try frame.frame.loadRGB(into: guarded.map, reducedBy: factor, on: engine)
          if format.layout.componentCount == 1 { continue }
          for c in 0..<3 {
            #expect(abs(Double(guarded.map[15, 15, c]) - rgb[c]) < tolerance(format))
          }
        }
      }
    }
  }
}
