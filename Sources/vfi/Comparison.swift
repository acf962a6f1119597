// SPDX-License-Identifier: MIT
import CLibAV

/// How alike two frames are, or all frames of two videos.
struct FrameLikeness {
  /// Seconds since the start of the first video's time.
  let time: Double
  /// Names and peaks of the components, in the order of the lists below.
  let names: [String]
  let peaks: [Int]
  /// Samples of each component; the means over all components are weighted by it.
  let counts: [Int]
  var meanSquares: [Double]
  var similarities: [Double]

  /// PSNR of one component, in dB.
  func psnr(_ index: Int) -> Double {
    Likeness.psnr(meanSquare: meanSquares[index], peak: peaks[index])
  }

  /// PSNR of all samples, in dB.
  var psnr: Double { Likeness.psnr(meanSquare: weighted(meanSquares), peak: peaks.first ?? 1) }

  /// SSIM of all components.
  var ssim: Double { weighted(similarities) }

  private func weighted(_ values: [Double]) -> Double {
    let sum = zip(values, counts).reduce(0) { $0 + $1.0 * Double($1.1) }
    return sum / Double(max(counts.reduce(0, +), 1))
  }

  /// Means over frames; PSNR is that of the mean squared difference.
  static func mean(_ frames: [FrameLikeness]) -> FrameLikeness? {
    guard var mean = frames.first else { return nil }
    for index in mean.names.indices {
      let count = Double(frames.count)
      mean.meanSquares[index] = frames.reduce(0) { $0 + $1.meanSquares[index] } / count
      mean.similarities[index] = frames.reduce(0) { $0 + $1.similarities[index] } / count
    }
    return mean
  }
}

/// Compares two videos frame by frame, on the stored values.
final class Comparison {
  private let first: VideoReader
  private let second: VideoReader

  init(_ first: String, _ second: String) throws(Failure) {
    self.first = try VideoReader(MediaInput(first))
    self.second = try VideoReader(MediaInput(second))
  }

  /// Likeness of the next two frames; nil when both videos are at their end.
  func next() throws(Failure) -> FrameLikeness? {
    let a = try first.next()
    let b = try second.next()
    if a == nil && b == nil { return nil }
    guard let a, let b else {
      let short = a == nil ? first : second
      throw Failure("\(short.input.name): has fewer frames than the other video")
    }
    try checkSame(a, b)
    let left = try a.components(first.input.name)
    let right = try b.components(second.input.name)
    let pairs = zip(left, right)
    return FrameLikeness(
      time: Double(a.pts ?? 0) * first.timebase.value,
      names: left.map(\.name), peaks: left.map(\.peak), counts: left.map(\.values.count),
      meanSquares: pairs.map(Likeness.meanSquare), similarities: pairs.map(Likeness.ssim))
  }

  private func checkSame(_ a: Picture, _ b: Picture) throws(Failure) {
    func plain(_ picture: Picture) -> AVPixelFormat {
      KnownFormat(picture.format)?.libav ?? picture.format
    }
    guard a.width == b.width, a.height == b.height, plain(a) == plain(b) else {
      throw Failure(
        "cannot compare \(a.width)x\(a.height) \(KnownFormat.name(a.format)) "
          + "(\(first.input.name)) with \(b.width)x\(b.height) \(KnownFormat.name(b.format)) "
          + "(\(second.input.name))")
    }
  }
}
