// SPDX-License-Identifier: MIT

/// A frame that a stream is given, with what belongs to it.
@safe package struct SourceFrame {
  package var frame: Frame
  /// GRAY8; what it marks is the stream's matter.
  package var mask: Frame?
  /// In units of the source's timebase.
  package var pts: Int64
  /// In units of the source's timebase; 0 = unknown.
  package var duration: Int64
  package var opaque: UnsafeMutableRawPointer?
  /// What decoder and container say of it.
  package var suspicion: FrameSuspicion = []
  /// In a window: a number that no other frame of the stream has.
  var content: UInt64 = 0

  package init(
    _ frame: Frame, mask: Frame? = nil, pts: Int64, duration: Int64 = 0,
    opaque: UnsafeMutableRawPointer? = nil
  ) {
    self.frame = frame
    self.mask = mask
    self.pts = pts
    self.duration = duration
    unsafe self.opaque = unsafe opaque
  }
}

/// The latest frames of a stream, of which one is in work: the *current* one.
///
/// The window of a frame is what of its run, a row of frames with times that do not go back and one
/// description, stands at most `lookBack` before and `lookAhead` after it. Frames are copies. No
/// more of them are held than a window has.
final class FrameWindow {
  private struct Entry {
    let buffer: FrameBuffer
    let maskBuffer: FrameBuffer?
    let source: SourceFrame
    let run: Int
  }

  let lookBack: Int
  let lookAhead: Int
  private let ledger: MemoryLedger
  private var entries: [Entry] = []
  /// Index of the current frame; the number of entries where there is none yet.
  private var current = 0
  private var run = 0
  private var count: UInt64 = 0
  /// Of the latest frame, also when it is no longer held.
  private(set) var latest: (pts: Int64, description: FrameDescription)?
  private var spareBuffers: [FrameBuffer] = []
  private var spareMasks: [FrameBuffer] = []

  init(lookBack: Int, lookAhead: Int, ledger: MemoryLedger) {
    self.lookBack = lookBack
    self.lookAhead = lookAhead
    self.ledger = ledger
  }

  /// Whether there is a current frame.
  var isEmpty: Bool { current == entries.count }

  /// Whether the current frame's window is whole; `isEnd`: no frame follows.
  func isReady(isEnd: Bool) -> Bool {
    guard !isEmpty else { return false }
    return isEnd || entries.count - current > lookAhead || entries[current].run != run
  }

  /// Copies a frame to the end; `prepareMask` may change the copy of its mask.
  ///
  /// After an error the window is as it was.
  func append(
    _ source: SourceFrame, on engine: Engine, prepareMask: (Frame) throws(VFIError) -> Void
  ) throws(VFIError) {
    let buffer = spareBuffers.popLast() ?? FrameBuffer(ledger: ledger)
    let maskBuffer =
      source.mask == nil ? nil : spareMasks.popLast() ?? FrameBuffer(ledger: ledger)
    var copy = source
    do throws(VFIError) {
      copy.frame = try buffer.frame(source.frame.description)
      try source.frame.copy(to: copy.frame, on: engine)
      if let mask = source.mask, let maskBuffer {
        let maskCopy = try maskBuffer.frame(mask.description)
        try mask.copy(to: maskCopy, on: engine)
        try prepareMask(maskCopy)
        copy.mask = maskCopy
      }
    } catch {
      recycle(buffer, maskBuffer)
      throw error
    }
    count += 1
    copy.content = count
    let description = source.frame.description
    if let latest, source.pts < latest.pts || description != latest.description { run += 1 }
    latest = (source.pts, description)
    entries.append(Entry(buffer: buffer, maskBuffer: maskBuffer, source: copy, run: run))
    trim()
  }

  /// The current frame's window, and its place there.
  func neighbours() -> (frames: [SourceFrame], index: Int) {
    let run = entries[current].run
    let before = entries[max(0, current - lookBack)..<current].filter { $0.run == run }
    let rest = entries[current..<min(entries.count, current + lookAhead + 1)]
    return ((before + rest.filter { $0.run == run }).map(\.source), before.count)
  }

  /// Makes the next frame the current one.
  ///
  /// Views of the last window stay valid until the next frame is appended.
  func advance() {
    current += 1
    trim()
  }

  /// Forgets all frames.
  func clear() {
    for entry in entries { recycle(entry.buffer, entry.maskBuffer) }
    entries.removeAll()
    current = 0
    latest = nil
  }

  /// Lets go of frames that are in no window any more.
  private func trim() {
    let first = entries.firstIndex { $0.run == (isEmpty ? run : entries[current].run) }
    let needless = max(first ?? current, current - lookBack)
    for entry in entries[..<needless] { recycle(entry.buffer, entry.maskBuffer) }
    entries.removeFirst(needless)
    current -= needless
  }

  private func recycle(_ buffer: FrameBuffer, _ maskBuffer: FrameBuffer?) {
    spareBuffers.append(buffer)
    if let maskBuffer { spareMasks.append(maskBuffer) }
  }
}
