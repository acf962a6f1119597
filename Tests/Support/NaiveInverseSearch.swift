// SPDX-License-Identifier: MIT
import VFIEngine

/// One level of the dense inverse search in double precision, step by step as
/// `training/vfi_training/inverse_search.py` describes it.
package struct NaiveInverseSearch {
  package typealias Vector = (x: Double, y: Double)

  let first: FeatureMap
  let second: FeatureMap
  /// Dense flow of the coarser level; nil on the coarsest.
  let coarse: FeatureMap?
  /// Whether it looks around the best candidate.
  let widens: Bool

  package init(_ first: FeatureMap, _ second: FeatureMap, coarse: FeatureMap?, widens: Bool) {
    self.first = first
    self.second = second
    self.coarse = coarse
    self.widens = widens
  }

  static func origins(_ size: Int) -> [Int] {
    (0...(size - 8 + 3) / 4).map { min(4 * $0, size - 8) }
  }

  private func pixel(_ map: FeatureMap, _ y: Int, _ x: Int) -> Double {
    Double(map[min(max(y, 0), map.height - 1), min(max(x, 0), map.width - 1), 0])
  }

  /// The 64 values of `value(y, x)` in a patch, less their mean.
  private func centred(_ value: (Int, Int) -> Double) -> [Double] {
    let values = (0..<64).map { value($0 / 8, $0 % 8) }
    let mean = values.reduce(0, +) / 64
    return values.map { $0 - mean }
  }

  private func errors(_ top: Int, _ left: Int, _ u: Vector) -> [Double] {
    centred { y, x in
      NaiveMotion.sample(
        second, y: Double(top + y) + u.y, x: Double(left + x) + u.x, c: 0)
        - pixel(first, top + y, left + x)
    }
  }

  private func cost(_ top: Int, _ left: Int, _ u: Vector) -> Double {
    errors(top, left, u).reduce(0) { $0 + $1 * $1 }
  }

  private func candidates(_ top: Int, _ left: Int) -> [Vector] {
    var found: [Vector] = []
    guard let coarse else {
      found.append((0, 0))
      for y in -2...2 {
        for x in -2...2 where x != 0 || y != 0 { found.append((Double(x), Double(y))) }
      }
      return found
    }
    for (dy, dx) in [(0, 0), (0, -4), (0, 4), (-4, 0), (4, 0)] {
      let y = min((top + 4 + dy) / 2, coarse.height - 1)
      let x = min((left + 4 + dx) / 2, coarse.width - 1)
      found.append((2 * Double(coarse[y, x, 0]), 2 * Double(coarse[y, x, 1])))
    }
    found.append((0, 0))
    return found
  }

  /// The flow of the patch at (top, left).
  private func patch(_ top: Int, _ left: Int) -> Vector {
    var start = candidates(top, left)[0]
    for u in candidates(top, left) where cost(top, left, u) < cost(top, left, start) {
      if cost(top, left, start) <= 64 { break }
      start = u
    }
    if widens && cost(top, left, start) > 64 { start = widened(top, left, start) }
    return cost(top, left, start) <= 64 ? start : descend(top, left, start)
  }

  /// The best flow around `start`, or `start` unless that is clearly better.
  private func widened(_ top: Int, _ left: Int, _ start: Vector) -> Vector {
    var best: (u: Vector, cost: Double)?
    for y in -3...3 {
      for x in -3...3 where x != 0 || y != 0 {
        let u = (start.x + Double(x), start.y + Double(y))
        let found = cost(top, left, u)
        if let known = best, known.cost <= 64 || found >= known.cost { continue }
        best = (u, found)
      }
    }
    guard let best, best.cost < 0.7 * cost(top, left, start) else { return start }
    return best.u
  }

  /// Gauss-Newton from `start`.
  private func descend(_ top: Int, _ left: Int, _ start: Vector) -> Vector {
    let gx = centred { y, x in
      (pixel(first, top + y, left + x + 1) - pixel(first, top + y, left + x - 1)) / 2
    }
    let gy = centred { y, x in
      (pixel(first, top + y + 1, left + x) - pixel(first, top + y - 1, left + x)) / 2
    }
    func dot(_ a: [Double], _ b: [Double]) -> Double { zip(a, b).reduce(0) { $0 + $1.0 * $1.1 } }
    let (hxx, hxy, hyy) = (dot(gx, gx) + 64, dot(gx, gy), dot(gy, gy) + 64)
    let determinant = hxx * hyy - hxy * hxy
    var u = start
    for _ in 0..<4 {
      let e = errors(top, left, u)
      let (bx, by) = (dot(gx, e), dot(gy, e))
      let x = (hyy * bx - hxy * by) / determinant
      let y = (hxx * by - hxy * bx) / determinant
      u = (u.x - x, u.y - y)
      if x * x + y * y <= 1e-3 { break }
    }
    let (dx, dy) = (u.x - start.x, u.y - start.y)
    let lost = dx * dx + dy * dy > 64 || cost(top, left, u) > cost(top, left, start)
    return lost ? start : u
  }

  /// Dense flow before the median, by pixels.
  package func dense() -> [Vector] {
    var sums = [(x: Double, y: Double, weight: Double)](
      repeating: (0, 0, 0), count: first.height * first.width)
    for top in Self.origins(first.height) {
      for left in Self.origins(first.width) {
        let u = patch(top, left)
        for (i, e) in errors(top, left, u).enumerated() {
          let index = (top + i / 8) * first.width + left + i % 8
          let weight = 1 / (max(1, abs(e)) * max(1, abs(e)))
          sums[index].x += weight * u.x
          sums[index].y += weight * u.y
          sums[index].weight += weight
        }
      }
    }
    return sums.map { ($0.x / $0.weight, $0.y / $0.weight) }
  }

  /// Median of 3x3 of one component at (y, x), edges repeated.
  package static func median(_ map: FeatureMap, _ y: Int, _ x: Int, _ c: Int) -> Float {
    var values: [Float] = []
    for dy in -1...1 {
      for dx in -1...1 {
        let row = min(max(y + dy, 0), map.height - 1)
        values.append(map[row, min(max(x + dx, 0), map.width - 1), c])
      }
    }
    return values.sorted()[4]
  }
}
