/* SPDX-License-Identifier: MIT */
/* Whole pipelines: seeks, changes while playing, and the end at any time. */
#include "support.h"

#define SOURCE "videotestsrc pattern=ball ! video/x-raw, format=I420, framerate=30/1, "

/* A pipeline with an element `vfi` and a sink `sink` that has no clock to wait for. */
static GstElement *launch(const char *description) {
  GError *error = NULL;
  GstElement *pipeline = gst_parse_launch(description, &error);
  CHECK(pipeline != NULL && error == NULL, "%s", error != NULL ? error->message : description);
  g_clear_error(&error);
  return pipeline;
}

/* Starts it and waits until the first frame is at the sink. */
static void preroll(GstElement *pipeline, GstState state) {
  gst_element_set_state(pipeline, state);
  GstStateChangeReturn change = gst_element_get_state(pipeline, NULL, NULL, 60 * GST_SECOND);
  CHECK(change == GST_STATE_CHANGE_SUCCESS, "it runs");
}

static void stop(GstElement *pipeline) {
  CHECK(gst_element_set_state(pipeline, GST_STATE_NULL) == GST_STATE_CHANGE_SUCCESS, "it stops");
  gst_object_unref(pipeline);
}

/* The frame at the sink of a paused pipeline. */
static GstClockTime shown(GstElement *pipeline) {
  GstElement *sink = gst_bin_get_by_name(GST_BIN(pipeline), "sink");
  GstSample *sample = NULL;
  g_object_get(sink, "last-sample", &sample, NULL);
  GstClockTime pts = GST_CLOCK_TIME_NONE;
  if (sample != NULL) {
    pts = GST_BUFFER_PTS(gst_sample_get_buffer(sample));
    gst_sample_unref(sample);
  }
  gst_object_unref(sink);
  return pts;
}

static guint errors(GstElement *pipeline) {
  GstBus *bus = gst_element_get_bus(pipeline);
  guint count = 0;
  for (GstMessage *message;
       (message = gst_bus_pop_filtered(bus, GST_MESSAGE_ERROR | GST_MESSAGE_WARNING)) != NULL;
       count++)
    gst_message_unref(message);
  gst_object_unref(bus);
  return count;
}

/* A seek shows the frame that was sought, forwards and backwards. */
static void seeks(void) {
  GstElement *pipeline =
      launch(SOURCE "width=64, height=48 ! vfi name=vfi ! queue ! fakesink name=sink");
  preroll(pipeline, GST_STATE_PAUSED);
  CHECK(shown(pipeline) == 0, "the first frame");
  for (guint i = 0; i < 40; i++) {
    GstClockTime to = (i * 7919 % 100) * GST_SECOND;
    CHECK(gst_element_seek_simple(pipeline, GST_FORMAT_TIME,
                                  GST_SEEK_FLAG_FLUSH | GST_SEEK_FLAG_ACCURATE, (gint64)to),
          "seek %u", i);
    gst_element_get_state(pipeline, NULL, NULL, 60 * GST_SECOND);
    CHECK(shown(pipeline) == to, "seek %u to %" GST_TIME_FORMAT " shows %" GST_TIME_FORMAT, i,
          GST_TIME_ARGS(to), GST_TIME_ARGS(shown(pipeline)));
  }
  CHECK(gst_element_seek(pipeline, -1, GST_FORMAT_TIME, GST_SEEK_FLAG_FLUSH, GST_SEEK_TYPE_SET, 0,
                         GST_SEEK_TYPE_SET, 10 * GST_SECOND),
        "backwards");
  gst_element_get_state(pipeline, NULL, NULL, 60 * GST_SECOND);
  CHECK(errors(pipeline) == 0, "no complaint");
  stop(pipeline);
}

/* Seeks do not wait for what is inside: large frames, and no pause between the seeks. */
static void seek_storm(void) {
  GstElement *pipeline =
      launch(SOURCE "width=640, height=480 ! vfi ! queue ! fakesink name=sink sync=true");
  preroll(pipeline, GST_STATE_PLAYING);
  for (guint i = 0; i < 20; i++)
    CHECK(gst_element_seek_simple(pipeline, GST_FORMAT_TIME, GST_SEEK_FLAG_FLUSH,
                                  (gint64)(i * GST_SECOND)),
          "seek %u", i);
  CHECK(errors(pipeline) == 0, "no complaint");
  stop(pipeline);
}

static void counter_reaches(GstElement *pipeline, guint64 wanted) {
  GstElement *element = gst_bin_get_by_name(GST_BIN(pipeline), "vfi");
  guint64 out = 0;
  for (int tries = 0; out < wanted && tries < 6000; tries++) {
    g_usleep(10000);
    g_object_get(element, "out", &out, NULL);
  }
  CHECK(out >= wanted, "%" G_GUINT64_FORMAT " frames came out", out);
  gst_object_unref(element);
}

/* Properties that may change while playing do. */
static void changes_while_playing(void) {
  GstElement *pipeline =
      launch(SOURCE "width=64, height=48 ! vfi name=vfi ! fakesink name=sink sync=false");
  GstElement *element = gst_bin_get_by_name(GST_BIN(pipeline), "vfi");
  preroll(pipeline, GST_STATE_PLAYING);
  for (int multiplier = 1; multiplier < 6; multiplier++) {
    guint64 out;
    g_object_set(element, "multiplier", multiplier, NULL);
    g_object_get(element, "out", &out, NULL);
    counter_reaches(pipeline, out + 20);
  }
  gst_util_set_object_arg(G_OBJECT(element), "rate", "48000/1001");
  guint64 out;
  g_object_get(element, "out", &out, NULL);
  counter_reaches(pipeline, out + 20);
  GstPad *pad = gst_element_get_static_pad(element, "src");
  GstCaps *caps = gst_pad_get_current_caps(pad);
  gint n = 0, d = 0;
  gst_structure_get_fraction(gst_caps_get_structure(caps, 0), "framerate", &n, &d);
  CHECK(n == 48000 && d == 1001, "%d/%d", n, d);
  gst_caps_unref(caps);
  gst_object_unref(pad);
  gst_object_unref(element);
  CHECK(errors(pipeline) == 0, "no complaint");
  stop(pipeline);
}

/* The end in the middle of a frame, again and again. */
static void stopped_any_time(void) {
  for (guint i = 0; i < 10; i++) {
    GstElement *pipeline =
        launch(SOURCE "width=320, height=240 ! vfi name=vfi threads=2 ! fakesink name=sink");
    gst_element_set_state(pipeline, GST_STATE_PLAYING);
    if (i % 2 == 0)
      gst_element_get_state(pipeline, NULL, NULL, 60 * GST_SECOND);
    CHECK(errors(pipeline) == 0, "no complaint");
    stop(pipeline);
  }
}

void test_pipeline(void) {
  seeks();
  seek_storm();
  changes_while_playing();
  stopped_any_time();
}
