/* SPDX-License-Identifier: MIT */
/* Pictures with guarded memory, and contexts with the tests' model. */
#ifndef SUPPORT_H
#define SUPPORT_H

#include <vfi.h>

enum { FORMAT_COUNT = 19, GUARD = 0xA5 };

/* Rows and columns of a plane, in bytes, for a picture of the given size; 0 rows = no such plane.
 */
typedef struct plane_size {
  int row_bytes;
  int rows;
} plane_size;
plane_size plane_size_of(vfi_pixel_format format, int width, int height, int plane);

/* A frame with memory of its own; all bytes that are no samples hold GUARD. */
typedef struct picture {
  vfi_frame frame;
  uint8_t *memory[4];
  size_t size[4];
} picture;

/* `padding` bytes follow each row. `flipped`: negative strides. */
picture picture_make(vfi_pixel_format format, int width, int height, int padding, int flipped);
void picture_free(picture *picture);
/* A texture that moves by (dx, dy) pixels a step. */
void picture_draw(picture *picture, int step);
/* Random bytes; in float formats also NaN and infinity. */
void picture_noise(picture *picture, uint64_t seed);
/* Whether the samples are the same. */
int picture_equal(const vfi_frame *a, const vfi_frame *b);
/* Largest difference of two samples in code values; of floats in 1/255. */
double picture_distance(const vfi_frame *a, const vfi_frame *b);
/* A hash of the samples. */
uint64_t picture_hash(const vfi_frame *frame);
/* Whether all bytes beside the samples hold GUARD. */
int picture_guarded(const picture *picture);

/* Parameters of holes with this dilation and feather. */
vfi_inpaint_params holes(int dilation, int feather);
/* A GRAY8 mask in which the rectangle is marked. */
picture mask_make(int width, int height, vfi_rectangle hole);
/* Whether a pixel lies within `dilation` of a marked one. */
int mask_contains(const vfi_frame *mask, int dilation, int x, int y);
/* Writes `value` to all samples of the hole: whatever is there, nobody may look at it. */
void picture_spoil(picture *picture, const vfi_frame *mask, uint8_t value);
/* Whether all samples without a pixel in the dilated mask have the same bits in both frames. */
int picture_equal_outside(const vfi_frame *a, const vfi_frame *b, const vfi_frame *mask,
                          int dilation);
/* Frames of a moving texture or of noise, in rows that are padded and flipped in every other one.
 */
void window_make(picture frames[], int count, vfi_pixel_format format, int width, int height,
                 int noise);
/* Three gray frames with a cut before and one after the second. */
void window_make_cuts(picture frames[3], int width, int height);
void window_free(picture frames[], int count);
/* The frames alone. */
void views(const picture frames[], int count, vfi_frame out[]);

/* Path of the model that the tests use: the environment's VFI_TEST_MODEL. */
const char *test_model(void);
/* Parameters with that model and one thread. */
vfi_params test_params(void);
/* A context of those parameters; ends the program when there is none. */
vfi_context *test_context(void);
vfi_rational rational(int64_t num, int64_t den);
/* The next number of a fixed sequence (splitmix64). */
uint64_t random_next(uint64_t *state);

#endif
