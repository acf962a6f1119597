// SPDX-License-Identifier: MIT
import VFIEngine

/// Layers as their definitions read, in double precision; the kernels are checked against these.
package enum NaiveLayers {
  /// `activation(convolution + bias + residual)` with zero padding; weights `[out][in][ky][kx]`.
  package static func convolution(
    _ input: FeatureMap, into output: FeatureMap, weights: [Float], bias: [Float], kernel: Int,
    stride: Int, dilation: Int, slopes: [Float]?, residual: FeatureMap?
  ) {
    let padding = dilation * (kernel - 1) / 2
    each(of: output) { y, x, o in
      var sum = Double(bias[o])
      for ky in 0..<kernel {
        for kx in 0..<kernel {
          let (iy, ix) = (
            y * stride + ky * dilation - padding, x * stride + kx * dilation - padding
          )
          guard iy >= 0, iy < input.height, ix >= 0, ix < input.width else { continue }
          for c in 0..<input.channels {
            let weight = weights[((o * input.channels + c) * kernel + ky) * kernel + kx]
            sum += Double(input[iy, ix, c]) * Double(weight)
          }
        }
      }
      return finish(sum, slopes?[o], residual?[y, x, o])
    }
  }

  /// Kernel 4, stride 2, padding 1: every input pixel adds its 4x4 footprint; weights `[in][out][4][4]`.
  package static func transposedConvolution(
    _ input: FeatureMap, into output: FeatureMap, weights: [Float], bias: [Float],
    slopes: [Float]?, residual: FeatureMap?
  ) {
    each(of: output) { y, x, o in
      var sum = Double(bias[o])
      for iy in 0..<input.height {
        for ix in 0..<input.width {
          let (ky, kx) = (y + 1 - 2 * iy, x + 1 - 2 * ix)
          guard ky >= 0, ky < 4, kx >= 0, kx < 4 else { continue }
          for c in 0..<input.channels {
            let weight = weights[((c * output.channels + o) * 4 + ky) * 4 + kx]
            sum += Double(input[iy, ix, c]) * Double(weight)
          }
        }
      }
      return finish(sum, slopes?[o], residual?[y, x, o])
    }
  }

  private static func finish(_ sum: Double, _ slope: Float?, _ residual: Float?) -> Float {
    let sum = sum + Double(residual ?? 0)
    return Float(sum < 0 ? sum * Double(slope ?? 1) : sum)
  }

  private static func each(of map: FeatureMap, _ value: (Int, Int, Int) -> Float) {
    for y in 0..<map.height {
      for x in 0..<map.width {
        for c in 0..<map.channels { map[y, x, c] = value(y, x, c) }
      }
    }
  }
}
