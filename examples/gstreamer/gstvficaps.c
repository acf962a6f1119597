/* SPDX-License-Identifier: MIT */
/* Caps: which formats are taken, which rate comes out, and what the library is told of a frame. */
#include "gstvfi.h"

#define GST_CAT_DEFAULT gst_vfi_debug

#define FORMATS                                                                                    \
  "{ I420, YV12, NV12, I420_10LE, P010_10LE, I420_12LE, Y42B, I422_10LE, I422_12LE, Y444, "        \
  "Y444_10LE, Y444_12LE, GRAY8, GBR, GBR_10LE, RGB, BGRA, A420 }"
#define CAPS                                                                                       \
  "video/x-raw, format=(string)" FORMATS ", width=(int)[ 1, 16384 ], height=(int)[ 1, 16384 ], "   \
  "framerate=(fraction)[ 0/1, 2147483647/1 ], interlace-mode=(string)progressive"

static GstStaticPadTemplate sink_template =
    GST_STATIC_PAD_TEMPLATE("sink", GST_PAD_SINK, GST_PAD_ALWAYS, GST_STATIC_CAPS(CAPS));
static GstStaticPadTemplate src_template =
    GST_STATIC_PAD_TEMPLATE("src", GST_PAD_SRC, GST_PAD_ALWAYS, GST_STATIC_CAPS(CAPS));

static GstBaseTransformClass *parent_class;

/* ---------------------------------------------------------------- what the library is told ---- */

static vfi_pixel_format pixel_format(GstVideoFormat format) {
  switch (format) {
  case GST_VIDEO_FORMAT_I420:
  case GST_VIDEO_FORMAT_YV12:
    return VFI_FORMAT_YUV420P8;
  case GST_VIDEO_FORMAT_NV12:
    return VFI_FORMAT_NV12;
  case GST_VIDEO_FORMAT_I420_10LE:
    return VFI_FORMAT_YUV420P10;
  case GST_VIDEO_FORMAT_P010_10LE:
    return VFI_FORMAT_P010;
  case GST_VIDEO_FORMAT_I420_12LE:
    return VFI_FORMAT_YUV420P12;
  case GST_VIDEO_FORMAT_Y42B:
    return VFI_FORMAT_YUV422P8;
  case GST_VIDEO_FORMAT_I422_10LE:
    return VFI_FORMAT_YUV422P10;
  case GST_VIDEO_FORMAT_I422_12LE:
    return VFI_FORMAT_YUV422P12;
  case GST_VIDEO_FORMAT_Y444:
    return VFI_FORMAT_YUV444P8;
  case GST_VIDEO_FORMAT_Y444_10LE:
    return VFI_FORMAT_YUV444P10;
  case GST_VIDEO_FORMAT_Y444_12LE:
    return VFI_FORMAT_YUV444P12;
  case GST_VIDEO_FORMAT_GRAY8:
    return VFI_FORMAT_GRAY8;
  case GST_VIDEO_FORMAT_GBR:
    return VFI_FORMAT_GBRP8;
  case GST_VIDEO_FORMAT_GBR_10LE:
    return VFI_FORMAT_GBRP10;
  case GST_VIDEO_FORMAT_RGB:
    return VFI_FORMAT_RGB24;
  case GST_VIDEO_FORMAT_BGRA:
    return VFI_FORMAT_BGRA;
  case GST_VIDEO_FORMAT_A420:
    return VFI_FORMAT_YUVA420P8;
  default:
    return 0; /* not in the pads' templates */
  }
}

static int32_t chroma_location(GstVideoChromaSite site) {
  switch ((int)site) {
  case GST_VIDEO_CHROMA_SITE_H_COSITED:
    return VFI_CHROMA_LEFT;
  case GST_VIDEO_CHROMA_SITE_NONE:
    return VFI_CHROMA_CENTER;
  case GST_VIDEO_CHROMA_SITE_COSITED:
    return VFI_CHROMA_TOPLEFT;
  case GST_VIDEO_CHROMA_SITE_V_COSITED:
    return VFI_CHROMA_TOP;
  default:
    return VFI_CHROMA_UNSPECIFIED;
  }
}

static int32_t color_range(GstVideoColorRange range) {
  switch (range) {
  case GST_VIDEO_COLOR_RANGE_0_255:
    return VFI_RANGE_FULL;
  case GST_VIDEO_COLOR_RANGE_16_235:
    return VFI_RANGE_LIMITED;
  default:
    return VFI_RANGE_UNSPECIFIED;
  }
}

/* Format, size and colour; the strides are those of planes without padding. */
static void describe_format(const GstVideoInfo *info, vfi_frame *frame) {
  vfi_frame_init(frame, sizeof *frame);
  frame->format = pixel_format(GST_VIDEO_INFO_FORMAT(info));
  frame->width = GST_VIDEO_INFO_WIDTH(info);
  frame->height = GST_VIDEO_INFO_HEIGHT(info);
  frame->matrix = (int32_t)gst_video_color_matrix_to_iso(info->colorimetry.matrix);
  frame->primaries = (int32_t)gst_video_color_primaries_to_iso(info->colorimetry.primaries);
  frame->transfer = (int32_t)gst_video_transfer_function_to_iso(info->colorimetry.transfer);
  frame->range = color_range(info->colorimetry.range);
  frame->chroma_location = chroma_location(GST_VIDEO_INFO_CHROMA_SITE(info));
  frame->alpha_mode = GST_VIDEO_INFO_FLAG_IS_SET(info, GST_VIDEO_FLAG_PREMULTIPLIED_ALPHA)
                          ? VFI_ALPHA_PREMULTIPLIED
                          : VFI_ALPHA_STRAIGHT;
  for (guint i = 0; i < GST_VIDEO_INFO_N_PLANES(info); i++)
    frame->stride[i] = GST_VIDEO_INFO_PLANE_STRIDE(info, i);
}

void gst_vfi_describe(const GstVfi *self, const GstVideoFrame *picture, vfi_frame *frame) {
  *frame = self->description;
  for (guint i = 0; i < GST_VIDEO_FRAME_N_PLANES(picture); i++) {
    guint plane = i;
    if (GST_VIDEO_FRAME_FORMAT(picture) == GST_VIDEO_FORMAT_YV12 && i > 0)
      plane = 3 - i; /* V stands before U */
    frame->data[i] = GST_VIDEO_FRAME_PLANE_DATA(picture, plane);
    frame->stride[i] = GST_VIDEO_FRAME_PLANE_STRIDE(picture, plane);
  }
  if (GST_BUFFER_FLAG_IS_SET(picture->buffer, GST_VIDEO_BUFFER_FLAG_INTERLACED))
    frame->flags |= VFI_FRAME_INTERLACED;
}

/* ---------------------------------------------------------------- negotiation ----------------- */

static void append(GstCaps *caps, GstStructure *structure, const GstCapsFeatures *features) {
  gst_caps_append_structure_full(caps, structure, gst_caps_features_copy(features));
}

/* What the other pad can have where this pad has `structure`: the same, or another rate. With the
   property `rate` set, only that one stands on the source pad. */
static void append_transformed(GstVfi *self, GstPadDirection direction, GstStructure *structure,
                               const GstCapsFeatures *features, GstCaps *result) {
  GST_OBJECT_LOCK(self);
  gint n = self->rate_n, d = self->rate_d;
  gboolean keeps_rate = self->restore.mode != GST_VFI_INTERPOLATE;
  GST_OBJECT_UNLOCK(self);
  if (keeps_rate) {
    append(result, gst_structure_copy(structure), features);
    return;
  }
  GstStructure *other = gst_structure_copy(structure);
  gst_structure_remove_field(other, "max-framerate");
  if (direction == GST_PAD_SINK && n > 0) {
    gst_structure_set(other, "framerate", GST_TYPE_FRACTION, n, d, NULL);
    append(result, other, features);
    return;
  }
  if (n > 0) {
    gst_structure_set(other, "framerate", GST_TYPE_FRACTION, n, d, NULL);
    if (!gst_structure_can_intersect(other, structure)) {
      gst_structure_free(other);
      return;
    }
    append(result, gst_structure_copy(other), features);
  } else {
    append(result, gst_structure_copy(structure), features);
  }
  /* An output has a rate; an input may be without. */
  gst_structure_set(other, "framerate", GST_TYPE_FRACTION_RANGE, direction == GST_PAD_SINK ? 1 : 0,
                    direction == GST_PAD_SINK ? G_MAXINT : 1, G_MAXINT, 1, NULL);
  append(result, other, features);
}

static GstCaps *gst_vfi_transform_caps(GstBaseTransform *transform, GstPadDirection direction,
                                       GstCaps *caps, GstCaps *filter) {
  GstCaps *result = gst_caps_new_empty();
  for (guint i = 0; i < gst_caps_get_size(caps); i++)
    append_transformed(GST_VFI(transform), direction, gst_caps_get_structure(caps, i),
                       gst_caps_get_features(caps, i), result);
  if (filter != NULL) {
    GstCaps *all = result;
    result = gst_caps_intersect_full(filter, all, GST_CAPS_INTERSECT_FIRST);
    gst_caps_unref(all);
  }
  return result;
}

/* The rate to give where downstream leaves the choice. */
static void wanted_rate(GstVfi *self, GstCaps *caps, gint *n, gint *d) {
  GST_OBJECT_LOCK(self);
  gint multiplier = self->multiplier;
  GST_OBJECT_UNLOCK(self);
  gint in_n = 0, in_d = 1;
  gst_structure_get_fraction(gst_caps_get_structure(caps, 0), "framerate", &in_n, &in_d);
  if (!gst_util_fraction_multiply(in_n, in_d, multiplier, 1, n, d))
    *n = in_n, *d = in_d;
}

/* Of all that downstream takes, the rate that is nearest to the wanted one. */
static GstCaps *gst_vfi_fixate_caps(GstBaseTransform *transform, GstPadDirection direction,
                                    GstCaps *caps, GstCaps *othercaps) {
  if (direction != GST_PAD_SINK)
    return gst_caps_fixate(othercaps);
  gint wanted_n, wanted_d;
  wanted_rate(GST_VFI(transform), caps, &wanted_n, &wanted_d);
  gdouble wanted, best = G_MAXDOUBLE;
  gst_util_fraction_to_double(wanted_n, wanted_d, &wanted);
  GstCaps *chosen = NULL;
  for (guint i = 0; i < gst_caps_get_size(othercaps); i++) {
    GstCaps *one = gst_caps_copy_nth(othercaps, i);
    GstStructure *structure = gst_caps_get_structure(one, 0);
    gst_structure_fixate_field_nearest_fraction(structure, "framerate", wanted_n, wanted_d);
    gint n = 0, d = 1;
    gdouble rate;
    gst_structure_get_fraction(structure, "framerate", &n, &d);
    gst_util_fraction_to_double(n, d, &rate);
    if (chosen == NULL || ABS(rate - wanted) < best) {
      best = ABS(rate - wanted);
      gst_clear_caps(&chosen);
      chosen = g_steal_pointer(&one);
    }
    gst_clear_caps(&one);
  }
  gst_caps_unref(othercaps);
  return gst_caps_fixate(chosen);
}

/* A refusal alone would reach the user as "not negotiated". */
static gboolean gst_vfi_accept_caps(GstBaseTransform *transform, GstPadDirection direction,
                                    GstCaps *caps) {
  if (parent_class->accept_caps(transform, direction, caps))
    return TRUE;
  const char *mode = gst_structure_get_string(gst_caps_get_structure(caps, 0), "interlace-mode");
  if (direction == GST_PAD_SINK && gst_caps_is_fixed(caps) && mode != NULL &&
      !g_str_equal(mode, "progressive"))
    GST_ELEMENT_WARNING(
        transform, STREAM, WRONG_TYPE,
        ("Video with interlace-mode=%s is not taken: put 'deinterlace' before vfi", mode), (NULL));
  return FALSE;
}

/* Whether the library takes such frames; posts an error when it does not. */
static gboolean configure(GstVfi *self) {
  if (self->in_info.fps_n == 0 && self->out_info.fps_n == 0) {
    GST_ELEMENT_ERROR(self, STREAM, WRONG_TYPE,
                      ("The video has a variable frame rate (0/1): say which rate is wanted, with "
                       "the property 'rate' or with caps after vfi"),
                      (NULL));
    return FALSE;
  }
  vfi_status status = vfi_configure(self->context, &self->description);
  if (status == VFI_ERR_CANCELLED)
    return FALSE; /* a flush, or the end: nothing to be told */
  if (status != VFI_OK)
    gst_vfi_post_error(self, status, "Such frames cannot be interpolated",
                       vfi_last_error(self->context));
  return status == VFI_OK;
}

/* What is to be done from now on; tells the pipeline when the latency is another one. */
static void activate(GstVfi *self, gboolean active) {
  gboolean works = active || self->stream != NULL;
  GstClockTime interval = works ? gst_vfi_timeline_interval(&self->timeline) : 0;
  GST_OBJECT_LOCK(self);
  gboolean other_latency = interval != self->interval || self->processing != 0;
  self->active = active;
  self->interval = interval;
  self->processing = 0;
  GST_OBJECT_UNLOCK(self);
  gst_base_transform_set_passthrough(GST_BASE_TRANSFORM(self), !works);
  if (other_latency)
    gst_element_post_message(GST_ELEMENT(self), gst_message_new_latency(GST_OBJECT(self)));
}

static gboolean gst_vfi_set_caps(GstBaseTransform *transform, GstCaps *incaps, GstCaps *outcaps) {
  GstVfi *self = GST_VFI(transform);
  GstVideoInfo in, out;
  if (!gst_video_info_from_caps(&in, incaps) || !gst_video_info_from_caps(&out, outcaps))
    return FALSE;
  gboolean same_rate = in.fps_n == out.fps_n && in.fps_d == out.fps_d &&
                       (in.fps_n > 0 || self->multiplier == 1 || self->stream != NULL);
  gboolean goes_on = self->active && !same_rate && self->previous.buffer != NULL &&
                     gst_video_info_is_equal(&in, &self->in_info);
  if (goes_on) {
    gst_vfi_finish_pair(self);
    gst_vfi_timeline_change_rate(&self->timeline, self->previous.time, out.fps_n, out.fps_d);
  } else {
    /* In the old caps: base class and downstream get the new ones after this function. */
    gst_vfi_drain(self, GST_CLOCK_TIME_NONE);
    self->timeline = (GstVfiTimeline){
        .in_n = in.fps_n, .in_d = in.fps_d, .out_n = out.fps_n, .out_d = out.fps_d};
  }
  self->in_info = in;
  self->out_info = out;
  describe_format(&in, &self->description);
  gboolean usable = self->stream != NULL ? gst_vfi_restore_fits(self, &in)
                                         : same_rate || goes_on || configure(self);
  activate(self, usable && !same_rate);
  return usable;
}

void gst_vfi_caps_class_init(GstBaseTransformClass *transform_class) {
  GstElementClass *element_class = GST_ELEMENT_CLASS(transform_class);
  parent_class = g_type_class_peek_parent(transform_class);
  gst_element_class_add_static_pad_template(element_class, &sink_template);
  gst_element_class_add_static_pad_template(element_class, &src_template);
  transform_class->transform_caps = gst_vfi_transform_caps;
  transform_class->fixate_caps = gst_vfi_fixate_caps;
  transform_class->accept_caps = gst_vfi_accept_caps;
  transform_class->set_caps = gst_vfi_set_caps;
}
