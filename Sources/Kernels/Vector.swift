// SPDX-License-Identifier: MIT
// The one file that differs by level: vector width and multiply-add.
import CIntrinsics

#if VFI_AVX512
  typealias Vector = SIMD16<Float>
  typealias HalfVector = SIMD8<Float>
#elseif VFI_AVX2
  typealias Vector = SIMD8<Float>
  typealias HalfVector = SIMD4<Float>
#else
  typealias Vector = SIMD4<Float>
  typealias HalfVector = SIMD2<Float>
#endif

/// Lanes of a vector.
package let lanes = Vector.scalarCount

/// Multiplies and adds: `a * b + c`, fused where the machine has FMA.
///
/// At the portable level a fused operation would be a
/// call of the C library for each lane.
@inline(__always)
func multiplyAdd(_ a: Vector, _ b: Vector, _ c: Vector) -> Vector {
  #if VFI_AVX2 || VFI_AVX512
    c.addingProduct(a, b)
  #else
    a * b + c
  #endif
}

@inline(__always)
func load(_ values: UnsafePointer<Float>) -> Vector {
  UnsafeRawPointer(values).loadUnaligned(as: Vector.self)
}

@inline(__always)
func store(_ vector: Vector, _ values: UnsafeMutablePointer<Float>) {
  UnsafeMutableRawPointer(values).storeBytes(of: vector, as: Vector.self)
}

/// Loads the first `count` lanes, at most all; the others are zero.
@inline(__always)
func load(_ values: UnsafePointer<Float>, upTo count: Int) -> Vector {
  if count >= lanes { return load(values) }
  var vector = Vector.zero
  for lane in 0..<count { vector[lane] = values[lane] }
  return vector
}

/// Stores the first `count` lanes, at most all.
@inline(__always)
func store(_ vector: Vector, _ values: UnsafeMutablePointer<Float>, upTo count: Int) {
  if count >= lanes { return store(vector, values) }
  for lane in 0..<count { values[lane] = vector[lane] }
}

/// Returns `x` where it is not negative, `x * slope` elsewhere.
@inline(__always)
func prelu(_ x: Vector, _ slope: Vector) -> Vector {
  #if VFI_AVX512
    vfi_prelu16(x, slope)
  #elseif VFI_AVX2
    vfi_prelu8(x, slope)
  #else
    vfi_prelu4(x, slope)
  #endif
}

// The same for 4 and 8 lanes, which no level changes, and for one number.

@inline(__always)
func multiplyAdd4(_ a: SIMD4<Float>, _ b: SIMD4<Float>, _ c: SIMD4<Float>) -> SIMD4<Float> {
  #if VFI_AVX2 || VFI_AVX512
    c.addingProduct(a, b)
  #else
    a * b + c
  #endif
}

@inline(__always)
func multiplyAdd8(_ a: SIMD8<Float>, _ b: SIMD8<Float>, _ c: SIMD8<Float>) -> SIMD8<Float> {
  #if VFI_AVX2 || VFI_AVX512
    c.addingProduct(a, b)
  #else
    a * b + c
  #endif
}

@inline(__always)
func multiplyAdd1(_ a: Float, _ b: Float, _ c: Float) -> Float {
  #if VFI_AVX2 || VFI_AVX512
    c.addingProduct(a, b)
  #else
    a * b + c
  #endif
}

@inline(__always)
func load4(_ values: UnsafePointer<Float>) -> SIMD4<Float> {
  UnsafeRawPointer(values).loadUnaligned(as: SIMD4<Float>.self)
}

@inline(__always)
func store4(_ vector: SIMD4<Float>, _ values: UnsafeMutablePointer<Float>) {
  UnsafeMutableRawPointer(values).storeBytes(of: vector, as: SIMD4<Float>.self)
}

@inline(__always)
func load8(_ values: UnsafePointer<Float>) -> SIMD8<Float> {
  UnsafeRawPointer(values).loadUnaligned(as: SIMD8<Float>.self)
}

@inline(__always)
func store8(_ vector: SIMD8<Float>, _ values: UnsafeMutablePointer<Float>) {
  UnsafeMutableRawPointer(values).storeBytes(of: vector, as: SIMD8<Float>.self)
}
