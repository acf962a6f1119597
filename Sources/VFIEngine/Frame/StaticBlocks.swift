// SPDX-License-Identifier: MIT
import CIntrinsics

/// Blocks of 8x8 pixels where nothing happens between two frames: logos, bars, still scenes.
///
/// A block is static where both frames agree, in all planes, in it and in its eight neighbours, to
/// one code value of 8 bits; and where the motion does not bring in something else that both
/// frames confirm (a ball that crosses a still ground stands on it only between the frames).
/// There the new frame is made without motion and without residual.
@safe struct StaticBlocks {
  static let size = 8
  /// Luma difference of 8 bits up to which two places are taken for the same.
  private static let likeness: Float = 4
  /// Motion in pixels from which a block may be something that passes.
  private static let passing: Float = 2

  let rows: Int
  let columns: Int
  private let flags: UnsafeMutablePointer<Bool>

  /// Whether the block is static.
  subscript(row: Int, column: Int) -> Bool { unsafe flags[row * columns + column] }

  /// Flags of the blocks in `row`, for kernels.
  func row(_ row: Int) -> UnsafePointer<Bool> { unsafe UnsafePointer(flags + row * columns) }

  /// Finds the static blocks; memory is taken from `engine.scratch`.
  init(_ a: Frame, _ b: Frame, motion: MotionField, on engine: Engine) throws(VFIError) {
    let rows = (a.description.height + Self.size - 1) / Self.size
    let columns = (a.description.width + Self.size - 1) / Self.size
    self.rows = rows
    self.columns = columns
    let agrees = unsafe try engine.scratch.buffer(of: Bool.self, count: rows * columns)
    let flags = unsafe try engine.scratch.buffer(of: Bool.self, count: rows * columns)
    unsafe self.flags = unsafe flags
    let pair = FramePair(a, b, kernels: engine.kernels.block)
    try engine.forEach(rows) { row, _ in
      for column in 0..<columns {
        unsafe agrees[row * columns + column] = pair.agrees(row, column)
      }
    }
    try engine.forEach(rows) { row, _ in
      for column in 0..<columns {
        var isStatic = true
        for y in max(row - 1, 0)...min(row + 1, rows - 1) {
          for x in max(column - 1, 0)...min(column + 1, columns - 1) where isStatic {
            isStatic = unsafe agrees[y * columns + x]
          }
        }
        unsafe flags[row * columns + column] =
          isStatic && !pair.isPassed(row, column, by: motion)
      }
    }
  }

  /// Compares the same block of two frames.
  private struct FramePair {
    let a: Frame
    let b: Frame
    let kernels: BlockKernels
    let layout: PixelLayout
    /// Code values (of words, where they lie in them) in one of 8 bits.
    let unit: Float

    init(_ a: Frame, _ b: Frame, kernels: BlockKernels) {
      self.a = a
      self.b = b
      self.kernels = kernels
      layout = a.description.format.layout
      unit =
        layout.sampleType == .float
        ? 1 / 255 : Float(1 << (layout.depth - 8 + layout.shift))
    }

    /// Whether the frames agree in the block, in all planes.
    func agrees(_ row: Int, _ column: Int) -> Bool {
      var plane = -1
      for index in 0..<layout.componentCount where layout.components[index].plane > plane {
        plane = layout.components[index].plane
        if !agrees(layout.components[index], row, column) { return false }
      }
      return true
    }

    /// Compares all components of the plane in which `component` is the first.
    private func agrees(_ component: ComponentLayout, _ row: Int, _ column: Int) -> Bool {
      let description = a.description
      let width = StaticBlocks.size >> component.shiftX
      let height = StaticBlocks.size >> component.shiftY
      let x = column * width
      let y = row * height
      // Half a block of luma at an odd edge may have no chroma sample of its own.
      let columns = min(width, description.width(of: component) - x)
      let rows = min(height, description.height(of: component) - y)
      guard columns > 0, rows > 0 else { return true }
      let offset = x * component.step * layout.sampleType.rawValue
      var pair = unsafe vfi_block_pair(
        a: a.row(y, of: component) + offset, b: b.row(y, of: component) + offset,
        a_stride: a.planes[component.plane].stride, b_stride: b.planes[component.plane].stride,
        samples: columns * component.step, rows: rows, limit: unit)
      return switch layout.sampleType {
      case .byte: unsafe kernels.blockAgreesBytes(&pair)
      case .word: unsafe kernels.blockAgreesWords(&pair)
      case .float: unsafe kernels.blockAgreesFloats(&pair)
      }
    }

    /// Whether motion brings something here that is not what stands here in both frames, and that
    /// both frames show alike where the motion finds it.
    ///
    /// Looks at four places of the block.
    func isPassed(_ row: Int, _ column: Int, by motion: MotionField) -> Bool {
      var mismatch: Float = 0
      var change: Float = 0
      var largest: Float = 0
      for part in 0..<4 {
        let y = min(row * StaticBlocks.size + 2 + 4 * (part >> 1), a.description.height - 1)
        let x = min(column * StaticBlocks.size + 2 + 4 * (part & 1), a.description.width - 1)
        let (flow0, flow1) = motion.flow(y, x)
        largest = max(largest, abs(flow0.x), abs(flow0.y), abs(flow1.x), abs(flow1.y))
        let fromA = sample(a, Float(x) + flow0.x, Float(y) + flow0.y)
        let fromB = sample(b, Float(x) + flow1.x, Float(y) + flow1.y)
        mismatch += abs(fromA - fromB)
        change += abs(fromA - sample(a, Float(x), Float(y)))
      }
      let limit = 4 * StaticBlocks.likeness * unit
      return largest > StaticBlocks.passing && mismatch <= limit && change > limit
    }

    /// The first component's nearest sample; positions are clamped, NaN to 0.
    private func sample(_ frame: Frame, _ x: Float, _ y: Float) -> Float {
      let column = x > 0 ? Int(min(x + 0.5, Float(frame.description.width - 1))) : 0
      let line = y > 0 ? Int(min(y + 0.5, Float(frame.description.height - 1))) : 0
      let component = layout.components[0]
      let row = unsafe frame.row(line, of: component)
      let index = column * component.step
      return switch layout.sampleType {
      case .byte: unsafe Float(row.load(fromByteOffset: index, as: UInt8.self))
      case .word: unsafe Float(row.loadUnaligned(fromByteOffset: 2 * index, as: UInt16.self))
      case .float: unsafe row.loadUnaligned(fromByteOffset: 4 * index, as: Float.self)
      }
    }
  }
}
