/* SPDX-License-Identifier: MIT */
#include "plugin.h"

static bool has(const VSMap *properties, const char *key, const VSAPI *vsapi) {
  return vsapi->mapNumElements(properties, key) > 0;
}

static bool flag(const VSFrame *frame, const char *key, const VSAPI *vsapi) {
  int error = 0;
  return frame && vsapi->mapGetInt(vsapi->getFramePropertiesRO(frame), key, 0, &error) != 0 &&
         !error;
}

Cut cut_by_properties(const VSFrame *a, const VSFrame *b, const VSAPI *vsapi) {
  if (flag(a, "_SceneChangeNext", vsapi) || flag(b, "_SceneChangePrev", vsapi))
    return CUT_YES;
  bool told = has(vsapi->getFramePropertiesRO(a), "_SceneChangeNext", vsapi) ||
              (b && has(vsapi->getFramePropertiesRO(b), "_SceneChangePrev", vsapi));
  return told ? CUT_NO : CUT_UNKNOWN;
}

static bool get_duration(const VSFrame *frame, int64_t *num, int64_t *den, const VSAPI *vsapi) {
  const VSMap *properties = vsapi->getFramePropertiesRO(frame);
  int no_num = 0, no_den = 0;
  *num = vsapi->mapGetInt(properties, "_DurationNum", 0, &no_num);
  *den = vsapi->mapGetInt(properties, "_DurationDen", 0, &no_den);
  return !no_num && !no_den && *num > 0 && *den > 0;
}

double frame_seconds(const VSFrame *frame, const VSAPI *vsapi) {
  int64_t num, den;
  return get_duration(frame, &num, &den, vsapi) ? (double)num / (double)den : 0;
}

static void set_duration(VSMap *properties, const Origin *origin, int64_t rate_num,
                         int64_t rate_den, const VSAPI *vsapi) {
  int64_t num = rate_den, den = rate_num;
  const Clock *clock = origin->clock;
  bool known = rate_num > 0 || (get_duration(origin->a, &num, &den, vsapi) &&
                                scale_rational(&num, &den, clock->step_num, clock->step_den));
  if (known) {
    vsapi->mapSetInt(properties, "_DurationNum", num, maReplace);
    vsapi->mapSetInt(properties, "_DurationDen", den, maReplace);
  } else {
    vsapi->mapDeleteKey(properties, "_DurationNum");
    vsapi->mapDeleteKey(properties, "_DurationDen");
  }
}

static void set_absolute_time(VSMap *properties, const Origin *origin, const VSAPI *vsapi) {
  static const char *const key = "_AbsoluteTime";
  int error = 0, no_next = 1;
  double time = vsapi->mapGetFloat(vsapi->getFramePropertiesRO(origin->a), key, 0, &error);
  if (error) {
    vsapi->mapDeleteKey(properties, key);
    return;
  }
  double next = 0;
  if (origin->b)
    next = vsapi->mapGetFloat(vsapi->getFramePropertiesRO(origin->b), key, 0, &no_next);
  double interval = !no_next && next > time ? next - time : frame_seconds(origin->a, vsapi);
  Place place = clock_place(origin->clock, origin->n);
  time += interval * ((double)place.t_num / (double)place.t_den);
  vsapi->mapSetFloat(properties, key, time, maReplace);
}

/* Whether a cut lies between source frames `from` and `to`, as far as frames a and b tell. */
static bool cut_between(const Origin *origin, int64_t index, int64_t from, int64_t to,
                        const VSAPI *vsapi) {
  bool before = flag(origin->a, "_SceneChangePrev", vsapi);
  bool inside = cut_by_properties(origin->a, origin->b, vsapi) == CUT_YES;
  bool after = flag(origin->b, "_SceneChangeNext", vsapi);
  return (before && from < index && to >= index) || (inside && from <= index && to > index) ||
         (after && from <= index + 1 && to > index + 1);
}

/* A held frame comes several times; the cut is before the first, or after the last of them. */
static void set_scene_changes(VSMap *properties, const Origin *origin, const VSAPI *vsapi) {
  if (!has(properties, "_SceneChangePrev", vsapi) && !has(properties, "_SceneChangeNext", vsapi))
    return;
  Place place = clock_place(origin->clock, origin->n);
  Place earlier = clock_place(origin->clock, (int64_t)origin->n - 1);
  Place later = clock_place(origin->clock, (int64_t)origin->n + 1);
  int64_t here = place_nearest(&place);
  bool prev = cut_between(origin, place.index, place_nearest(&earlier), here, vsapi);
  bool next = cut_between(origin, place.index, here, place_nearest(&later), vsapi);
  vsapi->mapSetInt(properties, "_SceneChangePrev", prev, maReplace);
  vsapi->mapSetInt(properties, "_SceneChangeNext", next, maReplace);
}

void set_properties(VSFrame *frame, const Origin *origin, int64_t rate_num, int64_t rate_den,
                    const VSAPI *vsapi) {
  VSMap *properties = vsapi->getFramePropertiesRW(frame);
  set_duration(properties, origin, rate_num, rate_den, vsapi);
  set_absolute_time(properties, origin, vsapi);
  set_scene_changes(properties, origin, vsapi);
  /* No encoder made a picture of this type at this time. */
  if (origin->is_new)
    vsapi->mapDeleteKey(properties, "_PictType");
}
