/* SPDX-License-Identifier: MIT */
/* Which rate comes out, what is refused, and what happens when caps change. */
#include "support.h"

#include <string.h>

/* The caps that came out last, as "W N/D"; "" when none did. */
static const char *out_caps(Bench *bench) {
  static char text[64];
  GstCaps *caps = gst_pad_get_current_caps(bench->harness->sinkpad);
  GstVideoInfo info;
  text[0] = 0;
  if (caps != NULL && gst_video_info_from_caps(&info, caps))
    g_snprintf(text, sizeof text, "%d %d/%d", info.width, info.fps_n, info.fps_d);
  gst_clear_caps(&caps);
  return text;
}

static void chosen_rate(void) {
  static const struct {
    const char *in, *downstream, *name, *value, *wanted;
  } rows[] = {
      {"30/1", NULL, "qos", "1", "16 60/1"}, /* twice as many when nobody says */
      {"24000/1001", NULL, "multiplier", "3", "16 72000/1001"},
      {"25/1", NULL, "rate", "60/1", "16 60/1"},
      {"25/1", "[ 0/1, 40/1 ]", "qos", "1", "16 40/1"}, /* the nearest one that is taken */
      {"25/1", "{ 30/1, 48/1, 90/1 }", "qos", "1", "16 48/1"},
      {"25/1", "50/1", "multiplier", "4", "16 50/1"}, /* caps decide */
      {"0/1", NULL, "rate", "60/1", "16 60/1"},
      {"0/1", "25/1", "qos", "1", "16 25/1"},
      {"30/1", NULL, "multiplier", "1", "16 30/1"},
      {"0/1", NULL, "multiplier", "1", "16 0/1"},
      {"2147483647/1", NULL, "qos", "1", "16 2147483647/1"}, /* twice that is no fraction */
  };
  for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
    gchar *downstream = NULL;
    if (rows[i].downstream != NULL)
      downstream = g_strdup_printf("video/x-raw, framerate=(fraction)%s", rows[i].downstream);
    Bench bench =
        bench_new(gray("16x16", rows[i].in), downstream, rows[i].name, rows[i].value, NULL);
    bench_push(&bench, 0, 0, GST_CLOCK_TIME_NONE);
    CHECK(g_str_equal(out_caps(&bench), rows[i].wanted), "row %u: '%s', not '%s'", i,
          out_caps(&bench), rows[i].wanted);
    bench_free(&bench);
    g_free(downstream);
  }
}

/* Equal rates: buffers go through untouched, whatever their times are. */
static void passthrough(void) {
  Bench bench = bench_new(gray("16x16", "30/1"), "video/x-raw, framerate=30/1", NULL);
  CHECK(gst_base_transform_is_passthrough(GST_BASE_TRANSFORM(bench.element)), "passthrough");
  GstBuffer *in = picture(&bench.info, 0);
  GST_BUFFER_PTS(in) = 12345;
  gst_buffer_ref(in);
  gst_harness_push(bench.harness, in);
  GstBuffer *out = bench_pull(&bench);
  CHECK(out == in && GST_BUFFER_PTS(out) == 12345, "the buffer itself");
  gst_buffer_unref(out);
  gst_buffer_unref(in);
  bench_eos(&bench);
  CHECK(bench_drop(&bench) == 0, "nothing is added");
  bench_free(&bench);
}

/* Upstream is told that any rate will do, and that the wanted one needs no work. */
static void upstream_choice(void) {
  Bench bench = bench_new(NULL, "video/x-raw, framerate=60/1", NULL);
  GstCaps *caps = gst_pad_peer_query_caps(bench.harness->srcpad, NULL);
  gint n = 0, d = 0;
  gst_structure_get_fraction(gst_caps_get_structure(caps, 0), "framerate", &n, &d);
  CHECK(n == 60 && d == 1, "first choice %d/%d", n, d);
  GstCaps *other = gst_caps_from_string(gray("16x16", "7/1"));
  CHECK(gst_caps_can_intersect(caps, other), "any rate");
  gst_caps_unref(other);
  gst_caps_unref(caps);
  bench_free(&bench);
}

/* Whether caps are taken, and what the bus says if not. */
static gboolean taken(const char *in, const char *downstream, const char *rate, gchar **text) {
  Bench bench = bench_new(in, downstream, "rate", rate, NULL);
  GstFlowReturn flow = bench_push(&bench, 0, 0, GST_CLOCK_TIME_NONE);
  *text = bench_message(&bench, GST_MESSAGE_ERROR | GST_MESSAGE_WARNING);
  bench_free(&bench);
  return flow == GST_FLOW_OK;
}

static void refused(void) {
  static const struct {
    const char *in, *downstream, *rate, *text;
  } rows[] = {
      {"video/x-raw, format=GRAY8, width=16, height=16, framerate=25/1, "
       "interlace-mode=interleaved",
       NULL, "0/1", "interlace-mode=interleaved is not taken: put 'deinterlace' before"},
      {"video/x-raw, format=GRAY8, width=16, height=16, framerate=25/1, interlace-mode=mixed", NULL,
       "0/1", "interlace-mode=mixed"},
      {"video/x-raw, format=GRAY8, width=16, height=16, framerate=0/1", NULL, "0/1",
       "variable frame rate (0/1)"},
      {"video/x-raw, format=GRAY8, width=16, height=16", NULL, "0/1", "variable frame rate (0/1)"},
      {"video/x-raw, format=GRAY8, width=16, height=16, framerate=25/1",
       "video/x-raw, framerate=50/1", "60/1", NULL},
      {"video/x-raw, format=GRAY8, width=16385, height=16, framerate=25/1", NULL, "0/1", NULL},
      {"video/x-raw, format=UYVY, width=16, height=16, framerate=25/1", NULL, "0/1", NULL},
  };
  for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
    gchar *text;
    CHECK(!taken(rows[i].in, rows[i].downstream, rows[i].rate, &text), "row %u is refused", i);
    if (rows[i].text != NULL)
      CHECK(text != NULL && strstr(text, rows[i].text) != NULL, "row %u: '%s'", i, text);
    g_free(text);
  }
}

/* Another size, format or rate: the old frames go out first, in the old caps. */
static void caps_change(void) {
  static const char *const others[] = {
      "video/x-raw, format=GRAY8, width=24, height=10, framerate=30/1",
      "video/x-raw, format=I420, width=16, height=16, framerate=30/1",
      "video/x-raw, format=GRAY8, width=16, height=16, framerate=25/1",
      "video/x-raw, format=GRAY8, width=16, height=16, framerate=60/1", /* passthrough from here */
  };
  for (guint i = 0; i < G_N_ELEMENTS(others); i++) {
    Bench bench = bench_doubling();
    bench_push_run(&bench, 0, 5);
    bench_caps(&bench, others[i]);
    bench_expect(&bench, "before the change", 0, 60, 1, 10);
    for (int k = 0; k < 5; k++)
      bench_push(&bench, k, GST_SECOND + bench_time(&bench, (guint)k),
                 bench_time(&bench, (guint)k + 1) - bench_time(&bench, (guint)k));
    bench_eos(&bench);
    bench_expect(&bench, others[i], GST_SECOND, 60, 1, i == 2 ? 12 : i == 3 ? 5 : 10);
    CHECK(bench_counter(&bench, "in") == 10, "change %u: sources", i);
    bench_free(&bench);
  }
}

/* The same caps and segment again change nothing. */
static void caps_again(void) {
  Bench bench = bench_doubling();
  bench_push_run(&bench, 0, 5);
  bench_caps(&bench, gray("16x16", "30/1"));
  bench_push_run(&bench, 5, 5);
  bench_eos(&bench);
  bench_expect(&bench, "caps again", 0, 60, 1, 20);
  CHECK(bench_counter(&bench, "interpolated") == 9, "every pair was interpolated");
  bench_free(&bench);
}

/* Another output rate while running: no source is lost, and no time comes twice. */
static void rate_change(void) {
  Bench bench = bench_new(gray("16x16", "30/1"), NULL, NULL);
  bench_push_run(&bench, 0, 5);
  bench_expect(&bench, "two for one", 0, 60, 1, 9);
  g_object_set(bench.element, "multiplier", 3, NULL);
  bench_push_run(&bench, 5, 5);
  CHECK(g_str_equal(out_caps(&bench), "16 90/1"), "%s", out_caps(&bench));
  bench_eos(&bench);
  /* Counted from the fifth source, after the output between it and the sixth was due at 150 ms. */
  bench_expect_from(&bench, "three for one", bench_time(&bench, 4), 90, 1, 2, 16);
  CHECK(bench_counter(&bench, "passed") == 10, "no source is lost");
  bench_free(&bench);
}

void test_negotiation(void) {
  chosen_rate();
  passthrough();
  upstream_choice();
  refused();
  caps_change();
  caps_again();
  rate_change();
}
