// SPDX-License-Identifier: MIT
// Dense inverse search: the steps of training/vfi_training/inverse_search.py (after Kroeger et al.,
// "Fast Optical Flow using Dense Inverse Search", ECCV 2016).
//
// All 64 samples of a patch lie at the same place between their four pixels, so a patch needs one
// pair of weights, nine rows of loads and no gather. Beyond the edge the luma is repeated, which is
// the same as clamping each sample's coordinate; the patch itself is clamped to one that lies wholly
// in the repeated pixels. A row of a patch is eight lanes at every level: two rows in one vector of 16
// would cost a shuffle for each vertical pair.
import CIntrinsics

private typealias Row = SIMD8<Float>

/// Gauss-Newton steps of a patch.
private let iterations = 4
/// Candidates of the coarsest level: all whole flows of at most this many pixels in x and y.
private let reach = 2
/// The same around the start of a level that widens.
private let wideReach = 3
/// Share of the start's cost below which a candidate around it takes its place.
private let margin: Float = 0.7
/// Added to the diagonal of the Hessian matrix, so that an even patch stays where it is.
private let damping: Float = 64
/// A cost that noise alone explains: there is nothing to gain by looking further.
private let quiet: Float = 64
/// The squared length of a step after which another one changes too little to be worth it.
private let settled: Float = 1e-3

/// Finds the flow and the weights of the patches in the rows `first ..< end` of patches.
///
/// `gradients` is memory for 128 floats.
package func searchPatches(
  _ search: UnsafePointer<vfi_inverse_search>, _ first: Int, _ end: Int,
  _ gradients: UnsafeMutablePointer<Float>
) {
  let s = search.pointee
  for row in first..<end {
    for column in 0..<s.columns {
      let index = row &* s.columns &+ column
      let errors = s.patch_weights + index &* 64
      var patch = place(s, row, column, gradients, errors)
      var found = s.coarse == nil ? bestOfGrid(s, patch) : bestOfCoarse(s, patch)
      if s.widens && !(found.cost <= quiet) { found = bestAround(s, patch, found) }
      // A quiet candidate was the last one to be evaluated, so the errors are its own.
      if !(found.cost <= quiet) {
        prepare(s, &patch)
        found = descend(s, patch, found)
      }
      s.patch_flow[2 &* index] = found.x
      s.patch_flow[2 &* index &+ 1] = found.y
      let mean = Row(repeating: found.mean)
      for k in 0..<8 {
        let e = load8(errors + 8 &* k) - mean
        store8(1 / vfi_higher8(e * e, Row(repeating: 1)), errors + 8 &* k)
      }
    }
  }
}

/// The top or left coordinate of a patch.
@inline(__always)
private func origin(_ index: Int, _ size: Int) -> Int {
  let regular = index &* Int(VFI_PATCH_STRIDE)
  let last = size &- Int(VFI_PATCH)
  return regular < last ? regular : last
}

@inline(__always)
private func sum(_ v: Row) -> Float {
  let v = vfi_whole8(v)
  let four = v.lowHalf + v.highHalf
  let two = four.lowHalf + four.highHalf
  return two.x + two.y
}

/// A patch without what its descent needs.
@inline(__always)
private func place(
  _ s: vfi_inverse_search, _ row: Int, _ column: Int, _ gradients: UnsafeMutablePointer<Float>,
  _ errors: UnsafeMutablePointer<Float>
) -> vfi_patch {
  let (top, left) = (origin(row, s.first.height), origin(column, s.first.width))
  let pixels = UnsafePointer(s.first.base) + (top &* s.first.stride &+ left)
  return vfi_patch(
    top: top, left: left, first: pixels, gradients: gradients, errors: errors, hxx: 0, hxy: 0,
    hyy: 0)
}

/// Central differences less their means, and the inverse of their Hessian matrix.
@inline(__always)
private func prepare(_ s: vfi_inverse_search, _ patch: inout vfi_patch) {
  let gradients = patch.gradients
  var (sumX, sumY) = (Row.zero, Row.zero)
  for k in 0..<8 {
    let p = patch.first + k &* s.first.stride
    let gx = (load8(p + 1) - load8(p - 1)) * 0.5
    let gy = (load8(p + s.first.stride) - load8(p - s.first.stride)) * 0.5
    store8(gx, gradients + 8 &* k)
    store8(gy, gradients + (64 &+ 8 &* k))
    sumX += gx
    sumY += gy
  }
  let (meanX, meanY) = (Row(repeating: sum(sumX) / 64), Row(repeating: sum(sumY) / 64))
  var (xx, xy, yy) = (Row.zero, Row.zero, Row.zero)
  for k in 0..<8 {
    let gx = load8(gradients + 8 &* k) - meanX
    let gy = load8(gradients + (64 &+ 8 &* k)) - meanY
    store8(gx, gradients + 8 &* k)
    store8(gy, gradients + (64 &+ 8 &* k))
    xx = multiplyAdd8(gx, gx, xx)
    xy = multiplyAdd8(gx, gy, xy)
    yy = multiplyAdd8(gy, gy, yy)
  }
  let (hxx, hxy, hyy) = (sum(xx) + damping, sum(xy), sum(yy) + damping)
  let determinant = hxx * hyy - hxy * hxy
  patch.hxx = hyy / determinant
  patch.hxy = -hxy / determinant
  patch.hyy = hxx / determinant
}

/// Clamps to `-9 ... size`, where a patch sees repeated pixels only; NaN becomes -9.
@inline(__always)
private func clampedOrigin(_ x: Float, _ size: Int) -> Float {
  let low: Float = -9
  let high = Float(size)
  let above = x > low ? x : low
  return above < high ? above : high
}

/// The four pixels around the first sample of the patch when it has moved by `(x, y)`.
@inline(__always)
private func movedPatch(_ luma: vfi_luma, _ patch: vfi_patch, _ x: Float, _ y: Float) -> vfi_tap {
  let px = clampedOrigin(Float(patch.left) + x, luma.width)
  let py = clampedOrigin(Float(patch.top) + y, luma.height)
  // Shifted by 9, so that the conversion, which rounds toward 0, rounds down.
  let (left, top) = (Int(px + 9) &- 9, Int(py + 9) &- 9)
  return vfi_tap(
    pixel: UnsafePointer(luma.base) + (top &* luma.stride &+ left), right: 1, down: luma.stride,
    fx: px - Float(left), fy: py - Float(top))
}

/// Where rows of samples come from, pixels and their right neighbours, and their place between them.
private struct Source {
  let left, right: UnsafePointer<Float>
  let stride: Int
  let fx, fy: Row

  @inline(__always)
  init(_ tap: vfi_tap) {
    left = tap.pixel.assumingMemoryBound(to: Float.self)
    right = vfi_apart(left + 1)
    stride = tap.down
    (fx, fy) = (Row(repeating: tap.fx), Row(repeating: tap.fy))
  }

  /// One row of samples, interpolated in x only.
  @inline(__always)
  func row(_ row: Int) -> Row {
    let a = load8(left + row &* stride)
    return multiplyAdd8(fx, load8(right + row &* stride) - a, a)
  }
}

/// The cost of the flow `(x, y)` and the mean of its errors; leaves those in `patch.errors`.
@inline(__always)
private func evaluate(
  _ s: vfi_inverse_search, _ patch: vfi_patch, _ x: Float, _ y: Float
) -> vfi_patch_flow {
  let source = Source(movedPatch(s.second, patch, x, y))
  var upper = source.row(0)
  var total = Row.zero
  for k in 0..<8 {
    let below = source.row(k &+ 1)
    let found = multiplyAdd8(source.fy, below - upper, upper)
    // (J - mean J) - (T - mean T) = (J - T) - mean (J - T).
    let e = found - load8(patch.first + k &* s.first.stride)
    store8(e, patch.errors + 8 &* k)
    total += e
    upper = below
  }
  let mean = sum(total) / 64
  var cost = Row.zero
  for k in 0..<8 {
    let e = load8(patch.errors + 8 &* k) - Row(repeating: mean)
    cost = multiplyAdd8(e, e, cost)
  }
  return vfi_patch_flow(x: x, y: y, cost: sum(cost), mean: mean)
}

/// One Gauss-Newton step.
///
/// The gradients have mean 0, so the errors may keep theirs.
@inline(__always)
private func step(
  _ s: vfi_inverse_search, _ patch: vfi_patch, _ flow: vfi_patch_flow
) -> vfi_patch_flow {
  let source = Source(movedPatch(s.second, patch, flow.x, flow.y))
  var upper = source.row(0)
  var (sumX, sumY) = (Row.zero, Row.zero)
  for k in 0..<8 {
    let below = source.row(k &+ 1)
    let found = multiplyAdd8(source.fy, below - upper, upper)
    let e = found - load8(patch.first + k &* s.first.stride)
    sumX = multiplyAdd8(load8(patch.gradients + 8 &* k), e, sumX)
    sumY = multiplyAdd8(load8(patch.gradients + (64 &+ 8 &* k)), e, sumY)
    upper = below
  }
  let (bx, by) = (sum(sumX), sum(sumY))
  return vfi_patch_flow(
    x: flow.x - (patch.hxx * bx + patch.hxy * by), y: flow.y - (patch.hxy * bx + patch.hyy * by),
    cost: 0, mean: 0)
}

/// Gauss-Newton from `start`, or `start` itself where that leads away or to a higher cost.
@inline(__always)
func descend(
  _ s: vfi_inverse_search, _ patch: vfi_patch, _ start: vfi_patch_flow
) -> vfi_patch_flow {
  var flow = start
  for _ in 0..<iterations {
    let before = flow
    flow = step(s, patch, flow)
    let (dx, dy) = (flow.x - before.x, flow.y - before.y)
    if dx * dx + dy * dy <= settled { break }
  }
  flow = evaluate(s, patch, flow.x, flow.y)
  let (dx, dy) = (flow.x - start.x, flow.y - start.y)
  let limit = Float(VFI_PATCH * VFI_PATCH)
  // Written so that NaN counts as lost.
  let kept = dx * dx + dy * dy <= limit && flow.cost <= start.cost
  return kept ? flow : evaluate(s, patch, start.x, start.y)
}

/// The first candidate that is quiet or of lowest cost: 0, then the flows of up to two pixels by rows.
@inline(__always)
func bestOfGrid(_ s: vfi_inverse_search, _ patch: vfi_patch) -> vfi_patch_flow {
  var best = evaluate(s, patch, 0, 0)
  for y in -reach...reach {
    for x in -reach...reach where x != 0 || y != 0 {
      if best.cost <= quiet { return best }
      let flow = evaluate(s, patch, Float(x), Float(y))
      if flow.cost < best.cost { best = flow }
    }
  }
  return best
}

/// The first flow around `start`, by rows, that is quiet or of lowest cost; `start` unless that is
/// clearly better.
@inline(__always)
func bestAround(
  _ s: vfi_inverse_search, _ patch: vfi_patch, _ start: vfi_patch_flow
) -> vfi_patch_flow {
  var best = vfi_patch_flow(x: start.x, y: start.y, cost: .infinity, mean: 0)
  for y in -wideReach...wideReach {
    for x in -wideReach...wideReach where x != 0 || y != 0 {
      if best.cost <= quiet { break }
      let flow = evaluate(s, patch, start.x + Float(x), start.y + Float(y))
      if flow.cost < best.cost { best = flow }
    }
  }
  return best.cost < margin * start.cost ? best : start
}

/// The first candidate that is quiet or of lowest cost: twice the coarser flow at the centre, left,
/// right, above and below, then 0.
///
/// The median makes equal neighbours common; a candidate equal to the best one or to the one before
/// cannot be better and is passed over.
@inline(__always)
func bestOfCoarse(_ s: vfi_inverse_search, _ patch: vfi_patch) -> vfi_patch_flow {
  let (x, y) = (patch.left &+ 4, patch.top &+ 4)
  let centre = coarseFlow(s, y, x)
  var best = evaluate(s, patch, centre.x, centre.y)
  var before = centre
  for number in 1...5 {
    if best.cost <= quiet { return best }
    var candidate = SIMD2<Float>.zero
    switch number {
    case 1: candidate = coarseFlow(s, y, x &- 4)
    case 2: candidate = coarseFlow(s, y, x &+ 4)
    case 3: candidate = coarseFlow(s, y &- 4, x)
    case 4: candidate = coarseFlow(s, y &+ 4, x)
    default: break
    }
    if candidate.x == best.x && candidate.y == best.y { continue }
    if candidate.x == before.x && candidate.y == before.y { continue }
    before = candidate
    let flow = evaluate(s, patch, candidate.x, candidate.y)
    if flow.cost < best.cost { best = flow }
  }
  return best
}

/// Twice the coarser flow at half of the point, which is clamped to that level.
@inline(__always)
private func coarseFlow(_ s: vfi_inverse_search, _ y: Int, _ x: Int) -> SIMD2<Float> {
  let lastRow = s.coarse_height &- 1
  let lastColumn = s.coarse_width &- 1
  let row = y >> 1 < lastRow ? y >> 1 : lastRow
  let column = x >> 1 < lastColumn ? x >> 1 : lastColumn
  guard let coarse = s.coarse else { return .zero }
  let p = coarse + 2 &* (row &* s.coarse_width &+ column)
  return SIMD2(2 * p[0], 2 * p[1])
}
