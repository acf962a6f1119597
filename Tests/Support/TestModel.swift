// SPDX-License-Identifier: MIT
import VFIEngine

/// A model that has the same answer for every pair: constant velocity, and counts its calls.
package final class TestModel: InterpolationModel, @unchecked Sendable {
  // Sendable: tests use it from one thread.
  package let info: ModelInfo
  package let multiple = 16
  package let precision = Precision.float32
  package var encodeCount = 0
  package var prepareCount = 0
  package var decodeCount = 0
  /// What each call of ``decode(_:at:on:)`` was allowed.
  package var budgets: [ComputeBudget] = []
  package var takesDistance: Bool { layout == .candidates }
  package let takesNeighbours = false
  package let keepsImages = false
  private let layout: MotionField.Layout
  private let uncertainty: Float
  /// Pixels from a to b.
  private let velocity: SIMD2<Float>
  private let residual: Float

  package init(
    _ layout: MotionField.Layout = .warpPair, velocity: SIMD2<Float> = .zero, residual: Float = 0,
    uncertainty: Float = 0
  ) throws {
    let header = Array(#"{"__metadata__":{"architecture":"test","licence":"MIT"}}"#.utf8)
    var bytes = (0..<8).map { UInt8(truncatingIfNeeded: header.count >> (8 * $0)) }
    bytes += header
    let file = try bytes.withUnsafeBytes { try WeightFile(bytes: $0) }
    info = ModelInfo(file, architecture: "test", anyInstant: true, kmacPerPixel: 0)
    self.velocity = velocity
    self.residual = residual
    self.layout = layout
    self.uncertainty = uncertainty
  }

  package func encode(
    _ image: FeatureMap, in arena: Arena, on engine: Engine
  ) throws(VFIError) -> FrameFeatures {
    encodeCount += 1
    var features = FrameFeatures(of: image, keepingImage: false)
    features.levels[0] = try arena.map(
      height: image.height / 2, width: image.width / 2, channels: 5)
    return features
  }

  package func prepare(
    _ a: FrameFeatures, _ b: FrameFeatures, on engine: Engine
  ) throws(VFIError) -> PairFeatures {
    prepareCount += 1
    var pair = PairFeatures(a, b)
    pair.joint = try engine.scratch.map(
      height: a.height / 4, width: a.width / 4, channels: 7)
    return pair
  }

  package func decode(
    _ pair: PairFeatures, at instant: Instant, on engine: Engine
  ) throws(VFIError) -> DecodedMotion {
    decodeCount += 1
    budgets.append(engine.budget)
    _ = try engine.scratch.map(height: 40, width: 9, channels: 3)
    let (height, width) = (pair.a.height, pair.a.width)
    switch layout {
    case .warpPair:
      guard case .constant(let t) = instant else { throw .defect("a distance of each pixel") }
      let map = try engine.result(height: height, width: width, channels: 8)
      let flows = flows(t)
      let pixel = flows + [0, residual, residual, residual]
      try fill(map, on: engine) { _, _ in pixel }
      return .warpPair(map)
    case .candidates:
      let map = try engine.result(height: height / 2, width: width / 2, channels: 16)
      try fill(map, on: engine) { [self] y, x in
        let t =
          switch instant {
          case .constant(let t): t
          case .perPixel(let plane): plane[y / 2, x / 2, 0]
          }
        let flows = flows(t)
        return flows + flows + [0.125, 0.375, 0.375, 0.125, residual, residual, residual]
          + [uncertainty]
      }
      return .candidates(map)
    }
  }

  /// To a (x, y), then to b.
  private func flows(_ t: Float) -> [Float] {
    let toA = -velocity * t
    let toB = velocity * (1 - t)
    return [toA.x, toA.y, toB.x, toB.y]
  }

  private func fill(
    _ map: FeatureMap, on engine: Engine, _ pixel: (Int, Int) -> [Float]
  ) throws(VFIError) {
    try engine.forEach(map.height) { y, _ in
      for x in 0..<map.width {
        let values = pixel(y, x)
        for c in 0..<map.channels { map[y, x, c] = values[c] }
      }
    }
  }
}

extension InterpolationModel {
  /// The map of the motion at `t`, of a model of any layout.
  package func decode(
    _ pair: PairFeatures, t: Float, on engine: Engine
  ) throws(VFIError) -> FeatureMap {
    try decode(pair, at: .constant(t), on: engine).map
  }
}
