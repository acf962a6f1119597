// SPDX-License-Identifier: MIT

/// What happened at a frame; raw values are `VFI_EVENT_*` of `vfi.h`.
package struct FrameEvents: OptionSet, Hashable, Sendable {
  package let rawValue: UInt32

  package init(rawValue: UInt32) { self.rawValue = rawValue }

  /// Another scene than in the frame before.
  package static let cut = FrameEvents(rawValue: 1)
  /// All samples are those of the frame before.
  package static let duplicate = FrameEvents(rawValue: 2)
  /// Nothing moves, in this frame and two beside it.
  package static let freeze = FrameEvents(rawValue: 4)
  /// At least 98 % of the pixels are black.
  package static let black = FrameEvents(rawValue: 8)
  /// Some pixels are damaged.
  package static let damaged = FrameEvents(rawValue: 16)
  /// Next to nothing of the picture is the frame's own.
  package static let lost = FrameEvents(rawValue: 32)
}

/// What decoder and container say of a frame.
package struct FrameSuspicion: OptionSet, Sendable {
  package let rawValue: UInt32

  package init(rawValue: UInt32) { self.rawValue = rawValue }

  /// That it is damaged.
  package static let corrupt = FrameSuspicion(rawValue: 2)
  /// That parts of it were made up.
  package static let concealed = FrameSuspicion(rawValue: 4)
}

/// A frame of a window that is looked at, with what is known of it.
package struct SuspectFrame {
  package let frame: Frame
  package var suspicion: FrameSuspicion
  /// GRAY8 with any value but 0 at damaged pixels; nil: nothing is known.
  ///
  /// It has a sample for each pixel, or one for each macroblock of 16 x 16 pixels.
  package var marks: Frame?
  /// By what the pictures decide on what is marked; nil: it is damaged.
  package var doubt: DamageDoubt?

  package init(_ frame: Frame, suspicion: FrameSuspicion = [], marks: Frame? = nil) {
    self.frame = frame
    self.suspicion = suspicion
    self.marks = marks
  }
}

/// What was found of one frame.
package struct FrameAnalysis: Equatable, Sendable {
  package var events: FrameEvents = []
  /// 0 to 100, how much of a cut lies between the frame before and this one; -1: there is none.
  package var sceneScore = -1.0
  /// Mean absolute difference of luma to the frame before, 0 to 1; -1: there is none.
  package var difference = -1.0
  /// Share of black pixels, 0 to 1.
  package var black = 0.0
  /// Share of damaged pixels, each counted as far as it is sure, 0 to 1.
  package var damage = 0.0
  package var damagedPixels = 0

  package init() {}
}
