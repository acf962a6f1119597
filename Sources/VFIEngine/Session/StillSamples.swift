// SPDX-License-Identifier: MIT

/// What other frames show at the same place, for pictures that do not move behind a hole that does.
///
/// Close to an object's edge a frame shows its blur and its shadow, and the first frame that shows a
/// place shows it close to the edge. Where the picture stands still, the mean of frames from all over
/// the window that agree is nearer to the truth, and the same for each frame of a video.
extension InpaintTarget {
  /// Most frames that are looked at.
  fileprivate static let stillFrames = 32
  /// Weight of what stands still beyond doubt, so that chains, each with at most 1, do not show.
  private static let stillWeight: Float = 100
  /// Deviation from the median, in code values of 8 bits, at which the weight is halved.
  private static let stillDeviation: Float = 4

  /// Share of the places that stand still in nearly all frames, from which on the camera does, and
  /// from which on that is beyond doubt: a step would flicker.
  private static let fixedShare: ClosedRange<Float> = 0.52...0.57
  /// Least share of these places in a single frame that counts.
  private static let frameShare: Float = 0.5
  /// Frames that are asked first: where half as many places as at least stand still in them, that is
  /// all.
  private static let firstAsked = 4

  /// Numbers of at most `limit` of the other frames, from all over the window.
  private static func others(_ limit: Int, of count: Int, around index: Int) -> [Int] {
    let all = (0..<count).filter { $0 != index }
    let number = min(all.count, limit)
    return (0..<number).map { all[(2 * $0 + 1) * all.count / (2 * number)] }
  }

  /// Adds samples of the frames that show the same without motion; returns the numbers of these.
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
    for (bit, number) in Self.others(Self.firstAsked, of: count, around: index).enumerated() {
      let mark = engine.scratch.mark
      defer { engine.scratch.release(to: mark) }
      let other = try window.hole(number, in: engine.scratch, on: engine)
      try first.ask(try window.part(number), other, bit: bit, on: engine)
    }
    guard first.share >= 0.5 * Self.fixedShare.lowerBound else { return [] }
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
    let share = view.share
    guard share > Self.fixedShare.lowerBound else { return [] }
    var frames: [StillFrame] = []
    for (bit, number) in numbers.enumerated() where view.share(in: bit) >= Self.frameShare {
      let part = try window.part(number)
      let offsets = try offsets(part, seen, bit, on: engine)
      frames.append(StillFrame(part: part, bit: bit, offsets: offsets))
    }
    let sure = Self.fixedShare.position(of: share)
    let most = Self.stillWeight * sure * sure * sure
    for component in 0..<sums.count {
      try collectStill(component, frames, seen, most, on: engine)
    }
    return numbers
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
    _ component: Int, _ frames: [StillFrame], _ seen: Grid<UInt32>, _ most: Float,
    on engine: Engine
  ) throws(VFIError) {
    let frames = frames.map { StillComponent($0, component) }
    guard let layout = frames.first?.samples.layout else { return }
    try engine.forEachRows(in: bounds.samples(layout)) { rows, columns in
      for y in rows {
        for x in columns where hole.contains(layout, y, x) {
          let bits = Self.frames(seen, layout, y, x)
          guard let found = Self.stillSample(frames, bits, most, y, x) else { continue }
          sums[component][y, x] += SIMD2(found.value * found.weight, found.weight)
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

  /// The mean of what frames show of a component at a place, less the outliers, and its weight.
  ///
  /// Nil where fewer than two show it.
  private static func stillSample(
    _ frames: [StillComponent], _ bits: UInt32, _ most: Float, _ y: Int, _ x: Int
  ) -> (value: Float, weight: Float)? {
    var values = SortedValues()
    for frame in frames where bits >> frame.bit & 1 != 0 {
      values.insert(frame.samples[y, x] + frame.offset)
    }
    guard values.count > 1 else { return nil }
    let median = values.median
    var distances = SortedValues()
    for index in 0..<values.count { distances.insert(abs(values[index] - median)) }
    // The deviation of noise around its median.
    let deviation = 1.5 * distances.median
    let unit = frames[0].samples.maximum / 255
    var (sum, count) = (Float(0), Float(0))
    for index in 0..<values.count where abs(values[index] - median) <= 2 * deviation + unit {
      sum += values[index] - median
      count += 1
    }
    let ratio = deviation / (unit * stillDeviation)
    let square = ratio * ratio
    // Few samples tell little of whether a place stands still.
    let sureness = 1 - 1 / Float(values.count)
    let weight = most * sureness / (1 + square * square * square * square)
    return weight > 0 ? (median + sum / count, weight) : nil
  }
}

/// The region of a frame that stands still.
private struct StillFrame {
  let part: Frame
  let bit: Int
  /// What must be added to its components.
  let offsets: [Float]
}

/// A component of it.
private struct StillComponent {
  let samples: ComponentSamples
  let bit: Int
  let offset: Float

  init(_ frame: StillFrame, _ component: Int) {
    samples = ComponentSamples(frame.part, component)
    (bit, offset) = (frame.bit, frame.offsets[component])
  }
}

extension ClosedRange<Float> {
  /// How far from the lower bound, 0, to the upper one, 1.
  fileprivate func position(of value: Float) -> Float {
    Swift.max(0, Swift.min((value - lowerBound) / (upperBound - lowerBound), 1))
  }
}

/// Up to ``InpaintTarget/stillFrames`` numbers in order.
private struct SortedValues {
  private var values = InlineArray<32, Float>(repeating: 0)
  private(set) var count = 0

  subscript(index: Int) -> Float { values[index] }

  mutating func insert(_ value: Float) {
    var place = count
    while place > 0, values[place - 1] > value {
      values[place] = values[place - 1]
      place -= 1
    }
    values[place] = value
    count += 1
  }

  /// Of an even number, the mean of the two in the middle.
  var median: Float { 0.5 * (values[(count - 1) / 2] + values[count / 2]) }
}
