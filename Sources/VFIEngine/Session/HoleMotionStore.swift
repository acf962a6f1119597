// SPDX-License-Identifier: MIT

/// Motion and scene scores between frames that come again: of ten pairs in the window of a frame,
/// nine are those of the frame before.
///
/// A frame is known by the number of its content. Motion is kept as long as the region and the hole
/// are the same for all frames, and a window that moves on may want it again. A result does not
/// depend on whether it was kept.
final class HoleMotionStore {
  private struct Key: Hashable {
    let first: UInt64
    let second: UInt64
  }

  private struct Entry {
    let key: Key
    let motion: HoleMotion
    let arena: Arena
  }

  private let ledger: MemoryLedger
  private var entries: [Entry] = []
  /// Memory of entries that nobody needs any more.
  private var free: [Arena] = []
  private var scores: [Key: Double] = [:]
  /// What the entries are true for.
  private var region: PixelRectangle?
  private var description: FrameDescription?
  private var hole: Grid<UInt8>?
  /// The part of the mask in the region, which may differ where the hole does not.
  private let marks: MaskBits
  private let holeArena: Arena
  /// Nothing is kept any more once memory was short.
  private(set) var isClosed = false

  init(ledger: MemoryLedger) {
    self.ledger = ledger
    holeArena = Arena(ledger: ledger)
    marks = MaskBits(ledger)
  }

  /// Whether motion is held.
  var isEmpty: Bool { entries.isEmpty }

  /// Gives all memory back, and keeps nothing from now on.
  func close() {
    forget()
    isClosed = true
  }

  /// Keeps what the window of frame `index` of a new call shares with those before it.
  ///
  /// Returns whether one mask, the same as before, belongs to all frames.
  func begin(_ window: InpaintWindow, index: Int) -> Bool {
    var places: [UInt64: Int] = [:]
    for (place, content) in window.contents.enumerated() where content != 0 {
      places[content] = place
    }
    // Neighbours that lie far behind are not looked at again; pairs of a longer step are.
    func isNeeded(_ key: Key) -> Bool {
      guard let first = places[key.first], let second = places[key.second] else { return false }
      return abs(first - second) > 1 || min(first, second) >= index - Inpainter.nearest
    }
    guard !isClosed, !places.isEmpty, let shared = window.shared else {
      forget()
      return false
    }
    let description = window.frames[0].description
    var isSame = true
    if region != window.region || self.description != description
      || hole.map({ shared.pixels.hasSameValues(as: $0) }) != true
      || !marks.isMarked(by: window.sharedMask)
    {
      isSame = false
      forget()
      // Without memory for it nothing is kept, and all is found anew.
      guard let hole = try? shared.pixels.copy(in: holeArena),
        (try? marks.take(window.sharedMask)) != nil
      else {
        forget()
        return false
      }
      (region, self.description, self.hole) = (window.region, description, hole)
    }
    scores = scores.filter { places[$0.key.first] != nil && places[$0.key.second] != nil }
    free += entries.filter { !isNeeded($0.key) }.map(\.arena)
    entries.removeAll { !isNeeded($0.key) }
    return isSame
  }

  private func forget() {
    (region, description, hole) = (nil, nil, nil)
    scores.removeAll()
    entries.removeAll()
    free.removeAll()
    holeArena.clear()
    marks.clear()
  }

  /// The motion from one frame to another, if it was kept in either direction.
  func motion(from first: UInt64, to second: UInt64) -> HoleMotion? {
    for entry in entries {
      if entry.key == Key(first: first, second: second) { return entry.motion }
      if entry.key == Key(first: second, second: first) { return entry.motion.reversed }
    }
    return nil
  }

  /// Copies a motion, where both frames have a number and there is memory.
  func keep(_ motion: HoleMotion, from first: UInt64, to second: UInt64) {
    guard hole != nil, first != 0, second != 0 else { return }
    let arena = free.popLast() ?? Arena(ledger: ledger)
    guard (try? arena.reset()) != nil, let copy = try? motion.copy(in: arena) else { return }
    entries.append(Entry(key: Key(first: first, second: second), motion: copy, arena: arena))
  }

  /// The scene score of two neighbours, from before or by `find`.
  func score(
    _ first: UInt64, _ second: UInt64, find: () throws(VFIError) -> Double
  ) throws(VFIError) -> Double {
    guard hole != nil else { return try find() }
    let key = Key(first: min(first, second), second: max(first, second))
    if let score = scores[key] { return score }
    let score = try find()
    if key.first != 0 { scores[key] = score }
    return score
  }
}

extension HoleMotion {
  /// The same from the second frame to the first one; the search treats both alike.
  fileprivate var reversed: HoleMotion { HoleMotion(forward: backward, backward: forward) }

  fileprivate func copy(in arena: Arena) throws(VFIError) -> HoleMotion {
    let (height, width) = (forward.height, forward.width)
    let both = try arena.map(height: 2 * height, width: width, channels: 2)
    let copy = HoleMotion(
      forward: both.rows(0..<height), backward: both.rows(height..<2 * height))
    for (from, to) in [(forward, copy.forward), (backward, copy.backward)] {
      unsafe to.base.update(from: from.base, count: height * from.rowStride)
    }
    return copy
  }
}
