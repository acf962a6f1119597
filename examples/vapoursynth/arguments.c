/* SPDX-License-Identifier: MIT */
/* The arguments of the filter. */
#include "filter.h"

#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

enum { MAX_MULTIPLIER = 1024 };

typedef struct Arguments {
  const VSMap *map;
  const VSAPI *vsapi;
  char error[ERROR_SIZE]; /**< what is wrong, or "" */
} Arguments;

#define REFUSE(arguments, ...)                                                                     \
  (snprintf((arguments)->error, sizeof(arguments)->error, __VA_ARGS__), false)

/* True and the value, when the argument was given. */
static bool integer(const Arguments *arguments, const char *name, int64_t *value) {
  int error = 0;
  int64_t given = arguments->vsapi->mapGetInt(arguments->map, name, 0, &error);
  if (!error)
    *value = given;
  return !error;
}

/* Sets the rate of the output and the clock. */
static bool set_rate(Filter *filter, const VSVideoInfo *source, Arguments *arguments) {
  int64_t num = 0, den = 1, mult = 2;
  bool has_num = integer(arguments, "num", &num), has_den = integer(arguments, "den", &den);
  bool has_mult = integer(arguments, "mult", &mult);
  bool constant = source->fpsNum > 0 && source->fpsDen > 0;
  if (has_mult && (has_num || has_den))
    return REFUSE(arguments, "give either mult, or num and den");
  if (has_den && !has_num)
    return REFUSE(arguments, "den is given without num");
  if (has_num && (num < 1 || den < 1))
    return REFUSE(arguments, "num and den must be 1 or more, not %" PRId64 "/%" PRId64, num, den);
  if (mult < 1 || mult > MAX_MULTIPLIER)
    return REFUSE(arguments, "mult must be 1 to %d, not %" PRId64, MAX_MULTIPLIER, mult);
  if (has_num && !constant)
    return REFUSE(arguments, "the clip has no constant frame rate, which num needs: use mult, or "
                             "std.AssumeFPS before");
  bool in_range;
  if (has_num) {
    in_range = clock_from_rates(&filter->clock, source->fpsNum, source->fpsDen, num, den) &&
               scale_rational(&num, &den, 1, 1);
  } else {
    filter->clock = (Clock){1, mult};
    num = source->fpsNum; /* 0/0 when it is not constant */
    den = source->fpsDen;
    in_range = !constant || scale_rational(&num, &den, mult, 1);
  }
  if (!in_range)
    return REFUSE(arguments, "the frame rates have no ratio within 64 bits");
  int64_t frames = clock_frames(&filter->clock, source->numFrames);
  if (frames > INT_MAX)
    return REFUSE(arguments, "the output would have %" PRId64 " frames, more than %d", frames,
                  INT_MAX);
  filter->source_frames = source->numFrames;
  filter->source_seconds = constant ? (double)source->fpsDen / (double)source->fpsNum : 0;
  filter->video = *source;
  filter->video.numFrames = (int)frames;
  filter->video.fpsNum = num;
  filter->video.fpsDen = den;
  return true;
}

static bool set_option(Filter *filter, const vfi_option *option, Arguments *arguments) {
  const VSAPI *vsapi = arguments->vsapi;
  if (vsapi->mapNumElements(arguments->map, option->name) < 1)
    return true;
  char number[32];
  const char *text = number;
  switch (option->type) {
  case VFI_OPTION_BOOL:
  case VFI_OPTION_INT:
    snprintf(number, sizeof number, "%" PRId64,
             vsapi->mapGetInt(arguments->map, option->name, 0, NULL));
    break;
  case VFI_OPTION_DOUBLE:
    snprintf(number, sizeof number, "%.17g",
             vsapi->mapGetFloat(arguments->map, option->name, 0, NULL));
    break;
  default:
    text = vsapi->mapGetData(arguments->map, option->name, 0, NULL);
  }
  if (vfi_params_set(&filter->params, option->name, text) != VFI_OK)
    return REFUSE(arguments, "%s", vfi_last_error(NULL));
  return true;
}

/* Turns the name of a model into one that outlives the arguments, or into an open file. */
static bool set_model(vfi_params *params, Arguments *arguments) {
  const char *name = params->model_name;
  if (!name)
    return true;
  for (int32_t i = 0; i < vfi_model_count(); i++) {
    vfi_model_info info = {.struct_size = sizeof info};
    if (vfi_model_builtin_info(i, &info) == VFI_OK && strcmp(info.name, name) == 0) {
      params->model_name = info.name;
      return true;
    }
  }
  params->model_name = NULL;
  params->model = model_from_cache(name);
  return params->model ? true : REFUSE(arguments, "%s", vfi_last_error(NULL));
}

static void VS_CC log_line(void *opaque, vfi_log_level level, const char *text) {
  const Filter *filter = opaque;
  /* Errors come as errors of a frame, or of the function. */
  if (level == VFI_LOG_ERROR)
    return;
  char line[ERROR_SIZE];
  snprintf(line, sizeof line, "vfi: %s", text);
  filter->vsapi->logMessage(level == VFI_LOG_WARNING ? mtWarning
                            : level == VFI_LOG_INFO  ? mtInformation
                                                     : mtDebug,
                            line, filter->core);
}

static bool set_params(Filter *filter, Arguments *arguments) {
  vfi_params_init(&filter->params, sizeof filter->params);
  /* Frames come in any order, so that those around a pair cost no waiting. */
  filter->params.motion = VFI_MOTION_QUADRATIC;
  for (int32_t i = 0; i < vfi_option_count(); i++) {
    vfi_option option = {.struct_size = sizeof option};
    if (vfi_option_get(i, &option) == VFI_OK && option_is_argument(option.name) &&
        !set_option(filter, &option, arguments))
      return false;
  }
  if (filter->params.threads == 0) {
    VSCoreInfo info;
    filter->vsapi->getCoreInfo(filter->core, &info);
    filter->params.threads = info.numThreads < 256 ? info.numThreads : 256;
  }
  filter->params.log = log_line;
  filter->params.log_opaque = filter;
  return set_model(&filter->params, arguments);
}

/* Refuses what no frame of the clip could be made of, so that a script fails and not its frames. */
static bool check(const Filter *filter, Arguments *arguments) {
  const VSVideoInfo *video = &filter->video;
  /* A clip without one format or size is looked at frame by frame. */
  if (video->format.colorFamily != cfUndefined && pixel_format(&video->format) == 0)
    return REFUSE(arguments, "the clip's format is not one of %s", pixel_format_names());
  if (video->width > VFI_MAX_SIZE || video->height > VFI_MAX_SIZE)
    return REFUSE(arguments, "the clip is %d x %d, larger than %d", video->width, video->height,
                  VFI_MAX_SIZE);
  /* Settings that do not go together. Without threads and frames a context is next to nothing. */
  vfi_params params = filter->params;
  params.threads = 1;
  params.log = NULL;
  vfi_context *context = NULL;
  if (vfi_create(&context, &params) != VFI_OK)
    return REFUSE(arguments, "%s", vfi_last_error(NULL));
  vfi_destroy(&context);
  return true;
}

bool read_arguments(Filter *filter, const VSMap *in, char *error, size_t size) {
  Arguments arguments = {in, filter->vsapi, ""};
  if (set_rate(filter, filter->vsapi->getVideoInfo(filter->source), &arguments) &&
      set_params(filter, &arguments) && check(filter, &arguments))
    return true;
  snprintf(error, size, "%s", arguments.error);
  return false;
}
