// SPDX-License-Identifier: MIT
// Arguments of the kernels that move and resize features. Strides are in values.
#ifndef VFI_MOTION_H
#define VFI_MOTION_H

#include <stdint.h>

// A view of features [height, width, channels]: neighbouring pixels are `stride` values apart, rows
// `width * stride`. A kernel works on one type of values; flows are float32 in any.
struct vfi_features {
  void *_Nonnull base;
  intptr_t height;
  intptr_t width;
  intptr_t channels;
  intptr_t stride;
};

// output = input + offset, between maps of one size and any type.
struct vfi_convert {
  struct vfi_features input;
  struct vfi_features output;
  float offset;
};

// Backward warp: output(x, y) = input(x + flow 0, y + flow 1). All have the same size.
// Input and output are of one type, here and below.
struct vfi_warp {
  struct vfi_features input;
  struct vfi_features flow;
  struct vfi_features output;
};

// Backward warp of two maps: output(x, y) = a(x + flow 0, y + flow 1), b(x + flow 2, y + flow 3),
// and the four flows themselves, side by side.
struct vfi_warp_pair {
  struct vfi_features a;
  struct vfi_features b;
  struct vfi_features flow;
  struct vfi_features output;
};

// What a block reads at listed pixels of [h, w]: a and b moved by the flow as above, the features
// of the coarser level in twice the size, and the flow.
struct vfi_block_input {
  struct vfi_features a;
  struct vfi_features b;
  struct vfi_features flow;       // [h, w, 4]
  struct vfi_features coarse;     // [h / 2, w / 2, D]
  const int32_t *_Nonnull pixels; // y * w + x of each
  struct vfi_features output;     // [1, pixels, 2 C + D + 4]
};

// Bilinear resize: output = scale * input at ((x + 0.5) * step_x - 0.5, ...) + addend.
struct vfi_resize {
  struct vfi_features input;
  struct vfi_features output;
  const void *_Nullable addend; // of the output's size and type, may be the output itself
  intptr_t addend_stride;
  float step_x; // input pixels an output pixel
  float step_y;
  float scale;
};

// Candidates of the motion at t from the flows between the frames, which are [h, w, 2] without
// gaps.
struct vfi_candidates {
  struct vfi_features flow01;
  struct vfi_features flow10;
  // What is left of them after t, [h, w, 2], where motion is not linear in time; NULL where it is.
  const float *_Nullable arrival01;
  const float *_Nullable arrival10;
  // [h, w, 8]: A to frame 0 and to frame 1, then B.
  struct vfi_features output;
  // [h / 2, w / 2, 9]: their means in pixels of that size, and t.
  struct vfi_features halved;
  const float *_Nullable times; // t of each pixel, [h, w]; NULL: `t` is that of all
  float t;
};

// What the default model's guide reads beside warped features, of [h, w].
struct vfi_guide_input {
  struct vfi_features motion; // [h, w, 9]: both candidates and t, as motionCandidates makes them
  struct vfi_features luma_a; // [h, w, 1], 0 ... 1
  struct vfi_features luma_b;
  struct vfi_features output; // [h, w, 16]
  float flow_scale;
  float luma_scale;
};

// What the default model's refinement reads at the listed pixels of [h, w].
struct vfi_refine_input {
  struct vfi_features a; // [h, w, C]
  struct vfi_features b;
  struct vfi_features motion;     // [h, w, 8 or more]: four flows, in pixels of [h / 2, w / 2]
  struct vfi_features features;   // float32, [h / 2, w / 2, D]; D is a multiple of 4
  const int32_t *_Nonnull pixels; // y * w + x of each
  struct vfi_features output;     // [1, pixels, 4 C + D]
};

// The default model's last step: motion before the refinement to motion for four samples a pixel.
struct vfi_final_motion {
  // [h, w, 16], replaced. Before: four flows in pixels of [h / 2, w / 2], four logits, the
  // uncertainty. After: the flows in pixels of [2 h, 2 w], four weights, the residual, the
  // uncertainty.
  struct vfi_features motion;
  struct vfi_features refined; // [1, active pixels, 16]: changes of flows and logits, the residual
  const int32_t *_Nonnull places; // of each pixel among the active ones; below 0: it is not active
};

// The four pixels around a point and the point's place between them.
struct vfi_tap {
  const void *_Nonnull pixel;
  intptr_t right; // values to the pixel on the right, 0 where there is none
  intptr_t down;
  float fx;
  float fy;
};

// One output row of a doubling: 3/4 of the input row `near` and 1/4 of the row `far`.
struct vfi_double_row {
  const void *_Nonnull near;
  const void *_Nonnull far;
  void *_Nonnull output;
  intptr_t width; // of the input
  intptr_t stride;
  intptr_t output_stride;
  const void *_Nullable addend; // what is added to `output`
  intptr_t addend_stride;
  float scale;
};

#endif
