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

/* Calls the library with all planes in reach. */
static vfi_status interpolate(GstVfi *self, GstVideoFrame pictures[], vfi_info info[]) {
  vfi_frame a, b, out[GST_VFI_BATCH];
  vfi_rational t[GST_VFI_BATCH];
  gst_vfi_describe(self, &pictures[0], &a);
  gst_vfi_describe(self, &pictures[1], &b);
  a.content_id = self->previous.id;
  b.content_id = self->next.id;
  for (guint i = 0; i < self->ready_count; i++) {
    gst_vfi_describe(self, &pictures[2 + i], &out[i]);
    t[i].num = (gint64)(gst_vfi_timeline_output(&self->timeline, i) - self->previous.time);
    t[i].den = (gint64)(self->next.time - self->previous.time);
    info[i] = (vfi_info){.struct_size = sizeof info[i]};
  }
  return vfi_interpolate_n(self->context, &a, &b, (int32_t)self->ready_count, t, out, info);
}

static vfi_status map_and_interpolate(GstVfi *self, vfi_info info[], const char **problem) {
  GstVideoFrame pictures[2 + GST_VFI_BATCH];
  guint mapped = 0, count = 2 + self->ready_count;
  for (; mapped < count; mapped++) {
    GstBuffer *buffer = mapped == 0   ? self->previous.buffer
                        : mapped == 1 ? self->next.buffer
                                      : self->ready[mapped - 2];
    if (!gst_video_frame_map(&pictures[mapped], &self->in_info, buffer,
                             mapped < 2 ? GST_MAP_READ : GST_MAP_WRITE))
      break;
  }
  vfi_status status = VFI_ERR_SIZE;
  *problem = "a buffer is smaller than a frame, or cannot be mapped";
  if (mapped == count) {
    status = interpolate(self, pictures, info);
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
