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

  /// Share of the votes of all frames for a view that does not move.
  private static let fixedShare: Float = 0.6
  /// The same of a single frame that may count then; not higher, or one frame more or less flickers.
  private static let frameShare: Float = 0.5
  /// Frames that are asked first: where the view has moved in all of them, that is all.
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
    // Bit k: the frame of number k below shows the pixel.
    let seen = try engine.scratch.grid(UInt32(0), height: alpha.height, width: alpha.width)
    let view = try FixedView(part, hole, on: engine)
    var hasMoved = true
    for number in Self.others(Self.firstAsked, of: window.frames.count, around: index) {
      let mark = engine.scratch.mark
      defer { engine.scratch.release(to: mark) }
      let other = try window.hole(number, in: engine.scratch, on: engine)
      let votes = try view.votes(try window.part(number), other, on: engine)
      if votes.share >= Self.frameShare { hasMoved = false }
    }
    if hasMoved { return [] }
    let shot = try shot()
    var numbers: [Int] = []
    var total = FixedView.Votes()
    for number in Self.others(Self.stillFrames, of: window.frames.count, around: index)
    where shot.contains(number) {
      let mark = engine.scratch.mark
      defer { engine.scratch.release(to: mark) }
      let other = try window.hole(number, in: engine.scratch, on: engine)
      let votes = try view.votes(try window.part(number), other, on: engine)
      total += votes
      guard votes.share >= Self.frameShare else { continue }
      try engine.forEachRows(seen.height) { first, end in
        for y in first..<end {
          for x in 0..<seen.width where other.pixels[y, x] == 0 { seen[y, x] |= 1 << numbers.count }
        }
      }
      numbers.append(number)
    }
    guard total.share >= Self.fixedShare else { return [] }
    var frames: [StillFrame] = []
    for (bit, number) in numbers.enumerated() {
      let part = try window.part(number)
      frames.append(StillFrame(part: part, offsets: try offsets(part, seen, bit, on: engine)))
    }
    for component in 0..<sums.count { try collectStill(component, frames, seen, on: engine) }
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
    _ component: Int, _ frames: [StillFrame], _ seen: Grid<UInt32>, on engine: Engine
  ) throws(VFIError) {
    let samples = frames.map { ComponentSamples($0.part, component) }
    let offsets = frames.map { $0.offsets[component] }
    let layout = samples[0].layout
    try engine.forEachRows(samples[0].height) { first, end in
      for y in first..<end {
        for x in 0..<samples[0].width where hole.contains(layout, y, x) {
          guard let found = Self.stillSample(samples, offsets, seen, y, x) else { continue }
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
    _ frames: [ComponentSamples], _ offsets: [Float], _ seen: Grid<UInt32>, _ y: Int, _ x: Int
  ) -> (value: Float, weight: Float)? {
    let bits = Self.frames(seen, frames[0].layout, y, x)
    guard bits.nonzeroBitCount > 1 else { return nil }
    var values = SortedValues()
    for (bit, frame) in frames.enumerated() where bits >> bit & 1 != 0 {
      values.insert(frame[y, x] + offsets[bit])
    }
    let median = values.median
    var distances = SortedValues()
    for index in 0..<values.count { distances.insert(abs(values[index] - median)) }
    // The deviation of noise around its median.
    let deviation = 1.5 * distances.median
    let unit = frames[0].maximum / 255
    var (sum, count) = (Float(0), Float(0))
    for index in 0..<values.count where abs(values[index] - median) <= 2 * deviation + unit {
      sum += values[index] - median
      count += 1
    }
    let ratio = deviation / (unit * stillDeviation)
    let square = ratio * ratio
    // Few samples tell little of whether a place stands still.
    let sureness = 1 - 1 / Float(values.count)
    let weight = stillWeight * sureness / (1 + square * square * square * square)
    return weight > 0 ? (median + sum / count, weight) : nil
  }
}

/// The region of a frame that stands still, and what must be added to its components.
private struct StillFrame {
  let part: Frame
  let offsets: [Float]
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
