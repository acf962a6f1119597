// SPDX-License-Identifier: MIT
// Arguments of the kernels of the dense inverse search.
#ifndef VFI_INVERSE_SEARCH_H
#define VFI_INVERSE_SEARCH_H

#include "CIntrinsics.h"

enum {
  VFI_PATCH = 8,        // pixels of a patch's side
  VFI_PATCH_STRIDE = 4, // pixels from one patch to the next
  VFI_LUMA_BORDER = 12, // repeated edge pixels on each side of a luma level, at least VFI_PATCH + 1
};

// One level of a luma pyramid, 0 ... 255. `base` is pixel (0, 0); VFI_LUMA_BORDER pixels beyond
// each edge repeat it. `stride` is in floats.
struct vfi_luma {
  float *_Nonnull base;
  intptr_t height;
  intptr_t width;
  intptr_t stride;
};

// One level of the search in one direction.
struct vfi_inverse_search {
  struct vfi_luma first;
  struct vfi_luma second;
  intptr_t rows;    // of patches
  intptr_t columns; // of patches
  // Dense flow of the next coarser level, [coarse_height][coarse_width][2]; NULL on the coarsest.
  const float *_Nullable coarse;
  intptr_t coarse_height;
  intptr_t coarse_width;
  bool widens;                   // looks around the best candidate from the coarser level
  float *_Nonnull patch_flow;    // [rows][columns][2]: x, y
  float *_Nonnull patch_weights; // [rows][columns][8][8]
  // [height][width + 2][2]: the weighted mean of the patches, and one repeated pixel on both sides.
  float *_Nonnull dense;
  float *_Nonnull flow; // [height][width][2]: the median of `dense`
};

// A patch of the first picture with what its search needs.
struct vfi_patch {
  intptr_t top;
  intptr_t left;
  const float *_Nonnull first; // its first pixel
  float *_Nonnull gradients;   // [2][8][8]: x, y, less their means
  float *_Nonnull errors;      // [8][8] of the last evaluation
  float hxx;                   // the inverse of the Hessian matrix
  float hxy;
  float hyy;
};

// A flow of a patch, its cost, and the mean of its errors.
struct vfi_patch_flow {
  float x;
  float y;
  float cost;
  float mean;
};

VFI_VECTOR_FUNCTION vfi_float8 vfi_lower8(vfi_float8 a, vfi_float8 b) { return a < b ? a : b; }
VFI_VECTOR_FUNCTION vfi_float8 vfi_higher8(vfi_float8 a, vfi_float8 b) { return a > b ? a : b; }

// The same value, of which the compiler then does not know where it comes from. Without this it
// takes sums of a vector's lanes apart into pairs of lanes, all the way back to the loads, and
// makes one of two loads that overlap from the other one by shuffles: twice as many instructions.
VFI_VECTOR_FUNCTION vfi_float8 vfi_whole8(vfi_float8 x) {
#if defined(__AVX__)
  __asm__("" : "+v"(x));
#endif
  return x;
}
VFI_VECTOR_FUNCTION const float *_Nonnull vfi_apart(const float *_Nonnull p) {
  __asm__("" : "+r"(p));
  return p;
}

#endif
