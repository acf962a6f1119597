/* SPDX-License-Identifier: MIT */
/* The parts of the VapourSynth plugin:
 *
 *   plugin.c       what the core sees of it: the function and its arguments
 *   interpolate.c  the filter
 *   arguments.c    what it is asked to do (filter.h: what both share)
 *   clock.c        which source frames an output frame lies between, exactly
 *   frame.c        frames of VapourSynth as libvfi describes them
 *   properties.c   times and scene changes of output frames
 *   model_cache.c  model files, opened once in a process
 */
#ifndef PLUGIN_H
#define PLUGIN_H

#include <VapourSynth4.h>
#include <stdbool.h>
#include <vfi.h>

/* ---- plugin.c ---- */

/** Whether option `name` of libvfi is an argument of Interpolate. */
bool option_is_argument(const char *name);

/* ---- interpolate.c ---- */

/** The function `Interpolate`. */
void VS_CC interpolate_create(const VSMap *in, VSMap *out, void *user_data, VSCore *core,
                              const VSAPI *vsapi);

/* ---- clock.c ---- */

/** Output frame n stands at n * step_num / step_den source frames; both above 0, lowest terms. */
typedef struct Clock {
  int64_t step_num;
  int64_t step_den;
} Clock;

/** A time: source frame `index`, and `t_num / t_den` of the way to the next one, below 1. */
typedef struct Place {
  int64_t index;
  int64_t t_num;
  int64_t t_den;
} Place;

/** The clock from one rate to another, each in frames a second; false when it is out of range. */
bool clock_from_rates(Clock *clock, int64_t source_num, int64_t source_den, int64_t num,
                      int64_t den);
/** Output frames that lie before the end of `source_frames`. Saturates. */
int64_t clock_frames(const Clock *clock, int64_t source_frames);
/** Where output frame `n` stands; also before 0, at index -1 and below. */
Place clock_place(const Clock *clock, int64_t n);
/** The source frame that is nearer, the earlier one when both are. */
int64_t place_nearest(const Place *place);
/** num * factor / den in lowest terms; false when it is out of range or not above 0. */
bool scale_rational(int64_t *num, int64_t *den, int64_t factor_num, int64_t factor_den);

/* ---- frame.c ---- */

/** The pixel format of libvfi, or 0. */
vfi_pixel_format pixel_format(const VSVideoFormat *format);
/** "YUV420P8, ..." */
const char *pixel_format_names(void);
/** Describes format and size, without planes and with unspecified colour. */
vfi_frame describe_format(const VSVideoFormat *format, int width, int height);
/** Describes a frame and its planes, which are only to be read. */
vfi_frame describe_source(const VSFrame *frame, const VSAPI *vsapi);
/** As describe_source(), with planes to be written. */
vfi_frame describe_output(VSFrame *frame, const VSAPI *vsapi);
/** Whether format and size are the same. */
bool same_shape(const VSFrame *a, const VSFrame *b, const VSAPI *vsapi);

/* ---- properties.c ---- */

/** What is known of a cut between two frames. */
typedef enum Cut { CUT_UNKNOWN, CUT_NO, CUT_YES } Cut;

/** What the source frames' properties say; `b` may be NULL. */
Cut cut_by_properties(const VSFrame *a, const VSFrame *b, const VSAPI *vsapi);
/** Seconds from a frame to the next one; 0 = unknown. */
double frame_seconds(const VSFrame *frame, const VSAPI *vsapi);

/** What an output frame was made of. `b` is NULL where frame a alone was needed. */
typedef struct Origin {
  const Clock *clock;
  int n;
  const VSFrame *a;
  const VSFrame *b;
  bool is_new; /**< not a source frame, nor held */
} Origin;

/** Writes duration, time and scene changes of output frame `frame`. A rate of 0: the duration
    is that of frame a, in parts of the clock. */
void set_properties(VSFrame *frame, const Origin *origin, int64_t rate_num, int64_t rate_den,
                    const VSAPI *vsapi);

/* ---- model_cache.c ---- */

/** The model in file `path`, with an ownership of the caller's. NULL: vfi_last_error(NULL). */
vfi_model *model_from_cache(const char *path);

#endif
