// SPDX-License-Identifier: MIT

/// A frame with a hole, padded to the model's multiple by repeating the right column and the
/// bottom row.
package struct MaskedFrame {
  /// RGB `[H, W, 3]` in 0...1; what stands in the hole is not looked at unless the network corrects
  /// it.
  package var image: FeatureMap
  /// `[H, W, 1]`: 1 in the hole, 0 elsewhere.
  package var mask: FeatureMap

  package init(image: FeatureMap, mask: FeatureMap) {
    self.image = image
    self.mask = mask
  }
}

/// How an inpainter runs; the defaults are the sensible ones.
package struct InpainterOptions: Sendable, Equatable {
  /// Whether the frame follows the one that was filled before: what is remembered of that goes on.
  package var continues = false
  /// Whether the recurrent state is kept from frame to frame.
  package var keepsState: Bool
  /// Whether the pixels outside of the hole are the frame's own, or the network's.
  package var composites: Bool

  package init(keepsState: Bool = true, composites: Bool = true) {
    self.keepsState = keepsState
    self.composites = composites
  }
}

/// A network that fills holes frame by frame, in order, and remembers what it did.
///
/// It is immutable and shared by contexts; what it remembers of a clip is the caller's
/// ``InpaintMemory``.
package protocol RecurrentInpainter: AnyObject, Sendable {
  var info: ModelInfo { get }

  /// Frames are padded to a multiple of this.
  var multiple: Int { get }

  /// Places of the frames that it looks at, relative to the one that it fills, in rising order.
  ///
  /// Beyond the ends of a clip they are mirrored: see ``mirroredPlace(_:count:)``.
  var offsets: [Int] { get }

  /// Whether the hole of the frame at offset 0 must be filled in some way, which it then corrects.
  var refinesFill: Bool { get }

  /// Memory for a clip of padded frames, `[height, width]`.
  func makeMemory(height: Int, width: Int, ledger: MemoryLedger) throws(VFIError) -> InpaintMemory

  /// Fills the hole of the frame at offset 0 of `window`, which holds one frame for each offset.
  ///
  /// The result, RGB `[H, W, 3]` in 0...1, is a map from `engine.result(...)` that the next call
  /// overwrites. What the next frame needs goes into `memory`; a call that fails half-way, or is
  /// cancelled, forgets the clip.
  func fill(
    _ window: [MaskedFrame], memory: InpaintMemory, options: InpainterOptions, on engine: Engine
  ) throws(VFIError) -> FeatureMap
}

/// What an inpainter keeps from one frame to the next.
package final class InpaintMemory {
  /// The last output `[H, W, 3]`, in the network's own range and not clipped.
  package let output: FeatureMap
  /// How much of each pixel of `output` is still a hole, `[H, W, 1]`.
  let hole: FeatureMap
  /// State of the ConvLSTM, `[H / n, W / n, C]`.
  package let hidden: FeatureMap
  package let cell: FeatureMap
  /// Whether there was no frame yet: the other members are not valid.
  private(set) var isEmpty = true
  private let arena: Arena

  init(
    height: Int, width: Int, stateDivisor: Int, stateChannels: Int, ledger: MemoryLedger
  ) throws(VFIError) {
    arena = Arena(ledger: ledger)
    output = try arena.map(height: height, width: width, channels: 3)
    hole = try arena.map(height: height, width: width, channels: 1)
    let size = (height / stateDivisor, width / stateDivisor)
    hidden = try arena.map(height: size.0, width: size.1, channels: stateChannels)
    cell = try arena.map(height: size.0, width: size.1, channels: stateChannels)
    forgetState()
  }

  /// Forgets the clip; for a cut, a jump, or another clip of the same size.
  package func forget() {
    isEmpty = true
    forgetState()
  }

  func forgetState() {
    hidden.fill(0)
    cell.fill(0)
  }

  func keep() { isEmpty = false }

  /// Whether it is for padded frames of that size.
  func hasSize(_ size: (height: Int, width: Int)) -> Bool {
    output.height == size.height && output.width == size.width
  }
}

/// A place of `0..<count`: beyond either end it is mirrored there, without repeating the end.
package func mirroredPlace(_ place: Int, count: Int) -> Int {
  guard count > 1 else { return 0 }
  let period = 2 * (count - 1)
  let distance = abs(place) % period
  return min(distance, period - distance)
}
