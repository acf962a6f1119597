// SPDX-License-Identifier: MIT

/// Fills holes of frames by a network that goes through a clip in order and remembers.
///
/// The frame wanted is reached from the first frame of its shot in the window, one run of the network
/// a frame: then the result depends on the window alone. Where the caller says that the frame follows
/// the one filled before (``InpainterOptions/continues``), one run goes on from there. A frame without
/// a hole, another size and a failed call end what is remembered. Beyond the ends of the shot frames
/// are mirrored. The network sees whole frames; only samples of the dilated mask are written. Where it
/// corrects a fill, the hole of each frame that it fills is filled before by other means.
final class RecurrentFiller {
  /// A window of frames, and the part of it that belongs to the frame wanted.
  struct Clip {
    let frames: [Frame]
    /// None, one for all frames, or one for each.
    let masks: [Frame]
    let rectangles: [PixelRectangle]
    let shot: Range<Int>

    init(frames: [Frame], masks: [Frame], rectangles: [PixelRectangle], shot: Range<Int>) {
      self.frames = frames
      self.masks = masks
      let size = frames[0].description
      self.rectangles = rectangles.compactMap {
        $0.clipped(width: size.width, height: size.height)
      }
      self.shot = shot
    }
  }

  /// At most, for the frames of a window as the network sees them.
  static let bytesPerPixel = 13 * 4 * MemoryLayout<Float>.size

  /// Writes frame `number` of the window to a frame with its hole, and `dilation` pixels around it,
  /// filled.
  typealias Prefill = (
    _ number: Int, _ dilation: Int, _ out: Frame
  ) throws(VFIError) -> Void

  private let network: any RecurrentInpainter
  private let engine: Engine
  /// A frame whose hole was filled before.
  private let prefilled: FrameBuffer
  private var memory: InpaintMemory?
  /// Of the frames that are remembered; nil when none is.
  private var remembered: FrameDescription?

  init(_ network: any RecurrentInpainter, engine: Engine) {
    self.network = network
    self.engine = engine
    prefilled = FrameBuffer(ledger: engine.ledger)
  }

  /// Fills the hole of `out`, a copy of frame `index` of the clip.
  func fill(
    _ clip: Clip, index: Int, settings: InpaintSettings, into out: Frame, prefill: Prefill
  ) throws(VFIError) -> InpaintInfo {
    let description = clip.frames[index].description
    let goesOn =
      settings.network.continues && remembered == description && index > clip.shot.lowerBound
    // Until this frame is done: a call that fails half-way remembers nothing.
    remembered = nil
    var options = settings.network
    let whole = !options.composites
    options.composites = false
    let shares = try FillShares(
      mask: clip.masks.mask(of: index), rectangles: clip.rectangles, description,
      settings: settings,
      on: engine)
    guard shares.filled > 0 || whole else { return InpaintInfo() }
    let size = description.imageSize(reducedBy: 1, multiple: network.multiple)
    let memory = try memory(size)
    let first = goesOn ? index : clip.shot.lowerBound
    if !goesOn { memory.forget() }
    let pictures = MaskedPictures(
      clip, size: size, dilation: settings.dilation, reach: network.offsets.last ?? 0,
      arena: engine.scratch)
    let start =
      network.refinesFill
      ? try engine.scratch.map(height: size.height, width: size.width, channels: 3) : nil
    var looked: Set<Int> = []
    for place in first...index {
      let numbers = network.offsets.map { offset in
        clip.shot.lowerBound
          + mirroredPlace(place + offset - clip.shot.lowerBound, count: clip.shot.count)
      }
      var window: [MaskedFrame] = []
      for number in numbers { window.append(try pictures.picture(number, on: engine)) }
      if let start {
        let frame = try prefilled.frame(description)
        try prefill(place, pictures.dilation, frame)
        try frame.loadRGB(into: start, on: engine)
        window[network.centre].image = start
      }
      looked.formUnion(numbers)
      let made = try network.fill(window, memory: memory, options: options, on: engine)
      if place == index {
        try shares.write(made, whole: whole, into: out, on: engine)
      }
    }
    remembered = description
    return InpaintInfo(filled: shares.filled, propagated: 0, framesUsed: looked.count - 1)
  }

  /// Ends what is remembered: the next frame does not follow.
  func forget() { remembered = nil }

  private func memory(_ size: (height: Int, width: Int)) throws(VFIError) -> InpaintMemory {
    if let memory, memory.hasSize(size) { return memory }
    memory = nil
    let made = try network.makeMemory(
      height: size.height, width: size.width, ledger: engine.ledger)
    memory = made
    return made
  }
}

/// Frames of a window as a network sees them, each made when it is first asked for.
private final class MaskedPictures {
  private let clip: RecurrentFiller.Clip
  private let size: (height: Int, width: Int)
  /// Pixels around the mask that belong to the hole.
  let dilation: Int
  private let arena: Arena
  /// The memory of frame n is that of all frames whose number has the same rest.
  private var made: [(number: Int, picture: MaskedFrame)?]
  private var shared: FeatureMap?

  /// Frames that are asked for between two steps lie at most `reach` from one place each way.
  init(
    _ clip: RecurrentFiller.Clip, size: (height: Int, width: Int), dilation: Int, reach: Int,
    arena: Arena
  ) {
    made = Array(repeating: nil, count: 2 * reach + 1)
    self.clip = clip
    self.size = size
    // Chroma of a sample within the mask reaches the colour of pixels up to three away.
    let isSubsampled = clip.frames[0].description.format.layout.isSubsampled
    self.dilation = dilation + (isSubsampled ? 3 : 0)
    self.arena = arena
  }

  /// In memory of the arena.
  func picture(_ number: Int, on engine: Engine) throws(VFIError) -> MaskedFrame {
    let place = number % made.count
    let old = made[place]
    if let old, old.number == number { return old.picture }
    let image = if let old { old.picture.image } else { try map(channels: 3) }
    try clip.frames[number].loadRGB(into: image, on: engine)
    let picture = MaskedFrame(
      image: image, mask: try mask(number, in: old?.picture.mask, on: engine))
    made[place] = (number, picture)
    return picture
  }

  private func map(channels: Int) throws(VFIError) -> FeatureMap {
    try arena.map(height: size.height, width: size.width, channels: channels)
  }

  /// 1 in the dilated hole, repeated at the right and at the bottom like the picture.
  private func mask(
    _ number: Int, in old: FeatureMap?, on engine: Engine
  ) throws(VFIError) -> FeatureMap {
    if let shared { return shared }
    let map = if let old { old } else { try self.map(channels: 1) }
    if clip.masks.count < 2 { shared = map }
    let mark = arena.mark
    defer { arena.release(to: mark) }
    let frame = clip.frames[number].description
    let distances = try HoleDistances(
      mask: clip.masks.mask(of: number), rectangles: clip.rectangles, height: frame.height,
      width: frame.width, reach: dilation, in: arena, on: engine)
    let hole = try Hole(distances, of: frame, dilation: dilation, in: arena, on: engine)
    for y in 0..<map.height {
      for x in 0..<map.width {
        map[y, x, 0] = Float(hole.pixels[min(y, frame.height - 1), min(x, frame.width - 1)])
      }
    }
    return map
  }
}
