// SPDX-License-Identifier: MIT
// bfloat16, the upper half of a float32, in vectors of the level's width and others.
#ifndef BFLOAT16_H
#define BFLOAT16_H

#include "CIntrinsics.h"

// `words` hold two bfloat16 each, the one of the lower index in the lower half; `halves` hold one.
#define VFI_BFLOAT16_TYPES(lanes)                                                                  \
  typedef uint32_t vfi_words##lanes __attribute__((ext_vector_type(lanes)));                       \
  typedef uint16_t vfi_halves##lanes __attribute__((ext_vector_type(lanes)));

VFI_BFLOAT16_TYPES(4)
VFI_BFLOAT16_TYPES(8)
VFI_BFLOAT16_TYPES(16)

#ifdef __FMA__
#define VFI_MULTIPLY_ADD(a, b, c) __builtin_elementwise_fma(a, b, c)
#else
#define VFI_MULTIPLY_ADD(a, b, c) ((a) * (b) + (c))
#endif

#define VFI_BFLOAT16_WIDEN(lanes)                                                                  \
  VFI_VECTOR_FUNCTION vfi_float##lanes vfi_widen##lanes(vfi_halves##lanes x) {                     \
    return (vfi_float##lanes)(__builtin_convertvector(x, vfi_words##lanes) << 16);                 \
  }

#define VFI_BFLOAT16_NARROW(lanes)                                                                 \
  /* To the nearest, ties to even; what is not a number stays so. */                               \
  VFI_VECTOR_FUNCTION vfi_halves##lanes vfi_narrow##lanes(vfi_float##lanes x) {                    \
    vfi_words##lanes bits = (vfi_words##lanes)x;                                                   \
    vfi_words##lanes rounded = (bits + (0x7fff + ((bits >> 16) & 1))) >> 16;                       \
    vfi_words##lanes quiet = (bits >> 16) | 0x40;                                                  \
    return __builtin_convertvector(x == x ? rounded : quiet, vfi_halves##lanes);                   \
  }

// sum + a[1] * b[1] + a[0] * b[0] of the pairs in each lane.
#define VFI_BFLOAT16_DOT(lanes)                                                                    \
  VFI_VECTOR_FUNCTION vfi_float##lanes vfi_dot##lanes(vfi_float##lanes sum, vfi_words##lanes a,    \
                                                      vfi_words##lanes b) {                        \
    vfi_float##lanes odd = VFI_MULTIPLY_ADD((vfi_float##lanes)(a & 0xffff0000u),                   \
                                            (vfi_float##lanes)(b & 0xffff0000u), sum);             \
    return VFI_MULTIPLY_ADD((vfi_float##lanes)(a << 16), (vfi_float##lanes)(b << 16), odd);        \
  }

VFI_BFLOAT16_WIDEN(4)
VFI_BFLOAT16_WIDEN(8)
VFI_BFLOAT16_WIDEN(16)
VFI_BFLOAT16_NARROW(4)
VFI_BFLOAT16_DOT(4)

#ifdef __AVX512BF16__
typedef __bf16 vfi_narrow_pairs8 __attribute__((ext_vector_type(8)));
typedef __bf16 vfi_narrow_pairs16 __attribute__((ext_vector_type(16)));
typedef __bf16 vfi_pairs8 __attribute__((vector_size(32)));
typedef __bf16 vfi_pairs16 __attribute__((vector_size(64)));

// One instruction each; denormals count as zero.
VFI_VECTOR_FUNCTION vfi_float8 vfi_dot8(vfi_float8 sum, vfi_words8 a, vfi_words8 b) {
  return __builtin_ia32_dpbf16ps_256(sum, (vfi_pairs8)a, (vfi_pairs8)b);
}

VFI_VECTOR_FUNCTION vfi_float16 vfi_dot16(vfi_float16 sum, vfi_words16 a, vfi_words16 b) {
  return __builtin_ia32_dpbf16ps_512(sum, (vfi_pairs16)a, (vfi_pairs16)b);
}

VFI_VECTOR_FUNCTION vfi_halves8 vfi_narrow8(vfi_float8 x) {
  return (vfi_halves8) __builtin_convertvector(x, vfi_narrow_pairs8);
}

VFI_VECTOR_FUNCTION vfi_halves16 vfi_narrow16(vfi_float16 x) {
  return (vfi_halves16) __builtin_convertvector(x, vfi_narrow_pairs16);
}
#else
VFI_BFLOAT16_NARROW(8)
VFI_BFLOAT16_NARROW(16)
VFI_BFLOAT16_DOT(8)
VFI_BFLOAT16_DOT(16)
#endif

#endif
