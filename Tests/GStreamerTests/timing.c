/* SPDX-License-Identifier: MIT */
/* How many frames come out, and when. */
#include "support.h"

/* Every output before the end of the last source, none after it, at exact times. */
static void frame_counts(void) {
  static const struct {
    guint frames;
    const char *in, *out;
    gint rate_n, rate_d;
    guint wanted;
  } rows[] = {
      {48, "24000/1001", "60/1", 60, 1, 121},
      {50, "25/1", "60/1", 60, 1, 120},
      {60, "30/1", "60/1", 60, 1, 120},
      {60, "30000/1001", "60000/1001", 60000, 1001, 120},
      {120, "60/1", "24/1", 24, 1, 48},
      {10, "30/1", "60/1", 60, 1, 20},
      {10, "30/1", "48000/1001", 48000, 1001, 16},
      {10, "30/1", "50/1", 50, 1, 17},
      {1, "30/1", "60/1", 60, 1, 2},
      {5, "25/1", "1000/1", 1000, 1, 200},
  };
  for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
    gchar *name = g_strdup_printf("%u frames %s to %s", rows[i].frames, rows[i].in, rows[i].out);
    gchar *out_caps = g_strdup_printf("video/x-raw, framerate=%s", rows[i].out);
    Bench bench = bench_new(gray("16x16", rows[i].in), out_caps, NULL);
    bench_push_run(&bench, 0, rows[i].frames);
    bench_eos(&bench);
    bench_expect(&bench, name, 0, rows[i].rate_n, rows[i].rate_d, rows[i].wanted);
    CHECK(bench_counter(&bench, "in") == rows[i].frames, "%s: counted in", name);
    CHECK(bench_counter(&bench, "out") == rows[i].wanted, "%s: counted out", name);
    bench_free(&bench);
    g_free(out_caps);
    g_free(name);
  }
}

/* No error adds up in more than an hour of film. */
static void exact_for_long(void) {
  enum { FRAMES = 100000 };
  Bench bench = bench_new(gray("1x1", "24000/1001"), "video/x-raw, framerate=60/1", NULL);
  guint64 n = 0, wrong = 0;
  for (guint i = 0; i <= FRAMES; i++) {
    GstClockTime pts = bench_time(&bench, i);
    if (i == FRAMES)
      bench_eos(&bench);
    else if (bench_push(&bench, 0, pts, bench_time(&bench, i + 1) - pts) != GST_FLOW_OK)
      wrong++;
    for (GstBuffer *buffer; (buffer = bench_pull(&bench)) != NULL; n++) {
      wrong += GST_BUFFER_PTS(buffer) != n * GST_SECOND / 60 ||
               GST_BUFFER_PTS(buffer) + GST_BUFFER_DURATION(buffer) != (n + 1) * GST_SECOND / 60;
      gst_buffer_unref(buffer);
    }
  }
  CHECK(wrong == 0, "%" G_GUINT64_FORMAT " outputs at a wrong time", wrong);
  /* Before 100000 * 1001 / 24000 seconds. */
  CHECK(n == 250250, "%" G_GUINT64_FORMAT " outputs of %d frames", n, FRAMES);
  bench_free(&bench);
}

/* Matroska counts milliseconds: what is a source there is a source still, and the last frame lasts
   no longer. */
static void rounded_times(void) {
  for (guint duration = 33; duration <= 34; duration++) {
    Bench bench = bench_doubling();
    for (guint i = 0; i < 30; i++) {
      GstClockTime pts = (i * 1000 + 15) / 30 * GST_MSECOND;
      bench_push(&bench, (int)i, pts, duration * GST_MSECOND);
    }
    bench_eos(&bench);
    bench_expect(&bench, "milliseconds", 0, 60, 1, 60);
    CHECK(bench_counter(&bench, "passed") == 30, "%u sources passed",
          (guint)bench_counter(&bench, "passed"));
    CHECK(bench_counter(&bench, "interpolated") == 29, "%u interpolated",
          (guint)bench_counter(&bench, "interpolated"));
    CHECK(bench_counter(&bench, "held") == 1, "%u held", (guint)bench_counter(&bench, "held"));
    bench_free(&bench);
  }
}

/* A variable rate: outputs keep theirs, and a gap is held. */
static void variable_rate(void) {
  static const guint times[] = {0, 40, 100, 110, 180, 300, 1300, 1340};
  Bench bench = bench_new(gray("16x16", "0/1"), "video/x-raw, framerate=50/1", NULL);
  for (guint i = 0; i < G_N_ELEMENTS(times); i++)
    bench_push(&bench, (int)i, times[i] * GST_MSECOND, GST_CLOCK_TIME_NONE);
  bench_eos(&bench);
  /* The last frame lasts as long as the one before it. */
  bench_expect(&bench, "variable", 0, 50, 1, 1380 / 20);
  /* All but the one at 110 ms. */
  CHECK(bench_counter(&bench, "passed") == 7, "%u passed", (guint)bench_counter(&bench, "passed"));
  /* From 320 to 1280 ms, and the last one. */
  CHECK(bench_counter(&bench, "held") == 50, "%u held", (guint)bench_counter(&bench, "held"));
  bench_free(&bench);
}

/* A declared rate that is not kept: times count, and nothing drifts. */
static void wrong_declared_rate(void) {
  Bench bench = bench_doubling();
  for (guint i = 0; i < 100; i++)
    bench_push(&bench, (int)i, i * 40 * GST_MSECOND, 40 * GST_MSECOND);
  bench_eos(&bench);
  bench_expect(&bench, "25 a second declared as 30", 0, 60, 1, 240);
  bench_free(&bench);
}

/* The times need not begin at zero. */
static void late_start(void) {
  const GstClockTime start = 7 * GST_SECOND + 123456789;
  Bench bench = bench_new(gray("16x16", "25/1"), "video/x-raw, framerate=60/1", NULL);
  for (guint i = 0; i < 50; i++)
    bench_push(&bench, (int)i, start + i * 40 * GST_MSECOND, 40 * GST_MSECOND);
  bench_eos(&bench);
  bench_expect(&bench, "late start", start, 60, 1, 120);
  bench_free(&bench);
}

void test_timing(void) {
  frame_counts();
  exact_for_long();
  rounded_times();
  variable_rate();
  wrong_declared_rate();
  late_start();
}
