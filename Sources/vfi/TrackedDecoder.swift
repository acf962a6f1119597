// SPDX-License-Identifier: MIT
import CLibAV

/// A decoder whose pictures stay within reach, and begin as a pattern instead of anything.
///
/// What it does not write shows the pattern. It decodes one picture at a time, so that it is complete
/// when the call that decoded it returns, and is then what later pictures are predicted from.
@safe final class TrackedDecoder {
  /// What a picture holds before it is decoded.
  enum Pattern {
    case grey
    /// Noise that nowhere is that grey, other for each seed.
    case noise(Int)
  }

  private let context: UnsafeMutablePointer<AVCodecContext>
  private let pattern: Pattern
  /// A picture, and the number of the pattern that it began as.
  struct Begun {
    let picture: Picture
    fileprivate let number: Int
  }

  /// Pictures that were begun since they were last taken.
  private var begun: [Begun] = []
  private var count = 0
  /// Packets that the decoder refused.
  private(set) var refused = 0

  /// Opens a decoder; `conceals`: it makes up what is missing, where it can; `resumes`: it begins rows
  /// of blocks of H.265 where the slice's header says that they begin, if it does.
  init(
    _ parameters: UnsafeMutablePointer<AVCodecParameters>, timebase: AVRational, pattern: Pattern,
    conceals: Bool, resumes: Bool, place: String
  ) throws(Failure) {
    self.pattern = pattern
    guard let codec = unsafe avcodec_find_decoder(parameters.pointee.codec_id) else {
      throw Failure("\(place): no decoder")
    }
    unsafe context = try allocated(avcodec_alloc_context3(codec))
    try unsafe check(avcodec_parameters_to_context(context, parameters), place)
    unsafe context.pointee.pkt_timebase = timebase
    unsafe context.pointee.thread_count = 1
    // H.265 is decoded by these places where rows are shared among threads, and only there. Slices of
    // H.264 that are shared among threads are not concealed.
    if resumes, unsafe parameters.pointee.codec_id == AV_CODEC_ID_HEVC {
      unsafe context.pointee.thread_count = 2
      unsafe context.pointee.thread_type = FF_THREAD_SLICE
    }
    unsafe context.pointee.flags |= AV_CODEC_FLAG_OUTPUT_CORRUPT
    if !conceals { unsafe context.pointee.error_concealment = 0 }
    unsafe context.pointee.opaque = Unmanaged.passUnretained(self).toOpaque()
    unsafe context.pointee.get_buffer2 = { context, frame, flags in
      guard let context = unsafe context, let frame = unsafe frame,
        let opaque = unsafe context.pointee.opaque
      else { return clibav_error_argument }
      let code = unsafe avcodec_default_get_buffer2(context, frame, flags)
      guard code >= 0 else { return code }
      return unsafe Unmanaged<TrackedDecoder>.fromOpaque(opaque).takeUnretainedValue().begin(frame)
    }
    try unsafe check(avcodec_open2(context, codec, nil), place)
  }

  deinit {
    var context: UnsafeMutablePointer<AVCodecContext>? = unsafe context
    unsafe avcodec_free_context(&context)
  }

  /// Decodes a packet, or what is left at the end (nil); returns the pictures that are to be shown.
  func decode(_ packet: UnsafeMutablePointer<AVPacket>?) throws(Failure) -> [Picture] {
    if unsafe avcodec_send_packet(context, packet) < 0 { refused += 1 }
    var shown: [Picture] = []
    while true {
      let picture = try Picture()
      let code = unsafe avcodec_receive_frame(context, picture.frame)
      if code == clibav_error_again || code == clibav_error_end { return shown }
      if code < 0 {
        refused += 1
        return shown
      }
      shown.append(picture)
    }
  }

  /// The pictures that were begun since the last call, in the order of decoding.
  func takeBegun() -> [Begun] {
    defer { begun = [] }
    return begun
  }

  private func begin(_ frame: UnsafeMutablePointer<AVFrame>) -> Int32 {
    guard let picture = try? Picture() else { return clibav_error_memory }
    let code = unsafe av_frame_ref(picture.frame, frame)
    guard code >= 0 else { return code }
    for plane in PlaneLayout.all(of: picture) {
      for row in 0..<plane.rows {
        let samples = unsafe plane.row(row)
        forEachValue(of: plane, row, number: count) { index, value in
          unsafe plane.store(value, index, in: samples)
        }
      }
    }
    begun.append(Begun(picture: picture, number: count))
    count += 1
    return 0
  }

  /// What a row of a picture holds before it is decoded.
  private func forEachValue(
    of plane: PlaneLayout, _ row: Int, number: Int, _ body: (_ index: Int, _ value: Int) -> Void
  ) {
    let seed: Int? = if case .noise(let seed) = pattern { seed } else { nil }
    var state = UInt32(truncatingIfNeeded: 7919 &* number &+ 4099 &* row &+ (seed ?? 0))
    for index in 0..<plane.rowBytes / plane.sampleBytes {
      state = state &* 1_664_525 &+ 1_013_904_223
      // 16 to 111 of 255: within the range of every depth.
      let value = seed == nil ? 128 : 16 + Int(state >> 24) * 96 / 256
      body(index, value << (plane.depth - 8))
    }
  }

  /// The blocks of a picture that were never written, but for what was changed at their edges.
  ///
  /// Three quarters of their brightness are as they were before. Only where that was noise.
  func unwritten(in begun: Begun) -> BlockMap {
    let picture = begun.picture
    var map = BlockMap(width: Int(picture.width), height: Int(picture.height))
    guard case .noise = pattern, let plane = PlaneLayout.all(of: picture).first else { return map }
    var balance = Array(repeating: 0, count: map.marks.count)
    for row in 0..<plane.rows {
      let samples = unsafe plane.row(row)
      let line = row / BlockMap.side * map.columns
      forEachValue(of: plane, row, number: begun.number) { index, value in
        let isSame = unsafe plane.load(index, in: samples) == value
        balance[line + index / BlockMap.side] += isSame ? 1 : -3
      }
    }
    for index in balance.indices where balance[index] > 0 { map.marks[index] = true }
    return map
  }
}

/// How the samples of a picture's plane lie.
@safe struct PlaneLayout {
  let base: UnsafeMutablePointer<UInt8>
  let stride: Int
  let rows: Int
  let rowBytes: Int
  let depth: Int
  /// Log2 of the subsampling.
  let shiftX: Int
  let shiftY: Int

  var sampleBytes: Int { depth > 8 ? 2 : 1 }

  /// The planes of a picture in a planar format of 8 bits or more, which decoders give.
  static func all(of picture: Picture) -> [PlaneLayout] {
    guard let format = unsafe av_pix_fmt_desc_get(picture.format) else { return [] }
    return unsafe (0..<min(4, Int(format.pointee.nb_components))).compactMap { index in
      let component = unsafe clibav_component(format, Int32(index))
      let plane = Int(component.plane)
      guard plane == index, let base = unsafe picture.plane(plane) else { return nil }
      let isChroma = index == 1 || index == 2
      let shiftX = unsafe isChroma ? Int(format.pointee.log2_chroma_w) : 0
      let shiftY = unsafe isChroma ? Int(format.pointee.log2_chroma_h) : 0
      let width = (Int(picture.width) + (1 << shiftX) - 1) >> shiftX
      let height = (Int(picture.height) + (1 << shiftY) - 1) >> shiftY
      return unsafe PlaneLayout(
        base: base, stride: picture.stride(plane), rows: height,
        rowBytes: width * Int(component.step), depth: Int(component.depth), shiftX: shiftX,
        shiftY: shiftY)
    }
  }

  func row(_ index: Int) -> UnsafeMutablePointer<UInt8> { unsafe base + index * stride }

  func store(_ value: Int, _ index: Int, in row: UnsafeMutablePointer<UInt8>) {
    if depth > 8 {
      unsafe UnsafeMutableRawPointer(row).storeBytes(
        of: UInt16(value), toByteOffset: 2 * index, as: UInt16.self)
    } else {
      unsafe row[index] = UInt8(value)
    }
  }

  func load(_ index: Int, in row: UnsafeMutablePointer<UInt8>) -> Int {
    depth > 8
      ? unsafe Int(
        UnsafeRawPointer(row).loadUnaligned(fromByteOffset: 2 * index, as: UInt16.self))
      : unsafe Int(row[index])
  }
}
