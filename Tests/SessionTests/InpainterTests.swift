// SPDX-License-Identifier: MIT
import Glibc
import TestSupport
import Testing
import VFIEngine

@Suite struct InpainterTests {
  private let description: FrameDescription

  init() throws {
    description = try FrameDescription(format: .gray8, width: 160, height: 120)
  }

  private func inpainter(threads: Int = 2, cancellation: Cancellation = .never()) throws
    -> Inpainter
  {
    // Waves that move by more than a cell of the thumbnail look like a cut.
    var settings = InterpolatorSettings()
    settings.sceneCut = false
    return Inpainter(
      engine: Engine(runner: try ThreadPool(threads: threads), cancellation: cancellation),
      settings: settings)
  }

  /// A texture that moves by `velocity` a frame and grows brighter by `fade`.
  private func frames(
    _ count: Int, velocity: (x: Int, y: Int) = (3, 1), fade: Float = 0
  ) throws -> [GuardedFrame] {
    try (0..<count).map { number in
      let frame = try GuardedFrame(description, padding: 5)
      frame.fill { _, y, x in
        let (u, v) = (Float(x - velocity.x * number), Float(y - velocity.y * number))
        let waves =
          30 * sinf(0.21 * u + 0.05 * v) + 30 * sinf(0.17 * v - 0.08 * u)
          + 20 * sinf(0.47 * u + 0.31 * v)
        return 110 + waves + fade * Float(number)
      }
      return frame
    }
  }

  /// Frames are views: whoever made them must keep them until the call is over.
  private func inpaint(
    _ inpainter: Inpainter, _ frames: [GuardedFrame], masks: [GuardedFrame] = [],
    rectangles: [PixelRectangle] = [], index: Int, into out: GuardedFrame
  ) throws -> InpaintInfo {
    defer { withExtendedLifetime((frames, masks, out)) {} }
    return try inpainter.inpaint(
      frames.map(\.frame), masks: masks.map(\.frame), rectangles: rectangles, index: index,
      into: out.frame)
  }

  /// Mean absolute difference of two frames in a rectangle.
  private func error(_ a: GuardedFrame, _ b: GuardedFrame, _ part: PixelRectangle) -> Float {
    var sum: Float = 0
    for y in part.y..<part.y + part.height {
      for x in part.x..<part.x + part.width { sum += abs(a[0, y, x] - b[0, y, x]) }
    }
    return sum / Float(part.width * part.height)
  }

  /// Writes `value` to a rectangle.
  private func spoil(_ frame: GuardedFrame, _ part: PixelRectangle, _ value: Float) {
    for y in part.y..<part.y + part.height {
      for x in part.x..<part.x + part.width { frame[0, y, x] = value }
    }
  }

  @Test(arguments: [0, 4 as Float]) func findsWhatMovesOutOfTheHole(fade: Float) throws {
    let hole = PixelRectangle(x: 70, y: 50, width: 14, height: 16)
    let (clean, spoilt) = (try frames(9, fade: fade), try frames(9, fade: fade))
    for frame in spoilt { spoil(frame, hole, 255) }
    let out = try GuardedFrame(description, padding: 1)
    let inpainter = try inpainter()
    let alone = try inpaint(inpainter, [spoilt[4]], rectangles: [hole], index: 0, into: out)
    #expect(alone.propagated == 0 && alone.framesUsed == 0)
    let blurred = error(out, clean[4], hole)
    let info = try inpaint(inpainter, spoilt, rectangles: [hole], index: 4, into: out)
    #expect(info.propagated > info.filled * 9 / 10 && info.framesUsed > 2)
    #expect(error(out, clean[4], hole) < 3)
    #expect(blurred > 3 * error(out, clean[4], hole))
    #expect(out.guardsAreIntact)
  }

  @Test func farFramesShowWhatSlowMotionHidesForLong() throws {
    let hole = PixelRectangle(x: 60, y: 40, width: 30, height: 40)
    let (clean, spoilt) = (
      try frames(41, velocity: (1, 0)), try frames(41, velocity: (1, 0))
    )
    for frame in spoilt { spoil(frame, hole, 255) }
    let out = try GuardedFrame(description)
    let inpainter = try inpainter()
    let near = try inpaint(
      inpainter, Array(spoilt[15...25]), rectangles: [hole], index: 5, into: out)
    #expect(near.framesUsed == 10 && near.propagated < near.filled * 2 / 3)
    let far = try inpaint(inpainter, spoilt, rectangles: [hole], index: 20, into: out)
    // The fills of five frames look at five neighbours, and at those at 10 and 18, on both sides.
    #expect(far.framesUsed == 34 && far.propagated > far.filled * 9 / 10)
    #expect(error(out, clean[20], hole) < 6)
  }

  @Test func motionIsKeptForAsLongAsItIsNeeded() throws {
    let frames = try frames(24)
    let out = try GuardedFrame(description)
    let hole = PixelRectangle(x: 70, y: 50, width: 34, height: 36)
    let ledger = MemoryLedger()
    var settings = InterpolatorSettings()
    settings.sceneCut = false
    let inpainter = Inpainter(
      engine: Engine(runner: try ThreadPool(threads: 2), ledger: ledger), settings: settings)
    func bytes(first: Int, contents: [UInt64]) throws -> Int {
      _ = try inpainter.inpaint(
        frames[first..<first + 9].map(\.frame), contents: contents, masks: [],
        rectangles: [hole], index: 4, into: out.frame)
      return ledger.currentBytes
    }
    var held: [Int] = []
    for first in 0..<16 {
      held.append(
        try bytes(first: first, contents: (first..<first + 9).map { UInt64($0 + 1) }))
    }
    // A pair leaves the window for each that enters, and leaves its memory to it.
    #expect(held[15] == held[2])
    #expect(try bytes(first: 15, contents: []) < held[15])
    withExtendedLifetime((frames, out)) {}
  }

  private func mask(_ hole: PixelRectangle) throws -> GuardedFrame {
    let mask = try GuardedFrame(description)
    mask.fill { _, _, _ in 0 }
    spoil(mask, hole, 1)
    return mask
  }

  @Test func stillPicturesComeBackBitByBit() throws {
    // The hole moves over a picture that does not.
    let clean = try frames(5, velocity: (0, 0))
    let spoilt = try frames(5, velocity: (0, 0))
    var masks: [GuardedFrame] = []
    for (number, frame) in spoilt.enumerated() {
      let hole = PixelRectangle(x: 30 + 24 * number, y: 50, width: 16, height: 20)
      spoil(frame, hole, 0)
      masks.append(try mask(hole))
    }
    let out = try GuardedFrame(description)
    for index in 0..<5 {
      let info = try inpaint(try inpainter(), spoilt, masks: masks, index: index, into: out)
      #expect(info.propagated == info.filled)
      #expect(out.bytes == clean[index].bytes)
    }
  }

  @Test(arguments: [0, 2 as Float]) func shadowsBesideAMovingHoleDoNotShowInAStillPicture(
    noise: Float
  ) throws {
    let clean = try frames(21, velocity: (0, 0))
    let spoilt = try frames(21, velocity: (0, 0))
    var random = SeededRandom(7)
    var masks: [GuardedFrame] = []
    for (number, frame) in spoilt.enumerated() {
      frame.fill { _, y, x in
        clean[number][0, y, x] + noise * Float.random(in: -1...1, using: &random)
      }
      let hole = PixelRectangle(x: 4 + 6 * number, y: 50, width: 16, height: 20)
      spoil(frame, PixelRectangle(x: hole.x - 3, y: 42, width: 28, height: 36), 30)
      masks.append(try mask(hole))
    }
    let (out, next) = (try GuardedFrame(description), try GuardedFrame(description))
    _ = try inpaint(try inpainter(), spoilt, masks: masks, index: 10, into: out)
    let hole = PixelRectangle(x: 64, y: 50, width: 16, height: 20)
    #expect(error(out, clean[10], hole) <= 0.5 * noise)
    // Nor does it flicker.
    _ = try inpaint(try inpainter(), spoilt, masks: masks, index: 11, into: next)
    let both = PixelRectangle(x: 70, y: 50, width: 10, height: 20)
    #expect(error(out, next, both) <= 0.5 * noise)
  }

  @Test func flatPartsThatMoveAreNotTakenForStill() throws {
    // Tiles of one value each; after some frames a place shows another one, and for longer.
    let moving = try (0..<21).map { number in
      let frame = try GuardedFrame(description)
      frame.fill { _, y, x in
        let (row, column) = (y / 16, (x + 200 - 2 * number) / 24)
        return Float(40 + (row * 5 + column * 11) % 17 * 10)
      }
      return frame
    }
    let clean = try GuardedFrame(description)
    clean.fill { _, y, x in moving[0][0, y, x] }
    var masks: [GuardedFrame] = []
    for (number, frame) in moving.enumerated() {
      let hole = PixelRectangle(x: 60, y: 30 + 3 * number, width: 20, height: 16)
      spoil(frame, hole, 255)
      masks.append(try mask(hole))
    }
    let out = try GuardedFrame(description)
    _ = try inpaint(try inpainter(), moving, masks: masks, index: 0, into: out)
    let found = error(out, clean, PixelRectangle(x: 60, y: 30, width: 20, height: 16))
    #expect(found < 5)
  }

  @Test func cancelledCallsThrowAndLeaveTheNextOneAlone() throws {
    let cancellation = Cancellation.never()
    let inpainter = try inpainter(cancellation: cancellation)
    let frame = try frames(1)[0]
    let out = try GuardedFrame(description)
    let hole = PixelRectangle(x: 70, y: 50, width: 14, height: 16)
    cancellation.cancel()
    #expect(throws: VFIError.cancelled) {
      _ = try inpaint(inpainter, [frame], rectangles: [hole], index: 0, into: out)
    }
    cancellation.reset()
    let info = try inpaint(inpainter, [frame], rectangles: [hole], index: 0, into: out)
    #expect(info.filled > 14 * 16)
  }

  @Test func unlikeArgumentsThrow() throws {
    let inpainter = try inpainter()
    let frame = try frames(1)[0]
    let out = try GuardedFrame(description)
    let other = try GuardedFrame(
      try FrameDescription(format: .gray8, width: 159, height: 120))
    let color = try GuardedFrame(
      try FrameDescription(format: .yuv420p8, width: 160, height: 120))
    let wrong: [([GuardedFrame], [GuardedFrame], Int, GuardedFrame)] = [
      ([frame], [other], 0, out), ([frame], [color], 0, out), ([frame], [frame, frame], 0, out),
      ([frame], [frame], 1, out), ([frame], [frame], -1, out), ([frame, other], [frame], 0, out),
      ([], [], 0, out), ([frame], [frame], 0, frame), ([frame], [frame], 0, color),
    ]
    for (frames, masks, index, out) in wrong {
      #expect(throws: VFIError.self) {
        _ = try inpaint(inpainter, frames, masks: masks, index: index, into: out)
      }
    }
    for (dilation, feather) in [(-1, 0), (65, 0), (4, 5), (4, -1)] {
      var settings = InpaintSettings()
      (settings.dilation, settings.feather) = (dilation, feather)
      #expect(throws: VFIError.self) {
        _ = try inpainter.inpaint(
          [frame.frame], masks: [frame.frame], index: 0, settings: settings, into: out.frame)
      }
    }
    withExtendedLifetime((frame, out)) {}
  }
}
