// SPDX-License-Identifier: MIT
// One row of one component of the new frame from four samples, in the source's own code values:
//
//   new = w0 * warp(a, flow 0) + w1 * warp(b, flow 1) + w2 * warp(a, flow 2) + w3 * warp(b, flow 3)
//         + residual
//
// The planes of motion have the map's columns, half those of the picture; they are doubled here, as
// they are needed, so that no motion of full size is ever stored.
import CIntrinsics

/// A sample that weighs no more than this anywhere in a vector is not taken; the others then make
/// up for its weight.
private let leastWeight: Float = 1 / 512

/// One plane of the motion at one vector of the component's columns.
@inline(__always)
private func plane(_ row: vfi_candidate_row, _ index: Int, _ x: Int) -> Vector {
  let values = row.merge.planes + index &* row.merge.plane_stride
  if row.doubles != 0 {
    let columns = load(values + x / 2)
    let far = vfi_far_columns(columns)
    return multiplyAdd(vfi_near_columns(columns) - far, Vector(repeating: 0.75), far)
  }
  let left = load(values + x)
  if row.fraction == 0 { return left }
  return multiplyAdd(load(values + x + 1) - left, Vector(repeating: row.fraction), left)
}

/// Above 0 where the vector's columns move.
@inline(__always)
private func movingColumns(_ row: vfi_candidate_row, _ x: Int) -> Vector {
  load(row.merge.planes + 15 &* row.merge.plane_stride + x)
}

/// Where sample `index` of four is taken from.
@inline(__always)
private func place(_ row: vfi_candidate_row, _ index: Int, _ x: Int, _ moves: Vector) -> Position {
  let zero = Vector(repeating: 0)
  let flowX = vfi_if_positive(moves, plane(row, 2 &* index, x), zero)
  let flowY = vfi_if_positive(moves, plane(row, 2 &* index &+ 1, x), zero)
  return position(
    multiplyAdd(flowX, Vector(repeating: row.merge.flow_x), columnNumbers + Float(x)),
    multiplyAdd(
      flowY, Vector(repeating: row.merge.flow_y), Vector(repeating: Float(row.merge.row))),
    row.merge)
}

/// The residual in code values.
@inline(__always)
private func residual(_ row: vfi_candidate_row, _ x: Int) -> Vector {
  let merge = row.merge
  var sum = plane(row, 12, x) * merge.red
  sum = multiplyAdd(plane(row, 13, x), Vector(repeating: merge.green), sum)
  sum = multiplyAdd(plane(row, 14, x), Vector(repeating: merge.blue), sum)
  return vfi_if_positive(movingColumns(row, x), sum, Vector(repeating: 0))
}

/// The weight of sample `index` of the `count` that are taken; of two, those that nothing moves,
/// each has the weights of both of its frame.
@inline(__always)
private func weight(_ row: vfi_candidate_row, _ index: Int, of count: Int, _ x: Int) -> Vector {
  let first = plane(row, 8 &+ index, x)
  return count == 4 ? first : first + plane(row, 10 &+ index, x)
}

/// The weighted mean of the samples of a vector.
@inline(__always)
private func mean(
  _ row: vfi_candidate_row, _ x: Int,
  _ corners: (vfi_samples, Position, vfi_merge_row) -> Corners
) -> Vector {
  let moves = movingColumns(row, x)
  let count = vfi_any_above(moves, 0) != 0 ? 4 : 2
  var sum = Vector(repeating: 0)
  var total = Vector(repeating: 0)
  var index = 0
  while index < count {
    let weight = weight(row, index, of: count, x)
    if vfi_any_above(weight, leastWeight) != 0 {
      let place = place(row, index, x, moves)
      let samples = index & 1 == 0 ? row.merge.a : row.merge.b
      sum = multiplyAdd(weight, bilinear(corners(samples, place, row.merge), place), sum)
      total += weight
    }
    index &+= 1
  }
  return sum / total
}

/// Samples of one byte.
package func mergeCandidatesBytes(_ argument: UnsafePointer<vfi_candidate_row>) {
  mergeBytes(argument, byAlpha: false)
}

/// Samples of one byte beside straight alpha: each counts by its alpha.
///
/// Where all is transparent, samples count alike.
package func mergeCandidatesBytesStraightAlpha(_ argument: UnsafePointer<vfi_candidate_row>) {
  mergeBytes(argument, byAlpha: true)
}

@inline(__always)
private func mergeBytes(_ argument: UnsafePointer<vfi_candidate_row>, byAlpha: Bool) {
  let row = argument.pointee
  let step = Int(row.merge.a.step)
  var x = 0
  while x < row.merge.width {
    let value = (byAlpha ? meanByAlpha(row, x) : mean(row, x, integers)) + residual(row, x)
    vfi_store_bytes(
      toCode(value, row.merge), row.merge.out + x &* step, step, row.merge.width &- x)
    x &+= lanes
  }
}

/// Samples of two bytes, the value `shift` bits above the lowest.
package func mergeCandidatesWords(_ argument: UnsafePointer<vfi_candidate_row>) {
  let row = argument.pointee
  let step = Int(row.merge.a.step)
  let shift = vfi_ints(repeating: row.merge.shift)
  var x = 0
  while x < row.merge.width {
    let value = multiplyAdd(
      mean(row, x, integers), Vector(repeating: row.merge.unit), residual(row, x))
    let code = toCode(value, row.merge)
    vfi_store_words(code &<< shift, row.merge.out + x &* step, step, row.merge.width &- x)
    x &+= lanes
  }
}

/// Floats, which are not limited to any range.
package func mergeCandidatesFloats(_ argument: UnsafePointer<vfi_candidate_row>) {
  let row = argument.pointee
  let step = Int(row.merge.a.step)
  var x = 0
  while x < row.merge.width {
    let value = mean(row, x, floats) + residual(row, x)
    vfi_store_floats(value, row.merge.out + x &* step, step, row.merge.width &- x)
    x &+= lanes
  }
}

@inline(__always)
private func meanByAlpha(_ row: vfi_candidate_row, _ x: Int) -> Vector {
  let moves = movingColumns(row, x)
  let count = vfi_any_above(moves, 0) != 0 ? 4 : 2
  var color = Vector(repeating: 0)
  var alpha = Vector(repeating: 0)
  var plain = Vector(repeating: 0)
  var total = Vector(repeating: 0)
  var index = 0
  while index < count {
    let weight = weight(row, index, of: count, x)
    if vfi_any_above(weight, leastWeight) != 0 {
      let place = place(row, index, x, moves)
      let isA = index & 1 == 0
      let samples = integers(isA ? row.merge.a : row.merge.b, place, row.merge)
      let alphas = integers(isA ? row.merge.a_alpha : row.merge.b_alpha, place, row.merge)
      color = multiplyAdd(weight, bilinear(weighted(samples, alphas), place), color)
      alpha = multiplyAdd(weight, bilinear(alphas, place), alpha)
      plain = multiplyAdd(weight, bilinear(samples, place), plain)
      total += weight
    }
    index &+= 1
  }
  return vfi_if_positive(alpha - total * Float(0.001), color / alpha, plain / total)
}
