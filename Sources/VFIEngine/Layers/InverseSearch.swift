// SPDX-License-Identifier: MIT
import CIntrinsics

/// Finds the motion between two frames in both directions, from coarse to fine.
///
/// The results `[H/4, W/4, 2]` (x, y), where the frames are `[H, W]`, are in pixels of that size and
/// live in `engine.scratch`: frame 0 at x looks like frame 1 at `x + flow01(x)`. Outside of `region`, see
/// ``LumaPyramid/region(unlike:)``, it is zero. Steps and constants: `training/vfi_training/inverse_search.py`.
package func inverseSearch(
  _ first: LumaPyramid, _ second: LumaPyramid, in region: MovingRegion? = nil, on engine: Engine
) throws(VFIError) -> (flow01: FeatureMap, flow10: FeatureMap) {
  let (height, width) = unsafe (first[0].height, first[0].width)
  guard unsafe second[0].height == height, unsafe second[0].width == width else {
    throw .defect("inverseSearch: the sizes differ")
  }
  let arena = engine.scratch
  let flow01 = try arena.map(height: height / 2, width: width / 2, channels: 2)
  let flow10 = try arena.map(height: height / 2, width: width / 2, channels: 2)
  let region = region ?? first.whole
  if region != first.whole {
    flow01.fill(0)
    flow10.fill(0)
  }
  if region.isEmpty { return (flow01, flow10) }
  let mark = arena.mark
  defer { arena.release(to: mark) }
  var coarse: (forward: FeatureMap, backward: FeatureMap)?
  for index in (0..<first.count).reversed() {
    let widens = index + LumaPyramid.finest >= InverseSearchLevel.wide
    let forward = try InverseSearchLevel(
      first, second, index, in: region, widens: widens, coarse: coarse?.forward, on: engine)
    let backward = try InverseSearchLevel(
      second, first, index, in: region, widens: widens, coarse: coarse?.backward, on: engine)
    try InverseSearchLevel.run(forward, backward, on: engine)
    coarse = (forward.flow, backward.flow)
  }
  if let coarse {
    // At 1/2 this is the mean of 2x2 pixels.
    let found = region.reduced(by: 4)
    for (flow, output) in [(coarse.forward, flow01), (coarse.backward, flow10)] {
      let part = try output.space(for: found, in: arena)
      try resizeBilinear(flow, into: part, scale: 0.5, on: engine)
      output.paste(part, at: found)
    }
  }
  return (flow01, flow10)
}

/// One level of the search in one direction, with its memory in `engine.scratch`.
@safe package struct InverseSearchLevel {
  /// Levels from this one on look around the best candidate from the coarser one.
  static let wide = 4

  /// The result, `[h, w, 2]` in pixels of this level.
  package let flow: FeatureMap
  /// Before the median, `[h, w + 2, 2]`: one repeated pixel on both sides.
  package let dense: FeatureMap
  /// Of each patch, `[rows, columns, 2]`.
  package let patchFlow: FeatureMap
  private let arguments: vfi_inverse_search

  /// Level `index + 1` of the search from `first` to `second`, whose sizes are equal, in `region` of the
  /// frame.
  ///
  /// Without `coarse`, the flow of the next level, it is the coarsest. Takes memory for all of it, so
  /// that what a frame takes does not depend on its content.
  package init(
    _ first: LumaPyramid, _ second: LumaPyramid, _ index: Int, in region: MovingRegion,
    widens: Bool, coarse: FeatureMap?, on engine: Engine
  ) throws(VFIError) {
    let whole = unsafe first[index]
    let (first, second) = unsafe (first[index, region], second[index, region])
    let (height, width) = unsafe (first.height, first.width)
    let (rows, columns) = (Self.patches(height), Self.patches(width))
    let arena = engine.scratch
    func map(_ height: Int, _ width: Int, _ channels: Int) throws(VFIError) -> FeatureMap {
      try arena.map(height: height, width: width, channels: channels)
    }
    let (mostRows, mostColumns) = unsafe (Self.patches(whole.height), Self.patches(whole.width))
    flow = unsafe try map(whole.height, whole.width, 2).shrunk(height: height, width: width)
    dense = unsafe try map(whole.height, whole.width + 2, 2)
      .shrunk(height: height, width: width + 2)
    patchFlow = try map(mostRows, mostColumns, 2).shrunk(height: rows, width: columns)
    let weights = try map(mostRows, mostColumns, Int(VFI_PATCH * VFI_PATCH))
    unsafe arguments = unsafe vfi_inverse_search(
      first: first, second: second, rows: rows, columns: columns,
      coarse: UnsafePointer(coarse?.base), coarse_height: coarse?.height ?? 0,
      coarse_width: coarse?.width ?? 0, widens: widens && coarse != nil, patch_flow: patchFlow.base,
      patch_weights: weights.base,
      dense: dense.base, flow: flow.base)
  }

  /// Patches along a side of `size` pixels: every 4 pixels, and one at the end.
  private static func patches(_ size: Int) -> Int {
    (size - Int(VFI_PATCH) + Int(VFI_PATCH_STRIDE) - 1) / Int(VFI_PATCH_STRIDE) + 1
  }

  /// Computes both directions of a level side by side: small levels too have work for all threads.
  package static func run(
    _ forward: InverseSearchLevel, _ backward: InverseSearchLevel, on engine: Engine
  ) throws(VFIError) {
    let mark = engine.scratch.mark
    defer { engine.scratch.release(to: mark) }
    let kernels = engine.kernels.inverseSearch
    let width = forward.flow.width
    // Gradients of a patch, or sums of a row: enough for either.
    let share = max(2 * Int(VFI_PATCH * VFI_PATCH), 3 * width)
    let memory = unsafe try engine.scratch.buffer(of: Float.self, count: share * engine.workers)
    unsafe try forEach(forward, backward, rows: forward.patchFlow.height, block: 1, on: engine) {
      unsafe kernels.searchPatches($0, $1, $2, memory + $3 * share)
    }
    unsafe try forEach(forward, backward, rows: forward.flow.height, block: 8, on: engine) {
      unsafe kernels.densify($0, $1, $2, memory + $3 * share)
    }
    unsafe try forEach(forward, backward, rows: forward.flow.height, block: 8, on: engine) {
      first, from, to, _ in unsafe kernels.medianFlow(first, from, to)
    }
  }

  /// Calls `body` for blocks of rows of both directions.
  private static func forEach(
    _ forward: InverseSearchLevel, _ backward: InverseSearchLevel, rows: Int, block: Int,
    on engine: Engine,
    _ body: (
      _ search: UnsafePointer<vfi_inverse_search>, _ first: Int, _ end: Int, _ worker: Int
    ) -> Void
  ) throws(VFIError) {
    let blocks = (rows + block - 1) / block
    try engine.forEach(2 * blocks) { item, worker in
      let level = item < blocks ? forward : backward
      let first = item % blocks * block
      unsafe withUnsafePointer(to: level.arguments) {
        unsafe body($0, first, min(rows, first + block), worker)
      }
    }
  }
}
