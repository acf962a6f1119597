// SPDX-License-Identifier: MIT

/// The features of one source frame, kept for the pair that follows.
final class FeatureSlot {
  let arena: Arena
  private let start: Arena.Mark
  /// The frame's content id; 0 = of no use for another pair.
  private(set) var id: UInt64 = 0
  private(set) var features: FrameFeatures?

  init(ledger: MemoryLedger) {
    arena = Arena(ledger: ledger)
    start = arena.mark
  }

  /// Forgets the features and makes their memory free for others, which take it in the same order.
  func forget() {
    id = 0
    features = nil
    arena.release(to: start)
  }

  /// As ``forget()``, for frames of another size.
  func clear() {
    forget()
    arena.clear()
  }

  func keep(_ new: FrameFeatures, id newID: UInt64) {
    features = new
    id = newID
  }
}

extension Interpolator {
  /// Slots for frames: those that hold them, else any that no other of them needs.
  ///
  /// There are at most as many frames as slots; frames of one id share a slot.
  func slots(_ ids: [UInt64]) -> [FeatureSlot] {
    var free = slots
    var chosen: [FeatureSlot?] = ids.map { id in
      guard id != 0, let index = free.firstIndex(where: { $0.id == id }) else { return nil }
      return free.remove(at: index)
    }
    for (index, id) in ids.enumerated() where chosen[index] == nil {
      let equal = id == 0 ? nil : ids[..<index].firstIndex(of: id)
      chosen[index] = equal.flatMap { chosen[$0] } ?? free.removeFirst()
    }
    return chosen.compactMap(\.self)
  }

  /// Features of a frame, from the slot or new.
  func encode(_ frame: Frame, id: UInt64, in slot: FeatureSlot) throws(VFIError) -> FrameFeatures {
    if id != 0, slot.id == id, let features = slot.features { return features }
    slot.forget()
    let factor = motionFactor(frame.description)
    let size = frame.description.imageSize(reducedBy: factor, multiple: model.multiple)
    let features = try encode(size, in: slot) { image throws(VFIError) in
      try engine.timed(.convert) { () throws(VFIError) in
        try frame.loadRGB(into: image, reducedBy: factor, on: engine)
      }
    }
    slot.keep(features, id: id)
    return features
  }

  /// Runs the encoder on the image of `size` that `write` draws.
  func encode(
    _ size: (height: Int, width: Int), in slot: FeatureSlot,
    _ write: (FeatureMap) throws(VFIError) -> Void
  ) throws(VFIError) -> FrameFeatures {
    let mark = engine.scratch.mark
    defer { engine.scratch.release(to: mark) }
    // Of the largest map of all, no more than one is there where none is kept.
    let image = try (model.keepsImages ? slot.arena : engine.scratch).map(
      height: size.height, width: size.width, channels: 3)
    try write(image)
    let features = try engine.timed(.encode) { () throws(VFIError) in
      try model.encode(image, in: slot.arena, on: engine)
    }
    engine.statistics.framesEncoded += 1
    return features
  }
}
