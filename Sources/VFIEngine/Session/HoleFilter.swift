// SPDX-License-Identifier: MIT

/// Fills the holes of a stream's frames.
///
/// The hole of a frame is its mask, the mask of all frames, and the rectangles, together.
package final class HoleFilter: WindowFilter {
  private let inpainter: Inpainter
  private let rectangles: [PixelRectangle]
  private let settings: InpaintSettings
  /// That of all frames, in memory of its own.
  private let mask: Frame?
  private let maskBuffer: FrameBuffer
  /// Marks nothing: for frames without a mask beside some that have one.
  private var empty: Frame?
  private let emptyBuffer: FrameBuffer

  package init(
    _ inpainter: Inpainter, mask: Frame?, rectangles: [PixelRectangle], settings: InpaintSettings
  ) throws(VFIError) {
    self.inpainter = inpainter
    self.rectangles = rectangles
    self.settings = settings
    let engine = inpainter.engine
    maskBuffer = FrameBuffer(ledger: engine.ledger)
    emptyBuffer = FrameBuffer(ledger: engine.ledger)
    var copy: Frame?
    if let mask {
      let place = try maskBuffer.frame(mask.description)
      try mask.copy(to: place, on: engine)
      copy = place
    }
    self.mask = copy
  }

  package func check(_ source: SourceFrame) throws(VFIError) {
    let description = source.frame.description
    for (mask, name) in [(mask, "the stream's mask"), (source.mask, "mask")] {
      guard let size = mask?.description else { continue }
      guard size.format == .gray8 else {
        throw .format("\(name): the format is \(size.format), not gray8")
      }
      guard size.width == description.width, size.height == description.height else {
        throw .size(
          "\(name): \(size.width) x \(size.height) differs from the frame's "
            + "\(description.width) x \(description.height)")
      }
    }
  }

  package func prepare(mask copy: Frame) throws(VFIError) {
    if let mask { try copy.unite(with: mask, on: inpainter.engine) }
  }

  package func apply(
    _ window: [SourceFrame], index: Int, in place: (FrameDescription) throws(VFIError) -> Frame
  ) throws(VFIError) -> (frame: Frame, change: SourceChange)? {
    let description = window[index].frame.description
    guard isMarked(window[index]) else {
      inpainter.forget()
      return nil
    }
    var masks: [Frame] = []
    if window.contains(where: { $0.mask != nil }) {
      for source in window {
        if let marks = source.mask ?? mask {
          masks.append(marks)
        } else {
          masks.append(try emptyMask(description))
        }
      }
    } else if let mask {
      masks = [mask]
    }
    let out = try place(description)
    let info = try inpainter.inpaint(
      window.map(\.frame), contents: window.map(\.content), masks: masks, rectangles: rectangles,
      index: index, settings: settings, into: out)
    return (out, SourceChange(pixels: info.filled))
  }

  private func isMarked(_ source: SourceFrame) -> Bool {
    let (width, height) = (source.frame.description.width, source.frame.description.height)
    return (source.mask ?? mask)?.nonZeroBounds() != nil
      || rectangles.contains { $0.clipped(width: width, height: height) != nil }
  }

  private func emptyMask(_ description: FrameDescription) throws(VFIError) -> Frame {
    let (width, height) = (description.width, description.height)
    if let empty, empty.description.width == width, empty.description.height == height {
      return empty
    }
    empty = nil
    let mask = try emptyBuffer.frame(
      try FrameDescription(format: .gray8, width: width, height: height))
    try mask.clear(on: inpainter.engine)
    empty = mask
    return mask
  }
}

extension Frame {
  /// Marks, in a mask, what `other` marks as well.
  fileprivate func unite(with other: Frame, on engine: Engine) throws(VFIError) {
    try forEachRow(on: engine) { plane, row in
      let count = description.rowBytes(plane: plane)
      let own = unsafe start(plane, row).assumingMemoryBound(to: UInt8.self)
      let marks = unsafe other.start(plane, row).assumingMemoryBound(to: UInt8.self)
      for x in 0..<count { unsafe own[x] |= marks[x] }
    }
  }
}
