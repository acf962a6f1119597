// SPDX-License-Identifier: MIT
// Levels of a membrane. Each colour of the chessboard lies side by side, so that a vector of one has its
// neighbours in four vectors of the other; no operation is fused, so that all levels give the same bytes.
import CIntrinsics

/// Whether the first pixel of a colour in a row is that of column 1.
@inline(__always)
private func offset(_ row: Int, isBlack: Bool) -> Int { (row &+ (isBlack ? 1 : 0)) & 1 }

extension vfi_membrane {
  /// The values of a colour in a row, and those that say whether they are given.
  @inline(__always)
  fileprivate func values(_ row: Int, isBlack: Bool) -> UnsafeMutablePointer<Float> {
    (isBlack ? black : red) + row &* stride
  }

  @inline(__always)
  fileprivate func known(_ row: Int, isBlack: Bool) -> UnsafeMutablePointer<Float> {
    (isBlack ? black_known : red_known) + row &* stride
  }

  /// Pixels of a row that begin with column `offset`.
  @inline(__always)
  fileprivate func count(_ offset: Int) -> Int { (width &- offset &+ 1) / 2 }
}

/// Moves the pixels of one colour that are to be found towards the mean of their neighbours, in the
/// rows `first ..< end`.
///
/// Beyond the edges the pixel's own value counts.
package func membraneRelax(
  _ membrane: UnsafePointer<vfi_membrane>, _ isBlack: Bool, _ relaxation: Float, _ first: Int,
  _ end: Int
) {
  let m = membrane.pointee
  for y in first..<end {
    let (low, high) = (Int(m.open[2 &* y]), Int(m.open[2 &* y &+ 1]))
    let offset = offset(y, isBlack: isBlack)
    let count = m.count(offset)
    if low > high || count == 0 { continue }
    let own = m.values(y, isBlack: isBlack)
    let other = m.values(y, isBlack: !isBlack)
    let known = m.known(y, isBlack: isBlack)
    let up = y > 0 ? other - m.stride : own
    let down = y < m.height &- 1 ? other + m.stride : own
    let (left, right) = (other + (offset &- 1), other + offset)
    if offset == 0 { left[0] = own[0] }
    if 2 &* (count &- 1) &+ offset == m.width &- 1 { right[count &- 1] = own[count &- 1] }
    var i = low / 2
    while i <= high / 2 {
      let isKnown = load(known + i)
      if vfi_any_null(isKnown) != 0 {
        let value = load(own + i)
        let vertical = load(up + i) + load(down + i)
        let horizontal = load(left + i) + load(right + i)
        let mean = 0.25 * (vertical + horizontal)
        store(vfi_if_null(isKnown, value + relaxation * (mean - value), value), own + i)
      }
      i &+= lanes
    }
  }
}

/// Makes the rows `first ..< end` of a level of half the size: means of the given ones of 2 x 2
/// pixels.
package func membraneReduce(
  _ fine: UnsafePointer<vfi_membrane>, _ coarse: UnsafePointer<vfi_membrane>, _ first: Int,
  _ end: Int
) {
  let (f, c) = (fine.pointee, coarse.pointee)
  for y in first..<end {
    let (upper, lower) = (2 &* y, 2 &* y &+ 1)
    let hasLower = lower < f.height
    // The first colour is that of even columns.
    let isBlack = y & 1 != 0
    let (even, odd) = (c.values(y, isBlack: isBlack), c.values(y, isBlack: !isBlack))
    let (evenKnown, oddKnown) = (c.known(y, isBlack: isBlack), c.known(y, isBlack: !isBlack))
    var x = 0
    while x < c.width {
      var (sum, count) = (Vector.zero, Vector.zero)
      add(f.values(upper, isBlack: false) + x, f.known(upper, isBlack: false) + x, &sum, &count)
      add(f.values(upper, isBlack: true) + x, f.known(upper, isBlack: true) + x, &sum, &count)
      if hasLower {
        add(f.values(lower, isBlack: true) + x, f.known(lower, isBlack: true) + x, &sum, &count)
        add(f.values(lower, isBlack: false) + x, f.known(lower, isBlack: false) + x, &sum, &count)
      }
      let mean = vfi_if_null(count, .zero, sum / count)
      let known = vfi_if_null(count, .zero, Vector(repeating: 1))
      storeHalf(mean.evenHalf, even + x / 2)
      storeHalf(mean.oddHalf, odd + x / 2)
      storeHalf(known.evenHalf, evenKnown + x / 2)
      storeHalf(known.oddHalf, oddKnown + x / 2)
      x &+= lanes
    }
    for i in c.count(0)..<c.stride &- 1 { evenKnown[i] = -1 }
    for i in c.count(1)..<c.stride &- 1 { oddKnown[i] = -1 }
    var (low, high) = (f.open[2 &* upper], f.open[2 &* upper &+ 1])
    if hasLower {
      low = max(low, f.open[2 &* lower])
      high = min(high, f.open[2 &* lower &+ 1])
    }
    c.open[2 &* y] = low <= high ? low / 2 : 1
    c.open[2 &* y &+ 1] = low <= high ? high / 2 : 0
  }
}

/// Adds the values that are given, and counts them.
@inline(__always)
private func add(
  _ values: UnsafeMutablePointer<Float>, _ known: UnsafeMutablePointer<Float>,
  _ sum: inout Vector, _ count: inout Vector
) {
  let isKnown = load(known)
  sum += vfi_if_positive(isKnown, load(values), .zero)
  count += vfi_if_positive(isKnown, Vector(repeating: 1), .zero)
}

/// Gives the pixels that are to be found, in the rows `first ..< end`, bilinear values of a level of
/// half the size, whose rows repeat their first and last pixel beyond the edges.
///
/// A pixel's centre lies a quarter of a coarse pixel beside that of its own coarse pixel.
package func membraneEnlarge(
  _ coarse: UnsafePointer<vfi_membrane>, _ fine: UnsafePointer<vfi_membrane>, _ first: Int,
  _ end: Int
) {
  let (c, f) = (coarse.pointee, fine.pointee)
  for y in first..<end {
    let (low, high) = (Int(f.open[2 &* y]), Int(f.open[2 &* y &+ 1]))
    if low > high { continue }
    let near = y / 2
    let far = max(0, min(near &+ (y & 1 == 0 ? -1 : 1), c.height &- 1))
    for isBlack in [false, true] {
      let side = offset(y, isBlack: isBlack) == 0 ? -1 : 1
      let (own, known) = (f.values(y, isBlack: isBlack), f.known(y, isBlack: isBlack))
      var i = low / 2 / lanes &* lanes
      while i <= high / 2 {
        let isKnown = load(known + i)
        if vfi_any_null(isKnown) != 0 {
          let nearest = 9 * row(c, near, i, 0) + 3 * row(c, near, i, side)
          let sum = nearest + 3 * row(c, far, i, 0) + row(c, far, i, side)
          store(vfi_if_null(isKnown, sum / 16, load(own + i)), own + i)
        }
        i &+= lanes
      }
    }
  }
}

/// Values side by side from column `x`, which is even, plus `shift` (-1 to 1) on.
@inline(__always)
private func row(_ m: vfi_membrane, _ y: Int, _ x: Int, _ shift: Int) -> Vector {
  let isBlack = y & 1 != 0
  let even = m.values(y, isBlack: isBlack) + x / 2
  let odd = m.values(y, isBlack: !isBlack) + x / 2
  // The pixel before an even column has an odd one.
  if shift == 0 { return interleaved(loadHalf(even), loadHalf(odd)) }
  if shift < 0 { return interleaved(loadHalf(odd - 1), loadHalf(even)) }
  return interleaved(loadHalf(odd), loadHalf(even + 1))
}

@inline(__always)
private func interleaved(_ even: HalfVector, _ odd: HalfVector) -> Vector {
  var vector = Vector()
  vector.evenHalf = even
  vector.oddHalf = odd
  return vector
}

@inline(__always)
private func loadHalf(_ values: UnsafePointer<Float>) -> HalfVector {
  UnsafeRawPointer(values).loadUnaligned(as: HalfVector.self)
}

@inline(__always)
private func storeHalf(_ vector: HalfVector, _ values: UnsafeMutablePointer<Float>) {
  UnsafeMutableRawPointer(values).storeBytes(of: vector, as: HalfVector.self)
}
