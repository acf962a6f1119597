// SPDX-License-Identifier: MIT
// One row of one component of the new frame, in the source's own code values:
//
//   new = share * warp(a, flow0) + (1 - share) * warp(b, flow1) + residual
//
// Warps are bilinear, positions clamped to the picture (`interpolation-models.md` 1.1). A position
// is clamped before it becomes an integer, NaN to 0, so that no motion can reach outside.
import CIntrinsics

/// Where a vector of pixels comes from: the sample at the top left, and the weights beyond it.
struct Position {
  var column: vfi_ints
  var row: vfi_ints
  var right: Vector
  var down: Vector
}

/// A vector of 0, 1, 2, ...
@inline(__always)
var columnNumbers: Vector { vfi_to_floats(vfi_lane_numbers()) }

/// Clamps x and y to the component, and splits them.
///
/// The last column but one serves the last too, with weight 1: what stands right of the sample
/// is then always inside the picture, unless there is only one column.
@inline(__always)
func position(_ x: Vector, _ y: Vector, _ row: vfi_merge_row) -> Position {
  let zero = Vector(repeating: 0)
  let x = vfi_clamp(x, zero, Vector(repeating: Float(row.width &- 1)))
  let y = vfi_clamp(y, zero, Vector(repeating: Float(row.height &- 1)))
  let lastColumn = vfi_ints(repeating: Int32(truncatingIfNeeded: max(row.width &- 2, 0)))
  let lastRow = vfi_ints(repeating: Int32(truncatingIfNeeded: max(row.height &- 2, 0)))
  let column = vfi_minimum(vfi_truncate(x), lastColumn)
  let line = vfi_minimum(vfi_truncate(y), lastRow)
  return Position(
    column: column, row: line, right: x - vfi_to_floats(column), down: y - vfi_to_floats(line))
}

/// The four samples around each position of a vector.
struct Corners {
  var topLeft: Vector
  var topRight: Vector
  var bottomLeft: Vector
  var bottomRight: Vector
}

/// The samples around each position, as the bits of integers or floats.
private struct CornerBits {
  var topLeft: vfi_ints
  var topRight: vfi_ints
  var bottomLeft: vfi_ints
  var bottomRight: vfi_ints
}

/// Loads four samples for each lane, two at once where they lie in the same four bytes.
@inline(__always)
private func load(_ s: vfi_samples, _ p: Position, _ row: vfi_merge_row) -> CornerBits {
  let down = row.height > 1 ? s.stride : 0
  if s.one_by_one != 0 { return loadOneByOne(s, p, row) }
  let column = p.column &* vfi_ints(repeating: s.step)
  let start = vfi_minimum(column, vfi_ints(repeating: s.last_offset))
  let bits = ((column &- start) &<< vfi_ints(repeating: 3)) &+ vfi_ints(repeating: s.low_bit)
  let mask = vfi_ints(repeating: s.size == 4 ? -1 : s.size == 2 ? 0xFFFF : 0xFF)
  if s.pair_bits != 0 {
    let (top, bottom) = loadRows(s, p, start, down)
    let next = bits &+ vfi_ints(repeating: s.pair_bits)
    return CornerBits(
      topLeft: (top &>> bits) & mask, topRight: (top &>> next) & mask,
      bottomLeft: (bottom &>> bits) & mask, bottomRight: (bottom &>> next) & mask)
  }
  let offset = p.row &* vfi_ints(repeating: Int32(truncatingIfNeeded: s.stride)) &+ start
  let top = vfi_load_words(s.base, offset)
  let bottom = vfi_load_words(s.base + down, offset)
  let right = Int(s.step)
  return CornerBits(
    topLeft: (top &>> bits) & mask,
    topRight: (vfi_load_words(s.base + right, offset) &>> bits) & mask,
    bottomLeft: (bottom &>> bits) & mask,
    bottomRight: (vfi_load_words(s.base + down + right, offset) &>> bits) & mask)
}

/// Loads four bytes at `start` of each lane's row and of the one below it.
///
/// Neighbouring pixels mostly come from neighbouring places: where a vector of memory holds what all
/// lanes want of a row, it is loaded once, and the lanes are taken from it by shuffles.
@inline(__always)
private func loadRows(
  _ s: vfi_samples, _ p: Position, _ start: vfi_ints, _ down: Int
) -> (top: vfi_ints, bottom: vfi_ints) {
  let window = Int32(VFI_WINDOW)
  let spread = Int32(lanes &- 1) &* s.step
  if window > 0 && spread <= window &- 8 && s.last_offset >= window &- 4 {
    // In the middle of the window, were the lanes as far apart as the samples.
    let wanted = start[0] &- (window &- 4 &- spread) / 2
    let first = wanted < 0 ? 0 : min(wanted, s.last_offset &- (window &- 4))
    let places = start &- vfi_ints(repeating: first)
    let rows = p.row &- vfi_ints(repeating: p.row[0])
    if vfi_all_within(places, window &- 3) != 0 {
      let top = s.base + (Int(p.row[0]) &* s.stride &+ Int(first))
      if vfi_all_zero(rows) != 0 {
        return (vfi_window_words(top, places), vfi_window_words(top + down, places))
      }
      let rises = vfi_any_negative(rows) != 0
      let lines = rises ? rows &+ vfi_ints(repeating: 1) : rows
      if vfi_all_within(lines, 2) != 0 {
        // Some lane's row is the second of three, so there is a third.
        let high = rises ? top - s.stride : top
        let middle = vfi_window_words(high + s.stride, places)
        return (
          vfi_if_zero(lines, vfi_window_words(high, places), middle),
          vfi_if_zero(lines, middle, vfi_window_words(high + 2 &* s.stride, places))
        )
      }
    }
  }
  let offset = p.row &* vfi_ints(repeating: Int32(truncatingIfNeeded: s.stride)) &+ start
  return (vfi_load_words(s.base, offset), vfi_load_words(s.base + down, offset))
}

@inline(__always)
private func loadOneByOne(_ s: vfi_samples, _ p: Position, _ row: vfi_merge_row) -> CornerBits {
  let (stride, step, size) = (s.stride, Int(s.step), Int(s.size))
  let base = s.base + Int(s.low_bit &>> 3)
  let right = row.width > 1 ? step : 0
  let down = row.height > 1 ? stride : 0
  return CornerBits(
    topLeft: vfi_load_samples(base, stride, step, size, p.column, p.row),
    topRight: vfi_load_samples(base + right, stride, step, size, p.column, p.row),
    bottomLeft: vfi_load_samples(base + down, stride, step, size, p.column, p.row),
    bottomRight: vfi_load_samples(base + down + right, stride, step, size, p.column, p.row))
}

@inline(__always)
func integers(_ s: vfi_samples, _ p: Position, _ row: vfi_merge_row) -> Corners {
  let bits = load(s, p, row)
  return Corners(
    topLeft: vfi_to_floats(bits.topLeft), topRight: vfi_to_floats(bits.topRight),
    bottomLeft: vfi_to_floats(bits.bottomLeft), bottomRight: vfi_to_floats(bits.bottomRight))
}

@inline(__always)
func floats(_ s: vfi_samples, _ p: Position, _ row: vfi_merge_row) -> Corners {
  let bits = load(s, p, row)
  return Corners(
    topLeft: vfi_as_floats(bits.topLeft), topRight: vfi_as_floats(bits.topRight),
    bottomLeft: vfi_as_floats(bits.bottomLeft), bottomRight: vfi_as_floats(bits.bottomRight))
}

@inline(__always)
func bilinear(_ c: Corners, _ p: Position) -> Vector {
  let top = multiplyAdd(p.right, c.topRight - c.topLeft, c.topLeft)
  let bottom = multiplyAdd(p.right, c.bottomRight - c.bottomLeft, c.bottomLeft)
  return multiplyAdd(p.down, bottom - top, top)
}

/// Products of samples and their alpha.
@inline(__always)
func weighted(_ c: Corners, _ alpha: Corners) -> Corners {
  Corners(
    topLeft: c.topLeft * alpha.topLeft, topRight: c.topRight * alpha.topRight,
    bottomLeft: c.bottomLeft * alpha.bottomLeft, bottomRight: c.bottomRight * alpha.bottomRight)
}

@inline(__always)
private func mix(_ a: Vector, _ b: Vector, _ share: Vector) -> Vector {
  multiplyAdd(share, a - b, b)
}

/// The motion planes of a row, at one vector of columns.
private struct Motion {
  var a: Position
  var b: Position
  var share: Vector
  /// In code values.
  var residual: Vector
}

@inline(__always)
private func motion(_ row: vfi_merge_row, _ x: Int) -> Motion {
  let planes = row.planes + x
  let stride = row.plane_stride
  let columns = columnNumbers + Float(x)
  let line = Vector(repeating: Float(row.row))
  let scaleX = Vector(repeating: row.flow_x)
  let scaleY = Vector(repeating: row.flow_y)
  var residual = load(planes + 5 &* stride) * row.red
  residual = multiplyAdd(load(planes + 6 &* stride), Vector(repeating: row.green), residual)
  residual = multiplyAdd(load(planes + 7 &* stride), Vector(repeating: row.blue), residual)
  return Motion(
    a: position(
      multiplyAdd(load(planes), scaleX, columns),
      multiplyAdd(load(planes + stride), scaleY, line), row),
    b: position(
      multiplyAdd(load(planes + 2 &* stride), scaleX, columns),
      multiplyAdd(load(planes + 3 &* stride), scaleY, line), row),
    share: load(planes + 4 &* stride), residual: residual)
}

@inline(__always)
func toCode(_ value: Vector, _ row: vfi_merge_row) -> vfi_ints {
  let zero = Vector(repeating: 0)
  return vfi_truncate(vfi_clamp(value + Float(0.5), zero, Vector(repeating: row.maximum)))
}

/// Samples of one byte.
package func mergeRowBytes(_ argument: UnsafePointer<vfi_merge_row>) {
  let row = argument.pointee
  let step = Int(row.a.step)
  var x = 0
  while x < row.width {
    let m = motion(row, x)
    let a = bilinear(integers(row.a, m.a, row), m.a)
    let b = bilinear(integers(row.b, m.b, row), m.b)
    let value = mix(a, b, m.share)
    let code = toCode(value + m.residual, row)
    vfi_store_bytes(code, row.out + x &* step, step, row.width &- x)
    x &+= lanes
  }
}

/// Samples of two bytes, the value `shift` bits above the lowest.
package func mergeRowWords(_ argument: UnsafePointer<vfi_merge_row>) {
  let row = argument.pointee
  let step = Int(row.a.step)
  let shift = vfi_ints(repeating: row.shift)
  var x = 0
  while x < row.width {
    let m = motion(row, x)
    let a = bilinear(integers(row.a, m.a, row), m.a)
    let b = bilinear(integers(row.b, m.b, row), m.b)
    let value = mix(a, b, m.share)
    let code = toCode(multiplyAdd(value, Vector(repeating: row.unit), m.residual), row)
    vfi_store_words(code &<< shift, row.out + x &* step, step, row.width &- x)
    x &+= lanes
  }
}

/// Floats, which are not limited to any range.
package func mergeRowFloats(_ argument: UnsafePointer<vfi_merge_row>) {
  let row = argument.pointee
  let step = Int(row.a.step)
  var x = 0
  while x < row.width {
    let m = motion(row, x)
    let a = bilinear(floats(row.a, m.a, row), m.a)
    let b = bilinear(floats(row.b, m.b, row), m.b)
    let value = mix(a, b, m.share)
    let out = row.out + x &* step
    vfi_store_floats(value + m.residual, out, step, row.width &- x)
    x &+= lanes
  }
}

/// Samples of one byte beside straight alpha: each counts by its alpha.
///
/// The colour of what is transparent then does not bleed into what is not. Where all is
/// transparent, samples count alike.
package func mergeRowBytesStraightAlpha(_ argument: UnsafePointer<vfi_merge_row>) {
  let row = argument.pointee
  let step = Int(row.a.step)
  var x = 0
  while x < row.width {
    let m = motion(row, x)
    let ca = integers(row.a, m.a, row)
    let cb = integers(row.b, m.b, row)
    let wa = integers(row.a_alpha, m.a, row)
    let wb = integers(row.b_alpha, m.b, row)
    let alpha = mix(bilinear(wa, m.a), bilinear(wb, m.b), m.share)
    let color = mix(bilinear(weighted(ca, wa), m.a), bilinear(weighted(cb, wb), m.b), m.share)
    let plain = mix(bilinear(ca, m.a), bilinear(cb, m.b), m.share)
    let value = vfi_if_positive(alpha - Float(0.001), color / alpha, plain) + m.residual
    let out = row.out + x &* step
    vfi_store_bytes(toCode(value, row), out, step, row.width &- x)
    x &+= lanes
  }
}
