// SPDX-License-Identifier: MIT
import CIntrinsics

/// Finds the motion at `t` that each of the two flows between the frames implies.
///
/// `flow01` and `flow10` are `[h, w, 2]`, h and w even, w at least 2. `output` `[h, w, 8]` takes
/// candidate A (to frame 0 as x, y, then to frame 1) and candidate B, `halved` `[h/2, w/2, 9]` their
/// means of 2x2 pixels, in pixels of that size, and t.
package func motionCandidates(
  _ flow01: FeatureMap, _ flow10: FeatureMap, t: Float, into output: FeatureMap,
  halved: FeatureMap, on engine: Engine
) throws(VFIError) {
  guard flow01.hasSize(of: flow10), flow01.channels == 2, flow01.pixelStride == 2,
    flow10.pixelStride == 2, output.height == flow01.height, output.width == flow01.width,
    output.channels == 8, 2 * halved.height == flow01.height, 2 * halved.width == flow01.width,
    halved.channels == 9
  else { throw .defect("motionCandidates: wrong sizes") }
  let arguments = unsafe vfi_candidates(
    flow01: flow01.view, flow10: flow10.view, output: output.view, halved: halved.view, t: t)
  let kernel = unsafe engine.kernels.motion.motionCandidates
  try engine.forEachRows(halved.height) { first, end in
    unsafe withUnsafePointer(to: arguments) { unsafe kernel($0, first, end) }
  }
}

/// Chooses between the candidates: `head[0..<4] + share A + (1 - share) B`.
///
/// `share = sigmoid(head[4])`. `head` has at least 5 channels, `candidates` 8 and `flow` 4.
package func chooseMotion(
  _ candidates: FeatureMap, by head: FeatureMap, into flow: FeatureMap, on engine: Engine
) throws(VFIError) {
  guard head.channels >= 5, candidates.channels == 8, flow.channels == 4,
    candidates.height == head.height, candidates.width == head.width,
    flow.height == head.height, flow.width == head.width
  else { throw .defect("chooseMotion: wrong sizes") }
  let arguments = unsafe vfi_choice(
    head: head.view, candidates: candidates.view, flow: flow.view)
  let kernel = unsafe engine.kernels.motion.chooseMotion
  try engine.forEachRows(head.height) { first, end in
    unsafe withUnsafePointer(to: arguments) { unsafe kernel($0, first, end) }
  }
}
