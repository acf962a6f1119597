// SPDX-License-Identifier: MIT

/// The region of the frame whose hole is filled, and what has been found for it so far.
@safe struct InpaintTarget {
  /// Share of the fill in a pixel: 0 outside the hole, 1 in the mask.
  let alpha: Grid<Float>
  /// Pixels of the hole.
  let filled: Int
  private let part: Frame
  private let hole: Hole
  /// 1 at pixels beside the hole, up to ``rimWidth`` away.
  private let rim: Grid<UInt8>
  /// Of each component: sums of weighted samples and of weights.
  private let sums: [Grid<SIMD2<Float>>]

  private static let rimWidth = 3
  /// Squared error, in pixels, at which the weight of a sample is halved.
  private static let halfError: Float = 1

  init(
    _ window: InpaintWindow, index: Int, settings: InpaintSettings, on engine: Engine
  ) throws(VFIError) {
    let arena = engine.scratch
    let (height, width) = (window.region.height, window.region.width)
    part = try window.part(index)
    hole = try window.hole(index, in: arena, on: engine)
    let alpha = try arena.grid(Float(0), height: height, width: width)
    let rim = try arena.grid(UInt8(0), height: height, width: width)
    var sums: [Grid<SIMD2<Float>>] = []
    for component in 0..<part.description.format.layout.componentCount {
      let samples = ComponentSamples(part, component)
      sums.append(try arena.grid(.zero, height: samples.height, width: samples.width))
    }
    self.sums = sums
    let mark = arena.mark
    defer { arena.release(to: mark) }
    let distances = try window.distances(index, in: arena, on: engine)
    var filled = 0
    for y in 0..<height {
      for x in 0..<width where hole.pixels[y, x] != 0 {
        filled += 1
        let distance = Float(distances[y, x]).squareRoot()
        let fade = Float(settings.dilation + 1) - distance
        alpha[y, x] = min(1, fade / Float(settings.feather + 1))
        for row in max(0, y - Self.rimWidth)...min(height - 1, y + Self.rimWidth) {
          for column in max(0, x - Self.rimWidth)...min(width - 1, x + Self.rimWidth)
          where hole.pixels[row, column] == 0 {
            rim[row, column] = 1
          }
        }
      }
    }
    self.alpha = alpha
    self.rim = rim
    self.filled = filled
  }

  func isRim(_ y: Int, _ x: Int) -> Bool { rim[y, x] != 0 }

  /// Pixels of the hole for which a sample was found.
  var propagated: Int {
    var count = 0
    for y in 0..<alpha.height {
      for x in 0..<alpha.width where alpha[y, x] > 0 && sums[0][y, x].y > 0 { count += 1 }
    }
    return count
  }

  /// Takes samples of the frame that a chain has come to for the pixels that it shows first.
  func collect(_ trace: HoleTrace, from sight: InpaintSight, hops: Int, on engine: Engine)
    throws(VFIError)
  {
    let mark = engine.scratch.mark
    defer { engine.scratch.release(to: mark) }
    let likeness = try RimDifference(rim, in: engine.scratch)
    for index in 0..<sums.count {
      let samples = ComponentSamples(sight.part, index)
      let offset = try brightness(trace, sight, index, on: engine)
      if index == 0 {
        try likeness.fill(on: engine) { y, x in
          guard let value = rimSample(samples, trace, sight.hole, y, x) else { return nil }
          return 255 * (here(index)[y, x] - value - offset) / samples.maximum
        }
      }
      try engine.forEachRows(samples.height) { first, end in
        for y in first..<end {
          for x in 0..<samples.width {
            guard let found = representative(trace, samples.layout, y, x),
              let value = sample(samples, sight.hole, found, y, x)
            else { continue }
            let trust = likeness.trust(y << samples.layout.shiftY, x << samples.layout.shiftX)
            let weight = trust / (Float(hops) * (1 + found.error / Self.halfError))
            if weight > 0 { sums[index][y, x] += SIMD2((value + offset) * weight, weight) }
          }
        }
      }
    }
  }

  /// The way of a component's sample: that of the first of its pixels which was found in this hop.
  private func representative(
    _ trace: HoleTrace, _ layout: ComponentLayout, _ y: Int, _ x: Int
  ) -> (motion: SIMD2<Float>, error: Float)? {
    for row in y << layout.shiftY..<min((y + 1) << layout.shiftY, alpha.height) {
      for column in x << layout.shiftX..<min((x + 1) << layout.shiftX, alpha.width) {
        let point = trace.points[row, column]
        if point.state == .found {
          return (point.place - SIMD2(Float(column), Float(row)), point.error)
        }
      }
    }
    return nil
  }

  /// A component's sample at the end of its way: bilinear, of the samples that are not hidden.
  private func sample(
    _ samples: ComponentSamples, _ hole: Hole, _ found: (motion: SIMD2<Float>, error: Float),
    _ y: Int, _ x: Int
  ) -> Float? {
    let layout = samples.layout
    let scale = SIMD2(1 / Float(1 << layout.shiftX), 1 / Float(1 << layout.shiftY))
    let place = SIMD2(Float(x), Float(y)) + found.motion * scale
    let tap = Tap(place, width: samples.width, height: samples.height)
    var sum: Float = 0
    var total: Float = 0
    for (row, rowWeight) in [(tap.top, 1 - tap.fy), (tap.bottom, tap.fy)] {
      for (column, columnWeight) in [(tap.left, 1 - tap.fx), (tap.right, tap.fx)] {
        let weight = rowWeight * columnWeight
        if weight > 0, !hole.contains(layout, row, column) {
          sum += weight * samples[row, column]
          total += weight
        }
      }
    }
    return total > 0 ? sum / total : nil
  }

  /// A component's samples of the frame itself.
  private func here(_ index: Int) -> ComponentSamples { ComponentSamples(part, index) }

  /// What another frame shows at the place of a sample at the rim; nil elsewhere, or where hidden.
  private func rimSample(
    _ samples: ComponentSamples, _ trace: HoleTrace, _ hole: Hole, _ y: Int, _ x: Int
  ) -> Float? {
    let (row, column) = (y << samples.layout.shiftY, x << samples.layout.shiftX)
    let point = trace.points[row, column]
    guard rim[row, column] != 0, point.state == .followed, HoleTrace.isSeen(hole, point.place)
    else { return nil }
    let way = (point.place - SIMD2(Float(column), Float(row)), point.error)
    return sample(samples, hole, way, y, x)
  }

  /// What must be added to a component's samples of another frame so that the rim looks as here.
  ///
  /// The median of the differences at the rim, less one code value of 8 bits towards 0: smaller ones
  /// are noise. The alpha component is taken as it is.
  private func brightness(
    _ trace: HoleTrace, _ sight: InpaintSight, _ index: Int, on engine: Engine
  ) throws(VFIError) -> Float {
    let here = here(index)
    let there = ComponentSamples(sight.part, index)
    let layout = here.layout
    guard layout.component != .alpha else { return 0 }
    let mark = engine.scratch.mark
    defer { engine.scratch.release(to: mark) }
    // 1/16 of a code value of 8 bits a step, -255 to 255.
    let half = 255 * 16
    let counts = try engine.scratch.grid(Int32(0), height: 1, width: 2 * half + 1)
    var total: Int32 = 0
    for y in 0..<here.height {
      for x in 0..<here.width {
        guard !hole.contains(layout, y, x),
          let value = rimSample(there, trace, sight.hole, y, x)
        else { continue }
        let difference = (here[y, x] - value) / here.maximum
        let step = max(-1, min(difference, 1)) * Float(half)
        counts[0, half + (step.isFinite ? Int(step.rounded()) : 0)] += 1
        total += 1
      }
    }
    guard total >= 20 else { return 0 }
    var below: Int32 = 0
    var median = -half
    while below + counts[0, half + median] <= total / 2 {
      below += counts[0, half + median]
      median += 1
    }
    let offset = Float(median) / Float(half) * here.maximum
    let quiet = here.maximum / 255
    return offset > 0 ? max(0, offset - quiet) : min(0, offset + quiet)
  }

  /// Writes the fill to the region of a copy of the frame: what was found, and a membrane between.
  func fill(into out: Frame, on engine: Engine) throws(VFIError) {
    for index in 0..<sums.count {
      let mark = engine.scratch.mark
      defer { engine.scratch.release(to: mark) }
      let samples = ComponentSamples(out, index)
      let map = try engine.scratch.map(
        height: samples.height, width: samples.width, channels: 1)
      let unknown = try engine.scratch.grid(
        UInt8(0), height: samples.height, width: samples.width)
      try engine.forEachRows(samples.height) { first, end in
        for y in first..<end {
          for x in 0..<samples.width {
            let sum = sums[index][y, x]
            map[y, x, 0] = sum.y > 0 ? sum.x / sum.y : samples[y, x]
            if sum.y == 0, hole.contains(samples.layout, y, x) { unknown[y, x] = 1 }
          }
        }
      }
      try fillMembrane(map, unknown: unknown, sweeps: Inpainter.sweeps, on: engine)
      try engine.forEachRows(samples.height) { first, end in
        for y in first..<end {
          for x in 0..<samples.width {
            let share = alpha(samples.layout, y, x)
            guard share > 0 else { continue }
            let old = samples[y, x]
            // What the mask hides must not matter, not even to the last bit.
            samples[y, x] = share < 1 ? old + share * (map[y, x, 0] - old) : map[y, x, 0]
          }
        }
      }
    }
  }

  /// The largest share of a component's pixels.
  private func alpha(_ layout: ComponentLayout, _ y: Int, _ x: Int) -> Float {
    if layout.shiftX == 0, layout.shiftY == 0 { return alpha[y, x] }
    var share: Float = 0
    for row in y << layout.shiftY..<min((y + 1) << layout.shiftY, alpha.height) {
      for column in x << layout.shiftX..<min((x + 1) << layout.shiftX, alpha.width) {
        share = max(share, alpha[row, column])
      }
    }
    return share
  }
}
