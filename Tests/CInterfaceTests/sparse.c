/* SPDX-License-Identifier: MIT */
/* A model that computes some pixels only: what it tells, and that no content breaks a promise. */
#include <stdlib.h>

#include "check.h"
#include "support.h"

static picture a, b, still, out;

/* A context of UGSP with hashed weights (VFI_TEST_SPARSE_MODEL). */
static vfi_context *sparse_context(int32_t threads) {
  vfi_params params = test_params();
  params.model_name = getenv("VFI_TEST_SPARSE_MODEL");
  params.threads = threads;
  params.duplicate_action = VFI_DUPLICATE_INTERPOLATE;
  params.scene_cut = 0;
  vfi_context *context = NULL;
  if (!params.model_name || vfi_create(&context, &params) != VFI_OK) {
    fprintf(stderr, "VFI_TEST_SPARSE_MODEL: %s\n", vfi_last_error(NULL));
    exit(2);
  }
  return context;
}

static vfi_stats statistics_of(const vfi_context *context) {
  vfi_stats stats = {.struct_size = sizeof stats};
  CHECK_STATUS(vfi_get_stats(context, &stats), VFI_OK);
  return stats;
}

static void shares(void) {
  vfi_context *context = sparse_context(1);
  vfi_stats stats = statistics_of(context);
  for (int level = 0; level < 4; level++)
    CHECK(stats.active_share[level] == -1);
  CHECK_STATUS(vfi_interpolate(context, &a.frame, &b.frame, 1, 2, &out.frame, NULL), VFI_OK);
  stats = statistics_of(context);
  CHECK(stats.active_share[0] == -1); /* the full size is never chosen by pixel */
  for (int level = 1; level < 4; level++)
    CHECK(stats.active_share[level] >= 0 && stats.active_share[level] <= 1);
  /* Masks only shrink from coarse to fine. */
  CHECK(stats.active_share[3] >= stats.active_share[2]);
  CHECK(stats.active_share[2] >= stats.active_share[1]);
  CHECK(stats.multiply_adds > 0 && stats.multiply_adds_saved > 0);
  double total = (double)stats.multiply_adds + (double)stats.multiply_adds_saved;
  double pixels = 96 * 64; /* padded to multiples of 16 */
  CHECK(total > 266.5e3 * pixels && total < 268e3 * pixels);
  vfi_reset_stats(context);
  CHECK(statistics_of(context).multiply_adds_saved == 0);
  CHECK(statistics_of(context).active_share[1] == -1);
  vfi_destroy(&context);
}

/* Whatever is active, memory is that of vfi_configure, and below the bound. */
static void constant_memory(void) {
  vfi_context *context = sparse_context(1);
  CHECK_STATUS(vfi_configure(context, &a.frame), VFI_OK);
  vfi_stats before = statistics_of(context);
  const vfi_frame *pairs[][2] = {
      {&still.frame, &still.frame}, {&a.frame, &b.frame}, {&still.frame, &a.frame}};
  for (int i = 0; i < 3; i++) {
    CHECK_STATUS(vfi_interpolate(context, pairs[i][0], pairs[i][1], 1, 2, &out.frame, NULL),
                 VFI_OK);
    vfi_stats stats = statistics_of(context);
    CHECK(stats.allocation_count == before.allocation_count);
    CHECK(stats.current_bytes == before.current_bytes);
  }
  vfi_params params = test_params();
  params.model_name = getenv("VFI_TEST_SPARSE_MODEL");
  uint64_t required = 0;
  CHECK_STATUS(vfi_memory_required(&params, &a.frame, &required), VFI_OK);
  CHECK(required >= statistics_of(context).peak_bytes);
  vfi_destroy(&context);
}

static void same_bytes(void) {
  uint64_t hash[3];
  for (int threads = 1; threads <= 3; threads++) {
    vfi_context *context = sparse_context(threads);
    CHECK_STATUS(vfi_interpolate(context, &a.frame, &b.frame, 1, 2, &out.frame, NULL), VFI_OK);
    hash[threads - 1] = picture_hash(&out.frame);
    CHECK(picture_guarded(&out));
    vfi_destroy(&context);
  }
  CHECK(hash[0] == hash[1] && hash[0] == hash[2]);
}

int main(void) {
  a = picture_make(VFI_FORMAT_YUV420P8, 90, 61, 3, 0);
  b = picture_make(VFI_FORMAT_YUV420P8, 90, 61, 3, 0);
  still = picture_make(VFI_FORMAT_YUV420P8, 90, 61, 3, 0);
  out = picture_make(VFI_FORMAT_YUV420P8, 90, 61, 5, 0);
  picture_draw(&a, 0);
  picture_draw(&b, 1);
  for (int plane = 0; plane < 3; plane++)
    for (int y = 0; y < (plane ? 31 : 61); y++)
      for (int x = 0; x < (plane ? 45 : 90); x++)
        still.frame.data[plane][y * still.frame.stride[plane] + x] = 120;
  shares();
  constant_memory();
  same_bytes();
  picture_free(&a);
  picture_free(&b);
  picture_free(&still);
  picture_free(&out);
  return check_report();
}
