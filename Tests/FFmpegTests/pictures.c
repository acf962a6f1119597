/* SPDX-License-Identifier: MIT */
/* What stands in the frames that the filter gives, and what they say beside their samples. */
#include <libavutil/dict.h>
#include <libavutil/mastering_display_metadata.h>
#include <libavutil/pixdesc.h>
#include <string.h>

#include "../CInterfaceTests/check.h"
#include "graph.h"

static const clip small = {AV_PIX_FMT_YUV420P, 64, 48, {1, 25}, {25, 1}};

enum { MOST = 64 };
static AVFrame *outputs[MOST];

/* All outputs for these sources, which are taken from the caller. */
static int run(graph *graph, AVFrame *const *sources, int count) {
  int code, taken = 0;
  for (int i = 0; i < count; i++)
    CHECK(graph_send(graph, sources[i]) >= 0);
  CHECK(graph_send(graph, NULL) >= 0);
  while (taken < MOST && (outputs[taken] = graph_receive(graph, &code)))
    taken++;
  CHECK(code == AVERROR_EOF);
  return taken;
}

static void release(graph *graph, int count) {
  for (int i = 0; i < count; i++)
    av_frame_free(&outputs[i]);
  graph_close(graph);
  CHECK(graph_pictures == 0);
}

/* All formats of the filter, from its own list: 1x1 and odd sizes work, sources pass as they are,
   and of a still scene new frames differ by one code value at most. */
static void formats(void) {
  const char *const names[] = {"yuv420p",   "yuvj420p",  "yuv420p10", "yuv420p12", "yuv422p",
                               "yuvj422p",  "yuv422p10", "yuv422p12", "yuv444p",   "yuvj444p",
                               "yuv444p10", "yuv444p12", "nv12",      "p010",      "gray",
                               "gray10",    "gbrp",      "gbrp10",    "gbrpf32",   "rgb24",
                               "bgra",      "bgr0",      "yuva420p"};
  const int sizes[][2] = {{1, 1}, {33, 17}, {64, 48}};
  for (size_t i = 0; i < sizeof names / sizeof *names; i++)
    for (int j = 0; j < 3; j++) {
      graph graph;
      clip clip = small;
      clip.format = av_get_pix_fmt(names[i]);
      clip.width = sizes[j][0];
      clip.height = sizes[j][1];
      if (!CHECK(graph_open(&graph, &clip, "mult=3:vfi_params=duplicates=interpolate") >= 0))
        continue;
      AVFrame *sources[] = {picture(&clip, 0, 0), picture(&clip, 1, 0)};
      AVFrame *like = picture(&clip, 0, 0);
      const uint8_t *memory[] = {sources[0]->data[0], sources[1]->data[0]};
      int count = run(&graph, sources, 2);
      CHECK(count == 6);
      for (int k = 0; k < count; k++) {
        CHECK(outputs[k]->format == clip.format && outputs[k]->width == clip.width);
        CHECK((outputs[k]->data[0] == memory[k / 3]) == (k == 0 || k >= 3));
        double difference = picture_difference(outputs[k], like);
        if (!CHECK(difference <= (k == 1 || k == 2 ? 1 : 0)))
          printf("  %s %dx%d, output %d: %g\n", names[i], clip.width, clip.height, k, difference);
      }
      av_frame_free(&like);
      release(&graph, count);
    }
}

static int is_key(const AVFrame *frame) {
#ifdef AV_FRAME_FLAG_KEY
  return (frame->flags & AV_FRAME_FLAG_KEY) != 0;
#else
  return frame->key_frame;
#endif
}

static int has(const AVFrame *frame, enum AVFrameSideDataType type) {
  return av_frame_get_side_data(frame, type) != NULL;
}

/* New frames carry what holds for the scene, not what belongs to one coded picture. */
static void properties(void) {
  graph graph;
  AVFrame *sources[3];
  for (int i = 0; i < 3; i++) {
    AVFrame *frame = sources[i] = picture(&small, i, i);
    frame->colorspace = AVCOL_SPC_BT2020_NCL;
    frame->color_trc = AVCOL_TRC_SMPTE2084;
    frame->color_range = AVCOL_RANGE_MPEG;
    frame->chroma_location = AVCHROMA_LOC_TOPLEFT;
    frame->sample_aspect_ratio = (AVRational){4, 3};
    frame->pict_type = AV_PICTURE_TYPE_I;
#ifdef AV_FRAME_FLAG_KEY
    frame->flags |= AV_FRAME_FLAG_KEY;
#else
    frame->key_frame = 1;
#endif
    av_dict_set_int(&frame->metadata, "number", i, 0);
    av_frame_new_side_data(frame, AV_FRAME_DATA_A53_CC, 6);
    av_frame_new_side_data(frame, AV_FRAME_DATA_S12M_TIMECODE, 16);
    av_frame_new_side_data(frame, AV_FRAME_DATA_FILM_GRAIN_PARAMS, 16);
    av_mastering_display_metadata_create_side_data(frame);
    av_content_light_metadata_create_side_data(frame);
  }
  CHECK(graph_open(&graph, &small, "mult=4") >= 0);
  int count = run(&graph, sources, 3);
  CHECK(count == 12);
  for (int i = 0; i < count; i++) {
    const AVFrame *frame = outputs[i];
    int is_first = i % 4 == 0;
    int nearer = i >= 8 ? 2 : (i + 1) / 4; /* of two equally near, the earlier one */
    CHECK(frame->pts == i && frame->colorspace == AVCOL_SPC_BT2020_NCL);
    CHECK(frame->color_trc == AVCOL_TRC_SMPTE2084 && frame->color_range == AVCOL_RANGE_MPEG);
    CHECK(frame->chroma_location == AVCHROMA_LOC_TOPLEFT && frame->sample_aspect_ratio.num == 4);
    CHECK(has(frame, AV_FRAME_DATA_MASTERING_DISPLAY_METADATA));
    CHECK(has(frame, AV_FRAME_DATA_CONTENT_LIGHT_LEVEL));
    CHECK(has(frame, AV_FRAME_DATA_A53_CC) == is_first);
    CHECK(has(frame, AV_FRAME_DATA_S12M_TIMECODE) == is_first);
    CHECK(has(frame, AV_FRAME_DATA_FILM_GRAIN_PARAMS) == is_first);
    CHECK(is_key(frame) == is_first);
    CHECK(frame->pict_type == (is_first ? AV_PICTURE_TYPE_I : AV_PICTURE_TYPE_NONE));
    const AVDictionaryEntry *number = av_dict_get(frame->metadata, "number", NULL, 0);
    if (!CHECK(number && number->value[0] == '0' + nearer))
      printf("  output %d\n", i);
  }
  release(&graph, count);
}

/* Motion is made; across a cut the nearer source is repeated; without detection it is mixed. */
static void cuts(void) {
  const char *const options[] = {"mult=4", "mult=4:scd=none", "mult=4:scd_threshold=100"};
  for (int i = 0; i < 3; i++) {
    graph graph;
    CHECK(graph_open(&graph, &small, options[i]) >= 0);
    AVFrame *sources[] = {picture(&small, 0, 0), picture(&small, 1, 1), picture(&small, 2, 0)};
    memset(sources[2]->data[0], 16, (size_t)sources[2]->linesize[0] * 48);
    const uint8_t *memory[] = {sources[0]->data[0], sources[1]->data[0], sources[2]->data[0]};
    int count = run(&graph, sources, 3), copies = 0;
    CHECK(count == 12);
    for (int k = 1; k < 4; k++)
      CHECK(outputs[k]->data[0] != memory[0] && outputs[k]->data[0] != memory[1]);
    for (int k = 5; k < 8; k++)
      copies += outputs[k]->data[0] == memory[k < 7 ? 1 : 2];
    CHECK(copies == (i == 0 ? 3 : 0));
    release(&graph, count);
  }
}

/* Commands work between frames; wrong ones change nothing. */
static void commands(void) {
  enum { SOURCES = 6 };
  graph graph;
  char reply[64];
  int code, copies[SOURCES] = {0};
  const uint8_t *memory[SOURCES];
  /* Without a frame that is waited for, a command holds for the next pair. */
  CHECK(graph_open(&graph, &small, "mult=2:motion=linear") >= 0);
  AVFilterGraph *all = graph.all;
  CHECK(avfilter_graph_send_command(all, "vfi", "scd_threshold", "101", reply, 64, 0) < 0);
  CHECK(avfilter_graph_send_command(all, "vfi", "quality", "medium", reply, 64, 0) < 0);
  CHECK(avfilter_graph_send_command(all, "vfi", "fps", "50", reply, 64, 0) == AVERROR(ENOSYS));
  for (int i = 0; i < SOURCES; i++) {
    if (i == 2) /* then every pair is a cut */
      CHECK(avfilter_graph_send_command(all, "vfi", "scd_threshold", "0", reply, 64, 0) >= 0);
    if (i == 4) {
      CHECK(avfilter_graph_send_command(all, "vfi", "scd_threshold", "100", reply, 64, 0) >= 0);
      CHECK(avfilter_graph_send_command(all, "vfi", "quality", "best", reply, 64, 0) >= 0);
    }
    AVFrame *source = picture(&small, i, i);
    memory[i] = source->data[0];
    CHECK(graph_send(&graph, source) >= 0);
    for (AVFrame *frame; (frame = graph_receive(&graph, &code)); av_frame_free(&frame))
      copies[i] +=
          frame->pts % 2 && (frame->data[0] == memory[i] || frame->data[0] == memory[i - 1]);
  }
  for (int i = 1; i < SOURCES; i++)
    CHECK(copies[i] == (i == 2 || i == 3));
  graph_close(&graph);
  CHECK(graph_pictures == 0);
}

int main(void) {
  formats();
  properties();
  cuts();
  commands();
  return check_report();
}
