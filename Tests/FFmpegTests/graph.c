/* SPDX-License-Identifier: MIT */
#include "graph.h"

#include <libavutil/imgutils.h>
#include <libavutil/mem.h>
#include <libavutil/opt.h>
#include <libavutil/pixdesc.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

char graph_log[8192];
int graph_pictures;

static void collect(void *opaque, int level, const char *format, va_list arguments) {
  size_t used = strlen(graph_log);
  (void)opaque;
  if (level <= AV_LOG_WARNING && used < sizeof graph_log - 1)
    vsnprintf(graph_log + used, sizeof graph_log - used, format, arguments);
}

int graph_open(graph *graph, const clip *clip, const char *options) {
  char text[256];
  int ret;
  graph_log[0] = 0;
  av_log_set_callback(collect);
  graph->all = avfilter_graph_alloc();
  graph->all->nb_threads = 2;
  snprintf(text, sizeof text,
           "video_size=%dx%d:pix_fmt=%d:time_base=%d/%d:frame_rate=%d/%d:pixel_aspect=4/3",
           clip->width, clip->height, clip->format, clip->timebase.num, clip->timebase.den,
           clip->rate.num, clip->rate.den);
  ret = avfilter_graph_create_filter(&graph->source, avfilter_get_by_name("buffer"), "source", text,
                                     NULL, graph->all);
  if (ret >= 0)
    ret = avfilter_graph_create_filter(&graph->filter, avfilter_get_by_name("vfi"), "vfi", options,
                                       NULL, graph->all);
  if (ret >= 0)
    ret = avfilter_graph_create_filter(&graph->sink, avfilter_get_by_name("buffersink"), "sink",
                                       NULL, NULL, graph->all);
  if (ret >= 0)
    ret = avfilter_link(graph->source, 0, graph->filter, 0);
  if (ret >= 0)
    ret = avfilter_link(graph->filter, 0, graph->sink, 0);
  if (ret >= 0)
    ret = avfilter_graph_config(graph->all, NULL);
  if (ret < 0)
    graph_close(graph);
  return ret;
}

void graph_close(graph *graph) { avfilter_graph_free(&graph->all); }

int graph_send(graph *graph, AVFrame *frame) {
  int ret = av_buffersrc_add_frame_flags(graph->source, frame, AV_BUFFERSRC_FLAG_PUSH);
  av_frame_free(&frame);
  return ret;
}

AVFrame *graph_receive(graph *graph, int *code) {
  AVFrame *frame = av_frame_alloc();
  *code = av_buffersink_get_frame(graph->sink, frame);
  if (*code < 0)
    av_frame_free(&frame);
  return frame;
}

AVRational graph_timebase(const graph *graph) { return av_buffersink_get_time_base(graph->sink); }

static void release(void *opaque, uint8_t *memory) {
  (void)opaque;
  graph_pictures--;
  av_free(memory);
}

/* Waves with no two samples alike nearby; every value stays inside the format's range. */
static int wave(int x, int y, int step) {
  return (int)(128 + 60 * sin(0.31 * (x - 2 * step)) + 50 * sin(0.23 * y + 0.11 * x));
}

AVFrame *picture(const clip *clip, int64_t pts, int step) {
  const AVPixFmtDescriptor *format = av_pix_fmt_desc_get(clip->format);
  AVFrame *frame = av_frame_alloc();
  int size = av_image_get_buffer_size(clip->format, clip->width, clip->height, 32);
  uint8_t *memory = av_mallocz((size_t)size + 64);
  frame->buf[0] = av_buffer_create(memory, (size_t)size + 64, release, NULL, 0);
  graph_pictures++;
  frame->format = clip->format;
  frame->width = clip->width;
  frame->height = clip->height;
  frame->pts = pts;
  av_image_fill_arrays(frame->data, frame->linesize, memory, clip->format, clip->width,
                       clip->height, 32);
  for (int c = 0; c < format->nb_components; c++) {
    const AVComponentDescriptor *component = &format->comp[c];
    int is_chroma = (c == 1 || c == 2) && !(format->flags & AV_PIX_FMT_FLAG_RGB);
    int width = is_chroma ? AV_CEIL_RSHIFT(clip->width, format->log2_chroma_w) : clip->width;
    int height = is_chroma ? AV_CEIL_RSHIFT(clip->height, format->log2_chroma_h) : clip->height;
    for (int y = 0; y < height; y++)
      for (int x = 0; x < width; x++) {
        uint8_t *place = frame->data[component->plane] +
                         (ptrdiff_t)y * frame->linesize[component->plane] +
                         (ptrdiff_t)x * component->step + component->offset;
        int value = wave(x + 7 * c, y, step);
        if (format->flags & AV_PIX_FMT_FLAG_FLOAT)
          *(float *)(void *)place = (float)value / 255;
        else if (component->depth > 8)
          *(uint16_t *)(void *)place =
              (uint16_t)((value << (component->depth - 8)) << component->shift);
        else
          *place = (uint8_t)value;
      }
  }
  return frame;
}

double picture_difference(const AVFrame *a, const AVFrame *b) {
  const AVPixFmtDescriptor *format = av_pix_fmt_desc_get(a->format);
  double most = 0;
  for (int plane = 0; plane < av_pix_fmt_count_planes(a->format); plane++) {
    int is_chroma = (plane == 1 || plane == 2) && !(format->flags & AV_PIX_FMT_FLAG_RGB);
    int height = is_chroma ? AV_CEIL_RSHIFT(a->height, format->log2_chroma_h) : a->height;
    int bytes = av_image_get_linesize(a->format, a->width, plane);
    int size = format->flags & AV_PIX_FMT_FLAG_FLOAT ? 4 : format->comp[0].depth > 8 ? 2 : 1;
    for (int y = 0; y < height; y++)
      for (int x = 0; x + size <= bytes; x += size) {
        const uint8_t *p = a->data[plane] + (ptrdiff_t)y * a->linesize[plane] + x;
        const uint8_t *q = b->data[plane] + (ptrdiff_t)y * b->linesize[plane] + x;
        double one = *p, other = *q;
        if (size == 4) {
          one = 255 * (double)*(const float *)(const void *)p;
          other = 255 * (double)*(const float *)(const void *)q;
        } else if (size == 2) {
          one = *(const uint16_t *)(const void *)p >> format->comp[0].shift;
          other = *(const uint16_t *)(const void *)q >> format->comp[0].shift;
        }
        most = fmax(most, fabs(one - other));
      }
  }
  return most;
}
