/* SPDX-License-Identifier: MIT */
#include "gstvfitimeline.h"

/* Duration of `count` frames at n/d frames a second. */
static GstClockTime frames_to_time(guint64 count, gint n, gint d) {
  return gst_util_uint64_scale(count, (guint64)d * GST_SECOND, (guint64)n);
}

void gst_vfi_timeline_begin(GstVfiTimeline *timeline, GstClockTime pts) {
  timeline->start = timeline->anchor = pts;
  timeline->index = 0;
  timeline->last_interval = 0;
}

void gst_vfi_timeline_change_rate(GstVfiTimeline *timeline, GstClockTime source, gint out_n,
                                  gint out_d) {
  GstClockTime due = gst_vfi_timeline_output(timeline, 0);
  timeline->start = timeline->anchor = source;
  timeline->out_n = out_n;
  timeline->out_d = out_d;
  timeline->index = 0;
  if (due > source)
    timeline->index =
        gst_util_uint64_scale_ceil(due - source, (guint64)out_n, (guint64)out_d * GST_SECOND);
}

GstClockTime gst_vfi_timeline_output(const GstVfiTimeline *timeline, guint64 ahead) {
  return timeline->start +
         frames_to_time(timeline->index + ahead, timeline->out_n, timeline->out_d);
}

GstClockTime gst_vfi_timeline_duration(const GstVfiTimeline *timeline, guint64 ahead) {
  return gst_vfi_timeline_output(timeline, ahead + 1) - gst_vfi_timeline_output(timeline, ahead);
}

GstClockTime gst_vfi_timeline_interval(const GstVfiTimeline *timeline) {
  return timeline->in_n > 0 ? frames_to_time(1, timeline->in_n, timeline->in_d) : 0;
}

/* Moves `time` to the nearest one on the grid of the nominal rate if that is as near as rounding
   can have taken it away. Matroska and FLV count milliseconds: a source that was put down to 33 ms
   for 33.3 ms is the output at 33.3 ms, and no new frame is wanted beside it. */
static gboolean to_grid(const GstVfiTimeline *timeline, GstClockTime *time) {
  GstClockTime interval = gst_vfi_timeline_interval(timeline);
  if (interval == 0 || *time < timeline->anchor)
    return FALSE;
  guint64 count = gst_util_uint64_scale_round(*time - timeline->anchor, (guint64)timeline->in_n,
                                              (guint64)timeline->in_d * GST_SECOND);
  GstClockTime nominal = timeline->anchor + frames_to_time(count, timeline->in_n, timeline->in_d);
  GstClockTimeDiff tolerance = (GstClockTimeDiff)MIN(GST_MSECOND, interval / 4);
  if (ABS(GST_CLOCK_DIFF(nominal, *time)) > tolerance)
    return FALSE;
  *time = nominal;
  return TRUE;
}

GstClockTime gst_vfi_timeline_source(GstVfiTimeline *timeline, GstClockTime pts) {
  GstClockTime time = pts;
  /* Off the grid, as after a pause: the nominal rate goes on from here. */
  if (!to_grid(timeline, &time))
    timeline->anchor = pts;
  return time;
}

GstClockTime gst_vfi_timeline_end(const GstVfiTimeline *timeline, GstClockTime time,
                                  GstClockTime duration) {
  if (!GST_CLOCK_TIME_IS_VALID(duration) || duration == 0)
    duration = gst_vfi_timeline_interval(timeline);
  if (duration == 0)
    duration = timeline->last_interval;
  if (duration == 0)
    return time + frames_to_time(1, timeline->out_n, timeline->out_d);
  GstClockTime end = time + duration;
  to_grid(timeline, &end);
  return end;
}
