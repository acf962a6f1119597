// SPDX-License-Identifier: MIT

/// Maps that belong to some frames, kept for the pairs that follow.
final class KeptMaps {
  private let arena: Arena
  /// Content ids of the frames; none are known by 0.
  private var frames: [UInt64] = []
  private var maps: [FeatureMap] = []
  private(set) var region: MovingRegion?

  init(ledger: MemoryLedger) { arena = Arena(ledger: ledger) }

  func holds(_ ids: [UInt64]) -> Bool { !maps.isEmpty && frames == ids }

  func maps(of ids: [UInt64]) -> [FeatureMap]? { holds(ids) ? maps : nil }

  func forget() {
    maps = []
    frames = []
  }

  func clear() {
    forget()
    arena.clear()
  }

  /// Copies `new`, unless a frame is of use for this pair only.
  func keep(_ new: [FeatureMap], of ids: [UInt64], region: MovingRegion? = nil) throws(VFIError) {
    guard !ids.contains(0) else { return }
    forget()
    try arena.reset()
    var copies: [FeatureMap] = []
    for map in new { copies.append(try copy(map)) }
    (maps, frames, self.region) = (copies, ids, region)
  }

  private func copy(_ map: FeatureMap) throws(VFIError) -> FeatureMap {
    let copy = try arena.map(height: map.height, width: map.width, channels: map.channels)
    unsafe copy.base.update(from: map.base, count: map.height * map.rowStride)
    return copy
  }
}

/// The scene scores of the last pairs of frames, so that none is computed twice.
struct KeptScores {
  /// A pair and those of its neighbours, and the one before them.
  private var known = [(ids: (UInt64, UInt64), score: Double)](repeating: ((0, 0), 0), count: 4)
  private var oldest = 0

  func score(_ a: UInt64, _ b: UInt64) -> Double? {
    guard a != 0, b != 0 else { return nil }
    return known.first { $0.ids == (a, b) }?.score
  }

  mutating func keep(_ score: Double, _ a: UInt64, _ b: UInt64) {
    known[oldest] = ((a, b), score)
    oldest = (oldest + 1) % known.count
  }

  mutating func forget() { self = KeptScores() }
}
