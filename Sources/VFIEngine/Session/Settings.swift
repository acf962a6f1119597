// SPDX-License-Identifier: MIT

/// What to give instead of a new frame across a scene cut; raw values are `VFI_CUT_*`.
package enum CutAction: Int32, Sendable {
  case hold, blend
}

/// Settings of an interpolator, with the defaults of `vfi.h`.
package struct InterpolatorSettings: Sendable {
  package var sceneCut = true
  /// A cut lies where the scene score is above; 0 to 100.
  package var sceneCutThreshold = 10.0
  package var cutAction = CutAction.hold
  /// Whether a pair of equal frames is answered by copies.
  package var copyDuplicates = true
  /// Size at which motion is found: 1, 0.5 or 0.25; 0 = half the size from 1600 lines.
  package var flowScale = 0.0
  /// Whether the frames beside a pair bend its motion: see ``Acceleration``.
  package var bendsMotion = false
  /// How much sparse work a model may do.
  package var budget = ComputeBudget.auto
  /// Seconds that a new frame shall take at most; 0 = any time.
  package var deadline = 0.0

  package init() {}
}

/// How a frame came about; raw values are `VFI_INTERPOLATED` and following.
package enum Decision: Int32, Sendable {
  case interpolated, sourceCopy, heldPrevious, heldNext, blended
}

/// What was done to a source frame before it was used.
package struct SourceChange: Equatable, Sendable {
  /// Pixels that were filled.
  package var pixels: Int
  package var repair: RepairAction

  package init(pixels: Int = 0, repair: RepairAction = .none) {
    self.pixels = pixels
    self.repair = repair
  }

  /// All pixels, and of two repairs the one with the greater number.
  static func + (a: SourceChange, b: SourceChange) -> SourceChange {
    SourceChange(
      pixels: a.pixels + b.pixels,
      repair: a.repair.rawValue > b.repair.rawValue ? a.repair : b.repair)
  }
}

/// What is known of a frame that was given.
package struct FrameInfo: Sendable {
  package var decision: Decision
  /// 0 to 100; -1 when not computed.
  package var sceneScore: Double
  /// Nanoseconds of wall time for this frame; what a pair's instants share is in the first.
  package var elapsed: UInt64
  /// What was done before to the source, or to both sources together.
  package var change: SourceChange

  package init(
    decision: Decision, sceneScore: Double = -1, elapsed: UInt64 = 0,
    change: SourceChange = SourceChange()
  ) {
    self.decision = decision
    self.sceneScore = sceneScore
    self.elapsed = elapsed
    self.change = change
  }
}

extension Statistics {
  /// Counts a frame that was given.
  mutating func count(_ decision: Decision) {
    switch decision {
    case .interpolated: framesInterpolated += 1
    case .sourceCopy: framesCopied += 1
    case .heldPrevious, .heldNext: framesHeld += 1
    case .blended: framesBlended += 1
    }
  }
}
