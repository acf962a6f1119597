/* SPDX-License-Identifier: MIT */
/* Which frames the filter gives, at which times, and that source frames stay what they are. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../CInterfaceTests/check.h"
#include "graph.h"

static const clip film = {AV_PIX_FMT_YUV420P, 16, 16, {1001, 24000}, {24000, 1001}};
static const clip milliseconds = {AV_PIX_FMT_YUV420P, 16, 16, {1, 1000}, {25, 1}};

static void set_duration(AVFrame *frame, int64_t duration) {
#if LIBAVUTIL_VERSION_INT >= AV_VERSION_INT(57, 30, 100)
  frame->duration = duration;
#else
  frame->pkt_duration = duration;
#endif
}

/* Sends sources at `times` and checks that outputs come at all times start + n * step before `end`,
   in units of the output, and that those at the time of a source have its buffer. */
static void check_run(const clip *clip, const char *options, const int64_t *times, int count,
                      int64_t step, int64_t end) {
  graph graph;
  AVFrame *frame;
  int code, sent = 0, taken = 0;
  const uint8_t **memory = calloc((size_t)count, sizeof *memory);
  if (!CHECK(graph_open(&graph, clip, options) >= 0))
    return;
  AVRational unit = graph_timebase(&graph);
  int64_t expected = av_rescale_q(times[0], clip->timebase, unit);
  for (; sent <= count; sent++) {
    frame = sent < count ? picture(clip, times[sent], sent) : NULL;
    if (frame)
      memory[sent] = frame->data[0];
    CHECK(graph_send(&graph, frame) >= 0);
    while ((frame = graph_receive(&graph, &code))) {
      CHECK(frame->pts == expected);
      while (taken < count && av_rescale_q(times[taken], clip->timebase, unit) < frame->pts)
        taken++;
      if (taken < count && av_rescale_q(times[taken], clip->timebase, unit) == frame->pts)
        CHECK(frame->data[0] == memory[taken]);
      expected += step;
      av_frame_free(&frame);
    }
    CHECK(code == (sent < count ? AVERROR(EAGAIN) : AVERROR_EOF));
  }
  CHECK(expected >= end && expected < end + step);
  graph_close(&graph);
  CHECK(graph_pictures == 0);
  free(memory);
}

static void rates(void) {
  const int64_t times[] = {0, 1, 2, 3, 4, 5, 6, 7};
  check_run(&film, "", times, 8, 1, 16); /* unit: half an interval */
  check_run(&film, "mult=5", times, 8, 1, 40);
  check_run(&film, "60", times, 8, 400, 8 * 1001); /* unit: 1/24000 */
  check_run(&film, "fps=60000/1001", times, 8, 2, 8 * 5);
  check_run(&film, "fps=source_fps*2", times, 8, 1, 16);
  check_run(&film, "fps=ntsc*2", times, 8, 2, 8 * 5);
  check_run(&film, "fps=ntsc", times, 8, 4, 8 * 5);
  check_run(&film, "fps=12000/1001", times, 8, 2, 8);
  check_run(&film, "fps=pal", times, 8, 960, 8 * 1001);
  /* An offset that is no multiple of the output interval is kept. */
  const int64_t late[] = {100007, 100008, 100009};
  check_run(&film, "60", late, 3, 400, INT64_C(100010) * 1001);
  const int64_t early[] = {-3, -2, -1, 0};
  check_run(&film, "60", early, 4, 400, 1001);
}

/* No time base holds both times exactly: the output's interval is kept, sources are rounded. */
static void odd_units(void) {
  const clip fine = {AV_PIX_FMT_YUV420P, 16, 16, {1, 999999937}, {25, 1}};
  const AVRational unit = {143, 306780000};
  int64_t times[50];
  for (int i = 0; i < 50; i++)
    times[i] = INT64_C(1000000000000) + i * INT64_C(40000001);
  int64_t last = av_rescale_q(times[49], fine.timebase, unit);
  int64_t interval = last - av_rescale_q(times[48], fine.timebase, unit);
  check_run(&fine, "fps=60000/1001", times, 50, 35791, last + interval);
}

static void variable_rate(void) {
  int64_t times[200], time = 12345;
  uint32_t random = 1;
  for (int i = 0; i < 200; i++) {
    times[i] = time;
    random = random * 1664525 + 1013904223;
    time += 1 + (random >> 24) % 120;
  }
  /* The last frame lasts as long as the interval before it. Unit: 1/3000. */
  check_run(&milliseconds, "fps=60", times, 200, 50, 3 * (2 * times[199] - times[198]));
  check_run(&milliseconds, "fps=50", times, 200, 20, 2 * times[199] - times[198]);
  /* A gap above max_gap is filled with the frame before it. */
  const int64_t gap[] = {0, 40, 5040, 5080};
  check_run(&milliseconds, "fps=50", gap, 4, 20, 5120);
  const int64_t one[] = {77};
  check_run(&milliseconds, "fps=50", one, 1, 20, 117);
}

static int frames_until_end(graph *graph) {
  int code, count = 0;
  for (AVFrame *frame; (frame = graph_receive(graph, &code)); count++)
    av_frame_free(&frame);
  CHECK(code == AVERROR_EOF);
  return count;
}

/* The end: a duration is believed, unless durations were wrong before. */
static void durations(void) {
  const int64_t cases[][4] = {/* interval, duration, last duration, outputs at 50/s */
                              {40, 40, 40, 6}, {40, 40, 100, 9}, {40, 0, 0, 6},
                              {40, 40, 0, 6},  {80, 40, 40, 12}, {40, 40, 10, 5}};
  for (int i = 0; i < 6; i++) {
    graph graph;
    CHECK(graph_open(&graph, &milliseconds, "fps=50") >= 0);
    for (int j = 0; j < 3; j++) {
      AVFrame *frame = picture(&milliseconds, j * cases[i][0], j);
      set_duration(frame, cases[i][j == 2 ? 2 : 1]);
      CHECK(graph_send(&graph, frame) >= 0);
    }
    CHECK(graph_send(&graph, NULL) >= 0);
    int count = frames_until_end(&graph);
    if (!CHECK(count == cases[i][3]))
      printf("  case %d: %d frames\n", i, count);
    graph_close(&graph);
  }
}

/* Times that are missing, equal or go back. */
static void odd_times(void) {
  const struct {
    int64_t in[6];
    int64_t out[12];
    const char *message;
  } cases[] = {
      {{AV_NOPTS_VALUE, AV_NOPTS_VALUE, AV_NOPTS_VALUE, AV_NOPTS_VALUE, AV_NOPTS_VALUE,
        AV_NOPTS_VALUE},
       {0, 20, 40, 60, 80, 100, 120, 140, 160, 180, 200, 220},
       "without time stamps"},
      {{0, 40, AV_NOPTS_VALUE, 120, 160, 200},
       {0, 20, 40, 60, 80, 100, 120, 140, 160, 180, 200, 220},
       "without time stamps"},
      {{0, 0, 40, 40, 40, 80}, {0, 20, 40, 60, 80, 100, -1}, "that of the frame before"},
      {{1000, 1040, 1080, 40, 80, 120},
       {1000, 1020, 1040, 1060, 1080, 1100, 40, 60, 80, 100, 120, 140},
       "Time goes back"},
      {{0, 40, 80, INT64_MAX - 1, 120, 160},
       {0, 20, 40, 60, 80, 100, 120, 140, 160, 180, -1},
       "out of range"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    graph graph;
    int code, count = 0;
    CHECK(graph_open(&graph, &milliseconds, "mult=2") >= 0);
    for (int j = 0; j < 6; j++)
      CHECK(graph_send(&graph, picture(&milliseconds, cases[i].in[j], j)) >= 0);
    CHECK(graph_send(&graph, NULL) >= 0);
    for (AVFrame *frame; (frame = graph_receive(&graph, &code)); count++) {
      if (!CHECK(count < 12 && frame->pts == cases[i].out[count]))
        printf("  case %zu, output %d: %" PRId64 "\n", i, count, frame->pts);
      av_frame_free(&frame);
    }
    CHECK(count == 12 || cases[i].out[count] == -1);
    CHECK(strstr(graph_log, cases[i].message) != NULL);
    graph_close(&graph);
    CHECK(graph_pictures == 0);
  }
}

static long resident_pages(void) {
  long size = 0, resident = 0;
  FILE *file = fopen("/proc/self/statm", "r");
  if (file && fscanf(file, "%ld %ld", &size, &resident) != 2)
    resident = -1;
  if (file)
    fclose(file);
  return resident;
}

/* Two hours of film to 60 a second: times in closed form, and memory that stays: a lost reference
   to a buffer would be 9 MB. Most pictures are equal to those before, so that most of the time no
   motion is looked for. */
static void two_hours(void) {
  enum { SOURCES = 172628 };
  graph graph;
  int64_t outputs = 0, wrong = 0;
  int code;
  long early = 0;
  CHECK(graph_open(&graph, &film, "60") >= 0);
  for (int64_t i = 0; i <= SOURCES; i++) {
    AVFrame *frame = i < SOURCES ? picture(&film, i, (int)(i / 50)) : NULL;
    if (graph_send(&graph, frame) < 0)
      wrong++;
    while ((frame = graph_receive(&graph, &code))) {
      wrong += frame->pts != outputs++ * 400;
      av_frame_free(&frame);
    }
    if (i == SOURCES / 10)
      early = resident_pages();
  }
  CHECK(code == AVERROR_EOF && wrong == 0);
  CHECK(outputs == (INT64_C(1001) * SOURCES + 399) / 400 && outputs > 430000);
  CHECK(early > 0 && (resident_pages() - early) * sysconf(_SC_PAGESIZE) < 4 << 20);
  graph_close(&graph);
  CHECK(graph_pictures == 0);
}

int main(void) {
  rates();
  odd_units();
  variable_rate();
  durations();
  odd_times();
  two_hours();
  return check_report();
}
