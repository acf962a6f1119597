// SPDX-License-Identifier: MIT
// Rows of samples to rows of float RGB. Plain loops over independent elements, which the compiler
// turns into vector code at each level; none of them holds a sum.

/// Bytes, `step` apart, to floats.
package func loadRowBytes(
  _ source: UnsafeRawPointer, _ step: Int, _ count: Int, _ out: UnsafeMutablePointer<Float>
) {
  // A constant step lets the compiler load whole vectors and pick lanes.
  switch step {
  case 1: loadBytes(source, 1, count, out)
  case 2: loadBytes(source, 2, count, out)
  case 3: loadBytes(source, 3, count, out)
  default: loadBytes(source, step, count, out)
  }
}

@inline(__always)
private func loadBytes(
  _ source: UnsafeRawPointer, _ step: Int, _ count: Int, _ out: UnsafeMutablePointer<Float>
) {
  let samples = source.assumingMemoryBound(to: UInt8.self)
  var x = 0
  while x < count {
    out[x] = Float(samples[x &* step])
    x &+= 1
  }
}

/// Words of any alignment, `step` bytes apart and shifted right, to floats.
package func loadRowWords(
  _ source: UnsafeRawPointer, _ step: Int, _ shift: Int32, _ count: Int,
  _ out: UnsafeMutablePointer<Float>
) {
  let shift = UInt16(truncatingIfNeeded: shift)
  if step == 2 {
    loadWords(source, 2, shift, count, out)
  } else {
    loadWords(source, step, shift, count, out)
  }
}

@inline(__always)
private func loadWords(
  _ source: UnsafeRawPointer, _ step: Int, _ shift: UInt16, _ count: Int,
  _ out: UnsafeMutablePointer<Float>
) {
  var x = 0
  while x < count {
    let word = source.loadUnaligned(fromByteOffset: x &* step, as: UInt16.self)
    out[x] = Float(word &>> shift)
    x &+= 1
  }
}

/// Floats of any alignment, limited to 0...1; NaN becomes 0.
package func loadRowFloats(
  _ source: UnsafeRawPointer, _ step: Int, _ count: Int, _ out: UnsafeMutablePointer<Float>
) {
  var x = 0
  while x < count {
    out[x] = unit(source.loadUnaligned(fromByteOffset: x &* step, as: Float.self))
    x &+= 1
  }
}

/// Limits to 0...1; NaN becomes 0.
@inline(__always)
private func unit(_ x: Float) -> Float {
  let positive = x > 0 ? x : 0
  return positive < 1 ? positive : 1
}

/// `top + (bottom - top) * weight`, with the first and last element repeated beside them.
///
/// `out` has `count + 2` elements; element 0 repeats the first.
package func mixRowsPadded(
  _ top: UnsafePointer<Float>, _ bottom: UnsafePointer<Float>, _ weight: Float, _ count: Int,
  _ out: UnsafeMutablePointer<Float>
) {
  var x = 0
  while x < count {
    out[x &+ 1] = top[x] + (bottom[x] - top[x]) * weight
    x &+= 1
  }
  out[0] = out[1]
  out[count &+ 1] = out[count]
}

/// Chroma of half width to `count` columns, linear.
///
/// `padded`: of ``mixRowsPadded(_:_:_:_:_:)``. `site`: columns from an even luma sample to its
/// chroma sample, 0 or 1/2. Chroma column of luma column x: (x - site) / 2.
package func doubleColumns(
  _ padded: UnsafePointer<Float>, _ site: Float, _ count: Int, _ out: UnsafeMutablePointer<Float>
) {
  let before = site / 2
  let after = (1 - site) / 2
  let pairs = count &>> 1
  var i = 0
  while i < pairs {
    let here = padded[i &+ 1]
    out[2 &* i] = here + (padded[i] - here) * before
    out[2 &* i &+ 1] = here + (padded[i &+ 2] - here) * after
    i &+= 1
  }
  if count & 1 == 1 {
    let here = padded[pairs &+ 1]
    out[2 &* pairs] = here + (padded[pairs] - here) * before
  }
}

/// Adds groups of `factor` columns of `row` to `sums`; `count` groups.
package func addColumnGroups(
  _ row: UnsafePointer<Float>, _ factor: Int, _ count: Int, _ sums: UnsafeMutablePointer<Float>
) {
  var x = 0
  if factor == 2 {
    while x < count {
      sums[x] += row[2 &* x] + row[2 &* x &+ 1]
      x &+= 1
    }
    return
  }
  while x < count {
    var sum: Float = 0
    for i in 0..<factor { sum += row[x &* factor &+ i] }
    sums[x] += sum
    x &+= 1
  }
}

/// Three component rows to interleaved RGB in 0...1.
///
/// Each colour is `dot(weights.xyz, components) + weights.w`.
package func matrixRow(
  _ c0: UnsafePointer<Float>, _ c1: UnsafePointer<Float>, _ c2: UnsafePointer<Float>,
  _ red: SIMD4<Float>, _ green: SIMD4<Float>, _ blue: SIMD4<Float>, _ count: Int,
  _ rgb: UnsafeMutablePointer<Float>
) {
  var x = 0
  while x < count {
    let a = c0[x]
    let b = c1[x]
    let c = c2[x]
    rgb[3 &* x] = unit(red.x * a + red.y * b + red.z * c + red.w)
    rgb[3 &* x &+ 1] = unit(green.x * a + green.y * b + green.z * c + green.w)
    rgb[3 &* x &+ 2] = unit(blue.x * a + blue.y * b + blue.z * c + blue.w)
    x &+= 1
  }
}

/// `a + (b - a) * weight` of bytes, rounded to nearest.
package func blendRowBytes(
  _ a: UnsafeRawPointer, _ b: UnsafeRawPointer, _ weight: Float, _ count: Int,
  _ out: UnsafeMutableRawPointer
) {
  let a = a.assumingMemoryBound(to: UInt8.self)
  let b = b.assumingMemoryBound(to: UInt8.self)
  let out = out.assumingMemoryBound(to: UInt8.self)
  var x = 0
  while x < count {
    let first = Float(a[x])
    out[x] = UInt8(truncatingIfNeeded: Int32(first + (Float(b[x]) - first) * weight + 0.5))
    x &+= 1
  }
}

/// The same of words with the value above `shift` bits.
package func blendRowWords(
  _ a: UnsafeRawPointer, _ b: UnsafeRawPointer, _ weight: Float, _ shift: Int32, _ count: Int,
  _ out: UnsafeMutableRawPointer
) {
  let shift = UInt16(truncatingIfNeeded: shift)
  var x = 0
  while x < count {
    let first = Float(a.loadUnaligned(fromByteOffset: 2 &* x, as: UInt16.self) &>> shift)
    let second = Float(b.loadUnaligned(fromByteOffset: 2 &* x, as: UInt16.self) &>> shift)
    let code = UInt16(truncatingIfNeeded: Int32(first + (second - first) * weight + 0.5))
    out.storeBytes(of: code &<< shift, toByteOffset: 2 &* x, as: UInt16.self)
    x &+= 1
  }
}

/// The same of floats, without rounding.
package func blendRowFloats(
  _ a: UnsafeRawPointer, _ b: UnsafeRawPointer, _ weight: Float, _ count: Int,
  _ out: UnsafeMutableRawPointer
) {
  var x = 0
  while x < count {
    let first = a.loadUnaligned(fromByteOffset: 4 &* x, as: Float.self)
    let second = b.loadUnaligned(fromByteOffset: 4 &* x, as: Float.self)
    out.storeBytes(of: first + (second - first) * weight, toByteOffset: 4 &* x, as: Float.self)
    x &+= 1
  }
}
