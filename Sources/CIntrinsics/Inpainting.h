// SPDX-License-Identifier: MIT
// Arguments of the kernels of inpainting networks, all of float32.
#ifndef VFI_INPAINTING_H
#define VFI_INPAINTING_H

#include "Motion.h"
#include "Sampling.h"

// output(x, k) = mean over channels of reference(x) * source(x + d_k), zero outside of the source,
// for (2 reach + 1)^2 displacements d, row by row.
struct vfi_correlation {
  struct vfi_features reference; // [h, w, C]
  struct vfi_features source;    // [h, w, C]
  struct vfi_features output;    // [h, w, (2 reach + 1)^2]
  intptr_t reach;
};

// output = sigmoid(second half of the channels) * leaky ReLU(first half).
struct vfi_gate {
  struct vfi_features input;  // [h, w, 2 C]
  struct vfi_features output; // [h, w, C]
  float slope;                // of negative values
};

// The step of an LSTM: gates are input, remember, output and cell, before their functions.
struct vfi_lstm {
  struct vfi_features gates;  // [h, w, 4 C]
  struct vfi_features cell;   // [h, w, C], read and written
  struct vfi_features hidden; // [h, w, C], written
};

// output = a + sigmoid(logit) * (b - a); the logit has 1 / 2^shift of the size.
struct vfi_mix {
  struct vfi_features a;
  struct vfi_features b;
  struct vfi_features logit; // [h >> shift, w >> shift, 1]
  struct vfi_features output;
  intptr_t shift;
};

// output = |a - b|.
struct vfi_difference {
  struct vfi_features a;
  struct vfi_features b;
  struct vfi_features output;
};

// The sum of all lanes, by halves.
VFI_SAMPLING float vfi_sum(vfi_floats x) {
#if VFI_LANES == 16
  vfi_octet octet = __builtin_shufflevector(x, x, 0, 1, 2, 3, 4, 5, 6, 7) +
                    __builtin_shufflevector(x, x, 8, 9, 10, 11, 12, 13, 14, 15);
#elif VFI_LANES == 8
  vfi_octet octet = x;
#endif
#if VFI_LANES > 4
  vfi_float4 quartet = __builtin_shufflevector(octet, octet, 0, 1, 2, 3) +
                       __builtin_shufflevector(octet, octet, 4, 5, 6, 7);
#else
  vfi_float4 quartet = x;
#endif
  return (quartet[0] + quartet[2]) + (quartet[1] + quartet[3]);
}

#endif
