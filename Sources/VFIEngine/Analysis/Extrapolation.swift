// SPDX-License-Identifier: MIT

extension Frame {
  /// Writes the picture that follows this one, `steps` of the time from `earlier` to it ahead.
  ///
  /// Motion goes on as it was between the two: a sample is that of the place from which its own
  /// content would have come, `x + steps * flow(this -> earlier)(x)`, bilinear, with the picture's
  /// edges repeated. `out` is alike and shares no memory with the two.
  func extrapolate(
    from earlier: Frame, by steps: Float, into out: Frame, on engine: Engine
  ) throws(VFIError) {
    let arena = engine.scratch
    let mark = arena.mark
    defer { arena.release(to: mark) }
    let here = try AnalysisPicture(self, in: arena, on: engine)
    let there = try AnalysisPicture(earlier, in: arena, on: engine)
    let flow = try inverseSearch(
      here.pyramid, there.pyramid, on: engine
    ).flow01
    for index in 0..<description.format.layout.componentCount {
      let (source, target) = (ComponentSamples(self, index), ComponentSamples(out, index))
      let scale = SIMD2(
        1 / Float(1 << source.layout.shiftX), 1 / Float(1 << source.layout.shiftY))
      try engine.forEachRows(source.height) { first, end in
        for y in first..<end {
          for x in 0..<source.width {
            let pixel = (SIMD2(Float(x), Float(y)) + 0.5) / scale
            let cell = Tap(pixel * 0.25 - 0.5, width: flow.width, height: flow.height)
            // Flow is in pixels of its own size, a quarter.
            let motion = flow.bilinear(cell) * (4 * steps) * scale
            let tap = Tap(
              SIMD2(Float(x), Float(y)) + motion, width: source.width, height: source.height)
            target[y, x] = source.bilinear(tap)
          }
        }
      }
    }
  }
}

extension FeatureMap {
  /// The first two channels between four places.
  fileprivate func bilinear(_ tap: Tap) -> SIMD2<Float> {
    func value(_ y: Int, _ x: Int) -> SIMD2<Float> { SIMD2(self[y, x, 0], self[y, x, 1]) }
    let upper = value(tap.top, tap.left) * (1 - tap.fx) + value(tap.top, tap.right) * tap.fx
    let lower = value(tap.bottom, tap.left) * (1 - tap.fx) + value(tap.bottom, tap.right) * tap.fx
    return upper * (1 - tap.fy) + lower * tap.fy
  }
}

extension ComponentSamples {
  fileprivate func bilinear(_ tap: Tap) -> Float {
    let upper = self[tap.top, tap.left] * (1 - tap.fx) + self[tap.top, tap.right] * tap.fx
    let lower = self[tap.bottom, tap.left] * (1 - tap.fx) + self[tap.bottom, tap.right] * tap.fx
    return upper * (1 - tap.fy) + lower * tap.fy
  }
}
