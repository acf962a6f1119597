/* SPDX-License-Identifier: MIT */
/**
 * @file
 * The row of frames that a filter over libvfi takes from its input, with their times. A *run* is a
 * row with increasing times; equal times are dropped, and a time that goes back begins a new run.
 */
#ifndef AVFILTER_VFI_SOURCES_H
#define AVFILTER_VFI_SOURCES_H

#include <inttypes.h>

#include "libavutil/mathematics.h"

#include "vfi_filter.h"

typedef struct VFISource {
  AVFrame *frame;   ///< NULL = there is none
  int64_t time;     ///< in units
  int64_t duration; ///< in units, 0 = unknown
  uint64_t id;      ///< that frame's alone
  int is_sent;      ///< its picture was output
} VFISource;

typedef struct VFISources {
  AVRational unit;     ///< seconds of times and durations here
  AVRational timebase; ///< of the frames taken
  int64_t nominal;     ///< units that a frame lasts if nothing tells
  double max_gap;      ///< seconds between two frames that are bridged

  VFISource before;  ///< the latest frame at or before the next output
  VFISource after;   ///< the one that follows it
  VFISource first;   ///< of the next run, which begins when this one has ended
  int looks_around;  ///< the frames beside a pair are wanted
  VFISource earlier; ///< the one before `before`
  AVFrame *later;    ///< the one that follows `after`; of which run it will be is seen then
  uint64_t ids;
  int64_t interval;       ///< between the run's two latest frames, 0 = there was one only
  int are_durations_true; ///< one frame of the run lasted until the next, as it said
  int has_warned_of_pts;
} VFISources;

static inline void vfi_source_drop(VFISource *source) {
  av_frame_free(&source->frame);
  *source = (VFISource){0};
}

static inline void vfi_sources_drop(VFISources *s) {
  vfi_source_drop(&s->before);
  vfi_source_drop(&s->after);
  vfi_source_drop(&s->first);
  vfi_source_drop(&s->earlier);
  av_frame_free(&s->later);
}

/* `first` begins a new run. */
static inline void vfi_sources_begin(VFISources *s) {
  vfi_source_drop(&s->earlier);
  FFSWAP(VFISource, s->before, s->first);
  s->interval = 0;
  s->are_durations_true = 0;
}

/* `after` takes the place of `before`. */
static inline void vfi_sources_advance(VFISources *s) {
  s->interval = s->after.time - s->before.time;
  s->are_durations_true |= FFABS(s->before.duration - s->interval) <= s->interval / 4;
  vfi_source_drop(&s->earlier);
  if (s->looks_around)
    FFSWAP(VFISource, s->earlier, s->before);
  vfi_source_drop(&s->before);
  FFSWAP(VFISource, s->before, s->after);
}

static inline double vfi_seconds(const VFISources *s, int64_t time) {
  return time * av_q2d(s->unit);
}

/* When the run's last frame ends. Filters such as setpts leave durations as they were, so that
   these are believed only if one of them was right before. */
static inline int64_t vfi_sources_end(const VFISources *s) {
  int64_t duration = s->before.duration;
  if (s->interval &&
      (!duration || (!s->are_durations_true && vfi_seconds(s, s->interval) <= s->max_gap)))
    duration = s->interval;
  return s->before.time + (duration ? duration : s->nominal);
}

/* The time of a frame, or AV_NOPTS_VALUE if it is beyond reckoning. */
static inline int64_t vfi_sources_time(AVFilterContext *ctx, VFISources *s, const AVFrame *frame) {
  int64_t time;
  if (frame->pts == AV_NOPTS_VALUE) {
    vfi_warn_once(ctx, &s->has_warned_of_pts,
                  "Frames without time stamps follow those before them");
    return s->before.frame ? vfi_sources_end(s) : 0;
  }
  time = av_rescale_q(frame->pts, s->timebase, s->unit);
  return FFABS64U(time) > INT64_MAX / 2 ? AV_NOPTS_VALUE : time;
}

/* Makes a frame one of the run, or the first of another; there is `before` or nothing. */
static inline void vfi_sources_enter(AVFilterContext *ctx, VFISources *s, AVFrame *frame) {
  int64_t duration = av_rescale_q(vfi_avframe_duration(frame), s->timebase, s->unit);
  VFISource source = {.frame = frame,
                      .time = vfi_sources_time(ctx, s, frame),
                      .duration = av_clip64(duration, 0, INT64_MAX / 4),
                      .id = ++s->ids};
  if (source.time == AV_NOPTS_VALUE || (s->before.frame && source.time == s->before.time)) {
    av_log(ctx, AV_LOG_WARNING, "Ignoring a frame whose time stamp %" PRId64 " is %s\n", frame->pts,
           source.time == AV_NOPTS_VALUE ? "out of range" : "that of the frame before");
    vfi_source_drop(&source);
  } else if (s->before.frame && source.time > s->before.time) {
    s->after = source;
  } else {
    if (s->before.frame)
      av_log(ctx, AV_LOG_WARNING, "Time goes back: starting anew at %g s\n",
             vfi_seconds(s, source.time));
    s->first = source;
  }
}

/* Takes a frame of the input. */
static inline void vfi_sources_take(AVFilterContext *ctx, VFISources *s, AVFrame *frame) {
  if (s->after.frame)
    s->later = frame;
  else
    vfi_sources_enter(ctx, s, frame);
}

/* Lets the frame that waited enter, if there is one. */
static inline int vfi_sources_enter_later(AVFilterContext *ctx, VFISources *s) {
  AVFrame *frame = s->later;
  s->later = NULL;
  if (frame)
    vfi_sources_enter(ctx, s, frame);
  return frame != NULL;
}

#endif
