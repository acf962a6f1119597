// SPDX-License-Identifier: MIT
import CIntrinsics

/// Where the pixels of a hole and of its rim have come to in one direction of time.
@safe struct HoleTrace {
  /// A hole's pixel is lost once the sum of its squared errors is that of two pixels.
  private static let maximumError: Float = 4
  /// Of a pixel that is followed; others are the kernels' matter, or those of none, 0.
  private static let followed: Float = 1

  private let target: InpaintTarget
  /// Whether what was found is followed on, and found in each hop.
  private let goesOn: Bool
  private let view: vfi_trace

  init(_ target: InpaintTarget, goesOn: Bool = false, on engine: Engine) throws(VFIError) {
    let (height, width) = (target.alpha.height, target.alpha.width)
    let plane = height * width
    let places = unsafe try engine.scratch.buffer(of: Float.self, count: 4 * plane)
    let state = unsafe places + 3 * plane
    let counts = try engine.scratch.grid(Int32(0), height: height, width: 2)
    let bounds = target.bounds
    try engine.forEachRows(height) { first, end in
      unsafe (state + first * width).update(repeating: 0, count: (end - first) * width)
      for y in (first..<end).clamped(to: bounds.y..<bounds.y + bounds.height) {
        for x in bounds.x..<bounds.x + bounds.width {
          let index = y * width + x
          unsafe (places[index], places[plane + index]) = (Float(x), Float(y))
          unsafe places[2 * plane + index] = 0
          let isHole = target.alpha[y, x] > 0
          guard isHole ? !target.isSettled(y, x) : target.isRim(y, x) else { continue }
          unsafe state[index] = Self.followed
          if isHole { counts[y, 0] += 1 }
        }
      }
    }
    unsafe view = unsafe vfi_trace(
      x: places, y: places + plane, error: places + 2 * plane, state: state,
      alpha: target.alpha.base, counts: counts.base, height: height, width: width, hidden: nil)
    self.target = target
    self.goesOn = goesOn
  }

  /// Whether pixels of the hole are still followed.
  var isOpen: Bool { hasCounted(0) }

  /// Whether the last hop found any.
  var hasFound: Bool { hasCounted(1) }

  private func hasCounted(_ kind: Int) -> Bool {
    let rows = unsafe 0..<view.height
    return rows.contains { unsafe view.counts[2 * $0 + kind] > 0 }
  }

  /// Follows all pixels to the next frame of the chain, which hides what is in `hole`.
  func advance(
    _ motion: HoleMotion, past hole: Hole, on engine: Engine
  ) throws(VFIError) {
    let bounds = target.bounds
    let step = unsafe vfi_trace_step(
      trace: seen(past: hole), forward: motion.forward.base, backward: motion.backward.base,
      flow_height: motion.forward.height, flow_width: motion.forward.width, left: bounds.x,
      right: bounds.x + bounds.width, maximum_error: Self.maximumError, goes_on: goesOn)
    let kernel = unsafe engine.kernels.holes.advanceTrace
    try engine.forEachRows(in: bounds) { rows, _ in
      unsafe withUnsafePointer(to: step) { unsafe kernel($0, rows.lowerBound, rows.upperBound) }
    }
  }

  /// The trace as kernels take it, in a frame that hides what is in `hole`.
  func seen(past hole: Hole) -> vfi_trace {
    var view = unsafe view
    unsafe view.hidden = unsafe UnsafePointer(hole.isEmpty ? nil : hole.pixels.base)
    return unsafe view
  }
}
