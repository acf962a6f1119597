// SPDX-License-Identifier: MIT

/// What follows a convolution, after the residual was added.
package enum Activation: Sendable {
  case none
  case relu
  /// `x` where positive, the slope times `x` elsewhere.
  case leakyReLU(Float)
  /// The same with a slope for each output channel.
  case prelu([Float])

  /// One slope for each channel; nil for no activation.
  func slopes(_ channels: Int) throws(VFIError) -> [Float]? {
    switch self {
    case .none: return nil
    case .relu: return Array(repeating: 0, count: channels)
    case .leakyReLU(let slope): return Array(repeating: slope, count: channels)
    case .prelu(let slopes):
      guard slopes.count == channels else {
        throw .model("\(slopes.count) PReLU slopes for \(channels) channels")
      }
      return slopes
    }
  }
}
