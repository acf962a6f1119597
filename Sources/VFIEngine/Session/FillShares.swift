// SPDX-License-Identifier: MIT

/// How much of each pixel a fill makes up, and the way from a picture in RGB to a frame's samples.
package struct FillShares {
  /// Pixels of the dilated mask.
  package let filled: Int
  /// 0 outside of the dilated mask, 1 in the mask, and between them over the feather.
  private let shares: Grid<Float>
  private let description: FrameDescription

  /// In `engine.scratch`.
  ///
  /// The rectangles lie in the picture.
  package init(
    mask: Frame?, rectangles: [PixelRectangle], _ description: FrameDescription,
    settings: InpaintSettings, on engine: Engine
  ) throws(VFIError) {
    let arena = engine.scratch
    let (height, width) = (description.height, description.width)
    let shares = try arena.grid(Float(0), height: height, width: width)
    let mark = arena.mark
    defer { arena.release(to: mark) }
    let distances = try HoleDistances(
      mask: mask, rectangles: rectangles, height: height, width: width, reach: settings.dilation,
      in: arena, on: engine)
    var filled = 0
    for y in 0..<height {
      for x in 0..<width {
        let square = distances[y, x]
        guard square <= settings.dilation * settings.dilation else { continue }
        let fade = Float(settings.dilation + 1) - Float(square).squareRoot()
        shares[y, x] = min(1, fade / Float(settings.feather + 1))
        filled += 1
      }
    }
    self.shares = shares
    self.filled = filled
    self.description = description
  }

  /// Writes a picture to the samples of `out` by their share, or to all of them where `whole`.
  ///
  /// `picture` is RGB of 0...1 `[H', W', 3]`, at least as large as the frame. Alpha is a membrane in
  /// the hole.
  package func write(
    _ picture: FeatureMap, whole: Bool, into out: Frame, on engine: Engine
  ) throws(VFIError) {
    let color = ColorTransform(description)
    for index in 0..<description.format.layout.componentCount {
      let samples = ComponentSamples(out, index)
      if samples.layout.component == .alpha {
        try fillAlpha(samples, on: engine)
        continue
      }
      let rows = Taps(samples.layout.shiftY, site: description.color.chromaY, picture.height)
      let columns = Taps(samples.layout.shiftX, site: description.color.chromaX, picture.width)
      let (weights, black) = (color.residuals[index], color.blacks[index])
      try engine.forEachRows(samples.height) { first, end in
        for y in first..<end {
          for x in 0..<samples.width {
            let share = whole ? 1 : self.share(samples.layout, y, x)
            guard share > 0 else { continue }
            var sum = SIMD3<Float>.zero
            let (rowTaps, columnTaps) = (rows.at(y), columns.at(x))
            for i in 0..<rows.taps {
              let row = rowTaps[i]
              for j in 0..<columns.taps {
                let column = columnTaps[j]
                let pixel = SIMD3(
                  picture[row.place, column.place, 0], picture[row.place, column.place, 1],
                  picture[row.place, column.place, 2])
                sum += row.weight * column.weight * pixel
              }
            }
            let value = black + (weights * sum).sum()
            let old = samples[y, x]
            // What the mask hides must not matter, not even to the last bit.
            samples[y, x] = share < 1 ? old + share * (value - old) : value
          }
        }
      }
    }
  }

  private func fillAlpha(_ samples: ComponentSamples, on engine: Engine) throws(VFIError) {
    let mark = engine.scratch.mark
    defer { engine.scratch.release(to: mark) }
    let map = try engine.scratch.map(height: samples.height, width: samples.width, channels: 1)
    let unknown = try engine.scratch.grid(
      UInt8(0), height: samples.height, width: samples.width)
    for y in 0..<samples.height {
      for x in 0..<samples.width {
        map[y, x, 0] = samples[y, x]
        unknown[y, x] = shares[y, x] > 0 ? 1 : 0
      }
    }
    try fillMembrane(map, unknown: unknown, sweeps: Inpainter.sweeps, on: engine)
    for y in 0..<samples.height {
      for x in 0..<samples.width where unknown[y, x] != 0 {
        let share = shares[y, x]
        let old = samples[y, x]
        samples[y, x] = share < 1 ? old + share * (map[y, x, 0] - old) : map[y, x, 0]
      }
    }
  }

  /// The largest share of a component's pixels.
  private func share(_ layout: ComponentLayout, _ y: Int, _ x: Int) -> Float {
    var share: Float = 0
    for row in y << layout.shiftY..<min((y + 1) << layout.shiftY, shares.height) {
      for column in x << layout.shiftX..<min((x + 1) << layout.shiftX, shares.width) {
        share = max(share, shares[row, column])
      }
    }
    return share
  }
}

/// Which pixels of a row or column a sample is the mean of.
private struct Taps {
  private let shift: Int
  /// Pixels from the first one of a sample to its site, 0...1.
  private let site: Float
  private let count: Int
  /// How many of ``at(_:)`` count.
  let taps: Int

  init(_ shift: Int, site: Float, _ count: Int) {
    self.shift = shift
    self.site = site
    self.count = count
    taps = shift > 0 ? 3 : 1
  }

  /// Places within `0..<count` with their weights.
  ///
  /// A site on a pixel takes that twice and its neighbours once; one between two pixels takes these.
  func at(_ place: Int) -> InlineArray<3, (place: Int, weight: Float)> {
    guard shift > 0 else { return [(place, 1), (place, 0), (place, 0)] }
    let first = place << shift
    func inside(_ place: Int) -> Int { max(0, min(place, count - 1)) }
    if site > 0, site < 1 {
      return [(inside(first), 1 - site), (inside(first + 1), site), (inside(first), 0)]
    }
    let middle = first + Int(site)
    return [(inside(middle - 1), 0.25), (inside(middle), 0.5), (inside(middle + 1), 0.25)]
  }
}
