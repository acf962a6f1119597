// SPDX-License-Identifier: MIT
import VFIEngine

/// A model that has the same answer for every pair: constant velocity, and counts its calls.
package final class TestModel: WarpPairModel, @unchecked Sendable {
  // Sendable: tests use it from one thread.
  package let info: ModelInfo
  package let multiple = 16
  package let precision = Precision.float32
  package var encodeCount = 0
  package var prepareCount = 0
  package var decodeCount = 0
  /// Pixels from a to b.
  private let velocity: SIMD2<Float>
  private let residual: Float

  package init(velocity: SIMD2<Float> = .zero, residual: Float = 0) throws {
    let header = Array(#"{"__metadata__":{"architecture":"test","licence":"MIT"}}"#.utf8)
    var bytes = (0..<8).map { UInt8(truncatingIfNeeded: header.count >> (8 * $0)) }
    bytes += header
    let file = try bytes.withUnsafeBytes { try WeightFile(bytes: $0) }
    info = ModelInfo(file, architecture: "test", anyInstant: true, kmacPerPixel: 0)
    self.velocity = velocity
    self.residual = residual
  }

  package func encode(
    _ image: FeatureMap, in arena: Arena, on engine: Engine
  ) throws(VFIError) -> FrameFeatures {
    encodeCount += 1
    var features = FrameFeatures(image: image)
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
      height: a.image.height / 4, width: a.image.width / 4, channels: 7)
    return pair
  }

  package func decode(
    _ pair: PairFeatures, t: Float, on engine: Engine
  ) throws(VFIError) -> FeatureMap {
    decodeCount += 1
    _ = try engine.scratch.map(height: 40, width: 9, channels: 3)
    let map = try engine.results.map(
      height: pair.a.image.height, width: pair.a.image.width, channels: 8)
    let toA = -velocity * t
    let toB = velocity * (1 - t)
    let pixel = [toA.x, toA.y, toB.x, toB.y, 0, residual, residual, residual]
    try engine.forEach(map.height) { y, _ in
      for x in 0..<map.width { for c in 0..<8 { map[y, x, c] = pixel[c] } }
    }
    return map
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
