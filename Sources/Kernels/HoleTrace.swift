// SPDX-License-Identifier: MIT
// The ways of a hole's pixels, and what they lead to. No operation is fused and each lane does what a
// pixel alone would, so that all levels give the same bytes.
import CIntrinsics

private typealias Ints = vfi_ints

/// The four samples around places, which are clamped to the picture, and the weights of the later ones.
private struct Taps {
  let left, right, top, bottom: Ints
  let fx, fy: Vector

  @inline(__always)
  init(_ x: Vector, _ y: Vector, width: Int, height: Int) {
    let px = vfi_clamp(x, .zero, Vector(repeating: Float(width &- 1)))
    let py = vfi_clamp(y, .zero, Vector(repeating: Float(height &- 1)))
    left = vfi_truncate(px)
    top = vfi_truncate(py)
    let one = Ints(repeating: 1)
    right = vfi_minimum(left &+ one, Ints(repeating: Int32(truncatingIfNeeded: width &- 1)))
    bottom = vfi_minimum(top &+ one, Ints(repeating: Int32(truncatingIfNeeded: height &- 1)))
    fx = px - vfi_to_floats(left)
    fy = py - vfi_to_floats(top)
  }
}

@inline(__always)
private func ints(_ value: Int) -> Ints { Ints(repeating: Int32(truncatingIfNeeded: value)) }

/// Floats at offsets that count bytes.
@inline(__always)
private func floats(_ base: UnsafePointer<Float>, _ offsets: Ints) -> Vector {
  vfi_as_floats(vfi_load_words(base, offsets))
}

/// Motion in pixels of the frame at places of it, of flow at a quarter of the size.
@inline(__always)
private func motion(
  _ flow: UnsafePointer<Float>, _ s: vfi_trace_step, _ x: Vector, _ y: Vector
) -> (x: Vector, y: Vector) {
  let taps = Taps(
    (x + 0.5) * 0.25 - 0.5, (y + 0.5) * 0.25 - 0.5, width: s.flow_width, height: s.flow_height)
  let (top, bottom) = (taps.top &* ints(s.flow_width), taps.bottom &* ints(s.flow_width))
  let eight = Ints(repeating: 8)
  let (a, b) = ((top &+ taps.left) &* eight, (top &+ taps.right) &* eight)
  let (c, d) = ((bottom &+ taps.left) &* eight, (bottom &+ taps.right) &* eight)
  @inline(__always)
  func component(_ flow: UnsafePointer<Float>) -> Vector {
    let upper = floats(flow, a) * (1 - taps.fx) + floats(flow, b) * taps.fx
    let lower = floats(flow, c) * (1 - taps.fx) + floats(flow, d) * taps.fx
    return 4 * (upper * (1 - taps.fy) + lower * taps.fy)
  }
  return (component(flow), component(flow + 1))
}

/// 0 where none of the four pixels around a place is hidden.
@inline(__always)
private func hidden(_ t: vfi_trace, _ x: Vector, _ y: Vector) -> Ints {
  guard let marks = t.hidden else { return .zero }
  let taps = Taps(x, y, width: t.width, height: t.height)
  @inline(__always)
  func mark(_ x: Ints, _ y: Ints) -> Ints { vfi_load_samples(marks, t.width, 1, 1, x, y) }
  return mark(taps.left, taps.top) | mark(taps.right, taps.top) | mark(taps.left, taps.bottom)
    | mark(taps.right, taps.bottom)
}

// States of a pixel; one that is lost has 0.
private let followed: Float = 1
private let found: Float = 2
private let done: Float = 3

/// Follows pixels of the rows `first ..< end` to the next frame.
///
/// One whose place leaves the picture or is NaN, or whose error is too large, is lost.
package func advanceTrace(_ argument: UnsafePointer<vfi_trace_step>, _ first: Int, _ end: Int) {
  let step = argument.pointee
  let t = step.trace
  for y in first..<end {
    var (open, seen) = (Vector.zero, Vector.zero)
    var x = step.left
    while x < step.right {
      advance(step, y &* t.width &+ x, min(lanes, step.right &- x), &open, &seen)
      x &+= lanes
    }
    t.counts[2 &* y] = Int32(vfi_sum(open))
    t.counts[2 &* y &+ 1] = Int32(vfi_sum(seen))
  }
}

/// The same for the `count` pixels from index `place` on; counts those of the hole.
@inline(__always)
private func advance(
  _ step: vfi_trace_step, _ place: Int, _ count: Int, _ open: inout Vector, _ seen: inout Vector
) {
  let t = step.trace
  let before = load(t.state + place, upTo: count)
  // What was found before is followed on, or done.
  let after = Vector(repeating: step.goes_on ? followed : done)
  let state = vfi_if_null(before - found, after, before)
  let isOther = state - followed
  if vfi_any_null(isOther) == 0 {
    store(state, t.state + place, upTo: count)
    return
  }
  var x = load(t.x + place, upTo: count)
  var y = load(t.y + place, upTo: count)
  let way = motion(step.forward, step, x, y)
  let back = motion(step.backward, step, x + way.x, y + way.y)
  let (missX, missY) = (way.x + back.x, way.y + back.y)
  x += way.x
  y += way.y
  let error = load(t.error + place, upTo: count) + (missX * missX + missY * missY)
  let (zero, one) = (Vector.zero, Vector(repeating: 1))
  var isAlive = vfi_if_within(x, 0, Float(t.width &- 1), one, zero)
  isAlive = vfi_if_within(y, 0, Float(t.height &- 1), isAlive, zero)
  isAlive = vfi_if_positive(step.maximum_error - error, isAlive, zero)
  // Of those that are followed, the hole's pixels that still are.
  let isHole = vfi_if_positive(load(t.alpha + place, upTo: count), isAlive, zero)
  let counted = vfi_if_null(isOther, isHole, zero)
  let isFound = vfi_if_null(vfi_to_floats(hidden(t, x, y)), counted, zero)
  seen += isFound
  open += counted - isFound
  store(vfi_if_null(isOther, isAlive + isFound, state), t.state + place, upTo: count)
  store(x, t.x + place, upTo: count)
  store(y, t.y + place, upTo: count)
  store(error, t.error + place, upTo: count)
}

/// The mean of a component's samples around places, less those that are hidden, and the sum of the
/// weights of the others; NaN where that is 0.
@inline(__always)
private func sample(
  _ s: vfi_hole_samples, _ x: Vector, _ y: Vector
) -> (value: Vector, weight: Vector) {
  let taps = Taps(x, y, width: s.width, height: s.height)
  var (sum, total) = (Vector.zero, Vector.zero)
  @inline(__always)
  func add(_ column: Ints, _ row: Ints, _ weight: Vector) {
    var weight = weight
    if let hidden = s.hidden {
      let mark = vfi_load_samples(hidden, s.width, 1, 1, column, row)
      weight = vfi_if_null(vfi_to_floats(mark), weight, .zero)
    }
    let code = vfi_load_samples(s.base, s.stride, s.step, s.size, column, row)
    sum += weight * value(code, of: s)
    total += weight
  }
  let (left, upper) = (1 - taps.fx, 1 - taps.fy)
  add(taps.left, taps.top, upper * left)
  add(taps.right, taps.top, upper * taps.fx)
  add(taps.left, taps.bottom, taps.fy * left)
  add(taps.right, taps.bottom, taps.fy * taps.fx)
  return (sum / total, total)
}

/// A sample's code value; of floats, what is not finite is 0.
@inline(__always)
private func value(_ code: Ints, of s: vfi_hole_samples) -> Vector {
  if s.size == 1 { return vfi_to_floats(code) }
  if s.size == 2 { return vfi_to_floats(code &>> Ints(repeating: s.shift)) }
  let value = vfi_as_floats(code)
  return vfi_if_null(value - value, value, .zero)
}

/// Adds what was found to a component's samples in the rows `first ..< end`.
///
/// The way of a sample is that of the first of its pixels which was found.
package func collectSamples(_ argument: UnsafePointer<vfi_collection>, _ first: Int, _ end: Int) {
  let c = argument.pointee
  for y in first..<end where hasFound(c, y) {
    var x = c.left
    while x < c.right {
      collect(c, y, x, min(lanes, c.right &- x))
      x &+= lanes
    }
  }
}

/// Whether a pixel of a component's row was found.
@inline(__always)
private func hasFound(_ c: vfi_collection, _ y: Int) -> Bool {
  let first = y &<< c.samples.shift_y
  let last = min(first &+ c.samples.shift_y, c.trace.height &- 1)
  return c.trace.counts[2 &* first &+ 1] | c.trace.counts[2 &* last &+ 1] != 0
}

@inline(__always)
private func collect(_ c: vfi_collection, _ y: Int, _ x: Int, _ count: Int) {
  let (t, s) = (c.trace, c.samples)
  var isFound = Vector.zero
  var (motionX, motionY, error) = (Vector.zero, Vector.zero, Vector.zero)
  let columns = vfi_lane_numbers() &+ ints(x)
  // The first pixel comes last, so that it counts.
  for part in stride(from: (1 &<< (s.shift_x &+ s.shift_y)) &- 1, through: 0, by: -1) {
    let row = min(y &<< s.shift_y &+ part &>> s.shift_x, t.height &- 1)
    let dx = part & ((1 &<< s.shift_x) &- 1)
    let pixels = vfi_minimum(
      columns &<< ints(s.shift_x) &+ ints(dx), ints(t.width &- 1))
    let offsets = (pixels &+ ints(row &* t.width)) &* Ints(repeating: 4)
    @inline(__always)
    func values(_ base: UnsafeMutablePointer<Float>) -> Vector {
      if s.shift_x == 0 && count == lanes { return load(base + (row &* t.width &+ x)) }
      return floats(base, offsets)
    }
    let isOther = values(t.state) - found
    if vfi_any_null(isOther) == 0 { continue }
    isFound = vfi_if_null(isOther, Vector(repeating: 1), isFound)
    motionX = vfi_if_null(isOther, values(t.x) - vfi_to_floats(pixels), motionX)
    motionY = vfi_if_null(isOther, values(t.y) - Float(row), motionY)
    error = vfi_if_null(isOther, values(t.error), error)
  }
  if vfi_any_above(isFound, 0) == 0 { return }
  let scaleX = 1 / Float(1 &<< s.shift_x)
  let scaleY = 1 / Float(1 &<< s.shift_y)
  let sample = sample(
    s, vfi_to_floats(columns) + motionX * scaleX, Float(y) + motionY * scaleY)
  let cells = (columns &<< ints(s.shift_x)) &>> Ints(repeating: 3)
  let trustRow = c.trust + ((y &<< s.shift_y) &>> 3) &* c.trust_width
  let last = ints(c.trust_width &- 1)
  let trust = floats(trustRow, vfi_minimum(cells, last) &* Ints(repeating: 4))
  var weight = trust / (c.distance * (1 + error))
  weight = vfi_if_positive(sample.weight, vfi_if_positive(isFound, weight, .zero), .zero)
  let value = vfi_if_positive(weight, (sample.value + c.offset) * weight, .zero)
  weight = vfi_if_positive(weight, weight, .zero)
  let sums = c.sums + 2 &* (y &* s.width &+ x)
  for lane in 0..<count {
    sums[2 &* lane] += value[lane]
    sums[2 &* lane &+ 1] += weight[lane]
  }
}

/// What a frame shows, on their way, of the listed samples from `first`, a multiple of 16, up to `end`.
///
/// NaN where their pixel is not followed, or hidden there.
package func rimSamples(_ argument: UnsafePointer<vfi_rim_samples>, _ first: Int, _ end: Int) {
  let r = argument.pointee
  for i in stride(from: first, to: end, by: lanes) { store(rim(r, i), r.values + i) }
}

/// The same of a vector of samples, from the listed one `i` on.
@inline(__always)
private func rim(_ r: vfi_rim_samples, _ i: Int) -> Vector {
  let (t, s) = (r.trace, r.samples)
  let none = Vector(repeating: .nan)
  let columns = UnsafeRawPointer(r.columns + i).loadUnaligned(as: Ints.self)
  let rows = UnsafeRawPointer(r.rows + i).loadUnaligned(as: Ints.self)
  let (pixelX, pixelY) = (columns &<< ints(s.shift_x), rows &<< ints(s.shift_y))
  let offsets = (pixelY &* ints(t.width) &+ pixelX) &* Ints(repeating: 4)
  let isOther = floats(t.state, offsets) - followed
  if vfi_any_null(isOther) == 0 { return none }
  let (x, y) = (floats(t.x, offsets), floats(t.y, offsets))
  let isHidden = vfi_to_floats(hidden(t, x, y))
  let motionX = (x - vfi_to_floats(pixelX)) * (1 / Float(1 &<< s.shift_x))
  let motionY = (y - vfi_to_floats(pixelY)) * (1 / Float(1 &<< s.shift_y))
  let sample = sample(s, vfi_to_floats(columns) + motionX, vfi_to_floats(rows) + motionY)
  let shown = vfi_if_positive(sample.weight, sample.value, none)
  return vfi_if_null(isOther, vfi_if_null(isHidden, shown, none), none)
}
