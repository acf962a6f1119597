// SPDX-License-Identifier: MIT
// Whether a block of a plane is the same in two frames, but for a small difference.
import CIntrinsics

/// Samples of one byte.
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

/// Samples of two bytes, of any alignment.
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

/// Floats of any alignment; NaN agrees with nothing.
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
