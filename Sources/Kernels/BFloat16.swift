// SPDX-License-Identifier: MIT
// Features of either type: float32, or bfloat16 where `half` is true. Kernels are inlined once for
// each, with `half` a constant.
import CIntrinsics

#if VFI_AVX512
  typealias Words = SIMD16<UInt32>
  typealias Halves = SIMD16<UInt16>
#elseif VFI_AVX2
  typealias Words = SIMD8<UInt32>
  typealias Halves = SIMD8<UInt16>
#else
  typealias Words = SIMD4<UInt32>
  typealias Halves = SIMD4<UInt16>
#endif

@inline(__always)
func widen(_ x: Halves) -> Vector {
  #if VFI_AVX512
    vfi_widen16(x)
  #elseif VFI_AVX2
    vfi_widen8(x)
  #else
    vfi_widen4(x)
  #endif
}

/// To the nearest, ties to even.
@inline(__always)
func narrow(_ x: Vector) -> Halves {
  #if VFI_AVX512
    vfi_narrow16(x)
  #elseif VFI_AVX2
    vfi_narrow8(x)
  #else
    vfi_narrow4(x)
  #endif
}

/// Adds the products of both bfloat16 of each lane.
@inline(__always)
func dot(_ sum: Vector, _ a: Words, _ b: Words) -> Vector {
  #if VFI_AVX512
    vfi_dot16(sum, a, b)
  #elseif VFI_AVX2
    vfi_dot8(sum, a, b)
  #else
    vfi_dot4(sum, a, b)
  #endif
}

/// The place of value `index`.
@inline(__always)
func place(_ base: UnsafeRawPointer, _ index: Int, _ half: Bool) -> UnsafeRawPointer {
  base + (half ? 2 &* index : 4 &* index)
}

@inline(__always)
func place(_ base: UnsafeMutableRawPointer, _ index: Int, _ half: Bool) -> UnsafeMutableRawPointer {
  base + (half ? 2 &* index : 4 &* index)
}

/// The values from `index` on, as many as a vector has lanes.
@inline(__always)
func load(_ base: UnsafeRawPointer, _ index: Int, _ half: Bool) -> Vector {
  let values = place(base, index, half)
  return half
    ? widen(values.loadUnaligned(as: Halves.self)) : values.loadUnaligned(as: Vector.self)
}

@inline(__always)
func store(_ vector: Vector, _ base: UnsafeMutableRawPointer, _ index: Int, _ half: Bool) {
  let values = place(base, index, half)
  if half {
    values.storeBytes(of: narrow(vector), as: Halves.self)
  } else {
    values.storeBytes(of: vector, as: Vector.self)
  }
}

/// Loads the first `count` lanes, at most all; the others are zero.
@inline(__always)
func load(_ base: UnsafeRawPointer, _ index: Int, upTo count: Int, _ half: Bool) -> Vector {
  if count >= lanes { return load(base, index, half) }
  var vector = Vector.zero
  for lane in 0..<count { vector[lane] = load1(base, index &+ lane, half) }
  return vector
}

/// Stores the first `count` lanes, at most all.
@inline(__always)
func store(
  _ vector: Vector, _ base: UnsafeMutableRawPointer, _ index: Int, upTo count: Int, _ half: Bool
) {
  if count >= lanes { return store(vector, base, index, half) }
  let values = place(base, index, half)
  if half {
    let narrowed = narrow(vector)
    for lane in 0..<count {
      values.storeBytes(of: narrowed[lane], toByteOffset: 2 &* lane, as: UInt16.self)
    }
  } else {
    for lane in 0..<count {
      values.storeBytes(of: vector[lane], toByteOffset: 4 &* lane, as: Float.self)
    }
  }
}

@inline(__always)
func load4(_ base: UnsafeRawPointer, _ index: Int, _ half: Bool) -> SIMD4<Float> {
  let values = place(base, index, half)
  return half
    ? vfi_widen4(values.loadUnaligned(as: SIMD4<UInt16>.self))
    : values.loadUnaligned(as: SIMD4<Float>.self)
}

@inline(__always)
func store4(_ vector: SIMD4<Float>, _ base: UnsafeMutableRawPointer, _ index: Int, _ half: Bool) {
  let values = place(base, index, half)
  if half {
    values.storeBytes(of: vfi_narrow4(vector), as: SIMD4<UInt16>.self)
  } else {
    values.storeBytes(of: vector, as: SIMD4<Float>.self)
  }
}

@inline(__always)
func load1(_ base: UnsafeRawPointer, _ index: Int, _ half: Bool) -> Float {
  let value = place(base, index, half)
  return half
    ? Float(bitPattern: UInt32(value.loadUnaligned(as: UInt16.self)) << 16)
    : value.loadUnaligned(as: Float.self)
}

@inline(__always)
func store1(_ x: Float, _ base: UnsafeMutableRawPointer, _ index: Int, _ half: Bool) {
  let value = place(base, index, half)
  if half {
    value.storeBytes(of: vfi_narrow4(SIMD4(x, 0, 0, 0))[0], as: UInt16.self)
  } else {
    value.storeBytes(of: x, as: Float.self)
  }
}
