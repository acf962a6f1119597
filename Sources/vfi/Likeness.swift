// SPDX-License-Identifier: MIT
import Glibc

/// How alike two components of the same size are.
enum Likeness {
  /// Mean squared difference of the samples.
  static func meanSquare(_ a: ComponentSamples, _ b: ComponentSamples) -> Double {
    var sum: UInt64 = 0
    for index in 0..<min(a.values.count, b.values.count) {
      let difference = Int64(a.values[index]) - Int64(b.values[index])
      sum += UInt64(difference * difference)
    }
    return Double(sum) / Double(max(a.values.count, 1))
  }

  /// Peak signal-to-noise ratio in dB; infinite when there is no difference.
  static func psnr(meanSquare: Double, peak: Int) -> Double {
    meanSquare > 0 ? 10 * log10(Double(peak) * Double(peak) / meanSquare) : .infinity
  }

  /// Structural similarity of Wang and others, 2004; 1 for equal pictures.
  ///
  /// Windows of 8x8 samples without weights at every fourth sample each way, as in x264 and in
  /// FFmpeg's filter `ssim`; the picture counts as one window where it is smaller than that.
  static func ssim(_ a: ComponentSamples, _ b: ComponentSamples) -> Double {
    let (width, height) = (min(8, a.width), min(8, a.height))
    let columns = max(a.width / 4 - 1, 1)
    let rows = max(a.height / 4 - 1, 1)
    var sum = 0.0
    for row in 0..<rows {
      for column in 0..<columns {
        let moments = Moments(a, b, x: 4 * column, y: 4 * row, width: width, height: height)
        sum += moments.ssim(peak: a.peak)
      }
    }
    return sum / Double(rows * columns)
  }
}

/// Sums over one window of two components.
private struct Moments {
  private var a: Int64 = 0
  private var b: Int64 = 0
  private var squares: Int64 = 0
  private var products: Int64 = 0
  private let count: Double

  init(
    _ first: ComponentSamples, _ second: ComponentSamples, x: Int, y: Int, width: Int, height: Int
  ) {
    for row in y..<y + height {
      for index in row * first.width + x..<row * first.width + x + width {
        let left = Int64(first.values[index])
        let right = Int64(second.values[index])
        a += left
        b += right
        squares += left * left + right * right
        products += left * right
      }
    }
    count = Double(width * height)
  }

  /// Variances are of the sample (n - 1), where there is more than one.
  func ssim(peak: Int) -> Double {
    let (meanA, meanB) = (Double(a) / count, Double(b) / count)
    let unbiased = max(count - 1, 1)
    let variances = (Double(squares) - count * (meanA * meanA + meanB * meanB)) / unbiased
    let covariance = (Double(products) - count * meanA * meanB) / unbiased
    let luminanceFloor = 0.01 * 0.01 * Double(peak) * Double(peak)
    let contrastFloor = 0.03 * 0.03 * Double(peak) * Double(peak)
    return (2 * meanA * meanB + luminanceFloor) * (2 * covariance + contrastFloor)
      / ((meanA * meanA + meanB * meanB + luminanceFloor) * (variances + contrastFloor))
  }
}
