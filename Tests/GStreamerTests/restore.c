/* SPDX-License-Identifier: MIT */
/* The modes inpaint and repair: frames at their own times, filled as the library fills them. */
#include "support.h"

#include <stdio.h>
#include <string.h>

enum { COUNT = 9, WIDTH = 64, HEIGHT = 48, AHEAD = 3, BACK = 2 };

/* The pictures of a bench without rows apart, as the library sees them. */
static vfi_frame view(const Bench *bench, const GstMapInfo *map) {
  vfi_frame frame;
  vfi_frame_init(&frame, sizeof frame);
  frame.format = VFI_FORMAT_GRAY8;
  frame.width = WIDTH;
  frame.height = HEIGHT;
  frame.data[0] = map->data;
  frame.stride[0] = WIDTH;
  if (bench->info.colorimetry.range == GST_VIDEO_COLOR_RANGE_0_255)
    frame.range = VFI_RANGE_FULL;
  return frame;
}

/* Pushes COUNT pictures; `damaged` (or none, -1) is grey in the middle and called corrupt. */
static void push_film(Bench *bench, GstBuffer *sources[], int damaged) {
  for (int i = 0; i < COUNT; i++) {
    sources[i] = picture(&bench->info, i);
    if (i == damaged) {
      for (gsize y = 16; y < 32; y++)
        gst_buffer_memset(sources[i], y * WIDTH + 16, 128, 32);
      GST_BUFFER_FLAG_SET(sources[i], GST_BUFFER_FLAG_CORRUPTED);
    }
    GST_BUFFER_PTS(sources[i]) = bench_time(bench, (guint64)i);
    GST_BUFFER_DURATION(sources[i]) = bench_time(bench, 1);
    gst_harness_push(bench->harness, gst_buffer_ref(sources[i]));
    guint waiting = gst_harness_buffers_in_queue(bench->harness);
    CHECK(waiting == (guint)MAX(0, i + 1 - AHEAD), "%u outputs after source %d", waiting, i);
  }
  bench_eos(bench);
}

static void release(GstBuffer *buffers[], guint count) {
  for (guint i = 0; i < count; i++)
    gst_clear_buffer(&buffers[i]);
}

/* All outputs, of which there are COUNT, at the times of their sources. */
static void pull_film(Bench *bench, GstBuffer *sources[], GstBuffer *outputs[]) {
  for (int i = 0; i < COUNT; i++) {
    outputs[i] = bench_pull(bench);
    CHECK(outputs[i] != NULL && GST_BUFFER_PTS(outputs[i]) == GST_BUFFER_PTS(sources[i]) &&
              GST_BUFFER_DURATION(outputs[i]) == GST_BUFFER_DURATION(sources[i]),
          "output %d has the time of its source", i);
  }
  CHECK(bench_drop(bench) == 0, "no more than sources");
}

static gboolean equals(GstBuffer *buffer, const guint8 *samples) {
  return buffer != NULL && gst_buffer_memcmp(buffer, 0, samples, WIDTH * HEIGHT) == 0;
}

/* Every output is what vfi_inpaint_window() makes of the sources around it. */
static void filled_as_windows(Bench *bench, GstBuffer *sources[], GstBuffer *outputs[]) {
  const vfi_rectangle hole = {20, 12, 10, 9};
  vfi_params params;
  vfi_inpaint_params inpaint;
  vfi_context *context = NULL;
  vfi_params_init(&params, sizeof params);
  vfi_inpaint_params_init(&inpaint, sizeof inpaint);
  inpaint.rectangle_count = 1;
  inpaint.rectangles = &hole;
  inpaint.dilation = 3;
  CHECK(vfi_create(&context, &params) == VFI_OK, "a context");
  GstMapInfo maps[COUNT];
  vfi_frame frames[COUNT];
  for (int i = 0; i < COUNT; i++) {
    gst_buffer_map(sources[i], &maps[i], GST_MAP_READ);
    frames[i] = view(bench, &maps[i]);
  }
  for (int i = 0; i < COUNT; i++) {
    guint8 samples[WIDTH * HEIGHT];
    GstMapInfo result = {.data = samples};
    vfi_frame out = view(bench, &result);
    int first = MAX(0, i - BACK), last = MIN(COUNT - 1, i + AHEAD);
    CHECK(vfi_inpaint_window(context, last - first + 1, frames + first, 0, NULL, i - first,
                             &inpaint, &out, NULL) == VFI_OK,
          "the library fills frame %d", i);
    CHECK(equals(outputs[i], samples), "output %d is that of its window", i);
    CHECK(!equals(sources[i], samples), "frame %d was changed", i);
  }
  for (int i = 0; i < COUNT; i++)
    gst_buffer_unmap(sources[i], &maps[i]);
  vfi_destroy(&context);
  CHECK(bench_counter(bench, "filled") == COUNT && bench_counter(bench, "passed") == 0, "counters");
}

/* A PGM picture in the temporary folder in which the hole is bright. */
static gchar *write_mask(int width) {
  gchar *path = g_build_filename(g_get_tmp_dir(), "vfi-test-XXXXXX", NULL);
  FILE *file = fdopen(g_mkstemp(path), "wb");
  fprintf(file, "P5\n# hole\n%d %d\n255\n", width, HEIGHT);
  for (int y = 0; y < HEIGHT; y++)
    for (int x = 0; x < width; x++)
      fputc(x >= 20 && x < 30 && y >= 12 && y < 21 ? 200 : 90, file);
  fclose(file);
  return path;
}

static void inpaint(void) {
  gchar *path = write_mask(WIDTH);
  for (int masked = 0; masked < 2; masked++) {
    GstBuffer *sources[COUNT], *outputs[COUNT];
    Bench bench = bench_new(NULL, NULL, "mode", "inpaint", masked ? "mask-location" : "rectangles",
                            masked ? path : "20:12:10:9", "dilation", "3", "look-ahead", "3",
                            "look-back", "2", NULL);
    bench_caps(&bench, gray("64x48", "25/1"));
    push_film(&bench, sources, -1);
    pull_film(&bench, sources, outputs);
    filled_as_windows(&bench, sources, outputs);
    bench_free(&bench);
    release(sources, COUNT);
    release(outputs, COUNT);
  }
  (void)remove(path);
  g_free(path);
}

/* A damaged frame is repaired, all others are handed on. */
static void repair(void) {
  enum { DAMAGED = 4 };
  GstBuffer *sources[COUNT], *outputs[COUNT];
  Bench bench = bench_new(gray("64x48", "25/1"), NULL, "mode", "repair", "look-ahead", "3",
                          "look-back", "2", NULL);
  push_film(&bench, sources, DAMAGED);
  pull_film(&bench, sources, outputs);
  for (int i = 0; i < COUNT; i++)
    CHECK(same_memory(outputs[i], sources[i]) == (i != DAMAGED), "frame %d", i);
  CHECK(!GST_BUFFER_FLAG_IS_SET(outputs[DAMAGED], GST_BUFFER_FLAG_CORRUPTED), "it is whole again");
  GstMapInfo map;
  gst_buffer_map(outputs[DAMAGED], &map, GST_MAP_READ);
  guint grey = 0;
  for (int y = 16; y < 32; y++)
    for (int x = 16; x < 48; x++)
      grey += map.data[y * WIDTH + x] == 128;
  gst_buffer_unmap(outputs[DAMAGED], &map);
  CHECK(grey < 100, "%u of 512 pixels are still grey", grey);
  CHECK(bench_counter(&bench, "filled") == 1 && bench_counter(&bench, "passed") == COUNT - 1,
        "counters");
  bench_free(&bench);
  release(sources, COUNT);
  release(outputs, COUNT);
}

/* Flushed frames are gone; a segment, a discontinuity and other caps push out what waits. */
static void events(void) {
  Bench bench =
      bench_new(gray("64x48", "25/1"), NULL, "mode", "inpaint", "rectangles", "20:12:10:9", NULL);
  bench_push_run(&bench, 0, 4);
  CHECK(bench_drop(&bench) == 0, "five are looked ahead");
  gst_harness_push_event(bench.harness, gst_event_new_flush_start());
  gst_harness_push_event(bench.harness, gst_event_new_flush_stop(TRUE));
  bench_caps(&bench, gray("64x48", "25/1"));
  bench_push_run(&bench, 10, 3);
  GstBuffer *buffer = picture(&bench.info, 5);
  GST_BUFFER_PTS(buffer) = bench_time(&bench, 20);
  GST_BUFFER_FLAG_SET(buffer, GST_BUFFER_FLAG_DISCONT);
  gst_harness_push(bench.harness, buffer);
  CHECK(bench_drop(&bench) == 3, "a discontinuity");
  bench_caps(&bench, gray("72x48", "25/1"));
  CHECK(bench_drop(&bench) == 1, "other caps");
  bench_push_run(&bench, 0, 2);
  bench_eos(&bench);
  CHECK(bench_drop(&bench) == 2, "the end");
  bench_free(&bench);
}

static void latency(void) {
  Bench bench = bench_new(gray("64x48", "25/1"), NULL, "mode", "repair", "look-ahead", "6", NULL);
  GstQuery *query = gst_query_new_latency();
  gst_harness_set_upstream_latency(bench.harness, 0);
  CHECK(gst_pad_peer_query(bench.harness->sinkpad, query), "the query is answered");
  gboolean live;
  GstClockTime minimum, maximum;
  gst_query_parse_latency(query, &live, &minimum, &maximum);
  CHECK(minimum == 6 * 40 * GST_MSECOND, "six frames, not %" G_GUINT64_FORMAT, minimum);
  gst_query_unref(query);
  bench_free(&bench);
}

/* What cannot work says so when it starts, or when the video's size is known. */
static void wrong_settings(void) {
  static const struct {
    const char *property, *value, *message;
  } cases[] = {{"rectangles", "", "rectangles or mask-location"},
               {"rectangles", "1:2:3", "x:y:w:h"},
               {"mask-location", "/none.pgm", "/none.pgm: it cannot be opened"}};
  for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
    GstElement *element = gst_object_ref_sink(gst_element_factory_make("vfi", NULL));
    Bench bench = {.element = element, .bus = gst_bus_new()};
    gst_element_set_bus(element, bench.bus);
    gst_util_set_object_arg(G_OBJECT(element), "mode", "inpaint");
    gst_util_set_object_arg(G_OBJECT(element), cases[i].property, cases[i].value);
    CHECK(gst_element_set_state(element, GST_STATE_PAUSED) == GST_STATE_CHANGE_FAILURE,
          "%s=%s: no start", cases[i].property, cases[i].value);
    gchar *text = bench_message(&bench, GST_MESSAGE_ERROR);
    CHECK(text != NULL && strstr(text, cases[i].message) != NULL, "%s=%s: %s", cases[i].property,
          cases[i].value, text);
    g_free(text);
    gst_element_set_state(element, GST_STATE_NULL);
    gst_element_set_bus(element, NULL);
    gst_object_unref(element);
    gst_object_unref(bench.bus);
  }
  gchar *path = write_mask(WIDTH - 1);
  Bench bench = bench_new(NULL, NULL, "mode", "inpaint", "mask-location", path, NULL);
  bench_caps(&bench, gray("64x48", "25/1"));
  gchar *text = bench_message(&bench, GST_MESSAGE_ERROR);
  CHECK(text != NULL && strstr(text, "The mask is 63x48, the video 64x48") != NULL, "%s", text);
  g_free(text);
  bench_free(&bench);
  (void)remove(path);
  g_free(path);
  bench = bench_new(gray("64x48", "25/1"), NULL, "mode", "inpaint", "rectangles", "0:0:64:48",
                    "memory-limit", "50000", NULL);
  GstFlowReturn flow = GST_FLOW_OK;
  for (int i = 0; i < COUNT && flow == GST_FLOW_OK; i++)
    flow = bench_push(&bench, i, bench_time(&bench, (guint64)i), bench_time(&bench, 1));
  CHECK(flow == GST_FLOW_ERROR, "too little memory");
  text = bench_message(&bench, GST_MESSAGE_ERROR);
  CHECK(text != NULL, "and the user hears of it");
  g_free(text);
  bench_free(&bench);
}

void test_restore(void) {
  inpaint();
  repair();
  events();
  latency();
  wrong_settings();
}
