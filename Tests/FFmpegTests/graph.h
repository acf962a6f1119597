/* SPDX-License-Identifier: MIT */
/* A filter graph of FFmpeg, source -> vfi -> sink, that is fed and read frame by frame. */
#ifndef GRAPH_H
#define GRAPH_H

#include <libavfilter/avfilter.h>
#include <libavfilter/buffersink.h>
#include <libavfilter/buffersrc.h>
#include <libavutil/frame.h>

typedef struct graph {
  AVFilterGraph *all;
  AVFilterContext *source, *filter, *sink;
} graph;

typedef struct clip {
  enum AVPixelFormat format;
  int width, height;
  AVRational timebase, rate;
} clip;

/* What was logged since the last call of graph_open, warnings and errors. */
extern char graph_log[8192];
/* Buffers of pictures that are not freed yet. */
extern int graph_pictures;

/* Opens source -> vfi=options -> sink. Returns FFmpeg's code; after an error the graph is closed.
 */
int graph_open(graph *graph, const clip *clip, const char *options);
void graph_close(graph *graph);
/* Sends a frame, or the end with NULL, and takes the frame from the caller. */
int graph_send(graph *graph, AVFrame *frame);
/* The next frame, NULL if there is none; *code says why. */
AVFrame *graph_receive(graph *graph, int *code);
AVRational graph_timebase(const graph *graph);

/* A frame with a texture that moves with `step`, in memory whose release is counted. */
AVFrame *picture(const clip *clip, int64_t pts, int step);
/* Largest difference of two samples in code values; of floats in 1/255. */
double picture_difference(const AVFrame *a, const AVFrame *b);

#endif
