/* SPDX-License-Identifier: MIT */
/* The host's allocator: failures at any point, limits, counts, and nothing left behind. */
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "support.h"

typedef struct pool {
  int64_t calls;
  int64_t fail_at; /* this call and all later ones give NULL; 0 = none */
  int64_t live;
  int misaligned;
} pool;

static void *pool_alloc(void *opaque, size_t size) {
  pool *pool = opaque;
  pool->calls++;
  if (pool->fail_at && pool->calls >= pool->fail_at)
    return NULL;
  pool->live++;
  uint8_t *memory = aligned_alloc(64, (size + 128) / 64 * 64);
  /* Not zero: nobody may count on it. */
  if (memory)
    memset(memory, 0xCC, size);
  return memory ? memory + (pool->misaligned ? 4 : 0) : NULL;
}

static void pool_free(void *opaque, void *memory) {
  pool *pool = opaque;
  if (!memory)
    return;
  pool->live--;
  free((uint8_t *)memory - (pool->misaligned ? 4 : 0));
}

static vfi_params pool_params(pool *pool) {
  vfi_params params = test_params();
  params.allocator.alloc = pool_alloc;
  params.allocator.free = pool_free;
  params.allocator.opaque = pool;
  params.scene_cut = 0;
  return params;
}

/* Two frames by each layer; gives the worst status. */
static vfi_status work(const vfi_params *params, picture *a, picture *b, picture *out) {
  vfi_context *context = NULL;
  vfi_status worst = vfi_create(&context, params);
  for (int i = 0; i < 2 && context; i++) {
    vfi_status status = vfi_interpolate(context, &a->frame, &b->frame, 1, 2, &out->frame, NULL);
    if (status < worst)
      worst = status;
  }
  if (worst != VFI_OK)
    CHECK(!context || vfi_last_error(context)[0] != 0);
  vfi_destroy(&context);

  vfi_stream_params stream_params;
  vfi_stream_params_init(&stream_params, sizeof stream_params);
  stream_params.rate = rational(2000, 1);
  vfi_stream *stream = NULL;
  vfi_status status = vfi_stream_create(&stream, params, &stream_params);
  if (status < worst)
    worst = status;
  for (int64_t pts = 0; pts < 3 && stream; pts++) {
    vfi_frame frame = pts % 2 ? a->frame : b->frame;
    frame.pts = pts;
    vfi_frame received = {.struct_size = sizeof received};
    status = vfi_stream_send(stream, &frame);
    if (status < worst)
      worst = status;
    while ((status = vfi_stream_receive(stream, &received, NULL)) == VFI_OK)
      continue;
    if (status < worst)
      worst = status;
  }
  vfi_stream_destroy(&stream);
  return worst;
}

static void failures(picture *a, picture *b, picture *out) {
  pool pool = {0, 0, 0, 0};
  vfi_params params = pool_params(&pool);
  CHECK_STATUS(work(&params, a, b, out), VFI_OK);
  CHECK(pool.live == 0);
  uint64_t hash = picture_hash(&out->frame);
  int64_t calls = pool.calls;
  CHECK(calls > 4);
  for (int64_t k = 1; k <= calls + 1; k++) {
    pool.calls = 0;
    pool.fail_at = k;
    vfi_status status = work(&params, a, b, out);
    CHECK(status == VFI_ERR_NOMEM || (status == VFI_OK && k > calls / 2));
    if (!CHECK(pool.live == 0))
      break;
  }
  pool.fail_at = 0;
  CHECK_STATUS(work(&params, a, b, out), VFI_OK);
  CHECK(picture_hash(&out->frame) == hash);

  pool.misaligned = 1;
  CHECK_STATUS(work(&params, a, b, out), VFI_ERR_ARG);
  CHECK(pool.live == 0);
}

/* A context is of use again once there is memory. */
static void recovery(picture *a, picture *b, picture *out) {
  pool pool = {0, 0, 0, 0};
  vfi_params params = pool_params(&pool);
  vfi_context *context = NULL;
  CHECK_STATUS(vfi_create(&context, &params), VFI_OK);
  CHECK_STATUS(vfi_interpolate(context, &a->frame, &b->frame, 1, 2, &out->frame, NULL), VFI_OK);
  uint64_t hash = picture_hash(&out->frame);
  vfi_destroy(&context);
  for (int64_t k = 1; k < 40; k++) {
    pool.calls = 0;
    pool.fail_at = k;
    CHECK_STATUS(vfi_create(&context, &params), VFI_OK);
    vfi_status status = vfi_interpolate(context, &a->frame, &b->frame, 1, 2, &out->frame, NULL);
    CHECK(status == VFI_OK || status == VFI_ERR_NOMEM);
    pool.fail_at = 0;
    memset(out->frame.data[0], 0, 10);
    CHECK_STATUS(vfi_interpolate(context, &a->frame, &b->frame, 1, 2, &out->frame, NULL), VFI_OK);
    CHECK(picture_hash(&out->frame) == hash);
    vfi_destroy(&context);
    if (!CHECK(pool.live == 0))
      break;
  }
}

/* After the first frame nothing is allocated; after vfi_configure not even for the first. */
static void constant_count(picture *a, picture *b, picture *out) {
  vfi_context *context = test_context();
  vfi_stats stats = {.struct_size = sizeof stats};
  CHECK_STATUS(vfi_configure(context, &a->frame), VFI_OK);
  CHECK_STATUS(vfi_get_stats(context, &stats), VFI_OK);
  uint64_t count = stats.allocation_count, bytes = stats.current_bytes;
  CHECK(count > 0 && bytes > 0 && stats.peak_bytes >= bytes);
  CHECK(stats.frames_interpolated == 0);
  for (int i = 0; i < 4; i++) {
    CHECK_STATUS(vfi_interpolate(context, &a->frame, &b->frame, 1 + i, 6, &out->frame, NULL),
                 VFI_OK);
    CHECK_STATUS(vfi_get_stats(context, &stats), VFI_OK);
    CHECK(stats.allocation_count == count && stats.current_bytes == bytes);
  }
  uint64_t required = 0;
  vfi_params params = test_params();
  CHECK_STATUS(vfi_memory_required(&params, &a->frame, &required), VFI_OK);
  CHECK(required >= stats.peak_bytes && required < 8 * stats.peak_bytes + (1u << 20));
  vfi_reset_stats(context);
  CHECK_STATUS(vfi_get_stats(context, &stats), VFI_OK);
  CHECK(stats.allocation_count == 0 && stats.frames_interpolated == 0);
  CHECK(stats.current_bytes == bytes && stats.multiply_adds == 0);
  vfi_destroy(&context);
}

/* Whether little or all of the first new frame is refined, later ones take no more. */
static void constant_for_any_content(void) {
  picture a = picture_make(VFI_FORMAT_YUV420P8, 320, 192, 0, 0);
  picture b = picture_make(VFI_FORMAT_YUV420P8, 320, 192, 0, 0);
  picture other = picture_make(VFI_FORMAT_YUV420P8, 320, 192, 0, 0);
  picture out = picture_make(VFI_FORMAT_YUV420P8, 320, 192, 0, 0);
  picture_draw(&a, 0);
  picture_draw(&b, 0);
  picture_draw(&other, 1);
  for (int y = 40; y < 56; y++)
    memset(b.frame.data[0] + y * b.frame.stride[0] + 40, 235, 16);
  vfi_params params;
  vfi_params_init(&params, sizeof params);
  params.threads = 2;
  params.scene_cut = 0;
  vfi_context *context = NULL;
  CHECK_STATUS(vfi_create(&context, &params), VFI_OK);
  const picture *pairs[][2] = {{&a, &b}, {&a, &other}, {&other, &b}, {&a, &b}};
  uint64_t count = 0, bytes = 0;
  for (int k = 0; k < 4; k++) {
    vfi_info info = {.struct_size = sizeof info};
    CHECK_STATUS(
        vfi_interpolate(context, &pairs[k][0]->frame, &pairs[k][1]->frame, 1, 2, &out.frame, &info),
        VFI_OK);
    CHECK(info.decision == VFI_INTERPOLATED);
    vfi_stats stats = {.struct_size = sizeof stats};
    CHECK_STATUS(vfi_get_stats(context, &stats), VFI_OK);
    CHECK(k == 0 || (stats.allocation_count == count && stats.current_bytes == bytes));
    count = stats.allocation_count, bytes = stats.current_bytes;
    CHECK(count > 0);
  }
  vfi_destroy(&context);
  picture_free(&a);
  picture_free(&b);
  picture_free(&other);
  picture_free(&out);
}

static void limit(picture *a, picture *b, picture *out) {
  vfi_context *context = test_context();
  CHECK_STATUS(vfi_interpolate(context, &a->frame, &b->frame, 1, 2, &out->frame, NULL), VFI_OK);
  vfi_stats stats = {.struct_size = sizeof stats};
  CHECK_STATUS(vfi_get_stats(context, &stats), VFI_OK);
  vfi_destroy(&context);
  vfi_params params = test_params();
  for (int step = 1; step < 8; step++) {
    params.memory_limit = stats.peak_bytes * (uint64_t)step / 8;
    CHECK_STATUS(vfi_create(&context, &params), VFI_OK);
    vfi_status status = vfi_interpolate(context, &a->frame, &b->frame, 1, 2, &out->frame, NULL);
    CHECK(status == VFI_ERR_NOMEM || status == VFI_OK);
    vfi_stats limited = {.struct_size = sizeof limited};
    CHECK_STATUS(vfi_get_stats(context, &limited), VFI_OK);
    CHECK(limited.peak_bytes <= params.memory_limit);
    vfi_destroy(&context);
  }
  params.memory_limit = 1;
  CHECK_STATUS(vfi_create(&context, &params), VFI_OK);
  CHECK_STATUS(vfi_interpolate(context, &a->frame, &b->frame, 1, 2, &out->frame, NULL),
               VFI_ERR_NOMEM);
  vfi_destroy(&context);
  params.memory_limit = UINT64_MAX;
  CHECK_STATUS(vfi_create(&context, &params), VFI_OK);
  CHECK_STATUS(vfi_interpolate(context, &a->frame, &b->frame, 1, 2, &out->frame, NULL), VFI_OK);
  vfi_destroy(&context);
}

/* The default model at large sizes: what it takes at most, and that the bound is tight. */
static void large(int width, int height, uint64_t most) {
  picture a = picture_make(VFI_FORMAT_YUV420P8, width, height, 0, 0);
  picture b = picture_make(VFI_FORMAT_YUV420P8, width, height, 0, 0);
  picture out = picture_make(VFI_FORMAT_YUV420P8, width, height, 0, 0);
  picture_draw(&a, 0);
  picture_draw(&b, 1);
  vfi_params params;
  vfi_params_init(&params, sizeof params);
  params.threads = 2;
  params.scene_cut = 0;
  uint64_t required = 0;
  CHECK_STATUS(vfi_memory_required(&params, &a.frame, &required), VFI_OK);
  /* A context that may take no more than the bound makes its frame. */
  params.memory_limit = required;
  vfi_context *context = NULL;
  vfi_info info = {.struct_size = sizeof info};
  CHECK_STATUS(vfi_create(&context, &params), VFI_OK);
  CHECK_STATUS(vfi_interpolate(context, &a.frame, &b.frame, 1, 2, &out.frame, &info), VFI_OK);
  CHECK(info.decision == VFI_INTERPOLATED);
  CHECK(picture_guarded(&out) && !picture_equal(&out.frame, &a.frame));
  vfi_stats stats = {.struct_size = sizeof stats};
  CHECK_STATUS(vfi_get_stats(context, &stats), VFI_OK);
  vfi_destroy(&context);
  CHECK(stats.peak_bytes <= most);
  /* The bound has a stream's frames, too: four of the size. */
  uint64_t frames = (uint64_t)width * (uint64_t)height * 6;
  CHECK(required <= stats.peak_bytes * 4 / 3 + frames * 11 / 10);
  picture_free(&a);
  picture_free(&b);
  picture_free(&out);
}

int main(void) {
  picture a = picture_make(VFI_FORMAT_YUV420P8, 40, 24, 0, 0);
  picture b = picture_make(VFI_FORMAT_YUV420P8, 40, 24, 0, 0);
  picture out = picture_make(VFI_FORMAT_YUV420P8, 40, 24, 0, 0);
  picture_draw(&a, 0);
  picture_draw(&b, 1);
  failures(&a, &b, &out);
  recovery(&a, &b, &out);
  constant_count(&a, &b, &out);
  constant_for_any_content();
  limit(&a, &b, &out);
  /* In float32, which machines without instructions for less take, features have twice the size. */
  uint32_t small = vfi_cpu_flags() & (VFI_CPU_AVX512_BF16 | VFI_CPU_AVX512_VNNI);
  large(1920, 1080, small ? 400000000 : 500000000);
  large(3840, 2160, 1200000000);
  picture_free(&a);
  picture_free(&b);
  picture_free(&out);
  return check_report();
}
