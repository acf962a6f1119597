// SPDX-License-Identifier: MIT

/// What a model found at an instant: a float32 map in the layout of its kind.
package enum DecodedMotion {
  /// `[H, W, 8]`: flow to a (x, y) and flow to b (x, y) in pixels, the logit of the mask (its
  /// sigmoid is the share of a), the residual in RGB.
  case warpPair(FeatureMap)
  /// `[H / 2, W / 2, 16]`, for four samples a pixel.
  ///
  /// Channels: four flows (x, y) in pixels of `[H, W]`, the first and third to a, the others to b;
  /// four weights in that order, whose sum is 1; the residual in RGB; the natural logarithm of half
  /// the mean absolute error that the model expects, of values of 0...1.
  case candidates(FeatureMap)

  package var map: FeatureMap {
    switch self {
    case .warpPair(let map), .candidates(let map): map
    }
  }
}

/// When between two frames a new one stands.
package enum Instant {
  /// At one t for all pixels, 0 = a, 1 = b.
  case constant(Float)
  /// How far along its way from a (0) to b (1) each pixel's content is, `[H / 4, W / 4, 1]`.
  case perPixel(FeatureMap)
}

/// How much of its sparse work a model that chooses pixels by itself shall do.
package enum ComputeBudget: Equatable, Sendable {
  /// All pixels that the model thinks are worth it.
  case auto
  /// All pixels.
  case off
  /// As `auto`, but no more than this share of the pixels (0...1), the most uncertain ones.
  case cap(Double)
}

/// A model with one t for all pixels and two samples a pixel.
package protocol WarpPairModel: InterpolationModel {
  /// Finds the motion at `t`, `[H, W, 8]` from ``Engine/result(height:width:channels:)``; see ``DecodedMotion/warpPair(_:)``.
  func decode(_ pair: PairFeatures, t: Float, on engine: Engine) throws(VFIError) -> FeatureMap
}

extension WarpPairModel {
  package var takesDistance: Bool { false }

  package var takesNeighbours: Bool { false }
  package var keepsImages: Bool { true }

  package func decode(
    _ pair: PairFeatures, at instant: Instant, on engine: Engine
  ) throws(VFIError) -> DecodedMotion {
    guard case .constant(let t) = instant else {
      throw .defect("\(info.architecture) got a distance of each pixel")
    }
    return .warpPair(try decode(pair, t: t, on: engine))
  }
}
