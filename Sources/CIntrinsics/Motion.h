// SPDX-License-Identifier: MIT
// Arguments of the kernels that move and resize features. Strides are in floats.
#ifndef VFI_MOTION_H
#define VFI_MOTION_H

#include <stdint.h>

// A view of features [height, width, channels]: neighbouring pixels are `stride` floats apart, rows
// `width * stride`.
struct vfi_features {
  float *_Nonnull base;
  intptr_t height;
  intptr_t width;
  intptr_t channels;
  intptr_t stride;
};

// Backward warp: output(x, y) = input(x + flow 0, y + flow 1). All three have the same size.
struct vfi_warp {
  struct vfi_features input;
  struct vfi_features flow;
  struct vfi_features output;
};

// Bilinear resize: output = scale * input at ((x + 0.5) * step_x - 0.5, ...), added to what is there
// when `adding` is not 0.
struct vfi_resize {
  struct vfi_features input;
  struct vfi_features output;
  float step_x; // input pixels an output pixel
  float step_y;
  float scale;
  int32_t adding;
};

// The four pixels around a point and the point's place between them.
struct vfi_tap {
  const float *_Nonnull pixel;
  intptr_t right; // floats to the pixel on the right, 0 where there is none
  intptr_t down;
  float fx;
  float fy;
};

// One output row of a doubling: 3/4 of the input row `near` and 1/4 of the row `far`.
struct vfi_double_row {
  const float *_Nonnull near;
  const float *_Nonnull far;
  float *_Nonnull output;
  intptr_t width; // of the input
  intptr_t stride;
  intptr_t output_stride;
  float scale;
  int32_t adding;
};

#endif
