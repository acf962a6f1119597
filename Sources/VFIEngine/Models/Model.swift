// SPDX-License-Identifier: MIT

/// What a caller may want to know of a model before choosing it.
package struct ModelInfo: Sendable {
  package var name: String
  /// Which network reads the weights, for example "ifrnet-s".
  package var architecture: String
  package var task: String
  package var licence: String
  package var description: String
  /// Whether it was trained for every instant, or for the middle only.
  package var anyInstant: Bool
  /// Thousands of multiply-adds per pixel of one new frame, both frames' features included.
  package var kmacPerPixel: Double
  package var parameterCount: Int

  /// Takes the strings from the file's metadata, with `architecture` as the name of last resort.
  package init(
    _ file: WeightFile, architecture: String, task: String = "interpolate", anyInstant: Bool,
    kmacPerPixel: Double
  ) {
    let metadata = file.metadata
    self.architecture = architecture
    self.task = task
    name = metadata["name"] ?? architecture
    licence = metadata["licence"] ?? metadata["license"] ?? "unknown"
    description = metadata["description"] ?? ""
    self.anyInstant = metadata["any_instant"].map { $0 == "true" || $0 == "1" } ?? anyInstant
    self.kmacPerPixel = kmacPerPixel
    parameterCount = file.parameterCount
  }
}

/// What a model knows of one frame.
///
/// The levels hold the model's features at 1/2, 1/4, ... of the size, as many as it has.
package struct FrameFeatures {
  /// Of the padded frame.
  package let height, width: Int
  private let kept: FeatureMap?
  package var levels: InlineArray<4, FeatureMap?>
  /// Luma at 1/2 of the size and coarser, where the model searches for motion in it.
  package var luma: LumaPyramid?
  /// Mean luma at 1/8 of the size, 0...1, where the model compares it.
  package var lumaEighth: FeatureMap?

  /// Features of the frame `image`, which is kept with them where the model reads it again.
  package init(of image: FeatureMap, keepingImage: Bool) {
    (height, width) = (image.height, image.width)
    kept = keepingImage ? image : nil
    levels = .init(repeating: nil)
  }

  /// RGB `[H, W, 3]` in 0...1, padded.
  package func image() throws(VFIError) -> FeatureMap {
    guard let kept else { throw .defect("the image of the features was not kept") }
    return kept
  }
}

/// What all instants of one pair share: both frames' features, and first guesses of the motion.
package struct PairFeatures {
  package var a: FrameFeatures
  package var b: FrameFeatures
  /// Motion from a to b and from b to a, where the model estimates it before t is known.
  package var flowAB: FeatureMap?
  package var flowBA: FeatureMap?
  /// How much the motion of a's and of b's pixels changes in the interval, `[h, w, 2]` like the flows,
  /// where neighbours of the pair tell.
  package var accelerations: (first: FeatureMap, second: FeatureMap)?
  /// The part of the padded frames outside of which nothing moves, where the model looks for it.
  package var region: MovingRegion?
  /// The coarsest features of both frames side by side, where a layer reads them together.
  package var joint: FeatureMap?

  package init(
    _ a: FrameFeatures, _ b: FrameFeatures, flowAB: FeatureMap? = nil, flowBA: FeatureMap? = nil,
    region: MovingRegion? = nil, joint: FeatureMap? = nil
  ) {
    self.a = a
    self.b = b
    self.flowAB = flowAB
    self.flowBA = flowBA
    self.region = region
    self.joint = joint
  }
}

/// A network that finds motion between two frames; immutable and shared by contexts.
package protocol InterpolationModel: AnyObject, Sendable {
  var info: ModelInfo { get }

  /// The type of its features; flows, mask and residual are float32 in any case.
  var precision: Precision { get }

  /// Frames are padded to a multiple of this, by repeating the right column and the bottom row.
  var multiple: Int { get }

  /// Computes what depends on one frame alone; a stream calls it once a frame.
  ///
  /// `image` is RGB `[H, W, 3]` in 0...1, padded, and lives in `arena` like the result where the
  /// model keeps images, else as long as the call.
  func encode(
    _ image: FeatureMap, in arena: Arena, on engine: Engine
  ) throws(VFIError) -> FrameFeatures

  /// Whether features have their image.
  var keepsImages: Bool { get }

  /// Computes what all instants between `a` and `b` share, in `engine.scratch`.
  ///
  /// A model that chooses the pixels it computes takes all where `engine.budget` is `.off`.
  func prepare(
    _ a: FrameFeatures, _ b: FrameFeatures, on engine: Engine
  ) throws(VFIError) -> PairFeatures

  /// Whether ``prepare(_:_:on:)`` gives flows, so that those of neighbouring pairs can bend them.
  var takesNeighbours: Bool { get }

  /// Whether an instant may be another one for each pixel.
  var takesDistance: Bool { get }

  /// Finds the motion at `instant`, a map from `engine.result(...)` that the next call overwrites.
  ///
  /// A model that chooses the pixels it computes keeps to `engine.budget`.
  func decode(
    _ pair: PairFeatures, at instant: Instant, on engine: Engine
  ) throws(VFIError) -> DecodedMotion
}
