// SPDX-License-Identifier: MIT
import CIntrinsics

/// Finds the motion at `t` that each of the two flows between the frames implies.
///
/// `flow01` and `flow10` are `[h, w, 2]`, h and w even, w at least 2. `output` `[h, w, 8]` takes
/// candidate A (to frame 0 as x, y, then to frame 1) and candidate B, `halved` `[h/2, w/2, 9]` their
/// means of 2x2 pixels, in pixels of that size, and t. Where the instant is one of each pixel, it has
/// the size of the flows. `accelerations` (at the pixels of frame 0 and of frame 1, `[h, w, 2]`) bend
/// the motion; without, it is linear in time.
package func motionCandidates(
  _ flow01: FeatureMap, _ flow10: FeatureMap,
  accelerations: (first: FeatureMap, second: FeatureMap)? = nil, at instant: Instant,
  into output: FeatureMap, halved: FeatureMap, on engine: Engine
) throws(VFIError) {
  guard flow01.hasSize(of: flow10), flow01.channels == 2, flow01.pixelStride == 2,
    flow10.pixelStride == 2, output.height == flow01.height, output.width == flow01.width,
    output.channels == 8, 2 * halved.height == flow01.height, 2 * halved.width == flow01.width,
    halved.channels == 9
  else { throw .defect("motionCandidates: wrong sizes") }
  var arguments = unsafe vfi_candidates(
    flow01: flow01.view, flow10: flow10.view, arrival01: nil, arrival10: nil,
    output: output.view, halved: halved.view, times: nil, t: 0)
  switch instant {
  case .constant(let t): unsafe arguments.t = t
  case .perPixel(let map):
    guard map.height == flow01.height, map.width == flow01.width, map.channels == 1,
      map.pixelStride == 1
    else { throw .defect("motionCandidates: the instants have a wrong size") }
    unsafe arguments.times = UnsafePointer(map.base)
  }
  let mark = engine.scratch.mark
  defer { engine.scratch.release(to: mark) }
  if let accelerations {
    var bent: [(departure: FeatureMap, arrival: FeatureMap)] = []
    for (flow, acceleration) in [(flow01, accelerations.first), (flow10, accelerations.second)] {
      let departure = try engine.scratch.map(height: flow.height, width: flow.width, channels: 2)
      let arrival = try engine.scratch.map(height: flow.height, width: flow.width, channels: 2)
      try Acceleration.bend(
        flow, by: acceleration, at: instant, isReversed: !bent.isEmpty, departure: departure,
        arrival: arrival, on: engine)
      bent.append((departure, arrival))
    }
    unsafe arguments.flow01 = bent[0].departure.view
    unsafe arguments.flow10 = bent[1].departure.view
    unsafe arguments.arrival01 = UnsafePointer(bent[0].arrival.base)
    unsafe arguments.arrival10 = UnsafePointer(bent[1].arrival.base)
  }
  let kernel = unsafe engine.kernels.motion.motionCandidates
  try engine.forEachRows(halved.height) { first, end in
    unsafe withUnsafePointer(to: arguments) { unsafe kernel($0, first, end) }
  }
}
