/* SPDX-License-Identifier: MIT */
/* A film in pieces gives the bytes of the whole, whatever the borders and the number of threads. */
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "support.h"

enum { FRAMES = 25, OUTPUTS = 5 * FRAMES };

static picture film[FRAMES];
static uint64_t whole[OUTPUTS];
static vfi_decision decisions[OUTPUTS];

/* A moving texture with a cut and a pair of equal frames. */
static void make_film(void) {
  for (int i = 0; i < FRAMES; i++) {
    film[i] = picture_make(VFI_FORMAT_YUV420P8, 52, 36, 0, 0);
    picture_draw(&film[i], i == 17 ? 16 : i);
    if (i >= 9 && i < 14)
      for (int k = 0; k < 52 * 36; k++)
        film[i].frame.data[0][k] ^= 0xFF;
    film[i].frame.pts = i;
    film[i].frame.duration = 1;
  }
}

/* Runs frames `from` to `to` and calls `use` for each output. */
static void run(int from, int to, vfi_rational rate, int threads,
                void (*use)(const vfi_frame *, const vfi_info *, int64_t unit)) {
  vfi_params params = test_params();
  params.threads = threads;
  vfi_stream_params stream_params;
  vfi_stream_params_init(&stream_params, sizeof stream_params);
  stream_params.timebase = rational(1, 24);
  stream_params.rate = rate;
  vfi_stream *stream = NULL;
  CHECK_STATUS(vfi_stream_create(&stream, &params, &stream_params), VFI_OK);
  vfi_frame out = {.struct_size = sizeof out};
  vfi_info info = {.struct_size = sizeof info};
  for (int i = from; i <= to; i++) {
    CHECK_STATUS(vfi_stream_send(stream, &film[i].frame), VFI_OK);
    if (i == to)
      CHECK_STATUS(vfi_stream_drain(stream), VFI_OK);
    while (vfi_stream_receive(stream, &out, &info) == VFI_OK)
      use(&out, &info, out.duration);
  }
  vfi_stream_destroy(&stream);
}

static void keep(const vfi_frame *frame, const vfi_info *info, int64_t unit) {
  whole[frame->pts / unit] = picture_hash(frame);
  decisions[frame->pts / unit] = info->decision;
}

/* Time of the second last frame of the chunk: what comes later needs a frame that it has not. */
static int64_t chunk_end;
static int compared;

static void compare(const vfi_frame *frame, const vfi_info *info, int64_t unit) {
  if (frame->pts >= chunk_end)
    return;
  CHECK(whole[frame->pts / unit] == picture_hash(frame));
  CHECK(decisions[frame->pts / unit] == info->decision);
  compared++;
}

static void chunks(vfi_rational rate, int step, int64_t units) {
  memset(whole, 0, sizeof whole);
  run(0, FRAMES - 1, rate, 1, keep);
  int kinds[5] = {0, 0, 0, 0, 0};
  for (int i = 0; i < OUTPUTS && whole[i]; i++)
    kinds[decisions[i]]++;
  CHECK(kinds[VFI_INTERPOLATED] > 8 && kinds[VFI_SOURCE_COPY] > 8);
  CHECK(kinds[VFI_HELD_PREVIOUS] + kinds[VFI_HELD_NEXT] > 2);
  uint64_t seed = 77;
  for (int round = 0; round < 12; round++) {
    /* Runs begin where an output stands on a source. */
    int from = (int)(random_next(&seed) % (uint64_t)(FRAMES / step)) * step;
    int to = from + 1 + (int)(random_next(&seed) % 8);
    if (to >= FRAMES)
      to = FRAMES - 1;
    if (to == from)
      continue;
    chunk_end = to * units;
    run(from, to, rate, 1 + round % 3, compare);
  }
  CHECK(compared > 30);
}

int main(void) {
  make_film();
  chunks(rational(48, 1), 1, 2);
  chunks(rational(60, 1), 2, 5);
  for (int i = 0; i < FRAMES; i++)
    picture_free(&film[i]);
  return check_report();
}
