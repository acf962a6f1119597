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
  /// Whether what was found is followed on, and found in each hop.
  private let goesOn: Bool
  /// Pixels of the hole, of each row: those that are followed, and those just found.
  private let counts: Grid<SIMD2<Int32>>

  init(_ target: InpaintTarget, goesOn: Bool = false, on engine: Engine) throws(VFIError) {
    let (height, width) = (target.alpha.height, target.alpha.width)
    let points = try engine.scratch.grid(Point(place: .zero), height: height, width: width)
    let counts = try engine.scratch.grid(SIMD2<Int32>.zero, height: height, width: 1)
    let bounds = target.bounds
    for y in bounds.y..<bounds.y + bounds.height {
      for x in bounds.x..<bounds.x + bounds.width
      where target.alpha[y, x] > 0 || target.isRim(y, x) {
        if target.alpha[y, x] > 0, target.isSettled(y, x) { continue }
        points[y, x] = Point(place: SIMD2(Float(x), Float(y)), state: .followed)
        if target.alpha[y, x] > 0 { counts[y, 0].x += 1 }
      }
    }
    self.points = points
    self.counts = counts
    self.target = target
    self.goesOn = goesOn
  }

  /// Whether pixels of the hole are still followed.
  var isOpen: Bool { (0..<counts.height).contains { counts[$0, 0].x > 0 } }

  /// Whether the last hop found any.
  var hasFound: Bool { (0..<counts.height).contains { counts[$0, 0].y > 0 } }

  /// Follows all pixels to the next frame of the chain, which hides what is in `hole`.
  func advance(
    _ motion: HoleMotion, past hole: Hole, on engine: Engine
  ) throws(VFIError) {
    let corner = SIMD2(Float(points.width - 1), Float(points.height - 1))
    try engine.forEachRows(in: target.bounds) { rows, columns in
      for y in rows {
        var count = SIMD2<Int32>.zero
        for x in columns {
          var point = points[y, x]
          guard point.state == .followed || point.state == .found else { continue }
          if point.state == .found { point.state = goesOn ? .followed : .done }
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
              let isSeen = Self.isSeen(hole, point.place)
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
