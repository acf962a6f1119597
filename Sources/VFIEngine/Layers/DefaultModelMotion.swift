// SPDX-License-Identifier: MIT
// What the default model computes beside its layers.
import CIntrinsics
import Glibc

/// Writes what the guide reads beside warped features, `[h, w, 16]`.
///
/// `motion` `[h, w, 9]` is both candidates and t, `lumaA` and `lumaB` `[h, w, 1]` are of 0...1. Channels:
/// the flows / 16, four times the absolute differences of the warped luma, t, zero.
package func guideInput(
  _ motion: FeatureMap, _ lumaA: FeatureMap, _ lumaB: FeatureMap, into output: FeatureMap,
  on engine: Engine
) throws(VFIError) {
  guard motion.channels == 9, motion.precision == .float32, lumaA.hasSize(of: lumaB),
    lumaA.channels == 1, lumaA.height == motion.height, lumaA.width == motion.width,
    output.height == motion.height, output.width == motion.width, output.channels == 16
  else { throw .defect("guideInput: wrong sizes or types") }
  let arguments = unsafe vfi_guide_input(
    motion: motion.view, luma_a: lumaA.view, luma_b: lumaB.view, output: output.view,
    flow_scale: 1 / 16, luma_scale: 4)
  let kernel = unsafe engine.kernels.motion.guideInput[output.precision]
  try engine.forEachRows(output.height) { first, end in
    unsafe withUnsafePointer(to: arguments) { unsafe kernel($0, first, end) }
  }
}

/// Adds the candidates, and the logits of the weights that go by the instant alone, to `guided`.
///
/// `candidates` `[h, w, 8]`, `guided` `[h, w, 12 or more]`: eight flow components, then four logits.
func addFirstGuess(
  _ candidates: FeatureMap, at instant: Instant, to guided: FeatureMap, on engine: Engine
) throws(VFIError) {
  guard candidates.channels == 8, candidates.precision == .float32, guided.channels >= 12,
    guided.precision == .float32, candidates.height == guided.height,
    candidates.width == guided.width
  else { throw .defect("addFirstGuess: wrong sizes or types") }
  func logits(_ t: Float) -> (Float, Float) {
    let leastShare: Float = 0.02  // keeps the logarithm finite
    return (logf(max(1 - t, leastShare)), logf(max(t, leastShare)))
  }
  var shares: (Float, Float) = (0, 0)
  if case .constant(let t) = instant { shares = logits(t) }
  try engine.forEachRows(guided.height) { first, end in
    for pixel in first * guided.width..<end * guided.width {
      let values = unsafe guided.base + pixel * guided.pixelStride
      let flows = unsafe candidates.base + pixel * candidates.pixelStride
      for c in 0..<8 { unsafe values[c] += flows[c] }
      var here = shares
      if case .perPixel(let map) = instant { here = unsafe logits(map.base[pixel]) }
      unsafe (values[8], values[10]) = (values[8] + here.0, values[10] + here.0)
      unsafe (values[9], values[11]) = (values[9] + here.1, values[11] + here.1)
    }
  }
}

/// The least threshold from `lowest` on, up to a 64th, that at most `share` of the pixels exceed.
///
/// `map` is `[h, w, 1]`. Values far above `lowest` (16 and more) are told apart no further.
package func leastThreshold(
  from lowest: Float, of map: FeatureMap, exceededBy share: Double, on engine: Engine
) throws(VFIError) -> Float {
  let (bins, perUnit) = (1024, Float(64))
  let arena = engine.scratch
  let mark = arena.mark
  defer { arena.release(to: mark) }
  let counts = unsafe try arena.buffer(of: Int.self, count: engine.workers * bins)
  unsafe counts.update(repeating: 0, count: engine.workers * bins)
  try engine.forEach(map.height) { y, worker in
    let own = unsafe counts + worker * bins
    for pixel in y * map.width..<(y + 1) * map.width {
      let value = unsafe map.base[pixel * map.pixelStride]
      guard value > lowest else { continue }
      unsafe own[Int(min((value - lowest) * perUnit, Float(bins - 1)))] += 1
    }
  }
  let total = map.height * map.width
  let most = Int((Double(total) * min(max(share, 0), 1)).rounded(.down))
  var kept = 0
  for bin in (0..<bins).reversed() {
    for worker in 0..<engine.workers { kept += unsafe counts[worker * bins + bin] }
    if kept > most { return bin == bins - 1 ? .infinity : lowest + Float(bin + 1) / perUnit }
  }
  return lowest
}

/// Writes what the refinement reads at the pixels of `active`, compact: `[1, count, 4 C + D]`.
///
/// `motion` `[h, w, 8 or more]` has four flows in pixels of `[h/2, w/2]`. Channels: `a` along the first,
/// `b` along the second, both along the third and fourth; `features` `[h/2, w/2, D]`, float32, enlarged.
package func refineInput(
  _ a: FeatureMap, _ b: FeatureMap, motion: FeatureMap, features: FeatureMap, active: ActiveSet,
  into output: FeatureMap, on engine: Engine
) throws(VFIError) {
  guard a.hasSize(of: b), a.height == motion.height, a.width == motion.width,
    motion.channels >= 8, motion.precision == .float32, a.height == active.height,
    a.width == active.width, a.height == 2 * features.height, a.width == 2 * features.width,
    features.precision == .float32, features.channels % 4 == 0, output.height == 1,
    output.width >= active.count, output.channels == 4 * a.channels + features.channels,
    a.precision == output.precision, b.precision == output.precision
  else { throw .defect("refineInput: the sizes or types of its maps differ") }
  let kernel = unsafe engine.kernels.motion.refineInput[output.precision]
  try unsafe active.forEachPixels(on: engine) { pixels, first, end in
    var arguments = unsafe vfi_refine_input(
      a: a.view, b: b.view, motion: motion.view, features: features.view, pixels: pixels,
      output: output.view)
    unsafe kernel(&arguments, first, end)
  }
}

/// Turns `motion` `[h, w, 16]` before the refinement into that of ``DecodedMotion/candidates(_:)``.
///
/// Before: four flows in pixels of `[h/2, w/2]`, four logits, the uncertainty, three without meaning.
/// `refined` holds changes of flows (in pixels of `[h, w]`) and logits and the residual at the pixels of
/// `active`.
package func finalMotion(
  _ motion: FeatureMap, refined: FeatureMap, active: ActiveSet, on engine: Engine
) throws(VFIError) {
  guard motion.channels == 16, motion.precision == .float32, motion.height == active.height,
    motion.width == active.width, refined.channels == 16, refined.precision == .float32,
    refined.width >= active.count
  else { throw .defect("finalMotion: wrong sizes or types") }
  let arguments = unsafe vfi_final_motion(
    motion: motion.view, refined: refined.view, places: UnsafePointer(active.places))
  let kernel = unsafe engine.kernels.motion.finalMotion
  try engine.forEachRows(motion.height) { first, end in
    unsafe withUnsafePointer(to: arguments) { unsafe kernel($0, first, end) }
  }
}

extension LumaPyramid {
  /// Averages to 1/8 of the frame, `[H/8, W/8, 1]` in 0...1.
  package func averageAtEighth(into output: FeatureMap, on engine: Engine) throws(VFIError) {
    let half = unsafe self[0]
    guard unsafe output.height * 4 == half.height, unsafe output.width * 4 == half.width,
      output.channels == 1, output.pixelStride == 1
    else { throw .defect("averageAtEighth: wrong sizes") }
    try engine.forEachRows(output.height) { first, end in
      for y in first..<end {
        for x in 0..<output.width {
          var sum: Float = 0
          for row in 0..<4 {
            let pixels = unsafe half.base + (4 * y + row) * half.stride + 4 * x
            unsafe sum += (pixels[0] + pixels[1]) + (pixels[2] + pixels[3])
          }
          unsafe output.base[y * output.width + x] = sum / (16 * 255)
        }
      }
    }
  }
}
