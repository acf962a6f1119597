/* SPDX-License-Identifier: MIT */
/* Times of a run of frames, in nanoseconds, without an error that adds up. */
#ifndef GST_VFI_TIMELINE_H
#define GST_VFI_TIMELINE_H

#include <gst/gst.h>

G_BEGIN_DECLS

/* A run: sources with rising times. Its output n stands at start + n / rate. */
typedef struct {
  gint in_n, in_d;            /* nominal rate of the sources; 0/1 = unknown */
  gint out_n, out_d;          /* rate of the outputs */
  GstClockTime start;         /* of output 0 */
  GstClockTime anchor;        /* from where the sources keep their nominal rate */
  guint64 index;              /* of the next output */
  GstClockTime last_interval; /* between the two latest sources; 0 = there was one only */
} GstVfiTimeline;

/* Starts a run with a source at `pts`. */
void gst_vfi_timeline_begin(GstVfiTimeline *timeline, GstClockTime pts);
/* Goes on at another output rate, counted from the latest source, but not before the output that is
   next. */
void gst_vfi_timeline_change_rate(GstVfiTimeline *timeline, GstClockTime source, gint out_n,
                                  gint out_d);
/* Time of the `ahead`-th output after the next one. */
GstClockTime gst_vfi_timeline_output(const GstVfiTimeline *timeline, guint64 ahead);
/* From the time of that output to that of the one after it. */
GstClockTime gst_vfi_timeline_duration(const GstVfiTimeline *timeline, guint64 ahead);
/* Between two sources at their nominal rate; 0 = unknown. */
GstClockTime gst_vfi_timeline_interval(const GstVfiTimeline *timeline);
/* The time that a source with this pts stands for: what containers rounded is made exact again. */
GstClockTime gst_vfi_timeline_source(GstVfiTimeline *timeline, GstClockTime pts);
/* Where a source at `time` ends. */
GstClockTime gst_vfi_timeline_end(const GstVfiTimeline *timeline, GstClockTime time,
                                  GstClockTime duration);

G_END_DECLS

#endif
