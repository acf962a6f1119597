// SPDX-License-Identifier: MIT
import CLibAV
import Glibc

/// Macroblocks of a picture, 16 x 16 pixels each, with a mark on some.
struct BlockMap {
  static let side = 16

  let columns: Int
  let rows: Int
  var marks: [Bool]

  init(width: Int, height: Int, marked: Bool = false) {
    columns = (width + Self.side - 1) / Self.side
    rows = (height + Self.side - 1) / Self.side
    marks = Array(repeating: marked, count: columns * rows)
  }

  /// Marks the blocks in which two pictures of the same format and size differ in any sample.
  init(_ a: Picture, unlike b: Picture) {
    self.init(width: Int(a.width), height: Int(a.height))
    for (first, second) in zip(PlaneLayout.all(of: a), PlaneLayout.all(of: b)) {
      let bytes = (Self.side >> first.shiftX) * first.sampleBytes
      for row in 0..<first.rows {
        let (one, other) = unsafe (first.row(row), second.row(row))
        guard unsafe memcmp(one, other, first.rowBytes) != 0 else { continue }
        let line = (row << first.shiftY) / Self.side * columns
        for column in 0..<columns {
          let start = column * bytes
          let count = min(bytes, first.rowBytes - start)
          if count > 0, unsafe memcmp(one + start, other + start, count) != 0 {
            marks[line + column] = true
          }
        }
      }
    }
  }

  /// As large, without marks.
  var empty: BlockMap {
    var map = self
    map.marks = Array(repeating: false, count: marks.count)
    return map
  }

  mutating func formUnion(_ other: BlockMap) {
    for index in marks.indices where other.marks[index] { marks[index] = true }
  }

  var count: Int { marks.count { $0 } }
  var share: Double { Double(count) / Double(marks.count) }

  func contains(_ y: Int, _ x: Int) -> Bool { marks[y / Self.side * columns + x / Self.side] }

  /// Pixels of the marked blocks within a picture of the given size.
  func pixels(width: Int, height: Int) -> Int {
    var sum = 0
    for row in 0..<rows {
      for column in 0..<columns where marks[row * columns + column] {
        let right = min((column + 1) * Self.side, width)
        let bottom = min((row + 1) * Self.side, height)
        sum += max(0, right - column * Self.side) * max(0, bottom - row * Self.side)
      }
    }
    return sum
  }

  /// A grey picture of one sample for each block: 255 where it is marked.
  func picture() throws(Failure) -> Picture {
    let picture = try Picture(
      format: AV_PIX_FMT_GRAY8, width: Int32(columns), height: Int32(rows))
    guard let plane = PlaneLayout.all(of: picture).first else { return picture }
    for row in 0..<rows {
      for column in 0..<columns {
        unsafe plane.store(
          marks[row * columns + column] ? 255 : 0, column, in: plane.row(row))
      }
    }
    return picture
  }
}

/// A picture as three decoders have it, with what is known of its damage.
final class CodedPicture {
  /// That of the decoder whose pictures are shown; its damage is repaired before any other picture
  /// is predicted from it.
  let shown: Picture
  /// Repaired in the same way, so that it differs only where this very picture was not decoded.
  let shadow: Picture
  /// Never repaired, so that it differs wherever damage has come to.
  let control: Picture
  /// Grows in the order of presentation.
  let order: Int64
  /// Its count in the order of presentation, of MPEG-1 and MPEG-2.
  var number: Int64?
  /// What was not decoded, and what depends on it or on the same of earlier pictures.
  private(set) var origin: BlockMap
  /// What the decoder has made up.
  let concealed: BlockMap
  private(set) var spread: BlockMap
  /// Where the unrepaired picture was changed on purpose.
  private var disturbed: BlockMap
  var action = RepairKind.none
  /// The container says that the packet is damaged.
  var isFlagged = false

  /// `isLost`: nothing of it was decoded, whatever the pictures show.
  init(shown: Picture, shadow: Picture, control: Picture, order: Int64, isLost: Bool) {
    self.shown = shown
    self.shadow = shadow
    self.control = control
    self.order = order
    origin =
      isLost
      ? BlockMap(width: Int(shown.width), height: Int(shown.height), marked: true)
      : BlockMap(shown, unlike: shadow)
    concealed = origin
    disturbed = origin.empty
    spread = BlockMap(shown, unlike: control)
  }

  /// Takes blocks as they were decoded, where they were concealed as well.
  func restore(_ blocks: BlockMap) {
    var changed = origin
    for index in changed.marks.indices where !blocks.marks[index] { changed.marks[index] = false }
    guard changed.count > 0 else { return }
    shown.copySamples(of: shadow, in: changed)
    for index in changed.marks.indices where changed.marks[index] { origin.marks[index] = false }
    // They are not as FFmpeg shows them.
    suspect(changed)
  }

  /// Counts more blocks as not decoded.
  func reject(_ blocks: BlockMap) {
    origin.formUnion(blocks)
    spread.formUnion(blocks)
  }

  var isLost: Bool { origin.share >= 0.9 }

  /// Those of a scene's other pictures that it may be compared with.
  func companions(among others: some Sequence<CodedPicture>) -> [CodedPicture] {
    // Orders of pictures on both sides of a key frame are far apart.
    others.filter {
      abs($0.order - order) < 1 << 16 && (!$0.isLost || $0.action != .none)
        && PictureFitter.alike($0.shown, shown)
    }
  }

  /// Whether a picture to be shown lies in the same memory.
  func holds(_ picture: Picture) -> Bool {
    unsafe shown.frame.pointee.buf.0?.pointee.data == picture.frame.pointee.buf.0?.pointee.data
  }

  /// Takes new samples, so that later pictures are predicted from them.
  func replace(with picture: Picture) {
    for target in [shown, shadow] { target.copySamples(of: picture) }
  }

  /// Counts blocks as damaged of which it is not known what in them is: whatever is predicted from
  /// them shall be found different.
  func suspect(_ blocks: BlockMap) {
    spread.formUnion(blocks)
    var fresh = blocks
    for index in fresh.marks.indices where disturbed.marks[index] { fresh.marks[index] = false }
    control.disturb(fresh)
    disturbed.formUnion(fresh)
  }
}

extension Picture {
  /// Takes the samples of a picture of the same format and size.
  func copySamples(of picture: Picture) {
    for (from, to) in zip(PlaneLayout.all(of: picture), PlaneLayout.all(of: self)) {
      for row in 0..<from.rows {
        unsafe to.row(row).update(from: from.row(row), count: from.rowBytes)
      }
    }
  }

  /// Takes the samples of such a picture in some blocks.
  fileprivate func copySamples(of picture: Picture, in blocks: BlockMap) {
    for (from, to) in zip(PlaneLayout.all(of: picture), PlaneLayout.all(of: self)) {
      for row in 0..<to.rows {
        let (source, target) = unsafe (from.row(row), to.row(row))
        for index in 0..<to.rowBytes / to.sampleBytes
        where blocks.contains(row << to.shiftY, index << to.shiftX) {
          unsafe to.store(from.load(index, in: source), index, in: target)
        }
      }
    }
  }

  /// Changes each sample of some blocks.
  fileprivate func disturb(_ blocks: BlockMap) {
    for plane in PlaneLayout.all(of: self) {
      for row in 0..<plane.rows {
        let samples = unsafe plane.row(row)
        for index in 0..<plane.rowBytes / plane.sampleBytes
        where blocks.contains(row << plane.shiftY, index << plane.shiftX) {
          let value = unsafe plane.load(index, in: samples)
          unsafe plane.store(value ^ 1 << (plane.depth - 4), index, in: samples)
        }
      }
    }
  }
}

/// What was done to a picture.
enum RepairKind: String {
  /// It is as it was decoded.
  case none
  /// It depends on repaired pictures.
  case carried
  case filled, interpolated, predicted, held
}
