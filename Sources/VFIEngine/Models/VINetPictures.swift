// SPDX-License-Identifier: MIT
// Between frames with masks and what VINet reads and writes: pictures in -1...1, holes grey.

/// What an encoder reads: the picture with 0 in the hole, ones, the hole; `[H, W, 5]`.
///
/// The ones come from the image network that VINet grew out of; the weights expect them.
func vinetInput(
  _ frame: MaskedFrame, into input: FeatureMap, on engine: Engine
) throws(VFIError) {
  try engine.forEach(input.height) { y, _ in
    var pixel = unsafe frame.image.base + y * frame.image.rowStride
    var hole = unsafe frame.mask.base + y * frame.mask.rowStride
    var target = unsafe input.base + y * input.rowStride
    for _ in 0..<input.width {
      let share = unsafe 1 - hole[0]
      // Even what is not a number in the hole shall not be seen.
      for c in 0..<3 { unsafe target[c] = share == 0 ? 0 : (2 * pixel[c] - 1) * share }
      unsafe target[3] = 1
      unsafe target[4] = hole[0]
      unsafe pixel += frame.image.pixelStride
      unsafe hole += frame.mask.pixelStride
      unsafe target += input.pixelStride
    }
  }
}

/// The same of the last output, as it is.
func vinetInput(
  _ memory: InpaintMemory, into input: FeatureMap, on engine: Engine
) throws(VFIError) {
  try convert(memory.output, into: input.slice(0..<3), on: engine)
  input.slice(3..<4).fill(1)
  try convert(memory.hole, into: input.slice(4..<5), on: engine)
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
func vinetPicture(
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
