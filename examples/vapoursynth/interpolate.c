/* SPDX-License-Identifier: MIT */
/* The filter. Making one is cheap: nothing is asked of the clip, and the context, which has the
 * memory and the threads, comes with the first frame that needs it.
 *
 * One context with threads of its own, and fmParallelRequests: the core calls for one frame at a
 * time, while others fetch their sources. With a context for each thread of the core (fmParallel)
 * 24 to 48 frames a second of 1280x720 took 133 ms of processor time a new frame in place of 119,
 * since features of a source frame did not serve both of its sides, and as many times the memory;
 * a player would wait longer for the first frame after a seek.
 */
#include "plugin.h"

#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct Filter {
  VSNode *source;
  Clock clock;
  int source_frames;
  double source_seconds; /**< of a frame; 0 = not constant */
  VSVideoInfo video;     /**< of the output; a rate of 0 when it is not constant */
  vfi_params params;
  vfi_context *context; /**< NULL until a frame needs it */
  VSCore *core;
  const VSAPI *vsapi;
} Filter;

/* ------------------------------------------------------------------ arguments ---------------- */

enum { ERROR_SIZE = 512, MAX_MULTIPLIER = 1024 };

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

/* ------------------------------------------------------------------ frames ------------------- */

static const VSFrame *fail(Filter *filter, int n, VSFrameContext *frame_context,
                           const char *reason) {
  char text[ERROR_SIZE];
  snprintf(text, sizeof text, "Interpolate: frame %d: %s", n, reason);
  filter->vsapi->setFilterError(text, frame_context);
  return NULL;
}

/* What cannot be interpolated, as text, or NULL. */
static const char *refusal(const VSFrame *frame, const VSAPI *vsapi) {
  int error = 0;
  if (vsapi->mapGetInt(vsapi->getFramePropertiesRO(frame), "_FieldBased", 0, &error) > 0 && !error)
    return "the source is interlaced (_FieldBased): deinterlace it, or clear the property with "
           "std.SetFieldBased if it is not";
  if (pixel_format(vsapi->getVideoFrameFormat(frame)) == 0)
    return "the source has a format that libvfi does not know: use resize";
  return NULL;
}

/* The number of a source frame stands for its content. */
static vfi_frame describe_numbered(const VSFrame *frame, int64_t index, const VSAPI *vsapi) {
  vfi_frame result = describe_source(frame, vsapi);
  result.content_id = (uint64_t)index + 1;
  return result;
}

/* Whether nothing may be made between two frames; `status` says whether that could be told. */
static bool is_cut(Filter *filter, const VSFrame *a, const VSFrame *b, const vfi_frame pair[2],
                   vfi_status *status) {
  *status = VFI_OK;
  if (!filter->params.scene_cut)
    return false;
  Cut told = cut_by_properties(a, b, filter->vsapi);
  if (told != CUT_UNKNOWN)
    return told == CUT_YES;
  double score = 0;
  *status = vfi_scene_score(filter->context, &pair[0], &pair[1], &score);
  return score > filter->params.scene_cut_threshold;
}

static bool open_context(Filter *filter) {
  if (filter->context)
    return true;
  vfi_params params = filter->params;
  params.scene_cut = 0; /* is_cut() decides. */
  return vfi_create(&filter->context, &params) == VFI_OK;
}

static const VSFrame *pass(Filter *filter, const VSFrame *frame, const Origin *origin) {
  VSFrame *copy = filter->vsapi->copyFrame(frame, filter->core);
  set_properties(copy, origin, filter->video.fpsNum, filter->video.fpsDen, filter->vsapi);
  return copy;
}

/* The output at `place`, which lies between source frames a and b. NULL: *reason says why. */
static const VSFrame *between(Filter *filter, const Place *place, Origin *origin,
                              const char **reason) {
  const VSAPI *vsapi = filter->vsapi;
  const VSFrame *a = origin->a, *b = origin->b;
  const VSFrame *nearer = place_nearest(place) == place->index ? a : b;
  double gap = filter->source_seconds > 0 ? filter->source_seconds : frame_seconds(a, vsapi);
  if (gap > filter->params.max_gap)
    return pass(filter, a, origin);
  if (!same_shape(a, b, vsapi))
    return pass(filter, nearer, origin);
  if (!open_context(filter)) {
    *reason = vfi_last_error(NULL);
    return NULL;
  }
  vfi_frame pair[2] = {describe_numbered(a, place->index, vsapi),
                       describe_numbered(b, place->index + 1, vsapi)};
  /* Where they differ, libvfi would refuse the pair; the planes' code values are blended anyway. */
  pair[1].matrix = pair[0].matrix;
  pair[1].primaries = pair[0].primaries;
  pair[1].transfer = pair[0].transfer;
  pair[1].range = pair[0].range;
  pair[1].chroma_location = pair[0].chroma_location;
  vfi_status status;
  if (is_cut(filter, a, b, pair, &status))
    return pass(filter, nearer, origin);
  VSFrame *made = NULL;
  if (status == VFI_OK) {
    made = vsapi->newVideoFrame(vsapi->getVideoFrameFormat(a), pair[0].width, pair[0].height,
                                nearer, filter->core);
    vfi_frame out = describe_output(made, vsapi);
    status = vfi_interpolate(filter->context, &pair[0], &pair[1], place->t_num, place->t_den, &out,
                             NULL);
  }
  if (status != VFI_OK) {
    *reason = vfi_last_error(filter->context);
    if (made)
      vsapi->freeFrame(made);
    return NULL;
  }
  origin->is_new = true;
  set_properties(made, origin, filter->video.fpsNum, filter->video.fpsDen, vsapi);
  return made;
}

static const VSFrame *make_frame(Filter *filter, int n, const Place *place,
                                 VSFrameContext *frame_context) {
  const VSAPI *vsapi = filter->vsapi;
  bool alone = place->t_num == 0 || place->index + 1 >= filter->source_frames;
  Origin origin = {.clock = &filter->clock, .n = n};
  origin.a = vsapi->getFrameFilter((int)place->index, filter->source, frame_context);
  if (!alone)
    origin.b = vsapi->getFrameFilter((int)place->index + 1, filter->source, frame_context);
  const char *reason = refusal(origin.a, vsapi);
  if (!reason && origin.b)
    reason = refusal(origin.b, vsapi);
  const VSFrame *result = NULL;
  if (!reason)
    result = alone ? pass(filter, origin.a, &origin) : between(filter, place, &origin, &reason);
  if (!result)
    fail(filter, n, frame_context, reason);
  vsapi->freeFrame(origin.a);
  if (origin.b)
    vsapi->freeFrame(origin.b);
  return result;
}

static const VSFrame *VS_CC get_frame(int n, int reason, void *instance, void **frame_data,
                                      VSFrameContext *frame_context, VSCore *core,
                                      const VSAPI *vsapi) {
  (void)frame_data;
  (void)core;
  Filter *filter = instance;
  Place place = clock_place(&filter->clock, n);
  if (reason == arInitial) {
    vsapi->requestFrameFilter((int)place.index, filter->source, frame_context);
    /* A frame on a source frame needs no other: a player's clip may end there. */
    if (place.t_num > 0 && place.index + 1 < filter->source_frames)
      vsapi->requestFrameFilter((int)place.index + 1, filter->source, frame_context);
    return NULL;
  }
  return reason == arAllFramesReady ? make_frame(filter, n, &place, frame_context) : NULL;
}

/* ------------------------------------------------------------------ life --------------------- */

static void VS_CC free_filter(void *instance, VSCore *core, const VSAPI *vsapi) {
  (void)core;
  Filter *filter = instance;
  vfi_destroy(&filter->context);
  vfi_model_unref(&filter->params.model);
  vsapi->freeNode(filter->source);
  free(filter);
}

void VS_CC interpolate_create(const VSMap *in, VSMap *out, void *user_data, VSCore *core,
                              const VSAPI *vsapi) {
  (void)user_data;
  Filter *filter = calloc(1, sizeof *filter);
  if (!filter) {
    vsapi->mapSetError(out, "Interpolate: out of memory");
    return;
  }
  filter->core = core;
  filter->vsapi = vsapi;
  filter->source = vsapi->mapGetNode(in, "clip", 0, NULL);
  Arguments arguments = {in, vsapi, ""};
  if (!set_rate(filter, vsapi->getVideoInfo(filter->source), &arguments) ||
      !set_params(filter, &arguments) || !check(filter, &arguments)) {
    char text[ERROR_SIZE + 16];
    snprintf(text, sizeof text, "Interpolate: %s", arguments.error);
    vsapi->mapSetError(out, text);
    free_filter(filter, core, vsapi);
    return;
  }
  VSFilterDependency dependency = {filter->source, rpGeneral};
  vsapi->createVideoFilter(out, "Interpolate", &filter->video, get_frame, free_filter,
                           fmParallelRequests, &dependency, 1, filter, core);
}
