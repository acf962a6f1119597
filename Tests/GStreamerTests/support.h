/* SPDX-License-Identifier: MIT */
/* The element between two pads of the test, pictures for it, and checks. */
#ifndef SUPPORT_H
#define SUPPORT_H

#include <gst/check/gstharness.h>
#include <gst/gst.h>
#include <gst/video/video.h>
#include <vfi.h>

/* Counts, and tells where and what when it does not hold. */
#define CHECK(condition, ...) check_result((condition), __FILE__, __LINE__, #condition, __VA_ARGS__)
void check_result(gboolean good, const char *file, int line, const char *condition,
                  const char *format, ...) G_GNUC_PRINTF(5, 6);

typedef struct {
  GstHarness *harness;
  GstElement *element;
  GstBus *bus;
  GstVideoInfo info; /* of the source frames */
} Bench;

/* Caps of GRAY8 video. */
const char *gray(const char *size, const char *rate);

/* The element with one thread. `out_caps`: what downstream takes, or NULL.
   Then names and values of properties, ended by NULL. */
Bench bench_new(const char *in_caps, const char *out_caps, ...) G_GNUC_NULL_TERMINATED;
/* 16x16 from 30 to 60 frames a second. */
Bench bench_doubling(void);
void bench_free(Bench *bench);
/* Other source caps from now on. */
void bench_caps(Bench *bench, const char *in_caps);
guint64 bench_counter(const Bench *bench, const char *name);
/* The text of the first waiting message of these types, or NULL; drops it and those before it. */
gchar *bench_message(const Bench *bench, GstMessageType types);
/* Checks that this message is there and has `part`. */
void bench_expect_message(const Bench *bench, GstMessageType types, const char *part);

/* A texture that moves by two pixels a step, in buffers that the element gets. */
GstBuffer *picture(const GstVideoInfo *info, int step);
/* As above, with rows and planes apart and a GstVideoMeta that says so. */
GstBuffer *padded_picture(const GstVideoInfo *info, int step);
/* Pushes picture `step` with this time. */
GstFlowReturn bench_push(Bench *bench, int step, GstClockTime pts, GstClockTime duration);
/* Pushes picture `step` with these flags, which lasts a frame at the rate of the source caps. */
void bench_push_flagged(Bench *bench, int step, GstClockTime pts, GstBufferFlags flags);
/* Pushes `count` pictures at the nominal rate, from `first` on. */
void bench_push_run(Bench *bench, guint first, guint count);
/* Time of frame `number` at the rate of the source caps. */
GstClockTime bench_time(const Bench *bench, guint64 number);
void bench_eos(Bench *bench);
/* The next output, or NULL. */
GstBuffer *bench_pull(Bench *bench);
/* Drops all outputs that wait; returns their number. */
guint bench_drop(Bench *bench);
/* Checks that the outputs that wait stand at start + n / rate, n = 0.., and that there are
   `count`. */
void bench_expect(Bench *bench, const char *name, GstClockTime start, gint rate_n, gint rate_d,
                  guint count);
/* The same for the outputs from number `first` on. */
void bench_expect_from(Bench *bench, const char *name, GstClockTime start, gint rate_n, gint rate_d,
                       guint first, guint count);
gboolean same_memory(GstBuffer *a, GstBuffer *b);

/* The groups of tests. */
void test_negotiation(void);
void test_timing(void);
void test_events(void);
void test_live(void);
void test_pictures(void);
void test_faults(void);
void test_properties(void);
void test_pipeline(void);
void test_restore(void);
void test_motion(void);

#endif
