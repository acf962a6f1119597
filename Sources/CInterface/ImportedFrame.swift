// SPDX-License-Identifier: MIT
import CVFI
import VFIEngine

extension vfi_frame {
  /// Format, size and colour, each checked; samples are not looked at.
  fileprivate func checkedDescription() throws(VFIError) -> FrameDescription {
    guard let format = unsafe PixelFormat(rawValue: format) else {
      throw .format("format \(unsafe format) is unknown")
    }
    let known = UInt32(
      VFI_FRAME_INTERLACED | VFI_FRAME_CORRUPT | VFI_FRAME_CONCEALED | VFI_FRAME_DOUBTFUL
        | VFI_FRAME_DOUBTFUL_MOTION)
    guard unsafe flags & ~known == 0 else {
      throw .argument("flags \(unsafe flags) are unknown")
    }
    guard unsafe flags & UInt32(VFI_FRAME_INTERLACED) == 0 else {
      throw .format("interlaced frames are not supported")
    }
    return unsafe try FrameDescription(
      format: format, width: Int(width), height: Int(height), color: checkedColor())
  }

  private func checkedColor() throws(VFIError) -> ColorDescription {
    // H.273 numbers are carried through, also those that have no name in vfi.h.
    let numbers = unsafe [matrix, primaries, transfer]
    guard numbers.allSatisfy({ $0 >= 0 && $0 <= 255 }) else {
      throw .argument("matrix, primaries or transfer is not a number of H.273: \(numbers)")
    }
    guard unsafe (0...Int32(VFI_RANGE_FULL)).contains(range) else {
      throw .argument("range \(unsafe range) is unknown")
    }
    guard unsafe (0...Int32(VFI_CHROMA_BOTTOM)).contains(chroma_location) else {
      throw .argument("chroma_location \(unsafe chroma_location) is unknown")
    }
    guard unsafe (0...Int32(VFI_ALPHA_PREMULTIPLIED)).contains(alpha_mode) else {
      throw .argument("alpha_mode \(unsafe alpha_mode) is unknown")
    }
    return unsafe ColorDescription(
      matrix: matrix, primaries: primaries, transfer: transfer, range: range,
      chromaLocation: chroma_location, alphaMode: alpha_mode)
  }

  fileprivate var planes: InlineArray<4, FramePlane> {
    let (data, stride) = unsafe (data, stride)
    return unsafe [
      FramePlane(base: data.0, stride: stride.0), FramePlane(base: data.1, stride: stride.1),
      FramePlane(base: data.2, stride: stride.2), FramePlane(base: data.3, stride: stride.3),
    ]
  }
}

extension FrameDescription {
  /// Reads all but the planes of the caller's frame `name`.
  init(importing frame: UnsafePointer<vfi_frame>?, _ name: String) throws(VFIError) {
    do throws(VFIError) {
      self = unsafe try load(frame).checkedDescription()
    } catch {
      throw error.of(name)
    }
  }
}

extension Frame {
  /// A view of the caller's frame `name`, which must be described as `first`, if given, is.
  init(importing frame: UnsafePointer<vfi_frame>?, _ name: String, like first: Frame? = nil)
    throws(VFIError)
  {
    do throws(VFIError) {
      let frame = unsafe try load(frame)
      let description = unsafe try frame.checkedDescription()
      if let first {
        try Self.checkSame(description, first.description)
        guard description.color == first.description.color else {
          throw .format("the colour description differs from that of a")
        }
      }
      self = unsafe try Frame(description: description, planes: frame.planes)
    } catch {
      throw error.of(name)
    }
  }

  /// A view of the caller's output `name` for frames described as `first` is.
  ///
  /// Its colour fields are not looked at.
  init(importingOutput output: UnsafePointer<vfi_frame>?, _ name: String, like first: Frame)
    throws(VFIError)
  {
    do throws(VFIError) {
      var frame = unsafe try load(output)
      let color = first.description.color
      unsafe frame.matrix = color.matrix
      unsafe frame.primaries = color.primaries
      unsafe frame.transfer = color.transfer
      unsafe frame.range = color.range
      unsafe frame.chroma_location = color.chromaLocation
      unsafe frame.alpha_mode = color.alphaMode
      unsafe frame.flags = 0
      let description = unsafe try frame.checkedDescription()
      try Self.checkSame(description, first.description)
      self = unsafe try Frame(description: description, planes: frame.planes)
    } catch {
      throw error.of(name)
    }
    guard !overlapsItself else { throw .argument("\(name): its planes overlap each other") }
  }

  /// A view of the caller's mask `name` for frames described as `first` is: GRAY8, of any colours.
  init(importingMask mask: UnsafePointer<vfi_frame>?, _ name: String, of first: Frame)
    throws(VFIError)
  {
    let frame = unsafe try Frame(importing: mask, name)
    guard frame.description.format == .gray8 else {
      throw .format("\(name): the format is \(frame.description.format), not gray8")
    }
    guard
      frame.description.width == first.description.width,
      frame.description.height == first.description.height
    else {
      throw .size(
        "\(name): \(frame.description.width) x \(frame.description.height) differs from the "
          + "frame's \(first.description.width) x \(first.description.height)")
    }
    self = frame
  }

  /// A view of the caller's marks `name` for frames described as `first` is: GRAY8, of any colours, a
  /// sample for each pixel or for each macroblock.
  init(importingMarks marks: UnsafePointer<vfi_frame>?, _ name: String, of first: Frame)
    throws(VFIError)
  {
    let frame = unsafe try Frame(importing: marks, name)
    do throws(VFIError) {
      try [SuspectFrame(first, marks: frame)].checkAlike(index: 0)
    } catch {
      throw error.of(name)
    }
    self = frame
  }

  private static func checkSame(
    _ description: FrameDescription, _ first: FrameDescription
  ) throws(VFIError) {
    guard description.format == first.format else {
      throw .format("the format \(description.format) differs from a's \(first.format)")
    }
    guard description.width == first.width, description.height == first.height else {
      throw .size(
        "\(description.width) x \(description.height) differs from a's "
          + "\(first.width) x \(first.height)")
    }
  }

  /// Writes what the caller needs to know of a frame in the library's memory.
  func export(to frame: inout vfi_frame) {
    unsafe frame.format = description.format.rawValue
    unsafe frame.width = Int32(clamping: description.width)
    unsafe frame.height = Int32(clamping: description.height)
    func byte(_ plane: Int) -> UnsafeMutablePointer<UInt8>? {
      unsafe planes[plane].base?.assumingMemoryBound(to: UInt8.self)
    }
    unsafe frame.data = (byte(0), byte(1), byte(2), byte(3))
    unsafe frame.stride = (
      planes[0].stride, planes[1].stride, planes[2].stride, planes[3].stride
    )
    let color = description.color
    unsafe frame.matrix = color.matrix
    unsafe frame.primaries = color.primaries
    unsafe frame.transfer = color.transfer
    unsafe frame.range = color.range
    unsafe frame.chroma_location = color.chromaLocation
    unsafe frame.alpha_mode = color.alphaMode
    unsafe frame.flags = 0
    unsafe frame.content_id = 0
  }
}

@c @implementation
public func vfi_frame_init(_ frame: UnsafeMutablePointer<vfi_frame>?, _ struct_size: Int) {
  var empty = unsafe vfi_frame()
  unsafe empty.struct_size = struct_size
  unsafe empty.matrix = Int32(VFI_MATRIX_UNSPECIFIED)
  unsafe empty.primaries = Int32(VFI_MATRIX_UNSPECIFIED)
  unsafe empty.transfer = Int32(VFI_MATRIX_UNSPECIFIED)
  unsafe initialise(frame, struct_size, empty)
}
