// SPDX-License-Identifier: MIT

/// Pixels `x ..< x + width` of the rows `y ..< y + height`.
package struct PixelRectangle: Equatable, Sendable {
  package var x: Int
  package var y: Int
  package var width: Int
  package var height: Int

  package init(x: Int, y: Int, width: Int, height: Int) {
    (self.x, self.y, self.width, self.height) = (x, y, width, height)
  }

  /// What of it lies in a picture of the given size; nil when nothing does.
  package func clipped(width frameWidth: Int, height frameHeight: Int) -> PixelRectangle? {
    let (left, top) = (max(x, 0), max(y, 0))
    let right = min(x.addingReportingOverflow(width).partialValue, frameWidth)
    let bottom = min(y.addingReportingOverflow(height).partialValue, frameHeight)
    guard width > 0, height > 0, left < right, top < bottom else { return nil }
    return PixelRectangle(x: left, y: top, width: right - left, height: bottom - top)
  }

  /// The least rectangle around both.
  package func union(_ other: PixelRectangle?) -> PixelRectangle {
    guard let other else { return self }
    let (left, top) = (min(x, other.x), min(y, other.y))
    return PixelRectangle(
      x: left, y: top, width: max(x + width, other.x + other.width) - left,
      height: max(y + height, other.y + other.height) - top)
  }

  /// Wider by `margin` on each side, from even coordinates on, within the picture.
  func widened(by margin: Int, width frameWidth: Int, height frameHeight: Int) -> PixelRectangle {
    let (left, top) = (max(x - margin, 0) & ~1, max(y - margin, 0) & ~1)
    return PixelRectangle(
      x: left, y: top, width: min(x + width + margin, frameWidth) - left,
      height: min(y + height + margin, frameHeight) - top)
  }
}

extension PixelRectangle {
  /// The samples of a component that have a pixel in it.
  func samples(_ component: ComponentLayout) -> PixelRectangle {
    let (left, top) = (x >> component.shiftX, y >> component.shiftY)
    let right = (x + width - 1) >> component.shiftX
    let bottom = (y + height - 1) >> component.shiftY
    return PixelRectangle(x: left, y: top, width: right - left + 1, height: bottom - top + 1)
  }
}

extension Range<Int> {
  /// The least rectangle around all bytes of rows with these numbers that are not 0; nil for none.
  fileprivate func bounds(_ row: (Int) -> UnsafeRawBufferPointer) -> PixelRectangle? {
    var bounds: PixelRectangle?
    for y in self {
      let bytes = unsafe row(y)
      guard let first = unsafe bytes.firstIndex(where: { $0 != 0 }),
        let last = unsafe bytes.lastIndex(where: { $0 != 0 })
      else { continue }
      bounds = PixelRectangle(x: first, y: y, width: last - first + 1, height: 1).union(bounds)
    }
    return bounds
  }
}

extension Grid<UInt8> {
  /// The least rectangle around all values that are not 0; nil for none.
  func nonZeroBounds() -> PixelRectangle? {
    unsafe (0..<height).bounds { y in
      unsafe UnsafeRawBufferPointer(start: base + y * width, count: width)
    }
  }
}

extension Frame {
  /// A view of a part that begins at even coordinates, so that chroma samples are not split.
  func cropped(to part: PixelRectangle) throws(VFIError) -> Frame {
    guard part.x % 2 == 0, part.y % 2 == 0 else { throw .defect("a part begins at odd pixels") }
    let layout = description.format.layout
    let description = try FrameDescription(
      format: description.format, width: part.width, height: part.height,
      color: self.description.color)
    var planes = planes
    for index in 0..<layout.componentCount {
      let component = layout.components[index]
      let plane = self.planes[component.plane]
      let offset = (part.x >> component.shiftX) * component.step * layout.sampleType.rawValue
      planes[component.plane] = unsafe FramePlane(
        base: plane.base.map { unsafe $0 + (part.y >> component.shiftY) * plane.stride + offset },
        stride: plane.stride)
    }
    return try Frame(description: description, planes: planes)
  }

  /// The least rectangle around all samples of a GRAY8 picture that are not zero; nil for none.
  package func nonZeroBounds() -> PixelRectangle? {
    let component = description.format.layout.components[0]
    return unsafe (0..<description.height).bounds { y in
      unsafe UnsafeRawBufferPointer(start: row(y, of: component), count: description.width)
    }
  }
}
