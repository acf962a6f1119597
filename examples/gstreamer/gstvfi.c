/* SPDX-License-Identifier: MIT */
/**
 * SECTION:element-vfi
 *
 * Changes the frame rate of video by making the frames that were not there, or fills holes and
 * repairs damage at the rate that it has.
 *
 *     gst-launch-1.0 filesrc location=in.mp4 ! decodebin ! videoconvert !
 *         vfi ! video/x-raw,framerate=60/1 ! autovideosink
 *
 *     ... ! vfi mode=inpaint rectangles=16:12:80:30 ! ...
 */
#include "gstvfi.h"

GST_DEBUG_CATEGORY(gst_vfi_debug);
#define GST_CAT_DEFAULT gst_vfi_debug

enum {
  PROP_RATE = 1,
  PROP_MULTIPLIER,
  PROP_QOS,
  PROP_IN,
  PROP_OUT,
  PROP_INTERPOLATED,
  PROP_PASSED,
  PROP_HELD,
  PROP_COPIED,
  PROP_CUTS,
  PROP_SKIPPED,
  PROP_FILLED,
  PROP_MODE,
  PROP_RECTANGLES,
  PROP_MASK_LOCATION,
  PROP_DILATION,
  PROP_FEATHER,
  PROP_LOOK_AHEAD,
  PROP_LOOK_BACK,
  PROP_OPTIONS /* the library's options have the ids from here on */
};

static const struct {
  guint id;
  const char *name;
  const char *help;
  gsize offset;
} counters[] = {
    {PROP_IN, "in", "Source frames received", G_STRUCT_OFFSET(GstVfiCounters, in)},
    {PROP_OUT, "out", "Frames given", G_STRUCT_OFFSET(GstVfiCounters, out)},
    {PROP_INTERPOLATED, "interpolated", "Frames given that are new",
     G_STRUCT_OFFSET(GstVfiCounters, interpolated)},
    {PROP_PASSED, "passed", "Frames given that are source frames at their own time",
     G_STRUCT_OFFSET(GstVfiCounters, passed)},
    {PROP_HELD, "held", "Frames given that repeat a source frame at another time",
     G_STRUCT_OFFSET(GstVfiCounters, held)},
    {PROP_COPIED, "copied", "Frames given between two source frames that are equal",
     G_STRUCT_OFFSET(GstVfiCounters, copied)},
    {PROP_CUTS, "cuts", "Frames that would have mixed both sides of a scene cut",
     G_STRUCT_OFFSET(GstVfiCounters, cuts)},
    {PROP_SKIPPED, "skipped", "Source frames left out: no time, or that of the frame before",
     G_STRUCT_OFFSET(GstVfiCounters, skipped)},
    {PROP_FILLED, "filled", "Frames given that were filled or repaired",
     G_STRUCT_OFFSET(GstVfiCounters, filled)},
};

static GType mode_type(void) {
  static const GEnumValue values[] = {
      {GST_VFI_INTERPOLATE, "New frames, at another rate", "interpolate"},
      {GST_VFI_INPAINT, "Fill rectangles or what a mask marks", "inpaint"},
      {GST_VFI_REPAIR, "Repair damaged frames", "repair"},
      {0, NULL, NULL}};
  static gsize type = 0;
  if (g_once_init_enter(&type))
    g_once_init_leave(&type, g_enum_register_static("GstVfiMode", values));
  return type;
}

G_DEFINE_TYPE(GstVfi, gst_vfi, GST_TYPE_BASE_TRANSFORM)
GST_ELEMENT_REGISTER_DEFINE(vfi, "vfi", GST_RANK_NONE, GST_TYPE_VFI)

void gst_vfi_count(GstVfi *self, guint64 *counter, guint64 number) {
  GST_OBJECT_LOCK(self);
  *counter += number;
  GST_OBJECT_UNLOCK(self);
}

void gst_vfi_post_error(GstVfi *self, vfi_status status, const char *problem, const char *detail) {
  switch (status) {
  case VFI_ERR_MODEL:
    GST_ELEMENT_ERROR(self, RESOURCE, NOT_FOUND, ("%s: %s", problem, detail), (NULL));
    break;
  case VFI_ERR_NOMEM:
    GST_ELEMENT_ERROR(self, RESOURCE, NO_SPACE_LEFT, ("%s: %s", problem, detail), (NULL));
    break;
  case VFI_ERR_ARG:
    GST_ELEMENT_ERROR(self, LIBRARY, SETTINGS, ("%s: %s", problem, detail), (NULL));
    break;
  default:
    GST_ELEMENT_ERROR(self, LIBRARY, FAILED, ("%s: %s", problem, detail), (NULL));
  }
}

static void log_line(void *opaque, vfi_log_level level, const char *text) {
  static const GstDebugLevel levels[] = {GST_LEVEL_NONE, GST_LEVEL_ERROR, GST_LEVEL_WARNING,
                                         GST_LEVEL_INFO, GST_LEVEL_DEBUG};
  GST_CAT_LEVEL_LOG(gst_vfi_debug, levels[CLAMP(level, 0, VFI_LOG_DEBUG)], opaque, "%s", text);
}

static vfi_log_level wanted_log_level(void) {
  GstDebugLevel level = gst_debug_category_get_threshold(gst_vfi_debug);
  if (level >= GST_LEVEL_DEBUG)
    return VFI_LOG_DEBUG;
  return level >= GST_LEVEL_INFO ? VFI_LOG_INFO : VFI_LOG_WARNING;
}

static gboolean gst_vfi_start(GstBaseTransform *transform) {
  GstVfi *self = GST_VFI(transform);
  vfi_params params;
  vfi_params_init(&params, sizeof params);
  GPtrArray *texts;
  GST_OBJECT_LOCK(self);
  vfi_status status = gst_vfi_options_apply(self->options, &params, &texts);
  GST_OBJECT_UNLOCK(self);
  params.log = log_line;
  params.log_opaque = self;
  params.log_level = wanted_log_level();
  vfi_context *context = NULL;
  GST_OBJECT_LOCK(self);
  gboolean keeps_rate = self->restore.mode != GST_VFI_INTERPOLATE;
  GST_OBJECT_UNLOCK(self);
  if (status == VFI_OK && !keeps_rate)
    status = vfi_create(&context, &params);
  if (status != VFI_OK)
    gst_vfi_post_error(self, status, "vfi cannot start", vfi_last_error(NULL));
  else if (keeps_rate && (status = gst_vfi_restore_open(self, &params)) == VFI_OK)
    context = vfi_stream_context(self->stream);
  g_ptr_array_unref(texts);

  self->max_gap = (GstClockTime)(params.max_gap * GST_SECOND);
  self->reverse = self->warned = FALSE;
  self->discont = TRUE;
  GST_OBJECT_LOCK(self);
  self->context = context;
  self->looks_around = params.motion == VFI_MOTION_QUADRATIC;
  self->processing = 0;
  self->earliest = GST_CLOCK_TIME_NONE;
  self->counters = (GstVfiCounters){0};
  GST_OBJECT_UNLOCK(self);
  return status == VFI_OK;
}

static gboolean gst_vfi_stop(GstBaseTransform *transform) {
  GstVfi *self = GST_VFI(transform);
  gst_vfi_clear(self);
  gst_base_transform_set_passthrough(transform, FALSE);
  GST_OBJECT_LOCK(self);
  vfi_context *context = self->context;
  self->context = NULL;
  self->active = FALSE;
  GST_OBJECT_UNLOCK(self);
  vfi_destroy(&context); /* not that of a stream */
  gst_vfi_restore_close(self);
  return TRUE;
}

/* Before the base class waits for the streaming thread: it shall not have to wait for a frame. */
static GstStateChangeReturn gst_vfi_change_state(GstElement *element, GstStateChange transition) {
  GstVfi *self = GST_VFI(element);
  if (transition == GST_STATE_CHANGE_PAUSED_TO_READY) {
    GST_OBJECT_LOCK(self);
    vfi_cancel(self->context);
    GST_OBJECT_UNLOCK(self);
  }
  return GST_ELEMENT_CLASS(gst_vfi_parent_class)->change_state(element, transition);
}

static const struct {
  guint id;
  const char *name;
  const char *help;
  gint initial;
  gsize offset;
} numbers[] = {
    {PROP_DILATION, "dilation", "mode=inpaint: pixels around the hole that are filled too", 4,
     G_STRUCT_OFFSET(GstVfiRestoreOptions, dilation)},
    {PROP_FEATHER, "feather", "mode=inpaint: outermost of these over which the fill fades in", 2,
     G_STRUCT_OFFSET(GstVfiRestoreOptions, feather)},
    {PROP_LOOK_AHEAD, "look-ahead", "mode=inpaint, repair: later frames that are looked at", 5,
     G_STRUCT_OFFSET(GstVfiRestoreOptions, look_ahead)},
    {PROP_LOOK_BACK, "look-back", "mode=inpaint, repair: earlier frames that are looked at", 5,
     G_STRUCT_OFFSET(GstVfiRestoreOptions, look_back)},
};

static gint *number_option(GstVfiRestoreOptions *options, guint id) {
  return &G_STRUCT_MEMBER(gint, options, numbers[id - PROP_DILATION].offset);
}

static gboolean set_restore_property(GstVfiRestoreOptions *options, guint id, const GValue *value) {
  if (id == PROP_MODE) {
    options->mode = (GstVfiMode)g_value_get_enum(value);
  } else if (id == PROP_RECTANGLES || id == PROP_MASK_LOCATION) {
    gchar **text = id == PROP_RECTANGLES ? &options->rectangles : &options->mask_location;
    g_free(*text);
    *text = g_value_dup_string(value);
  } else if (id >= PROP_DILATION && id <= PROP_LOOK_BACK) {
    *number_option(options, id) = g_value_get_int(value);
  } else {
    return FALSE;
  }
  return TRUE;
}

static gboolean get_restore_property(GstVfiRestoreOptions *options, guint id, GValue *value) {
  if (id == PROP_MODE)
    g_value_set_enum(value, options->mode);
  else if (id == PROP_RECTANGLES)
    g_value_set_string(value, options->rectangles);
  else if (id == PROP_MASK_LOCATION)
    g_value_set_string(value, options->mask_location);
  else if (id >= PROP_DILATION && id <= PROP_LOOK_BACK)
    g_value_set_int(value, *number_option(options, id));
  else
    return FALSE;
  return TRUE;
}

static void gst_vfi_set_property(GObject *object, guint id, const GValue *value, GParamSpec *spec) {
  GstVfi *self = GST_VFI(object);
  gboolean renegotiate = FALSE;
  GST_OBJECT_LOCK(self);
  GValue *option = gst_vfi_options_find(self->options, PROP_OPTIONS, id);
  if (option != NULL) {
    g_value_copy(value, option);
  } else if (id == PROP_RATE) {
    self->rate_n = gst_value_get_fraction_numerator(value);
    self->rate_d = gst_value_get_fraction_denominator(value);
    renegotiate = TRUE;
  } else if (id == PROP_MULTIPLIER) {
    self->multiplier = g_value_get_int(value);
    renegotiate = TRUE;
  } else if (id == PROP_QOS) {
    self->qos = g_value_get_boolean(value);
  } else if (!set_restore_property(&self->restore, id, value)) {
    G_OBJECT_WARN_INVALID_PROPERTY_ID(object, id, spec);
  }
  GST_OBJECT_UNLOCK(self);
  if (!renegotiate)
    return;
  gst_base_transform_reconfigure_src(GST_BASE_TRANSFORM(self));
  /* Out of passthrough more buffers of upstream are held. */
  gst_base_transform_reconfigure_sink(GST_BASE_TRANSFORM(self));
}

static void gst_vfi_get_property(GObject *object, guint id, GValue *value, GParamSpec *spec) {
  GstVfi *self = GST_VFI(object);
  GST_OBJECT_LOCK(self);
  const GValue *option = gst_vfi_options_find(self->options, PROP_OPTIONS, id);
  if (option != NULL) {
    g_value_copy(option, value);
  } else if (id == PROP_RATE) {
    gst_value_set_fraction(value, self->rate_n, self->rate_d);
  } else if (id == PROP_MULTIPLIER) {
    g_value_set_int(value, self->multiplier);
  } else if (id == PROP_QOS) {
    g_value_set_boolean(value, self->qos);
  } else if (id >= PROP_IN && id <= PROP_FILLED) {
    gsize offset = counters[id - PROP_IN].offset;
    g_value_set_uint64(value, G_STRUCT_MEMBER(guint64, &self->counters, offset));
  } else if (!get_restore_property(&self->restore, id, value)) {
    G_OBJECT_WARN_INVALID_PROPERTY_ID(object, id, spec);
  }
  GST_OBJECT_UNLOCK(self);
}

static void gst_vfi_finalize(GObject *object) {
  GstVfi *self = GST_VFI(object);
  gst_vfi_options_free(self->options);
  g_free(self->restore.rectangles);
  g_free(self->restore.mask_location);
  G_OBJECT_CLASS(gst_vfi_parent_class)->finalize(object);
}

static void install_restore_properties(GObjectClass *object_class) {
  const GParamFlags flags = G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS | GST_PARAM_MUTABLE_READY;
  g_object_class_install_property(
      object_class, PROP_MODE,
      g_param_spec_enum("mode", "mode", "What is done", mode_type(), GST_VFI_INTERPOLATE, flags));
  gst_type_mark_as_plugin_api(mode_type(), 0);
  g_object_class_install_property(
      object_class, PROP_RECTANGLES,
      g_param_spec_string("rectangles", "rectangles",
                          "mode=inpaint: what to fill, as x:y:w:h|x:y:w:h", NULL, flags));
  g_object_class_install_property(
      object_class, PROP_MASK_LOCATION,
      g_param_spec_string("mask-location", "mask-location",
                          "mode=inpaint: a PGM picture of the video's size that is bright where to "
                          "fill",
                          NULL, flags));
  for (guint i = 0; i < G_N_ELEMENTS(numbers); i++)
    g_object_class_install_property(object_class, numbers[i].id,
                                    g_param_spec_int(numbers[i].name, numbers[i].name,
                                                     numbers[i].help, 0, 64, numbers[i].initial,
                                                     flags));
}

static void install_properties(GObjectClass *object_class) {
  const GParamFlags flags = G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS | GST_PARAM_MUTABLE_PLAYING;
  g_object_class_install_property(
      object_class, PROP_RATE,
      gst_param_spec_fraction("rate", "rate",
                              "Frames a second that are given; 0/1 = what downstream caps ask for, "
                              "or else the source's rate times the multiplier",
                              0, 1, G_MAXINT, 1, 0, 1, flags));
  g_object_class_install_property(
      object_class, PROP_MULTIPLIER,
      g_param_spec_int("multiplier", "multiplier",
                       "How many frames are given for one where downstream takes any rate", 1, 1024,
                       2, flags));
  /* Takes the place of the base class's property, which drops source frames. */
  g_object_class_install_property(
      object_class, PROP_QOS,
      g_param_spec_boolean(
          "qos", "qos", "When late, repeat source frames instead of making new ones", TRUE, flags));
  for (guint i = 0; i < G_N_ELEMENTS(counters); i++)
    g_object_class_install_property(object_class, counters[i].id,
                                    g_param_spec_uint64(counters[i].name, counters[i].name,
                                                        counters[i].help, 0, G_MAXUINT64, 0,
                                                        G_PARAM_READABLE | G_PARAM_STATIC_STRINGS));
  install_restore_properties(object_class);
  gst_vfi_options_install(object_class, PROP_OPTIONS);
}

static void gst_vfi_class_init(GstVfiClass *klass) {
  GObjectClass *object_class = G_OBJECT_CLASS(klass);
  GstElementClass *element_class = GST_ELEMENT_CLASS(klass);
  GstBaseTransformClass *transform_class = GST_BASE_TRANSFORM_CLASS(klass);
  GST_DEBUG_CATEGORY_INIT(gst_vfi_debug, "vfi", 0, "video frame interpolation");
  object_class->set_property = gst_vfi_set_property;
  object_class->get_property = gst_vfi_get_property;
  object_class->finalize = gst_vfi_finalize;
  install_properties(object_class);
  element_class->change_state = gst_vfi_change_state;
  gst_element_class_set_static_metadata(
      element_class, "Video frame interpolation", "Filter/Effect/Video",
      "Makes the frames that were not there, fills holes and repairs damage, on the CPU", "libvfi");
  transform_class->start = gst_vfi_start;
  transform_class->stop = gst_vfi_stop;
  gst_vfi_caps_class_init(transform_class);
  gst_vfi_allocation_class_init(transform_class);
  gst_vfi_events_class_init(transform_class);
  gst_vfi_frames_class_init(transform_class);
}

static void gst_vfi_init(GstVfi *self) {
  self->options = gst_vfi_options_new();
  self->rate_d = 1;
  self->multiplier = 2;
  self->qos = TRUE;
  for (guint i = 0; i < G_N_ELEMENTS(numbers); i++)
    *number_option(&self->restore, numbers[i].id) = numbers[i].initial;
  g_queue_init(&self->sent);
  self->proportion = 1;
  self->earliest = GST_CLOCK_TIME_NONE;
  gst_base_transform_set_qos_enabled(GST_BASE_TRANSFORM(self), FALSE);
}

static gboolean plugin_init(GstPlugin *plugin) { return GST_ELEMENT_REGISTER(vfi, plugin); }

GST_PLUGIN_DEFINE(GST_VERSION_MAJOR, GST_VERSION_MINOR, vfi, "Video frame interpolation",
                  plugin_init, VERSION, "MIT/X11", PACKAGE, "Unknown package origin")
