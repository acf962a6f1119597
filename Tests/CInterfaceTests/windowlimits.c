/* SPDX-License-Identifier: MIT */
/* Streams that fill holes: latency, memory, errors in the middle, and wrong arguments. */
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "support.h"

enum { WIDTH = 96, HEIGHT = 80 };

static vfi_stream_params params_of(uint32_t flags, int look_back, int look_ahead,
                                   const vfi_inpaint_params *inpaint) {
  vfi_stream_params params;
  vfi_stream_params_init(&params, sizeof params);
  params.timebase = rational(1, 25);
  params.rate = rational(50, 1);
  params.flags = flags;
  params.look_back = look_back;
  params.look_ahead = look_ahead;
  params.inpaint = inpaint;
  return params;
}

static vfi_stream *make(const vfi_params *params, const vfi_stream_params *stream_params) {
  vfi_stream *stream = NULL;
  if (!CHECK_STATUS(vfi_stream_create(&stream, params, stream_params), VFI_OK)) {
    printf("  %s\n", vfi_last_error(NULL));
    exit(1);
  }
  return stream;
}

/* The first output comes with the frame that the latency names. */
static void latency(void) {
  vfi_params params = test_params();
  vfi_rectangle hole = {30, 30, 8, 8};
  vfi_inpaint_params inpaint = holes(2, 0);
  inpaint.rectangle_count = 1;
  inpaint.rectangles = &hole;
  picture frame = picture_make(VFI_FORMAT_GRAY8, WIDTH, HEIGHT, 0, 0);
  for (int keep = 0; keep < 2; keep++) {
    for (int ahead = 0; ahead <= 7; ahead += 7) {
      uint32_t flags = VFI_STREAM_INPAINT | (keep ? VFI_STREAM_KEEP_TIMES : 0);
      vfi_stream_params stream_params = params_of(flags, 2, ahead, &inpaint);
      stream_params.source_rate = rational(25, 1);
      vfi_stream *stream = make(&params, &stream_params);
      int32_t frames = -1;
      double seconds = -1;
      CHECK_STATUS(vfi_stream_latency(stream, &frames, &seconds), VFI_OK);
      CHECK(frames == ahead + !keep && seconds == frames * (1.0 / 25));
      /* Without interpolation a frame waits for `frames` later ones; the last output before the
         second source, which is interpolated, for one more. */
      int outputs = 0;
      vfi_frame out = {.struct_size = sizeof out};
      for (int i = 0; i <= frames; i++) {
        CHECK(outputs == (keep || i < frames ? 0 : 1));
        frame.frame.pts = i;
        CHECK_STATUS(vfi_stream_send(stream, &frame.frame), VFI_OK);
        while (vfi_stream_receive(stream, &out, NULL) == VFI_OK)
          outputs++;
      }
      CHECK(outputs == (keep ? 1 : 3));
      vfi_stream_destroy(&stream);
    }
  }
  /* Without a rate the interval of the sources is taken. */
  vfi_stream_params stream_params =
      params_of(VFI_STREAM_INPAINT | VFI_STREAM_KEEP_TIMES, 2, 5, &inpaint);
  vfi_stream *stream = make(&params, &stream_params);
  for (int i = 0; i < 2; i++) {
    frame.frame.pts = 2 * i;
    CHECK_STATUS(vfi_stream_send(stream, &frame.frame), VFI_OK);
  }
  int32_t frames = 0;
  double seconds = 0;
  CHECK_STATUS(vfi_stream_latency(stream, &frames, &seconds), VFI_OK);
  CHECK(frames == 5 && seconds == 5 * 2 * (1.0 / 25));
  vfi_stream_destroy(&stream);
  picture_free(&frame);
}

/* Plays `count` frames, each with `mask`; returns the most that was held. */
static uint64_t peak_of(const vfi_params *params, const vfi_stream_params *stream_params,
                        const picture *frames, const vfi_frame *mask, int count) {
  vfi_stream *stream = make(params, stream_params);
  vfi_frame out = {.struct_size = sizeof out};
  uint64_t allocations = 0;
  vfi_stats stats = {.struct_size = sizeof stats};
  for (int i = 0; i < count; i++) {
    vfi_frame source = frames[i % 3].frame;
    source.pts = i;
    vfi_status status;
    while ((status = vfi_stream_send_marked(stream, &source, mask)) == VFI_AGAIN)
      if (!CHECK_STATUS(vfi_stream_receive(stream, &out, NULL), VFI_OK))
        break;
    if (!CHECK_STATUS(status, VFI_OK))
      printf("  %s\n", vfi_last_error(vfi_stream_context(stream)));
    while (vfi_stream_receive(stream, &out, NULL) == VFI_OK)
      continue;
    CHECK_STATUS(vfi_get_stats(vfi_stream_context(stream), &stats), VFI_OK);
    if (i == stream_params->look_back + stream_params->look_ahead + 3)
      allocations = stats.allocation_count;
  }
  if (!CHECK(stats.allocation_count == allocations))
    printf("  %d frames, flags %d: %d more\n", count, (int)stream_params->flags,
           (int)(stats.allocation_count - allocations));
  vfi_stream_destroy(&stream);
  return stats.peak_bytes;
}

/* Memory is that of the window, and what the bound says is enough and not much too much. */
static void memory(void) {
  vfi_params params = test_params();
  vfi_rectangle hole = {140, 70, 24, 20};
  vfi_inpaint_params inpaint = holes(4, 2);
  inpaint.rectangle_count = 1;
  inpaint.rectangles = &hole;
  picture frames[3], mask = mask_make(300, 200, hole);
  vfi_frame inputs[3];
  window_make(frames, 3, VFI_FORMAT_YUV420P8, 300, 200, 0);
  views(frames, 3, inputs);
  static const struct {
    uint32_t flags;
    int back, ahead;
  } cases[] = {{VFI_STREAM_INPAINT | VFI_STREAM_KEEP_TIMES, 2, 3},
               {VFI_STREAM_INPAINT | VFI_STREAM_KEEP_TIMES, 0, 5},
               {VFI_STREAM_INPAINT, 2, 1},
               {VFI_STREAM_INPAINT | VFI_STREAM_KEEP_TIMES, 6, 6},
               {VFI_STREAM_KEEP_TIMES, 5, 5}};
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    for (int marked = 0; marked < 2 && (cases[i].flags & VFI_STREAM_INPAINT || !marked); marked++) {
      vfi_stream_params stream_params =
          params_of(cases[i].flags, cases[i].back, cases[i].ahead,
                    cases[i].flags & VFI_STREAM_INPAINT ? &inpaint : NULL);
      int window = cases[i].back + cases[i].ahead + 1;
      const vfi_frame *own = marked ? &mask.frame : NULL;
      uint64_t peak = peak_of(&params, &stream_params, frames, own, 2 * window + 4);
      CHECK(peak == peak_of(&params, &stream_params, frames, own, 3 * window + 4));
      uint64_t required = 0;
      CHECK_STATUS(vfi_stream_memory_required(&params, &stream_params, &inputs[0], &required),
                   VFI_OK);
      if (!CHECK(required >= peak && required < 3 * peak + (4u << 20)))
        printf("  case %d: %llu bytes for %llu\n", (int)i, (unsigned long long)required,
               (unsigned long long)peak);
      params.memory_limit = required;
      peak_of(&params, &stream_params, frames, own, window + 4);
      params.memory_limit = 0;
    }
  }
  /* Holes of the pair layer, in a window and alone. */
  vfi_context *context = test_context();
  picture out = picture_make(VFI_FORMAT_YUV420P8, 300, 200, 0, 0);
  CHECK_STATUS(vfi_inpaint_window(context, 3, inputs, 0, NULL, 1, &inpaint, &out.frame, NULL),
               VFI_OK);
  vfi_stats stats = {.struct_size = sizeof stats};
  CHECK_STATUS(vfi_get_stats(context, &stats), VFI_OK);
  uint64_t required = 0, whole = 0, none = 1;
  CHECK_STATUS(vfi_inpaint_memory_required(&params, &inputs[0], &hole, NULL, &required), VFI_OK);
  CHECK(required >= stats.peak_bytes && required < 3 * stats.peak_bytes);
  CHECK_STATUS(vfi_inpaint_memory_required(&params, &inputs[0], NULL, &inpaint, &whole), VFI_OK);
  CHECK(whole > 2 * required);
  vfi_rectangle outside = {300, 0, 9, 9};
  CHECK_STATUS(vfi_inpaint_memory_required(&params, &inputs[0], &outside, NULL, &none), VFI_OK);
  CHECK(none == 0);
  vfi_inpaint_params wide = holes(64, 0);
  CHECK_STATUS(vfi_inpaint_memory_required(&params, &inputs[0], &hole, &wide, &whole), VFI_OK);
  CHECK(whole > required);
  hole.width = -1;
  CHECK_STATUS(vfi_inpaint_memory_required(&params, &inputs[0], &hole, NULL, &none), VFI_ERR_SIZE);
  CHECK_STATUS(vfi_inpaint_memory_required(&params, &inputs[0], NULL, NULL, NULL), VFI_ERR_ARG);
  CHECK_STATUS(vfi_stream_memory_required(&params, NULL, &inputs[0], &none), VFI_ERR_ARG);
  vfi_destroy(&context);
  window_free(frames, 3);
  picture_free(&mask);
  picture_free(&out);
}

/* An error, wherever it comes, loses no frame. */
static void errors(void) {
  vfi_rectangle hole = {30, 30, 20, 16};
  vfi_inpaint_params inpaint = holes(2, 0);
  inpaint.rectangle_count = 1;
  inpaint.rectangles = &hole;
  vfi_params params = test_params();
  vfi_stream_params stream_params = params_of(VFI_STREAM_INPAINT, 2, 3, &inpaint);
  picture frame = picture_make(VFI_FORMAT_YUV420P8, WIDTH, HEIGHT, 0, 0);
  vfi_frame out = {.struct_size = sizeof out};
  uint64_t hashes[2][64];
  int counts[2] = {0, 0};
  for (int disturbed = 0; disturbed < 2; disturbed++) {
    vfi_stream *stream = make(&params, &stream_params);
    vfi_context *context = vfi_stream_context(stream);
    int sent = 0, ended = 0, calls = 0, failures = 0;
    while (!ended && calls < 400) {
      int is_cancelled = disturbed && calls++ % 3 != 0;
      if (is_cancelled)
        vfi_cancel(context);
      picture_draw(&frame, sent);
      frame.frame.pts = sent;
      vfi_status status = VFI_OK;
      if (sent < 12) {
        status = vfi_stream_send(stream, &frame.frame);
        sent += status == VFI_OK;
        failures += status < 0;
        if (status < 0)
          CHECK_STATUS(status, VFI_ERR_CANCELLED);
        if (status == VFI_OK && sent == 12)
          CHECK_STATUS(vfi_stream_drain(stream), VFI_OK);
      }
      status = vfi_stream_receive(stream, &out, NULL);
      failures += status < 0;
      if (status < 0)
        CHECK_STATUS(status, VFI_ERR_CANCELLED);
      if (status == VFI_OK && CHECK(counts[disturbed] < 64))
        hashes[disturbed][counts[disturbed]++] = picture_hash(&out);
      ended = status == VFI_EOF;
      vfi_cancel_reset(context);
    }
    CHECK(ended && (failures > 0) == disturbed);
    vfi_stream_destroy(&stream);
  }
  CHECK(counts[0] == 24 && counts[1] == 24);
  CHECK(memcmp(hashes[0], hashes[1], 24 * sizeof hashes[0][0]) == 0);
  /* Too little memory for a hole: its frame stays the next one until a flush. */
  params.memory_limit = 300000;
  hole = (vfi_rectangle){0, 0, WIDTH, HEIGHT};
  stream_params.flags |= VFI_STREAM_KEEP_TIMES;
  vfi_stream *stream = make(&params, &stream_params);
  for (int i = 0; i < 4; i++) {
    frame.frame.pts = i;
    CHECK_STATUS(vfi_stream_send(stream, &frame.frame), VFI_OK);
  }
  for (int i = 0; i < 3; i++)
    CHECK_STATUS(vfi_stream_receive(stream, &out, NULL), VFI_ERR_NOMEM);
  CHECK_STATUS(vfi_stream_send(stream, &frame.frame), VFI_AGAIN);
  CHECK_STATUS(vfi_stream_flush(stream), VFI_OK);
  CHECK_STATUS(vfi_stream_receive(stream, &out, NULL), VFI_AGAIN);
  vfi_stream_destroy(&stream);
  picture_free(&frame);
}

#define REFUSED(status, change)                                                                    \
  do {                                                                                             \
    vfi_inpaint_params inpaint = holes(2, 1);                                                      \
    vfi_stream_params sp = params_of(VFI_STREAM_INPAINT, 2, 2, &inpaint);                          \
    change;                                                                                        \
    vfi_params params = test_params();                                                             \
    vfi_stream *stream = (vfi_stream *)&params;                                                    \
    check_status_(vfi_stream_create(&stream, &params, &sp), status, #change, __FILE__, __LINE__);  \
    CHECK(stream == NULL && vfi_last_error(NULL)[0] != 0);                                         \
  } while (0)

static void arguments(void) {
  picture mask = mask_make(WIDTH, HEIGHT, (vfi_rectangle){3, 3, 9, 9});
  picture small = mask_make(WIDTH - 1, HEIGHT, (vfi_rectangle){3, 3, 9, 9});
  picture frame = picture_make(VFI_FORMAT_YUV420P8, WIDTH, HEIGHT, 0, 0);
  vfi_frame broken = mask.frame;
  broken.struct_size = 4;
  REFUSED(VFI_ERR_ARG, sp.flags = 8);
  REFUSED(VFI_ERR_ARG, sp.look_ahead = 65);
  REFUSED(VFI_ERR_ARG, sp.look_ahead = -1);
  REFUSED(VFI_ERR_ARG, sp.look_back = 65);
  REFUSED(VFI_ERR_ARG, sp.look_back = INT32_MIN);
  REFUSED(VFI_ERR_ARG, inpaint.dilation = 65);
  REFUSED(VFI_ERR_VERSION, inpaint.struct_size = 3);
  REFUSED(VFI_ERR_FORMAT, sp.mask = &frame.frame);
  REFUSED(VFI_ERR_VERSION, sp.mask = &broken);
  REFUSED(VFI_ERR_ARG, (sp.flags = VFI_STREAM_KEEP_TIMES, sp.mask = &mask.frame));
  REFUSED(VFI_ERR_ARG, (sp.rate = rational(0, 1)));
  REFUSED(VFI_ERR_VERSION, sp.struct_size = 65);
  vfi_params params = test_params();
  vfi_stream_params stream_params = params_of(VFI_STREAM_INPAINT, 1, 1, NULL);
  stream_params.mask = &mask.frame;
  vfi_stream *stream = make(&params, &stream_params);
  CHECK_STATUS(vfi_stream_send_marked(stream, &frame.frame, &small.frame), VFI_ERR_SIZE);
  CHECK_STATUS(vfi_stream_send_marked(stream, &frame.frame, &frame.frame), VFI_ERR_FORMAT);
  CHECK_STATUS(vfi_stream_send_marked(stream, &frame.frame, &broken), VFI_ERR_VERSION);
  CHECK_STATUS(vfi_stream_send_marked(stream, &small.frame, NULL), VFI_ERR_SIZE);
  CHECK(strstr(vfi_last_error(vfi_stream_context(stream)), "mask") != NULL);
  CHECK_STATUS(vfi_stream_send_marked(stream, &frame.frame, &mask.frame), VFI_OK);
  CHECK_STATUS(vfi_stream_drain(stream), VFI_OK);
  CHECK_STATUS(vfi_stream_send_marked(stream, &frame.frame, NULL), VFI_ERR_STATE);
  vfi_stream_destroy(&stream);
  for (int keep = 0; keep < 2; keep++) {
    stream_params = params_of(keep ? VFI_STREAM_KEEP_TIMES : 0, 1, 1, NULL);
    stream = make(&params, &stream_params);
    CHECK_STATUS(vfi_stream_send_marked(stream, &frame.frame, &mask.frame), VFI_ERR_ARG);
    CHECK_STATUS(vfi_stream_send_marked(stream, &frame.frame, NULL), VFI_OK);
    vfi_stream_destroy(&stream);
  }
  picture_free(&mask);
  picture_free(&small);
  picture_free(&frame);
}

/* Programs that were built with the first version of the structs. */
static void first_version(void) {
  struct {
    size_t struct_size;
    vfi_rational timebase, source_rate, rate;
    int32_t multiplier;
    uint32_t padding;
  } old;
  vfi_stream_params_init((vfi_stream_params *)&old, sizeof old);
  old.timebase = rational(1, 25);
  old.rate = rational(50, 1);
  old.padding = 0xFFFFFFFF; /* never was a field */
  vfi_params params = test_params();
  vfi_stream *stream = make(&params, (const vfi_stream_params *)&old);
  picture frame = picture_make(VFI_FORMAT_GRAY8, 32, 32, 0, 0);
  CHECK_STATUS(vfi_stream_send(stream, &frame.frame), VFI_OK);
  struct {
    size_t struct_size;
    vfi_decision decision;
    double scene_score;
    uint64_t elapsed_ns;
    uint64_t guard;
  } info = {32, -1, 5, 0, 77};
  vfi_frame out = {.struct_size = sizeof out};
  CHECK_STATUS(vfi_stream_receive(stream, &out, (vfi_info *)&info), VFI_OK);
  CHECK(info.decision == VFI_SOURCE_COPY && info.scene_score == -1 && info.guard == 77);
  CHECK(info.struct_size == 32);
  vfi_stream_destroy(&stream);
  /* An array of them. */
  struct {
    size_t struct_size;
    vfi_decision decision;
    double scene_score;
    uint64_t elapsed_ns;
  } infos[3] = {{32, -1, 5, 0}, {32, -1, 5, 0}, {32, -1, 5, 0}};
  vfi_context *context = test_context();
  picture outs[2] = {picture_make(VFI_FORMAT_GRAY8, 32, 32, 0, 0),
                     picture_make(VFI_FORMAT_GRAY8, 32, 32, 0, 0)};
  vfi_frame frames[2] = {outs[0].frame, outs[1].frame};
  const vfi_rational instants[2] = {{0, 1}, {1, 1}};
  CHECK_STATUS(vfi_interpolate_n(context, &frame.frame, &frame.frame, 2, instants, frames,
                                 (vfi_info *)infos),
               VFI_OK);
  CHECK(infos[0].decision == VFI_SOURCE_COPY && infos[1].decision == VFI_SOURCE_COPY);
  CHECK(infos[2].decision == -1 && infos[2].struct_size == 32);
  infos[1].struct_size = 40;
  CHECK_STATUS(vfi_interpolate_n(context, &frame.frame, &frame.frame, 2, instants, frames,
                                 (vfi_info *)infos),
               VFI_ERR_VERSION);
  vfi_destroy(&context);
  picture_free(&frame);
  window_free(outs, 2);
}

int main(void) {
  latency();
  memory();
  errors();
  arguments();
  first_version();
  return check_report();
}
