// SPDX-License-Identifier: MIT

/// Fills that do not flicker: the mean of a frame's own fill and those of its neighbours, which were
/// made from other frames, each moved along the motion.
extension Inpainter {
  /// Fills the hole of `out`, a copy of frame `index`, without a network.
  func fillSteadily(
    _ frames: [Frame], _ contents: [UInt64], masks: [Frame], _ rectangles: [PixelRectangle],
    index: Int, _ settings: InpaintSettings, into out: Frame
  ) throws(VFIError) -> InpaintInfo {
    guard
      let window = try InpaintWindow(
        frames, contents: contents, masks: masks, rectangles: rectangles, settings: settings,
        on: engine)
    else { return InpaintInfo() }
    let hasSameHole = store.begin(window, index: index)
    let span = FillSpan(count: frames.count, index: index)
    fills.begin(window, hasSameHole: hasSameHole)
    defer { fills.end(span.numbers.map { source(window, $0, span) }) }
    guard settings.isSteady, span.numbers.count > 1, window.isMarked(index) else {
      return try fill(window, index, settings, into: try out.cropped(to: window.region)).info
    }
    var near: [RegionFill] = []
    for number in span.numbers { near.append(try regionFill(window, number, span)) }
    guard let part = try window.narrowed(to: span.numbers, on: engine) else {
      throw .defect("a marked frame's window has no hole")
    }
    let place = index - span.numbers.lowerBound
    try average(
      near, part, index: place, of: window, index, settings,
      into: try out.cropped(to: part.region))
    var info = near[place].info
    var used: Set<Int> = []
    for (number, fill) in zip(span.numbers, near) { used.formUnion(fill.used.map { number + $0 }) }
    info.framesUsed = used.union(span.numbers).subtracting([index]).count
    return info
  }

  private func source(_ window: InpaintWindow, _ number: Int, _ span: FillSpan) -> FillStore.Source
  {
    let part = span.window(of: number)
    return FillStore.Source(
      contents: Array(window.contents[part]), number: number - part.lowerBound)
  }

  /// The fill of one frame of a window, made or kept; the frame itself where it has no hole.
  private func regionFill(
    _ window: InpaintWindow, _ number: Int, _ span: FillSpan
  ) throws(VFIError) -> RegionFill {
    let source = source(window, number, span)
    if let kept = fills.fill(from: source) { return kept }
    let range = span.window(of: number)
    guard window.isMarked(number), let part = try window.narrowed(to: range, on: engine) else {
      return RegionFill(
        frame: try window.part(number), region: window.region, info: InpaintInfo(), weights: nil,
        used: [])
    }
    let mark = engine.scratch.mark
    defer { engine.scratch.release(to: mark) }
    let place = number - range.lowerBound
    let frame = try part.part(place)
    return try fills.make(
      source, like: frame.description, hasWeights: part.shared == nil
    ) { out, weights throws(VFIError) in
      try frame.copy(to: out, on: engine)
      var settings = part.settings
      settings.feather = 0
      let (info, used, isStill) = try fill(
        part, place, settings, into: out, weights: weights)
      return RegionFill(
        frame: out, region: part.region, info: info, weights: isStill ? weights : nil,
        used: Set(used.map { $0 - place }))
    }
  }

  /// Writes the mean of fills to the hole of `out`, the region of a copy of frame `index` of a
  /// window, which is `number` of the whole window.
  private func average(
    _ fills: [RegionFill], _ window: InpaintWindow, index: Int, of whole: InpaintWindow,
    _ number: Int, _ settings: InpaintSettings, into out: Frame
  ) throws(VFIError) {
    let mark = engine.scratch.mark
    defer { engine.scratch.release(to: mark) }
    let target = try InpaintTarget(window, index: index, settings: settings, on: engine)
    let own = try placed(fills[index], window, index)
    try target.add(own, fills[index].weights(in: window.region), on: engine)
    let isStill = fills[index].weights != nil
    if isStill, let wide = try whole.moved(to: window.region, on: engine) {
      // Fills look less far than the window does.
      _ = try collectStill(target, wide, number)
    }
    for step in [1, -1] {
      if !isStill {
        try follow(fills, window, from: index, step, target)
      } else {
        try stay(fills, window, at: index, step, target)
      }
    }
    for component in target.sums.indices {
      try target.write(
        ComponentSamples(out, component), of: component, isSure: isStill, on: engine
      ) { y, x in
        let sum = target.sums[component][y, x]
        return sum.x / sum.y
      }
    }
  }

  /// Adds the fills of one direction, each moved to the place of the frame's hole.
  private func follow(
    _ fills: [RegionFill], _ window: InpaintWindow, from index: Int, _ step: Int,
    _ target: InpaintTarget
  ) throws(VFIError) {
    let mark = engine.scratch.mark
    defer { engine.scratch.release(to: mark) }
    let trace = try HoleTrace(target, goesOn: true, on: engine)
    var (number, hops) = (index, 0)
    var current = try sight(window, index, hops: 0)
    while trace.isOpen, fills.indices.contains(number + step) {
      let next = number + step
      if try hasCut(window, from: number, to: next, step) { break }
      hops += 1
      let seen = try sight(window, next, hops: hops)
      let mark = engine.scratch.mark
      defer { engine.scratch.release(to: mark) }
      let motion = try motion(window, from: (number, current), to: (next, seen), keeps: true)
      let filled = try InpaintSight(try placed(fills[next], window, next), in: engine.scratch)
      try trace.advance(motion, past: filled.hole, on: engine)
      try target.collect(trace, from: filled, hops: nil, on: engine)
      (number, current) = (next, seen)
    }
  }

  /// Adds the fills of one direction where they are, before a camera that stands still.
  ///
  /// There the motion beside a hole may be that of a shadow, and what lies beside it the shadow.
  private func stay(
    _ fills: [RegionFill], _ window: InpaintWindow, at index: Int, _ step: Int,
    _ target: InpaintTarget
  ) throws(VFIError) {
    var number = index
    while fills.indices.contains(number + step) {
      let next = number + step
      if try hasCut(window, from: number, to: next, step) { break }
      let mark = engine.scratch.mark
      defer { engine.scratch.release(to: mark) }
      let hole = try window.hole(next, in: engine.scratch, on: engine)
      let filled = try placed(fills[next], window, next)
      try target.add(
        filled, fills[next].weights(in: window.region), hiddenBy: hole, on: engine)
      number = next
    }
  }

  /// A fill in the region of a window.
  private func placed(
    _ fill: RegionFill, _ window: InpaintWindow, _ number: Int
  ) throws(VFIError) -> Frame {
    if fill.region == window.region { return fill.frame }
    let part = try window.part(number)
    let copy = try placeBuffer.frame(part.description)
    try part.copy(to: copy, on: engine)
    let (own, all) = (fill.region, window.region)
    let (left, top) = (max(own.x, all.x), max(own.y, all.y))
    let common = PixelRectangle(
      x: left, y: top, width: min(own.x + own.width, all.x + all.width) - left,
      height: min(own.y + own.height, all.y + all.height) - top)
    guard common.width > 0, common.height > 0 else { return copy }
    try fill.frame.cropped(to: common.moved(from: own)).copy(
      to: try copy.cropped(to: common.moved(from: all)), on: engine)
    return copy
  }
}

extension PixelRectangle {
  /// The same in coordinates of another one.
  fileprivate func moved(from other: PixelRectangle) -> PixelRectangle {
    PixelRectangle(x: x - other.x, y: y - other.y, width: width, height: height)
  }
}

extension RegionFill {
  /// How sure the pixel at a place of another region is; 1 where that is not known.
  fileprivate func weights(in other: PixelRectangle) -> (_ y: Int, _ x: Int) -> Float {
    guard let weights else { return { _, _ in 1 } }
    let (top, left) = (other.y - region.y, other.x - region.x)
    return { y, x in
      let (row, column) = (y + top, x + left)
      guard row >= 0, row < weights.height, column >= 0, column < weights.width else { return 1 }
      return Float(weights[row, column])
    }
  }
}

extension InpaintTarget {
  /// Adds the samples of a fill of the frame.
  fileprivate func add(
    _ fill: Frame, _ weight: (_ y: Int, _ x: Int) -> Float, on engine: Engine
  ) throws(VFIError) {
    for index in sums.indices {
      try add(ComponentSamples(fill, index), index, 0, weight, hiddenBy: hole, on: engine)
    }
  }

  /// Adds the samples of another frame's fill, where both have a hole, less the difference in
  /// brightness that the frames have beside their holes.
  fileprivate func add(
    _ fill: Frame, _ weight: (_ y: Int, _ x: Int) -> Float, hiddenBy other: Hole,
    on engine: Engine
  ) throws(VFIError) {
    for index in sums.indices {
      let offset = try brightness(index, of: fill, on: engine) { there, y, x in
        // A quarter of the samples is enough.
        guard (x | y) & 1 == 0, !hole.contains(there.layout, y, x),
          !other.contains(there.layout, y, x)
        else { return nil }
        return there[y, x]
      }
      try add(ComponentSamples(fill, index), index, offset, weight, hiddenBy: other, on: engine)
    }
  }

  private func add(
    _ samples: ComponentSamples, _ index: Int, _ offset: Float,
    _ weight: (_ y: Int, _ x: Int) -> Float, hiddenBy other: Hole, on engine: Engine
  ) throws(VFIError) {
    let layout = samples.layout
    try engine.forEachRows(in: bounds.samples(layout)) { rows, columns in
      for y in rows {
        for x in columns where hole.contains(layout, y, x) && other.contains(layout, y, x) {
          let weight = weight(y << layout.shiftY, x << layout.shiftX)
          sums[index][y, x] += SIMD2((samples[y, x] + offset) * weight, weight)
        }
      }
    }
  }
}
