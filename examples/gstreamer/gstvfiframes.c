/* SPDX-License-Identifier: MIT */
/* The way of a frame: taken from upstream, and what follows from it given downstream. */
#include "gstvfi.h"

#define GST_CAT_DEFAULT gst_vfi_debug

static GstBaseTransformClass *parent_class;

/* ---------------------------------------------------------------- sources --------------------- */

static void forget(GstVfiSource *source) {
  gst_clear_buffer(&source->buffer);
  *source = (GstVfiSource){0};
}

static void drop_ready(GstVfi *self) {
  for (; self->ready_next < self->ready_count; self->ready_next++)
    gst_clear_buffer(&self->ready[self->ready_next]);
  self->ready_count = self->ready_next = 0;
}

void gst_vfi_clear(GstVfi *self) {
  if (self->stream != NULL)
    gst_vfi_restore_clear(self);
  drop_ready(self);
  forget(&self->earlier);
  forget(&self->previous);
  forget(&self->next);
  gst_clear_buffer(&self->later);
}

/* The later source of the pair becomes the earlier one of the next pair. */
static void advance(GstVfi *self) {
  drop_ready(self);
  self->timeline.last_interval = self->next.time - self->previous.time;
  forget(&self->earlier);
  if (self->looks_around)
    self->earlier = self->previous;
  else
    forget(&self->previous);
  self->previous = self->next;
  self->next = (GstVfiSource){0};
}

static void begin_run(GstVfi *self, GstVfiSource source) {
  gst_vfi_timeline_begin(&self->timeline, source.time);
  self->previous = source;
}

/* ---------------------------------------------------------------- outputs --------------------- */

/* What the clock says about output `index`, which is the next one. */
static void stamp(GstVfi *self, GstBuffer *buffer) {
  GST_BUFFER_PTS(buffer) = gst_vfi_timeline_output(&self->timeline, 0);
  GST_BUFFER_DTS(buffer) = GST_CLOCK_TIME_NONE;
  GST_BUFFER_DURATION(buffer) = gst_vfi_timeline_duration(&self->timeline, 0);
  GST_BUFFER_OFFSET(buffer) = GST_BUFFER_OFFSET_END(buffer) = GST_BUFFER_OFFSET_NONE;
  GST_BUFFER_FLAG_UNSET(buffer, GST_BUFFER_FLAG_DISCONT | GST_BUFFER_FLAG_GAP);
  if (self->discont)
    GST_BUFFER_FLAG_SET(buffer, GST_BUFFER_FLAG_DISCONT);
  self->discont = FALSE;
  self->timeline.index++;
}

/* The source itself, as a buffer of its own with the same memory. */
static GstBuffer *show(GstVfi *self, GstVfiSource *source) {
  gboolean held = gst_vfi_timeline_output(&self->timeline, 0) != source->time;
  GstBuffer *buffer = gst_buffer_copy(source->buffer);
  if (source->given)
    gst_vfi_strip_metadata(buffer);
  source->given = TRUE;
  stamp(self, buffer);
  gst_vfi_count(self, held ? &self->counters.held : &self->counters.passed, 1);
  return buffer;
}

/* The next output, which lies between the two sources. */
static GstFlowReturn between(GstVfi *self, GstBuffer **buffer) {
  GstClockTime time = gst_vfi_timeline_output(&self->timeline, 0);
  if (self->next.time - self->previous.time > self->max_gap) {
    *buffer = show(self, &self->previous);
    return GST_FLOW_OK;
  }
  if (self->ready_next == self->ready_count &&
      !gst_vfi_is_late(self, time, gst_vfi_timeline_duration(&self->timeline, 0))) {
    GstFlowReturn flow = gst_vfi_render(self);
    if (flow != GST_FLOW_OK)
      return flow;
  }
  if (self->ready_next < self->ready_count) {
    *buffer = g_steal_pointer(&self->ready[self->ready_next++]);
    stamp(self, *buffer);
  } else {
    gboolean first = time - self->previous.time <= self->next.time - time;
    *buffer = show(self, first ? &self->previous : &self->next);
  }
  return GST_FLOW_OK;
}

/* ---------------------------------------------------------------- runs ------------------------ */

/* A frame without a time follows its predecessor. */
static GstClockTime guess_pts(GstVfi *self) {
  if (self->previous.buffer != NULL)
    return gst_vfi_timeline_end(&self->timeline, self->previous.time, self->previous.duration);
  const GstSegment *segment = &GST_BASE_TRANSFORM(self)->segment;
  return segment->format == GST_FORMAT_TIME ? segment->start : 0;
}

/* Makes a buffer a source; the pair with its predecessor can be interpolated then. */
static GstFlowReturn enter(GstVfi *self, GstBuffer *buffer) {
  GstFlowReturn flow = GST_FLOW_OK;
  GstClockTime pts = GST_BUFFER_PTS(buffer);
  if (!GST_CLOCK_TIME_IS_VALID(pts)) {
    pts = guess_pts(self);
    GST_WARNING_OBJECT(self, "a frame has no time, %" GST_TIME_FORMAT " is assumed",
                       GST_TIME_ARGS(pts));
  }
  gboolean runs = self->previous.buffer != NULL;
  GstVfiSource source = {.buffer = buffer,
                         .time = runs ? gst_vfi_timeline_source(&self->timeline, pts) : pts,
                         .duration = GST_BUFFER_DURATION(buffer),
                         .id = ++self->last_id};
  if (runs && source.time == self->previous.time) {
    GST_WARNING_OBJECT(self, "a frame has the time of the one before it and is left out");
    gst_vfi_count(self, &self->counters.skipped, 1);
    gst_buffer_unref(buffer);
    return GST_FLOW_OK;
  }
  if (runs && source.time > self->previous.time && !GST_BUFFER_IS_DISCONT(buffer)) {
    self->next = source;
    gst_vfi_note_interval(self, source.time - self->previous.time);
    return GST_FLOW_OK;
  }
  if (runs) {
    gboolean back = source.time < self->previous.time;
    flow = gst_vfi_drain(self, back ? GST_CLOCK_TIME_NONE : source.time);
    self->discont = back;
    source.time = pts;
  }
  if (flow == GST_FLOW_OK)
    begin_run(self, source);
  else
    gst_buffer_unref(buffer);
  return flow;
}

/* Leaves the pairs behind that no further output lies in. */
static GstFlowReturn settle(GstVfi *self) {
  GstFlowReturn flow = GST_FLOW_OK;
  while (flow == GST_FLOW_OK && self->previous.buffer != NULL) {
    if (self->next.buffer != NULL) {
      if (gst_vfi_timeline_output(&self->timeline, 0) < self->next.time)
        break;
      advance(self);
    }
    if (self->later == NULL)
      break;
    flow = enter(self, g_steal_pointer(&self->later));
  }
  return flow;
}

/* The next output that is due; none when another source must come before. */
static GstFlowReturn next_output(GstVfi *self, GstBuffer **buffer) {
  GstFlowReturn flow = settle(self);
  if (flow != GST_FLOW_OK || self->previous.buffer == NULL)
    return flow;
  if (gst_vfi_timeline_output(&self->timeline, 0) == self->previous.time)
    *buffer = show(self, &self->previous);
  else if (self->next.buffer != NULL && (!self->looks_around || self->later != NULL || self->ends))
    flow = between(self, buffer);
  if (*buffer != NULL)
    gst_vfi_count(self, &self->counters.out, 1);
  return flow;
}

GstFlowReturn gst_vfi_finish_pair(GstVfi *self) {
  GstFlowReturn flow = GST_FLOW_OK;
  self->ends = TRUE;
  while (flow == GST_FLOW_OK && self->looks_around && self->next.buffer != NULL) {
    GstBuffer *buffer = NULL;
    flow = next_output(self, &buffer);
    if (buffer != NULL)
      flow = gst_pad_push(GST_BASE_TRANSFORM_SRC_PAD(self), buffer);
  }
  self->ends = FALSE;
  return flow;
}

GstFlowReturn gst_vfi_drain(GstVfi *self, GstClockTime limit) {
  GstFlowReturn flow = GST_FLOW_OK;
  if (self->stream != NULL)
    return gst_vfi_restore_drain(self);
  flow = gst_vfi_finish_pair(self);
  if (self->next.buffer != NULL)
    advance(self); /* downstream had refused an output of this pair */
  if (self->previous.buffer != NULL) {
    GstClockTime end =
        gst_vfi_timeline_end(&self->timeline, self->previous.time, self->previous.duration);
    end = MIN(end, limit);
    while (flow == GST_FLOW_OK && gst_vfi_timeline_output(&self->timeline, 0) < end) {
      GstBuffer *buffer = show(self, &self->previous);
      gst_vfi_count(self, &self->counters.out, 1);
      flow = gst_pad_push(GST_BASE_TRANSFORM_SRC_PAD(self), buffer);
    }
  }
  gst_vfi_clear(self);
  return flow;
}

/* ---------------------------------------------------------------- methods --------------------- */

/* Takes a buffer, as a source or as the one that will be the next. */
static GstFlowReturn take(GstVfi *self, GstBuffer *buffer) {
  GstFlowReturn flow = GST_FLOW_OK;
  if (self->looks_around && self->next.buffer != NULL && self->later == NULL) {
    self->later = buffer;
    return GST_FLOW_OK;
  }
  if (self->next.buffer != NULL)
    advance(self); /* downstream had refused an output of the pair before */
  if (self->later != NULL)
    flow = enter(self, g_steal_pointer(&self->later));
  if (flow == GST_FLOW_OK)
    return enter(self, buffer);
  gst_buffer_unref(buffer);
  return flow;
}

static GstFlowReturn gst_vfi_submit_input_buffer(GstBaseTransform *transform, gboolean is_discont,
                                                 GstBuffer *buffer) {
  GstVfi *self = GST_VFI(transform);
  gst_vfi_count(self, &self->counters.in, 1);
  /* Negotiates, then puts the buffer into queued_buf. */
  GstFlowReturn flow = parent_class->submit_input_buffer(transform, is_discont, buffer);
  if (flow != GST_FLOW_OK || self->reverse || (!self->active && self->stream == NULL))
    return flow;
  if (self->stream != NULL)
    return gst_vfi_restore_take(self, g_steal_pointer(&transform->queued_buf));
  return take(self, g_steal_pointer(&transform->queued_buf));
}

static GstFlowReturn gst_vfi_generate_output(GstBaseTransform *transform, GstBuffer **buffer) {
  GstVfi *self = GST_VFI(transform);
  *buffer = NULL;
  if (self->stream != NULL && !self->reverse)
    return gst_vfi_restore_output(self, buffer);
  if (self->active && !self->reverse)
    return next_output(self, buffer);
  *buffer = g_steal_pointer(&transform->queued_buf);
  if (*buffer != NULL) {
    gst_vfi_count(self, &self->counters.passed, 1);
    gst_vfi_count(self, &self->counters.out, 1);
  }
  return GST_FLOW_OK;
}

/* Never called, as gst_vfi_generate_output() does its work. That there is one tells the base class
   that outputs have memory of their own, for which it needs a pool. */
static GstFlowReturn gst_vfi_transform(GstBaseTransform *transform, GstBuffer *inbuf,
                                       GstBuffer *outbuf) {
  (void)transform, (void)inbuf, (void)outbuf;
  return GST_FLOW_NOT_SUPPORTED;
}

void gst_vfi_frames_class_init(GstBaseTransformClass *transform_class) {
  parent_class = g_type_class_peek_parent(transform_class);
  transform_class->submit_input_buffer = gst_vfi_submit_input_buffer;
  transform_class->generate_output = gst_vfi_generate_output;
  transform_class->transform = gst_vfi_transform;
}
