/* SPDX-License-Identifier: MIT */
/* The modes inpaint and repair: frames go through a stream of the library that sees those before
   and after them, and come out one each at their own times. */
#include "gstvfi.h"
#include "vfi_marks.h"

#define GST_CAT_DEFAULT gst_vfi_debug

enum { MOST_RECTANGLES = 64 };

/* ---------------------------------------------------------------- the stream ------------------ */

/* Makes the stream; an error is posted. The object's lock is not held. */
vfi_status gst_vfi_restore_open(GstVfi *self, const vfi_params *params) {
  vfi_rectangle rectangles[MOST_RECTANGLES];
  vfi_inpaint_params inpaint;
  vfi_stream_params settings;
  vfi_frame mask;
  vfi_pgm picture = {0};
  vfi_inpaint_params_init(&inpaint, sizeof inpaint);
  vfi_stream_params_init(&settings, sizeof settings);
  GST_OBJECT_LOCK(self);
  GstVfiRestoreOptions options = self->restore;
  gchar *text = g_strdup(options.rectangles), *path = g_strdup(options.mask_location);
  GST_OBJECT_UNLOCK(self);
  settings.flags = VFI_STREAM_KEEP_TIMES;
  settings.flags |= options.mode == GST_VFI_INPAINT ? VFI_STREAM_INPAINT : VFI_STREAM_REPAIR;
  settings.look_ahead = options.look_ahead;
  settings.look_back = options.look_back;
  inpaint.dilation = options.dilation;
  inpaint.feather = MIN(options.feather, options.dilation);
  inpaint.rectangles = rectangles;
  const char *problem = NULL;
  if (options.mode == GST_VFI_INPAINT) {
    settings.inpaint = &inpaint;
    inpaint.rectangle_count = vfi_marks_rectangles(text, rectangles, MOST_RECTANGLES);
    if (inpaint.rectangle_count < 0)
      problem = "the property rectangles is not x:y:w:h|x:y:w:h";
    else if (path != NULL)
      problem = vfi_pgm_read(&picture, path);
    else if (inpaint.rectangle_count == 0)
      problem = "mode=inpaint wants the property rectangles or mask-location";
    if (problem == NULL && picture.width > 0) {
      vfi_pgm_wrap(&mask, &picture);
      settings.mask = &mask;
    }
  }
  vfi_status status =
      problem != NULL ? VFI_ERR_ARG : vfi_stream_create(&self->stream, params, &settings);
  if (status != VFI_OK)
    gst_vfi_post_error(self, status, path != NULL && problem != NULL ? path : "vfi cannot start",
                       problem != NULL ? problem : vfi_last_error(NULL));
  self->look_ahead = options.look_ahead;
  self->mask_width = picture.width;
  self->mask_height = picture.height;
  vfi_pgm_free(&picture);
  g_free(text);
  g_free(path);
  return status;
}

void gst_vfi_restore_close(GstVfi *self) {
  gst_vfi_restore_clear(self);
  vfi_stream_destroy(&self->stream);
}

void gst_vfi_restore_clear(GstVfi *self) {
  while (!g_queue_is_empty(&self->sent))
    gst_buffer_unref(g_queue_pop_head(&self->sent));
  self->last_pts = GST_CLOCK_TIME_NONE;
  if (self->stream != NULL && vfi_stream_flush(self->stream) != VFI_OK)
    GST_WARNING_OBJECT(self, "%s", vfi_last_error(self->context));
}

gboolean gst_vfi_restore_fits(GstVfi *self, const GstVideoInfo *info) {
  if (self->mask_width == 0 || (self->mask_width == GST_VIDEO_INFO_WIDTH(info) &&
                                self->mask_height == GST_VIDEO_INFO_HEIGHT(info)))
    return TRUE;
  GST_ELEMENT_ERROR(self, STREAM, WRONG_TYPE,
                    ("The mask is %dx%d, the video %dx%d", self->mask_width, self->mask_height,
                     GST_VIDEO_INFO_WIDTH(info), GST_VIDEO_INFO_HEIGHT(info)),
                    (NULL));
  return FALSE;
}

/* ---------------------------------------------------------------- outputs --------------------- */

/* Copies the library's frame into a buffer. */
static gboolean copy_samples(GstVfi *self, const vfi_frame *from, GstBuffer *buffer) {
  GstVideoFrame picture;
  if (!gst_video_frame_map(&picture, &self->out_info, buffer, GST_MAP_WRITE))
    return FALSE;
  vfi_frame to;
  gst_vfi_describe(self, &picture, &to);
  for (guint i = 0; i < GST_VIDEO_FRAME_N_PLANES(&picture); i++) {
    gint component[GST_VIDEO_MAX_COMPONENTS];
    gst_video_format_info_component(self->out_info.finfo, i, component);
    gsize row = (gsize)GST_VIDEO_FRAME_COMP_WIDTH(&picture, component[0]) *
                (gsize)GST_VIDEO_FRAME_COMP_PSTRIDE(&picture, component[0]);
    for (gint y = 0; y < GST_VIDEO_FRAME_COMP_HEIGHT(&picture, component[0]); y++)
      memcpy(to.data[i] + y * to.stride[i], from->data[i] + y * from->stride[i], row);
  }
  gst_video_frame_unmap(&picture);
  return TRUE;
}

/* A buffer with the samples of `from` and all that `source` says beside its own. */
static GstFlowReturn filled(GstVfi *self, GstBuffer *source, const vfi_frame *from,
                            const vfi_info *info, GstBuffer **buffer) {
  GstFlowReturn flow = gst_vfi_acquire(self, source, TRUE, buffer);
  if (flow != GST_FLOW_OK)
    return flow;
  GST_BUFFER_PTS(*buffer) = GST_BUFFER_PTS(source);
  GST_BUFFER_DTS(*buffer) = GST_BUFFER_DTS(source);
  GST_BUFFER_DURATION(*buffer) = GST_BUFFER_DURATION(source);
  if (info->repair_action != VFI_REPAIR_NONE)
    GST_BUFFER_FLAG_UNSET(*buffer, GST_BUFFER_FLAG_CORRUPTED);
  if (copy_samples(self, from, *buffer))
    return GST_FLOW_OK;
  gst_clear_buffer(buffer);
  GST_ELEMENT_ERROR(self, RESOURCE, WRITE, ("A buffer cannot be mapped"), (NULL));
  return GST_FLOW_ERROR;
}

GstFlowReturn gst_vfi_restore_output(GstVfi *self, GstBuffer **buffer) {
  vfi_frame from = {.struct_size = sizeof from};
  vfi_info info = {.struct_size = sizeof info};
  vfi_status status = vfi_stream_receive(self->stream, &from, &info);
  *buffer = NULL;
  if (status == VFI_ERR_CANCELLED)
    return GST_FLOW_FLUSHING;
  if (status < 0) {
    gst_vfi_post_error(self, status, "A frame cannot be filled", vfi_last_error(self->context));
    return GST_FLOW_ERROR;
  }
  if (status != VFI_OK)
    return GST_FLOW_OK;
  GstBuffer *source = g_queue_pop_head(&self->sent);
  GstFlowReturn flow = GST_FLOW_OK;
  if (info.filled_pixels == 0) {
    *buffer = source;
  } else {
    flow = filled(self, source, &from, &info, buffer);
    gst_buffer_unref(source);
  }
  if (flow != GST_FLOW_OK)
    return flow;
  gst_vfi_note_processing(self, info.elapsed_ns);
  gst_vfi_count(self, info.filled_pixels > 0 ? &self->counters.filled : &self->counters.passed, 1);
  gst_vfi_count(self, &self->counters.out, 1);
  return GST_FLOW_OK;
}

GstFlowReturn gst_vfi_restore_drain(GstVfi *self) {
  GstFlowReturn flow = GST_FLOW_OK;
  GstBuffer *buffer = NULL;
  if (vfi_stream_drain(self->stream) == VFI_OK)
    while (flow == GST_FLOW_OK && (flow = gst_vfi_restore_output(self, &buffer)) == GST_FLOW_OK &&
           buffer != NULL)
      flow = gst_pad_push(GST_BASE_TRANSFORM_SRC_PAD(self), buffer);
  gst_vfi_restore_clear(self);
  return flow;
}

/* ---------------------------------------------------------------- sources --------------------- */

static vfi_status send(GstVfi *self, GstBuffer *buffer, const char **problem) {
  GstVideoFrame picture;
  *problem = "a buffer is smaller than a frame, or cannot be mapped";
  if (!gst_video_frame_map(&picture, &self->in_info, buffer, GST_MAP_READ))
    return VFI_ERR_SIZE;
  vfi_frame frame;
  gst_vfi_describe(self, &picture, &frame);
  /* A frame without a time belongs to those before it. */
  GstClockTime pts = GST_BUFFER_PTS(buffer);
  if (!GST_CLOCK_TIME_IS_VALID(pts))
    pts = GST_CLOCK_TIME_IS_VALID(self->last_pts) ? self->last_pts : 0;
  frame.pts = (gint64)pts;
  if (GST_BUFFER_FLAG_IS_SET(buffer, GST_BUFFER_FLAG_CORRUPTED))
    frame.flags |= VFI_FRAME_CORRUPT;
  vfi_status status = vfi_stream_send(self->stream, &frame);
  *problem = vfi_last_error(self->context);
  gst_video_frame_unmap(&picture);
  if (status != VFI_OK)
    return status;
  if (GST_CLOCK_TIME_IS_VALID(self->last_pts) && pts > self->last_pts)
    gst_vfi_note_interval(self, pts - self->last_pts);
  self->last_pts = pts;
  g_queue_push_tail(&self->sent, buffer);
  return status;
}

GstFlowReturn gst_vfi_restore_take(GstVfi *self, GstBuffer *buffer) {
  GstFlowReturn flow = GST_FLOW_OK;
  const char *problem = NULL;
  if (GST_BUFFER_IS_DISCONT(buffer) && !g_queue_is_empty(&self->sent))
    flow = gst_vfi_restore_drain(self);
  vfi_status status = VFI_OK;
  GstBuffer *refused = NULL;
  while (flow == GST_FLOW_OK && (status = send(self, buffer, &problem)) == VFI_AGAIN) {
    /* Downstream did not want the output that stands in the way. */
    flow = gst_vfi_restore_output(self, &refused);
    gst_clear_buffer(&refused);
  }
  if (flow == GST_FLOW_OK && status == VFI_OK)
    return flow;
  gst_buffer_unref(buffer);
  if (flow != GST_FLOW_OK)
    return flow;
  if (status == VFI_ERR_CANCELLED)
    return GST_FLOW_FLUSHING;
  gst_vfi_post_error(self, status, "A frame cannot be taken", problem);
  return GST_FLOW_ERROR;
}
