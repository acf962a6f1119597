// SPDX-License-Identifier: MIT

/// Mean of all values of two pictures `[H, W, 3]` of the same size.
///
/// Rows are summed apart and added in order, so that any number of threads gives the same bytes.
func meanOfBoth(_ a: FeatureMap, _ b: FeatureMap, on engine: Engine) throws(VFIError) -> Float {
  guard a.hasSize(of: b), a.channels == 3 else {
    throw .defect("a mean is taken of two pictures of one size")
  }
  let mark = engine.scratch.mark
  defer { engine.scratch.release(to: mark) }
  let rows = unsafe try engine.scratch.buffer(of: Double.self, count: a.height)
  try engine.forEach(a.height) { y, _ in
    unsafe rows[y] = Double(rowSum(a, y)) + Double(rowSum(b, y))
  }
  var total = 0.0
  for y in 0..<a.height { unsafe total += rows[y] }
  return Float(total / Double(6 * a.height * a.width))
}

private func rowSum(_ map: FeatureMap, _ y: Int) -> Float {
  var (red, green, blue): (Float, Float, Float) = (0, 0, 0)
  var pixel = unsafe map.base + y * map.rowStride
  for _ in 0..<map.width {
    unsafe red += pixel[0]
    unsafe green += pixel[1]
    unsafe blue += pixel[2]
    unsafe pixel += map.pixelStride
  }
  return red + green + blue
}
