/* SPDX-License-Identifier: MIT */
/* Streams that fill holes: the same bytes as calls of vfi_inpaint_window(), however they are fed.
 */
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "support.h"

enum { WIDTH = 72, HEIGHT = 56, COUNT = 11, MOST = 64 };

/* What a stream was given, and what came out of it. */
typedef struct film {
  int count;
  picture frames[COUNT];
  picture masks[COUNT]; /* no memory: none */
  int64_t pts[COUNT];
} film;

typedef struct result {
  int count;
  uint64_t hash[MOST];
  int64_t pts[MOST];
  uint64_t filled[MOST];
  vfi_decision decision[MOST];
  void *opaque[MOST];
} result;

static const vfi_rectangle logo = {40, 8, 17, 9};

/* A moving texture at 25 frames a second, with an own mask for each frame in `marked`. */
static film film_make(vfi_pixel_format format, unsigned marked) {
  film film = {.count = COUNT};
  for (int i = 0; i < COUNT; i++) {
    film.frames[i] = picture_make(format, WIDTH, HEIGHT, i * 3, i & 1);
    picture_draw(&film.frames[i], i);
    film.pts[i] = 100 + i;
    if (marked >> i & 1)
      film.masks[i] = mask_make(WIDTH, HEIGHT, (vfi_rectangle){6 + 5 * i, 30, 11, 12});
  }
  return film;
}

static void film_free(film *film) {
  window_free(film->frames, COUNT);
  window_free(film->masks, COUNT);
}

static vfi_stream *make(uint32_t flags, int look_back, int look_ahead, const vfi_frame *mask,
                        int rectangle_count, int32_t threads) {
  vfi_params params = test_params();
  params.scene_cut = 0;
  params.threads = threads;
  vfi_inpaint_params inpaint = holes(3, 1);
  inpaint.rectangle_count = rectangle_count;
  inpaint.rectangles = &logo;
  vfi_stream_params stream_params;
  vfi_stream_params_init(&stream_params, sizeof stream_params);
  CHECK(stream_params.look_ahead == 5 && stream_params.look_back == 5 && !stream_params.flags);
  stream_params.timebase = rational(1, 25);
  if (!(flags & VFI_STREAM_KEEP_TIMES))
    stream_params.rate = rational(50, 1);
  stream_params.flags = flags;
  stream_params.look_back = look_back;
  stream_params.look_ahead = look_ahead;
  stream_params.mask = mask;
  stream_params.inpaint = &inpaint;
  vfi_stream *stream = NULL;
  if (!CHECK_STATUS(vfi_stream_create(&stream, &params, &stream_params), VFI_OK)) {
    printf("  %s\n", vfi_last_error(NULL));
    exit(1);
  }
  return stream;
}

static vfi_status receive(vfi_stream *stream, result *result) {
  vfi_frame out = {.struct_size = sizeof out};
  vfi_info info = {.struct_size = sizeof info};
  vfi_status status = vfi_stream_receive(stream, &out, &info);
  if (status == VFI_OK && CHECK(result->count < MOST)) {
    int n = result->count++;
    result->hash[n] = picture_hash(&out);
    result->pts[n] = out.pts;
    result->filled[n] = info.filled_pixels;
    result->decision[n] = info.decision;
    result->opaque[n] = out.opaque;
  }
  return status;
}

/* Sends everything; `eager` frames are received after each frame sent, if there are as many. */
static result play(vfi_stream *stream, film *film, int eager) {
  result result = {.count = 0};
  for (int i = 0; i < film->count; i++) {
    vfi_frame *frame = &film->frames[i].frame;
    frame->pts = film->pts[i];
    frame->opaque = &film->frames[i];
    const vfi_frame *mask = film->masks[i].memory[0] ? &film->masks[i].frame : NULL;
    vfi_status status;
    while ((status = vfi_stream_send_marked(stream, frame, mask)) == VFI_AGAIN)
      if (!CHECK_STATUS(receive(stream, &result), VFI_OK))
        return result;
    if (!CHECK_STATUS(status, VFI_OK))
      printf("  %s\n", vfi_last_error(vfi_stream_context(stream)));
    for (int n = 0; n < eager && receive(stream, &result) == VFI_OK; n++)
      continue;
  }
  CHECK_STATUS(vfi_stream_drain(stream), VFI_OK);
  while (receive(stream, &result) == VFI_OK)
    continue;
  CHECK_STATUS(receive(stream, &result), VFI_EOF);
  return result;
}

/* Frame i of a film as vfi_inpaint_window() fills it, in a run from `first` to `last`. */
static uint64_t expected(film *film, int i, int first, int last, const vfi_frame *mask,
                         int rectangle_count, int look_back, int look_ahead, picture *out,
                         uint64_t *filled) {
  vfi_params params = test_params();
  params.scene_cut = 0;
  vfi_context *context = NULL;
  CHECK_STATUS(vfi_create(&context, &params), VFI_OK);
  vfi_inpaint_params inpaint = holes(3, 1);
  inpaint.rectangle_count = rectangle_count;
  inpaint.rectangles = &logo;
  int from = i - look_back > first ? i - look_back : first;
  int to = i + look_ahead < last ? i + look_ahead : last;
  vfi_frame frames[COUNT], masks[COUNT];
  picture unions[COUNT];
  for (int n = from; n <= to; n++) {
    frames[n - from] = film->frames[n].frame;
    unions[n - from] = mask_make(WIDTH, HEIGHT, (vfi_rectangle){0, 0, 0, 0});
    masks[n - from] = unions[n - from].frame;
    for (int y = 0; y < HEIGHT; y++)
      for (int x = 0; x < WIDTH; x++)
        masks[n - from].data[0][y * masks[n - from].stride[0] + x] =
            (mask && mask->data[0][y * mask->stride[0] + x]) ||
            (film->masks[n].memory[0] &&
             film->masks[n].frame.data[0][y * film->masks[n].frame.stride[0] + x]);
  }
  vfi_inpaint_info info = {.struct_size = sizeof info};
  CHECK_STATUS(vfi_inpaint_window(context, to - from + 1, frames, to - from + 1, masks, i - from,
                                  &inpaint, &out->frame, &info),
               VFI_OK);
  *filled = info.filled_pixels;
  window_free(unions, to - from + 1);
  vfi_destroy(&context);
  return picture_hash(&out->frame);
}

/* Masks of single frames, one of all frames, rectangles: every frame is that of its window. */
static void same_as_windows(void) {
  static const struct {
    vfi_pixel_format format;
    unsigned marked;
    int has_mask, rectangles, back, ahead;
  } cases[] = {{VFI_FORMAT_YUV420P8, 0, 1, 0, 6, 6},     {VFI_FORMAT_YUV420P8, 0, 0, 1, 3, 2},
               {VFI_FORMAT_RGB24, 0x7FF, 0, 0, 6, 7},    {VFI_FORMAT_YUV422P8, 0x7BF, 0, 0, 8, 1},
               {VFI_FORMAT_GRAY8, 0x7FF, 0, 0, 2, 4},    {VFI_FORMAT_YUV444P10, 0x124, 0, 0, 4, 3},
               {VFI_FORMAT_YUV420P8, 0x124, 1, 1, 0, 3}, {VFI_FORMAT_NV12, 0x020, 0, 0, 64, 0}};
  for (size_t n = 0; n < sizeof cases / sizeof *cases; n++) {
    film film = film_make(cases[n].format, cases[n].marked);
    picture mask = mask_make(WIDTH, HEIGHT, (vfi_rectangle){20, 40, 12, 9});
    picture out = picture_make(cases[n].format, WIDTH, HEIGHT, 0, 0);
    vfi_frame *still = cases[n].has_mask ? &mask.frame : NULL;
    vfi_stream *stream = make(VFI_STREAM_INPAINT | VFI_STREAM_KEEP_TIMES, cases[n].back,
                              cases[n].ahead, still, cases[n].rectangles, 1);
    /* Both masks are copies. */
    result result = play(stream, &film, 1);
    CHECK(result.count == COUNT);
    for (int i = 0; i < COUNT && i < result.count; i++) {
      uint64_t filled;
      uint64_t hash = expected(&film, i, 0, COUNT - 1, still, cases[n].rectangles, cases[n].back,
                               cases[n].ahead, &out, &filled);
      if (!CHECK(result.hash[i] == hash) || !CHECK(result.filled[i] == filled))
        printf("  case %d, frame %d\n", (int)n, i);
      int has_hole = still || cases[n].rectangles || cases[n].marked >> i & 1;
      CHECK((filled > 0) == has_hole);
      if (!has_hole)
        CHECK(result.hash[i] == picture_hash(&film.frames[i].frame));
      CHECK(result.pts[i] == film.pts[i] && result.decision[i] == VFI_SOURCE_COPY);
      CHECK(result.opaque[i] == &film.frames[i]);
    }
    vfi_stream_destroy(&stream);
    picture_free(&mask);
    picture_free(&out);
    film_free(&film);
  }
}

static int results_equal(const result *a, const result *b) {
  return a->count == b->count &&
         memcmp(a->hash, b->hash, sizeof *a->hash * (size_t)a->count) == 0 &&
         memcmp(a->pts, b->pts, sizeof *a->pts * (size_t)a->count) == 0 &&
         memcmp(a->filled, b->filled, sizeof *a->filled * (size_t)a->count) == 0;
}

/* New frames are made from filled ones; neither threads nor the order of calls matter. */
static void with_new_frames(void) {
  film film = film_make(VFI_FORMAT_YUV420P8, 0x0F0);
  vfi_stream *stream = make(VFI_STREAM_INPAINT | VFI_STREAM_KEEP_TIMES, 6, 6, NULL, 1, 1);
  result kept = play(stream, &film, 99);
  vfi_stream_destroy(&stream);
  result first = {.count = 0};
  static const int32_t threads[] = {1, 3, 8};
  for (int i = 0; i < 3; i++) {
    static const int eager[] = {0, 1, 99};
    for (int j = 0; j < 3; j++) {
      stream = make(VFI_STREAM_INPAINT, 6, 6, NULL, 1, threads[i]);
      result result = play(stream, &film, eager[j]);
      if (!first.count)
        first = result;
      CHECK(results_equal(&result, &first));
      vfi_stream_destroy(&stream);
    }
  }
  CHECK(first.count == 2 * COUNT);
  for (int i = 0; i < COUNT; i++) {
    CHECK(first.hash[2 * i] == kept.hash[i] && first.filled[2 * i] == kept.filled[i]);
    CHECK(first.decision[2 * i] == VFI_SOURCE_COPY);
    int last = i == COUNT - 1;
    CHECK(first.decision[2 * i + 1] == (last ? VFI_HELD_PREVIOUS : VFI_INTERPOLATED));
    CHECK(first.filled[2 * i + 1] == kept.filled[i] + (last ? 0 : kept.filled[i + 1]));
  }
  /* The pair layer makes the same frame from the filled ones. */
  picture a = picture_make(VFI_FORMAT_YUV420P8, WIDTH, HEIGHT, 0, 0);
  picture b = picture_make(VFI_FORMAT_YUV420P8, WIDTH, HEIGHT, 0, 0);
  picture out = picture_make(VFI_FORMAT_YUV420P8, WIDTH, HEIGHT, 0, 0);
  uint64_t filled;
  expected(&film, 4, 0, COUNT - 1, NULL, 1, 6, 6, &a, &filled);
  expected(&film, 5, 0, COUNT - 1, NULL, 1, 6, 6, &b, &filled);
  vfi_params params = test_params();
  params.scene_cut = 0;
  vfi_context *context = NULL;
  CHECK_STATUS(vfi_create(&context, &params), VFI_OK);
  CHECK_STATUS(vfi_interpolate(context, &a.frame, &b.frame, 1, 2, &out.frame, NULL), VFI_OK);
  CHECK(first.hash[9] == picture_hash(&out.frame));
  vfi_destroy(&context);
  picture_free(&a);
  picture_free(&b);
  picture_free(&out);
  film_free(&film);
}

/* A window ends where the run ends: at a pts that goes back, and at a change of format. */
static void runs(void) {
  for (int change = 0; change < 2; change++) {
    film film = film_make(VFI_FORMAT_YUV420P8, 0);
    for (int i = 6; i < COUNT; i++) {
      film.pts[i] = change ? 100 + i : i;
      if (change)
        film.frames[i].frame.range = VFI_RANGE_FULL;
    }
    vfi_stream *stream = make(VFI_STREAM_INPAINT | VFI_STREAM_KEEP_TIMES, 3, 3, NULL, 1, 1);
    result result = play(stream, &film, change);
    CHECK(result.count == COUNT);
    picture out = picture_make(VFI_FORMAT_YUV420P8, WIDTH, HEIGHT, 0, 0);
    for (int i = 0; i < COUNT; i++) {
      uint64_t filled;
      int first = i < 6 ? 0 : 6, last = i < 6 ? 5 : COUNT - 1;
      CHECK(result.hash[i] == expected(&film, i, first, last, NULL, 1, 3, 3, &out, &filled));
      CHECK(result.pts[i] == film.pts[i]);
    }
    picture_free(&out);
    vfi_stream_destroy(&stream);
    film_free(&film);
  }
}

/* Equal pts: with the frames' own times each of them comes, otherwise the first one stays. */
static void equal_times(void) {
  film film = film_make(VFI_FORMAT_GRAY8, 0);
  film.pts[4] = film.pts[3];
  vfi_stream *stream = make(VFI_STREAM_INPAINT | VFI_STREAM_KEEP_TIMES, 2, 2, NULL, 1, 1);
  result result = play(stream, &film, 1);
  CHECK(result.count == COUNT && result.pts[3] == 103 && result.pts[4] == 103);
  vfi_stream_destroy(&stream);
  stream = make(VFI_STREAM_INPAINT, 2, 2, NULL, 1, 1);
  result = play(stream, &film, 1);
  CHECK(result.count == 2 * COUNT && result.opaque[6] == &film.frames[3]);
  for (int i = 0; i < result.count; i++)
    CHECK(result.opaque[i] != &film.frames[4]);
  /* The window does not have it either. */
  picture dropped = film.frames[4], out = picture_make(VFI_FORMAT_GRAY8, WIDTH, HEIGHT, 0, 0);
  memmove(&film.frames[4], &film.frames[5], (COUNT - 5) * sizeof film.frames[0]);
  film.frames[COUNT - 1] = dropped;
  uint64_t filled;
  CHECK(result.hash[6] == expected(&film, 3, 0, COUNT - 2, NULL, 1, 2, 2, &out, &filled));
  picture_free(&out);
  vfi_stream_destroy(&stream);
  film_free(&film);
}

/* Only the times are kept: the frames themselves, at once. */
static void times_alone(void) {
  film film = film_make(VFI_FORMAT_BGRA, 0);
  film.pts[10] = -5;
  vfi_stream *stream = make(VFI_STREAM_KEEP_TIMES, 5, 5, NULL, 0, 1);
  vfi_rational timebase;
  CHECK_STATUS(vfi_stream_timebase(stream, &timebase), VFI_OK);
  CHECK(timebase.num == 1 && timebase.den == 25);
  int32_t frames = -1;
  double seconds = -1;
  CHECK_STATUS(vfi_stream_latency(stream, &frames, &seconds), VFI_OK);
  CHECK(frames == 0 && seconds == 0);
  film.frames[0].frame.pts = film.pts[0];
  film.frames[0].frame.duration = 7;
  CHECK_STATUS(vfi_stream_send(stream, &film.frames[0].frame), VFI_OK);
  CHECK_STATUS(vfi_stream_send(stream, &film.frames[1].frame), VFI_AGAIN);
  vfi_frame out = {.struct_size = sizeof out};
  CHECK_STATUS(vfi_stream_receive(stream, &out, NULL), VFI_OK);
  CHECK(out.pts == 100 && out.duration == 7 && picture_equal(&out, &film.frames[0].frame));
  CHECK_STATUS(vfi_stream_flush(stream), VFI_OK);
  result result = play(stream, &film, 0);
  CHECK(result.count == COUNT);
  for (int i = 0; i < COUNT; i++)
    CHECK(result.hash[i] == picture_hash(&film.frames[i].frame) && result.pts[i] == film.pts[i]);
  vfi_stream_destroy(&stream);
  film_free(&film);
}

int main(void) {
  same_as_windows();
  with_new_frames();
  runs();
  equal_times();
  times_alone();
  return check_report();
}
