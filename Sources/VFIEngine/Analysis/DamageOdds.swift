// SPDX-License-Identifier: MIT
import Glibc

/// The logarithm of the odds that a decoder has made up a macroblock, from the pictures alone.
///
/// Made-up blocks are much less like the pictures before and after, along the motion that these
/// show, than these are like their own neighbours; and they show their outlines.
struct DamageOdds {
  /// Mean difference that made-up blocks are expected to have, of 255.
  private static let strange: Float = 20
  private static let limit: Float = 6

  /// By the pictures around.
  let byMotion: Grid<Float>
  /// By these and by outlines, as blocks of H.264 and MPEG show them.
  ///
  /// The weights are those of a logistic regression over 32,396 blocks of 6 damaged training clips, a
  /// fifth of which were wrong.
  let joined: Grid<Float>

  /// Nil where it is not known what is usual: there are too few pictures around.
  ///
  /// `earlier` and `later` begin with the nearest one.
  init?(
    of current: PlacedPicture, earlier: [PlacedPicture], later: [PlacedPicture], in arena: Arena,
    on engine: Engine
  ) throws(VFIError) {
    guard
      let around = try Surroundings(
        of: current, earlier: earlier, later: later, in: arena, on: engine)
    else { return nil }
    let (found, usual) = try around.differences(in: arena, on: engine)
    let (rows, columns) = (found.height, found.width)
    let byMotion = try arena.grid(Float(0), height: rows, width: columns)
    let joined = try arena.grid(Float(0), height: rows, width: columns)
    let seams = try BlockSeams(current.picture.luma, in: arena, on: engine).values
    var known: [Grid<Float>] = []
    for picture in around.nearest {
      known.append(try BlockSeams(picture.picture.luma, in: arena, on: engine).values)
    }
    for y in 0..<rows {
      for x in 0..<columns {
        var highest: Float = 0
        let near = usual.around(y, x)
        for row in near.y { for column in near.x { highest = max(highest, usual[row, column]) } }
        let expected = min(0.9 * Self.strange, 2 + 1.5 * highest)
        let value =
          logf(expected / Self.strange) + found[y, x] * (1 / expected - 1 / Self.strange)
        byMotion[y, x] = min(Self.limit, max(-Self.limit, value))
        let excess = seams[y, x] - known.reduce(0) { max($0, $1[y, x]) }
        joined[y, x] = 0.58 * byMotion[y, x] + 0.21 * min(20, max(-2, excess)) - 1.46
      }
    }
    (self.byMotion, self.joined) = (byMotion, joined)
  }
}

/// The pictures that one is compared with.
private struct Surroundings {
  private let current: PlacedPicture
  /// On one side, from the nearest one on; the second tells what is usual.
  private let last: PlacedPicture
  private let second: PlacedPicture?
  /// On the other side.
  private let next: PlacedPicture?
  /// From `last` to `second`, and between those around.
  private let past: BlockMotion?
  private let through: BlockMotion?

  /// The nearest picture on each side.
  var nearest: [PlacedPicture] { [last] + (next.map { [$0] } ?? []) }

  init?(
    of current: PlacedPicture, earlier: [PlacedPicture], later: [PlacedPicture], in arena: Arena,
    on engine: Engine
  ) throws(VFIError) {
    let isForward = earlier.count > 1 || earlier.count >= later.count
    let (side, other) = isForward ? (earlier, later) : (later, earlier)
    guard let last = side.first else { return nil }
    let second = side.count > 1 ? side[1] : nil
    guard second != nil || !other.isEmpty else { return nil }
    (self.current, self.last, self.second, next) = (current, last, second, other.first)
    past = try second.map { second throws(VFIError) in
      try BlockMotion(of: last, in: second, arena: arena, on: engine)
    }
    if let next = other.first {
      through = try BlockMotion(of: next, in: last, arena: arena, on: engine)
    } else if let second, side.count > 2 {
      through = try BlockMotion(of: second, in: side[2], arena: arena, on: engine)
    } else {
      through = nil
    }
  }

  /// Of each block, how much it differs from the pictures around, and how much these do from theirs.
  func differences(
    in arena: Arena, on engine: Engine
  ) throws(VFIError) -> (found: Grid<Float>, usual: Grid<Float>) {
    func compare(
      _ a: PlacedPicture, _ b: PlacedPicture, _ motions: BlockMotion?...
    ) throws(VFIError) -> Grid<Float> {
      try a.differences(from: b, along: motions.compactMap(\.self), in: arena, on: engine)
    }
    let usual = try compare(last, second ?? next ?? last, through)
    guard let next else { return (try compare(current, last, past), usual) }
    let found = try compare(current, last, past, through)
    let others = try compare(current, next, through)
    for y in 0..<found.height {
      for x in 0..<found.width { found[y, x] = min(found[y, x], others[y, x]) }
    }
    return (found, usual)
  }
}

extension PlacedPicture {
  /// Of each block, the least mean difference from another picture, at its own place and where its
  /// motion and that of the four blocks beside lead.
  fileprivate func differences(
    from other: PlacedPicture, along motions: [BlockMotion], in arena: Arena, on engine: Engine
  ) throws(VFIError) -> Grid<Float> {
    let blocks = MacroblockGrid(picture.frame.description)
    let values = try arena.grid(Float(0), height: blocks.rows, width: blocks.columns)
    let (own, theirs) = unsafe (picture.pyramid[0], other.picture.pyramid[0])
    let frames = other.time - time
    try engine.forEachRows(blocks.rows) { start, end in
      for row in start..<end {
        for column in 0..<blocks.columns {
          var best = unsafe own.difference(row, column, theirs, BlockVector())
          for motion in motions {
            var last = BlockVector()
            for (y, x) in [(0, 0), (-1, 0), (0, -1), (0, 1), (1, 0)] {
              let vector = motion.vector(row + y, column + x, over: frames)
              guard vector != last else { continue }
              last = vector
              best = min(best, unsafe own.difference(row, column, theirs, vector))
            }
          }
          values[row, column] = best
        }
      }
    }
    return values
  }
}
