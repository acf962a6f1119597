// SPDX-License-Identifier: MIT
// The motion of one row of a component: the map's rows mixed, its columns resampled to those of the
// component, pixels turned into planes, and the mask into the share of the first frame.
import CIntrinsics

private typealias Octet = SIMD8<Float>

/// All eight values at one column of the component.
@inline(__always)
private func sample(_ row: vfi_motion_row, _ x: Int) -> Octet {
  let last = row.columns &- 1
  if row.column_scale == 1 && row.column_offset == 0 {
    return mixRows(row, min(x, last))
  }
  let wanted = Float(x) * row.column_scale + row.column_offset
  let clamped = max(0, min(wanted, Float(last)))
  let left = Int(clamped)
  let a = mixRows(row, left)
  let b = mixRows(row, min(left &+ 1, last))
  return a + (b - a) * (clamped - Float(left))
}

@inline(__always)
private func mixRows(_ row: vfi_motion_row, _ column: Int) -> Octet {
  let offset = column &* row.pixel_stride
  let top = UnsafeRawPointer(row.top + offset).loadUnaligned(as: Octet.self)
  if row.bottom_weight == 0 { return top }
  let bottom = UnsafeRawPointer(row.bottom + offset).loadUnaligned(as: Octet.self)
  return top + (bottom - top) * row.bottom_weight
}

/// Fills `planes` for columns 0 up to `count`, rounded up to whole vectors.
package func motionRow(_ argument: UnsafePointer<vfi_motion_row>) {
  let row = argument.pointee
  let s = row.flow_scale
  let scale = Octet(s, s, s, s, 1, 1, 1, 1)
  var x = 0
  while x < row.count {
    vfi_store_transposed(
      sample(row, x) * scale, sample(row, x &+ 1) * scale, sample(row, x &+ 2) * scale,
      sample(row, x &+ 3) * scale, sample(row, x &+ 4) * scale, sample(row, x &+ 5) * scale,
      sample(row, x &+ 6) * scale, sample(row, x &+ 7) * scale, row.planes + x,
      row.plane_stride)
    x &+= 8
  }
  let mask = row.planes + 4 &* row.plane_stride
  x = 0
  while x < row.count {
    store(sigmoid(load(mask + x)), mask + x)
    x &+= lanes
  }
}
