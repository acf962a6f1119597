// SPDX-License-Identifier: MIT
import Glibc
import VFIEngine

/// What moves and resizes features, as the definitions read, in double precision.
package enum NaiveMotion {
  /// Bilinear sample of one channel; the coordinate is clamped, NaN counts as 0.
  package static func sample(_ map: FeatureMap, y: Double, x: Double, c: Int) -> Double {
    func clamp(_ v: Double, _ size: Int) -> Double {
      v.isNaN ? 0 : min(max(v, 0), Double(size - 1))
    }
    let (px, py) = (clamp(x, map.width), clamp(y, map.height))
    let (left, top) = (Int(px), Int(py))
    let (right, bottom) = (min(left + 1, map.width - 1), min(top + 1, map.height - 1))
    let (fx, fy) = (px - Double(left), py - Double(top))
    let upper = Double(map[top, left, c]) * (1 - fx) + Double(map[top, right, c]) * fx
    let lower = Double(map[bottom, left, c]) * (1 - fx) + Double(map[bottom, right, c]) * fx
    return upper * (1 - fy) + lower * fy
  }

  /// `input(x + flow[0], y + flow[1])`; the coordinate is a float's, as in the kernels.
  package static func warp(
    _ input: FeatureMap, _ flow: FeatureMap, y: Int, x: Int, c: Int
  ) -> Float {
    Float(
      sample(
        input, y: Double(Float(y) + flow[y, x, 1]), x: Double(Float(x) + flow[y, x, 0]), c: c))
  }

  /// The motion of the pixel that stands at (x, y) after `time`: two steps to the fixed point.
  package static func motion(
    _ flow: FeatureMap, time: Double, y: Int, x: Int
  ) -> (x: Double, y: Double) {
    var (u, v) = (Double(flow[y, x, 0]), Double(flow[y, x, 1]))
    for _ in 0..<2 {
      let (px, py) = (Double(x) - time * u, Double(y) - time * v)
      u = sample(flow, y: py, x: px, c: 0)
      v = sample(flow, y: py, x: px, c: 1)
    }
    return (u, v)
  }

  /// Candidates A and B at `t`: to frame 0 (x, y), to frame 1, each.
  package static func candidates(
    _ flow01: FeatureMap, _ flow10: FeatureMap, t: Double, y: Int, x: Int
  ) -> [Double] {
    let u = motion(flow01, time: t, y: y, x: x)
    let w = motion(flow10, time: 1 - t, y: y, x: x)
    return [
      -t * u.x, -t * u.y, (1 - t) * u.x, (1 - t) * u.y,
      t * w.x, t * w.y, -(1 - t) * w.x, -(1 - t) * w.y,
    ]
  }

  package static func sigmoid(_ x: Double) -> Double { 1 / (1 + exp(-x)) }
}
