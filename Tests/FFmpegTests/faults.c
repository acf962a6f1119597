/* SPDX-License-Identifier: MIT */
/* What users and other filters do wrong: a message, no crash, no source frame lost. */
#include <libavutil/imgutils.h>
#include <libavutil/mem.h>
#include <limits.h>
#include <string.h>

#include "../CInterfaceTests/check.h"
#include "graph.h"

static const clip small = {AV_PIX_FMT_YUV420P, 64, 48, {1, 25}, {25, 1}};

static void check_log(const char *message) {
  if (!CHECK(strstr(graph_log, message) != NULL))
    printf("  wanted: %s\n  logged: %s\n", message, graph_log);
}

static void options(void) {
  const struct {
    const char *options, *message;
  } wrong[] = {
      {"fps=60:mult=2", "fps and mult exclude each other"},
      {"model=/there/is/no.safetensors", "/there/is/no.safetensors"},
      {"no_such_option=1", "no_such_option"},
      {"vfi_params=no_such_option=1", "there is no option 'no_such_option'"},
      {"vfi_params=sparsity=most", "'most' is not one of"},
      {"quality=medium", "medium"},
      {"scd_threshold=101", "out of range"},
      {"mult=1025", "out of range"},
      {"fps=0", "is no frame rate above 0"},
      {"fps=-5", "is no frame rate above 0"},
      {"fps=0/0", "is no frame rate above 0"},
      {"fps=1/0", "is no frame rate above 0"},
      {"fps=often", "fps=often is no frame rate"},
  };
  graph graph;
  for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
    CHECK(graph_open(&graph, &small, wrong[i].options) < 0);
    check_log(wrong[i].message);
  }
  clip clip = small;
  clip.rate = (AVRational){0, 1};
  CHECK(graph_open(&graph, &clip, "") == AVERROR(EINVAL));
  check_log("The frame rate of the input is 0/1");
  CHECK(graph_open(&graph, &clip, "fps=source_fps*2") == AVERROR(EINVAL));
  CHECK(graph_open(&graph, &clip, "fps=60") >= 0);
  graph_close(&graph);
  clip.width = 16385;
  CHECK(graph_open(&graph, &clip, "fps=60") == AVERROR(EINVAL));
  check_log("16385x48 is larger than 16384x16384");
}

/* A picture of zeros that takes no memory before it is read. */
static AVFrame *blank(int width, int height, int64_t pts) {
  AVFrame *frame = av_frame_alloc();
  frame->format = AV_PIX_FMT_GRAY8;
  frame->width = width;
  frame->height = height;
  frame->pts = pts;
  frame->buf[0] = av_buffer_allocz((size_t)width * (size_t)height);
  frame->data[0] = frame->buf[0]->data;
  frame->linesize[0] = width;
  return frame;
}

/* The source at the time of an output comes before the failure; after it nothing leaks. A pair is
   made as soon as it is there, unless the frame behind it is waited for. */
static void memory(void) {
  graph graph;
  int code;
  AVFrame *frame;
  for (int i = 0; i < 2; i++) {
    CHECK(graph_open(&graph, &small,
                     i ? "motion=linear" : "motion=linear:vfi_params=memory_limit=10000") >= 0);
    CHECK(graph_send(&graph, picture(&small, 0, 0)) >= 0);
    AVFrame *next = picture(&small, 1, 1);
    if (i)
      av_max_alloc(2000);
    CHECK(graph_send(&graph, next) == AVERROR(ENOMEM));
    av_max_alloc(INT_MAX);
    if (!i)
      check_log("out of memory: ");
    CHECK((frame = graph_receive(&graph, &code)) != NULL);
    av_frame_free(&frame);
    graph_close(&graph);
    CHECK(graph_pictures == 0);
  }
  /* Instead of what 16384 x 16384 would take. */
  clip large = {AV_PIX_FMT_GRAY8, 16384, 16384, {1, 25}, {25, 1}};
  CHECK(graph_open(
            &graph, &large,
            "scd=none:motion=linear:vfi_params=duplicates=interpolate\\:memory_limit=1000000000") >=
        0);
  CHECK(graph_send(&graph, blank(16384, 16384, 0)) >= 0);
  CHECK(graph_send(&graph, blank(16384, 16384, 1)) == AVERROR(ENOMEM));
  check_log("out of memory: ");
  graph_close(&graph);
}

static void set_interlaced(AVFrame *frame) {
#ifdef AV_FRAME_FLAG_INTERLACED
  frame->flags |= AV_FRAME_FLAG_INTERLACED;
#else
  frame->interlaced_frame = 1;
#endif
}

/* Sends sources of several kinds; each must come out as it went in, and new pictures only between
   those whose `like` is the same and not 0. */
static void check_mixture(const clip *clips, const int *like, int count, const char *message) {
  graph graph;
  int code, outputs = 0;
  const uint8_t *memory[16];
  CHECK(graph_open(&graph, &clips[0], "mult=2") >= 0);
  for (int i = 0; i <= count; i++) {
    AVFrame *frame = i < count ? picture(&clips[i], i, i) : NULL;
    if (frame && !like[i])
      set_interlaced(frame);
    if (frame)
      memory[i] = frame->data[0];
    CHECK(graph_send(&graph, frame) >= 0);
    for (; (frame = graph_receive(&graph, &code)); outputs++) {
      int source = outputs / 2;
      int is_new =
          outputs % 2 && source + 1 < count && like[source] && like[source] == like[source + 1];
      CHECK(frame->pts == outputs && source < count);
      CHECK(frame->format == clips[source].format && frame->width == clips[source].width);
      if (!CHECK((frame->data[0] != memory[source]) == is_new))
        printf("  output %d\n", outputs);
      av_frame_free(&frame);
    }
  }
  CHECK(outputs == 2 * count);
  const char *found = strstr(graph_log, message);
  check_log(message);
  CHECK(found && !strstr(found + 1, message)); /* said once */
  graph_close(&graph);
  CHECK(graph_pictures == 0);
}

static void changes(void) {
  const clip large = {AV_PIX_FMT_YUV420P, 96, 64, {1, 25}, {25, 1}};
  const clip deep = {AV_PIX_FMT_YUV444P10, 64, 48, {1, 25}, {25, 1}};
  const clip unknown = {AV_PIX_FMT_YUV411P, 64, 48, {1, 25}, {25, 1}};
  const clip sizes[] = {small, small, large, large, large, small, small};
  check_mixture(sizes, (const int[]){1, 1, 2, 2, 2, 1, 1}, 7, "size, format or colour changes");
  const clip formats[] = {small, small, deep, deep, unknown, unknown, small};
  check_mixture(formats, (const int[]){1, 1, 2, 2, 3, 4, 1}, 7, "size, format or colour changes");
  const clip same[] = {small, small, small, small, small, small};
  check_mixture(same, (const int[]){0, 0, 0, 1, 1, 0}, 6, "deinterlace");
}

/* Frames in the filter and in the queues around it are freed with the graph. */
static void closing(void) {
  for (int received = 0; received < 4; received++) {
    graph graph;
    int code;
    CHECK(graph_open(&graph, &small, "mult=8") >= 0);
    for (int i = 0; i < 4; i++)
      CHECK(graph_send(&graph, picture(&small, i, i)) >= 0);
    for (int i = 0; i < received; i++) {
      AVFrame *frame = graph_receive(&graph, &code);
      CHECK(frame != NULL);
      av_frame_free(&frame);
    }
    graph_close(&graph);
    CHECK(graph_pictures == 0);
  }
}

/* A sink that takes one frame does not make the filter fill an hour with repetitions. */
static void slow_sink(void) {
  graph graph;
  int code;
  CHECK(graph_open(&graph, &small, "fps=1000") >= 0);
  CHECK(graph_send(&graph, picture(&small, 0, 0)) >= 0);
  CHECK(graph_send(&graph, picture(&small, 25 * 3600, 1)) >= 0);
  AVFrame *frame = graph_receive(&graph, &code);
  CHECK(frame && frame->pts == 0);
  /* Every repetition that waits in a queue refers to the first picture. */
  CHECK(frame && av_buffer_get_ref_count(frame->buf[0]) < 10);
  av_frame_free(&frame);
  graph_close(&graph);
  CHECK(graph_pictures == 0);
}

int main(void) {
  options();
  memory();
  changes();
  closing();
  slow_sink();
  return check_report();
}
