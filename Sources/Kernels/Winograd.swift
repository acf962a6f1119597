// SPDX-License-Identifier: MIT
// Winograd's minimal filtering F(m x m, 3x3) (Lavin and Gray, arXiv 1509.09308):
//     Y = A^T [ (G g G^T) * (B^T d B) ] A
// gives m x m outputs of a 3x3 convolution from (m + 2)^2 inputs d with as many products in place of
// 9 m^2. The products of all channels are one matrix product a point, which the convolution kernels
// compute; here are the two transforms around them, which Winograd2x2 and Winograd4x4 define.
import CIntrinsics

/// The input pixels of a tile, one vector of channels each.
protocol WinogradPixels {
  subscript(index: Int) -> Vector { get }
}

/// The transforms of one size of tiles.
protocol WinogradTile {
  /// Input pixels of a tile, and points of its transform.
  static var points: Int { get }
  /// Output pixels of a tile.
  static var outputs: Int { get }

  /// Writes B^T d B.
  static func transform(_ pixels: some WinogradPixels, _ points: WinogradPoints)

  /// Writes A^T m A.
  static func transformBack(_ sums: WinogradSums, _ pixels: WinogradOutputs)
}

/// Computes B^T d B of every tile and channel.
package func winograd2x2Input(_ argument: UnsafePointer<vfi_winograd_input>) {
  transformTiles(argument, Winograd2x2.self, half: false)
}

/// The same for bfloat16: computed in float32, rounded once.
package func winograd2x2InputBF16(_ argument: UnsafePointer<vfi_winograd_input>) {
  transformTiles(argument, Winograd2x2.self, half: true)
}

/// Computes B^T d B of every tile and channel.
package func winograd4x4Input(_ argument: UnsafePointer<vfi_winograd_input>) {
  transformTiles(argument, Winograd4x4.self, half: false)
}

/// Computes A^T m A of every tile for a block of two vectors of output channels.
package func winograd2x2OutputWide(_ argument: UnsafePointer<vfi_winograd_output>) {
  transformOutput(argument, Winograd2x2.self, vectors: 2)
}

/// Computes A^T m A of every tile for a block of one vector of output channels.
package func winograd2x2OutputNarrow(_ argument: UnsafePointer<vfi_winograd_output>) {
  transformOutput(argument, Winograd2x2.self, vectors: 1)
}

/// Computes A^T m A of every tile for a block of two vectors of output channels.
package func winograd4x4OutputWide(_ argument: UnsafePointer<vfi_winograd_output>) {
  transformOutput(argument, Winograd4x4.self, vectors: 2)
}

/// Computes A^T m A of every tile for a block of one vector of output channels.
package func winograd4x4OutputNarrow(_ argument: UnsafePointer<vfi_winograd_output>) {
  transformOutput(argument, Winograd4x4.self, vectors: 1)
}

// MARK: - There

/// Pixels that stand where the feature map has them.
private struct PixelsInPlace: WinogradPixels {
  let pixels: UnsafePointer<UnsafeRawPointer>
  let channel: Int
  let half: Bool

  @inline(__always)
  subscript(index: Int) -> Vector { load(pixels[index], channel, half) }
}

/// Pixels that were copied to where their points will stand.
private struct PixelsCopied: WinogradPixels {
  let values: UnsafeRawPointer
  let stride: Int
  let half: Bool

  @inline(__always)
  subscript(index: Int) -> Vector { load(values, index &* stride, half) }
}

/// Where the points of a tile go.
struct WinogradPoints {
  let values: UnsafeMutableRawPointer
  let stride: Int
  let half: Bool

  @inline(__always)
  func write(_ vector: Vector, _ point: Int) { store(vector, values, point &* stride, half) }
}

@inline(__always)
private func transformTiles<Tile: WinogradTile>(
  _ argument: UnsafePointer<vfi_winograd_input>, _ kind: Tile.Type, half: Bool
) {
  let t = argument.pointee
  for tile in 0..<t.tiles {
    let pixels = t.pixels + Tile.points &* tile
    let values = place(t.values, tile &* t.tile_stride, half)
    if t.channels < lanes {
      let points = WinogradPoints(values: values, stride: t.point_stride, half: half)
      transformFew(pixels, t.channels, points, kind)
      continue
    }
    // The last vector may repeat channels of the one before it, but not read past the pixel.
    let last = t.channels &- lanes
    var channel = 0
    while true {
      Tile.transform(
        PixelsInPlace(pixels: pixels, channel: channel, half: half),
        WinogradPoints(values: place(values, channel, half), stride: t.point_stride, half: half))
      if channel == last { break }
      channel = channel &+ lanes < last ? channel &+ lanes : last
    }
  }
}

/// Transforms fewer channels than a vector has lanes, where the result goes: that memory has room for
/// whole vectors.
@inline(__always)
private func transformFew<Tile: WinogradTile>(
  _ pixels: UnsafePointer<UnsafeRawPointer>, _ channels: Int, _ points: WinogradPoints,
  _ kind: Tile.Type
) {
  let (values, half) = (points.values, points.half)
  for point in 0..<Tile.points {
    let bytes = half ? 2 &* channels : 4 &* channels
    place(values, point &* points.stride, half).copyMemory(from: pixels[point], byteCount: bytes)
  }
  Tile.transform(
    PixelsCopied(values: UnsafeRawPointer(values), stride: points.stride, half: half), points)
}

// MARK: - And back

/// The products of a tile at all points, one vector of output channels each.
struct WinogradSums {
  let sums: UnsafePointer<Float>
  let stride: Int

  @inline(__always)
  subscript(point: Int) -> Vector { load(sums + point &* stride) }
}

/// The output pixels of a tile, of which one vector of channels is written.
struct WinogradOutputs {
  private let outputs: UnsafePointer<UnsafeMutableRawPointer?>
  private let residuals: UnsafePointer<UnsafeRawPointer?>?
  private let bias: Vector
  private let slopes: Vector
  /// The first channel of the pixels, and how many exist.
  private let offset: Int
  private let count: Int
  private let outputIsHalf: Bool
  private let residualIsHalf: Bool

  /// Pixels from `first` on, and the block's channels from `channel` on.
  @inline(__always)
  init(_ t: vfi_winograd_output, first: Int, channel: Int) {
    outputs = t.outputs + first
    residuals = t.residuals.map { $0 + first }
    bias = load(t.bias + channel)
    // A slope of 1 changes nothing.
    slopes = t.slopes.map { load($0 + channel) } ?? Vector(repeating: 1)
    offset = t.first_channel &+ channel
    count = t.output_channels &- channel
    outputIsHalf = t.output_bfloat16
    residualIsHalf = t.residual_bfloat16
  }

  /// Adds bias and residual, applies the activation and stores, where there is such a pixel.
  @inline(__always)
  func finish(_ value: Vector, _ pixel: Int) {
    guard let output = outputs[pixel] else { return }
    var sum = value + bias
    if let residual = residuals?[pixel] {
      sum += load(residual, offset, upTo: count, residualIsHalf)
    }
    store(prelu(sum, slopes), output, offset, upTo: count, outputIsHalf)
  }
}

@inline(__always)
private func transformOutput<Tile: WinogradTile>(
  _ argument: UnsafePointer<vfi_winograd_output>, _ kind: Tile.Type, vectors: Int
) {
  let t = argument.pointee
  for tile in 0..<t.tiles {
    for vector in 0..<vectors {
      let channel = vector &* lanes
      if channel >= t.output_channels { break }
      let sums = t.sums + (tile &* vectors &+ vector) &* lanes
      Tile.transformBack(
        WinogradSums(sums: sums, stride: t.point_stride),
        WinogradOutputs(t, first: Tile.outputs &* tile, channel: channel))
    }
  }
}
