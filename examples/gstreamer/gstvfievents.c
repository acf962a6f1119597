/* SPDX-License-Identifier: MIT */
/* Events, queries, latency and quality of service. */
#include "gstvfi.h"

#define GST_CAT_DEFAULT gst_vfi_debug

static GstBaseTransformClass *parent_class;

/* ---------------------------------------------------------------- from upstream --------------- */

/* The streaming thread may be in the middle of a frame: it ends at once. */
static void flush_start(GstVfi *self) {
  GST_OBJECT_LOCK(self);
  vfi_cancel(self->context);
  GST_OBJECT_UNLOCK(self);
}

static void flush_stop(GstVfi *self) {
  gst_vfi_clear(self);
  self->discont = TRUE;
  GST_OBJECT_LOCK(self);
  vfi_cancel_reset(self->context);
  self->earliest = GST_CLOCK_TIME_NONE;
  self->proportion = 1;
  GST_OBJECT_UNLOCK(self);
}

static void new_segment(GstVfi *self, GstEvent *event) {
  const GstSegment *segment;
  gst_event_parse_segment(event, &segment);
  GstSegment current = GST_BASE_TRANSFORM(self)->segment;
  current.position = segment->position;
  if (gst_segment_is_equal(segment, &current))
    return; /* nothing ends when the same is said again */
  gst_vfi_drain(self, GST_CLOCK_TIME_NONE);
  gboolean reverse = segment->rate < 0;
  if (reverse && !self->reverse && (self->active || self->stream != NULL))
    GST_ELEMENT_INFO(self, STREAM, NOT_IMPLEMENTED,
                     ("Reverse playback: vfi passes frames on as they are"), (NULL));
  self->reverse = reverse;
}

static gboolean gst_vfi_sink_event(GstBaseTransform *transform, GstEvent *event) {
  GstVfi *self = GST_VFI(transform);
  switch (GST_EVENT_TYPE(event)) {
  case GST_EVENT_FLUSH_START:
    flush_start(self);
    break;
  case GST_EVENT_FLUSH_STOP:
    flush_stop(self);
    break;
  case GST_EVENT_SEGMENT:
    new_segment(self, event);
    break;
  case GST_EVENT_EOS:
  case GST_EVENT_SEGMENT_DONE:
    gst_vfi_drain(self, GST_CLOCK_TIME_NONE);
    break;
  case GST_EVENT_GAP:
    if (self->stream != NULL)
      gst_vfi_drain(self, GST_CLOCK_TIME_NONE);
    /* The frame before it is held until the next one comes: nothing is missing downstream. */
    if (self->active && !self->reverse) {
      gst_event_unref(event);
      return TRUE;
    }
    break;
  default:
    break; /* caps: gst_vfi_set_caps() */
  }
  return parent_class->sink_event(transform, event);
}

/* ---------------------------------------------------------------- from downstream ------------- */

static gboolean gst_vfi_src_event(GstBaseTransform *transform, GstEvent *event) {
  GstVfi *self = GST_VFI(transform);
  if (GST_EVENT_TYPE(event) == GST_EVENT_QOS) {
    gdouble proportion;
    GstClockTimeDiff diff;
    GstClockTime time;
    gst_event_parse_qos(event, NULL, &proportion, &diff, &time);
    GST_OBJECT_LOCK(self);
    self->proportion = proportion;
    self->earliest = GST_CLOCK_TIME_NONE;
    if (diff > 0 && GST_CLOCK_TIME_IS_VALID(time))
      self->earliest = time + (GstClockTime)diff;
    GST_OBJECT_UNLOCK(self);
  }
  return parent_class->src_event(transform, event);
}

/* An output before a source frame waits for that frame, one that is filled for those after it, and
   then for the work to be done. */
static gboolean answer_latency(GstVfi *self, GstQuery *query) {
  if (!gst_pad_peer_query(GST_BASE_TRANSFORM_SINK_PAD(self), query))
    return FALSE;
  gboolean live;
  GstClockTime minimum, maximum;
  gst_query_parse_latency(query, &live, &minimum, &maximum);
  GST_OBJECT_LOCK(self);
  self->live = live;
  GstClockTime frames = (guint)self->look_ahead;
  if (self->restore.mode == GST_VFI_INTERPOLATE)
    frames = self->looks_around ? 2 : 1;
  GstClockTime own = frames * self->interval + self->processing;
  GST_OBJECT_UNLOCK(self);
  minimum += own;
  if (GST_CLOCK_TIME_IS_VALID(maximum))
    maximum += own;
  gst_query_set_latency(query, live, minimum, maximum);
  return TRUE;
}

static gboolean gst_vfi_query(GstBaseTransform *transform, GstPadDirection direction,
                              GstQuery *query) {
  GstVfi *self = GST_VFI(transform);
  if (direction == GST_PAD_SRC && GST_QUERY_TYPE(query) == GST_QUERY_LATENCY)
    return answer_latency(self, query);
  /* Upstream wants its buffers back. */
  if (direction == GST_PAD_SINK && GST_QUERY_TYPE(query) == GST_QUERY_DRAIN)
    gst_vfi_drain(self, GST_CLOCK_TIME_NONE);
  return parent_class->query(transform, direction, query);
}

/* ---------------------------------------------------------------- quality of service ---------- */

gboolean gst_vfi_is_late(GstVfi *self, GstClockTime time, GstClockTime duration) {
  const GstSegment *segment = &GST_BASE_TRANSFORM(self)->segment;
  if (segment->format != GST_FORMAT_TIME)
    return FALSE;
  GstClockTime running = gst_segment_to_running_time(segment, GST_FORMAT_TIME, time);
  GST_OBJECT_LOCK(self);
  GstClockTime earliest = self->earliest;
  gdouble proportion = self->proportion;
  gboolean late = self->qos && GST_CLOCK_TIME_IS_VALID(earliest) &&
                  GST_CLOCK_TIME_IS_VALID(running) && running <= earliest;
  guint64 given = self->counters.out, held = self->counters.held;
  GST_OBJECT_UNLOCK(self);
  if (!late)
    return FALSE;
  GstMessage *message = gst_message_new_qos(
      GST_OBJECT(self), FALSE, running, gst_segment_to_stream_time(segment, GST_FORMAT_TIME, time),
      time, duration);
  gst_message_set_qos_values(message, GST_CLOCK_DIFF(running, earliest), proportion, 0);
  gst_message_set_qos_stats(message, GST_FORMAT_BUFFERS, given, held + 1);
  gst_element_post_message(GST_ELEMENT(self), message);
  return TRUE;
}

void gst_vfi_note_interval(GstVfi *self, GstClockTime interval) {
  if (self->in_info.fps_n > 0)
    return;
  GST_OBJECT_LOCK(self);
  gboolean longer = interval > self->interval && interval <= self->max_gap;
  if (longer)
    self->interval = interval;
  longer = longer && self->live;
  GST_OBJECT_UNLOCK(self);
  if (longer)
    gst_element_post_message(GST_ELEMENT(self), gst_message_new_latency(GST_OBJECT(self)));
}

void gst_vfi_note_processing(GstVfi *self, GstClockTime elapsed) {
  GST_OBJECT_LOCK(self);
  /* Whoever takes longer than a source frame lasts does not keep up with any latency. */
  elapsed = MIN(elapsed, self->interval);
  gboolean longer = self->live && elapsed > self->processing;
  if (longer)
    self->processing = MIN(elapsed + elapsed / 4, self->interval); /* so that it is told seldom */
  GST_OBJECT_UNLOCK(self);
  if (longer)
    gst_element_post_message(GST_ELEMENT(self), gst_message_new_latency(GST_OBJECT(self)));
}

void gst_vfi_events_class_init(GstBaseTransformClass *transform_class) {
  parent_class = g_type_class_peek_parent(transform_class);
  transform_class->sink_event = gst_vfi_sink_event;
  transform_class->src_event = gst_vfi_src_event;
  transform_class->query = gst_vfi_query;
}
