/* SPDX-License-Identifier: MIT */
/* Maps beside a frame: an instant of each pixel's own, and confidence. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "support.h"

enum { WIDTH = 70, HEIGHT = 46 };

static picture a, b, out;
static uint8_t plane[HEIGHT * WIDTH];

static vfi_distance distance_of(int32_t type, const void *data, ptrdiff_t stride) {
  vfi_distance distance = {.struct_size = sizeof distance};
  distance.type = type;
  distance.width = WIDTH;
  distance.height = HEIGHT;
  distance.data = data;
  distance.stride = stride;
  return distance;
}

static vfi_status with(vfi_context *context, const vfi_distance *distance) {
  return vfi_interpolate_distance(context, &a.frame, &b.frame, 1, 2, distance, &out.frame, NULL);
}

/* Whatever is wrong with the map is said before the model is asked. */
static void arguments(void) {
  vfi_context *context = test_context();
  CHECK_STATUS(with(context, NULL), VFI_ERR_ARG);
  const vfi_distance good = distance_of(VFI_DISTANCE_UINT8, plane, WIDTH);
  vfi_distance bad = good;
  bad.struct_size -= 8;
  CHECK_STATUS(with(context, &bad), VFI_ERR_VERSION);
  for (int32_t type = -1; type < 6; type++) {
    bad = good;
    bad.type = type;
    bad.stride = 4 * WIDTH;
    int known = type >= VFI_DISTANCE_UINT8 && type <= VFI_DISTANCE_FLOAT;
    CHECK_STATUS(with(context, &bad), known ? VFI_ERR_UNSUPPORTED : VFI_ERR_ARG);
  }
  bad = good;
  bad.data = NULL;
  CHECK_STATUS(with(context, &bad), VFI_ERR_ARG);
  bad = good;
  bad.stride = WIDTH - 1;
  CHECK_STATUS(with(context, &bad), VFI_ERR_SIZE);
  bad.stride = 1 - WIDTH;
  CHECK_STATUS(with(context, &bad), VFI_ERR_SIZE);
  bad = distance_of(VFI_DISTANCE_FLOAT, plane, WIDTH);
  CHECK_STATUS(with(context, &bad), VFI_ERR_SIZE);
  const int32_t wrong[] = {0, -1, INT32_MAX, INT32_MIN};
  for (int i = 0; i < 4; i++) {
    bad = good;
    bad.width = wrong[i];
    CHECK_STATUS(with(context, &bad), VFI_ERR_SIZE);
    bad = good;
    bad.height = wrong[i];
    CHECK_STATUS(with(context, &bad), VFI_ERR_SIZE);
  }
  vfi_destroy(&context);
}

/* A model of one t refuses by name, whatever t is, and goes on. */
static void refusals(void) {
  vfi_context *context = test_context();
  const vfi_distance distance = distance_of(VFI_DISTANCE_UINT8, plane, WIDTH);
  for (int64_t t = 0; t <= 2; t++) {
    CHECK_STATUS(
        vfi_interpolate_distance(context, &a.frame, &b.frame, t, 2, &distance, &out.frame, NULL),
        VFI_ERR_UNSUPPORTED);
    CHECK(strstr(vfi_last_error(context), "ifrnet") != NULL);
  }
  vfi_confidence confidence = {sizeof confidence, WIDTH, HEIGHT, plane, WIDTH};
  CHECK_STATUS(vfi_get_confidence(context, &confidence), VFI_ERR_STATE);
  CHECK_STATUS(vfi_interpolate(context, &a.frame, &b.frame, 1, 2, &out.frame, NULL), VFI_OK);
  CHECK_STATUS(vfi_get_confidence(context, &confidence), VFI_ERR_UNSUPPORTED);
  CHECK(strstr(vfi_last_error(context), "ifrnet") != NULL);
  confidence.width--;
  CHECK_STATUS(vfi_get_confidence(context, &confidence), VFI_ERR_SIZE);
  confidence.data = NULL;
  CHECK_STATUS(vfi_get_confidence(context, &confidence), VFI_ERR_ARG);
  confidence.struct_size = 8;
  CHECK_STATUS(vfi_get_confidence(context, &confidence), VFI_ERR_VERSION);
  vfi_destroy(&context);
}

/* A context of the default model. */
static vfi_context *default_context(int32_t sparsity, double share, double deadline) {
  vfi_params params;
  vfi_params_init(&params, sizeof params);
  params.threads = 1;
  params.scene_cut = 0;
  params.sparsity = sparsity;
  params.heavy_share = share;
  params.deadline_ms = deadline;
  vfi_context *context = NULL;
  if (!CHECK_STATUS(vfi_create(&context, &params), VFI_OK))
    exit(2);
  return context;
}

/* One t everywhere is that t; another map is another frame. */
static void distances(void) {
  vfi_context *context = default_context(VFI_SPARSITY_AUTO, 0, 0);
  static float floats[HEIGHT * WIDTH];
  for (int i = 0; i < HEIGHT * WIDTH; i++)
    floats[i] = 0.25f;
  CHECK_STATUS(vfi_interpolate(context, &a.frame, &b.frame, 1, 4, &out.frame, NULL), VFI_OK);
  picture wanted = picture_make(VFI_FORMAT_YUV420P8, WIDTH, HEIGHT, 0, 0);
  for (int y = 0; y < HEIGHT; y++)
    memcpy(wanted.frame.data[0] + y * wanted.frame.stride[0],
           out.frame.data[0] + y * out.frame.stride[0], WIDTH);
  for (int plane = 1; plane < 3; plane++)
    for (int y = 0; y < HEIGHT / 2; y++)
      memcpy(wanted.frame.data[plane] + y * wanted.frame.stride[plane],
             out.frame.data[plane] + y * out.frame.stride[plane], WIDTH / 2);
  vfi_distance distance = distance_of(VFI_DISTANCE_FLOAT, floats, 4 * WIDTH);
  CHECK_STATUS(with(context, &distance), VFI_OK);
  CHECK(picture_distance(&out.frame, &wanted.frame) <= 1);
  /* From the last row up. */
  distance.data = floats + (HEIGHT - 1) * WIDTH;
  distance.stride = -4 * WIDTH;
  for (int i = 0; i < HEIGHT * WIDTH / 2; i++)
    floats[i] = 0.75f;
  CHECK_STATUS(with(context, &distance), VFI_OK);
  CHECK(picture_distance(&out.frame, &wanted.frame) > 1);
  for (int i = 0; i < HEIGHT * WIDTH; i++)
    floats[i] = i % 3 ? NAN : INFINITY;
  CHECK_STATUS(with(context, &distance), VFI_OK);
  CHECK(picture_guarded(&out));
  picture_free(&wanted);
  vfi_destroy(&context);
}

static void confidence(void) {
  vfi_context *context = default_context(VFI_SPARSITY_AUTO, 0, 0);
  vfi_confidence confidence = {sizeof confidence, WIDTH, HEIGHT, plane, WIDTH};
  uint64_t certain[2] = {0, 0};
  picture noise = picture_make(VFI_FORMAT_YUV420P8, WIDTH, HEIGHT, 0, 0);
  picture_noise(&noise, 3);
  for (int i = 0; i < 2; i++) {
    CHECK_STATUS(vfi_get_confidence(context, &confidence), i ? VFI_OK : VFI_ERR_STATE);
    CHECK_STATUS(
        vfi_interpolate(context, &a.frame, i ? &noise.frame : &b.frame, 1, 2, &out.frame, NULL),
        VFI_OK);
    CHECK_STATUS(vfi_get_confidence(context, &confidence), VFI_OK);
    for (int j = 0; j < HEIGHT * WIDTH; j++)
      certain[i] += plane[j];
  }
  /* Nothing can be known of noise. */
  CHECK(certain[0] > certain[1]);
  picture_free(&noise);
  vfi_destroy(&context);
}

/* The share of refined pixels at half the size. */
static double refined(int32_t sparsity, double share, double deadline) {
  vfi_context *context = default_context(sparsity, share, deadline);
  for (int i = 0; i < 2; i++) {
    vfi_reset_stats(context);
    CHECK_STATUS(vfi_interpolate(context, &a.frame, &b.frame, 1, 2, &out.frame, NULL), VFI_OK);
  }
  vfi_stats stats = {.struct_size = sizeof stats};
  CHECK_STATUS(vfi_get_stats(context, &stats), VFI_OK);
  vfi_destroy(&context);
  return stats.active_share[1];
}

static void budgets(void) {
  picture_noise(&b, 4); /* hard to make, so that much is refined */
  double most = refined(VFI_SPARSITY_AUTO, 0, 0);
  CHECK(most > 0.2 && most <= 1);
  CHECK(refined(VFI_SPARSITY_OFF, 0, 0) == 1);
  double some = refined(VFI_SPARSITY_CAP, most / 2, 0);
  CHECK(some <= most / 2 && some > most / 4);
  CHECK(refined(VFI_SPARSITY_CAP, 0, 0) == 0);
  /* The first frame is late for certain, so that the second one refines nothing. */
  CHECK(refined(VFI_SPARSITY_OFF, 0, 1e-6) == 0);
  CHECK(refined(VFI_SPARSITY_OFF, 0, 1e6) == 1);
}

int main(void) {
  a = picture_make(VFI_FORMAT_YUV420P8, WIDTH, HEIGHT, 0, 0);
  b = picture_make(VFI_FORMAT_YUV420P8, WIDTH, HEIGHT, 0, 0);
  out = picture_make(VFI_FORMAT_YUV420P8, WIDTH, HEIGHT, 0, 0);
  picture_draw(&a, 0);
  picture_draw(&b, 1);
  memset(plane, 128, sizeof plane);
  arguments();
  refusals();
  distances();
  confidence();
  budgets();
  picture_free(&a);
  picture_free(&b);
  picture_free(&out);
  return check_report();
}
