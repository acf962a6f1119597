/* SPDX-License-Identifier: MIT */
/* What is in the frames: source frames as they are, new ones as the library makes them. */
#include "support.h"

#include <string.h>

static const GstVideoFormat formats[] = {
    GST_VIDEO_FORMAT_I420,      GST_VIDEO_FORMAT_YV12,      GST_VIDEO_FORMAT_NV12,
    GST_VIDEO_FORMAT_I420_10LE, GST_VIDEO_FORMAT_P010_10LE, GST_VIDEO_FORMAT_I420_12LE,
    GST_VIDEO_FORMAT_Y42B,      GST_VIDEO_FORMAT_I422_10LE, GST_VIDEO_FORMAT_I422_12LE,
    GST_VIDEO_FORMAT_Y444,      GST_VIDEO_FORMAT_Y444_10LE, GST_VIDEO_FORMAT_Y444_12LE,
    GST_VIDEO_FORMAT_GRAY8,     GST_VIDEO_FORMAT_GBR,       GST_VIDEO_FORMAT_GBR_10LE,
    GST_VIDEO_FORMAT_RGB,       GST_VIDEO_FORMAT_BGRA,      GST_VIDEO_FORMAT_A420,
};

static Bench bench_of(GstVideoFormat format, const char *size, const char *out_rate) {
  gchar **sides = g_strsplit(size, "x", 2);
  gchar *in = g_strdup_printf("video/x-raw, format=%s, width=%s, height=%s, framerate=30/1",
                              gst_video_format_to_string(format), sides[0], sides[1]);
  gchar *out = g_strdup_printf("video/x-raw, framerate=%s", out_rate);
  Bench bench = bench_new(in, out, NULL);
  g_strfreev(sides);
  g_free(in);
  g_free(out);
  return bench;
}

/* The samples of a frame, row by row, without what is beside them. */
static GByteArray *samples(const GstVideoInfo *info, GstBuffer *buffer) {
  GByteArray *bytes = g_byte_array_new();
  GstVideoFrame frame;
  if (!gst_video_frame_map(&frame, info, buffer, GST_MAP_READ))
    return bytes;
  for (guint plane = 0; plane < GST_VIDEO_FRAME_N_PLANES(&frame); plane++) {
    gint components[GST_VIDEO_MAX_COMPONENTS];
    gst_video_format_info_component(info->finfo, plane, components);
    guint row = (guint)(GST_VIDEO_FRAME_COMP_WIDTH(&frame, components[0]) *
                        GST_VIDEO_FRAME_COMP_PSTRIDE(&frame, components[0]));
    for (int y = 0; y < GST_VIDEO_FRAME_COMP_HEIGHT(&frame, components[0]); y++)
      g_byte_array_append(bytes,
                          (guint8 *)GST_VIDEO_FRAME_PLANE_DATA(&frame, plane) +
                              (gssize)y * GST_VIDEO_FRAME_PLANE_STRIDE(&frame, plane),
                          row);
  }
  gst_video_frame_unmap(&frame);
  return bytes;
}

static gboolean equal(const GstVideoInfo *info, GstBuffer *a, GstBuffer *b) {
  GByteArray *of_a = samples(info, a), *of_b = samples(info, b);
  gboolean same =
      of_a->len > 0 && of_a->len == of_b->len && memcmp(of_a->data, of_b->data, of_a->len) == 0;
  g_byte_array_unref(of_a);
  g_byte_array_unref(of_b);
  return same;
}

/* Pushes two pictures; `outputs` gets the frames up to the second one. */
static void push_pair(Bench *bench, GstBuffer *sources[2], GstBuffer *outputs[], guint count) {
  for (guint i = 0; i < 2; i++) {
    GST_BUFFER_PTS(sources[i]) = bench_time(bench, i);
    GST_BUFFER_DURATION(sources[i]) = bench_time(bench, 1);
    gst_harness_push(bench->harness, gst_buffer_ref(sources[i]));
  }
  for (guint i = 0; i < count; i++)
    outputs[i] = bench_pull(bench);
}

static void release(GstBuffer *buffers[], guint count) {
  for (guint i = 0; i < count; i++)
    gst_clear_buffer(&buffers[i]);
}

/* In every format source frames keep their memory, new frames differ from both, and strides of the
   sources do not matter. */
static void all_formats(void) {
  for (guint i = 0; i < G_N_ELEMENTS(formats); i++) {
    const char *name = gst_video_format_to_string(formats[i]);
    GstBuffer *first[3], *second[3];
    Bench bench = bench_of(formats[i], "67x35", "60/1");
    GstBuffer *sources[2] = {picture(&bench.info, 0), picture(&bench.info, 1)};
    push_pair(&bench, sources, first, 3);
    CHECK(same_memory(first[0], sources[0]) && same_memory(first[2], sources[1]),
          "%s: source frames are handed on", name);
    CHECK(first[1] != NULL && !same_memory(first[1], sources[0]) &&
              !same_memory(first[1], sources[1]),
          "%s: a new frame", name);
    CHECK(!equal(&bench.info, first[1], sources[0]) && !equal(&bench.info, first[1], sources[1]),
          "%s: it is none of its sources", name);
    CHECK(bench_counter(&bench, "interpolated") == 1, "%s: it is interpolated", name);
    bench_free(&bench);

    bench = bench_of(formats[i], "67x35", "60/1");
    GstBuffer *padded[2] = {padded_picture(&bench.info, 0), padded_picture(&bench.info, 1)};
    push_pair(&bench, padded, second, 3);
    CHECK(equal(&bench.info, first[1], second[1]), "%s: strides do not matter", name);
    CHECK(same_memory(second[2], padded[1]) && gst_buffer_get_video_meta(second[2]) != NULL &&
              equal(&bench.info, second[2], sources[1]),
          "%s: a source frame keeps its strides", name);
    bench_free(&bench);
    release(first, 3);
    release(second, 3);
    release(sources, 2);
    release(padded, 2);
  }
}

/* Y, then U, then V, also where V stands first in memory. */
static GByteArray *yuv(const GstVideoInfo *info, GstBuffer *buffer) {
  GByteArray *all = samples(info, buffer);
  if (GST_VIDEO_INFO_FORMAT(info) == GST_VIDEO_FORMAT_YV12) {
    guint chroma = GST_VIDEO_INFO_COMP_WIDTH(info, 1) * GST_VIDEO_INFO_COMP_HEIGHT(info, 1);
    guint luma = all->len - 2 * chroma;
    g_byte_array_append(all, all->data + luma, chroma);
    g_byte_array_remove_range(all, luma, chroma);
  }
  return all;
}

/* The order of the planes in memory does not matter. */
static void order_of_planes(void) {
  static const GstVideoFormat both[2] = {GST_VIDEO_FORMAT_I420, GST_VIDEO_FORMAT_YV12};
  GByteArray *results[2];
  for (int i = 0; i < 2; i++) {
    Bench bench = bench_of(both[i], "64x48", "60/1");
    GstBuffer *sources[2] = {picture(&bench.info, 0), picture(&bench.info, 1)}, *outputs[3];
    push_pair(&bench, sources, outputs, 3);
    results[i] = yuv(&bench.info, outputs[1]);
    release(sources, 2);
    release(outputs, 3);
    bench_free(&bench);
  }
  CHECK(results[0]->len == results[1]->len &&
            memcmp(results[0]->data, results[1]->data, results[0]->len) == 0,
        "YV12 as I420");
  for (int i = 0; i < 2; i++)
    g_byte_array_unref(results[i]);
}

/* A still scene stays as it is, to one code value. */
static void still_scene(void) {
  for (guint i = 0; i < G_N_ELEMENTS(formats); i++) {
    Bench bench = bench_of(formats[i], "32x32", "60/1");
    GstBuffer *sources[2] = {picture(&bench.info, 0), picture(&bench.info, 0)}, *outputs[3];
    push_pair(&bench, sources, outputs, 3);
    CHECK(outputs[1] != NULL && equal(&bench.info, outputs[1], sources[0]), "%s: still",
          gst_video_format_to_string(formats[i]));
    CHECK(bench_counter(&bench, "copied") == 1, "counted as a copy");
    release(sources, 2);
    release(outputs, 3);
    bench_free(&bench);
  }
}

/* Describes a GRAY8 picture to the library. */
static vfi_frame described(const GstVideoInfo *info, GstMapInfo *map, GstBuffer *buffer) {
  vfi_frame frame;
  vfi_frame_init(&frame, sizeof frame);
  gst_buffer_map(buffer, map, GST_MAP_READ);
  frame.format = VFI_FORMAT_GRAY8;
  frame.width = GST_VIDEO_INFO_WIDTH(info);
  frame.height = GST_VIDEO_INFO_HEIGHT(info);
  frame.data[0] = map->data;
  frame.stride[0] = GST_VIDEO_INFO_PLANE_STRIDE(info, 0);
  frame.range =
      info->colorimetry.range == GST_VIDEO_COLOR_RANGE_0_255 ? VFI_RANGE_FULL : VFI_RANGE_LIMITED;
  return frame;
}

/* The instants of one pair are those of the library, byte by byte: 13 of them, so that they do not
   fit into one call. */
static void as_the_library(void) {
  enum { TIMES = 14, SIZE = 64 };
  Bench bench = bench_of(GST_VIDEO_FORMAT_GRAY8, "64x64", "420/1");
  GstBuffer *sources[2] = {picture(&bench.info, 0), picture(&bench.info, 1)}, *outputs[TIMES + 1];
  push_pair(&bench, sources, outputs, TIMES + 1);
  vfi_params params;
  vfi_params_init(&params, sizeof params);
  params.threads = 1;
  vfi_context *context = NULL;
  CHECK(vfi_create(&context, &params) == VFI_OK, "%s", vfi_last_error(NULL));
  GstMapInfo maps[2];
  vfi_frame a = described(&bench.info, &maps[0], sources[0]);
  vfi_frame b = described(&bench.info, &maps[1], sources[1]);
  guint8 *plane = g_malloc(SIZE * SIZE);
  for (guint n = 1; n < TIMES; n++) {
    vfi_frame out = a;
    out.data[0] = plane;
    gint64 time = (gint64)GST_BUFFER_PTS(outputs[n]), end = (gint64)bench_time(&bench, 1);
    CHECK(vfi_interpolate(context, &a, &b, time, end, &out, NULL) == VFI_OK, "instant %u", n);
    CHECK(gst_buffer_memcmp(outputs[n], 0, plane, SIZE * SIZE) == 0, "instant %u of %d", n, TIMES);
  }
  g_free(plane);
  for (int i = 0; i < 2; i++)
    gst_buffer_unmap(sources[i], &maps[i]);
  vfi_destroy(&context);
  release(sources, 2);
  release(outputs, TIMES + 1);
  bench_free(&bench);
}

/* Across a cut no output mixes both sides. */
static void cut(void) {
  Bench bench = bench_of(GST_VIDEO_FORMAT_GRAY8, "64x64", "120/1");
  GstBuffer *sources[2] = {picture(&bench.info, 0), picture(&bench.info, 0)}, *outputs[5];
  gst_buffer_memset(sources[0], 0, 20, 64 * 64);
  gst_buffer_memset(sources[1], 0, 220, 64 * 64);
  push_pair(&bench, sources, outputs, 5);
  for (guint n = 0; n < 5; n++)
    CHECK(outputs[n] != NULL && equal(&bench.info, outputs[n], sources[n < 3 ? 0 : 1]),
          "output %u is of one side", n);
  CHECK(bench_counter(&bench, "cuts") == 3, "counted: %u", (guint)bench_counter(&bench, "cuts"));
  CHECK(bench_counter(&bench, "held") == 3, "held");
  release(sources, 2);
  release(outputs, 5);
  bench_free(&bench);
}

/* Captions are said once; what is said of the size stays. */
static void metadata(void) {
  static const guint8 caption[] = {0xfc, 0x80, 0x80};
  Bench bench = bench_of(GST_VIDEO_FORMAT_GRAY8, "16x16", "120/1");
  GstBuffer *sources[2] = {picture(&bench.info, 0), picture(&bench.info, 1)}, *outputs[5];
  for (int i = 0; i < 2; i++) {
    gst_buffer_add_video_caption_meta(sources[i], GST_VIDEO_CAPTION_TYPE_CEA708_RAW, caption,
                                      sizeof caption);
    gst_buffer_add_video_crop_meta(sources[i])->width = 7 + (guint)i;
  }
  push_pair(&bench, sources, outputs, 5);
  guint captions = 0, crops = 0;
  for (guint n = 0; n < 5; n++) {
    captions += gst_buffer_get_video_caption_meta(outputs[n]) != NULL;
    const GstVideoCropMeta *crop = gst_buffer_get_video_crop_meta(outputs[n]);
    crops += crop != NULL && crop->width == (n <= 2 ? 7 : 8);
  }
  CHECK(captions == 2, "%u captions for two frames", captions);
  CHECK(crops == 5, "%u of 5 frames are cropped as the nearer source", crops);
  bench_eos(&bench);
  GstBuffer *held = bench_pull(&bench);
  CHECK(held != NULL && gst_buffer_get_video_caption_meta(held) == NULL, "not when held");
  gst_clear_buffer(&held);
  release(sources, 2);
  release(outputs, 5);
  bench_free(&bench);
}

/* Upstream may have strides of its own only where downstream reads them, and more buffers. */
static void proposed_allocation(void) {
  for (int takes_meta = 0; takes_meta < 2; takes_meta++) {
    Bench bench = bench_new(NULL, "video/x-raw, framerate=60/1", NULL);
    if (takes_meta)
      gst_harness_add_propose_allocation_meta(bench.harness, GST_VIDEO_META_API_TYPE, NULL);
    bench_caps(&bench, gray("16x16", "30/1"));
    GstCaps *caps = gst_caps_from_string(gray("16x16", "30/1"));
    GstQuery *query = gst_query_new_allocation(caps, TRUE);
    CHECK(gst_pad_peer_query(bench.harness->srcpad, query), "the query is answered");
    guint minimum = 0;
    GstBufferPool *pool = NULL;
    if (gst_query_get_n_allocation_pools(query) > 0)
      gst_query_parse_nth_allocation_pool(query, 0, &pool, NULL, &minimum, NULL);
    CHECK(pool != NULL && minimum >= 3, "two buffers more: %u", minimum);
    CHECK(gst_query_find_allocation_meta(query, GST_VIDEO_META_API_TYPE, NULL) == takes_meta,
          "GstVideoMeta as downstream has it: %d", takes_meta);
    gst_clear_object(&pool);
    gst_query_unref(query);
    gst_caps_unref(caps);
    bench_free(&bench);
  }
}

void test_pictures(void) {
  all_formats();
  order_of_planes();
  still_scene();
  as_the_library();
  cut();
  metadata();
  proposed_allocation();
}
