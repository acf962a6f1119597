// SPDX-License-Identifier: MIT
import TestSupport
import Testing
import VFIEngine

/// Nothing beside a frame's samples is read or written: the process would end.
@Suite struct FrameBoundsTests {
  @Test(arguments: PixelFormat.allCases) func nothingBesideSamplesIsTouched(format: PixelFormat)
    throws
  {
    for (width, height) in [(1, 1), (2, 3), (3, 2), (4, 4), (5, 5), (6, 2), (33, 18), (64, 16)] {
      let description = try FrameDescription(format: format, width: width, height: height)
      for side in GuardedMap.Side.allCases {
        for level in CPU.machineLevels {
          let engine = Engine(
            kernels: KernelTable(level: level), runner: try ThreadPool(threads: 1))
          try touchAll(description, side, engine)
        }
      }
    }
  }

  private func touchAll(
    _ description: FrameDescription, _ side: GuardedMap.Side, _ engine: Engine
  ) throws {
    var random = SeededRandom(1)
    let source = try GuardedFrame(description)
    source.randomise(&random)
    let a = try PageFrame(copyOf: source, guarded: side, on: engine)
    let still = try PageFrame(copyOf: source, guarded: side, on: engine)
    source.randomise(&random)
    let b = try PageFrame(copyOf: source, guarded: side, on: engine)
    let out = try PageFrame(copyOf: source, guarded: side, on: engine)
    for factor in [1, 2, 4] {
      let size = description.imageSize(reducedBy: factor, multiple: 4)
      let image = GuardedMap(
        height: size.height, width: size.width, channels: 3, guarded: side)
      try a.frame.loadRGB(into: image.map, reducedBy: factor, on: engine)
      let motion = TestMotion(
        height: size.height, width: size.width, factor: factor, reach: 50, &random)
      try synthesise(a.frame, b.frame, motion: motion.field, into: out.frame, on: engine)
      try synthesise(a.frame, still.frame, motion: motion.field, into: out.frame, on: engine)
      withExtendedLifetime((image, motion)) {}
    }
    _ = try SceneCut.score(a.frame, b.frame, on: engine)
    try Frame.blend(a.frame, b.frame, t: 0.5, into: out.frame, on: engine)
    #expect(a.frame.isEqual(to: still.frame))
    withExtendedLifetime((a, b, still, out)) {}
  }
}
