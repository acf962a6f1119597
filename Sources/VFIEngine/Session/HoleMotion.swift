// SPDX-License-Identifier: MIT
import CIntrinsics

/// Motion between the regions of two neighbours, completed where a hole hides it.
@safe struct HoleMotion {
  /// `[H/4, W/4, 2]` in pixels of that size.
  let forward: FeatureMap
  let backward: FeatureMap

  init(forward: FeatureMap, backward: FeatureMap) {
    (self.forward, self.backward) = (forward, backward)
  }

  /// Finds the motion from one frame to the next one of a chain, in scratch memory.
  init(from first: InpaintSight, to second: InpaintSight, on engine: Engine) throws(VFIError) {
    let (luma, otherLuma) = (try first.luma(on: engine), try second.luma(on: engine))
    let (forward, backward) = try inverseSearch(
      luma, otherLuma, on: engine)
    let arena = engine.scratch
    let mark = arena.mark
    defer { arena.release(to: mark) }
    try Self.settle(forward, luma, otherLuma, on: engine)
    try Self.settle(backward, otherLuma, luma, on: engine)
    let (cells, otherCells) = (try first.cells(on: engine), try second.cells(on: engine))
    let unknown = try Self.untrusted(forward, backward, cells, otherCells, on: engine)
    let unknownBack = try Self.untrusted(backward, forward, otherCells, cells, on: engine)
    try fillMembrane(forward, unknown: unknown, sweeps: Inpainter.sweeps, on: engine)
    try fillMembrane(backward, unknown: unknownBack, sweeps: Inpainter.sweeps, on: engine)
    self.forward = forward
    self.backward = backward
  }

  /// Sets motion of less than a pixel to 0 where that explains the pictures as well.
  ///
  /// Of what does not move, a sample then is that of one pixel, and no mean of four. Compared are
  /// sums of squared differences of 6 x 6 pixels at half the size, less their mean.
  private static func settle(
    _ flow: FeatureMap, _ first: LumaPyramid, _ second: LumaPyramid, on engine: Engine
  ) throws(VFIError) {
    let (a, b) = unsafe (first[0], second[0])
    try engine.forEachRows(flow.height) { start, end in
      for y in start..<end {
        for x in 0..<flow.width {
          let motion = SIMD2(flow[y, x, 0], flow[y, x, 1])
          guard (motion * motion).sum() < 1.0 / 16 else { continue }
          let moved = unsafe difference(a, b, y, x, 2 * motion)
          let still = unsafe difference(a, b, y, x, .zero)
          if still <= 1.25 * moved + 9 { (flow[y, x, 0], flow[y, x, 1]) = (0, 0) }
        }
      }
    }
  }

  /// How unlike the surroundings of a cell are in `b` when they have moved by less than a pixel.
  private static func difference(
    _ a: vfi_luma, _ b: vfi_luma, _ y: Int, _ x: Int, _ motion: SIMD2<Float>
  ) -> Float {
    let (left, top) = (motion.x.rounded(.down), motion.y.rounded(.down))
    let (fx, fy) = (motion.x - left, motion.y - top)
    var sum: Float = 0
    var squares: Float = 0
    for row in 2 * y - 2..<2 * y + 4 {
      for column in 2 * x - 2..<2 * x + 4 {
        // The repeated pixels beyond the edges are enough.
        let p = unsafe b.base + (row + Int(top)) * b.stride + column + Int(left)
        let upper = unsafe p[0] + fx * (p[1] - p[0])
        let lower = unsafe p[b.stride] + fx * (p[b.stride + 1] - p[b.stride])
        let error = unsafe upper + fy * (lower - upper) - a.base[row * a.stride + column]
        sum += error
        squares += error * error
      }
    }
    return squares - sum * sum / 36
  }

  /// 1 where motion starts or ends in a hole, or where `back` does not lead back.
  ///
  /// Tolerance: a pixel of the frame and a twentieth of the way.
  private static func untrusted(
    _ flow: FeatureMap, _ back: FeatureMap, _ hole: Grid<UInt8>, _ otherHole: Grid<UInt8>,
    on engine: Engine
  ) throws(VFIError) -> Grid<UInt8> {
    let unknown = try engine.scratch.grid(UInt8(1), height: flow.height, width: flow.width)
    try engine.forEachRows(flow.height) { first, end in
      for y in first..<end {
        for x in 0..<flow.width where hole[y, x] == 0 {
          let motion = SIMD2(flow[y, x, 0], flow[y, x, 1])
          let end = SIMD2(Float(x), Float(y)) + motion
          let highest = SIMD2(Float(flow.width - 1), Float(flow.height - 1))
          // Written so that NaN is not trusted.
          guard end.x >= 0, end.y >= 0, end.x <= highest.x, end.y <= highest.y else { continue }
          let error = motion + sample(back, end)
          let squared = 16 * (error * error).sum()
          let length = 4 * (motion * motion).sum().squareRoot()
          let tolerance = 1 + 0.05 * length
          guard squared < tolerance * tolerance else { continue }
          let tap = Tap(end, width: flow.width, height: flow.height)
          let seen =
            otherHole[tap.top, tap.left] | otherHole[tap.top, tap.right]
            | otherHole[tap.bottom, tap.left] | otherHole[tap.bottom, tap.right]
          unknown[y, x] = seen
        }
      }
    }
    return unknown
  }

  /// A bilinear sample, the place clamped to the map.
  @inline(__always)
  private static func sample(_ flow: FeatureMap, _ place: SIMD2<Float>) -> SIMD2<Float> {
    let tap = Tap(place, width: flow.width, height: flow.height)
    // A tap lies within the map whatever the place is.
    func value(_ y: Int, _ x: Int) -> SIMD2<Float> {
      let pixel = unsafe flow.base + (y &* flow.width &+ x) &* flow.pixelStride
      return unsafe SIMD2(pixel[0], pixel[1])
    }
    let upper = value(tap.top, tap.left) * (1 - tap.fx) + value(tap.top, tap.right) * tap.fx
    let lower = value(tap.bottom, tap.left) * (1 - tap.fx) + value(tap.bottom, tap.right) * tap.fx
    return upper * (1 - tap.fy) + lower * tap.fy
  }
}

/// The four samples around a place, which is clamped to the picture, and the weights of the later
/// ones.
struct Tap {
  let left: Int
  let right: Int
  let top: Int
  let bottom: Int
  let fx: Float
  let fy: Float

  @inline(__always)
  init(_ place: SIMD2<Float>, width: Int, height: Int) {
    // `max(0, NaN)` may be NaN; a comparison is not.
    let x = place.x > 0 ? min(place.x, Float(width - 1)) : 0
    let y = place.y > 0 ? min(place.y, Float(height - 1)) : 0
    left = Int(x)
    top = Int(y)
    right = min(left + 1, width - 1)
    bottom = min(top + 1, height - 1)
    fx = x - Float(left)
    fy = y - Float(top)
  }
}
