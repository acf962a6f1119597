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
  /// Of each component: the samples at the hole's rim that are not in it.
  let rims: [RimSamples]

  private static let rimWidth = 3
  /// Weight beside which that of chains is little.
  private static let settledWeight: Float = 20
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
    let bounds =
      hole.pixels.nonZeroBounds()?.widened(by: Self.rimWidth, width: width, height: height)
      ?? PixelRectangle(x: 0, y: 0, width: 0, height: 0)
    filled = try Self.mark(window, index, hole, in: bounds, alpha, rim, settings, on: engine)
    rims = filled > 0 ? try Self.rims(part, hole, rim, in: bounds, on: engine) : []
    self.alpha = alpha
    self.rim = rim
    self.bounds = bounds
  }

  /// Gives the hole's pixels their shares, and marks the rim; returns how many pixels the hole has.
  private static func mark(
    _ window: InpaintWindow, _ index: Int, _ hole: Hole, in bounds: PixelRectangle,
    _ alpha: Grid<Float>, _ rim: Grid<UInt8>, _ settings: InpaintSettings, on engine: Engine
  ) throws(VFIError) -> Int {
    let mark = engine.scratch.mark
    defer { engine.scratch.release(to: mark) }
    let distances = try window.distances(index, in: engine.scratch, on: engine)
    let pixels = hole.pixels
    let counts = try engine.scratch.grid(Int32(0), height: pixels.height, width: 1)
    try engine.forEachRows(in: bounds) { rows, columns in
      for y in rows {
        for x in columns {
          if pixels[y, x] != 0 {
            counts[y, 0] += 1
            let distance = Float(distances[y, x]).squareRoot()
            let fade = Float(settings.dilation + 1) - distance
            alpha[y, x] = min(1, fade / Float(settings.feather + 1))
          } else if isNear(pixels, y, x) {
            rim[y, x] = 1
          }
        }
      }
    }
    return (0..<pixels.height).reduce(0) { $0 + Int(counts[$1, 0]) }
  }

  /// The samples at the rim of each component.
  private static func rims(
    _ part: Frame, _ hole: Hole, _ rim: Grid<UInt8>, in bounds: PixelRectangle, on engine: Engine
  ) throws(VFIError) -> [RimSamples] {
    let format = part.description.format.layout
    let layouts = (0..<format.componentCount).map { format.components[$0] }
    var rims: [RimSamples] = []
    for layout in layouts {
      // Luma and alpha, or both components of chroma, have the same.
      if let same = layouts[..<rims.count].firstIndex(where: {
        $0.shiftX == layout.shiftX && $0.shiftY == layout.shiftY
      }) {
        rims.append(rims[same])
        continue
      }
      rims.append(
        try RimSamples(in: bounds.samples(layout), on: engine) { y, x in
          rim[y << layout.shiftY, x << layout.shiftX] != 0 && !hole.contains(layout, y, x)
        })
    }
    return rims
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
    // Mostly the first component, which has a sample for each pixel, tells.
    guard sums[0][y, x].y >= Self.settledWeight else { return false }
    return sums.indices.allSatisfy {
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
      let unknown = try hole.samples(of: samples.layout).copy(in: engine.scratch)
      try engine.forEachRows(samples.height) { first, end in
        for y in first..<end { unsafe samples.load(row: y, into: map.base + y * samples.width) }
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
