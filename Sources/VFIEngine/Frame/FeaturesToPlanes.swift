// SPDX-License-Identifier: MIT
import CIntrinsics

/// Makes the new frame from both source frames and the motion, plane by plane in code values.
///
/// Each sample is `share * warp(a) + (1 - share) * warp(b) + residual`, rounded to nearest and
/// limited to the format's code values (floats are not limited); of candidates the mean of two
/// warps of each frame by the motion's weights, plus the residual. Flow, weights and residual are
/// taken at the sample's own site. Alpha has no residual; straight alpha weighs the colours. Static
/// blocks (``StaticBlocks``) are made without motion and residual.
/// One pass over each row; beside rows that fit the cache there are no temporaries.
package func synthesise(
  _ a: Frame, _ b: Frame, motion: MotionField, into out: Frame, on engine: Engine
) throws(VFIError) {
  let description = a.description
  precondition(b.description == description && out.description.format == description.format)
  precondition(
    motion.map.width * motion.spacing >= description.width
      && motion.map.height * motion.spacing >= description.height)
  let mark = engine.scratch.mark
  defer { engine.scratch.release(to: mark) }
  let still = try StaticBlocks(a, b, motion: motion, on: engine)
  let writer = BandWriter(
    a: a, b: b, out: out, motion: motion, still: still, kernels: engine.kernels.merge)
  let scratch = unsafe try engine.scratch.buffer(
    of: Float.self, count: writer.scratchCount * engine.workers)
  try engine.forEach(still.rows) { band, worker in
    unsafe writer.write(band: band, scratch: scratch + worker * writer.scratchCount)
  }
}

/// At least as many floats as ``synthesise(_:_:motion:into:on:)``, and reading or comparing frames,
/// take from scratch memory.
func synthesisScratchCount(_ description: FrameDescription, workers: Int) -> Int {
  let rows = (description.height + StaticBlocks.size - 1) / StaticBlocks.size
  let columns = (description.width + StaticBlocks.size - 1) / StaticBlocks.size
  // Two flags a block, sixteen rows of motion or nine of components a worker, alignment.
  return rows * columns / 2 + workers * 16 * (description.width + 64) + 4096
}

/// Writes the rows of one row of blocks, in all planes.
@safe private struct BandWriter {
  let a: Frame
  let b: Frame
  let out: Frame
  let motion: MotionField
  let still: StaticBlocks
  let kernels: MergeKernels
  let layout: PixelLayout
  let color: ColorTransform
  /// Floats of one plane of motion: a row, and what whole vectors write beyond it.
  let planeStride: Int

  init(
    a: Frame, b: Frame, out: Frame, motion: MotionField, still: StaticBlocks, kernels: MergeKernels
  ) {
    self.a = a
    self.b = b
    self.out = out
    self.motion = motion
    self.still = still
    self.kernels = kernels
    layout = a.description.format.layout
    color = ColorTransform(a.description)
    planeStride = (a.description.width + MotionField.margin + 8 + 15) / 16 * 16
  }

  var scratchCount: Int { motion.planes * planeStride }

  /// Components of equal size share their motion.
  func write(band: Int, scratch: UnsafeMutablePointer<Float>) {
    for subsampled in [false, true] {
      var reference: ComponentLayout?
      for index in 0..<layout.componentCount
      where (layout.components[index].shiftX > 0) == subsampled {
        reference = layout.components[index]
      }
      guard let reference else { continue }
      let height = StaticBlocks.size >> reference.shiftY
      let end = min(a.description.height(of: reference), (band + 1) * height)
      for y in band * height..<max(end, band * height) {
        let columns = unsafe prepareMotion(row: y, of: reference, band: band, scratch: scratch)
        for index in 0..<layout.componentCount
        where (layout.components[index].shiftX > 0) == subsampled {
          unsafe write(index, row: y, planes: scratch, columns)
        }
      }
    }
  }

  /// Fills the planes of motion for one row.
  private func prepareMotion(
    row y: Int, of component: ComponentLayout, band: Int, scratch: UnsafeMutablePointer<Float>
  ) -> MotionField.CandidateColumns {
    let color = a.description.color
    let count = a.description.width(of: component)
    let step = (x: 1 << component.shiftX, y: 1 << component.shiftY)
    let site = SIMD2(
      component.shiftX > 0 ? color.chromaX : 0, component.shiftY > 0 ? color.chromaY : 0)
    switch motion.layout {
    case .warpPair:
      unsafe motion.row(
        y, count: count, step: step, site: site, planes: scratch, planeStride: planeStride,
        kernels: kernels)
      forEachStillRun(of: component, band: band, count: count) { start, length in
        for plane in 0..<8 where plane != 4 {
          unsafe (scratch + plane * planeStride + start).update(repeating: 0, count: length)
        }
      }
      return MotionField.CandidateColumns()
    case .candidates:
      let columns = unsafe motion.candidateRow(
        y, count: count, step: step, site: site, planes: scratch, planeStride: planeStride,
        kernels: kernels)
      // The last plane tells where the row moves; the uncertainty is of no use here.
      let moves = unsafe scratch + 15 * planeStride + columns.start
      unsafe moves.update(repeating: 1, count: count)
      unsafe (moves + count).update(repeating: 0, count: 16)
      forEachStillRun(of: component, band: band, count: count) { start, length in
        unsafe (moves + start).update(repeating: 0, count: length)
      }
      return columns
    }
  }

  /// Calls `body` with the columns of each static block of a row.
  private func forEachStillRun(
    of component: ComponentLayout, band: Int, count: Int, _ body: (Int, Int) -> Void
  ) {
    let width = StaticBlocks.size >> component.shiftX
    for column in 0..<still.columns where still[band, column] {
      let start = min(column * width, count)
      body(start, min(width, count - start))
    }
  }

  private func write(
    _ index: Int, row y: Int, planes: UnsafePointer<Float>,
    _ columns: MotionField.CandidateColumns
  ) {
    let component = layout.components[index]
    let residual = color.residuals[index]
    let weighs =
      layout.hasAlpha && a.description.color.alphaMode == 0 && component.component != .alpha
    // Alpha of a subsampled component is that of the luma sample with the even numbers.
    let alpha = weighs ? layout.components[3] : component
    let alphaShift = weighs ? (x: component.shiftX, y: component.shiftY) : (x: 0, y: 0)
    var row = unsafe vfi_merge_row(
      a: a.samples(of: component), b: b.samples(of: component),
      width: a.description.width(of: component), height: a.description.height(of: component),
      row: y, planes: planes + columns.start, plane_stride: planeStride,
      flow_x: 1 / Float(1 << component.shiftX), flow_y: 1 / Float(1 << component.shiftY),
      red: residual.x, green: residual.y, blue: residual.z, maximum: layout.maximum,
      unit: 1 / Float(1 << layout.shift), shift: Int32(layout.shift),
      out: out.row(y, of: component), a_alpha: a.samples(of: alpha, each: alphaShift),
      b_alpha: b.samples(of: alpha, each: alphaShift))
    if motion.layout == .candidates {
      unsafe mergeCandidates(row, columns, weighs: weighs)
      return
    }
    switch layout.sampleType {
    case .byte where weighs: unsafe kernels.mergeRowBytesStraightAlpha(&row)
    case .byte: unsafe kernels.mergeRowBytes(&row)
    case .word: unsafe kernels.mergeRowWords(&row)
    case .float: unsafe kernels.mergeRowFloats(&row)
    }
  }

  private func mergeCandidates(
    _ merge: vfi_merge_row, _ columns: MotionField.CandidateColumns, weighs: Bool
  ) {
    var row = unsafe vfi_candidate_row(
      merge: merge, doubles: columns.doubles ? 1 : 0, fraction: columns.fraction)
    switch layout.sampleType {
    case .byte where weighs: unsafe kernels.mergeCandidatesBytesStraightAlpha(&row)
    case .byte: unsafe kernels.mergeCandidatesBytes(&row)
    case .word: unsafe kernels.mergeCandidatesWords(&row)
    case .float: unsafe kernels.mergeCandidatesFloats(&row)
    }
  }
}

extension Frame {
  /// How kernels find the samples of a component; of each `2^x` by `2^y` only the first.
  fileprivate func samples(
    of component: ComponentLayout, each shift: (x: Int, y: Int) = (0, 0)
  ) -> vfi_samples {
    let size = description.format.layout.sampleType.rawValue
    let pixel = component.step * size
    let stride = planes[component.plane].stride
    let columns = description.width(of: component)
    let step = pixel << shift.x
    // Four bytes at a pixel's start, or from a sample on where a pixel has three, stay in the row;
    // those at a single byte are taken earlier at the row's end.
    let before = pixel == 2 || pixel == 4 ? component.offset * size : 0
    let rowBytes = columns * pixel - (component.offset * size - before)
    let reach = (description.height(of: component) - 1) * abs(stride) + rowBytes
    return unsafe vfi_samples(
      base: row(0, of: component) - before, stride: stride << shift.y, step: Int32(step),
      size: Int32(size), low_bit: Int32(8 * before), last_offset: Int32(rowBytes - 4),
      pair_bits: step + size <= 4 ? Int32(8 * step) : 0,
      one_by_one: columns < 4 || reach > Int(Int32.max) ? 1 : 0)
  }
}
