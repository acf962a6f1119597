/* SPDX-License-Identifier: MIT */
/* motion=quadratic: a pair waits for the frame behind it. Counts and times are those of linear
 * motion.
 */
#include "support.h"

static Bench bench_bent(const char *rate) {
  return bench_new(gray("16x16", "30/1"), rate, "motion", "quadratic", NULL);
}

/* What is there at once, and what the end brings. */
static void waits(void) {
  Bench bench = bench_bent("video/x-raw, framerate=60/1");
  static const guint due[] = {1, 1, 3, 5, 7};
  for (guint i = 0; i < G_N_ELEMENTS(due); i++) {
    bench_push_run(&bench, i, 1);
    CHECK(gst_harness_buffers_in_queue(bench.harness) == due[i], "%u outputs after %u sources",
          gst_harness_buffers_in_queue(bench.harness), i + 1);
  }
  bench_eos(&bench);
  bench_expect(&bench, "five sources", 0, 60, 1, 10);
  CHECK(bench_counter(&bench, "interpolated") == 4, "every pair was interpolated");
  bench_free(&bench);
}

static void latency(void) {
  Bench bench = bench_bent("video/x-raw, framerate=60/1");
  GstQuery *query = gst_query_new_latency();
  gboolean live = FALSE;
  GstClockTime minimum = 0, maximum = 0;
  gst_harness_set_live(bench.harness, TRUE);
  CHECK(gst_pad_peer_query(bench.harness->sinkpad, query), "the query is answered");
  gst_query_parse_latency(query, &live, &minimum, &maximum);
  CHECK(minimum == 2 * bench_time(&bench, 1), "two source frames, not %" GST_TIME_FORMAT,
        GST_TIME_ARGS(minimum));
  gst_query_unref(query);
  bench_free(&bench);
}

/* A flush drops what waits; the next run is whole. */
static void flush(void) {
  Bench bench = bench_bent("video/x-raw, framerate=60/1");
  bench_push_run(&bench, 0, 4);
  gst_harness_push_event(bench.harness, gst_event_new_flush_start());
  gst_harness_push_event(bench.harness, gst_event_new_flush_stop(TRUE));
  GstSegment segment;
  gst_segment_init(&segment, GST_FORMAT_TIME);
  gst_harness_push_event(bench.harness, gst_event_new_segment(&segment));
  bench_drop(&bench);
  for (guint i = 0; i < 3; i++)
    bench_push(&bench, (int)i, GST_SECOND + bench_time(&bench, i), bench_time(&bench, 1));
  bench_eos(&bench);
  bench_expect(&bench, "after the flush", GST_SECOND, 60, 1, 6);
  bench_free(&bench);
}

/* Checks that the outputs of four sources from 0 on and of three from `start` on are there. */
static void expect_two_runs(Bench *bench, const char *name, GstClockTime start) {
  enum { FIRST = 8, BOTH = 14 };
  GstClockTime times[BOTH] = {0};
  guint count = 0;
  for (GstBuffer *buffer; (buffer = bench_pull(bench)) != NULL; gst_buffer_unref(buffer), count++)
    times[MIN(count, BOTH - 1)] = GST_BUFFER_PTS(buffer);
  CHECK(count == BOTH, "%s: %u outputs", name, count);
  CHECK(times[FIRST - 1] == gst_util_uint64_scale(FIRST - 1, GST_SECOND, 60),
        "%s: the old run is whole", name);
  CHECK(times[FIRST] == start, "%s: the new run begins at its first source", name);
}

/* Breaks of all kinds: no source is lost, and the frames on the other side bend nothing. */
static void breaks(void) {
  static const struct {
    const char *name;
    GstClockTime start;
    GstBufferFlags flags;
    const char *caps;
  } cases[] = {{"a discontinuity", 2 * GST_SECOND, GST_BUFFER_FLAG_DISCONT, "16x16"},
               {"time that goes back", 10 * GST_MSECOND, (GstBufferFlags)0, "16x16"},
               {"another size", 3 * GST_SECOND, (GstBufferFlags)0, "32x16"}};
  for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
    Bench bench = bench_bent(NULL);
    bench_push_run(&bench, 0, 4);
    if (!g_str_equal(cases[i].caps, "16x16"))
      bench_caps(&bench, gray(cases[i].caps, "30/1"));
    for (guint k = 0; k < 3; k++)
      bench_push_flagged(&bench, (int)k + 9, cases[i].start + bench_time(&bench, k),
                         k == 0 ? cases[i].flags : (GstBufferFlags)0);
    bench_eos(&bench);
    expect_two_runs(&bench, cases[i].name, cases[i].start);
    CHECK(bench_counter(&bench, "interpolated") == 5, "%s: all pairs", cases[i].name);
    bench_free(&bench);
  }
}

/* Another output rate: what waits comes at the old one. */
static void rate_change(void) {
  Bench bench = bench_bent(NULL);
  bench_push_run(&bench, 0, 5);
  g_object_set(bench.element, "multiplier", 3, NULL);
  bench_push_run(&bench, 5, 5);
  bench_eos(&bench);
  GstClockTime due = 0;
  guint count = 0;
  for (GstBuffer *buffer; (buffer = bench_pull(&bench)) != NULL; gst_buffer_unref(buffer)) {
    CHECK(ABS(GST_CLOCK_DIFF(due, GST_BUFFER_PTS(buffer))) < GST_MSECOND / 100,
          "output %u follows the one before it", count);
    due = GST_BUFFER_PTS(buffer) + GST_BUFFER_DURATION(buffer);
    /* The change comes between two outputs: the first one of the new rate stands on its own grid.
     */
    if (count == 8)
      due = gst_util_uint64_scale(14, GST_SECOND, 90);
    count++;
  }
  CHECK(count == 25, "%u outputs", count);
  bench_free(&bench);
}

void test_motion(void) {
  waits();
  latency();
  flush();
  breaks();
  rate_change();
}
