// SPDX-License-Identifier: MIT
// Winograd's F(2x2, 3x3). All factors are 1 or -1, so float32 loses almost nothing.

/// Four vectors: one row of a 4x4 tile, each element a vector of channels.
private struct Row {
  var a: Vector
  var b: Vector
  var c: Vector
  var d: Vector

  @inline(__always)
  init(_ a: Vector, _ b: Vector, _ c: Vector, _ d: Vector) {
    (self.a, self.b, self.c, self.d) = (a, b, c, d)
  }

  /// Four pixels from `first` on.
  @inline(__always)
  init(_ pixels: some WinogradPixels, _ first: Int) {
    self.init(pixels[first], pixels[first &+ 1], pixels[first &+ 2], pixels[first &+ 3])
  }

  /// Four points from `first` on.
  @inline(__always)
  init(_ sums: WinogradSums, _ first: Int) {
    self.init(sums[first], sums[first &+ 1], sums[first &+ 2], sums[first &+ 3])
  }

  /// Multiplies the row by B, and stores it from the point `first` on.
  @inline(__always)
  func write(_ points: WinogradPoints, _ first: Int) {
    points.write(a - c, first)
    points.write(b + c, first &+ 1)
    points.write(c - b, first &+ 2)
    points.write(b - d, first &+ 3)
  }

  /// Multiplies the row by A: two results.
  @inline(__always)
  var back: (Vector, Vector) { (a + b + c, b - c - d) }

  @inline(__always)
  static func + (x: Row, y: Row) -> Row { Row(x.a + y.a, x.b + y.b, x.c + y.c, x.d + y.d) }

  @inline(__always)
  static func - (x: Row, y: Row) -> Row { Row(x.a - y.a, x.b - y.b, x.c - y.c, x.d - y.d) }
}

enum Winograd2x2: WinogradTile {
  static var points: Int { 16 }
  static var outputs: Int { 4 }

  @inline(__always)
  static func transform(_ pixels: some WinogradPixels, _ points: WinogradPoints) {
    let (r0, r1) = (Row(pixels, 0), Row(pixels, 4))
    let (r2, r3) = (Row(pixels, 8), Row(pixels, 12))
    (r0 - r2).write(points, 0)
    (r1 + r2).write(points, 4)
    (r2 - r1).write(points, 8)
    (r1 - r3).write(points, 12)
  }

  @inline(__always)
  static func transformBack(_ sums: WinogradSums, _ pixels: WinogradOutputs) {
    let (r0, r1) = (Row(sums, 0), Row(sums, 4))
    let (r2, r3) = (Row(sums, 8), Row(sums, 12))
    let (top, bottom) = ((r0 + r1 + r2).back, (r1 - r2 - r3).back)
    pixels.finish(top.0, 0)
    pixels.finish(top.1, 1)
    pixels.finish(bottom.0, 2)
    pixels.finish(bottom.1, 3)
  }
}
