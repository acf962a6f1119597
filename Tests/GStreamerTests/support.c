/* SPDX-License-Identifier: MIT */
#include "support.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static guint passed, failed;

void check_result(gboolean good, const char *file, int line, const char *condition,
                  const char *format, ...) {
  if (good) {
    passed++;
    return;
  }
  failed++;
  va_list arguments;
  va_start(arguments, format);
  gchar *text = g_strdup_vprintf(format, arguments);
  va_end(arguments);
  printf("%s:%d: FAILED: %s (%s)\n", file, line, text, condition);
  g_free(text);
}

const char *gray(const char *size, const char *rate) {
  static char caps[2][256];
  static int turn;
  char *text = caps[turn++ % 2];
  gchar **sides = g_strsplit(size, "x", 2);
  snprintf(text, sizeof caps[0], "video/x-raw, format=GRAY8, width=%s, height=%s, framerate=%s",
           sides[0], sides[1], rate);
  g_strfreev(sides);
  return text;
}

Bench bench_new(const char *in_caps, const char *out_caps, ...) {
  Bench bench = {.element = gst_element_factory_make("vfi", NULL), .bus = gst_bus_new()};
  if (bench.element == NULL) {
    printf("there is no element vfi\n");
    exit(1);
  }
  gst_object_ref_sink(bench.element);
  gst_element_set_bus(bench.element, bench.bus);
  g_object_set(bench.element, "threads", 1, NULL);
  /* The same checks hold where an output waits for a frame more. */
  if (g_getenv("VFI_TEST_MOTION") != NULL)
    gst_util_set_object_arg(G_OBJECT(bench.element), "motion", g_getenv("VFI_TEST_MOTION"));
  va_list arguments;
  va_start(arguments, out_caps);
  for (const char *name; (name = va_arg(arguments, const char *)) != NULL;)
    gst_util_set_object_arg(G_OBJECT(bench.element), name, va_arg(arguments, const char *));
  va_end(arguments);
  bench.harness = gst_harness_new_with_element(bench.element, "sink", "src");
  if (out_caps != NULL)
    gst_harness_set_sink_caps_str(bench.harness, out_caps);
  if (in_caps != NULL)
    bench_caps(&bench, in_caps);
  return bench;
}

Bench bench_doubling(void) {
  return bench_new(gray("16x16", "30/1"), "video/x-raw, framerate=60/1", NULL);
}

void bench_free(Bench *bench) {
  gst_harness_teardown(bench->harness);
  gst_element_set_bus(bench->element, NULL);
  gst_object_unref(bench->element);
  gst_object_unref(bench->bus);
}

void bench_caps(Bench *bench, const char *in_caps) {
  GstCaps *caps = gst_caps_from_string(in_caps);
  gst_video_info_from_caps(&bench->info, caps);
  gst_harness_push_event(bench->harness, gst_event_new_caps(caps));
  gst_caps_unref(caps);
  GstSegment segment;
  gst_segment_init(&segment, GST_FORMAT_TIME);
  gst_harness_push_event(bench->harness, gst_event_new_segment(&segment));
}

guint64 bench_counter(const Bench *bench, const char *name) {
  guint64 value;
  g_object_get(bench->element, name, &value, NULL);
  return value;
}

gchar *bench_message(const Bench *bench, GstMessageType types) {
  GstMessage *message = gst_bus_pop_filtered(bench->bus, types);
  if (message == NULL)
    return NULL;
  GError *error = NULL;
  if (GST_MESSAGE_TYPE(message) == GST_MESSAGE_ERROR)
    gst_message_parse_error(message, &error, NULL);
  else if (GST_MESSAGE_TYPE(message) == GST_MESSAGE_WARNING)
    gst_message_parse_warning(message, &error, NULL);
  else if (GST_MESSAGE_TYPE(message) == GST_MESSAGE_INFO)
    gst_message_parse_info(message, &error, NULL);
  gchar *text = g_strdup(error != NULL ? error->message : "");
  g_clear_error(&error);
  gst_message_unref(message);
  return text;
}

void bench_expect_message(const Bench *bench, GstMessageType types, const char *part) {
  gchar *text = bench_message(bench, types);
  CHECK(text != NULL && strstr(text, part) != NULL, "'%s' does not have '%s'", text, part);
  g_free(text);
}

/* ---------------------------------------------------------------- pictures -------------------- */

/* Writes the texture to the planes, in the format's own words. */
static void draw(GstVideoFrame *frame, int step) {
  for (guint plane = 0; plane < GST_VIDEO_FRAME_N_PLANES(frame); plane++) {
    const GstVideoFormatInfo *format = frame->info.finfo;
    gint components[GST_VIDEO_MAX_COMPONENTS];
    gst_video_format_info_component(format, plane, components);
    gint component = components[0];
    int depth = GST_VIDEO_FRAME_COMP_DEPTH(frame, component);
    int words = depth > 8 ? 2 : 1;
    int pixel = GST_VIDEO_FRAME_COMP_PSTRIDE(frame, component);
    int columns = GST_VIDEO_FRAME_COMP_WIDTH(frame, component) * pixel / words;
    for (int y = 0; y < GST_VIDEO_FRAME_COMP_HEIGHT(frame, component); y++) {
      guint8 *row = (guint8 *)GST_VIDEO_FRAME_PLANE_DATA(frame, plane) +
                    (gssize)y * GST_VIDEO_FRAME_PLANE_STRIDE(frame, plane);
      for (int x = 0; x < columns; x++) {
        int place = (x * words / pixel - 2 * step) & 31;
        int value = 40 + 40 * component + 3 * (place < 16 ? place : 31 - place) + (y & 7) * 4;
        if (words == 1)
          row[x] = (guint8)value;
        else
          GST_WRITE_UINT16_LE(row + 2 * x, value << (depth - 8 + format->shift[component]));
      }
    }
  }
}

static GstBuffer *drawn(const GstVideoInfo *info, GstBuffer *buffer, int step) {
  GstVideoFrame frame;
  gst_buffer_memset(buffer, 0, 0, gst_buffer_get_size(buffer));
  if (!gst_video_frame_map(&frame, info, buffer, GST_MAP_WRITE))
    abort();
  draw(&frame, step);
  gst_video_frame_unmap(&frame);
  return buffer;
}

GstBuffer *picture(const GstVideoInfo *info, int step) {
  return drawn(info, gst_buffer_new_allocate(NULL, GST_VIDEO_INFO_SIZE(info), NULL), step);
}

GstBuffer *padded_picture(const GstVideoInfo *info, int step) {
  enum { BESIDE = 24, BETWEEN = 100 };
  gsize offsets[GST_VIDEO_MAX_PLANES] = {0}, size = BETWEEN;
  gint strides[GST_VIDEO_MAX_PLANES] = {0};
  for (guint plane = 0; plane < GST_VIDEO_INFO_N_PLANES(info); plane++) {
    gint components[GST_VIDEO_MAX_COMPONENTS];
    gst_video_format_info_component(info->finfo, plane, components);
    strides[plane] = GST_VIDEO_INFO_PLANE_STRIDE(info, plane) + BESIDE;
    offsets[plane] = size;
    size +=
        (gsize)strides[plane] * (gsize)GST_VIDEO_INFO_COMP_HEIGHT(info, components[0]) + BETWEEN;
  }
  GstBuffer *buffer = gst_buffer_new_allocate(NULL, size, NULL);
  gst_buffer_add_video_meta_full(buffer, GST_VIDEO_FRAME_FLAG_NONE, GST_VIDEO_INFO_FORMAT(info),
                                 (guint)GST_VIDEO_INFO_WIDTH(info),
                                 (guint)GST_VIDEO_INFO_HEIGHT(info), GST_VIDEO_INFO_N_PLANES(info),
                                 offsets, strides);
  return drawn(info, buffer, step);
}

gboolean same_memory(GstBuffer *a, GstBuffer *b) {
  return gst_buffer_n_memory(a) == 1 && gst_buffer_n_memory(b) == 1 &&
         gst_buffer_peek_memory(a, 0) == gst_buffer_peek_memory(b, 0);
}

/* ---------------------------------------------------------------- in and out ------------------ */

GstFlowReturn bench_push(Bench *bench, int step, GstClockTime pts, GstClockTime duration) {
  GstBuffer *buffer = picture(&bench->info, step);
  GST_BUFFER_PTS(buffer) = pts;
  GST_BUFFER_DURATION(buffer) = duration;
  return gst_harness_push(bench->harness, buffer);
}

void bench_push_flagged(Bench *bench, int step, GstClockTime pts, GstBufferFlags flags) {
  GstBuffer *buffer = picture(&bench->info, step);
  GST_BUFFER_PTS(buffer) = pts;
  GST_BUFFER_DURATION(buffer) = bench_time(bench, 1);
  GST_BUFFER_FLAG_SET(buffer, flags);
  gst_harness_push(bench->harness, buffer);
}

GstClockTime bench_time(const Bench *bench, guint64 number) {
  return gst_util_uint64_scale(number, (guint64)bench->info.fps_d * GST_SECOND,
                               (guint64)bench->info.fps_n);
}

void bench_push_run(Bench *bench, guint first, guint count) {
  for (guint i = first; i < first + count; i++) {
    GstClockTime pts = bench_time(bench, i);
    GstFlowReturn flow = bench_push(bench, (int)i, pts, bench_time(bench, i + 1) - pts);
    CHECK(flow == GST_FLOW_OK, "frame %u: %s", i, gst_flow_get_name(flow));
  }
}

void bench_eos(Bench *bench) { gst_harness_push_event(bench->harness, gst_event_new_eos()); }

GstBuffer *bench_pull(Bench *bench) { return gst_harness_try_pull(bench->harness); }

guint bench_drop(Bench *bench) {
  guint count = 0;
  for (GstBuffer *buffer; (buffer = bench_pull(bench)) != NULL; count++)
    gst_buffer_unref(buffer);
  return count;
}

void bench_expect(Bench *bench, const char *name, GstClockTime start, gint rate_n, gint rate_d,
                  guint count) {
  bench_expect_from(bench, name, start, rate_n, rate_d, 0, count);
}

void bench_expect_from(Bench *bench, const char *name, GstClockTime start, gint rate_n, gint rate_d,
                       guint first, guint count) {
  guint n = first;
  for (GstBuffer *buffer; (buffer = bench_pull(bench)) != NULL; n++) {
    guint64 second = (guint64)rate_d * GST_SECOND;
    GstClockTime pts = start + gst_util_uint64_scale(n, second, (guint64)rate_n);
    GstClockTime end = start + gst_util_uint64_scale(n + 1, second, (guint64)rate_n);
    CHECK(GST_BUFFER_PTS(buffer) == pts && GST_BUFFER_DURATION(buffer) == end - pts,
          "%s: output %u is at %" G_GUINT64_FORMAT " for %" G_GUINT64_FORMAT
          ", not at %" G_GUINT64_FORMAT " for %" G_GUINT64_FORMAT,
          name, n, GST_BUFFER_PTS(buffer), GST_BUFFER_DURATION(buffer), pts, end - pts);
    gst_buffer_unref(buffer);
  }
  CHECK(n - first == count, "%s: %u outputs, not %u", name, n - first, count);
}

int main(int count, char **arguments) {
  static const struct {
    const char *name;
    void (*run)(void);
  } groups[] = {
      {"negotiation", test_negotiation}, {"timing", test_timing},
      {"events", test_events},           {"live", test_live},
      {"pictures", test_pictures},       {"faults", test_faults},
      {"properties", test_properties},   {"pipeline", test_pipeline},
      {"restore", test_restore},         {"motion", test_motion},
  };
  gst_init(&count, &arguments);
  for (guint i = 0; i < G_N_ELEMENTS(groups); i++)
    if (count < 2 || g_strv_contains((const gchar *const *)arguments + 1, groups[i].name))
      groups[i].run();
  printf("%u passed, %u failed\n", passed, failed);
  gst_deinit();
  return failed != 0;
}
