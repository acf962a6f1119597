// SPDX-License-Identifier: MIT
import CIntrinsics

/// Writes `input + offset` in the output's type, for the rows `first ..< end`.
///
/// The last vector of a pixel ends at its last channel and overlaps the one before it. Where pixels
/// follow each other without a gap in both maps, a row counts as one pixel.
package func convertFloat32ToFloat32(_ c: UnsafePointer<vfi_convert>, _ first: Int, _ end: Int) {
  convertRows(c, first, end, from: false, to: false)
}

package func convertFloat32ToBFloat16(_ c: UnsafePointer<vfi_convert>, _ first: Int, _ end: Int) {
  convertRows(c, first, end, from: false, to: true)
}

package func convertBFloat16ToFloat32(_ c: UnsafePointer<vfi_convert>, _ first: Int, _ end: Int) {
  convertRows(c, first, end, from: true, to: false)
}

package func convertBFloat16ToBFloat16(_ c: UnsafePointer<vfi_convert>, _ first: Int, _ end: Int) {
  convertRows(c, first, end, from: true, to: true)
}

@inline(__always)
private func convertRows(
  _ c: UnsafePointer<vfi_convert>, _ first: Int, _ end: Int, from: Bool, to: Bool
) {
  let (input, output) = (c.pointee.input, c.pointee.output)
  let joined = input.stride == input.channels && output.stride == output.channels
  let pixels = joined ? 1 : input.width
  let channels = joined ? input.width &* input.channels : input.channels
  let offset = Vector(repeating: c.pointee.offset)
  for y in first..<end {
    var (source, target) = (UnsafeRawPointer(input.row(y, from)), output.row(y, to))
    for _ in 0..<pixels {
      if channels >= lanes {
        var c = 0
        while c < channels &- lanes {
          store(load(source, c, from) + offset, target, c, to)
          c &+= lanes
        }
        store(
          load(source, channels &- lanes, from) + offset, target, channels &- lanes, to)
      } else {
        for c in 0..<channels { store1(load1(source, c, from) + offset[0], target, c, to) }
      }
      source = place(source, input.stride, from)
      target = place(target, output.stride, to)
    }
  }
}
