// SPDX-License-Identifier: MIT

/// The region of the frame whose hole is filled, and what has been found for it so far.
@safe struct InpaintTarget {
  /// Share of the fill in a pixel: 0 outside the hole, 1 in the mask.
  let alpha: Grid<Float>
  /// Pixels of the hole.
  let filled: Int
  let part: Frame
  let hole: Hole
  /// Where hole and rim lie; of no size where there is no hole.
  let bounds: PixelRectangle
  /// 1 at pixels beside the hole, up to ``rimWidth`` away.
  private let rim: Grid<UInt8>
  /// Of each component: sums of weighted samples and of weights.
  let sums: [Grid<SIMD2<Float>>]

  private static let rimWidth = 3
  /// How much the rim of the hole may differ, in code values of 8 bits, for half of the trust in a
  /// frame's samples, and in samples of its fill, of which the mean is taken.
  private static let halfSample: Float = 4
  private static let halfFill: Float = 16
  /// Weight beside which that of chains is little.
  private static let settledWeight: Float = 20
  /// Squared error, in pixels, at which the weight of a sample is halved.
  private static let halfError: Float = 1
  /// Weight of the membrane at the rim, beside samples of no weight.
  ///
  /// None is left beside those of `sureWeight`. It is halved `halfDepth` pixels inside of the hole,
  /// and 0 from `depth` pixels on.
  private static let membraneWeight: Float = 0.04
  private static let sureWeight: Float = 0.5
  private static let halfDepth: Float = 4
  private static let depth = 12

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
    let counts = try arena.grid(Int32(0), height: height, width: 1)
    let pixels = hole.pixels
    let bounds =
      pixels.nonZeroBounds()?.widened(by: Self.rimWidth, width: width, height: height)
      ?? PixelRectangle(x: 0, y: 0, width: 0, height: 0)
    try engine.forEachRows(in: bounds) { rows, columns in
      for y in rows {
        for x in columns {
          if pixels[y, x] != 0 {
            counts[y, 0] += 1
            let distance = Float(distances[y, x]).squareRoot()
            let fade = Float(settings.dilation + 1) - distance
            alpha[y, x] = min(1, fade / Float(settings.feather + 1))
          } else if Self.isNear(pixels, y, x) {
            rim[y, x] = 1
          }
        }
      }
    }
    filled = (0..<height).reduce(0) { $0 + Int(counts[$1, 0]) }
    self.alpha = alpha
    self.rim = rim
    self.bounds = bounds
  }

  /// Whether a pixel of the hole is at most `rimWidth` away in both directions.
  private static func isNear(_ pixels: Grid<UInt8>, _ y: Int, _ x: Int) -> Bool {
    let columns = max(0, x - rimWidth)...min(pixels.width - 1, x + rimWidth)
    return (max(0, y - rimWidth)...min(pixels.height - 1, y + rimWidth)).contains { row in
      columns.contains { pixels[row, $0] != 0 }
    }
  }

  /// Whether what was found for a pixel needs nothing beside it.
  func isSettled(_ y: Int, _ x: Int) -> Bool {
    sums.indices.allSatisfy {
      let layout = part.description.format.layout.components[$0]
      return sums[$0][y >> layout.shiftY, x >> layout.shiftX].y >= Self.settledWeight
    }
  }

  /// Whole numbers from 1 to 100.
  func copyWeights(to weights: Grid<UInt8>) {
    for y in bounds.y..<bounds.y + bounds.height {
      for x in bounds.x..<bounds.x + bounds.width {
        weights[y, x] = UInt8(max(1, min(sums[0][y, x].y, 100)))
      }
    }
  }

  func isRim(_ y: Int, _ x: Int) -> Bool { rim[y, x] != 0 }

  /// Pixels of the hole for which a sample was found.
  var propagated: Int {
    var count = 0
    for y in bounds.y..<bounds.y + bounds.height {
      for x in bounds.x..<bounds.x + bounds.width where alpha[y, x] > 0 && sums[0][y, x].y > 0 {
        count += 1
      }
    }
    return count
  }

  /// Takes samples of the frame that a chain has come to for the pixels that it shows first.
  ///
  /// `hops`: those of late hops weigh less; nil: they are samples of a fill.
  func collect(
    _ trace: HoleTrace, from sight: InpaintSight, hops: Int?, on engine: Engine
  ) throws(VFIError) {
    guard trace.hasFound else { return }
    let mark = engine.scratch.mark
    defer { engine.scratch.release(to: mark) }
    let likeness = try RimDifference(
      rim, half: hops == nil ? Self.halfFill : Self.halfSample, in: engine.scratch)
    let distance = hops.map { Float($0).squareRoot() } ?? 1
    for index in 0..<sums.count {
      let samples = ComponentSamples(sight.part, index)
      let near = bounds.samples(samples.layout)
      let offset = try brightness(index, of: sight.part, in: near, on: engine) { there, y, x in
        rimSample(there, trace, sight.hole, y, x)
      }
      if index == 0 {
        try likeness.fill(in: bounds, on: engine) { y, x in
          guard let value = rimSample(samples, trace, sight.hole, y, x) else { return nil }
          return 255 * (here(index)[y, x] - value - offset) / samples.maximum
        }
      }
      try engine.forEachRows(in: near) { rows, columns in
        for y in rows {
          for x in columns {
            guard let found = representative(trace, samples.layout, y, x),
              let value = sample(samples, sight.hole, found, y, x)
            else { continue }
            let trust = likeness.trust(y << samples.layout.shiftY, x << samples.layout.shiftX)
            let weight = trust / (distance * (1 + found.error / Self.halfError))
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
    guard rim[row, column] != 0, !self.hole.contains(samples.layout, y, x) else { return nil }
    let point = trace.points[row, column]
    guard point.state == .followed, HoleTrace.isSeen(hole, point.place) else { return nil }
    let way = (point.place - SIMD2(Float(column), Float(row)), point.error)
    return sample(samples, hole, way, y, x)
  }

  /// What must be added to a component's samples of another frame so that what both show, as
  /// `shown` says, looks as here.
  ///
  /// The median of the differences, less one code value of 8 bits towards 0: smaller ones are noise.
  /// The alpha component is taken as it is. `part`: the samples that may be asked for, nil = all.
  func brightness(
    _ index: Int, of other: Frame, in part: PixelRectangle? = nil, on engine: Engine,
    _ shown: (_ there: ComponentSamples, _ y: Int, _ x: Int) -> Float?
  ) throws(VFIError) -> Float {
    let here = here(index)
    let there = ComponentSamples(other, index)
    guard here.layout.component != .alpha else { return 0 }
    let mark = engine.scratch.mark
    defer { engine.scratch.release(to: mark) }
    // 1/16 of a code value of 8 bits a step, -255 to 255.
    let half = 255 * 16
    let counts = try engine.scratch.grid(
      Int32(0), height: engine.workers, width: 2 * half + 1)
    let block = 8
    let part = part ?? PixelRectangle(x: 0, y: 0, width: here.width, height: here.height)
    try engine.forEach((part.height + block - 1) / block) { item, worker in
      for y in part.y + item * block..<part.y + min(part.height, (item + 1) * block) {
        for x in part.x..<part.x + part.width {
          guard let value = shown(there, y, x) else { continue }
          let difference = (here[y, x] - value) / here.maximum
          let step = max(-1, min(difference, 1)) * Float(half)
          counts[worker, half + (step.isFinite ? Int(step.rounded()) : 0)] += 1
        }
      }
    }
    func count(_ step: Int) -> Int32 {
      (0..<counts.height).reduce(0) { $0 + counts[$1, half + step] }
    }
    let total = (-half...half).reduce(0) { $0 + count($1) }
    guard total >= 20 else { return 0 }
    var below: Int32 = 0
    var median = -half
    while below + count(median) <= total / 2 {
      below += count(median)
      median += 1
    }
    let offset = Float(median) / Float(half) * here.maximum
    let quiet = here.maximum / 255
    return offset > 0 ? max(0, offset - quiet) : min(0, offset + quiet)
  }

  /// Writes the fill to the region of a copy of the frame: what was found, and a membrane between.
  func fill(into out: Frame, on engine: Engine) throws(VFIError) {
    let mark = engine.scratch.mark
    defer { engine.scratch.release(to: mark) }
    let depths = try HoleDistances(
      outside: hole, reach: Self.depth, in: engine.scratch, on: engine)
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
            unsafe map.base[y * samples.width + x] = samples[y, x]
            if hole.contains(samples.layout, y, x) { unknown[y, x] = 1 }
          }
        }
      }
      // What the surroundings let expect; then the same with what was found as known.
      try fillMembrane(map, unknown: unknown, sweeps: Inpainter.sweeps, on: engine)
      let isSeen = try takeSamples(
        sums[index], samples.layout, to: map, unknown, depths, on: engine)
      if isSeen { try fillMembrane(map, unknown: unknown, sweeps: Inpainter.sweeps, on: engine) }
      try write(samples, of: index, on: engine) { y, x in map[y, x, 0] }
    }
  }

  /// Gives the samples of component `index` their values, each by its share.
  ///
  /// `isSure`: what is known beyond doubt needs no border that fades. Close to an object that shows
  /// its blur and its shadow, which move on.
  func write(
    _ samples: ComponentSamples, of index: Int, isSure: Bool = false, on engine: Engine,
    _ value: (_ y: Int, _ x: Int) -> Float
  ) throws(VFIError) {
    try engine.forEachRows(in: bounds.samples(samples.layout)) { rows, columns in
      for y in rows {
        for x in columns {
          var share = alpha(samples.layout, y, x)
          guard share > 0 else { continue }
          if isSure { share += (1 - share) * min(1, sums[index][y, x].y / Self.settledWeight) }
          let old = samples[y, x]
          // What the mask hides must not matter, not even to the last bit.
          samples[y, x] = share < 1 ? old + share * (value(y, x) - old) : value(y, x)
        }
      }
    }
  }

  private func membraneWeight(squaredDepth: Int, beside weight: Float) -> Float {
    guard squaredDepth <= Self.depth * Self.depth else { return 0 }
    let fall = 1 + Float(squaredDepth) / (Self.halfDepth * Self.halfDepth)
    return Self.membraneWeight / fall * max(0, 1 - weight / Self.sureWeight)
  }

  /// Replaces the membrane where samples were found; returns whether there were any.
  ///
  /// Of samples with little weight a part of the membrane stays, which is good near the rim.
  private func takeSamples(
    _ sums: Grid<SIMD2<Float>>, _ layout: ComponentLayout, to map: FeatureMap,
    _ unknown: Grid<UInt8>, _ depths: HoleDistances, on engine: Engine
  ) throws(VFIError) -> Bool {
    let found = try engine.scratch.grid(UInt8(0), height: sums.height, width: 1)
    try engine.forEachRows(sums.height) { first, end in
      for y in first..<end {
        for x in 0..<sums.width where sums[y, x].y > 0 {
          let value = unsafe map.base + y * sums.width + x
          let sum = sums[y, x]
          let depth = depths[y << layout.shiftY, x << layout.shiftX]
          let weight = membraneWeight(squaredDepth: depth, beside: sum.y)
          unsafe value.pointee = (sum.x + weight * value.pointee) / (sum.y + weight)
          unknown[y, x] = 0
          found[y, 0] = 1
        }
      }
    }
    return (0..<found.height).contains { found[$0, 0] != 0 }
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
