// SPDX-License-Identifier: MIT
import CLibAV
import CVFI

/// Fills what a decoder could not decode from the pictures that it has already decoded.
@safe final class PictureMender {
  /// Pictures that are missing between two of a window, as many as count.
  private static let longestGap: Int64 = 15

  private let context: LibraryContext
  private let format: KnownFormat
  /// Whether the decoder makes up what is missing.
  private let conceals: Bool
  private let place: String

  init(
    _ parameters: ContextParameters, format: KnownFormat, conceals: Bool, place: String
  ) throws(Failure) {
    self.format = format
    self.conceals = conceals
    self.place = place
    context = try LibraryContext(parameters)
  }

  /// The place of a picture in a window: what it is, and what of it is damaged.
  private struct Entry {
    let picture: Picture
    let marks: Picture
  }

  /// Repairs a picture from those among `others` that are next to it in time.
  ///
  /// On both sides of it there are pictures for one that others were not predicted from; then what is
  /// filled is joined with the picture that is interpolated at its time. Else there
  /// are earlier ones only; then a decoder's own guess, which knows the motion around, errs in other
  /// ways than ours, and the mean of both is nearer to the truth than either.
  func mend(_ picture: CodedPicture, from others: [CodedPicture]) throws(Failure) {
    let known = others.filter {
      $0.shown.width == picture.shown.width && $0.shown.height == picture.shown.height
    }
    let earlier = known.filter { $0.order < picture.order }.sorted { $0.order > $1.order }
    let later = known.filter { $0.order > picture.order }.sorted { $0.order < $1.order }
    guard let window = try window(picture, earlier, later) else { return }
    let result = try repair(window.entries, index: window.index)
    if !picture.isLost, let before = earlier.first, let after = later.first {
      try join(result.picture, window, of: picture, between: before, after)
    }
    if conceals, !picture.isLost, earlier.isEmpty || later.isEmpty {
      blend(result.picture, with: picture.shown, in: picture.concealed)
    }
    picture.replace(with: result.picture)
    picture.action = result.kind
  }

  /// Joins a fill with the picture that is interpolated between two others.
  private func join(
    _ fill: Picture, _ window: (entries: [Entry], index: Int), of picture: CodedPicture,
    between before: CodedPicture, _ after: CodedPicture
  ) throws(Failure) {
    let (width, height) = (Int(fill.width), Int(fill.height))
    let none = try BlockMap(width: width, height: height).picture()
    let all = try BlockMap(width: width, height: height, marked: true).picture()
    let sources = [
      (before.order, Entry(picture: before.shown, marks: none)),
      (picture.order, Entry(picture: picture.shown, marks: all)),
      (after.order, Entry(picture: after.shown, marks: none)),
    ]
    let timed = try spaced(sources, picture.order, sources.map(\.0))
    let whole = try repair(timed.entries, index: timed.index)
    // Not across a cut.
    guard whole.kind == .interpolated else { return }
    let joint = FillJoin(picture.origin)
    var entries = window.entries
    entries[window.index] = Entry(picture: picture.shown, marks: try joint.wide.picture())
    let trial = try repair(entries, index: window.index)
    guard trial.kind == .filled else { return }
    joint.join(fill, as: trial.picture, with: whole.picture, by: picture.shown)
  }

  /// The pictures around one; where it is lost, at their distances in time.
  private func window(
    _ picture: CodedPicture, _ earlier: [CodedPicture], _ later: [CodedPicture]
  ) throws(Failure) -> (entries: [Entry], index: Int)? {
    let (width, height) = (Int(picture.shown.width), Int(picture.shown.height))
    let none = try BlockMap(width: width, height: height).picture()
    let all = try BlockMap(width: width, height: height, marked: true).picture()
    func clean(_ coded: CodedPicture) -> Entry { Entry(picture: coded.shown, marks: none) }
    let own = Entry(
      picture: picture.shown, marks: picture.isLost ? all : try picture.origin.picture())
    let near = earlier.first ?? later.first
    guard near != nil else { return nil }
    guard picture.isLost else {
      let before = earlier.prefix(1).map(clean)
      return (before + [own] + later.prefix(1).map(clean), before.count)
    }
    let sources = earlier.prefix(later.isEmpty ? 2 : 1) + later.prefix(1)
    let pictures = sources.map { (order: $0.order, entry: clean($0)) } + [(picture.order, own)]
    let known = (earlier + later).map(\.order) + [picture.order]
    return try spaced(pictures, picture.order, known)
  }

  /// Entries at their distances in time, and the place of one of them.
  ///
  /// Frames between that are not there yet are as lost as a lost one. `known` are all orders there are.
  private func spaced(
    _ pictures: [(order: Int64, entry: Entry)], _ order: Int64, _ known: [Int64]
  ) throws(Failure) -> (entries: [Entry], index: Int) {
    let orders = known.sorted()
    let step = zip(orders.dropFirst(), orders).map { $0 - $1 }.filter { $0 > 0 }.min() ?? 1
    var (entries, index): ([Entry], Int) = ([], 0)
    var last: Int64?
    for (at, entry) in pictures.sorted(by: { $0.order < $1.order }) {
      if let last {
        let all = try BlockMap(
          width: Int(entry.picture.width), height: Int(entry.picture.height), marked: true
        ).picture()
        let gap = min(max(0, (at - last) / step - 1), Self.longestGap)
        entries += Array(repeating: Entry(picture: entry.picture, marks: all), count: Int(gap))
      }
      if at == order { index = entries.count }
      entries.append(entry)
      last = at
    }
    return (entries, index)
  }

  /// How sure the library is of each block of a picture that it is made up, 1 to 254.
  ///
  /// It is 0 where nothing tells. `doubt`: `VFI_FRAME_DOUBTFUL` or such.
  func certainties(
    of picture: Picture, order: Int64, doubt: UInt32, among others: [CodedPicture]
  ) throws(Failure) -> [UInt8] {
    let (width, height) = (Int(picture.width), Int(picture.height))
    let none = try BlockMap(width: width, height: height).picture()
    let all = try BlockMap(width: width, height: height, marked: true).picture()
    let earlier = others.filter { $0.order < order }.sorted { $0.order > $1.order }
    let later = others.filter { $0.order > order }.sorted { $0.order < $1.order }
    let sources = earlier.prefix(3) + later.prefix(1)
    let window = try spaced(
      sources.map { ($0.order, Entry(picture: $0.shown, marks: none)) }
        + [(order, Entry(picture: picture, marks: all))],
      order, sources.map(\.order) + [order])
    var (frames, marks) = try unsafe views(window.entries)
    unsafe marks[window.index].flags = doubt
    guard let gray = KnownFormat(AV_PIX_FMT_GRAY8) else { throw Failure("no marks") }
    let map = try Picture(format: AV_PIX_FMT_GRAY8, width: picture.width, height: picture.height)
    let status = try unsafe map.withFrame(gray) { out throws(Failure) -> vfi_status in
      unsafe vfi_analyze(
        context.pointer, Int32(frames.count), frames, Int32(marks.count), marks,
        Int32(window.index), &out, nil)
    }
    withExtendedLifetime(window) {}
    try unsafe check(status, place, of: context.pointer)
    guard let plane = PlaneLayout.all(of: map).first else { return [] }
    let side = BlockMap.side
    return stride(from: 0, to: height, by: side).flatMap { y in
      stride(from: 0, to: width, by: side).map { x in
        UInt8(truncatingIfNeeded: unsafe plane.load(x, in: plane.row(y)))
      }
    }
  }

  /// Pictures that are missing between two of them.
  func between(_ before: Picture, _ after: Picture, count: Int) throws(Failure) -> [Picture] {
    guard count > 0 else { return [] }
    let (width, height) = (Int(before.width), Int(before.height))
    let none = try BlockMap(width: width, height: height).picture()
    let all = try BlockMap(width: width, height: height, marked: true).picture()
    let gap = Array(repeating: Entry(picture: before, marks: all), count: count)
    let window =
      [Entry(picture: before, marks: none)] + gap + [Entry(picture: after, marks: none)]
    var pictures: [Picture] = []
    for index in 1...count { pictures.append(try repair(window, index: index).picture) }
    return pictures
  }

  private func repair(
    _ window: [Entry], index: Int
  ) throws(Failure) -> (picture: Picture, kind: RepairKind) {
    let source = window[index].picture
    let result = try Picture(format: format.libav, width: source.width, height: source.height)
    let (frames, marks) = try unsafe views(window)
    var info = vfi_repair_info()
    info.struct_size = MemoryLayout<vfi_repair_info>.size
    var params = vfi_repair_params()
    unsafe vfi_repair_params_init(&params, MemoryLayout<vfi_repair_params>.size)
    params.detect = 0
    let status = try unsafe result.withFrame(format) { out throws(Failure) -> vfi_status in
      unsafe vfi_repair_window(
        context.pointer, Int32(frames.count), frames, Int32(marks.count), marks, Int32(index),
        &params,
        &out, &info)
    }
    withExtendedLifetime(window) {}
    try unsafe check(status, place, of: context.pointer)
    let kind: RepairKind =
      switch Int(info.action) {
      case VFI_REPAIR_FILLED: .filled
      case VFI_REPAIR_INTERPOLATED: .interpolated
      case VFI_REPAIR_PREDICTED: .predicted
      case VFI_REPAIR_HELD: .held
      default: .none
      }
    return (result, kind)
  }

  /// Pictures and marks as the library takes them; valid as long as the entries live.
  private func views(
    _ window: [Entry]
  ) throws(Failure) -> (frames: [vfi_frame], marks: [vfi_frame]) {
    guard let gray = KnownFormat(AV_PIX_FMT_GRAY8) else { throw Failure("no marks") }
    var frames: [vfi_frame] = unsafe []
    var marks: [vfi_frame] = unsafe []
    for entry in window {
      try unsafe entry.picture.withFrame(format) { frame throws(Failure) in
        // What is coded as interlaced is refused when the pictures are shown.
        unsafe frame.flags = 0
        unsafe frames.append(frame)
      }
      try unsafe entry.marks.withFrame(gray) { frame throws(Failure) in
        unsafe marks.append(frame)
      }
    }
    return unsafe (frames, marks)
  }

  /// Writes the mean of both pictures to the blocks of the first one that are marked.
  private func blend(_ picture: Picture, with other: Picture, in blocks: BlockMap) {
    for (to, from) in zip(PlaneLayout.all(of: picture), PlaneLayout.all(of: other)) {
      for row in 0..<to.rows {
        let (samples, others) = unsafe (to.row(row), from.row(row))
        for index in 0..<to.rowBytes / to.sampleBytes
        where blocks.contains(row << to.shiftY, index << to.shiftX) {
          let sum = unsafe to.load(index, in: samples) + from.load(index, in: others)
          unsafe to.store((sum + 1) / 2, index, in: samples)
        }
      }
    }
  }
}
