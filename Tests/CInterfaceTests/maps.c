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

int main(void) {
  a = picture_make(VFI_FORMAT_YUV420P8, WIDTH, HEIGHT, 0, 0);
  b = picture_make(VFI_FORMAT_YUV420P8, WIDTH, HEIGHT, 0, 0);
  out = picture_make(VFI_FORMAT_YUV420P8, WIDTH, HEIGHT, 0, 0);
  picture_draw(&a, 0);
  picture_draw(&b, 1);
  memset(plane, 128, sizeof plane);
  arguments();
  refusals();
  picture_free(&a);
  picture_free(&b);
  picture_free(&out);
  return check_report();
}
