// SPDX-License-Identifier: MIT
import CIntrinsics

/// The pixels of `map` in int8, each behind its step, as `vfi_quantization` says; memory of
/// `engine.scratch`.
///
/// A map of floats in name only: four bytes stand where a float would. `map` has a multiple of 16
/// channels. Takes memory for `most` pixels, where the number of pixels depends on the content.
func quantize(
  _ map: FeatureMap, most: Int, on engine: Engine
) throws(VFIError) -> FeatureMap {
  precondition(map.channels.isMultiple(of: 16) && most >= map.height * map.width)
  let channels = 1 + map.channels / 4
  let all = try engine.scratch.map(height: 1, width: most, channels: channels)
  let result = unsafe FeatureMap(
    unsafeMemory: all.memory, height: map.height, width: map.width, channels: channels,
    pixelStride: channels, precision: all.precision)
  let kernel = unsafe engine.kernels.convolution.quantize[map.precision]
  let (pixels, block) = (map.height * map.width, 1024)
  try engine.forEach((pixels + block - 1) / block) { item, _ in
    let first = item * block
    var argument = unsafe vfi_quantization(
      input: map.memory + first * map.pixelBytes, input_stride: map.pixelBytes,
      output: result.memory + first * result.pixelBytes, channels: map.channels,
      pixels: min(block, pixels - first))
    unsafe kernel(&argument)
  }
  return result
}
