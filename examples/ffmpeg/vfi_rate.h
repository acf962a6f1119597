/* SPDX-License-Identifier: MIT */
/**
 * @file
 * The rate that a user asks for, and a time base in which sources and outputs stand exactly.
 */
#ifndef AVFILTER_VFI_RATE_H
#define AVFILTER_VFI_RATE_H

#include <stdint.h>

#include "libavutil/eval.h"
#include "libavutil/mathematics.h"
#include "libavutil/parseutils.h"

/* What `fps` says: a rate, or an expression as of the filter fps. 0/1 if it says nothing. */
static inline AVRational vfi_evaluate_rate(void *ctx, const char *text, AVRational source) {
  static const char *const names[] = {"source_fps", "ntsc", "pal", "film", "ntsc_film", NULL};
  const double values[] = {av_q2d(source), 30000.0 / 1001, 25, 24, 24000.0 / 1001, 0};
  AVRational rate;
  double value;
  if (av_parse_video_rate(&rate, text) >= 0)
    return rate;
  if (av_expr_parse_and_eval(&value, text, names, values, NULL, NULL, NULL, NULL, NULL, 0, ctx) < 0)
    return (AVRational){0, 1};
  return value > 0 && value < INT_MAX ? av_d2q(value, INT_MAX) : (AVRational){0, 1};
}

/* The largest unit of which both are multiples; if FFmpeg cannot write that, a fine divisor of
   `interval`, to which source times are then rounded. */
static inline AVRational vfi_common_unit(AVRational timebase, AVRational interval) {
  AVRational unit;
  int64_t a = (int64_t)timebase.num * interval.den, b = (int64_t)interval.num * timebase.den;
  if (!av_reduce(&unit.num, &unit.den, av_gcd(a, b), (int64_t)timebase.den * interval.den, INT_MAX))
    av_reduce(&unit.num, &unit.den, interval.num,
              (int64_t)interval.den * FFMAX(1, INT_MAX / interval.den), INT_MAX);
  return unit;
}

#endif
