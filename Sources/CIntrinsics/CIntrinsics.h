// SPDX-License-Identifier: MIT
// Instructions and C structures that Swift cannot spell. Every function is inlined into its caller,
// so that it takes that module's instruction set.
#ifndef CINTRINSICS_H
#define CINTRINSICS_H

#include <stdbool.h>
#include <stdint.h>

// Bits of the machine's instruction sets, equal to VFI_CPU_* of vfi.h.
static inline uint32_t vfi_machine_cpu_flags(void) {
  uint32_t flags = 0;
#if defined(__x86_64__)
  __builtin_cpu_init();
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"))
    flags |= 1;
  if (flags && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
      __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl"))
    flags |= 2;
  if (flags & 2 && __builtin_cpu_supports("avx512vnni"))
    flags |= 8;
  // Every processor that has this has those.
  if (flags & 8 && __builtin_cpu_supports("avx512bf16"))
    flags |= 4;
#endif
  return flags;
}

// Tells the processor that this thread waits for another one.
static inline void vfi_pause(void) {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#endif
}

// Vectors of Swift's SIMD4, SIMD8 and SIMD16<Float>.
typedef float vfi_float4 __attribute__((ext_vector_type(4)));
typedef float vfi_float8 __attribute__((ext_vector_type(8)));
typedef float vfi_float16 __attribute__((ext_vector_type(16)));

// Without inlining, a vector wider than the level's registers would change the calling convention.
#define VFI_VECTOR_FUNCTION static inline __attribute__((always_inline))

#define VFI_FLOAT_FUNCTIONS(lanes)                                                                 \
  /* x where it is positive, zero or NaN, x * slope where it is negative. */                       \
  VFI_VECTOR_FUNCTION vfi_float##lanes vfi_prelu##lanes(vfi_float##lanes x,                        \
                                                        vfi_float##lanes slope) {                  \
    return x < 0 ? x * slope : x;                                                                  \
  }

VFI_FLOAT_FUNCTIONS(4)
VFI_FLOAT_FUNCTIONS(8)
VFI_FLOAT_FUNCTIONS(16)

// Pixels that one call of a convolution kernel works on, at every level.
enum { VFI_TILE_PIXELS = 12 };

// One call of a convolution kernel: up to 12 output pixels, one block of `width` output channels,
// where `width` belongs to the kernel. Kernels of float32 and of bfloat16 take inputs and weights
// of that type; bias, slopes and sums are float32, outputs and residuals either. Kernels of int8
// take what `vfi_quantization` says, a multiple of 16 channels.
struct vfi_convolution_tile {
  // [taps][12]: the input pixel's channels; a row of zeros outside the picture. Where the input is
  // the concatenation of two maps, [taps][12] of the second map follow. int8: the pixel's step, a
  // float32, then a byte for each channel, which is 128 + the value in steps.
  const void *_Nonnull const *_Nonnull inputs;
  intptr_t taps;
  intptr_t input_channels; // of the first map
  intptr_t rest_channels;  // of the second map, 0 = there is none; bfloat16 only
  // float32: [taps][input_channels][width]. bfloat16: for each map [taps][pairs][width][2], where a
  // pair is two input channels, and the last channel of an odd number is paired with 0. int8:
  // [taps] of [width] of -128 times the sum of an output's weights, int32, and [quads][width][4] of
  // those weights, in steps.
  const void *_Nonnull weights;
  const float *_Nullable steps;  // [width], int8 only: that of each output's weights
  const float *_Nonnull bias;    // [width]
  const float *_Nullable slopes; // [width]: factor of negative sums; NULL = no activation
  // [12]: the output pixel's channels, and what is added to them before the activation. Without
  // outputs the call ends with `sums`.
  void *_Nonnull const *_Nullable outputs;
  const void *_Nonnull const *_Nullable residuals;
  bool output_bfloat16;
  bool residual_bfloat16;
  intptr_t first_channel;   // of the block, in `outputs` and `residuals`
  intptr_t output_channels; // of the block that exist, at most `width`
  intptr_t pixels;          // that exist, at most 12
  float *_Nonnull sums;     // [12][width], all twelve are written
};

// Winograd's F(m x m, 3x3), m = 2 or 4: each tile's (m + 2)^2 input pixels to as many points of the
// transformed domain.
struct vfi_winograd_input {
  // [tiles][points]: the input pixels' channels, row by row; a row of zeros outside the picture.
  const void *_Nonnull const *_Nonnull pixels;
  // [points][...][tile_stride] of the pixels' type; tile_stride holds whole vectors.
  void *_Nonnull values;
  intptr_t point_stride;
  intptr_t tile_stride;
  intptr_t channels;
  intptr_t tiles;
};

// The way back: the points of each tile to m x m output pixels, for one block of output channels.
struct vfi_winograd_output {
  const float *_Nonnull sums; // [points][...][width]
  intptr_t point_stride;
  const float *_Nonnull bias;    // [width]
  const float *_Nullable slopes; // [width], as above
  // [tiles][m * m]: the output pixels' channels (NULL outside the picture), and what is added to
  // them.
  void *_Nullable const *_Nonnull outputs;
  const void *_Nullable const *_Nullable residuals;
  bool output_bfloat16;
  bool residual_bfloat16;
  intptr_t first_channel;
  intptr_t output_channels;
  intptr_t tiles;
};

#endif
