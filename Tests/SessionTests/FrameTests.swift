// SPDX-License-Identifier: MIT
import TestSupport
import Testing
import VFIEngine

@Suite struct FrameTests {
  @Test(arguments: PixelFormat.allCases) func planeSizes(format: PixelFormat) throws {
    let description = try FrameDescription(format: format, width: 5, height: 3)
    let layout = format.layout
    let sample = layout.sampleType.rawValue
    for index in 0..<layout.componentCount {
      let component = layout.components[index]
      let last = (description.width(of: component) - 1) * component.step + component.offset
      #expect((last + 1) * sample <= description.rowBytes(plane: component.plane))
      #expect(description.height(of: component) == description.rows(plane: component.plane))
    }
    switch format {
    case .yuv420p8, .yuv420p10, .yuv420p12, .yuva420p8:
      #expect(description.rowBytes(plane: 1) == 3 * sample && description.rows(plane: 1) == 2)
    case .nv12, .p010:
      #expect(description.rowBytes(plane: 1) == 6 * sample && description.rows(plane: 1) == 2)
    case .bgra: #expect(description.rowBytes(plane: 0) == 20)
    default: break
    }
  }

  @Test func rawValuesFollowTheHeader() {
    #expect(PixelFormat.yuva420p8.rawValue == 19 && PixelFormat.nv12.rawValue == 10)
    #expect(PixelFormat.allCases.map(\.rawValue) == Array(1...19))
  }

  @Test(arguments: [0, -1, 16385, Int.max, Int.min]) func sizesOutsideThrow(size: Int) {
    #expect(throws: VFIError.self) {
      _ = try FrameDescription(format: .gray8, width: size, height: 1)
    }
  }

  @Test(arguments: [0, 4, -4, Int.max, Int.min, Int.min + 1]) func badStridesThrow(
    stride: Int
  ) throws {
    let description = try FrameDescription(format: .gray8, width: 5, height: 3)
    var byte: UInt8 = 0
    withUnsafeMutableBytes(of: &byte) { bytes in
      let plane = FramePlane(base: bytes.baseAddress, stride: stride)
      #expect(throws: VFIError.self) {
        _ = try Frame(description: description, planes: InlineArray(repeating: plane))
      }
    }
    #expect(throws: VFIError.self) {
      _ = try Frame(description: description, planes: InlineArray(repeating: .none))
    }
  }

  @Test(arguments: [false, true]) func overlap(negative: Bool) throws {
    let description = try FrameDescription(format: .gray8, width: 8, height: 4)
    let memory = UnsafeMutableRawPointer.allocate(byteCount: 256, alignment: 64)
    defer { memory.deallocate() }
    func view(_ offset: Int, stride: Int) throws -> Frame {
      let plane =
        negative
        ? FramePlane(base: memory + offset + 3 * stride, stride: -stride)
        : FramePlane(base: memory + offset, stride: stride)
      return try Frame(description: description, planes: InlineArray(repeating: plane))
    }
    let first = try view(0, stride: 16)
    #expect(first.overlaps(first))
    #expect(!first.overlaps(try view(56, stride: 16)))
    #expect(!first.overlaps(try view(8, stride: 16)), "side by side in the same rows")
    #expect(first.overlaps(try view(7, stride: 16)))
    #expect(first.overlaps(try view(9, stride: 16)))
    #expect(first.overlaps(try view(8, stride: 17)))
    #expect(first.overlaps(try view(55, stride: 16)))
  }

  @Test func overlapOfOwnPlanes() throws {
    let description = try FrameDescription(format: .gbrp8, width: 8, height: 4)
    let memory = UnsafeMutableRawPointer.allocate(byteCount: 96, alignment: 64)
    defer { memory.deallocate() }
    func frame(_ offsets: [Int]) throws -> Frame {
      let planes = InlineArray<4, FramePlane> {
        FramePlane(base: memory + offsets[min($0, 2)], stride: 8)
      }
      return try Frame(description: description, planes: planes)
    }
    #expect(try !frame([0, 32, 64]).overlapsItself)
    #expect(try frame([0, 31, 64]).overlapsItself)
  }
}
