/* SPDX-License-Identifier: MIT */
/* Latency, and what is done when it is not enough. */
#include "support.h"

static GstClockTime own_latency(Bench *bench, GstClockTime upstream) {
  GstQuery *query = gst_query_new_latency();
  gboolean live = FALSE;
  GstClockTime minimum = 0, maximum = 0;
  gst_harness_set_upstream_latency(bench->harness, upstream);
  gst_harness_set_live(bench->harness, TRUE);
  CHECK(gst_pad_peer_query(bench->harness->sinkpad, query), "the query is answered");
  gst_query_parse_latency(query, &live, &minimum, &maximum);
  CHECK(live, "the source is live");
  gst_query_unref(query);
  return minimum - upstream;
}

/* One source frame, until new frames were made; then their time as well, one frame at most. */
static void latency(void) {
  enum { UPSTREAM = 5000000 };
  Bench bench = bench_new(gray("16x16", "25/1"), "video/x-raw, framerate=50/1", NULL);
  gchar *text = bench_message(&bench, GST_MESSAGE_LATENCY);
  CHECK(text != NULL, "the pipeline hears that there is a latency now");
  g_free(text);
  CHECK(own_latency(&bench, UPSTREAM) == 40 * GST_MSECOND, "one source frame");
  bench_push_run(&bench, 0, 3);
  GstClockTime measured = own_latency(&bench, UPSTREAM);
  CHECK(measured > 40 * GST_MSECOND && measured <= 80 * GST_MSECOND, "with the work: %u us",
        (guint)(measured / 1000));
  text = bench_message(&bench, GST_MESSAGE_LATENCY);
  CHECK(text != NULL, "the pipeline hears of it");
  g_free(text);
  bench_caps(&bench, gray("16x16", "50/1"));
  CHECK(own_latency(&bench, UPSTREAM) == 0, "none in passthrough");
  bench_free(&bench);
}

static void variable_rate_latency(void) {
  Bench bench = bench_new(gray("16x16", "0/1"), "video/x-raw, framerate=50/1", NULL);
  CHECK(own_latency(&bench, 0) == 0, "not known yet");
  bench_push(&bench, 0, 0, GST_CLOCK_TIME_NONE);
  bench_push(&bench, 1, 30 * GST_MSECOND, GST_CLOCK_TIME_NONE);
  bench_push(&bench, 2, 130 * GST_MSECOND, GST_CLOCK_TIME_NONE);
  GstClockTime found = own_latency(&bench, 0);
  CHECK(found >= 100 * GST_MSECOND && found <= 200 * GST_MSECOND, "the longest interval: %u us",
        (guint)(found / 1000));
  bench_free(&bench);
}

static void push_qos(Bench *bench, GstClockTimeDiff diff, GstClockTime time) {
  gst_harness_push_upstream_event(bench->harness,
                                  gst_event_new_qos(GST_QOS_TYPE_UNDERFLOW, 1.5, diff, time));
}

/* Late: no new frames until the time is reached; every source frame comes all the same. */
static void late(void) {
  Bench bench = bench_new(gray("16x16", "25/1"), "video/x-raw, framerate=50/1", NULL);
  bench_push_run(&bench, 0, 1);
  push_qos(&bench, 100 * GST_MSECOND, 10 * GST_MSECOND); /* in time from 110 ms on */
  bench_push_run(&bench, 1, 5);
  bench_eos(&bench);
  CHECK(bench_counter(&bench, "held") == 3 + 1, "at 20, 60, 100 ms and at the end: %u",
        (guint)bench_counter(&bench, "held"));
  CHECK(bench_counter(&bench, "interpolated") == 2, "at 140 and 180 ms");
  CHECK(bench_counter(&bench, "passed") == 6, "every source");
  bench_expect(&bench, "late", 0, 50, 1, 12);
  for (guint i = 0; i < 3; i++) {
    GstMessage *message = gst_bus_pop_filtered(bench.bus, GST_MESSAGE_QOS);
    CHECK(message != NULL, "message %u", i);
    if (message == NULL)
      continue;
    guint64 time;
    gst_message_parse_qos(message, NULL, NULL, NULL, &time, NULL);
    CHECK(time == (20 + 40 * i) * GST_MSECOND, "message %u is of that frame", i);
    gst_message_unref(message);
  }
  CHECK(gst_bus_pop_filtered(bench.bus, GST_MESSAGE_QOS) == NULL, "no more messages");
  bench_free(&bench);
}

/* In time again, switched off, or flushed: new frames are made. */
static void not_late(void) {
  for (int way = 0; way < 3; way++) {
    Bench bench = bench_new(gray("16x16", "25/1"), "video/x-raw, framerate=50/1", "qos",
                            way == 1 ? "0" : "1", NULL);
    push_qos(&bench, GST_SECOND, 0);
    if (way == 0)
      push_qos(&bench, -(GstClockTimeDiff)GST_MSECOND, GST_SECOND);
    if (way == 2) {
      GstSegment segment;
      gst_segment_init(&segment, GST_FORMAT_TIME);
      gst_harness_push_event(bench.harness, gst_event_new_flush_start());
      gst_harness_push_event(bench.harness, gst_event_new_flush_stop(TRUE));
      gst_harness_push_event(bench.harness, gst_event_new_segment(&segment));
    }
    bench_push_run(&bench, 0, 4);
    CHECK(bench_counter(&bench, "interpolated") == 3, "way %d", way);
    bench_free(&bench);
  }
}

void test_live(void) {
  latency();
  variable_rate_latency();
  late();
  not_late();
}
