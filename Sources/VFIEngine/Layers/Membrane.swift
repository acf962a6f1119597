// SPDX-License-Identifier: MIT

/// Fills what is unknown so that each value is the mean of its four neighbours.
///
/// That is the solution of Laplace's equation with the known values around as its border: constant
/// and affine fields are continued exactly. `map` is `[H, W, C]`, float32, packed; a value of
/// `unknown` that is not 0 marks a pixel to be filled. Beyond the edges the picture's own pixel
/// counts. Without any known pixel the map becomes 0.
///
/// Coarse to fine: a level starts from the enlarged solution of one half its size, and then takes
/// `sweeps` red-black sweeps over its unknown pixels only, all but the last over-relaxed. Pixels of
/// one colour read the other's only, so any number of threads gives the same bytes.
package func fillMembrane(
  _ map: FeatureMap, unknown: Grid<UInt8>, sweeps: Int, on engine: Engine
) throws(VFIError) {
  precondition(map.pixelStride == map.channels)
  precondition(unknown.height == map.height && unknown.width == map.width)
  let mark = engine.scratch.mark
  defer { engine.scratch.release(to: mark) }
  let pixels = try UnknownPixels(unknown, on: engine)
  let count = pixels.red.count + pixels.black.count
  guard count > 0 else { return }
  guard count < map.height * map.width else {
    unsafe map.base.update(repeating: 0, count: map.height * map.rowStride)
    return
  }
  let height = (map.height + 1) / 2
  let width = (map.width + 1) / 2
  let coarse = try engine.scratch.map(height: height, width: width, channels: map.channels)
  let coarseUnknown = try engine.scratch.grid(UInt8(0), height: height, width: width)
  try engine.forEachRows(height) { first, end in
    reduceKnown(map, unknown, into: coarse, coarseUnknown, rows: first..<end)
  }
  try fillMembrane(coarse, unknown: coarseUnknown, sweeps: sweeps, on: engine)
  for list in [pixels.red, pixels.black] {
    try forEachBlock(of: list, on: engine) { enlarge(coarse, into: map, at: list, $0) }
  }
  for sweep in 0..<sweeps {
    let relaxation: Float = sweep == sweeps - 1 ? 1 : 1.3
    for list in [pixels.red, pixels.black] {
      try forEachBlock(of: list, on: engine) { relax(map, list, $0, relaxation) }
    }
  }
}

/// Indices of pixels, row by row.
@safe private struct PixelList {
  let indices: UnsafeMutablePointer<Int32>
  let count: Int
}

private func forEachBlock(
  of list: PixelList, on engine: Engine, _ body: (Range<Int>) -> Void
) throws(VFIError) {
  let block = 4096
  try engine.forEach((list.count + block - 1) / block) { item, _ in
    body(item * block..<min(list.count, (item + 1) * block))
  }
}

/// The unknown pixels of even and of odd x + y.
private struct UnknownPixels {
  let red: PixelList
  let black: PixelList

  init(_ unknown: Grid<UInt8>, on engine: Engine) throws(VFIError) {
    let (height, width) = (unknown.height, unknown.width)
    // Of both colours: those of each row, and from then on those of all rows before it.
    let counts = try engine.scratch.grid(SIMD2<Int>.zero, height: height, width: 1)
    try engine.forEachRows(height) { first, end in
      for y in first..<end {
        for x in 0..<width where unknown[y, x] != 0 { counts[y, 0][(x + y) & 1] += 1 }
      }
    }
    var total = SIMD2<Int>.zero
    for y in 0..<height {
      let count = counts[y, 0]
      counts[y, 0] = total
      total &+= count
    }
    let red = unsafe try engine.scratch.buffer(of: Int32.self, count: total[0])
    let black = unsafe try engine.scratch.buffer(of: Int32.self, count: total[1])
    try engine.forEachRows(height) { first, end in
      for y in first..<end {
        var next = counts[y, 0]
        for x in 0..<width where unknown[y, x] != 0 {
          let colour = (x + y) & 1
          unsafe (colour == 0 ? red : black)[next[colour]] = Int32(y * width + x)
          next[colour] += 1
        }
      }
    }
    self.red = unsafe PixelList(indices: red, count: total[0])
    self.black = unsafe PixelList(indices: black, count: total[1])
  }
}

/// Means of the known ones of 2x2 pixels; unknown where there are none.
private func reduceKnown(
  _ map: FeatureMap, _ unknown: Grid<UInt8>, into coarse: FeatureMap, _ coarseUnknown: Grid<UInt8>,
  rows: Range<Int>
) {
  let channels = map.channels
  for y in rows {
    for x in 0..<coarse.width {
      let out = unsafe coarse.base + (y * coarse.width + x) * channels
      unsafe out.update(repeating: 0, count: channels)
      var known: Float = 0
      for row in 2 * y..<min(2 * y + 2, map.height) {
        for column in 2 * x..<min(2 * x + 2, map.width) where unknown[row, column] == 0 {
          known += 1
          for c in 0..<channels {
            unsafe out[c] += map.base[(row * map.width + column) * channels + c]
          }
        }
      }
      coarseUnknown[y, x] = known == 0 ? 1 : 0
      if known > 0 { for c in 0..<channels { unsafe out[c] /= known } }
    }
  }
}

/// Bilinear values of a map of half the size at the listed pixels.
private func enlarge(
  _ coarse: FeatureMap, into map: FeatureMap, at list: PixelList, _ range: Range<Int>
) {
  let channels = map.channels
  for i in range {
    let index = unsafe Int(list.indices[i])
    let (y, x) = (index / map.width, index % map.width)
    // The pixel's centre lies a quarter of a coarse pixel beside that of its own coarse pixel.
    let (row, column) = (y / 2, x / 2)
    let otherRow = min(max(row + (y % 2 == 0 ? -1 : 1), 0), coarse.height - 1)
    let otherColumn = min(max(column + (x % 2 == 0 ? -1 : 1), 0), coarse.width - 1)
    let near = unsafe coarse.base + row * coarse.rowStride
    let far = unsafe coarse.base + otherRow * coarse.rowStride
    for c in 0..<channels {
      let (a, b) = (column * channels + c, otherColumn * channels + c)
      unsafe map.base[index * channels + c] =
        (9 * near[a] + 3 * near[b] + 3 * far[a] + far[b]) / 16
    }
  }
}

/// Moves the listed pixels towards the mean of their neighbours.
private func relax(
  _ map: FeatureMap, _ list: PixelList, _ range: Range<Int>, _ relaxation: Float
) {
  let (width, height, channels) = (map.width, map.height, map.channels)
  for i in range {
    let index = unsafe Int(list.indices[i])
    let (y, x) = (index / width, index % width)
    let up = y > 0 ? -width : 0
    let down = y < height - 1 ? width : 0
    let left = x > 0 ? -1 : 0
    let right = x < width - 1 ? 1 : 0
    for c in 0..<channels {
      let p = unsafe map.base + (index * channels + c)
      let vertical = unsafe p[up * channels] + p[down * channels]
      let horizontal = unsafe p[left * channels] + p[right * channels]
      let mean = 0.25 * (vertical + horizontal)
      unsafe p.pointee += relaxation * (mean - p.pointee)
    }
  }
}
