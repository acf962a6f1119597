/* SPDX-License-Identifier: MIT */
/* The stream layer: counts, times, runs, and any order of calls. */
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "support.h"

enum { WIDTH = 18, HEIGHT = 10 };

static vfi_stream *make(vfi_rational timebase, vfi_rational rate) {
  vfi_params params = test_params();
  params.scene_cut = 0;
  params.max_gap = 1e6;
  vfi_stream_params stream_params;
  vfi_stream_params_init(&stream_params, sizeof stream_params);
  stream_params.timebase = timebase;
  stream_params.rate = rate;
  vfi_stream *stream = NULL;
  CHECK_STATUS(vfi_stream_create(&stream, &params, &stream_params), VFI_OK);
  return stream;
}

typedef struct output {
  int count;
  int64_t first;
  int64_t last;
  int regular; /* pts grow by the duration */
} output;

static vfi_status receive(vfi_stream *stream, output *output) {
  vfi_frame frame = {.struct_size = sizeof frame};
  vfi_status status = vfi_stream_receive(stream, &frame, NULL);
  if (status != VFI_OK)
    return status;
  if (output->count == 0) {
    output->first = frame.pts;
    output->regular = 1;
  } else if (frame.pts != output->last + frame.duration) {
    output->regular = 0;
  }
  output->last = frame.pts;
  output->count++;
  return VFI_OK;
}

static void send(vfi_stream *stream, picture *picture, int64_t pts, int64_t duration,
                 output *output) {
  picture->frame.pts = pts;
  picture->frame.duration = duration;
  vfi_status status;
  while ((status = vfi_stream_send(stream, &picture->frame)) == VFI_AGAIN)
    if (!CHECK_STATUS(receive(stream, output), VFI_OK))
      return;
  CHECK_STATUS(status, VFI_OK);
}

static void finish(vfi_stream *stream, output *output) {
  CHECK_STATUS(vfi_stream_drain(stream), VFI_OK);
  while (receive(stream, output) == VFI_OK)
    continue;
  CHECK_STATUS(receive(stream, output), VFI_EOF);
}

/* The counts that other filters miss. */
static void counts(void) {
  static const struct {
    int frames;
    vfi_rational source, rate;
    int expected;
  } table[] = {
      {48, {24000, 1001}, {60, 1}, 121}, {50, {25, 1}, {60, 1}, 120},
      {60, {30, 1}, {60, 1}, 120},       {60, {30000, 1001}, {60000, 1001}, 120},
      {120, {60, 1}, {24, 1}, 48},       {10, {30, 1}, {60, 1}, 20},
      {10, {30, 1}, {48000, 1001}, 16},  {10, {30, 1}, {50, 1}, 17},
  };
  picture picture = picture_make(VFI_FORMAT_GRAY8, WIDTH, HEIGHT, 0, 0);
  for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
    for (int known = 0; known < 2; known++) {
      vfi_stream *stream = make(rational(table[i].source.den, table[i].source.num), table[i].rate);
      output output = {0, 0, 0, 0};
      for (int n = 0; n < table[i].frames; n++) {
        picture_draw(&picture, n % 4);
        send(stream, &picture, 1000 + n, known, &output);
      }
      finish(stream, &output);
      if (!CHECK(output.count == table[i].expected))
        printf("  row %d: %d, not %d\n", (int)i, output.count, table[i].expected);
      CHECK(output.regular);
      vfi_stream_destroy(&stream);
      CHECK(stream == NULL);
    }
  }
  picture_free(&picture);
}

/* Sources come back bit by bit, also at another size and after a jump backwards. */
static void runs(void) {
  vfi_stream *stream = make(rational(1, 30), rational(60, 1));
  vfi_rational timebase;
  CHECK_STATUS(vfi_stream_timebase(stream, &timebase), VFI_OK);
  CHECK(timebase.num == 1 && timebase.den == 60);
  static const struct {
    int64_t pts;
    int width;
  } sent[] = {{10, 18}, {11, 18}, {11, 18}, {12, 18}, {13, 30}, {14, 30}, {3, 30}, {4, 30}};
  static const int64_t expected[] = {20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 6, 7, 8, 9};
  picture source[8];
  vfi_frame out = {.struct_size = sizeof out};
  vfi_info info = {.struct_size = sizeof info};
  int count = 0, at = 0;
  vfi_status status = VFI_OK;
  while (status != VFI_EOF && count < 20) {
    if (at < 8) {
      source[at] = picture_make(VFI_FORMAT_YUV422P8, sent[at].width, HEIGHT, 0, 0);
      picture_draw(&source[at], at);
      source[at].frame.pts = sent[at].pts;
      source[at].frame.opaque = &source[at];
      status = vfi_stream_send(stream, &source[at].frame);
      if (status == VFI_OK && ++at == 8)
        CHECK_STATUS(vfi_stream_drain(stream), VFI_OK);
      if (status == VFI_AGAIN)
        picture_free(&source[at]);
    }
    status = vfi_stream_receive(stream, &out, &info);
    if (status != VFI_OK)
      continue;
    CHECK(count < 14 && out.pts == expected[count]);
    CHECK(out.duration == 1);
    picture *nearest = out.opaque;
    CHECK(nearest != NULL && out.width == nearest->frame.width);
    if (info.decision == VFI_SOURCE_COPY)
      CHECK(picture_equal(&out, &nearest->frame));
    CHECK((info.decision == VFI_SOURCE_COPY) == (out.pts % 2 == 0));
    count++;
  }
  CHECK(count == 14 && at == 8);
  vfi_stats stats = {.struct_size = sizeof stats};
  CHECK_STATUS(vfi_get_stats(vfi_stream_context(stream), &stats), VFI_OK);
  CHECK(stats.frames_copied == 7 && stats.frames_held == 3 && stats.frames_interpolated == 4);
  CHECK(stats.frames_encoded == 7);
  vfi_stream_destroy(&stream);
  for (int i = 0; i < at; i++)
    picture_free(&source[i]);
}

/* Uneven pts: the output grid does not care. */
static void variable_rate(void) {
  vfi_stream *stream = make(rational(1, 90000), rational(60000, 1001));
  picture picture = picture_make(VFI_FORMAT_GRAY8, WIDTH, HEIGHT, 0, 0);
  output output = {0, 0, 0, 0};
  uint64_t seed = 4;
  int64_t pts = 12345;
  for (int i = 0; i < 60; i++) {
    picture_draw(&picture, i % 5);
    send(stream, &picture, pts, 0, &output);
    pts += 1 + (int64_t)(random_next(&seed) % 8000);
  }
  finish(stream, &output);
  CHECK(output.regular && output.count > 60 && output.first == 12345 * 2);
  vfi_stream_destroy(&stream);
  picture_free(&picture);
}

static void gaps(void) {
  vfi_params params = test_params();
  params.max_gap = 0.25;
  vfi_stream_params stream_params;
  vfi_stream_params_init(&stream_params, sizeof stream_params);
  stream_params.timebase = rational(1, 10);
  stream_params.source_rate = rational(10, 1);
  vfi_stream *stream = NULL;
  CHECK_STATUS(vfi_stream_create(&stream, &params, &stream_params), VFI_OK);
  int32_t frames = 0;
  double seconds = 0;
  CHECK_STATUS(vfi_stream_latency(stream, &frames, &seconds), VFI_OK);
  CHECK(frames == 1 && seconds == 0.1);
  picture picture = picture_make(VFI_FORMAT_GRAY8, WIDTH, HEIGHT, 0, 0);
  vfi_frame out = {.struct_size = sizeof out};
  vfi_info info = {.struct_size = sizeof info};
  static const int64_t pts[] = {0, 1, 6};
  static const vfi_decision expected[] = {
      VFI_SOURCE_COPY,   VFI_INTERPOLATED,  VFI_SOURCE_COPY,   VFI_HELD_PREVIOUS, VFI_HELD_PREVIOUS,
      VFI_HELD_PREVIOUS, VFI_HELD_PREVIOUS, VFI_HELD_PREVIOUS, VFI_HELD_PREVIOUS, VFI_HELD_PREVIOUS,
      VFI_HELD_PREVIOUS, VFI_HELD_PREVIOUS, VFI_SOURCE_COPY};
  int count = 0;
  for (int i = 0; i < 3; i++) {
    picture_draw(&picture, i);
    picture.frame.pts = pts[i];
    CHECK_STATUS(vfi_stream_send(stream, &picture.frame), VFI_OK);
    while (vfi_stream_receive(stream, &out, &info) == VFI_OK) {
      CHECK(count < 13 && info.decision == expected[count]);
      count++;
    }
  }
  CHECK(count == 13);
  vfi_stream_destroy(&stream); /* with frames inside */
  picture_free(&picture);
}

static void order(void) {
  vfi_stream *stream = make(rational(1, 30), rational(60, 1));
  picture picture = picture_make(VFI_FORMAT_GRAY8, WIDTH, HEIGHT, 0, 0);
  output output = {0, 0, 0, 0};
  CHECK_STATUS(receive(stream, &output), VFI_AGAIN);
  for (int64_t n = 0; n < 2; n++) {
    picture.frame.pts = n;
    CHECK_STATUS(vfi_stream_send(stream, &picture.frame), VFI_OK);
  }
  picture.frame.pts = 2;
  CHECK_STATUS(vfi_stream_send(stream, &picture.frame), VFI_AGAIN);
  CHECK_STATUS(vfi_stream_drain(stream), VFI_OK);
  CHECK_STATUS(vfi_stream_send(stream, &picture.frame), VFI_ERR_STATE);
  CHECK(vfi_last_error(vfi_stream_context(stream))[0] != 0);
  finish(stream, &output);
  CHECK(output.count == 4);
  CHECK_STATUS(vfi_stream_flush(stream), VFI_OK);
  CHECK_STATUS(receive(stream, &output), VFI_AGAIN);
  finish(stream, &output);
  CHECK_STATUS(vfi_stream_flush(stream), VFI_OK);
  vfi_context *context = vfi_stream_context(stream);
  vfi_frame out = picture.frame;
  CHECK_STATUS(vfi_interpolate(context, &picture.frame, &picture.frame, 1, 2, &out, NULL),
               VFI_ERR_STATE);
  vfi_destroy(&context); /* has no effect on a stream's context */
  CHECK_STATUS(vfi_stream_send(stream, &picture.frame), VFI_OK);
  vfi_frame wrong = picture.frame;
  wrong.duration = -1;
  CHECK_STATUS(vfi_stream_send(stream, &wrong), VFI_ERR_ARG);
  wrong.duration = INT64_MAX;
  wrong.pts = INT64_MAX;
  CHECK_STATUS(vfi_stream_send(stream, &wrong), VFI_ERR_ARG);
  wrong.pts = INT64_MIN;
  CHECK_STATUS(vfi_stream_send(stream, &wrong), VFI_ERR_ARG);
  CHECK_STATUS(vfi_stream_send(stream, NULL), VFI_ERR_ARG);
  CHECK_STATUS(vfi_stream_receive(stream, NULL, NULL), VFI_ERR_ARG);
  out.struct_size = 0;
  CHECK_STATUS(vfi_stream_receive(stream, &out, NULL), VFI_ERR_VERSION);
  CHECK_STATUS(vfi_stream_timebase(stream, NULL), VFI_ERR_ARG);
  CHECK_STATUS(vfi_stream_latency(stream, NULL, NULL), VFI_ERR_ARG);
  vfi_stream_destroy(&stream);
  picture_free(&picture);
}

#define REFUSED(status, change)                                                                    \
  do {                                                                                             \
    vfi_stream_params sp;                                                                          \
    vfi_stream_params_init(&sp, sizeof sp);                                                        \
    sp.rate = rational(60, 1);                                                                     \
    change;                                                                                        \
    vfi_params params = test_params();                                                             \
    vfi_stream *stream = (vfi_stream *)&params;                                                    \
    check_status_(vfi_stream_create(&stream, &params, &sp), status, #change, __FILE__, __LINE__);  \
    CHECK(stream == NULL && vfi_last_error(NULL)[0] != 0);                                         \
  } while (0)

static void parameters(void) {
  REFUSED(VFI_ERR_VERSION, sp.struct_size = 0);
  REFUSED(VFI_ERR_VERSION, sp.struct_size += 8);
  REFUSED(VFI_ERR_ARG, sp.timebase = rational(0, 1));
  REFUSED(VFI_ERR_ARG, sp.timebase = rational(1, 0));
  REFUSED(VFI_ERR_ARG, sp.timebase = rational(-1, 30));
  REFUSED(VFI_ERR_ARG, sp.timebase = rational(1, INT64_MIN));
  REFUSED(VFI_ERR_ARG, sp.timebase = rational((int64_t)1 << 31, (int64_t)1 << 31));
  REFUSED(VFI_ERR_ARG, sp.rate = rational(0, 1));
  REFUSED(VFI_ERR_ARG, sp.rate = rational(-60, 1));
  REFUSED(VFI_ERR_ARG, sp.rate = rational(60, 0));
  REFUSED(VFI_ERR_ARG, sp.rate = rational(INT64_MAX, 1));
  REFUSED(VFI_ERR_ARG, sp.source_rate = rational(INT64_MIN, -1));
  REFUSED(VFI_ERR_ARG, sp.multiplier = 0);
  REFUSED(VFI_ERR_ARG, sp.multiplier = 1025);
  REFUSED(VFI_ERR_ARG, sp.multiplier = INT32_MIN);
  REFUSED(VFI_ERR_ARG, (sp.rate = rational(0, 1), sp.source_rate = rational(INT32_MAX, 1)));
}

/* Any order of calls: bounded memory, no trap, and every frame still whole. */
static void storm(void) {
  vfi_stream *stream = make(rational(1, 30), rational(75, 1));
  vfi_context *context = vfi_stream_context(stream);
  picture small = picture_make(VFI_FORMAT_GRAY8, 16, 16, 0, 0);
  picture large = picture_make(VFI_FORMAT_NV12, 34, 20, 7, 1);
  picture_draw(&small, 1);
  picture_draw(&large, 2);
  vfi_frame out = {.struct_size = sizeof out};
  uint64_t seed = 99, peak = 0;
  int64_t pts = 0;
  for (int i = 0; i < 4000; i++) {
    uint64_t choice = random_next(&seed) % 100;
    vfi_frame *source = random_next(&seed) % 8 ? &small.frame : &large.frame;
    vfi_status status = VFI_OK;
    if (choice < 50) {
      pts += choice < 45 ? (int64_t)(random_next(&seed) % 3) : -20;
      source->pts = pts;
      status = vfi_stream_send(stream, source);
    } else if (choice < 92) {
      status = vfi_stream_receive(stream, &out, NULL);
      if (status == VFI_OK)
        CHECK(out.data[0] != NULL && out.width >= 16);
    } else if (choice < 95) {
      status = vfi_stream_drain(stream);
    } else if (choice < 98) {
      status = vfi_stream_flush(stream);
    } else {
      (choice == 98 ? vfi_cancel : vfi_cancel_reset)(context);
    }
    CHECK(status >= 0 || status == VFI_ERR_STATE || status == VFI_ERR_CANCELLED);
    vfi_stats stats = {.struct_size = sizeof stats};
    CHECK_STATUS(vfi_get_stats(context, &stats), VFI_OK);
    if (i == 1000)
      peak = stats.peak_bytes;
    if (i > 1000 && stats.peak_bytes > peak + peak / 2) {
      CHECK(!"memory grows");
      break;
    }
  }
  vfi_stream_destroy(&stream);
  picture_free(&small);
  picture_free(&large);
}

int main(void) {
  counts();
  runs();
  variable_rate();
  gaps();
  order();
  parameters();
  storm();
  return check_report();
}
