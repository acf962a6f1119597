/* SPDX-License-Identifier: MIT */
/* Motion that is not linear in time, told by the frames around a pair. */
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "support.h"

enum { COUNT = 5, WIDTH = 96, HEIGHT = 64 };

static picture frames[COUNT];

static vfi_context *context_of(int32_t motion) {
  vfi_params params;
  vfi_params_init(&params, sizeof params);
  params.threads = 2;
  params.motion = motion;
  vfi_context *context = NULL;
  CHECK_STATUS(vfi_create(&context, &params), VFI_OK);
  return context;
}

/* The frame half-way between frames[n] and the next. */
static vfi_status among(vfi_context *context, int n, vfi_frame *out) {
  const vfi_rational half = {1, 2};
  return vfi_interpolate_among(context, n > 0 ? &frames[n - 1].frame : NULL, &frames[n].frame,
                               &frames[n + 1].frame, n + 2 < COUNT ? &frames[n + 2].frame : NULL, 1,
                               &half, out, NULL);
}

static void pairs(void) {
  vfi_context *linear = context_of(VFI_MOTION_LINEAR), *bent = context_of(VFI_MOTION_QUADRATIC);
  picture out = picture_make(VFI_FORMAT_YUV420P8, WIDTH, HEIGHT, 3, 0);
  picture other = picture_make(VFI_FORMAT_YUV420P8, WIDTH, HEIGHT, 0, 1);
  const vfi_rational half = {1, 2};
  const vfi_frame *a = &frames[1].frame, *b = &frames[2].frame;
  CHECK_STATUS(among(linear, 1, &out.frame), VFI_ERR_STATE);
  CHECK(strstr(vfi_last_error(linear), "linear") != NULL);

  /* Without neighbours, as a straight pair. */
  CHECK_STATUS(vfi_interpolate_among(bent, NULL, a, b, NULL, 1, &half, &out.frame, NULL), VFI_OK);
  CHECK_STATUS(vfi_interpolate(linear, a, b, 1, 2, &other.frame, NULL), VFI_OK);
  CHECK(picture_equal(&out.frame, &other.frame));
  CHECK_STATUS(among(bent, 1, &out.frame), VFI_OK);
  CHECK(!picture_equal(&out.frame, &other.frame));
  CHECK(picture_guarded(&out));

  /* Times that say the same as none. */
  for (int n = 0; n < COUNT; n++)
    frames[n].frame.pts = 10 * n;
  CHECK_STATUS(among(bent, 1, &other.frame), VFI_OK);
  CHECK(picture_equal(&out.frame, &other.frame));
  frames[3].frame.pts = 1000;
  CHECK_STATUS(among(bent, 1, &other.frame), VFI_OK);
  CHECK(!picture_equal(&out.frame, &other.frame));
  for (int n = 0; n < COUNT; n++)
    frames[n].frame.pts = 0;
  picture_free(&out);
  picture_free(&other);
  vfi_destroy(&linear);
  vfi_destroy(&bent);
}

static void refused(void) {
  vfi_context *context = context_of(VFI_MOTION_QUADRATIC);
  picture out = picture_make(VFI_FORMAT_YUV420P8, WIDTH, HEIGHT, 0, 0);
  picture small = picture_make(VFI_FORMAT_YUV420P8, WIDTH - 2, HEIGHT, 0, 0);
  picture gray = picture_make(VFI_FORMAT_GRAY8, WIDTH, HEIGHT, 0, 0);
  const vfi_rational half = {1, 2}, late = {3, 2};
  const vfi_frame *a = &frames[0].frame, *b = &frames[1].frame;
  vfi_frame *o = &out.frame;
  CHECK_STATUS(vfi_interpolate_among(context, NULL, a, b, &small.frame, 1, &half, o, NULL),
               VFI_ERR_SIZE);
  CHECK(strstr(vfi_last_error(context), "after") != NULL);
  CHECK_STATUS(vfi_interpolate_among(context, &gray.frame, a, b, NULL, 1, &half, o, NULL),
               VFI_ERR_FORMAT);
  CHECK_STATUS(vfi_interpolate_among(context, o, a, b, NULL, 1, &half, o, NULL), VFI_ERR_ARG);
  CHECK_STATUS(vfi_interpolate_among(context, NULL, a, b, o, 1, &half, o, NULL), VFI_ERR_ARG);
  CHECK_STATUS(vfi_interpolate_among(context, NULL, a, NULL, NULL, 1, &half, o, NULL), VFI_ERR_ARG);
  CHECK_STATUS(vfi_interpolate_among(context, NULL, a, b, NULL, 1, &late, o, NULL), VFI_ERR_ARG);
  CHECK_STATUS(vfi_interpolate_among(context, NULL, a, b, NULL, 0, &half, o, NULL), VFI_ERR_ARG);
  CHECK_STATUS(vfi_interpolate_among(context, NULL, a, b, NULL, 1, NULL, o, NULL), VFI_ERR_ARG);
  CHECK_STATUS(vfi_interpolate_among(NULL, NULL, a, b, NULL, 1, &half, o, NULL), VFI_ERR_ARG);
  picture_free(&out);
  picture_free(&small);
  picture_free(&gray);
  vfi_destroy(&context);
}

/* Receives what is due; new frames are compared with those of the pair layer. */
static int receive(vfi_stream *stream, vfi_context *context, int count) {
  picture out = picture_make(VFI_FORMAT_YUV420P8, WIDTH, HEIGHT, 0, 0);
  vfi_frame frame;
  vfi_frame_init(&frame, sizeof frame);
  while (vfi_stream_receive(stream, &frame, NULL) == VFI_OK) {
    if (count % 2 == 1 && count / 2 + 1 < COUNT) {
      CHECK_STATUS(among(context, count / 2, &out.frame), VFI_OK);
      CHECK(picture_equal(&frame, &out.frame));
    }
    count++;
  }
  picture_free(&out);
  return count;
}

static void stream(void) {
  vfi_params params;
  vfi_params_init(&params, sizeof params);
  params.threads = 1;
  CHECK_STATUS(vfi_params_set(&params, "motion", "quadratic"), VFI_OK);
  vfi_stream_params rates;
  vfi_stream_params_init(&rates, sizeof rates);
  rates.timebase = rational(1, 25);
  rates.source_rate = rational(25, 1);
  uint64_t required = 0;
  CHECK_STATUS(vfi_memory_required(&params, &frames[0].frame, &required), VFI_OK);
  vfi_stream *stream = NULL;
  CHECK_STATUS(vfi_stream_create(&stream, &params, &rates), VFI_OK);
  int32_t latency = 0;
  double seconds = 0;
  CHECK_STATUS(vfi_stream_latency(stream, &latency, &seconds), VFI_OK);
  CHECK(latency == 2 && seconds == 2 / 25.0);
  vfi_context *context = context_of(VFI_MOTION_QUADRATIC);
  int count = 0;
  for (int n = 0; n < COUNT; n++) {
    frames[n].frame.pts = n;
    CHECK_STATUS(vfi_stream_send(stream, &frames[n].frame), VFI_OK);
    count = receive(stream, context, count);
    CHECK(count == (n < 2 ? 1 : 2 * n - 1));
  }
  CHECK_STATUS(vfi_stream_drain(stream), VFI_OK);
  CHECK(receive(stream, context, count) == 2 * COUNT);
  vfi_stats stats = {.struct_size = sizeof stats};
  CHECK_STATUS(vfi_get_stats(vfi_stream_context(stream), &stats), VFI_OK);
  CHECK(stats.peak_bytes <= required);
  CHECK(stats.frames_encoded == COUNT);
  vfi_destroy(&context);
  vfi_stream_destroy(&stream);
}

int main(void) {
  for (int n = 0; n < COUNT; n++) {
    frames[n] = picture_make(VFI_FORMAT_YUV420P8, WIDTH, HEIGHT, n, 0);
    picture_draw(&frames[n], n * n);
  }
  pairs();
  refused();
  stream();
  for (int n = 0; n < COUNT; n++)
    picture_free(&frames[n]);
  return check_report();
}
