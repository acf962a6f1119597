// SPDX-License-Identifier: MIT

/// How the samples of a frame lie in memory; raw values are `VFI_FORMAT_*` of `vfi.h`.
package enum PixelFormat: Int32, CaseIterable, Sendable {
  case yuv420p8 = 1
  case yuv420p10, yuv420p12
  case yuv422p8, yuv422p10, yuv422p12
  case yuv444p8, yuv444p10, yuv444p12
  case nv12, p010
  case gray8, gray10
  case gbrp8, gbrp10, gbrpf32
  case rgb24, bgra
  case yuva420p8
}

/// What a sample means.
package enum Component: Sendable { case luma, cb, cr, red, green, blue, alpha }

/// Width of a sample in memory.
package enum SampleType: Int, Sendable {
  case byte = 1
  case word = 2
  case float = 4
}

/// Where the samples of one component lie.
package struct ComponentLayout: Sendable {
  package let component: Component
  package let plane: Int
  /// Samples from the start of a row to its first sample of this component.
  package let offset: Int
  /// Samples from one sample of this component to the next in its row.
  package let step: Int
  /// Log2 of the subsampling: the component has `ceil(width / 2^shiftX)` columns.
  package let shiftX: Int
  package let shiftY: Int
}

/// The layout table's entry of one format.
package struct PixelLayout: Sendable {
  package let sampleType: SampleType
  /// Significant bits of a sample; 32 for floats.
  package let depth: Int
  /// Zero bits below the value (6 in P010).
  package let shift: Int
  package let planeCount: Int
  package let componentCount: Int
  /// The first ``componentCount`` elements are valid.
  package let components: InlineArray<4, ComponentLayout>

  /// Largest code value of an integer format; 1 for floats, which are not limited to it.
  package var maximum: Float { sampleType == .float ? 1 : Float((1 << depth) - 1) }
  package var isRGB: Bool { components[0].component != .luma }
  package var hasAlpha: Bool { componentCount == 4 }
  /// Whether chroma has fewer samples than luma.
  package var isSubsampled: Bool { componentCount > 1 && components[1].shiftX > 0 }

  /// One plane a component; chroma subsampled by `2^x` by `2^y`.
  fileprivate init(
    planar names: [Component], _ depth: Int, x: Int = 0, y: Int = 0, type: SampleType? = nil
  ) {
    self.init(type: type ?? (depth > 8 ? .word : .byte), depth, planes: names.count, names) {
      let isChroma = names[$0] == .cb || names[$0] == .cr
      return ComponentLayout(
        component: names[$0], plane: $0, offset: 0, step: 1, shiftX: isChroma ? x : 0,
        shiftY: isChroma ? y : 0)
    }
  }

  /// Luma, then interleaved chroma at half width and height.
  fileprivate init(semiPlanar depth: Int, shift: Int) {
    let names: [Component] = [.luma, .cb, .cr]
    self.init(type: depth > 8 ? .word : .byte, depth, shift: shift, planes: 2, names) {
      ComponentLayout(
        component: names[$0], plane: min($0, 1), offset: max($0 - 1, 0), step: $0 == 0 ? 1 : 2,
        shiftX: min($0, 1), shiftY: min($0, 1))
    }
  }

  /// One plane with the components of a pixel side by side.
  fileprivate init(packed names: [Component]) {
    self.init(type: .byte, 8, planes: 1, names) {
      ComponentLayout(
        component: names[$0], plane: 0, offset: $0, step: names.count, shiftX: 0, shiftY: 0)
    }
  }

  private init(
    type: SampleType, _ depth: Int, shift: Int = 0, planes: Int, _ names: [Component],
    layout: (Int) -> ComponentLayout
  ) {
    sampleType = type
    self.depth = depth
    self.shift = shift
    planeCount = planes
    componentCount = names.count
    components = InlineArray { layout(min($0, names.count - 1)) }
  }
}

extension PixelFormat {
  private static let yuv: [Component] = [.luma, .cb, .cr]
  private static let gbr: [Component] = [.green, .blue, .red]

  /// Indexed by raw value - 1.
  private static let table: [PixelLayout] = [
    PixelLayout(planar: yuv, 8, x: 1, y: 1),
    PixelLayout(planar: yuv, 10, x: 1, y: 1),
    PixelLayout(planar: yuv, 12, x: 1, y: 1),
    PixelLayout(planar: yuv, 8, x: 1),
    PixelLayout(planar: yuv, 10, x: 1),
    PixelLayout(planar: yuv, 12, x: 1),
    PixelLayout(planar: yuv, 8),
    PixelLayout(planar: yuv, 10),
    PixelLayout(planar: yuv, 12),
    PixelLayout(semiPlanar: 8, shift: 0),
    PixelLayout(semiPlanar: 10, shift: 6),
    PixelLayout(planar: [.luma], 8),
    PixelLayout(planar: [.luma], 10),
    PixelLayout(planar: gbr, 8),
    PixelLayout(planar: gbr, 10),
    PixelLayout(planar: gbr, 32, type: .float),
    PixelLayout(packed: [.red, .green, .blue]),
    PixelLayout(packed: [.blue, .green, .red, .alpha]),
    PixelLayout(planar: yuv + [.alpha], 8, x: 1, y: 1),
  ]

  /// The format's entry of the layout table.
  package var layout: PixelLayout { Self.table[Int(rawValue) - 1] }
}
