/* SPDX-License-Identifier: MIT */
/* Streams that repair: the same bytes as calls of vfi_repair_window(), and clean frames as they
 * are. */
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "support.h"

enum { WIDTH = 96, HEIGHT = 80, COUNT = 10, MARKED = 4, LOST = 7, BACK = 3, AHEAD = 2 };

typedef struct output {
  uint64_t hash;
  int64_t pts;
  vfi_info info;
} output;

/* A moving texture; blocks of one frame are grey, and one frame is grey throughout and flagged. */
typedef struct film {
  picture frames[COUNT];
  picture marks; /* of the frame MARKED, one sample a macroblock */
} film;

static film film_make(void) {
  film film;
  window_make(film.frames, COUNT, VFI_FORMAT_YUV420P8, WIDTH, HEIGHT, 0);
  for (int y = 32; y < 64; y++)
    memset(film.frames[MARKED].frame.data[0] + y * film.frames[MARKED].frame.stride[0] + 48, 128,
           32);
  for (int plane = 0; plane < 3; plane++) {
    plane_size size = plane_size_of(VFI_FORMAT_YUV420P8, WIDTH, HEIGHT, plane);
    for (int y = 0; y < size.rows; y++)
      memset(film.frames[LOST].frame.data[plane] + y * film.frames[LOST].frame.stride[plane], 128,
             (size_t)size.row_bytes);
  }
  film.frames[LOST].frame.flags = VFI_FRAME_CORRUPT;
  film.marks = mask_make((WIDTH + 15) / 16, (HEIGHT + 15) / 16, (vfi_rectangle){3, 2, 2, 2});
  for (int i = 0; i < COUNT; i++)
    film.frames[i].frame.pts = 40 + 3 * i;
  return film;
}

static void film_free(film *film) {
  window_free(film->frames, COUNT);
  picture_free(&film->marks);
}

static vfi_stream_params settings(uint32_t flags) {
  vfi_stream_params params;
  vfi_stream_params_init(&params, sizeof params);
  params.timebase = rational(1, 75);
  params.rate = rational(50, 1);
  params.flags = VFI_STREAM_REPAIR | flags;
  params.look_back = BACK;
  params.look_ahead = AHEAD;
  return params;
}

/* Plays the film; `eager`: receive whenever something may come. */
static int play(film *film, uint32_t flags, int eager, int32_t threads, output outputs[]) {
  vfi_params params = test_params();
  params.threads = threads;
  params.scene_cut = 0;
  vfi_stream_params stream_params = settings(flags);
  vfi_stream *stream = NULL;
  CHECK_STATUS(vfi_stream_create(&stream, &params, &stream_params), VFI_OK);
  int32_t latency = 0;
  double seconds = 0;
  CHECK_STATUS(vfi_stream_latency(stream, &latency, &seconds), VFI_OK);
  CHECK(latency == AHEAD + !(flags & VFI_STREAM_KEEP_TIMES));
  vfi_frame out = {.struct_size = sizeof out};
  int count = 0, sent = 0;
  vfi_status status = VFI_OK;
  while (status != VFI_EOF && count < 3 * COUNT) {
    int is_full = sent == COUNT;
    if (sent < COUNT) {
      const vfi_frame *marks = sent == MARKED ? &film->marks.frame : NULL;
      status = vfi_stream_send_marked(stream, &film->frames[sent].frame, marks);
      sent += status == VFI_OK;
      is_full = status == VFI_AGAIN;
      if (sent == COUNT)
        CHECK_STATUS(vfi_stream_drain(stream), VFI_OK);
    }
    while (eager || is_full) {
      outputs[count].info = (vfi_info){.struct_size = sizeof(vfi_info)};
      status = vfi_stream_receive(stream, &out, &outputs[count].info);
      if (status != VFI_OK)
        break;
      outputs[count].hash = picture_hash(&out);
      outputs[count].pts = out.pts;
      CHECK(out.flags == 0);
      count++;
      is_full = sent == COUNT;
    }
    if (!CHECK(status >= 0))
      break;
  }
  vfi_stream_destroy(&stream);
  return count;
}

/* Every frame is that of its window; count and times are those of the frames sent. */
static void same_as_windows(film *film) {
  output outputs[4 * COUNT];
  CHECK(play(film, VFI_STREAM_KEEP_TIMES, 1, 1, outputs) == COUNT);
  vfi_params params = test_params();
  params.scene_cut = 0;
  vfi_context *context = NULL;
  CHECK_STATUS(vfi_create(&context, &params), VFI_OK);
  picture out = picture_make(VFI_FORMAT_YUV420P8, WIDTH, HEIGHT, 0, 0);
  picture none = mask_make((WIDTH + 15) / 16, (HEIGHT + 15) / 16, (vfi_rectangle){0, 0, 0, 0});
  for (int i = 0; i < COUNT; i++) {
    int from = i < BACK ? 0 : i - BACK, to = i + AHEAD < COUNT ? i + AHEAD : COUNT - 1;
    vfi_frame frames[COUNT], marks[COUNT];
    for (int n = from; n <= to; n++) {
      frames[n - from] = film->frames[n].frame;
      marks[n - from] = n == MARKED ? film->marks.frame : none.frame;
    }
    vfi_repair_info info = {.struct_size = sizeof info};
    CHECK_STATUS(vfi_repair_window(context, to - from + 1, frames, to - from + 1, marks, i - from,
                                   NULL, &out.frame, &info),
                 VFI_OK);
    if (!CHECK(outputs[i].hash == picture_hash(&out.frame)))
      printf("  frame %d\n", i);
    CHECK(outputs[i].pts == film->frames[i].frame.pts);
    CHECK(outputs[i].info.decision == VFI_SOURCE_COPY);
    CHECK(outputs[i].info.repair_action == info.action);
    CHECK(outputs[i].info.filled_pixels == info.changed_pixels);
    int expected = i == MARKED ? VFI_REPAIR_FILLED : i == LOST ? VFI_REPAIR_INTERPOLATED : 0;
    if (!CHECK(info.action == expected))
      printf("  frame %d: action %d\n", i, info.action);
    CHECK((outputs[i].hash == picture_hash(&film->frames[i].frame)) == (expected == 0));
  }
  vfi_destroy(&context);
  picture_free(&out);
  picture_free(&none);
}

/* With a rate: repaired frames at their times, and new ones between them. */
static void with_a_rate(film *film) {
  output kept[4 * COUNT], first[4 * COUNT], outputs[4 * COUNT];
  CHECK(play(film, VFI_STREAM_KEEP_TIMES, 0, 2, kept) == COUNT);
  int count = play(film, 0, 1, 1, first);
  CHECK(count == 2 * COUNT);
  for (int i = 0; i < 3; i++) {
    CHECK(play(film, 0, i & 1, i ? 3 : 1, outputs) == count);
    for (int n = 0; n < count; n++)
      CHECK(outputs[n].hash == first[n].hash && outputs[n].pts == first[n].pts);
  }
  for (int n = 0; n < count; n += 2)
    CHECK(first[n].hash == kept[n / 2].hash &&
          first[n].info.repair_action == kept[n / 2].info.repair_action);
  CHECK(first[2 * MARKED - 1].info.repair_action == VFI_REPAIR_FILLED);
  CHECK(first[2 * LOST + 1].info.filled_pixels == WIDTH * HEIGHT);
  CHECK(first[1].info.repair_action == VFI_REPAIR_NONE && first[1].info.filled_pixels == 0);
}

/* The bound of memory holds, and is not much too high. */
static void memory(film *film) {
  vfi_params params = test_params();
  for (int keep = 0; keep < 2; keep++) {
    vfi_stream_params stream_params = settings(keep ? VFI_STREAM_KEEP_TIMES : 0);
    uint64_t required = 0;
    CHECK_STATUS(
        vfi_stream_memory_required(&params, &stream_params, &film->frames[0].frame, &required),
        VFI_OK);
    params.memory_limit = required;
    vfi_stream *stream = NULL;
    CHECK_STATUS(vfi_stream_create(&stream, &params, &stream_params), VFI_OK);
    vfi_frame out = {.struct_size = sizeof out};
    vfi_status status = VFI_OK;
    for (int i = 0; i < COUNT && status >= 0; i++) {
      CHECK_STATUS(vfi_stream_send(stream, &film->frames[i].frame), VFI_OK);
      while ((status = vfi_stream_receive(stream, &out, NULL)) == VFI_OK)
        continue;
      CHECK_STATUS(status, VFI_AGAIN);
    }
    CHECK_STATUS(vfi_stream_drain(stream), VFI_OK);
    while ((status = vfi_stream_receive(stream, &out, NULL)) == VFI_OK)
      continue;
    CHECK_STATUS(status, VFI_EOF);
    vfi_stats stats = {.struct_size = sizeof stats};
    CHECK_STATUS(vfi_get_stats(vfi_stream_context(stream), &stats), VFI_OK);
    if (!CHECK(required >= stats.peak_bytes && required < 4 * stats.peak_bytes))
      printf("  %llu bytes for %llu\n", (unsigned long long)required,
             (unsigned long long)stats.peak_bytes);
    vfi_stream_destroy(&stream);
    params.memory_limit = 0;
  }
}

static void arguments(film *film) {
  vfi_params params = test_params();
  vfi_stream_params stream_params = settings(VFI_STREAM_INPAINT);
  vfi_stream *stream = NULL;
  CHECK_STATUS(vfi_stream_create(&stream, &params, &stream_params), VFI_ERR_ARG);
  CHECK(strstr(vfi_last_error(NULL), "VFI_STREAM_REPAIR") != NULL);
  stream_params = settings(0);
  stream_params.mask = &film->marks.frame;
  CHECK_STATUS(vfi_stream_create(&stream, &params, &stream_params), VFI_ERR_ARG);
  stream_params = settings(0);
  stream_params.look_ahead = 65;
  CHECK_STATUS(vfi_stream_create(&stream, &params, &stream_params), VFI_ERR_ARG);
  stream_params = settings(0);
  CHECK_STATUS(vfi_stream_create(&stream, &params, &stream_params), VFI_OK);
  picture small = mask_make(WIDTH / 16, HEIGHT / 16 - 1, (vfi_rectangle){0, 0, 1, 1});
  vfi_frame *frame = &film->frames[0].frame;
  CHECK_STATUS(vfi_stream_send_marked(stream, frame, &small.frame), VFI_ERR_SIZE);
  CHECK_STATUS(vfi_stream_send_marked(stream, frame, frame), VFI_ERR_FORMAT);
  picture full = mask_make(WIDTH, HEIGHT, (vfi_rectangle){0, 0, 1, 1});
  CHECK_STATUS(vfi_stream_send_marked(stream, frame, &full.frame), VFI_OK);
  picture_free(&small);
  picture_free(&full);
  vfi_stream_destroy(&stream);
}

int main(void) {
  film film = film_make();
  same_as_windows(&film);
  with_a_rate(&film);
  memory(&film);
  arguments(&film);
  film_free(&film);
  return check_report();
}
