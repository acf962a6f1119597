// SPDX-License-Identifier: MIT
// Features to int8: all channels of a pixel by one step, a 127th of the greatest of them.
import CIntrinsics

/// Writes a step and a byte for each channel, which is 128 + the value in steps.
package func quantizePixels(_ argument: UnsafePointer<vfi_quantization>) {
  quantize(argument, half: false)
}

/// The same of bfloat16.
package func quantizePixelsBF16(_ argument: UnsafePointer<vfi_quantization>) {
  quantize(argument, half: true)
}

@inline(__always)
private func quantize(_ argument: UnsafePointer<vfi_quantization>, half: Bool) {
  let q = argument.pointee
  for pixel in 0..<q.pixels {
    let values = q.input + pixel &* q.input_stride
    let bytes = q.output + pixel &* (4 &+ q.channels)
    var most = Vector.zero
    var channel = 0
    while channel < q.channels {
      most = vfi_greater_magnitude(load(values, channel, half), most)
      channel &+= lanes
    }
    let greatest = vfi_greatest(most)
    bytes.storeBytes(of: greatest / 127, as: Float.self)
    let factor = Vector(repeating: greatest > 0 ? 127 / greatest : 0)
    channel = 0
    while channel < q.channels {
      (bytes + (4 &+ channel)).storeBytes(
        of: vfi_offset_bytes(load(values, channel, half) * factor), as: vfi_bytes.self)
      channel &+= lanes
    }
  }
}
