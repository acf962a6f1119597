// SPDX-License-Identifier: MIT
import VFIEngine

/// A frame with memory of its own, guard bytes around and between its rows.
package final class GuardedFrame {
  package static let guardByte: UInt8 = 0xA5
  /// Bytes before the first and after the last row.
  private static let margin = 64

  package let frame: Frame
  private let planes: [(memory: UnsafeMutableRawPointer, size: Int)]

  /// `padding`: bytes after each row; odd values make rows of words unaligned.
  package init(
    _ description: FrameDescription, padding: Int = 0, negativeStride: Bool = false
  ) throws {
    var memory: [(memory: UnsafeMutableRawPointer, size: Int)] = []
    var views = InlineArray<4, FramePlane>(repeating: .none)
    for plane in 0..<description.format.layout.planeCount {
      let rows = description.rows(plane: plane)
      let stride = description.rowBytes(plane: plane) + padding
      let size = 2 * Self.margin + rows * stride
      let base = UnsafeMutableRawPointer.allocate(byteCount: size, alignment: 64)
      base.initializeMemory(as: UInt8.self, repeating: Self.guardByte, count: size)
      memory.append((base, size))
      let top = base + Self.margin
      views[plane] =
        negativeStride
        ? FramePlane(base: top + (rows - 1) * stride, stride: -stride)
        : FramePlane(base: top, stride: stride)
    }
    planes = memory
    frame = try Frame(description: description, planes: views)
  }

  deinit { for plane in planes { plane.memory.deallocate() } }

  /// Bytes of one row, without padding.
  package func row(_ plane: Int, _ y: Int) -> UnsafeMutableRawBufferPointer {
    let view = frame.planes[plane]
    return UnsafeMutableRawBufferPointer(
      start: view.base.map { $0 + y * view.stride },
      count: frame.description.rowBytes(plane: plane))
  }

  /// All bytes of the picture, row by row, plane by plane.
  package var bytes: [UInt8] {
    (0..<frame.description.format.layout.planeCount).flatMap { plane in
      (0..<frame.description.rows(plane: plane)).flatMap { Array(row(plane, $0)) }
    }
  }

  /// Whether all bytes outside of the picture are as they were.
  package var guardsAreIntact: Bool {
    for (plane, memory) in planes.enumerated() {
      var inside = [Bool](repeating: false, count: memory.size)
      for y in 0..<frame.description.rows(plane: plane) {
        let row = row(plane, y)
        guard let start = row.baseAddress else { return false }
        let offset = UnsafeMutableRawPointer(start) - memory.memory
        for x in 0..<row.count { inside[offset + x] = true }
      }
      let bytes = memory.memory.assumingMemoryBound(to: UInt8.self)
      for index in 0..<memory.size where !inside[index] && bytes[index] != Self.guardByte {
        return false
      }
    }
    return true
  }

  /// The code value of component `index`; floats as they are.
  package subscript(index: Int, y: Int, x: Int) -> Float {
    get {
      let layout = frame.description.format.layout
      let component = layout.components[index]
      let sample = component.offset + x * component.step
      let row = row(component.plane, y)
      switch layout.sampleType {
      case .byte: return Float(row[sample])
      case .word:
        return Float(row.loadUnaligned(fromByteOffset: 2 * sample, as: UInt16.self) >> layout.shift)
      case .float: return row.loadUnaligned(fromByteOffset: 4 * sample, as: Float.self)
      }
    }
    set {
      let layout = frame.description.format.layout
      let component = layout.components[index]
      let sample = component.offset + x * component.step
      let row = row(component.plane, y)
      switch layout.sampleType {
      case .byte: row[sample] = UInt8(newValue)
      case .word:
        row.storeBytes(
          of: UInt16(newValue) << layout.shift, toByteOffset: 2 * sample, as: UInt16.self)
      case .float: row.storeBytes(of: newValue, toByteOffset: 4 * sample, as: Float.self)
      }
    }
  }

  /// Sets every sample of every component to `value(component, y, x)`, in code values.
  package func fill(_ value: (Int, Int, Int) -> Float) {
    let description = frame.description
    for index in 0..<description.format.layout.componentCount {
      let component = description.format.layout.components[index]
      for y in 0..<description.height(of: component) {
        for x in 0..<description.width(of: component) { self[index, y, x] = value(index, y, x) }
      }
    }
  }

  /// Fills with random code values.
  package func randomise(_ random: inout SeededRandom) {
    let maximum = frame.description.format.layout.maximum
    fill { _, _, _ in
      let value = Float.random(in: 0...1, using: &random) * maximum
      return maximum > 1 ? value.rounded() : value
    }
  }
}
