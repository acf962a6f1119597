// SPDX-License-Identifier: MIT

/// Which fills are averaged for one frame of a window, and from which frames each of them is made.
///
/// The fill of a frame's neighbour is the same for all frames that ask for it: it looks less far than the
/// window does, so that the window of the next frame shows it as well. Then a video needs one fill a
/// frame.
package struct FillSpan {
  /// Frames on either side whose fills count, at most.
  package static let furthest = 2
  /// One of them for so many frames on the longer side of the window: fewer look too short for all of
  /// them to look a frame less far.
  static let sidePerFill = 6
  /// Where fewer frames lie on one side, fills look at these and no others: a stream that looks ahead by
  /// few frames, or back, knows no more of any frame.
  private static let few = 3

  private let count: Int
  private let index: Int
  private let reach: Int

  package init(count: Int, index: Int) {
    (self.count, self.index) = (count, index)
    reach = Self.reach(max(index, count - 1 - index))
  }

  /// Frames on either side whose fills count, where the window has `side` frames on its longer side.
  package static func reach(_ side: Int) -> Int { min(furthest, side / sidePerFill) }

  /// The frames whose fills count.
  package var numbers: Range<Int> {
    let (back, ahead) = (index, count - 1 - index)
    let first = index - (back < Self.few ? 0 : min(reach, back))
    let last = index + (ahead < Self.few ? 0 : min(reach, ahead))
    return first..<last + 1
  }

  /// The frames that the fill of one of them is made from.
  package func window(of number: Int) -> Range<Int> {
    let (back, ahead) = (index, count - 1 - index)
    let first = number - (back < Self.few ? back : furthest)
    let last = number + (ahead < Self.few ? ahead : furthest)
    return max(0, first)..<min(count, last + 1)
  }

  /// Frames on either side that a fill looks at.
  private var furthest: Int {
    let (back, ahead) = (index, count - 1 - index)
    let distance = max(back, ahead) - reach
    guard back != ahead, min(back, ahead) >= Self.few else { return distance }
    // An end of the video is near. If both are, the same frames count for all fills.
    var step = 0
    while step < distance { step = Inpainter.distance(after: step) }
    return step
  }
}
