// SPDX-License-Identifier: MIT
// The motion of one row of a component: the map's rows mixed, its columns resampled to those of the
// component, pixels turned into planes, and the mask into the share of the first frame.
import CIntrinsics

private typealias Octet = SIMD8<Float>

/// Eight values from channel `first` on at one column of the component.
@inline(__always)
private func sample(_ row: vfi_motion_row, _ x: Int, _ first: Int) -> Octet {
  let last = row.columns &- 1
  let offset = Int(row.column_offset)
  if row.column_scale == 1 && row.column_offset == Float(offset) {
    return mixRows(row, max(0, min(x &+ offset, last)), first)
  }
  let wanted = Float(x) * row.column_scale + row.column_offset
  let clamped = max(0, min(wanted, Float(last)))
  let left = Int(clamped)
  let part = clamped - Float(left)
  let a = mixRows(row, left, first)
  if part == 0 { return a }
  let b = mixRows(row, min(left &+ 1, last), first)
  return a + (b - a) * part
}

@inline(__always)
private func mixRows(_ row: vfi_motion_row, _ column: Int, _ first: Int) -> Octet {
  let offset = column &* row.pixel_stride &+ first
  let top = UnsafeRawPointer(row.top + offset).loadUnaligned(as: Octet.self)
  if row.bottom_weight == 0 { return top }
  let bottom = UnsafeRawPointer(row.bottom + offset).loadUnaligned(as: Octet.self)
  return top + (bottom - top) * row.bottom_weight
}

/// Fills eight planes from channel `first` on.
@inline(__always)
private func fillPlanes(_ row: vfi_motion_row, _ first: Int, _ scale: Octet) {
  let planes = row.planes + first &* row.plane_stride
  var x = 0
  while x < row.count {
    vfi_store_transposed(
      sample(row, x, first) * scale, sample(row, x &+ 1, first) * scale,
      sample(row, x &+ 2, first) * scale, sample(row, x &+ 3, first) * scale,
      sample(row, x &+ 4, first) * scale, sample(row, x &+ 5, first) * scale,
      sample(row, x &+ 6, first) * scale, sample(row, x &+ 7, first) * scale, planes + x,
      row.plane_stride)
    x &+= 8
  }
}

/// Fills the sixteen planes of candidates for columns 0 up to `count`, rounded up to eights.
package func candidateRow(_ argument: UnsafePointer<vfi_motion_row>) {
  let row = argument.pointee
  for half in 0..<2 {
    fillPlanes(row, 8 &* half, Octet(repeating: half == 0 ? row.flow_scale : 1))
  }
}

/// Fills `planes` for columns 0 up to `count`, rounded up to whole vectors.
package func motionRow(_ argument: UnsafePointer<vfi_motion_row>) {
  let row = argument.pointee
  let s = row.flow_scale
  let scale = Octet(s, s, s, s, 1, 1, 1, 1)
  fillPlanes(row, 0, scale)
  let mask = row.planes + 4 &* row.plane_stride
  var x = 0
  while x < row.count {
    store(sigmoid(load(mask + x)), mask + x)
    x &+= lanes
  }
}
