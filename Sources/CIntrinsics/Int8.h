// SPDX-License-Identifier: MIT
// Products of bytes, four of them in each lane of 32 bits.
#ifndef VFI_INT8_H
#define VFI_INT8_H

#include "CIntrinsics.h"
#include "Sampling.h"

typedef uint32_t vfi_lanes32 __attribute__((ext_vector_type(VFI_LANES)));
typedef uint8_t vfi_bytes __attribute__((ext_vector_type(VFI_LANES)));

#ifdef __AVX512VNNI__
typedef int vfi_register32 __attribute__((vector_size(64)));

// sum + the four products of a lane: a's bytes count as unsigned, b's as signed.
VFI_SAMPLING vfi_lanes32 vfi_byte_dot(vfi_lanes32 sum, vfi_lanes32 a, vfi_lanes32 b) {
  return (vfi_lanes32)__builtin_ia32_vpdpbusd512((vfi_register32)sum, (vfi_register32)a,
                                                 (vfi_register32)b);
}
#else
// Where there is no instruction for it: the byte at bit `shift`, and the other one's with its sign.
#define VFI_BYTE_PRODUCT(shift)                                                                    \
  ((vfi_ints)((a >> (shift)) & 255) * ((vfi_ints)(b << (24 - (shift))) >> 24))

VFI_SAMPLING vfi_lanes32 vfi_byte_dot(vfi_lanes32 sum, vfi_lanes32 a, vfi_lanes32 b) {
  return sum + (vfi_lanes32)(VFI_BYTE_PRODUCT(0) + VFI_BYTE_PRODUCT(8) + VFI_BYTE_PRODUCT(16) +
                             VFI_BYTE_PRODUCT(24));
}
#endif

// Pixels on their way to int8.
struct vfi_quantization {
  const void *_Nonnull input;
  intptr_t input_stride; // bytes from one pixel to the next
  void *_Nonnull output; // [pixels][4 + channels]
  intptr_t channels;     // a multiple of 16
  intptr_t pixels;
};

// Sums of products, which have a sign, as floats.
VFI_SAMPLING vfi_floats vfi_sums_to_floats(vfi_lanes32 sums) {
  return __builtin_convertvector((vfi_ints)sums, vfi_floats);
}

// The greater one of |x| and `most`, which is never less than 0; what is not a number does not
// count.
VFI_SAMPLING vfi_floats vfi_greater_magnitude(vfi_floats x, vfi_floats most) {
  vfi_floats magnitude = (vfi_floats)((vfi_lanes32)x & 0x7fffffffu);
  return magnitude > most ? magnitude : most;
}

// The greatest lane of numbers that are not below 0.
VFI_SAMPLING float vfi_greatest(vfi_floats x) {
#if VFI_LANES == 16
  vfi_float8 high = __builtin_shufflevector(x, x, 8, 9, 10, 11, 12, 13, 14, 15);
  vfi_float8 octet = __builtin_shufflevector(x, x, 0, 1, 2, 3, 4, 5, 6, 7);
  octet = octet > high ? octet : high;
#elif VFI_LANES == 8
  vfi_float8 octet = x;
#endif
#if VFI_LANES > 4
  vfi_float4 upper = __builtin_shufflevector(octet, octet, 4, 5, 6, 7);
  vfi_float4 quartet = __builtin_shufflevector(octet, octet, 0, 1, 2, 3);
  quartet = quartet > upper ? quartet : upper;
#else
  vfi_float4 quartet = x;
#endif
  vfi_float4 swapped = __builtin_shufflevector(quartet, quartet, 2, 3, 0, 1);
  quartet = quartet > swapped ? quartet : swapped;
  return quartet[0] > quartet[1] ? quartet[0] : quartet[1];
}

// 128 + the whole number that is nearest to x, of -127 to 127; ties to even.
//
// 1.5 * 2^23 has a step of one, so that adding it rounds, and leaves the number in the lowest bits.
VFI_SAMPLING vfi_bytes vfi_offset_bytes(vfi_floats x) {
  return __builtin_convertvector((vfi_lanes32)(x + (12582912.0f + 128.0f)), vfi_bytes);
}

#endif
