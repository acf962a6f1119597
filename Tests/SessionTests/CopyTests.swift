// SPDX-License-Identifier: MIT
import TestSupport
import Testing
import VFIEngine

@Suite struct CopyTests {
  private let engine: Engine

  init() throws { engine = Engine(runner: try ThreadPool(threads: 2)) }

  @Test(arguments: PixelFormat.allCases) func copyIsBitExact(format: PixelFormat) throws {
    for (width, height) in [(67, 135), (1, 1), (2, 3)] {
      let description = try FrameDescription(format: format, width: width, height: height)
      var random = SeededRandom(1)
      let a = try GuardedFrame(description, padding: 3, negativeStride: true)
      for plane in 0..<format.layout.planeCount {
        for y in 0..<description.rows(plane: plane) {
          let row = a.row(plane, y)
          for x in 0..<row.count { row[x] = UInt8.random(in: 0...255, using: &random) }
        }
      }
      let out = try GuardedFrame(description, padding: 9)
      #expect(!a.frame.isEqual(to: out.frame))
      try a.frame.copy(to: out.frame, on: engine)
      #expect(a.bytes == out.bytes && a.frame.isEqual(to: out.frame))
      #expect(a.guardsAreIntact && out.guardsAreIntact)
      let last = out.row(format.layout.planeCount - 1, 0)
      last[last.count - 1] ^= 1
      #expect(!a.frame.isEqual(to: out.frame))
    }
  }

  @Test(arguments: PixelFormat.allCases) func blendIsTheWeightedMean(format: PixelFormat) throws {
    let description = try FrameDescription(format: format, width: 35, height: 70)
    var random = SeededRandom(2)
    let a = try GuardedFrame(description, padding: 1)
    let b = try GuardedFrame(description, padding: 2, negativeStride: true)
    a.randomise(&random)
    b.randomise(&random)
    let out = try GuardedFrame(description, padding: 3)
    for level in CPU.machineLevels {
      let engine = Engine(kernels: KernelTable(level: level), runner: try ThreadPool(threads: 1))
      for t: Float in [0.25, 0.5, 1.0 / 3] {
        try Frame.blend(a.frame, b.frame, t: t, into: out.frame, on: engine)
        var worst: Float = 0
        for index in 0..<format.layout.componentCount {
          let component = format.layout.components[index]
          for y in 0..<description.height(of: component) {
            for x in 0..<description.width(of: component) {
              let mean = a[index, y, x] * (1 - t) + b[index, y, x] * t
              worst = max(worst, abs(out[index, y, x] - mean))
            }
          }
        }
        #expect(worst <= (format == .gbrpf32 ? 1e-6 : 0.501))
        #expect(out.guardsAreIntact)
      }
    }
  }
}
