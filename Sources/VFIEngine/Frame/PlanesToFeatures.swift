// SPDX-License-Identifier: MIT

extension FrameDescription {
  /// Size of the network's image: reduced by `factor`, then padded to a multiple.
  package func imageSize(reducedBy factor: Int, multiple: Int) -> (height: Int, width: Int) {
    let rows = (height + factor - 1) / factor
    let columns = (width + factor - 1) / factor
    return (
      (rows + multiple - 1) / multiple * multiple, (columns + multiple - 1) / multiple * multiple
    )
  }
}

extension Frame {
  private static let bandRows = 16

  /// Writes RGB of 0...1 `[H', W', 3]` from planes of any format.
  ///
  /// Each value is the mean of `factor` x `factor` pixels; chroma comes linearly between its
  /// samples, whose sites are respected. What `map` has beyond the picture at the right and at the
  /// bottom repeats the picture's edge. NaN becomes 0, floats are limited to 0...1.
  package func loadRGB(
    into map: FeatureMap, reducedBy factor: Int = 1, on engine: Engine
  ) throws(VFIError) {
    let rows = (description.height + factor - 1) / factor
    let columns = (description.width + factor - 1) / factor
    precondition(map.height >= rows && map.width >= columns)
    precondition(map.channels == 3 && map.pixelStride == 3)
    let mark = engine.scratch.mark
    defer { engine.scratch.release(to: mark) }
    let reader = RowReader(self, columns: columns, factor: factor, kernels: engine.kernels)
    let scratch = unsafe try engine.scratch.buffer(
      of: Float.self, count: reader.scratchCount * engine.workers)
    try engine.forEach((rows + Self.bandRows - 1) / Self.bandRows) { band, worker in
      let rowScratch = unsafe scratch + worker * reader.scratchCount
      for y in band * Self.bandRows..<min(rows, (band + 1) * Self.bandRows) {
        let out = unsafe map.base + y * map.rowStride
        unsafe reader.read(row: y, scratch: rowScratch, into: out)
        for x in columns..<map.width {
          for c in 0..<3 { unsafe out[3 * x + c] = out[3 * columns - 3 + c] }
        }
      }
    }
    let last = unsafe map.base + (rows - 1) * map.rowStride
    for y in rows..<map.height {
      unsafe (map.base + y * map.rowStride).update(from: last, count: map.rowStride)
    }
  }
}

/// Reads one row of the network's image.
@safe private struct RowReader {
  let frame: Frame
  let layout: PixelLayout
  let color: ColorTransform
  let kernels: PixelConvertKernels
  let columns: Int
  let factor: Int
  /// Columns of the picture, rounded up to whole groups of `factor`.
  let fullColumns: Int
  /// Floats of a full row in scratch memory; chroma rows are padded by 2 and fit as well.
  let rowCount: Int

  init(_ frame: Frame, columns: Int, factor: Int, kernels: KernelTable) {
    self.frame = frame
    layout = frame.description.format.layout
    color = ColorTransform(frame.description)
    self.kernels = kernels.pixelConvert
    self.columns = columns
    self.factor = factor
    fullColumns = columns * factor
    rowCount = (columns * factor + 2 + 15) / 16 * 16
  }

  /// Three component rows, three rows of sums, and three rows of chroma before it is doubled.
  var scratchCount: Int { 9 * rowCount }

  func read(row y: Int, scratch: UnsafeMutablePointer<Float>, into out: UnsafeMutablePointer<Float>)
  {
    let sums = unsafe scratch + 3 * rowCount
    if factor > 1 { unsafe sums.update(repeating: 0, count: 3 * rowCount) }
    for part in 0..<factor {
      let line = min(y * factor + part, frame.description.height - 1)
      for index in 0..<min(layout.componentCount, 3) {
        let row = unsafe scratch + index * rowCount
        unsafe component(index, line: line, scratch: scratch + 6 * rowCount, into: row)
        guard factor > 1 else { continue }
        for x in frame.description.width..<max(fullColumns, frame.description.width) {
          unsafe row[x] = row[frame.description.width - 1]
        }
        unsafe kernels.addColumnGroups(row, factor, columns, sums + index * rowCount)
      }
    }
    let source = unsafe factor > 1 ? sums : scratch
    let weight = 1 / Float(factor * factor)
    let scale = SIMD4(weight, weight, weight, 1)
    // Gray has weight 0 for what it lacks.
    let second = unsafe layout.componentCount > 1 ? source + rowCount : source
    let third = unsafe layout.componentCount > 1 ? source + 2 * rowCount : source
    unsafe kernels.matrixRow(
      source, second, third, color.red * scale, color.green * scale, color.blue * scale, columns,
      out)
  }

  /// A component's code values at each column of the picture's row `line`.
  private func component(
    _ index: Int, line: Int, scratch: UnsafeMutablePointer<Float>,
    into out: UnsafeMutablePointer<Float>
  ) {
    let component = layout.components[index]
    guard component.shiftX > 0 else {
      unsafe load(component, row: line >> component.shiftY, into: out)
      return
    }
    let rows = frame.description.height(of: component)
    let site = frame.description.color
    let wanted = component.shiftY == 0 ? Float(line) : (Float(line) - site.chromaY) / 2
    let clamped = max(0, min(wanted, Float(rows - 1)))
    let top = Int(clamped)
    let weight = clamped - Float(top)
    let upper = unsafe scratch
    let lower = unsafe scratch + rowCount
    let padded = unsafe scratch + 2 * rowCount
    unsafe load(component, row: top, into: upper)
    if weight > 0 { unsafe load(component, row: min(top + 1, rows - 1), into: lower) }
    unsafe kernels.mixRowsPadded(
      upper, weight > 0 ? lower : upper, weight, frame.description.width(of: component), padded)
    unsafe kernels.doubleColumns(padded, site.chromaX, frame.description.width, out)
  }

  private func load(
    _ component: ComponentLayout, row: Int, into out: UnsafeMutablePointer<Float>
  ) {
    let source = unsafe UnsafeRawPointer(frame.row(row, of: component))
    let step = component.step * layout.sampleType.rawValue
    let count = frame.description.width(of: component)
    switch layout.sampleType {
    case .byte: unsafe kernels.loadRowBytes(source, step, count, out)
    case .word:
      unsafe kernels.loadRowWords(source, step, Int32(layout.shift), count, out)
    case .float: unsafe kernels.loadRowFloats(source, step, count, out)
    }
  }
}
