// SPDX-License-Identifier: MIT

/// Code values to the network's RGB of 0...1, and RGB, or a residual of it, back to code values.
///
/// ITU-T H.273: Y = Kr R + (1 - Kr - Kb) G + Kb B, Cb = (B - Y) / (2 - 2 Kb),
/// Cr = (R - Y) / (2 - 2 Kr). Limited range of n bits, in units of 2^(n-8): Y in 16...235, chroma
/// 128 +- 112. Full range: Y in 0...2^n-1, chroma 2^(n-1) +- (2^n-1)/2.
struct ColorTransform {
  /// Each colour is `dot(xyz, components) + w`, components in the order of the layout.
  let red: SIMD4<Float>
  let green: SIMD4<Float>
  let blue: SIMD4<Float>
  /// For each component: `dot(xyz, residual RGB)` is what is added to its code value.
  let residuals: InlineArray<4, SIMD3<Float>>
  /// For each component: the code value of RGB 0, 0, 0.
  let blacks: InlineArray<4, Float>

  init(_ description: FrameDescription) {
    let layout = description.format.layout
    // The identity matrix says that planes called Y, Cb, Cr hold G, B, R.
    let isIdentity = description.color.matrix == 0 && layout.componentCount >= 3
    if layout.isRGB {
      self.init(rgb: layout, full: description.color.isFullRange(rgb: true)) {
        layout.components[$0].component
      }
    } else if isIdentity && !layout.isSubsampled {
      self.init(rgb: layout, full: description.color.isFullRange(rgb: true)) {
        [.green, .blue, .red][$0]
      }
    } else {
      self.init(yuv: layout, description)
    }
  }

  private init(rgb layout: PixelLayout, full: Bool, component: (Int) -> Component) {
    let unit = layout.sampleType == .float ? 1 / 255 : Float(1 << (layout.depth - 8))
    let isFull = full || layout.sampleType == .float
    let span = isFull ? layout.maximum : 219 * unit
    let offset: Float = isFull ? 0 : -16 / 219
    var rows = InlineArray<3, SIMD4<Float>>(repeating: SIMD4(0, 0, 0, offset))
    var residuals = InlineArray<4, SIMD3<Float>>(repeating: .zero)
    for index in 0..<3 {
      let color =
        switch component(index) {
        case .red: 0
        case .green: 1
        default: 2
        }
      rows[color][index] = 1 / span
      residuals[index][color] = span
    }
    red = rows[0]
    green = rows[1]
    blue = rows[2]
    self.residuals = residuals
    blacks = InlineArray(repeating: isFull ? 0 : 16 * unit)
  }

  private init(yuv layout: PixelLayout, _ description: FrameDescription) {
    let (kr, kb) = Self.lumaWeights(description)
    let kg = 1 - kr - kb
    let unit = Float(1 << (layout.depth - 8))
    let isFull = description.color.isFullRange(rgb: false)
    let lumaSpan = isFull ? layout.maximum : 219 * unit
    let chromaSpan = isFull ? layout.maximum : 224 * unit
    let black = isFull ? 0 : 16 * unit
    let neutral = 128 * unit

    let y = 1 / lumaSpan
    let c = layout.componentCount == 1 ? 0 : 1 / chromaSpan
    let redOfCr = 2 * (1 - kr) * c
    let blueOfCb = 2 * (1 - kb) * c
    let greenOfCb = -kb / kg * blueOfCb
    let greenOfCr = -kr / kg * redOfCr
    let dark = -black * y
    red = SIMD4(y, 0, redOfCr, dark - neutral * redOfCr)
    green = SIMD4(y, greenOfCb, greenOfCr, dark - neutral * (greenOfCb + greenOfCr))
    blue = SIMD4(y, blueOfCb, 0, dark - neutral * blueOfCb)

    let luma = SIMD3(kr, kg, kb)
    var residuals = InlineArray<4, SIMD3<Float>>(repeating: .zero)
    residuals[0] = luma * lumaSpan
    if layout.componentCount >= 3 {
      residuals[1] = (SIMD3(0, 0, 1) - luma) * (chromaSpan / (2 * (1 - kb)))
      residuals[2] = (SIMD3(1, 0, 0) - luma) * (chromaSpan / (2 * (1 - kr)))
    }
    self.residuals = residuals
    blacks = [black, neutral, neutral, 0]
  }

  /// Kr and Kb of the matrix; those of BT.709 (from 720 lines) or BT.601 for all that is not known.
  private static func lumaWeights(_ description: FrameDescription) -> (kr: Float, kb: Float) {
    switch description.color.matrix {
    case 1: (0.2126, 0.0722)
    case 4: (0.30, 0.11)
    case 5, 6: (0.299, 0.114)
    case 7: (0.212, 0.087)
    case 9, 10: (0.2627, 0.0593)
    default: description.height >= 720 ? (0.2126, 0.0722) : (0.299, 0.114)
    }
  }
}
