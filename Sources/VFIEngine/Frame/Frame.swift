// SPDX-License-Identifier: MIT

/// Format, size and colour of a frame: all but its samples.
package struct FrameDescription: Equatable, Sendable {
  /// Largest accepted width and height.
  package static let maximumSize = 16384

  package let format: PixelFormat
  package let width: Int
  package let height: Int
  package let color: ColorDescription

  package init(
    format: PixelFormat, width: Int, height: Int, color: ColorDescription = ColorDescription()
  ) throws(VFIError) {
    let sizes = 1...Self.maximumSize
    guard sizes.contains(width), sizes.contains(height) else {
      throw .size("\(width) x \(height) is outside 1 x 1 to \(sizes.upperBound) squared")
    }
    self.format = format
    self.width = width
    self.height = height
    self.color = color
  }

  /// Columns of a component: `ceil(width / 2^shiftX)`.
  package func width(of component: ComponentLayout) -> Int {
    (width + (1 << component.shiftX) - 1) >> component.shiftX
  }

  /// Rows of a component: `ceil(height / 2^shiftY)`.
  package func height(of component: ComponentLayout) -> Int {
    (height + (1 << component.shiftY) - 1) >> component.shiftY
  }

  /// Bytes from the first to the last sample of a row of `plane`: the least stride.
  package func rowBytes(plane: Int) -> Int {
    let layout = format.layout
    var samples = 0
    for index in 0..<layout.componentCount where layout.components[index].plane == plane {
      samples = width(of: layout.components[index]) * layout.components[index].step
    }
    return samples * layout.sampleType.rawValue
  }

  /// Rows of `plane`.
  package func rows(plane: Int) -> Int {
    let layout = format.layout
    var rows = 0
    for index in 0..<layout.componentCount where layout.components[index].plane == plane {
      rows = height(of: layout.components[index])
    }
    return rows
  }
}

/// Rows of samples: `stride` bytes apart, of any alignment; a negative stride goes up in memory.
@safe package struct FramePlane: @unchecked Sendable {
  // Sendable: an address and a number; who may use the memory behind it is the frame's matter.
  /// The first byte of the top row.
  package let base: UnsafeMutableRawPointer?
  package let stride: Int

  package init(base: UnsafeMutableRawPointer?, stride: Int) {
    unsafe self.base = unsafe base
    self.stride = stride
  }

  package static let none = unsafe FramePlane(base: nil, stride: 0)
}

/// A view of one picture.
///
/// Whoever made it keeps the memory alive; an input's is never written.
@safe package struct Frame {
  package let description: FrameDescription
  /// As many as the format has planes are valid and have a base.
  package let planes: InlineArray<4, FramePlane>

  /// Wraps planes whose addresses and strides make sense for `description`.
  package init(
    description: FrameDescription, planes: InlineArray<4, FramePlane>
  ) throws(VFIError) {
    self.description = description
    self.planes = planes
    for index in 0..<description.format.layout.planeCount {
      let plane = planes[index]
      guard unsafe plane.base != nil else { throw .argument("plane \(index) is NULL") }
      let rows = description.rows(plane: index)
      let bytes = description.rowBytes(plane: index)
      guard rows == 1 || plane.stride.magnitude >= UInt(bytes) else {
        throw .size("stride \(plane.stride) of plane \(index) is less than \(bytes) bytes")
      }
      guard Extent(plane: plane, rows: rows, rowBytes: bytes) != nil else {
        throw .size("stride \(plane.stride) of plane \(index) leaves the address space")
      }
    }
  }

  /// The first sample of `row` of a component.
  ///
  /// Rows are at least one sample wide.
  func row(_ row: Int, of component: ComponentLayout) -> UnsafeMutableRawPointer {
    let plane = planes[component.plane]
    let offset = component.offset * description.format.layout.sampleType.rawValue
    guard let base = unsafe plane.base else { preconditionFailure("checked at creation") }
    return unsafe base + row * plane.stride + offset
  }
}
