/* SPDX-License-Identifier: MIT */
/* Whatever stands in a frame: a status comes back, never a trap. */
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "support.h"

static vfi_context *context;
static picture a, b, out;

static vfi_status call(void) {
  return vfi_interpolate(context, &a.frame, &b.frame, 1, 2, &out.frame, NULL);
}

static void make(vfi_pixel_format format, int width, int height) {
  a = picture_make(format, width, height, 0, 0);
  b = picture_make(format, width, height, 0, 0);
  out = picture_make(format, width, height, 0, 0);
  picture_draw(&a, 0);
  picture_draw(&b, 1);
}

static void release(void) {
  picture_free(&a);
  picture_free(&b);
  picture_free(&out);
}

/* With one thing changed in a, in b, or in out. */
#define REFUSED(status, change)                                                                    \
  do {                                                                                             \
    vfi_frame old_a = a.frame, old_b = b.frame, old_out = out.frame;                               \
    change;                                                                                        \
    check_status_(call(), status, #change, __FILE__, __LINE__);                                    \
    CHECK(vfi_last_error(context)[0] != 0);                                                        \
    a.frame = old_a, b.frame = old_b, out.frame = old_out;                                         \
  } while (0)

static void descriptions(void) {
  make(VFI_FORMAT_YUV420P8, 33, 17);
  REFUSED(VFI_ERR_VERSION, a.frame.struct_size = 0);
  REFUSED(VFI_ERR_VERSION, b.frame.struct_size = 8);
  REFUSED(VFI_ERR_VERSION, out.frame.struct_size += 8);
  REFUSED(VFI_ERR_FORMAT, a.frame.format = 0);
  REFUSED(VFI_ERR_FORMAT, a.frame.format = FORMAT_COUNT + 1);
  REFUSED(VFI_ERR_FORMAT, b.frame.format = INT32_MAX);
  REFUSED(VFI_ERR_FORMAT, out.frame.format = INT32_MIN);
  REFUSED(VFI_ERR_FORMAT, a.frame.flags = VFI_FRAME_INTERLACED);
  REFUSED(VFI_ERR_FORMAT, a.frame.flags = VFI_FRAME_INTERLACED | VFI_FRAME_CORRUPT);
  REFUSED(VFI_ERR_ARG, b.frame.flags = 0x80000000u);
  a.frame.flags = VFI_FRAME_CORRUPT;
  b.frame.flags = VFI_FRAME_CONCEALED | VFI_FRAME_CORRUPT;
  out.frame.flags = VFI_FRAME_CORRUPT;
  CHECK_STATUS(call(), VFI_OK);
  a.frame.flags = b.frame.flags = out.frame.flags = 0;
  REFUSED(VFI_ERR_FORMAT, b.frame.format = VFI_FORMAT_YUV444P8);
  REFUSED(VFI_ERR_FORMAT, out.frame.format = VFI_FORMAT_GRAY8);
  static const int32_t sizes[] = {0, -1, VFI_MAX_SIZE + 1, INT32_MAX, INT32_MIN};
  for (int i = 0; i < 5; i++) {
    REFUSED(VFI_ERR_SIZE, a.frame.width = sizes[i]);
    REFUSED(VFI_ERR_SIZE, a.frame.height = sizes[i]);
    REFUSED(VFI_ERR_SIZE, b.frame.width = sizes[i]);
    REFUSED(VFI_ERR_SIZE, out.frame.height = sizes[i]);
  }
  REFUSED(VFI_ERR_SIZE, b.frame.width = 32);
  REFUSED(VFI_ERR_SIZE, b.frame.height = 16);
  REFUSED(VFI_ERR_SIZE, out.frame.width = 31);
  REFUSED(VFI_ERR_SIZE, out.frame.height = 1);
  REFUSED(VFI_ERR_ARG, a.frame.matrix = -1);
  REFUSED(VFI_ERR_ARG, a.frame.matrix = 256);
  REFUSED(VFI_ERR_ARG, a.frame.primaries = INT32_MIN);
  REFUSED(VFI_ERR_ARG, a.frame.transfer = INT32_MAX);
  REFUSED(VFI_ERR_ARG, a.frame.range = 3);
  REFUSED(VFI_ERR_ARG, a.frame.range = -1);
  REFUSED(VFI_ERR_ARG, a.frame.chroma_location = 7);
  REFUSED(VFI_ERR_ARG, a.frame.alpha_mode = 2);
  REFUSED(VFI_ERR_FORMAT, b.frame.range = VFI_RANGE_FULL);
  REFUSED(VFI_ERR_FORMAT, b.frame.matrix = VFI_MATRIX_BT709);
  out.frame.range = 77; /* not looked at */
  CHECK_STATUS(call(), VFI_OK);
  CHECK(out.frame.range == 77);
  release();
}

static void planes(void) {
  make(VFI_FORMAT_YUV420P8, 33, 17);
  REFUSED(VFI_ERR_ARG, a.frame.data[0] = NULL);
  REFUSED(VFI_ERR_ARG, a.frame.data[2] = NULL);
  REFUSED(VFI_ERR_ARG, b.frame.data[1] = NULL);
  REFUSED(VFI_ERR_ARG, out.frame.data[1] = NULL);
  REFUSED(VFI_ERR_SIZE, a.frame.stride[0] = 32);
  REFUSED(VFI_ERR_SIZE, a.frame.stride[0] = -32);
  REFUSED(VFI_ERR_SIZE, a.frame.stride[0] = 0);
  REFUSED(VFI_ERR_SIZE, b.frame.stride[2] = 16);
  REFUSED(VFI_ERR_SIZE, out.frame.stride[1] = 1);
  REFUSED(VFI_ERR_SIZE, a.frame.stride[0] = PTRDIFF_MAX);
  REFUSED(VFI_ERR_SIZE, a.frame.stride[0] = PTRDIFF_MIN);
  REFUSED(VFI_ERR_SIZE, b.frame.stride[1] = PTRDIFF_MIN + 1);
  REFUSED(VFI_ERR_SIZE, out.frame.stride[2] = PTRDIFF_MAX / 2);
  REFUSED(VFI_ERR_SIZE, a.frame.data[0] = (uint8_t *)PTRDIFF_MAX);
  a.frame.data[3] = (uint8_t *)8; /* a plane that the format lacks */
  a.frame.stride[3] = PTRDIFF_MIN;
  CHECK_STATUS(call(), VFI_OK);
  release();
}

static void overlaps(void) {
  make(VFI_FORMAT_YUV420P8, 33, 17);
  REFUSED(VFI_ERR_ARG, out.frame.data[0] = a.frame.data[0]);
  REFUSED(VFI_ERR_ARG, out.frame.data[0] = b.frame.data[0] + 33 * 16);
  REFUSED(VFI_ERR_ARG, out.frame.data[0] = b.frame.data[0] - 33 * 17 + 1);
  REFUSED(VFI_ERR_ARG, out.frame.data[1] = a.frame.data[2]);
  REFUSED(VFI_ERR_ARG, out.frame.data[1] = out.frame.data[2]);
  REFUSED(VFI_ERR_ARG, out.frame.data[1] = out.frame.data[0] + 33);
  /* The same frame twice is no error, and neither are inputs whose planes overlap. */
  vfi_frame old = b.frame;
  b.frame = a.frame;
  b.frame.data[1] = b.frame.data[2];
  CHECK_STATUS(call(), VFI_OK);
  b.frame = old;

  vfi_frame outs[2] = {out.frame, out.frame};
  vfi_rational t[2] = {{1, 3}, {2, 3}};
  CHECK_STATUS(vfi_interpolate_n(context, &a.frame, &b.frame, 2, t, outs, NULL), VFI_ERR_ARG);
  release();

  /* Two pictures side by side in one buffer share rows of memory but no sample. */
  picture wide = picture_make(VFI_FORMAT_GRAY8, 90, 20, 0, 0);
  picture_draw(&wide, 0);
  vfi_frame left = wide.frame, middle, right;
  left.width = 30;
  middle = right = left;
  middle.data[0] += 30;
  right.data[0] += 60;
  CHECK_STATUS(vfi_interpolate(context, &left, &right, 1, 2, &middle, NULL), VFI_OK);
  middle.data[0] += 1;
  CHECK_STATUS(vfi_interpolate(context, &left, &right, 1, 2, &middle, NULL), VFI_ERR_ARG);
  picture_free(&wide);
}

static void instants(void) {
  make(VFI_FORMAT_GRAY8, 20, 20);
  static const int64_t wrong[][2] = {{1, 0},         {1, -2},        {-1, 2},  {3, 2},
                                     {INT64_MAX, 1}, {INT64_MIN, 1}, {-1, -2}, {0, 0},
                                     {0, INT64_MIN}, {1, INT64_MIN}};
  for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
    vfi_status status =
        vfi_interpolate(context, &a.frame, &b.frame, wrong[i][0], wrong[i][1], &out.frame, NULL);
    CHECK_STATUS(status, VFI_ERR_ARG);
  }
  vfi_info info = {.struct_size = sizeof info, .decision = -1, .scene_score = -2};
  CHECK_STATUS(
      vfi_interpolate(context, &a.frame, &b.frame, INT64_MAX - 1, INT64_MAX, &out.frame, &info),
      VFI_OK);
  CHECK_STATUS(vfi_interpolate(context, &a.frame, &b.frame, 1, INT64_MAX, &out.frame, &info),
               VFI_OK);
  CHECK_STATUS(
      vfi_interpolate(context, &a.frame, &b.frame, INT64_MAX, INT64_MAX, &out.frame, &info),
      VFI_OK);
  CHECK(info.decision == VFI_SOURCE_COPY && picture_equal(&out.frame, &b.frame));
  info.struct_size = 8;
  CHECK_STATUS(vfi_interpolate(context, &a.frame, &b.frame, 1, 2, &out.frame, &info),
               VFI_ERR_VERSION);
  vfi_rational t = {1, 2};
  static const int32_t counts[] = {0, -1, 1025, INT32_MAX, INT32_MIN};
  for (int i = 0; i < 5; i++)
    CHECK_STATUS(vfi_interpolate_n(context, &a.frame, &b.frame, counts[i], &t, &out.frame, NULL),
                 VFI_ERR_ARG);
  CHECK_STATUS(vfi_interpolate_n(context, &a.frame, &b.frame, 1, NULL, &out.frame, NULL),
               VFI_ERR_ARG);
  CHECK_STATUS(vfi_interpolate_n(context, &a.frame, &b.frame, 1, &t, NULL, NULL), VFI_ERR_ARG);
  CHECK_STATUS(vfi_interpolate(context, NULL, &b.frame, 1, 2, &out.frame, NULL), VFI_ERR_ARG);
  CHECK_STATUS(vfi_interpolate(context, &a.frame, NULL, 1, 2, &out.frame, NULL), VFI_ERR_ARG);
  CHECK_STATUS(vfi_interpolate(context, &a.frame, &b.frame, 1, 2, NULL, NULL), VFI_ERR_ARG);
  release();
}

/* A caller that knows the first version of the structure gets that, and nothing behind it. */
static void old_statistics(vfi_context *handle) {
  vfi_stats stats;
  memset(&stats, 0x55, sizeof stats);
  stats.struct_size = offsetof(vfi_stats, multiply_adds_saved);
  CHECK_STATUS(vfi_get_stats(handle, &stats), VFI_OK);
  CHECK(stats.struct_size == offsetof(vfi_stats, multiply_adds_saved));
  CHECK(stats.current_bytes <= stats.peak_bytes && stats.peak_bytes < 0x5555555555555555);
  CHECK(stats.multiply_adds_saved == 0x5555555555555555);
  stats.struct_size = sizeof stats;
  CHECK_STATUS(vfi_get_stats(handle, &stats), VFI_OK);
  CHECK(stats.multiply_adds_saved == 0); /* IFRNet computes every pixel */
  for (int level = 0; level < 4; level++)
    CHECK(stats.active_share[level] == -1);
}

static void other_calls(void) {
  make(VFI_FORMAT_GRAY8, 20, 20);
  double score;
  CHECK_STATUS(vfi_scene_score(context, &a.frame, &b.frame, NULL), VFI_ERR_ARG);
  CHECK_STATUS(vfi_scene_score(context, NULL, &b.frame, &score), VFI_ERR_ARG);
  CHECK_STATUS(vfi_scene_score(context, &a.frame, &a.frame, &score), VFI_OK);
  CHECK(score == 0);
  vfi_frame description = a.frame;
  memset(description.data, 0, sizeof description.data);
  CHECK_STATUS(vfi_configure(context, &description), VFI_OK);
  CHECK_STATUS(vfi_configure(context, NULL), VFI_ERR_ARG);
  vfi_params params = test_params();
  uint64_t bytes = 0;
  CHECK_STATUS(vfi_memory_required(&params, &description, &bytes), VFI_OK);
  CHECK(bytes > 400);
  CHECK_STATUS(vfi_memory_required(&params, &description, NULL), VFI_ERR_ARG);
  description.width = 0;
  CHECK_STATUS(vfi_configure(context, &description), VFI_ERR_SIZE);
  CHECK_STATUS(vfi_memory_required(&params, &description, &bytes), VFI_ERR_SIZE);
  description.width = description.height = VFI_MAX_SIZE;
  CHECK_STATUS(vfi_memory_required(&params, &description, &bytes), VFI_OK);
  vfi_stats stats = {.struct_size = 1};
  CHECK_STATUS(vfi_get_stats(context, NULL), VFI_ERR_ARG);
  CHECK_STATUS(vfi_get_stats(context, &stats), VFI_ERR_VERSION);
  stats.struct_size = sizeof stats + 8;
  CHECK_STATUS(vfi_get_stats(context, &stats), VFI_ERR_VERSION);
  old_statistics(context);
  release();
}

static void motions(void) {
  make(VFI_FORMAT_GRAY8, 40, 24);
  float *flow = calloc(40 * 24 * 2, sizeof *flow);
  vfi_motion motion = {.struct_size = sizeof motion, .width = 40, .height = 24, .flow0 = flow};
  vfi_context *fresh = test_context();
  CHECK_STATUS(vfi_get_motion(fresh, &motion), VFI_ERR_STATE);
  vfi_info info = {.struct_size = sizeof info};
  CHECK_STATUS(vfi_interpolate(fresh, &a.frame, &b.frame, 1, 2, &out.frame, &info), VFI_OK);
  CHECK(info.decision == VFI_INTERPOLATED);
  CHECK_STATUS(vfi_get_motion(fresh, &motion), VFI_OK);
  motion.width = 39;
  CHECK(vfi_get_motion(fresh, &motion) < 0);
  motion.width = INT32_MIN;
  CHECK(vfi_get_motion(fresh, &motion) < 0);
  motion.width = 40;
  motion.struct_size = 9;
  CHECK_STATUS(vfi_get_motion(fresh, &motion), VFI_ERR_VERSION);
  CHECK_STATUS(vfi_get_motion(fresh, NULL), VFI_ERR_ARG);
  vfi_destroy(&fresh);
  free(flow);
  release();
}

/* Random bytes over a valid frame: any answer but a trap. Planes stay valid where they matter. */
static void random_fields(void) {
  uint64_t seed = 11;
  make(VFI_FORMAT_YUVA420P8, 16, 16);
  int accepted = 0;
  for (int round = 0; round < 3000; round++) {
    vfi_frame old = a.frame;
    uint8_t bytes[sizeof(vfi_frame)];
    memcpy(bytes, &a.frame, sizeof bytes);
    for (int k = 0; k < 2; k++) {
      size_t at = (size_t)(random_next(&seed) % sizeof bytes);
      size_t data = offsetof(vfi_frame, data), stride = offsetof(vfi_frame, stride);
      if (at >= data && at < stride + sizeof a.frame.stride)
        continue;
      bytes[at] = (uint8_t)random_next(&seed);
    }
    memcpy(&a.frame, bytes, sizeof bytes);
    accepted += call() == VFI_OK;
    a.frame = old;
  }
  CHECK(accepted > 0);
  release();
}

int main(void) {
  context = test_context();
  descriptions();
  planes();
  overlaps();
  instants();
  other_calls();
  motions();
  random_fields();
  vfi_destroy(&context);
  CHECK(context == NULL);
  return check_report();
}
