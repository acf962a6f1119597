// SPDX-License-Identifier: MIT
// Motion that is not linear in time: Xu et al., "Quadratic Video Interpolation", NeurIPS 2019.
import Glibc

/// The flows that start at one frame, and those that lead back to it, `[h, w, 2]` in pixels of that
/// size.
package struct FlowsAround {
  /// To the other frame of the pair.
  package let ahead: FeatureMap
  package let aheadBack: FeatureMap
  /// To the neighbour on the other side.
  package let behind: FeatureMap
  package let behindBack: FeatureMap
  /// The interval on the other side, in intervals of the pair.
  package let interval: Float

  package init(
    ahead: FeatureMap, aheadBack: FeatureMap, behind: FeatureMap, behindBack: FeatureMap,
    interval: Float
  ) {
    self.ahead = ahead
    self.aheadBack = aheadBack
    self.behind = behind
    self.behindBack = behindBack
    self.interval = interval
  }
}

/// How much the motion of each pixel changes in the interval of a pair.
package enum Acceleration {
  /// Cells on each side of one over which accelerations are averaged.
  package static let reach = 2
  /// Share of known cells among those from which on their mean counts.
  package static let leastShare: Float = 0.3
  /// How much of it is believed where one side of the pair tells, and where both do.
  ///
  /// One side alone sees the change from the interval before, not that to the interval after.
  package static let trust: (one: Float, both: Float) = (0.65, 1)

  /// Acceleration at the pixels of a frame, `[h, w, 4]`: x, y, 1 where it is known, 0.
  ///
  /// Positions in intervals of the pair are `x(1) = v + a/2` and, with the interval r on the other
  /// side, `x(-r) = -r v + r^2 a/2`; so `a = 2 (x(1) + x(-r)/r) / (1 + r)`. It is known where both
  /// flows find their way back.
  package static func measure(
    _ flows: FlowsAround, into output: FeatureMap, on engine: Engine
  ) throws(VFIError) {
    let (height, width) = (output.height, output.width)
    guard output.channels == 4, output.pixelStride == 4,
      [flows.ahead, flows.aheadBack, flows.behind, flows.behindBack].allSatisfy({
        $0.height == height && $0.width == width && $0.channels == 2 && $0.pixelStride == 2
      }), flows.interval > 0
    else { throw .defect("acceleration: wrong sizes") }
    let mark = engine.scratch.mark
    defer { engine.scratch.release(to: mark) }
    let raw = try engine.scratch.map(height: height, width: width, channels: 4)
    let scale = 2 / (1 + flows.interval)
    try engine.forEachRows(height) { first, end in
      for y in first..<end {
        for x in 0..<width {
          let ahead = vector(flows.ahead, y, x)
          let behind = vector(flows.behind, y, x)
          let known =
            returns(ahead, flows.aheadBack, y, x) && returns(behind, flows.behindBack, y, x)
          let value = known ? scale * (ahead + behind / flows.interval) : .zero
          store(SIMD4(value.x, value.y, known ? 1 : 0, 0), raw, y, x)
        }
      }
    }
    let across = try engine.scratch.map(height: height, width: width, channels: 4)
    try sum(raw, into: across, step: (0, 1), on: engine)
    try sum(across, into: output, step: (1, 0), on: engine)
    try engine.forEachRows(height) { first, end in
      for y in first..<end {
        for x in 0..<width {
          let total = load(output, y, x)
          let cells = Float(cells(y, height) * cells(x, width))
          let isKnown = total.z > leastShare * cells
          let mean = isKnown ? total / total.z : .zero
          store(SIMD4(mean.x, mean.y, isKnown ? 1 : 0, 0), output, y, x)
        }
      }
    }
  }

  /// What is believed of the acceleration at the pixels of a frame, `[h, w, 2]`, from its own `here`
  /// and that of the pair's other frame, to which `flow` leads; each `[h, w, 4]` or not known at all.
  package static func join(
    _ here: FeatureMap?, _ there: FeatureMap?, flow: FeatureMap, into output: FeatureMap,
    on engine: Engine
  ) throws(VFIError) {
    guard output.channels == 2, output.pixelStride == 2, flow.hasSize(of: output),
      flow.pixelStride == 2
    else { throw .defect("acceleration: wrong sizes") }
    try engine.forEachRows(output.height) { first, end in
      for y in first..<end {
        for x in 0..<output.width {
          var total = SIMD4<Float>.zero
          if let here { total += load(here, y, x) }
          if let there { total += sample(there, y, x, vector(flow, y, x)) }
          // From `one` at one side to half of `both`, since total is a sum, at two.
          let second = min(max(total.z - 1, 0), 1)
          let trusted = total * (trust.one + second * (trust.both / 2 - trust.one))
          let place = unsafe output.base + 2 * (y * output.width + x)
          unsafe (place[0], place[1]) = (trusted.x, trusted.y)
        }
      }
    }
  }

  /// The motions at `instant` for which candidates are fixed points: `departure` is such that a pixel
  /// has gone `time departure` at that time, `arrival` such that `(1 - time) arrival` is left.
  ///
  /// `isReversed`: the flow is that of the later frame, so that its time is 1 - t.
  package static func bend(
    _ flow: FeatureMap, by acceleration: FeatureMap, at instant: Instant, isReversed: Bool,
    departure: FeatureMap, arrival: FeatureMap, on engine: Engine
  ) throws(VFIError) {
    guard flow.hasSize(of: acceleration), flow.hasSize(of: departure), flow.hasSize(of: arrival)
    else { throw .defect("acceleration: wrong sizes") }
    let width = flow.width
    try engine.forEachRows(flow.height) { first, end in
      for pixel in first * width..<end * width {
        var time: Float
        switch instant {
        case .constant(let t): time = t
        case .perPixel(let map): time = unsafe map.base[pixel]
        }
        if isReversed { time = 1 - time }
        for c in 2 * pixel..<2 * pixel + 2 {
          let (motion, change) = unsafe (flow.base[c], acceleration.base[c])
          unsafe departure.base[c] = motion - 0.5 * (1 - time) * change
          unsafe arrival.base[c] = motion + 0.5 * time * change
        }
      }
    }
  }

  /// Sums over `reach` cells on both sides, as far as there are any.
  private static func sum(
    _ input: FeatureMap, into output: FeatureMap, step: (y: Int, x: Int), on engine: Engine
  ) throws(VFIError) {
    try engine.forEachRows(input.height) { first, end in
      for y in first..<end {
        for x in 0..<input.width {
          var total = SIMD4<Float>.zero
          for offset in -reach...reach {
            let (row, column) = (y + offset * step.y, x + offset * step.x)
            guard row >= 0, row < input.height, column >= 0, column < input.width else { continue }
            total += load(input, row, column)
          }
          store(total, output, y, x)
        }
      }
    }
  }

  /// Cells of a window around `place` that lie within `0..<count`.
  private static func cells(_ place: Int, _ count: Int) -> Int {
    min(count - 1, place + reach) - max(0, place - reach) + 1
  }

  /// Whether the way along `flow` and back misses by little: in pixels of 1/4.
  private static func returns(
    _ flow: SIMD2<Float>, _ back: FeatureMap, _ y: Int, _ x: Int
  ) -> Bool {
    let miss = flow + sample(back, y, x, flow)
    return length(miss) < 0.4 + 0.05 * length(flow)
  }

  private static func length(_ vector: SIMD2<Float>) -> Float { sqrtf((vector * vector).sum()) }

  private static func vector(_ map: FeatureMap, _ y: Int, _ x: Int) -> SIMD2<Float> {
    let place = unsafe map.base + 2 * (y * map.width + x)
    return unsafe SIMD2(place[0], place[1])
  }

  private static func load(_ map: FeatureMap, _ y: Int, _ x: Int) -> SIMD4<Float> {
    unsafe UnsafeRawPointer(map.base + 4 * (y * map.width + x)).loadUnaligned(
      as: SIMD4<Float>.self)
  }

  private static func store(_ value: SIMD4<Float>, _ map: FeatureMap, _ y: Int, _ x: Int) {
    unsafe UnsafeMutableRawPointer(map.base + 4 * (y * map.width + x)).storeBytes(
      of: value, as: SIMD4<Float>.self)
  }

  private static func sample(
    _ map: FeatureMap, _ y: Int, _ x: Int, _ flow: SIMD2<Float>
  ) -> SIMD2<Float> {
    interpolated(map, y, x, flow, vector)
  }

  private static func sample(
    _ map: FeatureMap, _ y: Int, _ x: Int, _ flow: SIMD2<Float>
  ) -> SIMD4<Float> {
    interpolated(map, y, x, flow, load)
  }

  /// The bilinear mean of the four cells around `(x, y) + flow`, each as `cell` reads it.
  @inline(__always)
  private static func interpolated<Cell: SIMD<Float>>(
    _ map: FeatureMap, _ y: Int, _ x: Int, _ flow: SIMD2<Float>,
    _ cell: (_ map: FeatureMap, _ y: Int, _ x: Int) -> Cell
  ) -> Cell {
    let (corner, fraction) = corner(map, y, x, flow)
    func row(_ y: Int) -> Cell {
      let (left, right) = (cell(map, y, corner.left), cell(map, y, corner.right))
      return left + (right - left) * fraction.x
    }
    let upper = row(corner.top)
    return upper + (row(corner.bottom) - upper) * fraction.y
  }

  private typealias Corner = (top: Int, bottom: Int, left: Int, right: Int)

  /// The four cells around `(x, y) + flow`, limited to the map; not a number counts as 0.
  private static func corner(
    _ map: FeatureMap, _ y: Int, _ x: Int, _ flow: SIMD2<Float>
  ) -> (Corner, SIMD2<Float>) {
    func limited(_ value: Float, _ count: Int) -> Float {
      value > 0 ? min(value, Float(count - 1)) : 0
    }
    let (px, py) = (limited(Float(x) + flow.x, map.width), limited(Float(y) + flow.y, map.height))
    let (left, top) = (Int(px), Int(py))
    return (
      (top, min(top + 1, map.height - 1), left, min(left + 1, map.width - 1)),
      SIMD2(px - Float(left), py - Float(top))
    )
  }
}
