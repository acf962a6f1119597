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
#include "filter.h"

#include <stdio.h>
#include <stdlib.h>

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

/* Whether nothing may be made between source frame `index` and the next one; `status` says whether
   that could be told. */
static bool is_cut(Filter *filter, int64_t index, const VSFrame *a, const VSFrame *b,
                   const vfi_frame *first, const vfi_frame *second, vfi_status *status) {
  *status = VFI_OK;
  if (!filter->params.scene_cut)
    return false;
  Cut told = cut_by_properties(a, b, filter->vsapi);
  if (told != CUT_UNKNOWN)
    return told == CUT_YES;
  KnownCut *known = &filter->cuts[index % KNOWN_CUTS];
  if (known->number == index + 1)
    return known->is_cut;
  double score = 0;
  *status = vfi_scene_score(filter->context, first, second, &score);
  bool cut = score > filter->params.scene_cut_threshold;
  if (*status == VFI_OK)
    *known = (KnownCut){index + 1, cut};
  return cut;
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

/* Seconds from a frame to the next one; 0 = unknown. */
static double seconds(const Filter *filter, const VSFrame *frame) {
  return filter->source_seconds > 0 ? filter->source_seconds : frame_seconds(frame, filter->vsapi);
}

/* Source frames of an output: those of the pair, and the ones beside it, which may be NULL. */
typedef struct Sources {
  const VSFrame *before, *a, *b, *after;
} Sources;

static bool looks_around(const Filter *filter, const Place *place) {
  return filter->params.motion == VFI_MOTION_QUADRATIC && place->t_num > 0 &&
         place->index + 1 < filter->source_frames;
}

/* Where colours differ, libvfi would refuse the frame; the planes' code values are blended anyway.
 */
static void take_colour(vfi_frame *frame, const vfi_frame *from) {
  frame->matrix = from->matrix;
  frame->primaries = from->primaries;
  frame->transfer = from->transfer;
  frame->range = from->range;
  frame->chroma_location = from->chroma_location;
}

/* Describes source frame `index`, on one side of the pair, in its place of `row`; false where it
   does not tell how the pair's motion changes. `status` as above. */
static bool describe_beside(Filter *filter, const Sources *sources, int64_t index, bool is_before,
                            vfi_frame row[4], vfi_status *status) {
  const VSAPI *vsapi = filter->vsapi;
  const VSFrame *frame = is_before ? sources->before : sources->after;
  const VSFrame *earlier = is_before ? frame : sources->b;
  *status = VFI_OK;
  if (!frame || refusal(frame, vsapi) || !same_shape(frame, sources->a, vsapi) ||
      seconds(filter, earlier) > filter->params.max_gap)
    return false;
  vfi_frame *described = &row[is_before ? 0 : 3];
  *described = describe_numbered(frame, index, vsapi);
  take_colour(described, &row[1]);
  bool cut = is_before ? is_cut(filter, index, frame, sources->a, described, &row[1], status)
                       : is_cut(filter, index - 1, sources->b, frame, &row[2], described, status);
  return !cut && *status == VFI_OK;
}

/* Says how far apart the frames are, in a clip whose rate is not constant; else they are evenly. */
static void set_times(const Filter *filter, const Sources *sources, vfi_frame row[4]) {
  if (filter->source_seconds > 0)
    return;
  const VSFrame *frames[3] = {sources->before ? sources->before : sources->a, sources->a,
                              sources->b};
  row[0].pts = 0;
  for (int i = 0; i < 3; i++) {
    double lasts = seconds(filter, frames[i]);
    row[i + 1].pts = row[i].pts + (int64_t)(1e9 * (lasts < 1e6 ? lasts : 1e6));
  }
}

/* Makes the frame `out` of the pair in `row`, with the frames beside it where these are of use. */
static vfi_status interpolate_row(Filter *filter, const Place *place, const Sources *sources,
                                  vfi_frame row[4], vfi_frame *out) {
  if (!looks_around(filter, place))
    return vfi_interpolate(filter->context, &row[1], &row[2], place->t_num, place->t_den, out,
                           NULL);
  vfi_status status;
  bool before = describe_beside(filter, sources, place->index - 1, true, row, &status);
  if (status != VFI_OK)
    return status;
  bool after = describe_beside(filter, sources, place->index + 2, false, row, &status);
  if (status != VFI_OK)
    return status;
  set_times(filter, sources, row);
  vfi_rational t = {place->t_num, place->t_den};
  return vfi_interpolate_among(filter->context, before ? &row[0] : NULL, &row[1], &row[2],
                               after ? &row[3] : NULL, 1, &t, out, NULL);
}

/* The output at `place`, which lies between source frames a and b. NULL: *reason says why. */
static const VSFrame *between(Filter *filter, const Place *place, const Sources *sources,
                              Origin *origin, const char **reason) {
  const VSAPI *vsapi = filter->vsapi;
  const VSFrame *a = sources->a, *b = sources->b;
  const VSFrame *nearer = place_nearest(place) == place->index ? a : b;
  if (seconds(filter, a) > filter->params.max_gap)
    return pass(filter, a, origin);
  if (!same_shape(a, b, vsapi))
    return pass(filter, nearer, origin);
  if (!open_context(filter)) {
    *reason = vfi_last_error(NULL);
    return NULL;
  }
  vfi_frame row[4] = {0};
  row[1] = describe_numbered(a, place->index, vsapi);
  row[2] = describe_numbered(b, place->index + 1, vsapi);
  take_colour(&row[2], &row[1]);
  vfi_status status;
  if (is_cut(filter, place->index, a, b, &row[1], &row[2], &status))
    return pass(filter, nearer, origin);
  VSFrame *made = NULL;
  if (status == VFI_OK) {
    made = vsapi->newVideoFrame(vsapi->getVideoFrameFormat(a), row[1].width, row[1].height, nearer,
                                filter->core);
    vfi_frame out = describe_output(made, vsapi);
    status = interpolate_row(filter, place, sources, row, &out);
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

/* Source frame `index`, which was asked for; NULL where there is none. */
static const VSFrame *source_frame(Filter *filter, int64_t index, VSFrameContext *frame_context) {
  if (index < 0 || index >= filter->source_frames)
    return NULL;
  return filter->vsapi->getFrameFilter((int)index, filter->source, frame_context);
}

static const VSFrame *make_frame(Filter *filter, int n, const Place *place,
                                 VSFrameContext *frame_context) {
  const VSAPI *vsapi = filter->vsapi;
  bool alone = place->t_num == 0 || place->index + 1 >= filter->source_frames;
  bool looks = looks_around(filter, place);
  Sources sources = {.before = looks ? source_frame(filter, place->index - 1, frame_context) : NULL,
                     .a = source_frame(filter, place->index, frame_context),
                     .b = alone ? NULL : source_frame(filter, place->index + 1, frame_context),
                     .after = looks ? source_frame(filter, place->index + 2, frame_context) : NULL};
  Origin origin = {.clock = &filter->clock, .n = n, .a = sources.a, .b = sources.b};
  const char *reason = refusal(origin.a, vsapi);
  if (!reason && origin.b)
    reason = refusal(origin.b, vsapi);
  const VSFrame *result = NULL;
  if (!reason)
    result = alone ? pass(filter, origin.a, &origin)
                   : between(filter, place, &sources, &origin, &reason);
  if (!result)
    fail(filter, n, frame_context, reason);
  const VSFrame *all[4] = {sources.before, sources.a, sources.b, sources.after};
  for (int i = 0; i < 4; i++)
    vsapi->freeFrame(all[i]); /* which may be NULL */
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
    /* A frame on a source frame needs no other: a player's clip may end there. */
    int64_t first = place.index, last = first + (place.t_num > 0);
    if (looks_around(filter, &place)) {
      first--;
      last++;
    }
    for (int64_t i = first < 0 ? 0 : first; i <= last && i < filter->source_frames; i++)
      vsapi->requestFrameFilter((int)i, filter->source, frame_context);
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
  char error[ERROR_SIZE];
  if (!read_arguments(filter, in, error, sizeof error)) {
    char text[ERROR_SIZE + 16];
    snprintf(text, sizeof text, "Interpolate: %s", error);
    vsapi->mapSetError(out, text);
    free_filter(filter, core, vsapi);
    return;
  }
  VSFilterDependency dependency = {filter->source, rpGeneral};
  vsapi->createVideoFilter(out, "Interpolate", &filter->video, get_frame, free_filter,
                           fmParallelRequests, &dependency, 1, filter, core);
}
