// SPDX-License-Identifier: MIT
import Glibc

/// Colours for motion: the direction is the hue, the length the saturation.
///
/// The wheel of Baker et al., "A Database and Evaluation Methodology for Optical Flow" (2011):
/// rest is white, right is red, down is yellow, left is cyan, up is violet.
struct FlowColours {
  /// Pixels of motion that get the full colour.
  let scale: Float
  private static let wheel = makeWheel()

  /// Takes the 98th percentile of the lengths as full scale, so that a few wild vectors do not
  /// turn all else white.
  init(for flow: [Float]) {
    var lengths: [Float] = []
    for index in stride(from: 0, to: flow.count - 1, by: 2) {
      lengths.append(hypotf(flow[index], flow[index + 1]))
    }
    lengths.sort()
    scale = max(lengths.isEmpty ? 1 : lengths[lengths.count * 98 / 100], 0.5)
  }

  /// Red, green and blue from 0 to 255 for a motion in pixels.
  func colour(_ x: Float, _ y: Float) -> SIMD3<UInt8> {
    let length = hypotf(x, y) / scale
    let place = (atan2f(-y, -x) / .pi + 1) / 2 * Float(Self.wheel.count - 1)
    let lower = Int(place) % Self.wheel.count
    let upper = (lower + 1) % Self.wheel.count
    let share = place - place.rounded(.down)
    let pure = Self.wheel[lower] * (1 - share) + Self.wheel[upper] * share
    // Beyond full scale the colour darkens.
    let colour = length <= 1 ? 1 - length * (1 - pure) : pure * 0.75
    return SIMD3<UInt8>(colour * 255, rounding: .toNearestOrEven)
  }

  /// Six arcs from one pure colour to the next, of the lengths that the paper gives.
  private static func makeWheel() -> [SIMD3<Float>] {
    let corners: [(SIMD3<Float>, Int)] = [
      (SIMD3(1, 0, 0), 15), (SIMD3(1, 1, 0), 6), (SIMD3(0, 1, 0), 4), (SIMD3(0, 1, 1), 11),
      (SIMD3(0, 0, 1), 13), (SIMD3(1, 0, 1), 6),
    ]
    var wheel: [SIMD3<Float>] = []
    for (index, corner) in corners.enumerated() {
      let next = corners[(index + 1) % corners.count].0
      for step in 0..<corner.1 {
        wheel.append(corner.0 + (next - corner.0) * (Float(step) / Float(corner.1)))
      }
    }
    return wheel
  }
}
