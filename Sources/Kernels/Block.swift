// SPDX-License-Identifier: MIT
// Blocks of two frames compared: whether they are the same but for a small difference, and how well
// one of them is found somewhere near its place.
import CIntrinsics

/// Whether a block agrees; samples of one byte.
package func blockAgreesBytes(_ argument: UnsafePointer<vfi_block_pair>) -> Bool {
  let pair = argument.pointee
  let limit = Int32(pair.limit)
  var a = pair.a.assumingMemoryBound(to: UInt8.self)
  var b = pair.b.assumingMemoryBound(to: UInt8.self)
  for _ in 0..<pair.rows {
    var largest: Int32 = 0
    var x = 0
    while x < pair.samples {
      largest = max(largest, abs(Int32(a[x]) &- Int32(b[x])))
      x &+= 1
    }
    if largest > limit { return false }
    a += pair.a_stride
    b += pair.b_stride
  }
  return true
}

/// The same of two bytes, of any alignment.
package func blockAgreesWords(_ argument: UnsafePointer<vfi_block_pair>) -> Bool {
  let pair = argument.pointee
  let limit = Int32(pair.limit)
  var a = pair.a
  var b = pair.b
  for _ in 0..<pair.rows {
    var largest: Int32 = 0
    var x = 0
    while x < pair.samples {
      let first = Int32(a.loadUnaligned(fromByteOffset: 2 &* x, as: UInt16.self))
      let second = Int32(b.loadUnaligned(fromByteOffset: 2 &* x, as: UInt16.self))
      largest = max(largest, abs(first &- second))
      x &+= 1
    }
    if largest > limit { return false }
    a += pair.a_stride
    b += pair.b_stride
  }
  return true
}

/// The same of floats, of any alignment; NaN agrees with nothing.
package func blockAgreesFloats(_ argument: UnsafePointer<vfi_block_pair>) -> Bool {
  let pair = argument.pointee
  var a = pair.a
  var b = pair.b
  for _ in 0..<pair.rows {
    var x = 0
    while x < pair.samples {
      let first = a.loadUnaligned(fromByteOffset: 4 &* x, as: Float.self)
      let second = b.loadUnaligned(fromByteOffset: 4 &* x, as: Float.self)
      if !(abs(first - second) <= pair.limit) { return false }
      x &+= 1
    }
    a += pair.a_stride
    b += pair.b_stride
  }
  return true
}

/// The least sum of absolute differences between a block of `a` and one of `b` at most `reach`
/// away in each direction, inside the picture.
///
/// Both are `[height, width]` bytes; the block starts at (x, y).
package func blockSearch(
  _ a: UnsafePointer<UInt8>, _ b: UnsafePointer<UInt8>, _ width: Int, _ height: Int, _ x: Int,
  _ y: Int, _ columns: Int, _ rows: Int, _ reach: Int
) -> Int32 {
  let block = a + y &* width + x
  // The place itself first: in most pairs nothing else has to be summed up to the end.
  var best = difference(block, b + y &* width + x, width, columns, rows, Int32.max)
  var v = max(y &- reach, 0)
  while v <= min(y &+ reach, height &- rows) {
    var u = max(x &- reach, 0)
    while u <= min(x &+ reach, width &- columns) {
      best = min(best, difference(block, b + v &* width + u, width, columns, rows, best))
      u &+= 1
    }
    v &+= 1
  }
  return best
}

/// Sum of absolute differences; ends early once it is no less than `limit`.
@inline(__always)
private func difference(
  _ a: UnsafePointer<UInt8>, _ b: UnsafePointer<UInt8>, _ stride: Int, _ columns: Int, _ rows: Int,
  _ limit: Int32
) -> Int32 {
  var sum: Int32 = 0
  var row = 0
  while row < rows && sum < limit {
    let first = a + row &* stride
    let second = b + row &* stride
    var x = 0
    while x < columns {
      sum &+= abs(Int32(first[x]) &- Int32(second[x]))
      x &+= 1
    }
    row &+= 1
  }
  return sum
}

/// Sum of absolute differences between a block's bytes and their mean.
package func blockActivity(
  _ block: UnsafePointer<UInt8>, _ stride: Int, _ columns: Int, _ rows: Int
) -> Int32 {
  var sum: Int32 = 0
  for row in 0..<rows {
    for x in 0..<columns { sum &+= Int32(block[row &* stride &+ x]) }
  }
  let count = Int32(truncatingIfNeeded: rows &* columns)
  let mean = (sum &+ count / 2) / count
  var activity: Int32 = 0
  for row in 0..<rows {
    for x in 0..<columns { activity &+= abs(Int32(block[row &* stride &+ x]) &- mean) }
  }
  return activity
}
