// SPDX-License-Identifier: MIT
// Winograd's F(4x4, 3x3), with the points 0, 1, -1, 2, -2 and infinity (Lavin and Gray, section 4.3).
// Its factors of up to 8 cost float32 about a digit, and bfloat16 more than it has.

/// Six vectors: one row of a 6x6 tile, each element a vector of channels.
private struct Row {
  let a: Vector
  let b: Vector
  let c: Vector
  let d: Vector
  let e: Vector
  let f: Vector

  /// Multiplies the row by B, and stores it from the point `first` on.
  @inline(__always)
  func write(_ points: WinogradPoints, _ first: Int) {
    let (even, odd) = (difference(e, 4, c), difference(d, 4, b))
    let (near, far) = (e - c, d - b)
    points.write(outer(a, c, e), first)
    points.write(even + odd, first &+ 1)
    points.write(even - odd, first &+ 2)
    points.write(sum(near, 2, far), first &+ 3)
    points.write(difference(near, 2, far), first &+ 4)
    points.write(outer(b, d, f), first &+ 5)
  }

  /// Multiplies the row by A, and stores four pixels from `first` on.
  @inline(__always)
  func back(into pixels: inout InlineArray<16, Vector>, _ first: Int) {
    let values = columnBack(a, b, c, d, e, f)
    pixels[first] = values.0
    pixels[first &+ 1] = values.1
    pixels[first &+ 2] = values.2
    pixels[first &+ 3] = values.3
  }
}

/// `x + factor * y`.
@inline(__always)
private func sum(_ x: Vector, _ factor: Float, _ y: Vector) -> Vector {
  multiplyAdd(Vector(repeating: factor), y, x)
}

/// `x - factor * y`.
@inline(__always)
private func difference(_ x: Vector, _ factor: Float, _ y: Vector) -> Vector {
  multiplyAdd(Vector(repeating: -factor), y, x)
}

/// The first row of B^T, and of the last one what it does with the pixels after the first.
@inline(__always)
private func outer(_ a: Vector, _ c: Vector, _ e: Vector) -> Vector {
  sum(difference(e, 5, c), 4, a)
}

/// A^T of six products.
@inline(__always)
private func columnBack(
  _ a: Vector, _ b: Vector, _ c: Vector, _ d: Vector, _ e: Vector, _ f: Vector
) -> (Vector, Vector, Vector, Vector) {
  let (near, nearOdd, far, farOdd) = (b + c, b - c, d + e, d - e)
  return (a + near + far, sum(nearOdd, 2, farOdd), sum(near, 4, far), sum(nearOdd, 8, farOdd) + f)
}

enum Winograd4x4: WinogradTile {
  static var points: Int { 36 }
  static var outputs: Int { 16 }

  /// One row of B^T d B after the other would load most pixels four times; the middle four rows need
  /// the same four rows of pixels, and their 24 vectors fit into AVX-512's registers.
  @inline(__always)
  static func transform(_ pixels: some WinogradPixels, _ points: WinogradPoints) {
    @inline(__always)
    func outerRow(_ first: Int) -> Row {
      @inline(__always)
      func column(_ x: Int) -> Vector {
        outer(pixels[first &+ x], pixels[first &+ 12 &+ x], pixels[first &+ 24 &+ x])
      }
      return Row(
        a: column(0), b: column(1), c: column(2), d: column(3), e: column(4), f: column(5))
    }
    @inline(__always)
    func middle(_ x: Int) -> (Vector, Vector, Vector, Vector) {
      let (b, c, d, e) = (pixels[6 &+ x], pixels[12 &+ x], pixels[18 &+ x], pixels[24 &+ x])
      let (even, odd) = (difference(e, 4, c), difference(d, 4, b))
      let (near, far) = (e - c, d - b)
      return (even + odd, even - odd, sum(near, 2, far), difference(near, 2, far))
    }
    outerRow(0).write(points, 0)
    outerRow(6).write(points, 30)
    let (c0, c1, c2, c3, c4, c5) = (
      middle(0), middle(1), middle(2), middle(3), middle(4), middle(5)
    )
    Row(a: c0.0, b: c1.0, c: c2.0, d: c3.0, e: c4.0, f: c5.0).write(points, 6)
    Row(a: c0.1, b: c1.1, c: c2.1, d: c3.1, e: c4.1, f: c5.1).write(points, 12)
    Row(a: c0.2, b: c1.2, c: c2.2, d: c3.2, e: c4.2, f: c5.2).write(points, 18)
    Row(a: c0.3, b: c1.3, c: c2.3, d: c3.3, e: c4.3, f: c5.3).write(points, 24)
  }

  @inline(__always)
  static func transformBack(_ sums: WinogradSums, _ pixels: WinogradOutputs) {
    @inline(__always)
    func column(_ x: Int) -> (Vector, Vector, Vector, Vector) {
      columnBack(
        sums[x], sums[6 &+ x], sums[12 &+ x], sums[18 &+ x], sums[24 &+ x], sums[30 &+ x])
    }
    let (c0, c1, c2, c3, c4, c5) = (
      column(0), column(1), column(2), column(3), column(4), column(5)
    )
    // Sixteen copies of what finishes a pixel would be too much to inline.
    var values = InlineArray<16, Vector>(repeating: .zero)
    Row(a: c0.0, b: c1.0, c: c2.0, d: c3.0, e: c4.0, f: c5.0).back(into: &values, 0)
    Row(a: c0.1, b: c1.1, c: c2.1, d: c3.1, e: c4.1, f: c5.1).back(into: &values, 4)
    Row(a: c0.2, b: c1.2, c: c2.2, d: c3.2, e: c4.2, f: c5.2).back(into: &values, 8)
    Row(a: c0.3, b: c1.3, c: c2.3, d: c3.3, e: c4.3, f: c5.3).back(into: &values, 12)
    for pixel in 0..<16 { pixels.finish(values[pixel], pixel) }
  }
}
