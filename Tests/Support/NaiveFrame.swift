// SPDX-License-Identifier: MIT
import VFIEngine

// The frame room's formulas once more, in double precision and one sample at a time.

/// Code value of one component of an RGB colour of 0...1; not rounded, not limited.
package func naiveCode(
  _ rgb: SIMD3<Double>, _ component: Component, _ description: FrameDescription
) -> Double {
  let layout = description.format.layout
  let depth = Double(layout.depth)
  let isFloat = layout.sampleType == .float
  let unit = isFloat ? 1 : Double(1 << (layout.depth - 8))
  let range = description.color.range
  let full = isFloat || (range == 0 ? layout.isRGB : range == 2)
  let top = isFloat ? 1 : Double(1 << Int(depth)) - 1
  func level(_ value: Double) -> Double { full ? value * top : (16 + 219 * value) * unit }
  var (kr, kb) = description.height >= 720 ? (0.2126, 0.0722) : (0.299, 0.114)
  switch description.color.matrix {
  case 1: (kr, kb) = (0.2126, 0.0722)
  case 4: (kr, kb) = (0.3, 0.11)
  case 5, 6: (kr, kb) = (0.299, 0.114)
  case 7: (kr, kb) = (0.212, 0.087)
  case 9: (kr, kb) = (0.2627, 0.0593)
  default: break
  }
  let y = kr * rgb.x + (1 - kr - kb) * rgb.y + kb * rgb.z
  func chroma(_ difference: Double) -> Double {
    128 * unit + difference * (full ? top : 224 * unit)
  }
  return switch component {
  case .luma: level(y)
  case .cb: chroma((rgb.z - y) / (2 - 2 * kb))
  case .cr: chroma((rgb.x - y) / (2 - 2 * kr))
  case .red: level(rgb.x)
  case .green: level(rgb.y)
  case .blue: level(rgb.z)
  case .alpha: 255
  }
}

/// Place of a component's sample in the picture, in pixels.
package func naiveSite(
  _ component: ComponentLayout, _ x: Int, _ y: Int, _ description: FrameDescription
) -> SIMD2<Double> {
  var place = SIMD2(Double(x << component.shiftX), Double(y << component.shiftY))
  let location = description.color.chromaLocation
  if component.shiftX > 0, [2, 4, 6].contains(location) { place.x += 0.5 }
  if component.shiftY > 0 {
    place.y += [3, 4].contains(location) ? 0 : [5, 6].contains(location) ? 1 : 0.5
  }
  return place
}

/// The bilinear sample of `value` at a place that is clamped to the picture.
package func naiveBilinear<V: SIMD>(
  _ x: Double, _ y: Double, width: Int, height: Int, _ value: (Int, Int) -> V
) -> V where V.Scalar == Double {
  let x = max(0, min(x, Double(width - 1)))
  let y = max(0, min(y, Double(height - 1)))
  let column = Int(x)
  let row = Int(y)
  let fx = x - Double(column)
  let fy = y - Double(row)
  let right = min(column + 1, width - 1)
  let below = min(row + 1, height - 1)
  let top = value(row, column) * (1 - fx) + value(row, right) * fx
  let bottom = value(below, column) * (1 - fx) + value(below, right) * fx
  return top * (1 - fy) + bottom * fy
}

/// What one sample of the new frame should be, before it is rounded and limited.
package func naiveSynthesis(
  _ a: GuardedFrame, _ b: GuardedFrame, motion test: TestMotion, component index: Int, _ y: Int,
  _ x: Int
) -> Double {
  let motion = test.field
  let description = a.frame.description
  let layout = description.format.layout
  let component = layout.components[index]
  let site = naiveSite(component, x, y, description)
  let factor = Double(motion.factor)
  let m = naiveMotion(motion, at: site)
  withExtendedLifetime(test) {}
  let black = naiveCode(.zero, component.component, description)
  let residual =
    component.component == .alpha
    ? 0 : naiveCode(m.residual, component.component, description) - black
  let weighs =
    layout.hasAlpha && description.color.alphaMode == 0 && component.component != .alpha
  // Premultiplied colour and alpha.
  func sample(_ frame: GuardedFrame, _ flow: SIMD2<Double>) -> SIMD2<Double> {
    naiveBilinear(
      Double(x) + flow.x * factor / Double(1 << component.shiftX),
      Double(y) + flow.y * factor / Double(1 << component.shiftY),
      width: description.width(of: component), height: description.height(of: component)
    ) { row, column in
      let alpha =
        weighs ? Double(frame[3, row << component.shiftY, column << component.shiftX]) : 1
      return SIMD2(Double(frame[index, row, column]) * alpha, alpha)
    }
  }
  var color = SIMD2<Double>()
  for (number, (flow, weight)) in m.samples.enumerated() {
    color += sample(number % 2 == 0 ? a : b, flow) * weight
  }
  return color.x / color.y + residual
}

/// Flows, in turn to a and to b, with their weights, and the residual at a place of the picture.
private func naiveMotion(
  _ motion: MotionField, at site: SIMD2<Double>
) -> (samples: [(SIMD2<Double>, Double)], residual: SIMD3<Double>) {
  let spacing = Double(motion.spacing)
  let m = naiveBilinear(
    (site.x + 0.5) / spacing - 0.5, (site.y + 0.5) / spacing - 0.5, width: motion.map.width,
    height: motion.map.height
  ) { row, column -> SIMD16<Double> in
    var pixel = SIMD16<Double>()
    for c in 0..<motion.map.channels { pixel[c] = Double(motion.map[row, column, c]) }
    return pixel
  }
  switch motion.layout {
  case .warpPair:
    let share = 1 / (1 + exponential(-m[4]))
    return (
      [(SIMD2(m[0], m[1]), share), (SIMD2(m[2], m[3]), 1 - share)], SIMD3(m[5], m[6], m[7])
    )
  case .candidates:
    return (
      (0..<4).map { (SIMD2(m[2 * $0], m[2 * $0 + 1]), m[8 + $0]) }, SIMD3(m[12], m[13], m[14])
    )
  }
}

/// e^x by its series, so that the tests need no C library: |x| up to 40.
private func exponential(_ x: Double) -> Double {
  var result = 1.0
  var term = 1.0
  let part = x / 64
  for n in 1..<24 {
    term *= part / Double(n)
    result += term
  }
  for _ in 0..<6 { result *= result }
  return result
}
