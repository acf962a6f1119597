// SPDX-License-Identifier: MIT
import Glibc
import VFIEngine

/// What inpainting networks need beside other layers, as the definitions read, in double precision.
package enum NaiveInpainting {
  package static func correlation(
    _ reference: FeatureMap, _ source: FeatureMap, reach: Int, y: Int, x: Int, k: Int
  ) -> Float {
    let side = 2 * reach + 1
    let (v, u) = (y + k / side - reach, x + k % side - reach)
    guard v >= 0, v < source.height, u >= 0, u < source.width else { return 0 }
    var sum = 0.0
    for c in 0..<source.channels { sum += Double(reference[y, x, c]) * Double(source[v, u, c]) }
    return Float(sum / Double(source.channels))
  }

  /// Bilinear, with zeros outside of the picture; the coordinate is a float's, as in the kernels.
  package static func warpZeros(
    _ input: FeatureMap, _ flow: FeatureMap, y: Int, x: Int, c: Int
  ) -> Float {
    let (px, py) = (Double(Float(x) + flow[y, x, 0]), Double(Float(y) + flow[y, x, 1]))
    guard px > -1, py > -1, px < Double(input.width), py < Double(input.height) else { return 0 }
    var sum = 0.0
    for v in Int(floor(py))...Int(floor(py)) + 1 where v >= 0 && v < input.height {
      for u in Int(floor(px))...Int(floor(px)) + 1 where u >= 0 && u < input.width {
        let weight = (1 - abs(px - Double(u))) * (1 - abs(py - Double(v)))
        sum += weight * Double(input[v, u, c])
      }
    }
    return Float(sum)
  }

  package static func gate(phi: Float, gate: Float, slope: Float) -> Float {
    let value = phi < 0 ? Double(slope) * Double(phi) : Double(phi)
    return Float(NaiveMotion.sigmoid(Double(gate)) * value)
  }

  /// The next cell and hidden value from the gates in their order: input, remember, output, cell.
  package static func lstm(_ gates: [Float], cell: Float) -> (cell: Float, hidden: Float) {
    let shares = gates[0..<3].map { NaiveMotion.sigmoid(Double($0)) }
    let next = shares[1] * Double(cell) + shares[0] * tanh(Double(gates[3]))
    return (Float(next), Float(shares[2] * tanh(next)))
  }
}
