// SPDX-License-Identifier: MIT

/// What other frames show at the same place, for pictures that do not move behind a hole that does.
///
/// Close to an object's edge a frame shows its blur and its shadow, and the first frame that shows a
/// place shows it close to the edge. Where the picture stands still, the mean of frames from all over
/// the window that agree is nearer to the truth, and the same for each frame of a video.
extension InpaintTarget {
  /// Most frames that are looked at.
  fileprivate static let stillFrames = StillPlace.frames
  /// Weight of what stands still beyond doubt, so that chains, each with at most 1, do not show.
  private static let stillWeight: Float = 100
  /// Deviation from the median, in code values of 8 bits, at which the weight is halved.
  private static let stillDeviation: Float = 4
  /// The same of what differs from one sample to the next one in time, where light changes slowly.
  private static let smoothDeviation: Float = 2

  /// Share of the corners that stand still in nearly all frames, from which on the camera may, and
  /// from which on that is beyond doubt: a step would flicker.
  private static let fixedShare: ClosedRange<Float> = 0.1...0.15
  /// Share of all places that stand still, from which on what the hole hides may do so as well, and from
  /// which on that is beyond doubt.
  private static let calmShare: ClosedRange<Float> = 0.52...0.57
  /// The same of those around one place.
  private static let calmShareNear: ClosedRange<Float> = 0.5...0.65
  /// Least share of the still places in a single frame that counts.
  private static let frameShare: Float = 0.5
  /// Frames that are asked first: where half as many corners as at least stand still in them, that
  /// is all.
  private static let firstAsked = 4

  /// Numbers of at most `limit` of the other frames, from all over the window.
  private static func others(_ limit: Int, of count: Int, around index: Int) -> [Int] {
    let all = (0..<count).filter { $0 != index }
    let number = min(all.count, limit)
    return (0..<number).map { all[(2 * $0 + 1) * all.count / (2 * number)] }
  }

  /// Adds samples of the frames that show the same without motion; returns the numbers of these.
  ///
  /// None where the first that are asked hide the same, as under masks that come anew with each frame but
  /// do not move.
  ///
  /// `shot` finds the numbers of the frames without a cut in between, at some cost.
  func collectStill(
    _ window: InpaintWindow, index: Int, on engine: Engine,
    shot: () throws(VFIError) -> Range<Int>
  ) throws(VFIError) -> [Int] {
    let mark = engine.scratch.mark
    defer { engine.scratch.release(to: mark) }
    let count = window.frames.count
    let first = try FixedView(part, hole, on: engine)
    var isSeen = false
    for (bit, number) in Self.others(Self.firstAsked, of: count, around: index).enumerated() {
      let mark = engine.scratch.mark
      defer { engine.scratch.release(to: mark) }
      let other = try window.hole(number, in: engine.scratch, on: engine)
      isSeen = isSeen || isShown(besides: other)
      try first.ask(try window.part(number), other, bit: bit, on: engine)
    }
    guard isSeen else { return [] }
    // Beside a large object few corners may be left; then more frames may tell.
    guard first.cornerShare ?? 1 >= 0.5 * Self.fixedShare.lowerBound else { return [] }
    let shot = try shot()
    let numbers = Self.others(Self.stillFrames, of: count, around: index).filter(shot.contains)
    // Bit k: the frame of number k of them shows the pixel.
    let seen = try engine.scratch.grid(UInt32(0), height: alpha.height, width: alpha.width)
    let view = try FixedView(part, hole, on: engine)
    for (bit, number) in numbers.enumerated() {
      let mark = engine.scratch.mark
      defer { engine.scratch.release(to: mark) }
      let other = try window.hole(number, in: engine.scratch, on: engine)
      try view.ask(try window.part(number), other, bit: bit, on: engine)
      try engine.forEachRows(seen.height) { first, end in
        for y in first..<end {
          for x in 0..<seen.width where other.pixels[y, x] == 0 { seen[y, x] |= 1 << bit }
        }
      }
    }
    let fixed = Self.fixedShare.position(of: view.cornerShare ?? 0)
    guard fixed > 0 else { return [] }
    var frames: [StillFrame] = []
    for (bit, number) in numbers.enumerated() where view.share(in: bit) >= Self.frameShare {
      let part = try window.part(number)
      let offsets = try offsets(part, seen, bit, on: engine)
      frames.append(StillFrame(part: part, bit: bit, time: number - index, offsets: offsets))
    }
    let weights = try weights(view, fixed, on: engine)
    for component in 0..<sums.count {
      try collectStill(component, frames, seen, weights, on: engine)
    }
    return numbers
  }

  /// Whether a frame with another hole shows any of what this one hides.
  private func isShown(besides other: Hole) -> Bool {
    (bounds.y..<bounds.y + bounds.height).contains { y in
      (bounds.x..<bounds.x + bounds.width).contains { x in
        hole.pixels[y, x] != 0 && other.pixels[y, x] == 0
      }
    }
  }

  /// Of each cell, the weight of samples that agree.
  ///
  /// Beside a shadow nothing near may be still, though nearly all else is; and where much moves, all
  /// may be still around a place.
  private func weights(
    _ view: FixedView, _ fixed: Float, on engine: Engine
  ) throws(VFIError) -> Grid<Float> {
    let weights = try view.shares(on: engine)
    let calm = Self.calmShare.position(of: view.share ?? 0)
    for y in 0..<weights.height {
      for x in 0..<weights.width {
        let sure = fixed * max(calm, Self.calmShareNear.position(of: weights[y, x]))
        weights[y, x] = Self.stillWeight * sure * sure * sure
      }
    }
    return weights
  }

  /// What must be added to each component of a frame that stands still.
  private func offsets(
    _ part: Frame, _ seen: Grid<UInt32>, _ bit: Int, on engine: Engine
  ) throws(VFIError) -> [Float] {
    var result: [Float] = []
    for component in 0..<sums.count {
      result.append(
        try brightness(component, of: part, on: engine) { there, y, x in
          // A quarter of the samples is enough.
          guard (x | y) & 1 == 0, !hole.contains(there.layout, y, x),
            Self.frames(seen, there.layout, y, x) >> bit & 1 != 0
          else { return nil }
          return there[y, x]
        })
    }
    return result
  }

  private func collectStill(
    _ component: Int, _ frames: [StillFrame], _ seen: Grid<UInt32>, _ weights: Grid<Float>,
    on engine: Engine
  ) throws(VFIError) {
    let frames = frames.map { StillComponent($0, component) }
    guard let samples = frames.first?.samples else { return }
    let layout = samples.layout
    try engine.forEachRows(in: bounds.samples(layout)) { rows, columns in
      for y in rows {
        for x in columns where hole.contains(layout, y, x) {
          let most = weights[
            (y << layout.shiftY) / FixedView.side, (x << layout.shiftX) / FixedView.side]
          guard most > 0 else { continue }
          let bits = Self.frames(seen, layout, y, x)
          var place = StillPlace()
          for frame in frames where bits >> frame.bit & 1 != 0 {
            place.add(frame.samples[y, x] + frame.offset, time: frame.time)
          }
          guard place.count > 1 else { continue }
          let (value, weight) = Self.stillSample(place, unit: samples.maximum / 255)
          if weight > 0 { sums[component][y, x] += SIMD2(value * most * weight, most * weight) }
        }
      }
    }
  }

  /// The bits of the frames that show all pixels of a component's sample.
  private static func frames(
    _ seen: Grid<UInt32>, _ layout: ComponentLayout, _ y: Int, _ x: Int
  ) -> UInt32 {
    var bits = UInt32.max
    for row in y << layout.shiftY..<min((y + 1) << layout.shiftY, seen.height) {
      for column in x << layout.shiftX..<min((x + 1) << layout.shiftX, seen.width) {
        bits &= seen[row, column]
      }
    }
    return bits
  }

  /// What a place shows in a frame that hides it, and how sure that is, from 0 to 1.
  ///
  /// The mean where all agree. Where they do not, but each is like the one before it, light changes:
  /// then what lies between those before and after.
  private static func stillSample(
    _ place: StillPlace, unit: Float
  ) -> (value: Float, sureness: Float) {
    func sureness(_ difference: Float, half: Float) -> Float {
      let ratio = difference / (unit * half)
      let square = ratio * ratio
      return 1 / (1 + square * square * square * square)
    }
    let agreed = place.agreed(unit: unit)
    // Few samples tell little of whether a place stands still.
    let most = 1 - 1 / Float(place.count)
    let still = sureness(agreed.deviation, half: stillDeviation)
    guard agreed.deviation > unit else { return (agreed.mean, most * still) }
    let smooth = sureness(place.roughness, half: smoothDeviation)
    let value = agreed.mean + (1 - still) * (place.between - agreed.mean)
    return (value, most * max(still, smooth))
  }
}

/// The region of a frame that stands still.
private struct StillFrame {
  let part: Frame
  let bit: Int
  /// From the frame that is filled.
  let time: Int
  /// What must be added to its components.
  let offsets: [Float]
}

/// A component of it.
private struct StillComponent {
  let samples: ComponentSamples
  let bit: Int
  let time: Int
  let offset: Float

  init(_ frame: StillFrame, _ component: Int) {
    samples = ComponentSamples(frame.part, component)
    (bit, time, offset) = (frame.bit, frame.time, frame.offsets[component])
  }
}

extension ClosedRange<Float> {
  /// How far from the lower bound, 0, to the upper one, 1.
  fileprivate func position(of value: Float) -> Float {
    Swift.max(0, Swift.min((value - lowerBound) / (upperBound - lowerBound), 1))
  }
}
