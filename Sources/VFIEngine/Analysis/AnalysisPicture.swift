// SPDX-License-Identifier: MIT
import CIntrinsics

/// A frame as the detectors see it: luma of 8 bits, whole and as the pyramid of the inverse search.
struct AnalysisPicture {
  let frame: Frame
  /// Code values of 8 bits; of RGB the mean in which green counts twice.
  let luma: Grid<UInt8>
  /// At half the size and coarser, padded to what the search wants.
  let pyramid: LumaPyramid

  init(_ frame: Frame, in arena: Arena, on engine: Engine) throws(VFIError) {
    self.frame = frame
    let (width, height) = (frame.description.width, frame.description.height)
    let luma = try AnalysisLuma(frame, in: arena, on: engine).values
    self.luma = luma
    let (rows, columns) = (max(16, (height + 3) / 4 * 4) / 2, max(16, (width + 3) / 4 * 4) / 2)
    pyramid = try unsafe LumaPyramid(height: rows, width: columns, in: arena, on: engine) {
      level throws(VFIError) in
      try engine.forEachRows(rows) { first, end in
        for y in first..<end {
          let (top, bottom) = (min(2 * y, height - 1), min(2 * y + 1, height - 1))
          for x in 0..<columns {
            let (left, right) = (min(2 * x, width - 1), min(2 * x + 1, width - 1))
            let upper = Int(luma[top, left]) + Int(luma[top, right])
            let lower = Int(luma[bottom, left]) + Int(luma[bottom, right])
            unsafe level.base[y * level.stride + x] = Float(upper + lower) / 4
          }
        }
      }
    }
  }
}

/// Luma of 8 bits, `[height, width]`.
struct AnalysisLuma {
  let values: Grid<UInt8>

  init(_ frame: Frame, in arena: Arena, on engine: Engine) throws(VFIError) {
    let (width, height) = (frame.description.width, frame.description.height)
    let values = try arena.grid(UInt8(0), height: height, width: width)
    self.values = values
    let mark = engine.scratch.mark
    defer { if arena !== engine.scratch { engine.scratch.release(to: mark) } }
    let reader = LumaReader(frame, kernels: engine.kernels.pixelConvert)
    // A row of samples and a row of sums for each worker, both in whole vectors.
    let rowCount = (width + 15) / 16 * 16
    let scratch = unsafe try engine.scratch.buffer(
      of: Float.self, count: 2 * rowCount * engine.workers)
    let band = 16
    try engine.forEach((height + band - 1) / band) { item, worker in
      let samples = unsafe scratch + 2 * rowCount * worker
      let sums = unsafe samples + rowCount
      for y in item * band..<min((item + 1) * band, height) {
        unsafe sums.update(repeating: 0, count: width)
        let weight = unsafe reader.add(
          row: y, samples: samples, side: 1, count: width, to: sums)
        for x in 0..<width {
          // Written so that NaN is black.
          let value = unsafe sums[x] / weight + 0.5
          values[y, x] = value > 0 ? UInt8(min(value, 255)) : 0
        }
      }
    }
  }
}
