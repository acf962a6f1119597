/* SPDX-License-Identifier: MIT */
/* Events from upstream, and times that are not as they should be. */
#include "support.h"

static void push_segment(Bench *bench, gdouble rate, GstClockTime start) {
  GstSegment segment;
  gst_segment_init(&segment, GST_FORMAT_TIME);
  segment.rate = rate;
  segment.start = segment.position = start;
  segment.stop = rate < 0 ? start + 10 * GST_SECOND : GST_CLOCK_TIME_NONE;
  gst_harness_push_event(bench->harness, gst_event_new_segment(&segment));
}

/* Whether the next output has the flag DISCONT; drops the output. */
static gboolean pull_discont(Bench *bench) {
  GstBuffer *buffer = bench_pull(bench);
  gboolean discont = buffer != NULL && GST_BUFFER_IS_DISCONT(buffer);
  gst_clear_buffer(&buffer);
  return discont;
}

/* Events that end a run: what is due comes before them. */
static void drained_by(void) {
  enum { BY_EOS, BY_SEGMENT, BY_SEGMENT_DONE, BY_DRAIN_QUERY, WAYS };
  for (int way = 0; way < WAYS; way++) {
    Bench bench = bench_doubling();
    bench_push_run(&bench, 0, 3);
    CHECK(gst_harness_buffers_in_queue(bench.harness) == 5, "way %d: 5 are due before", way);
    GstQuery *query = gst_query_new_drain();
    if (way == BY_EOS)
      bench_eos(&bench);
    else if (way == BY_SEGMENT)
      push_segment(&bench, 1, GST_SECOND);
    else if (way == BY_SEGMENT_DONE)
      gst_harness_push_event(bench.harness,
                             gst_event_new_segment_done(GST_FORMAT_TIME, GST_SECOND));
    else
      gst_pad_peer_query(bench.harness->srcpad, query);
    gst_query_unref(query);
    bench_expect(&bench, "drained", 0, 60, 1, 6);
    bench_free(&bench);
  }
}

static void after_segment(void) {
  Bench bench = bench_doubling();
  bench_push_run(&bench, 0, 3);
  push_segment(&bench, 1, GST_SECOND);
  CHECK(bench_drop(&bench) == 6, "first segment");
  for (guint i = 0; i < 3; i++)
    bench_push(&bench, (int)i, GST_SECOND + bench_time(&bench, i), bench_time(&bench, 1));
  bench_eos(&bench);
  bench_expect(&bench, "second segment", GST_SECOND, 60, 1, 6);
  bench_free(&bench);
}

static void flush(void) {
  Bench bench = bench_doubling();
  bench_push_run(&bench, 0, 3);
  gst_harness_push_event(bench.harness, gst_event_new_flush_start());
  CHECK(bench_push(&bench, 3, 0, 0) == GST_FLOW_FLUSHING, "flushing");
  gst_harness_push_event(bench.harness, gst_event_new_flush_stop(TRUE));
  bench_drop(&bench);
  push_segment(&bench, 1, 20 * GST_SECOND);
  CHECK(gst_harness_buffers_in_queue(bench.harness) == 0, "the old frames are gone");
  for (guint i = 0; i < 3; i++)
    bench_push(&bench, (int)i, 20 * GST_SECOND + bench_time(&bench, i), bench_time(&bench, 1));
  bench_eos(&bench);
  bench_expect(&bench, "after the flush", 20 * GST_SECOND, 60, 1, 6);
  bench_free(&bench);
}

/* A seek storm: nothing is kept from one seek to the next. */
static void many_flushes(void) {
  Bench bench = bench_doubling();
  for (guint i = 0; i < 50; i++) {
    gst_harness_push_event(bench.harness, gst_event_new_flush_start());
    gst_harness_push_event(bench.harness, gst_event_new_flush_stop(TRUE));
    push_segment(&bench, 1, i * GST_SECOND);
    bench_drop(&bench);
    for (guint k = 0; k < i % 4; k++)
      bench_push(&bench, (int)k, i * GST_SECOND + bench_time(&bench, k), bench_time(&bench, 1));
    bench_expect(&bench, "seek", i * GST_SECOND, 60, 1, i % 4 == 0 ? 0 : 2 * (i % 4) - 1);
  }
  bench_free(&bench);
}

/* A break in the stream: no frame is made across it, and none is lost. */
static void discont(void) {
  Bench bench = bench_doubling();
  bench_push_run(&bench, 0, 3);
  CHECK(pull_discont(&bench), "the first output is flagged");
  for (int n = 1; n < 5; n++)
    CHECK(!pull_discont(&bench), "output %d is not flagged", n);
  bench_push_flagged(&bench, 9, GST_SECOND, GST_BUFFER_FLAG_DISCONT);
  CHECK(!pull_discont(&bench), "the rest of the old run is not flagged");
  CHECK(pull_discont(&bench), "the new run is flagged");
  bench_push(&bench, 10, GST_SECOND + bench_time(&bench, 1), bench_time(&bench, 1));
  bench_eos(&bench);
  CHECK(bench_drop(&bench) == 3, "the new run goes on");
  CHECK(bench_counter(&bench, "passed") == 5, "every source was given");
  bench_free(&bench);
}

/* A break before the end of the frame before it: that one is cut short. */
static void early_discont(void) {
  Bench bench = bench_new(gray("16x16", "30/1"), "video/x-raw, framerate=300/1", NULL);
  bench_push_run(&bench, 0, 1);
  bench_push_flagged(&bench, 9, 10 * GST_MSECOND, GST_BUFFER_FLAG_DISCONT);
  bench_expect(&bench, "cut short", 0, 300, 1, 4);
  bench_free(&bench);
}

static void gap(void) {
  Bench bench = bench_doubling();
  bench_push_run(&bench, 0, 2);
  guint events = gst_harness_events_in_queue(bench.harness);
  gst_harness_push_event(bench.harness, gst_event_new_gap(bench_time(&bench, 2), GST_SECOND));
  CHECK(gst_harness_events_in_queue(bench.harness) == events, "the gap is filled here");
  bench_push_run(&bench, 4, 2);
  bench_eos(&bench);
  bench_expect(&bench, "across the gap", 0, 60, 1, 12);
  bench_free(&bench);
}

static void backward(void) {
  Bench bench = bench_doubling();
  bench_push_run(&bench, 30, 3);
  bench_push_run(&bench, 0, 3);
  bench_eos(&bench);
  for (guint n = 0; n < 12; n++) {
    GstBuffer *buffer = bench_pull(&bench);
    GstClockTime wanted = n < 6 ? GST_SECOND + n * GST_SECOND / 60 : (n - 6) * GST_SECOND / 60;
    CHECK(buffer != NULL && GST_BUFFER_PTS(buffer) == wanted, "output %u", n);
    CHECK(buffer != NULL && GST_BUFFER_IS_DISCONT(buffer) == (n == 0 || n == 6), "flag %u", n);
    gst_clear_buffer(&buffer);
  }
  CHECK(bench_drop(&bench) == 0, "no more");
  bench_free(&bench);
}

static void equal_times(void) {
  Bench bench = bench_doubling();
  bench_push_run(&bench, 0, 2);
  bench_push_run(&bench, 1, 2);
  bench_eos(&bench);
  bench_expect(&bench, "equal times", 0, 60, 1, 6);
  CHECK(bench_counter(&bench, "skipped") == 1, "the second one is left out");
  bench_free(&bench);
}

/* Frames without a time follow each other. */
static void no_times(void) {
  Bench bench = bench_doubling();
  for (int i = 0; i < 5; i++)
    CHECK(bench_push(&bench, i, GST_CLOCK_TIME_NONE, GST_CLOCK_TIME_NONE) == GST_FLOW_OK,
          "frame %d", i);
  bench_eos(&bench);
  bench_expect(&bench, "no times", 0, 60, 1, 10);
  CHECK(bench_counter(&bench, "passed") == 5, "every source was given");
  bench_free(&bench);
}

/* Backwards there is no new frame; the user hears of it. */
static void reverse(void) {
  Bench bench = bench_doubling();
  push_segment(&bench, -1, 0);
  bench_expect_message(&bench, GST_MESSAGE_INFO, "Reverse");
  for (guint i = 5; i-- > 0;)
    bench_push(&bench, (int)i, bench_time(&bench, i), bench_time(&bench, 1));
  for (guint i = 5; i-- > 0;) {
    GstBuffer *buffer = bench_pull(&bench);
    CHECK(buffer != NULL && GST_BUFFER_PTS(buffer) == bench_time(&bench, i), "frame %u", i);
    gst_clear_buffer(&buffer);
  }
  push_segment(&bench, 1, 0);
  bench_push_run(&bench, 0, 3);
  bench_eos(&bench);
  bench_expect(&bench, "forwards again", 0, 60, 1, 6);
  bench_free(&bench);
}

/* Stopped with frames inside: they are given back. */
static void destroyed_with_frames(void) {
  Bench bench = bench_doubling();
  GstBuffer *kept[2];
  for (int i = 0; i < 2; i++) {
    kept[i] = gst_buffer_ref(picture(&bench.info, i));
    GST_BUFFER_PTS(kept[i]) = bench_time(&bench, (guint)i);
    gst_harness_push(bench.harness, kept[i]);
  }
  CHECK(bench_drop(&bench) == 3, "frames wait inside");
  CHECK(GST_MINI_OBJECT_REFCOUNT_VALUE(kept[1]) == 2, "the last one is held");
  bench_free(&bench);
  for (int i = 0; i < 2; i++) {
    CHECK(GST_MINI_OBJECT_REFCOUNT_VALUE(kept[i]) == 1, "frame %d was given back", i);
    gst_buffer_unref(kept[i]);
  }
}

/* To NULL and back: a new start. */
static void restarted(void) {
  Bench bench = bench_doubling();
  bench_push_run(&bench, 0, 3);
  bench_drop(&bench);
  gst_element_set_state(bench.element, GST_STATE_NULL);
  CHECK(gst_element_set_state(bench.element, GST_STATE_PLAYING) == GST_STATE_CHANGE_SUCCESS,
        "starts again");
  bench_caps(&bench, gray("16x16", "30/1"));
  push_segment(&bench, 1, 0);
  bench_push_run(&bench, 0, 3);
  bench_eos(&bench);
  bench_expect(&bench, "second run", 0, 60, 1, 6);
  CHECK(bench_counter(&bench, "in") == 3, "counters begin anew");
  bench_free(&bench);
}

void test_events(void) {
  drained_by();
  after_segment();
  flush();
  many_flushes();
  discont();
  early_discont();
  gap();
  backward();
  equal_times();
  no_times();
  reverse();
  destroyed_with_frames();
  restarted();
}
