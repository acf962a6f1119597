// SPDX-License-Identifier: MIT

/// The region of a frame with its hole filled from the frames around it.
struct RegionFill {
  let frame: Frame
  let region: PixelRectangle
  let info: InpaintInfo
  /// Where much of it stands still in other frames: how sure each pixel of the hole is, 1 to 100.
  let weights: Grid<UInt8>?
  /// The frames that were looked at, as they lie from this one.
  let used: Set<Int>
}

/// Fills of frames and of their neighbours.
///
/// A frame is known by the number of its content. A fill is kept as long as the same frames, masks and
/// settings would make it again, and a window that moves on may want it. A result does not depend on
/// whether it was kept.
final class FillStore {
  /// What a fill was made from: contents of frames, and which of them it is of.
  struct Source: Equatable {
    let contents: [UInt64]
    let number: Int

    var isKnown: Bool { !contents.contains(0) }
  }

  private struct Entry {
    let source: Source
    let fill: RegionFill
    let memory: Memory
  }

  private struct Memory {
    let buffer: FrameBuffer
    let arena: Arena

    init(_ ledger: MemoryLedger) {
      buffer = FrameBuffer(ledger: ledger)
      arena = Arena(ledger: ledger)
    }
  }

  /// What else fills depend on.
  private struct Basis: Equatable {
    let description: FrameDescription
    let dilation: Int
    let rectangles: [PixelRectangle]
    let hasOneMask: Bool
  }

  private let ledger: MemoryLedger
  private var entries: [Entry] = []
  /// Memory of entries that nobody needs any more.
  private var free: [Memory] = []
  private var basis: Basis?
  /// Where each frame has a mask of its own: what they mark.
  private var marks: [UInt64: MaskBits] = [:]
  private var freeMarks: [MaskBits] = []
  /// Nothing is kept from one call to the next any more once memory was short.
  private var isClosed = false

  init(ledger: MemoryLedger) { self.ledger = ledger }

  /// Whether memory is held.
  var isEmpty: Bool { entries.isEmpty && free.isEmpty && marks.isEmpty && freeMarks.isEmpty }

  /// Gives all memory back, and keeps nothing from one call to the next from now on.
  func close() {
    forget()
    free.removeAll()
    freeMarks.removeAll()
    isClosed = true
  }

  private func forget() {
    free += entries.map(\.memory)
    entries.removeAll()
    freeMarks += marks.values
    marks.removeAll()
    basis = nil
  }

  /// Keeps what was made for calls before only where the window of a new one would make it again.
  ///
  /// `hasSameHole`: of one mask for all frames, whether it is that of the call before.
  func begin(_ window: InpaintWindow, hasSameHole: Bool) {
    let new = Basis(
      description: window.frames[0].description, dilation: window.dilation,
      rectangles: window.wholeRectangles, hasOneMask: window.shared != nil)
    let isKnown = window.contents.contains { $0 != 0 }
    if basis == new, isKnown, window.shared == nil ? areSame(window) : hasSameHole { return }
    forget()
    guard !isClosed, isKnown else { return }
    basis = new
    if window.shared == nil { note(window) }
  }

  /// Whether frames that come again have the masks that they had; notes those of new frames.
  private func areSame(_ window: InpaintWindow) -> Bool {
    let contents = Set(window.contents)
    for content in marks.keys where !contents.contains(content) {
      if let old = marks.removeValue(forKey: content) { freeMarks.append(old) }
    }
    for (number, content) in window.contents.enumerated() where content != 0 {
      guard let mask = window.wholeMask(number), let known = marks[content] else { continue }
      if !known.isMarked(by: mask) { return false }
    }
    note(window)
    return true
  }

  /// Notes the masks of frames that are not known yet; without memory for one, forgets all.
  private func note(_ window: InpaintWindow) {
    for (number, content) in window.contents.enumerated()
    where content != 0 && marks[content] == nil {
      guard let mask = window.wholeMask(number) else { continue }
      let bits = freeMarks.popLast() ?? MaskBits(ledger)
      guard (try? bits.take(mask)) != nil else { return forget() }
      marks[content] = bits
    }
  }

  /// A fill that was made from the same.
  func fill(from source: Source) -> RegionFill? {
    guard source.isKnown else { return nil }
    return entries.first { $0.source == source }?.fill
  }

  /// Makes a fill in memory that it has until the call ends, or as long as it is kept.
  ///
  /// `body` gets a frame, and where holes move a grid of its size for weights.
  func make(
    _ source: Source, like description: FrameDescription, hasWeights: Bool,
    _ body: (Frame, Grid<UInt8>?) throws(VFIError) -> RegionFill
  ) throws(VFIError) -> RegionFill {
    let memory = free.popLast() ?? Memory(ledger)
    do throws(VFIError) {
      let frame = try memory.buffer.frame(description)
      var weights: Grid<UInt8>?
      if hasWeights {
        try memory.arena.reset()
        weights = try memory.arena.grid(
          UInt8(1), height: description.height, width: description.width)
      }
      let fill = try body(frame, weights)
      entries.append(Entry(source: source, fill: fill, memory: memory))
      return fill
    } catch {
      free.append(memory)
      throw error
    }
  }

  /// Lets go of all fills but those of `sources`.
  func end(_ sources: [Source]) {
    func isNeeded(_ entry: Entry) -> Bool {
      basis != nil && entry.source.isKnown && sources.contains(entry.source)
    }
    free += entries.filter { !isNeeded($0) }.map(\.memory)
    entries.removeAll { !isNeeded($0) }
  }
}
