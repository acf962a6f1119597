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
  let pixels = try UnknownPixels(unknown, in: engine.scratch)
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
  reduceKnown(map, unknown, into: coarse, coarseUnknown)
  try fillMembrane(coarse, unknown: coarseUnknown, sweeps: sweeps, on: engine)
  for list in [pixels.red, pixels.black] { enlarge(coarse, into: map, at: list) }
  for sweep in 0..<sweeps {
    let relaxation: Float = sweep == sweeps - 1 ? 1 : 1.3
    for list in [pixels.red, pixels.black] {
      let block = 4096
      try engine.forEach((list.count + block - 1) / block) { item, _ in
        relax(map, list, item * block..<min(list.count, (item + 1) * block), relaxation)
      }
    }
  }
}

/// Indices of pixels, row by row.
@safe private struct PixelList {
  let indices: UnsafeMutablePointer<Int32>
  let count: Int
}

/// The unknown pixels of even and of odd x + y.
private struct UnknownPixels {
  let red: PixelList
  let black: PixelList

  init(_ unknown: Grid<UInt8>, in arena: Arena) throws(VFIError) {
    var counts = [0, 0]
    for y in 0..<unknown.height {
      for x in 0..<unknown.width where unknown[y, x] != 0 { counts[(x + y) & 1] += 1 }
    }
    let red = unsafe try arena.buffer(of: Int32.self, count: counts[0])
    let black = unsafe try arena.buffer(of: Int32.self, count: counts[1])
    var (r, b) = (0, 0)
    for y in 0..<unknown.height {
      for x in 0..<unknown.width where unknown[y, x] != 0 {
        let index = Int32(y * unknown.width + x)
        if (x + y) & 1 == 0 {
          unsafe red[r] = index
          r += 1
        } else {
          unsafe black[b] = index
          b += 1
        }
      }
    }
    self.red = unsafe PixelList(indices: red, count: r)
    self.black = unsafe PixelList(indices: black, count: b)
  }
}

/// Means of the known ones of 2x2 pixels; unknown where there are none.
private func reduceKnown(
  _ map: FeatureMap, _ unknown: Grid<UInt8>, into coarse: FeatureMap, _ coarseUnknown: Grid<UInt8>
) {
  let channels = map.channels
  for y in 0..<coarse.height {
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
private func enlarge(_ coarse: FeatureMap, into map: FeatureMap, at list: PixelList) {
  let channels = map.channels
  for i in 0..<list.count {
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
