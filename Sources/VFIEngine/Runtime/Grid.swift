// SPDX-License-Identifier: MIT
import Glibc

/// A view of one value a pixel, `[height, width]`, in the memory of an ``Arena``.
@safe package struct Grid<Element: BitwiseCopyable> {
  package let height: Int
  package let width: Int
  let base: UnsafeMutablePointer<Element>

  /// One value; its place is checked.
  package subscript(y: Int, x: Int) -> Element {
    get {
      precondition(y >= 0 && y < height && x >= 0 && x < width)
      return unsafe base[y &* width &+ x]
    }
    nonmutating set {
      precondition(y >= 0 && y < height && x >= 0 && x < width)
      unsafe base[y &* width &+ x] = newValue
    }
  }
}

extension Arena {
  /// A grid in which every value is `value`.
  package func grid<Element: BitwiseCopyable>(
    _ value: Element, height: Int, width: Int
  ) throws(VFIError) -> Grid<Element> {
    let (count, overflow) = height.multipliedReportingOverflow(by: width)
    guard !overflow, height > 0, width > 0 else {
      throw .size("a grid of \(height) x \(width) is too large")
    }
    let memory = unsafe try buffer(of: Element.self, count: count)
    unsafe memory.initialize(repeating: value, count: count)
    return unsafe Grid(height: height, width: width, base: memory)
  }
}

extension Grid {
  package func copy(in arena: Arena) throws(VFIError) -> Grid {
    let memory = unsafe try arena.buffer(of: Element.self, count: height * width)
    unsafe memory.update(from: base, count: height * width)
    return unsafe Grid(height: height, width: width, base: memory)
  }
}

extension Grid<UInt8> {
  /// Calls `body` with the columns of a row whose values are not 0.
  func forEachMark(_ row: Int, _ body: (_ column: Int) -> Void) {
    precondition(row >= 0 && row < height)
    let values = unsafe base + row &* width
    for x in 0..<width where unsafe values[x] != 0 { body(x) }
  }

  package func hasSameValues(as other: Grid) -> Bool {
    guard height == other.height, width == other.width else { return false }
    return unsafe memcmp(base, other.base, height * width) == 0
  }
}
