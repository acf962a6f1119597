// SPDX-License-Identifier: MIT
import CIntrinsics

/// Self-attention of the places of one frame: `x + W (softmax(q k) v)`.
///
/// Queries `[H W, d]`, keys `[P, d]` and values `[P, n]` are 1x1 convolutions of `x` `[H, W, C]`; keys
/// and values are the largest of 2x2 places, so that `P = (H / 2) (W / 2)`. The products are not
/// divided by the root of d (Zhang et al. 2019, SAGAN, as unsupervised inpainting uses it).
///
/// Both products of matrices are 1x1 convolutions whose weights are keys and values: their kernels
/// are as fast as a library for matrices at these sizes (docs/models/unsup.md), so none is needed.
/// Queries are taken in blocks, that the products with all keys stay below `blockValues` floats.
package final class FrameAttention: Sendable {
  private static let blockValues = 1 << 20

  private let query: Convolution
  private let key: Convolution
  private let value: Convolution
  private let output: Convolution
  private let kernels: KernelTable

  /// Reads `name.query`, `.key`, `.value` and `.output`, weights `[out, in, 1, 1]` and biases.
  package init(
    _ file: WeightFile, _ name: String, channels: Int, kernels: KernelTable
  ) throws(VFIError) {
    func layer(_ part: String, _ inputs: Int, _ outputs: Int) throws(VFIError) -> Convolution {
      try Convolution(
        file, "\(name).\(part)", inputs: inputs, outputs: outputs, kernel: 1, kernels: kernels)
    }
    let narrow = max(1, channels / 8)
    query = try layer("query", channels, narrow)
    key = try layer("key", channels, narrow)
    value = try layer("value", channels, channels / 2)
    output = try layer("output", channels / 2, channels)
    self.kernels = kernels
  }

  /// Multiply-adds for one pixel, but for those with all keys and values, which depend on the size.
  package var multiplyAddsPerPixel: Int {
    [query, key, value, output].reduce(0) { $0 + $1.multiplyAddsPerPixel }
  }

  /// Writes the result for `input` `[H, W, C]`, H and W at least 2, to `result`.
  package func callAsFunction(
    _ input: FeatureMap, into result: FeatureMap, on engine: Engine
  ) throws(VFIError) {
    guard input.hasSize(of: result), input.height >= 2, input.width >= 2 else {
      throw .defect("the attention's maps differ, or have less than 2x2 places")
    }
    let mark = engine.scratch.mark
    defer { engine.scratch.release(to: mark) }
    func map(_ channels: Int) throws(VFIError) -> FeatureMap {
      try engine.scratch.map(height: input.height, width: input.width, channels: channels)
    }
    let (queries, keys, values) = (
      try map(query.outputs), try map(key.outputs), try map(value.outputs)
    )
    try query(input, into: queries, on: engine)
    try key(input, into: keys, on: engine)
    try value(input, into: values, on: engine)
    let found = try map(value.outputs)
    try attend(
      queries, keys: Self.pooled(keys), values: Self.pooled(values), into: found, on: engine)
    try output(found, into: result, adding: input, on: engine)
  }

  /// Writes the mean of `values` `[P][n]`, weighted by how well `keys` `[P][d]` fit each query.
  private func attend(
    _ queries: FeatureMap, keys: [Float], values: [Float], into found: FeatureMap,
    on engine: Engine
  ) throws(VFIError) {
    let places = keys.count / queries.channels
    let weighting = try Convolution(
      keys, bias: [Float](repeating: 0, count: places), inputs: queries.channels, kernel: 1,
      kernels: kernels)
    let channels = found.channels
    let transposed = (0..<values.count).map { values[$0 % places * channels + $0 / places] }
    let gathering = try Convolution(
      transposed, bias: [Float](repeating: 0, count: channels), inputs: places, kernel: 1,
      kernels: kernels)
    let count = queries.height * queries.width
    let block = min(count, max(12, Self.blockValues / places))
    let products = try engine.scratch.map(height: 1, width: block, channels: places)
    for first in stride(from: 0, to: count, by: block) {
      let pixels = first..<min(count, first + block)
      let part = products.pixels(0..<pixels.count)
      try weighting(queries.pixels(pixels), into: part, on: engine)
      try softmax(part, on: engine)
      try gathering(part, into: found.pixels(pixels), on: engine)
    }
  }

  /// The largest of each 2x2 places, `[(H / 2) (W / 2)][C]`; an odd last row or column is left out.
  private static func pooled(_ map: FeatureMap) -> [Float] {
    var result: [Float] = []
    let (height, width) = (map.height / 2, map.width / 2)
    result.reserveCapacity(height * width * map.channels)
    for y in 0..<height {
      for x in 0..<width {
        let first = unsafe map.base + 2 * y * map.rowStride + 2 * x * map.pixelStride
        let below = unsafe first + map.rowStride
        for c in 0..<map.channels {
          let next = map.pixelStride + c
          result.append(
            unsafe max(max(first[c], first[next]), max(below[c], below[next])))
        }
      }
    }
    return result
  }
}

/// Softmax over the channels of each pixel of a float32 map, in place.
package func softmax(_ map: FeatureMap, on engine: Engine) throws(VFIError) {
  guard map.precision == .float32 else { throw .defect("softmax: the map is not of float32") }
  // A row for each pixel, that also those of one row are shared among threads.
  var view = unsafe map.view
  unsafe view.width = 1
  let kernel = unsafe engine.kernels.inpainting.softmax
  try engine.forEachRows(map.height * map.width) { first, end in
    unsafe withUnsafePointer(to: view) { unsafe kernel($0, first, end) }
  }
}
