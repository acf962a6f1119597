// SPDX-License-Identifier: MIT

/// Where the pixels of a hole and of its rim have come to in one direction of time.
@safe struct HoleTrace {
  /// A pixel that is followed.
  struct Point {
    /// Its place in the frame that the chain has come to, in pixels of the region.
    var place: SIMD2<Float>
    /// Sum over the hops of the squared distance by which the way back missed.
    var error: Float = 0
    var state = State.none
  }

  enum State: UInt8 {
    /// Not followed: no pixel of hole or rim, or lost.
    case none
    case followed
    /// Came out of the hole in the last hop, and in an earlier one.
    case found, done
  }

  /// A hole's pixel is lost once the sum of its squared errors is that of two pixels.
  static let maximumError: Float = 4

  let points: Grid<Point>
  private let target: InpaintTarget
  /// Pixels of the hole, of each row: those that are followed, and those just found.
  private let counts: Grid<SIMD2<Int32>>

  init(_ target: InpaintTarget, on engine: Engine) throws(VFIError) {
    let (height, width) = (target.alpha.height, target.alpha.width)
    let points = try engine.scratch.grid(Point(place: .zero), height: height, width: width)
    let counts = try engine.scratch.grid(SIMD2<Int32>.zero, height: height, width: 1)
    for y in 0..<height {
      for x in 0..<width where target.alpha[y, x] > 0 || target.isRim(y, x) {
        if target.alpha[y, x] > 0, target.isSettled(y, x) { continue }
        points[y, x] = Point(place: SIMD2(Float(x), Float(y)), state: .followed)
        if target.alpha[y, x] > 0 { counts[y, 0].x += 1 }
      }
    }
    self.points = points
    self.counts = counts
    self.target = target
  }

  /// Whether pixels of the hole are still followed.
  var isOpen: Bool { (0..<counts.height).contains { counts[$0, 0].x > 0 } }

  /// Whether the last hop found any.
  var hasFound: Bool { (0..<counts.height).contains { counts[$0, 0].y > 0 } }

  /// Follows all pixels to the next frame of the chain.
  func advance(
    _ motion: HoleMotion, to sight: InpaintSight, on engine: Engine
  ) throws(VFIError) {
    let (height, width) = (points.height, points.width)
    let corner = SIMD2(Float(width - 1), Float(height - 1))
    try engine.forEachRows(height) { first, end in
      for y in first..<end {
        var count = SIMD2<Int32>.zero
        for x in 0..<width {
          var point = points[y, x]
          if point.state == .found { point.state = .done }
          if point.state == .followed {
            let step = motion.at(point.place)
            point.place += step.motion
            point.error += step.error
            // Written so that NaN is lost.
            let isInside =
              point.place.x >= 0 && point.place.y >= 0 && point.place.x <= corner.x
              && point.place.y <= corner.y
            if !isInside || !(point.error < Self.maximumError) {
              point.state = .none
            } else if target.alpha[y, x] > 0 {
              let isSeen = Self.isSeen(sight.hole, point.place)
              if isSeen { point.state = .found }
              count[isSeen ? 1 : 0] += 1
            }
          }
          points[y, x] = point
        }
        counts[y, 0] = count
      }
    }
  }

  /// Whether none of the four pixels around a place is hidden.
  static func isSeen(_ hole: Hole, _ place: SIMD2<Float>) -> Bool {
    let tap = Tap(place, width: hole.pixels.width, height: hole.pixels.height)
    let hidden =
      hole.pixels[tap.top, tap.left] | hole.pixels[tap.top, tap.right]
      | hole.pixels[tap.bottom, tap.left] | hole.pixels[tap.bottom, tap.right]
    return hidden == 0
  }
}
