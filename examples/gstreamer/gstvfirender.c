/* SPDX-License-Identifier: MIT */
/* New frames between two sources, several in one call so that they share the motion found. */
#include "gstvfi.h"

#define GST_CAT_DEFAULT gst_vfi_debug

/* The source that is nearer in time; the earlier one in the middle. */
static GstBuffer *nearer(GstVfi *self, GstClockTime time) {
  GstClockTime after = time - self->previous.time, before = self->next.time - time;
  return after <= before ? self->previous.buffer : self->next.buffer;
}

/* Once until the next start: whoever cannot make one frame cannot make the next one either. */
static void warn(GstVfi *self, const char *reason) {
  GST_WARNING_OBJECT(self, "no new frame: %s", reason);
  if (self->warned)
    return;
  self->warned = TRUE;
  GST_ELEMENT_WARNING(self, LIBRARY, FAILED,
                      ("New frames cannot be made, source frames are repeated: %s", reason),
                      (NULL));
}

/* Buffers for as many outputs of this pair as are free and allowed at once. */
static GstFlowReturn acquire_all(GstVfi *self) {
  while (self->ready_count < GST_VFI_BATCH) {
    GstClockTime time = gst_vfi_timeline_output(&self->timeline, self->ready_count);
    if (time >= self->next.time)
      break;
    GstBuffer *buffer;
    GstFlowReturn flow = gst_vfi_acquire(self, nearer(self, time), self->ready_count == 0, &buffer);
    if (flow != GST_FLOW_OK)
      return self->ready_count > 0 ? GST_FLOW_OK : flow;
    self->ready[self->ready_count++] = buffer;
  }
  return GST_FLOW_OK;
}

static void count_decisions(GstVfi *self, const vfi_info *info) {
  GstVfiCounters *counters = &self->counters;
  GST_OBJECT_LOCK(self);
  for (guint i = 0; i < self->ready_count; i++) {
    gboolean is_new = info[i].decision == VFI_INTERPOLATED || info[i].decision == VFI_BLENDED;
    *(is_new ? &counters->interpolated : &counters->held) += 1;
    if (info[i].decision == VFI_SOURCE_COPY)
      counters->copied++;
    else if (info[i].decision != VFI_INTERPOLATED)
      counters->cuts++;
  }
  GST_OBJECT_UNLOCK(self);
}

/* The source frames that new ones are made from, in order of time. */
enum { BEFORE, FIRST, SECOND, AFTER, SOURCES };

/* The buffers of these frames, their ids and times; none where one does not tell how the motion of
   the pair changes. */
static void list_sources(GstVfi *self, GstBuffer *buffers[SOURCES], vfi_frame frames[SOURCES]) {
  const GstVfiSource *sources[] = {&self->earlier, &self->previous, &self->next};
  for (guint i = BEFORE; i <= SECOND; i++) {
    buffers[i] = sources[i]->buffer;
    frames[i].content_id = sources[i]->id;
    frames[i].pts = (gint64)sources[i]->time;
  }
  if (self->previous.time - self->earlier.time > self->max_gap)
    buffers[BEFORE] = NULL;
  buffers[AFTER] = NULL;
  if (self->later == NULL || !GST_BUFFER_PTS_IS_VALID(self->later) ||
      GST_BUFFER_IS_DISCONT(self->later))
    return;
  GstVfiTimeline timeline = self->timeline;
  GstClockTime time = gst_vfi_timeline_source(&timeline, GST_BUFFER_PTS(self->later));
  if (time <= self->next.time || time - self->next.time > self->max_gap)
    return;
  buffers[AFTER] = self->later;
  frames[AFTER].content_id = self->last_id + 1;
  frames[AFTER].pts = (gint64)time;
}

/* Calls the library with all planes in reach. */
static vfi_status interpolate(GstVfi *self, vfi_frame sources[SOURCES], GstVideoFrame pictures[],
                              GstBuffer *const buffers[SOURCES], vfi_info info[]) {
  vfi_frame out[GST_VFI_BATCH];
  vfi_rational t[GST_VFI_BATCH];
  for (guint i = 0; i < self->ready_count; i++) {
    gst_vfi_describe(self, &pictures[i], &out[i]);
    t[i].num = (gint64)(gst_vfi_timeline_output(&self->timeline, i) - self->previous.time);
    t[i].den = (gint64)(self->next.time - self->previous.time);
    info[i] = (vfi_info){.struct_size = sizeof info[i]};
  }
  gint32 count = (gint32)self->ready_count;
  if (!self->looks_around)
    return vfi_interpolate_n(self->context, &sources[FIRST], &sources[SECOND], count, t, out, info);
  return vfi_interpolate_among(
      self->context, buffers[BEFORE] != NULL ? &sources[BEFORE] : NULL, &sources[FIRST],
      &sources[SECOND], buffers[AFTER] != NULL ? &sources[AFTER] : NULL, count, t, out, info);
}

/* Describes the planes, without what else is known of the frame. */
static void describe_planes(GstVfi *self, const GstVideoFrame *picture, vfi_frame *frame) {
  guint64 id = frame->content_id;
  gint64 pts = frame->pts;
  gst_vfi_describe(self, picture, frame);
  frame->content_id = id;
  frame->pts = pts;
}

static vfi_status map_and_interpolate(GstVfi *self, vfi_info info[], const char **problem) {
  GstVideoFrame pictures[SOURCES + GST_VFI_BATCH];
  GstBuffer *buffers[SOURCES];
  vfi_frame sources[SOURCES];
  guint mapped = 0;
  gboolean fits = TRUE;
  list_sources(self, buffers, sources);
  for (guint i = 0; fits && i < SOURCES; i++) {
    if (buffers[i] == NULL)
      continue;
    fits = gst_video_frame_map(&pictures[mapped], &self->in_info, buffers[i], GST_MAP_READ);
    if (fits)
      describe_planes(self, &pictures[mapped++], &sources[i]);
  }
  guint first = mapped;
  for (guint i = 0; fits && i < self->ready_count; i++) {
    fits = gst_video_frame_map(&pictures[mapped], &self->in_info, self->ready[i], GST_MAP_WRITE);
    mapped += fits ? 1 : 0;
  }
  vfi_status status = VFI_ERR_SIZE;
  *problem = "a buffer is smaller than a frame, or cannot be mapped";
  if (fits) {
    status = interpolate(self, sources, pictures + first, buffers, info);
    *problem = vfi_last_error(self->context);
  }
  while (mapped > 0)
    gst_video_frame_unmap(&pictures[--mapped]);
  return status;
}

/* Gives up the buffers of a batch that was not made. */
static void give_back(GstVfi *self) {
  while (self->ready_count > 0)
    gst_buffer_unref(self->ready[--self->ready_count]);
}

GstFlowReturn gst_vfi_render(GstVfi *self) {
  self->ready_count = self->ready_next = 0;
  GstFlowReturn flow = acquire_all(self);
  if (flow == GST_FLOW_FLUSHING)
    return flow;
  if (flow != GST_FLOW_OK) {
    warn(self, "there is no memory for a frame");
    return GST_FLOW_OK;
  }
  vfi_info info[GST_VFI_BATCH];
  const char *problem;
  vfi_status status = map_and_interpolate(self, info, &problem);
  if (status == VFI_OK) {
    GstClockTime elapsed = 0;
    for (guint i = 0; i < self->ready_count; i++)
      elapsed += info[i].elapsed_ns;
    count_decisions(self, info);
    gst_vfi_note_processing(self, elapsed);
    return GST_FLOW_OK;
  }
  give_back(self);
  if (status == VFI_ERR_CANCELLED)
    return GST_FLOW_FLUSHING;
  warn(self, problem);
  return GST_FLOW_OK;
}
