/* SPDX-License-Identifier: MIT */
/**
 * @file
 * What FFmpeg filters over libvfi share: errors, log, threads, options, and the differences
 * between FFmpeg 5.1, 7.1 and 9.0.
 */
#ifndef AVFILTER_VFI_FILTER_H
#define AVFILTER_VFI_FILTER_H

#include <vfi.h>

#include "libavutil/common.h"
#include "libavutil/dict.h"
#include "libavutil/internal.h"

#include "avfilter.h"
#include "filters.h"
#include "version.h"
#if LIBAVFILTER_VERSION_INT < AV_VERSION_INT(10, 4, 100)
#include "internal.h"
#define vfi_link_rate(link) (link)->frame_rate
#else
#define vfi_link_rate(link) ff_filter_link(link)->frame_rate
#endif
#include "vfi_avframe.h"
#include "video.h"

/* Logs an error of libvfi, of `context` or of a call without one, and gives FFmpeg's code. */
static inline int vfi_fail(AVFilterContext *ctx, vfi_status status, const vfi_context *context) {
  av_log(ctx, AV_LOG_ERROR, "%s: %s\n", vfi_strerror(status), vfi_last_error(context));
  switch (status) {
  case VFI_ERR_NOMEM:
    return AVERROR(ENOMEM);
  case VFI_ERR_ARG:
  case VFI_ERR_FORMAT:
  case VFI_ERR_SIZE:
  case VFI_ERR_MODEL:
    return AVERROR(EINVAL);
  case VFI_ERR_CANCELLED:
    return AVERROR_EXIT;
  default:
    return AVERROR_EXTERNAL;
  }
}

static inline void vfi_warn_once(AVFilterContext *ctx, int *has_warned, const char *text) {
  if (!*has_warned)
    av_log(ctx, AV_LOG_WARNING, "%s\n", text);
  *has_warned = 1;
}

static inline void vfi_log_line(void *opaque, vfi_log_level level, const char *text) {
  static const int levels[] = {AV_LOG_QUIET, AV_LOG_ERROR, AV_LOG_WARNING, AV_LOG_INFO,
                               AV_LOG_DEBUG};
  av_log(opaque, levels[av_clip(level, 0, 4)], "%s\n", text);
}

typedef struct VFIJobs {
  vfi_job job;
  void *argument;
} VFIJobs;

static inline int vfi_run_job(AVFilterContext *ctx, void *arg, int index, int count) {
  const VFIJobs *jobs = arg;
  jobs->job(jobs->argument, index);
  return 0;
}

/* The library's work on the threads of FFmpeg's graph (-filter_threads). */
static inline void vfi_run_jobs(void *opaque, vfi_job job, void *argument, int32_t count) {
  VFIJobs jobs = {job, argument};
  ff_filter_execute(opaque, vfi_run_job, &jobs, NULL, count);
}

static inline int vfi_set_option(AVFilterContext *ctx, vfi_params *params, const char *name,
                                 const char *value) {
  vfi_status status = vfi_params_set(params, name, value);
  return status < 0 ? vfi_fail(ctx, status, NULL) : 0;
}

/* Options as "key=value:key=value" gave them. */
static inline int vfi_set_options(AVFilterContext *ctx, vfi_params *params,
                                  const AVDictionary *options) {
  const AVDictionaryEntry *entry = NULL;
  int ret = 0;
  while (ret >= 0 && (entry = av_dict_get(options, "", entry, AV_DICT_IGNORE_SUFFIX)))
    ret = vfi_set_option(ctx, params, entry->key, entry->value);
  return ret;
}

/* Log and threads are FFmpeg's, unless `params` asks for threads of the library. */
static inline void vfi_use_threads(AVFilterContext *ctx, vfi_params *params) {
  params->log = vfi_log_line;
  params->log_opaque = ctx;
  if (!params->threads) {
    params->executor.run = vfi_run_jobs;
    params->executor.opaque = ctx;
    params->executor.max_jobs = FFMAX(1, ff_filter_get_nb_threads(ctx));
  }
}

static inline int vfi_open(AVFilterContext *ctx, vfi_params *params, vfi_context **context) {
  vfi_status status;
  vfi_use_threads(ctx, params);
  status = vfi_create(context, params);
  return status < 0 ? vfi_fail(ctx, status, NULL) : 0;
}

static inline void vfi_set_duration(AVFrame *frame, int64_t duration) {
#if LIBAVUTIL_VERSION_INT >= AV_VERSION_INT(57, 30, 100)
  frame->duration = duration;
#else
  frame->pkt_duration = duration;
#endif
}

static inline void vfi_clear_key(AVFrame *frame) {
#ifdef AV_FRAME_FLAG_KEY
  frame->flags &= ~AV_FRAME_FLAG_KEY;
#else
  frame->key_frame = 0;
#endif
}

#endif
