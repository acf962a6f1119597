// SPDX-License-Identifier: MIT
import CIntrinsics

/// Single code values of one component of a frame, for work at few pixels.
@safe struct ComponentSamples {
  let width: Int
  let height: Int
  let layout: ComponentLayout
  /// Largest code value; 1 for floats.
  let maximum: Float
  private let frame: Frame
  private let type: SampleType
  private let shift: Int

  init(_ frame: Frame, _ index: Int) {
    let pixels = frame.description.format.layout
    layout = pixels.components[index]
    width = frame.description.width(of: layout)
    height = frame.description.height(of: layout)
    maximum = pixels.maximum
    type = pixels.sampleType
    shift = pixels.shift
    self.frame = frame
  }

  /// A code value; of floats, what is not finite is 0.
  subscript(y: Int, x: Int) -> Float {
    get {
      let place = unsafe address(y, x)
      switch type {
      case .byte: return unsafe Float(place.load(as: UInt8.self))
      case .word: return unsafe Float(place.loadUnaligned(as: UInt16.self) >> UInt16(shift))
      case .float:
        let value = unsafe place.loadUnaligned(as: Float.self)
        return value.isFinite ? value : 0
      }
    }
    nonmutating set {
      let place = unsafe address(y, x)
      // Floats may overflow on the way; samples of the other types cannot.
      let value = newValue.isFinite ? newValue : 0
      let code = max(0, min(value, maximum)) + 0.5
      switch type {
      case .byte: unsafe place.storeBytes(of: UInt8(code), as: UInt8.self)
      case .word: unsafe place.storeBytes(of: UInt16(code) << UInt16(shift), as: UInt16.self)
      case .float: unsafe place.storeBytes(of: value, as: Float.self)
      }
    }
  }

  /// The code values of a row, one after the other.
  func load(row y: Int, into out: UnsafeMutablePointer<Float>) {
    let step = layout.step * type.rawValue
    let start = unsafe UnsafeRawPointer(address(y, 0))
    switch type {
    case .byte:
      for x in 0..<width {
        unsafe out[x] = Float(start.load(fromByteOffset: x &* step, as: UInt8.self))
      }
    case .word:
      for x in 0..<width {
        let word = unsafe start.loadUnaligned(fromByteOffset: x &* step, as: UInt16.self)
        unsafe out[x] = Float(word >> UInt16(shift))
      }
    case .float: for x in 0..<width { unsafe out[x] = self[y, x] }
    }
  }

  /// The samples as kernels take them, of a frame that hides what is in `hole`.
  func view(past hole: Hole) -> vfi_hole_samples {
    let hidden = unsafe hole.isEmpty ? nil : hole.samples(of: layout).base
    return unsafe vfi_hole_samples(
      base: frame.row(0, of: layout), stride: frame.planes[layout.plane].stride,
      step: layout.step * type.rawValue, size: type.rawValue, shift: Int32(shift), height: height,
      width: width, shift_x: layout.shiftX, shift_y: layout.shiftY, hidden: hidden)
  }

  private func address(_ y: Int, _ x: Int) -> UnsafeMutableRawPointer {
    precondition(y >= 0 && y < height && x >= 0 && x < width)
    return unsafe frame.row(y, of: layout) + x * layout.step * type.rawValue
  }
}
