// SPDX-License-Identifier: MIT

/// The kernels that fill holes, one pixel after the other.
package enum NaiveHoles {
  /// The membrane of one channel; known values stay.
  package static func membrane(
    _ values: [Float], unknown: [Bool], height: Int, width: Int, sweeps: Int
  ) -> [Float] {
    guard unknown.contains(true) else { return values }
    let (rows, columns) = ((height + 1) / 2, (width + 1) / 2)
    var coarse = [Float](repeating: 0, count: rows * columns)
    var coarseUnknown = [Bool](repeating: true, count: rows * columns)
    for y in 0..<rows {
      for x in 0..<columns {
        var (sum, count) = (Float(0), Float(0))
        for row in 2 * y..<min(2 * y + 2, height) {
          for column in 2 * x..<min(2 * x + 2, width) where !unknown[row * width + column] {
            sum += values[row * width + column]
            count += 1
          }
        }
        guard count > 0 else { continue }
        coarse[y * columns + x] = sum / count
        coarseUnknown[y * columns + x] = false
      }
    }
    coarse = membrane(coarse, unknown: coarseUnknown, height: rows, width: columns, sweeps: sweeps)
    var result = values
    for index in 0..<height * width where unknown[index] {
      let (y, x) = (index / width, index % width)
      let row = max(0, min(y / 2 + (y % 2 == 0 ? -1 : 1), rows - 1))
      let column = max(0, min(x / 2 + (x % 2 == 0 ? -1 : 1), columns - 1))
      let (near, far) = (y / 2 * columns, row * columns)
      result[index] =
        (9 * coarse[near + x / 2] + 3 * coarse[near + column] + 3 * coarse[far + x / 2]
          + coarse[far + column]) / 16
    }
    for sweep in 0..<sweeps {
      for colour in 0...1 {
        for index in 0..<height * width where unknown[index] {
          let (y, x) = (index / width, index % width)
          guard (x + y) % 2 == colour else { continue }
          let vertical =
            result[y > 0 ? index - width : index] + result[y < height - 1 ? index + width : index]
          let horizontal =
            result[x > 0 ? index - 1 : index] + result[x < width - 1 ? index + 1 : index]
          let mean = 0.25 * (vertical + horizontal)
          result[index] += (sweep == sweeps - 1 ? 1 : 1.3) * (mean - result[index])
        }
      }
    }
    return result
  }

  /// A pixel that is followed.
  package struct Point {
    package var place: SIMD2<Float>
    package var error: Float
    /// As in `vfi_trace`.
    package var state: Int

    package init(place: SIMD2<Float>, error: Float, state: Int) {
      (self.place, self.error, self.state) = (place, error, state)
    }
  }

  /// A picture of one value a pixel, or of flow.
  package struct Plane<Value> {
    package let height: Int
    package let width: Int
    package var values: [Value]

    package init(height: Int, width: Int, values: [Value]) {
      (self.height, self.width, self.values) = (height, width, values)
    }

    package subscript(y: Int, x: Int) -> Value { values[y * width + x] }

    /// The values around a place, which is clamped to the picture, with their weights.
    func taps(_ place: SIMD2<Float>) -> [(value: Value, weight: Float)] {
      // `max(0, NaN)` may be NaN; a comparison is not.
      let x = place.x > 0 ? min(place.x, Float(width - 1)) : 0
      let y = place.y > 0 ? min(place.y, Float(height - 1)) : 0
      let (left, top) = (Int(x), Int(y))
      let (right, bottom) = (min(left + 1, width - 1), min(top + 1, height - 1))
      let (fx, fy) = (x - Float(left), y - Float(top))
      return [
        (self[top, left], (1 - fy) * (1 - fx)), (self[top, right], (1 - fy) * fx),
        (self[bottom, left], fy * (1 - fx)), (self[bottom, right], fy * fx),
      ]
    }
  }

  /// Motion in pixels, of flow at a quarter of the size.
  private static func motion(
    _ flow: Plane<SIMD2<Float>>, _ place: SIMD2<Float>
  ) -> SIMD2<Float> {
    let quarter = (place + 0.5) * 0.25 - 0.5
    let x = quarter.x > 0 ? min(quarter.x, Float(flow.width - 1)) : 0
    let y = quarter.y > 0 ? min(quarter.y, Float(flow.height - 1)) : 0
    let (fx, fy) = (x - Float(Int(x)), y - Float(Int(y)))
    let taps = flow.taps(quarter).map(\.value)
    let upper = taps[0] * (1 - fx) + taps[1] * fx
    let lower = taps[2] * (1 - fx) + taps[3] * fx
    return 4 * (upper * (1 - fy) + lower * fy)
  }

  /// Whether a pixel around a place is hidden.
  package static func isHidden(_ hidden: Plane<UInt8>?, _ place: SIMD2<Float>) -> Bool {
    hidden?.taps(place).contains { $0.value != 0 } ?? false
  }

  /// A point in the next frame.
  package static func advance(
    _ before: Point, isHole: Bool, forward: Plane<SIMD2<Float>>, backward: Plane<SIMD2<Float>>,
    hidden: Plane<UInt8>?, height: Int, width: Int, maximumError: Float, goesOn: Bool
  ) -> Point {
    var point = before
    if point.state == 2 { point.state = goesOn ? 1 : 3 }
    guard point.state == 1 else { return point }
    let way = motion(forward, point.place)
    let miss = way + motion(backward, point.place + way)
    point.place += way
    point.error += miss.x * miss.x + miss.y * miss.y
    let isInside =
      point.place.x >= 0 && point.place.y >= 0 && point.place.x <= Float(width - 1)
      && point.place.y <= Float(height - 1)
    if !isInside || !(point.error < maximumError) {
      point.state = 0
    } else if isHole, !isHidden(hidden, point.place) {
      point.state = 2
    }
    return point
  }

  /// The mean of what is shown around a place; nil where nothing is.
  package static func sample(
    _ samples: Plane<Float>, _ hidden: Plane<UInt8>?, _ place: SIMD2<Float>
  ) -> Float? {
    let marks = hidden?.taps(place).map(\.value) ?? [0, 0, 0, 0]
    var (sum, total) = (Float(0), Float(0))
    for (tap, mark) in zip(samples.taps(place), marks) where tap.weight > 0 && mark == 0 {
      sum += tap.weight * (tap.value.isFinite ? tap.value : 0)
      total += tap.weight
    }
    return total > 0 ? sum / total : nil
  }
}
