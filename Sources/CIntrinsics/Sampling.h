// SPDX-License-Identifier: MIT
// What the kernels of the frame room need beside Swift's SIMD types: conversions between integer
// and float vectors, loads from scattered addresses, and the arguments of a row.
#ifndef SAMPLING_H
#define SAMPLING_H

#include <stdint.h>
#include <string.h>

// Lanes of the level's vector; Vector.swift must agree, or its callers do not compile.
#if defined(__AVX512F__)
#define VFI_LANES 16
#elif defined(__AVX2__)
#define VFI_LANES 8
#else
#define VFI_LANES 4
#endif

typedef float vfi_floats __attribute__((ext_vector_type(VFI_LANES)));
typedef int32_t vfi_ints __attribute__((ext_vector_type(VFI_LANES)));
typedef float vfi_octet __attribute__((ext_vector_type(8)));

#define VFI_SAMPLING static inline __attribute__((always_inline))

// x within low and high; NaN becomes low.
VFI_SAMPLING vfi_floats vfi_clamp(vfi_floats x, vfi_floats low, vfi_floats high) {
  x = x > low ? x : low;
  return x < high ? x : high;
}

// a where x is positive, b elsewhere.
VFI_SAMPLING vfi_floats vfi_if_positive(vfi_floats x, vfi_floats a, vfi_floats b) {
  return x > 0 ? a : b;
}

// a where x is zero, b elsewhere.
VFI_SAMPLING vfi_floats vfi_if_null(vfi_floats x, vfi_floats a, vfi_floats b) {
  return x == 0 ? a : b;
}

// a where x lies within low and high, b elsewhere.
VFI_SAMPLING vfi_floats vfi_if_within(vfi_floats x, float low, float high, vfi_floats a,
                                      vfi_floats b) {
  vfi_floats below = x <= (vfi_floats)high ? a : b;
  return x >= (vfi_floats)low ? below : b;
}

// The integer part of values within the range of int32_t.
VFI_SAMPLING vfi_ints vfi_truncate(vfi_floats x) { return __builtin_convertvector(x, vfi_ints); }

VFI_SAMPLING vfi_floats vfi_to_floats(vfi_ints x) { return __builtin_convertvector(x, vfi_floats); }

// 0, 1, 2, ...
VFI_SAMPLING vfi_ints vfi_lane_numbers(void) {
  vfi_ints numbers;
  for (int lane = 0; lane < VFI_LANES; lane++)
    numbers[lane] = lane;
  return numbers;
}

VFI_SAMPLING vfi_ints vfi_minimum(vfi_ints a, vfi_ints b) { return a < b ? a : b; }

// 2^n for whole n of -126 to 127.
VFI_SAMPLING vfi_floats vfi_power_of_two(vfi_ints n) { return (vfi_floats)((n + 127) << 23); }

// Whether any lane of x is above `limit`.
VFI_SAMPLING int vfi_any_above(vfi_floats x, float limit) {
  return __builtin_reduce_or(x > (vfi_floats)limit) != 0;
}

// Whether any lane of x is zero.
VFI_SAMPLING int vfi_any_null(vfi_floats x) { return __builtin_reduce_or(x == 0) != 0; }

// Doubling of columns: lanes 2 i and 2 i + 1 lie within column i + 1 of x, nearest to i and i + 2.
#if defined(__AVX512F__)
#define VFI_NEAR 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7, 8, 8
#define VFI_FAR 0, 2, 1, 3, 2, 4, 3, 5, 4, 6, 5, 7, 6, 8, 7, 9
#elif defined(__AVX2__)
#define VFI_NEAR 1, 1, 2, 2, 3, 3, 4, 4
#define VFI_FAR 0, 2, 1, 3, 2, 4, 3, 5
#else
#define VFI_NEAR 1, 1, 2, 2
#define VFI_FAR 0, 2, 1, 3
#endif
VFI_SAMPLING vfi_floats vfi_near_columns(vfi_floats x) {
  return __builtin_shufflevector(x, x, VFI_NEAR);
}
VFI_SAMPLING vfi_floats vfi_far_columns(vfi_floats x) {
  return __builtin_shufflevector(x, x, VFI_FAR);
}

// The bits of a vector as floats.
VFI_SAMPLING vfi_floats vfi_as_floats(vfi_ints bits) { return (vfi_floats)bits; }

// Loads four bytes at each offset. Loads of single lanes took no longer than gather instructions
// where tried (Zen 4).
VFI_SAMPLING vfi_ints vfi_load_words(const void *_Nonnull base, vfi_ints offsets) {
  vfi_ints words;
  for (int lane = 0; lane < VFI_LANES; lane++) {
    int32_t word;
    memcpy(&word, (const uint8_t *)base + offsets[lane], sizeof word);
    words[lane] = word;
  }
  return words;
}

// Whether all lanes lie in 0 ..< limit.
VFI_SAMPLING int vfi_all_within(vfi_ints x, int32_t limit) {
  typedef uint32_t vfi_unsigned __attribute__((ext_vector_type(VFI_LANES)));
  return __builtin_reduce_or((vfi_unsigned)x >= (vfi_unsigned)(uint32_t)limit) == 0;
}

// Whether all lanes are 0.
VFI_SAMPLING int vfi_all_zero(vfi_ints x) { return __builtin_reduce_or(x) == 0; }

// Whether any lane is below 0.
VFI_SAMPLING int vfi_any_negative(vfi_ints x) { return __builtin_reduce_or(x) < 0; }

// a where x is 0, b elsewhere.
VFI_SAMPLING vfi_ints vfi_if_zero(vfi_ints x, vfi_ints a, vfi_ints b) { return x == 0 ? a : b; }

// Bytes of a vector, from which vfi_window_words takes its words; 0 where a level has no
// instruction for that.
#if defined(__AVX2__)
enum { VFI_WINDOW = 4 * VFI_LANES };
#else
enum { VFI_WINDOW = 0 };
#endif

// Four bytes at each offset, 0 to VFI_WINDOW - 4, of the vector at `window`: what vfi_load_words
// loads, without a load for each lane.
VFI_SAMPLING vfi_ints vfi_window_words(const void *_Nonnull window, vfi_ints offsets) {
#if defined(__AVX2__)
  typedef uint32_t vfi_unsigned __attribute__((ext_vector_type(VFI_LANES)));
  vfi_ints words, index = offsets >> 2;
  memcpy(&words, window, sizeof words);
#if defined(__AVX512F__)
  vfi_unsigned low = (vfi_unsigned)__builtin_ia32_permvarsi512(words, index);
  vfi_unsigned high = (vfi_unsigned)__builtin_ia32_permvarsi512(words, index + 1);
#else
  vfi_unsigned low = (vfi_unsigned)__builtin_ia32_permvarsi256(words, index);
  vfi_unsigned high = (vfi_unsigned)__builtin_ia32_permvarsi256(words, index + 1);
#endif
  // Behind the last word follows the first one again; then it is shifted out.
  vfi_unsigned bits = (vfi_unsigned)(offsets & 3) << 3;
  return (vfi_ints)(low >> bits | (high << 1) << (31 - bits));
#else
  return vfi_load_words(window, offsets);
#endif
}

// Loads `size` (1, 2 or 4) bytes at row y and column x of each lane, wherever in memory it lies.
VFI_SAMPLING vfi_ints vfi_load_samples(const void *_Nonnull base, intptr_t stride, intptr_t step,
                                       intptr_t size, vfi_ints x, vfi_ints y) {
  vfi_ints values;
  for (int lane = 0; lane < VFI_LANES; lane++) {
    const uint8_t *sample = (const uint8_t *)base + y[lane] * stride + x[lane] * step;
    uint16_t half;
    int32_t word;
    if (size == 4)
      memcpy(&word, sample, sizeof word);
    else
      memcpy(&half, sample, sizeof half * (size == 2));
    values[lane] = size == 4 ? word : size == 2 ? half : *sample;
  }
  return values;
}

// Stores the first `count` lanes, `step` bytes apart.
#define VFI_STORE(name, type, vector)                                                              \
  VFI_SAMPLING void name(vector values, void *_Nonnull out, intptr_t step, intptr_t count) {       \
    typedef type narrow_t __attribute__((ext_vector_type(VFI_LANES)));                             \
    narrow_t narrow = __builtin_convertvector(values, narrow_t);                                   \
    if (step == sizeof(type) && count >= VFI_LANES) {                                              \
      memcpy(out, &narrow, sizeof narrow);                                                         \
      return;                                                                                      \
    }                                                                                              \
    type lanes[VFI_LANES];                                                                         \
    memcpy(lanes, &narrow, sizeof narrow);                                                         \
    for (intptr_t lane = 0; lane < VFI_LANES && lane < count; lane++)                              \
      memcpy((uint8_t *)out + lane * step, &lanes[lane], sizeof(type));                            \
  }

VFI_STORE(vfi_store_bytes, uint8_t, vfi_ints)
VFI_STORE(vfi_store_words, uint16_t, vfi_ints)
VFI_STORE(vfi_store_floats, float, vfi_floats)

// Eight vectors as the columns of a matrix, row r of which is stored at out + r * stride.
VFI_SAMPLING void vfi_store_transposed(vfi_octet a, vfi_octet b, vfi_octet c, vfi_octet d,
                                       vfi_octet e, vfi_octet f, vfi_octet g, vfi_octet h,
                                       float *_Nonnull out, intptr_t stride) {
#define VFI_LOW(x, y) __builtin_shufflevector(x, y, 0, 8, 1, 9, 4, 12, 5, 13)
#define VFI_HIGH(x, y) __builtin_shufflevector(x, y, 2, 10, 3, 11, 6, 14, 7, 15)
#define VFI_PAIR_LOW(x, y) __builtin_shufflevector(x, y, 0, 1, 8, 9, 4, 5, 12, 13)
#define VFI_PAIR_HIGH(x, y) __builtin_shufflevector(x, y, 2, 3, 10, 11, 6, 7, 14, 15)
#define VFI_STORE_ROWS(row, x, y)                                                                  \
  do {                                                                                             \
    vfi_octet first = __builtin_shufflevector(x, y, 0, 1, 2, 3, 8, 9, 10, 11);                     \
    vfi_octet second = __builtin_shufflevector(x, y, 4, 5, 6, 7, 12, 13, 14, 15);                  \
    memcpy(out + (row)*stride, &first, sizeof first);                                              \
    memcpy(out + ((row) + 4) * stride, &second, sizeof second);                                    \
  } while (0)
  // Within each half: rows 0 and 1 of two columns, then of four; at the end the halves are joined.
  vfi_octet ab = VFI_LOW(a, b), cd = VFI_LOW(c, d), ef = VFI_LOW(e, f), gh = VFI_LOW(g, h);
  VFI_STORE_ROWS(0, VFI_PAIR_LOW(ab, cd), VFI_PAIR_LOW(ef, gh));
  VFI_STORE_ROWS(1, VFI_PAIR_HIGH(ab, cd), VFI_PAIR_HIGH(ef, gh));
  ab = VFI_HIGH(a, b), cd = VFI_HIGH(c, d), ef = VFI_HIGH(e, f), gh = VFI_HIGH(g, h);
  VFI_STORE_ROWS(2, VFI_PAIR_LOW(ab, cd), VFI_PAIR_LOW(ef, gh));
  VFI_STORE_ROWS(3, VFI_PAIR_HIGH(ab, cd), VFI_PAIR_HIGH(ef, gh));
#undef VFI_LOW
#undef VFI_HIGH
#undef VFI_PAIR_LOW
#undef VFI_PAIR_HIGH
#undef VFI_STORE_ROWS
}

// A row of motion at the columns and rows of one component.
struct vfi_motion_row {
  // Two rows of the motion map: flow of a (x, y), flow of b (x, y), mask logit, residual (R, G, B).
  // Of candidates: four flows (x, y), four weights, residual (R, G, B), uncertainty.
  const float *_Nonnull top;
  const float *_Nonnull bottom;
  intptr_t pixel_stride; // floats
  intptr_t columns;      // of the motion map
  float bottom_weight;
  // Column x of the component lies at x * column_scale + column_offset of the motion map.
  float column_scale, column_offset;
  float flow_scale; // pixels of the picture in one of the motion map
  intptr_t count;   // columns of the component
  // Eight planes of plane_stride >= count + 15 floats: as above, but the share of a (0..1) in place
  // of the mask. Of candidates sixteen, as they are in the map.
  float *_Nonnull planes;
  intptr_t plane_stride;
};

// The samples of one component, or of its alpha, in one frame.
struct vfi_samples {
  const void *_Nonnull base; // four bytes that hold the first sample, or begin with it
  intptr_t stride;           // bytes
  int32_t step;              // bytes from one sample to the next
  int32_t size;              // bytes of a sample
  int32_t low_bit;           // of the first sample in the four bytes at base
  // Largest offset in a row at which four bytes may be loaded.
  int32_t last_offset;
  // Bits from a sample to the one on its right in the same four bytes; 0 = it is not there.
  int32_t pair_bits;
  // Not 0: samples are loaded one by one, since a row has less than four bytes or columns, or
  // because offsets would not fit 32 bits.
  int32_t one_by_one;
};

// A row of one component of the new frame.
struct vfi_merge_row {
  struct vfi_samples a;   // the frame at t = 0
  struct vfi_samples b;   // the frame at t = 1
  intptr_t width, height; // of the component
  intptr_t row;
  const float *_Nonnull planes; // of struct vfi_motion_row
  intptr_t plane_stride;
  float flow_x, flow_y;   // columns and rows of the component in one of the picture
  float red, green, blue; // residual to code values
  float maximum;          // code value
  float unit;             // 2^-shift
  int32_t shift;          // of the value in its word
  void *_Nonnull out;     // the row's first sample
  // Where straight alpha weighs the samples: alpha at the component's columns and rows.
  struct vfi_samples a_alpha;
  struct vfi_samples b_alpha;
};

// As above, from four samples: flows 0 and 2 take them from a, 1 and 3 from b.
struct vfi_candidate_row {
  // Its planes: eight of flows, four of weights, three of residual; then one that is above 0 where
  // the component's columns move. That one has their places; the others have
  struct vfi_merge_row merge;
  // not 0: half as many, and begin with the one before the first (so that each lies at a quarter
  // of the way from the first of two neighbours to the second, then at three quarters);
  int32_t doubles;
  // 0: as many, each column lying at this part of the way from one to the next.
  float fraction;
};

// One block of a plane in both frames.
struct vfi_block_pair {
  const void *_Nonnull a;
  const void *_Nonnull b;
  intptr_t a_stride, b_stride; // bytes
  intptr_t samples;            // of a row, side by side
  intptr_t rows;
  float limit; // largest difference of samples that agree
};

#endif
