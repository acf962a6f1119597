// SPDX-License-Identifier: MIT
// Between frames with masks and what inpainting networks read and write: pictures in -1...1, holes grey.

/// The picture in -1...1, with 0 in the hole, whatever stands there, unless that is filled;
/// `[H, W, 3]`.
func maskedPicture(
  _ frame: MaskedFrame, isFilled: Bool = false, into target: FeatureMap, on engine: Engine
) throws(VFIError) {
  try forEachValue(of: frame, target, on: engine) { own, hole, _ in
    let share = isFilled ? 1 : 1 - hole
    // Even what is not a number in the hole shall not be seen.
    return share == 0 ? 0 : own * share
  }
}

/// What an encoder of VINet reads: the masked picture, ones, the hole; `[H, W, 5]`.
///
/// The ones come from the image network that VINet grew out of; the weights expect them.
func vinetInput(
  _ frame: MaskedFrame, isFilled: Bool = false, into input: FeatureMap, on engine: Engine
) throws(VFIError) {
  try maskedPicture(frame, isFilled: isFilled, into: input.slice(0..<3), on: engine)
  input.slice(3..<4).fill(1)
  try convert(frame.mask, into: input.slice(4..<5), on: engine)
}

/// The same of the last output, as it is.
func vinetInput(
  _ memory: InpaintMemory, into input: FeatureMap, on engine: Engine
) throws(VFIError) {
  try convert(memory.output, into: input.slice(0..<3), on: engine)
  input.slice(3..<4).fill(1)
  try convert(memory.hole, into: input.slice(4..<5), on: engine)
}

/// Writes a picture in -1...1 as one in 0...1.
func vinetColors(
  _ picture: FeatureMap, into colors: FeatureMap, on engine: Engine
) throws(VFIError) {
  try engine.forEach(colors.height) { y, _ in
    let source = unsafe picture.base + y * picture.rowStride
    let target = unsafe colors.base + y * colors.rowStride
    for i in 0..<3 * colors.width { unsafe target[i] = (source[i] + 1) / 2 }
  }
}

/// Adds the filled `frame` to a correction, which counts in the hole alone.
func vinetCorrection(
  _ correction: FeatureMap, of frame: MaskedFrame, on engine: Engine
) throws(VFIError) {
  try forEachValue(of: frame, correction, on: engine) { own, hole, value in
    own + hole * value
  }
}

/// Writes `frame` to `output` outside of the hole.
func vinetKnown(
  _ frame: MaskedFrame, into output: FeatureMap, on engine: Engine
) throws(VFIError) {
  try forEachValue(of: frame, output, on: engine) { own, hole, value in
    own + hole * (value - own)
  }
}

/// Replaces each value of `map` by what `body` makes of the frame's, the hole's, and itself.
private func forEachValue(
  of frame: MaskedFrame, _ map: FeatureMap, on engine: Engine,
  _ body: (_ own: Float, _ hole: Float, _ value: Float) -> Float
) throws(VFIError) {
  try engine.forEach(map.height) { y, _ in
    var own = unsafe frame.image.base + y * frame.image.rowStride
    var hole = unsafe frame.mask.base + y * frame.mask.rowStride
    var target = unsafe map.base + y * map.rowStride
    for _ in 0..<map.width {
      for c in 0..<3 { unsafe target[c] = body(2 * own[c] - 1, hole[0], target[c]) }
      unsafe own += frame.image.pixelStride
      unsafe hole += frame.mask.pixelStride
      unsafe target += map.pixelStride
    }
  }
}

/// Writes `share * mask` to `hole`.
func vinetHole(
  _ mask: FeatureMap, share: Float, into hole: FeatureMap, on engine: Engine
) throws(VFIError) {
  try engine.forEach(hole.height) { y, _ in
    let source = unsafe mask.base + y * mask.rowStride
    let target = unsafe hole.base + y * hole.rowStride
    for x in 0..<hole.width {
      unsafe target[x * hole.pixelStride] = share * source[x * mask.pixelStride]
    }
  }
}

/// Writes the network's picture `output` as RGB in 0...1, inside the hole only where `composites`.
///
/// Where the mask is 0 the frame's own values are kept to the bit.
func writePicture(
  _ output: FeatureMap, over frame: MaskedFrame, composites: Bool, into result: FeatureMap,
  on engine: Engine
) throws(VFIError) {
  try engine.forEach(result.height) { y, _ in
    var made = unsafe output.base + y * output.rowStride
    var own = unsafe frame.image.base + y * frame.image.rowStride
    var hole = unsafe frame.mask.base + y * frame.mask.rowStride
    var target = unsafe result.base + y * result.rowStride
    for _ in 0..<result.width {
      let share = composites ? unsafe hole[0] : 1
      for c in 0..<3 {
        var value = min(max(unsafe (made[c] + 1) / 2, 0), 1)
        // At 0 and 1 exactly, also where the other one is not a number.
        if share < 1 { value = unsafe share > 0 ? own[c] + share * (value - own[c]) : own[c] }
        unsafe target[c] = value
      }
      unsafe made += output.pixelStride
      unsafe own += frame.image.pixelStride
      unsafe hole += frame.mask.pixelStride
      unsafe target += result.pixelStride
    }
  }
}

extension RecurrentInpainter {
  /// Place of the frame to be filled in a window.
  var centre: Int { offsets.count { $0 < 0 } }

  /// What ``fill(_:memory:options:on:)`` has around a network, whose picture `run` writes to the
  /// memory's output.
  func filled(
    _ window: [MaskedFrame], _ memory: InpaintMemory, _ options: InpainterOptions,
    on engine: Engine, run: () throws(VFIError) -> Void
  ) throws(VFIError) -> FeatureMap {
    try check(window, memory)
    let output = memory.output
    let result = try engine.result(height: output.height, width: output.width, channels: 3)
    let mark = engine.scratch.mark
    defer { engine.scratch.release(to: mark) }
    do throws(VFIError) {
      try run()
      try writePicture(
        output, over: window[centre], composites: options.composites, into: result, on: engine)
    } catch {
      // Half of it may belong to this frame already.
      memory.forget()
      throw error
    }
    memory.keep()
    return result
  }

  /// Throws unless `window` is one for the offsets, with frames of the size of `memory`.
  private func check(_ window: [MaskedFrame], _ memory: InpaintMemory) throws(VFIError) {
    guard window.count == offsets.count,
      window.allSatisfy({
        $0.image.hasSize(of: memory.output) && $0.mask.hasSize(of: memory.hole)
          && $0.image.precision == .float32 && $0.mask.precision == .float32
      })
    else {
      throw .defect("\(info.architecture): the frames, masks and memory must have one size")
    }
  }
}
