// SPDX-License-Identifier: MIT
import CIntrinsics

extension Engine {
  /// Calls `body(first, end)` for blocks of rows that together are `0 ..< rows`.
  func forEachRows(
    _ rows: Int, _ body: (_ first: Int, _ end: Int) -> Void
  ) throws(VFIError) {
    // A block is large beside the cost of claiming it, and small beside the picture.
    let block = 8
    try forEach((rows + block - 1) / block) { item, _ in
      body(item * block, min(rows, (item + 1) * block))
    }
  }

  /// Calls `body(rows, columns)` for blocks of rows that together are those of a rectangle.
  func forEachRows(
    in part: PixelRectangle, _ body: (_ rows: Range<Int>, _ columns: Range<Int>) -> Void
  ) throws(VFIError) {
    try forEachRows(part.height) { first, end in
      body(part.y + first..<part.y + end, part.x..<part.x + part.width)
    }
  }
}

/// Samples `input` at `(x + flow[0], y + flow[1])`, `[H, W, C]`.
///
/// `flow` is `[H, W, 2]` or wider (its first two channels count), in pixels of `input`. Integer
/// coordinates are pixel centres; outside the picture the nearest edge pixel is taken; a flow that is
/// NaN leads to coordinate 0. `flow` is float32; `input` and `output` are of one type, either, and the
/// arithmetic is that of float32. `output` may be a slice, but must not overlap `input`. It may be the
/// slice beside `flow` of the same map.
package func backwardWarp(
  _ input: FeatureMap, flow: FeatureMap, into output: FeatureMap, on engine: Engine
) throws(VFIError) {
  guard
    input.height == output.height, input.width == output.width, input.channels == output.channels,
    flow.height == output.height, flow.width == output.width, flow.channels >= 2,
    flow.precision == .float32, input.precision == output.precision
  else { throw .defect("backwardWarp: the sizes or types of input, flow and output differ") }
  let arguments = unsafe vfi_warp(input: input.view, flow: flow.view, output: output.view)
  let kernel = unsafe engine.kernels.motion.backwardWarp[output.precision]
  try engine.forEachRows(output.height) { first, end in
    unsafe withUnsafePointer(to: arguments) { unsafe kernel($0, first, end) }
  }
}

/// The same with zeros outside of the picture, and for float32 only.
///
/// A sample less than a pixel outside is mixed with zeros; a flow that is NaN leads outside.
package func backwardWarpZeros(
  _ input: FeatureMap, flow: FeatureMap, into output: FeatureMap, on engine: Engine
) throws(VFIError) {
  guard input.hasSize(of: output), flow.height == output.height, flow.width == output.width,
    flow.channels >= 2, [input, flow, output].allSatisfy({ $0.precision == .float32 })
  else { throw .defect("backwardWarpZeros: the sizes or types of its maps differ") }
  let arguments = unsafe vfi_warp(input: input.view, flow: flow.view, output: output.view)
  let kernel = unsafe engine.kernels.inpainting.backwardWarpZeros
  try engine.forEachRows(output.height) { first, end in
    unsafe withUnsafePointer(to: arguments) { unsafe kernel($0, first, end) }
  }
}

/// Warps `a` by the first two and `b` by the last two of the four channels of `flow`.
///
/// `output` `[H, W, 2 C + 4]` takes the warped a, the warped b and the flow side by side, as a refining
/// stage reads them; in a bfloat16 output the flow is rounded. It must not overlap any input. Rules
/// and sizes as for `backwardWarp`.
package func backwardWarpPair(
  _ a: FeatureMap, _ b: FeatureMap, flow: FeatureMap, into output: FeatureMap, on engine: Engine
) throws(VFIError) {
  guard
    a.hasSize(of: b), a.height == output.height, a.width == output.width, flow.channels == 4,
    flow.height == output.height, flow.width == output.width,
    output.channels == 2 * a.channels + 4, flow.precision == .float32,
    a.precision == output.precision, b.precision == output.precision
  else { throw .defect("backwardWarpPair: the sizes or types of its maps differ") }
  let arguments = unsafe vfi_warp_pair(
    a: a.view, b: b.view, flow: flow.view, output: output.view)
  let kernel = unsafe engine.kernels.motion.backwardWarpPair[output.precision]
  try engine.forEachRows(output.height) { first, end in
    unsafe withUnsafePointer(to: arguments) { unsafe kernel($0, first, end) }
  }
}
