// SPDX-License-Identifier: MIT
// Arguments of the kernels that fill holes without a network.
#ifndef VFI_HOLES_H
#define VFI_HOLES_H

#include "Sampling.h"
#include <stdbool.h>

// A level of a membrane: one channel of a map, its pixels sorted by colour as on a chessboard.
//
// Red are those of even x + y, black the others. Of each row, pixel i of a colour is that of column
// 2 i or 2 i + 1. Before a row's first pixel lies one value, behind its last one two vectors.
struct vfi_membrane {
  float *_Nonnull red; // [height][stride]
  float *_Nonnull black;
  // Whether a value is given: 1, or 0 where it is to be found, or -1 behind the last column.
  float *_Nonnull red_known;
  float *_Nonnull black_known;
  // Of each row, the first and the last column that has a value to be found; first > last: none.
  int32_t *_Nonnull open; // [height][2]
  intptr_t height;
  intptr_t width;
  intptr_t stride; // floats
};

// Pixels of a hole and of its rim that are followed from frame to frame.
struct vfi_trace {
  // Of each pixel, [height][width]: its place in the frame that it has come to, the sum of its
  // squared errors, and 0 where it is lost, 1 where it is followed, 2 where it is just found, 3
  // where it was found before.
  float *_Nonnull x;
  float *_Nonnull y;
  float *_Nonnull error;
  float *_Nonnull state;
  const float *_Nonnull alpha; // [height][width], above 0 in the hole
  int32_t *_Nonnull counts;    // [height][2]: the hole's pixels that are followed, and just found
  intptr_t height;
  intptr_t width;
  // [height][width]: not 0 where the frame that they have come to hides a pixel; NULL: nowhere.
  const uint8_t *_Nullable hidden;
};

// The way of all pixels from one frame to the next.
struct vfi_trace_step {
  struct vfi_trace trace;
  const float *_Nonnull forward; // [flow_height][flow_width][2]: flow at a quarter of the size
  const float *_Nonnull backward;
  intptr_t flow_height;
  intptr_t flow_width;
  intptr_t left; // columns to work on, from the first up to the second
  intptr_t right;
  float maximum_error;
  bool goes_on; // what was found is followed on
};

// A component's samples in the frame that a trace has come to.
struct vfi_hole_samples {
  const void *_Nonnull base; // the first sample of the top row
  intptr_t stride;           // bytes
  intptr_t step;             // bytes from one sample to the next
  intptr_t size;             // bytes of a sample
  int32_t shift;             // zero bits below the value
  intptr_t height;
  intptr_t width;
  intptr_t shift_x; // log2 of the subsampling
  intptr_t shift_y;
  const uint8_t *_Nullable hidden; // [height][width], as above
};

// What was found in one frame of a component.
struct vfi_collection {
  struct vfi_trace trace;
  struct vfi_hole_samples samples;
  const float *_Nonnull trust; // of each cell of 8 x 8 pixels, [...][trust_width]
  intptr_t trust_width;
  float distance;       // divides the weight
  float offset;         // is added to each sample
  float *_Nonnull sums; // [samples.height][samples.width][2]: of weighted samples, and of weights
  intptr_t left;        // columns to work on, from the first up to the second
  intptr_t right;
};

// Samples at the rim of a hole, listed; the lists have a multiple of 16 elements.
struct vfi_rim_samples {
  struct vfi_trace trace;
  struct vfi_hole_samples samples;
  const int32_t *_Nonnull columns; // of the component
  const int32_t *_Nonnull rows;
  float *_Nonnull values; // what the frame shows there
};

#endif
