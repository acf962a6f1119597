/* SPDX-License-Identifier: MIT */
/* Buffers: where new frames go, what upstream may give, and which metadata comes along. */
#include "gstvfi.h"

#define GST_CAT_DEFAULT gst_vfi_debug

static GstBaseTransformClass *parent_class;

/* ---------------------------------------------------------------- metadata -------------------- */

/* Captions, time codes and regions are of one picture: a new or repeated one has none. */
static gboolean is_of_one_picture(GType api) {
  return api == GST_VIDEO_CAPTION_META_API_TYPE || api == GST_VIDEO_TIME_CODE_META_API_TYPE ||
         api == GST_VIDEO_REGION_OF_INTEREST_META_API_TYPE ||
         api == GST_REFERENCE_TIMESTAMP_META_API_TYPE;
}

/* New frames have size and colour of their sources, so metadata of these stays true. */
static gboolean gst_vfi_transform_meta(GstBaseTransform *transform, GstBuffer *outbuf,
                                       GstMeta *meta, GstBuffer *inbuf) {
  static const gchar *const kept[] = {GST_META_TAG_VIDEO_STR, GST_META_TAG_VIDEO_COLORSPACE_STR,
                                      GST_META_TAG_VIDEO_SIZE_STR,
                                      GST_META_TAG_VIDEO_ORIENTATION_STR, NULL};
  (void)outbuf, (void)inbuf;
  GType api = meta->info->api;
  if (api == GST_PARENT_BUFFER_META_API_TYPE)
    return FALSE;
  /* A filled picture is still the same one. */
  if (is_of_one_picture(api))
    return GST_VFI(transform)->stream != NULL;
  const gchar *const *tags = gst_meta_api_type_get_tags(api);
  for (; tags != NULL && *tags != NULL; tags++)
    if (!g_strv_contains(kept, *tags))
      return FALSE;
  return TRUE;
}

static gboolean strip(GstBuffer *buffer, GstMeta **meta, gpointer data) {
  (void)buffer, (void)data;
  if (is_of_one_picture((*meta)->info->api))
    *meta = NULL;
  return TRUE;
}

void gst_vfi_strip_metadata(GstBuffer *buffer) { gst_buffer_foreach_meta(buffer, strip, NULL); }

/* ---------------------------------------------------------------- new frames ------------------ */

/* Takes downstream's pool, or makes one, for the new frames. */
static gboolean gst_vfi_decide_allocation(GstBaseTransform *transform, GstQuery *query) {
  GstVfi *self = GST_VFI(transform);
  GstCaps *caps;
  gst_query_parse_allocation(query, &caps, NULL);
  self->downstream_takes_video_meta =
      gst_query_find_allocation_meta(query, GST_VIDEO_META_API_TYPE, NULL);

  GstBufferPool *pool = NULL;
  guint size = (guint)GST_VIDEO_INFO_SIZE(&self->out_info), minimum = 0, maximum = 0;
  gboolean offered = gst_query_get_n_allocation_pools(query) > 0;
  if (offered)
    gst_query_parse_nth_allocation_pool(query, 0, &pool, &size, &minimum, &maximum);
  size = MAX(size, (guint)GST_VIDEO_INFO_SIZE(&self->out_info));
  if (pool == NULL)
    pool = gst_video_buffer_pool_new();
  GstStructure *config = gst_buffer_pool_get_config(pool);
  if (self->downstream_takes_video_meta)
    gst_buffer_pool_config_add_option(config, GST_BUFFER_POOL_OPTION_VIDEO_META);
  gst_buffer_pool_config_set_params(config, caps, size, minimum, maximum);
  /* A pool may refuse; the base class then looks after it. */
  if (!gst_buffer_pool_set_config(pool, config))
    GST_DEBUG_OBJECT(self, "the pool changed its configuration");
  if (offered)
    gst_query_set_nth_allocation_pool(query, 0, pool, size, minimum, maximum);
  else
    gst_query_add_allocation_pool(query, pool, size, minimum, maximum);
  gst_object_unref(pool);
  return parent_class->decide_allocation(transform, query);
}

GstFlowReturn gst_vfi_acquire(GstVfi *self, GstBuffer *model, gboolean wait, GstBuffer **buffer) {
  GstBaseTransform *transform = GST_BASE_TRANSFORM(self);
  *buffer = NULL;
  if (wait)
    return parent_class->prepare_output_buffer(transform, model, buffer);
  GstBufferPool *pool = gst_base_transform_get_buffer_pool(transform);
  if (pool == NULL)
    return GST_FLOW_ERROR;
  GstBufferPoolAcquireParams params = {.flags = GST_BUFFER_POOL_ACQUIRE_FLAG_DONTWAIT};
  GstFlowReturn flow = gst_buffer_pool_acquire_buffer(pool, buffer, &params);
  gst_object_unref(pool);
  if (flow == GST_FLOW_OK)
    parent_class->copy_metadata(transform, model, *buffer);
  return flow;
}

/* ---------------------------------------------------------------- what upstream may give ------ */

/* Two source frames are held, or those that are looked ahead, so upstream needs that many more.
   Source frames are handed on as they are: they may have strides of their own only where downstream
   reads them. */
static gboolean gst_vfi_propose_allocation(GstBaseTransform *transform, GstQuery *decide_query,
                                           GstQuery *query) {
  GstVfi *self = GST_VFI(transform);
  if (!parent_class->propose_allocation(transform, decide_query, query))
    return FALSE;
  if (decide_query == NULL)
    return TRUE; /* passthrough: downstream has answered */
  GstCaps *caps;
  gboolean need_pool;
  GstVideoInfo info;
  gst_query_parse_allocation(query, &caps, &need_pool);
  if (caps == NULL || !gst_video_info_from_caps(&info, caps))
    return FALSE;
  guint size = (guint)GST_VIDEO_INFO_SIZE(&info);
  guint most = self->stream != NULL ? (guint)self->look_ahead + 2 : 3; /* one is in work */
  GstBufferPool *pool = NULL;
  if (need_pool) {
    pool = gst_video_buffer_pool_new();
    GstStructure *config = gst_buffer_pool_get_config(pool);
    gst_buffer_pool_config_set_params(config, caps, size, most, 0);
    gst_buffer_pool_set_config(pool, config);
  }
  gst_query_add_allocation_pool(query, pool, size, most, 0);
  gst_clear_object(&pool);
  if (self->downstream_takes_video_meta)
    gst_query_add_allocation_meta(query, GST_VIDEO_META_API_TYPE, NULL);
  return TRUE;
}

void gst_vfi_allocation_class_init(GstBaseTransformClass *transform_class) {
  parent_class = g_type_class_peek_parent(transform_class);
  transform_class->transform_meta = gst_vfi_transform_meta;
  transform_class->decide_allocation = gst_vfi_decide_allocation;
  transform_class->propose_allocation = gst_vfi_propose_allocation;
}
