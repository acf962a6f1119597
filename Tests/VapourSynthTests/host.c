/* SPDX-License-Identifier: MIT */
#include "host.h"

#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const VSAPI *vs;
VSCore *core;
static char error_text[1024];
static pthread_mutex_t clip_lock = PTHREAD_MUTEX_INITIALIZER;

static void give_up(const char *what, const char *why) {
  printf("%s: %s\n", what, why);
  exit(2);
}

void host_start(int threads) {
  vs = getVapourSynthAPI(VAPOURSYNTH_API_VERSION);
  if (!vs)
    give_up("VapourSynth", "this core does not have the API");
  core = vs->createCore(ccfDisableAutoLoading);
  vs->setThreadCount(threads, core);
  const char *path = getenv("VFI_PLUGIN");
  if (!path)
    give_up("VFI_PLUGIN", "is not set");
  VSMap *arguments = vs->createMap();
  vs->mapSetData(arguments, "path", path, -1, dtUtf8, maReplace);
  VSMap *result = vs->invoke(vs->getPluginByID(VSH_STD_PLUGIN_ID, core), "LoadPlugin", arguments);
  if (vs->mapGetError(result))
    give_up(path, vs->mapGetError(result));
  vs->freeMap(result);
  vs->freeMap(arguments);
}

void host_stop(void) {
  vs->freeCore(core);
  core = NULL;
}

/* ---- sources ---- */

Clip clip_make(int frames) {
  return (Clip){.format = pfYUV420P8,
                .width = 48,
                .height = 32,
                .frames = frames,
                .fps_num = 24,
                .fps_den = 1,
                .speed = 2};
}

void clip_forget(Clip *clip) { clip->made_count = 0; }

bool clip_made(const Clip *clip, int n) {
  int kept = clip->made_count < 64 ? clip->made_count : 64;
  for (int i = 0; i < kept; i++)
    if (clip->made[i] == n)
      return true;
  return false;
}

/* A smooth texture with values of 0 to 1; scenes differ in all of it. */
static double texture(int scene, int plane, double x, double y) {
  if (scene)
    return 0.5 + 0.4 * cos(0.9 * x + 0.2 * plane) * cos(0.8 * y);
  return 0.5 + 0.2 * sin(0.35 * x + plane) + 0.2 * sin(0.27 * y + 0.11 * x);
}

static void paint(VSFrame *frame, const Clip *clip, int n) {
  const VSVideoFormat *format = vs->getVideoFrameFormat(frame);
  int scene = clip->cut > 0 && n >= clip->cut;
  bool flat = clip->width > 8192; /* a texture would take long */
  double top = format->sampleType == stFloat ? 1 : (1 << format->bitsPerSample) - 1;
  double moved = (double)clip->speed * n * (clip->accelerates ? 1 + 0.125 * n : 1);
  for (int plane = 0; plane < format->numPlanes; plane++) {
    uint8_t *row = vs->getWritePtr(frame, plane);
    int width = vs->getFrameWidth(frame, plane), height = vs->getFrameHeight(frame, plane);
    int step = plane && format->colorFamily == cfYUV ? 1 << format->subSamplingW : 1;
    for (int y = 0; y < height; y++, row += vs->getStride(frame, plane))
      for (int x = 0; x < width; x++) {
        double value = top * (flat ? 0.1 * n : texture(scene, plane, x * step - moved, y * step));
        if (format->sampleType == stFloat)
          ((float *)(void *)row)[x] = (float)value;
        else if (format->bytesPerSample == 2)
          ((uint16_t *)(void *)row)[x] = (uint16_t)value;
        else
          row[x] = (uint8_t)value;
      }
  }
}

static const VSFrame *VS_CC source_frame(int n, int reason, void *instance, void **data,
                                         VSFrameContext *context, VSCore *in, const VSAPI *api) {
  (void)data, (void)api;
  Clip *clip = instance;
  if (reason != arInitial)
    return NULL;
  pthread_mutex_lock(&clip_lock);
  clip->made[clip->made_count++ % 64] = n;
  pthread_mutex_unlock(&clip_lock);
  if (clip->broken > 0 && n == clip->broken) {
    vs->setFilterError("the source is broken here", context);
    return NULL;
  }
  VSVideoFormat format;
  vs->getVideoFormatByID(&format, clip->format ? (uint32_t)clip->format : pfYUV420P8, in);
  int width = clip->width, height = clip->height;
  if (clip->shape)
    clip->shape(n, &format, &width, &height);
  VSFrame *frame = vs->newVideoFrame(&format, width, height, NULL, in);
  paint(frame, clip, n);
  VSMap *properties = vs->getFramePropertiesRW(frame);
  if (clip->fps_num > 0) {
    vs->mapSetInt(properties, "_DurationNum", clip->fps_den, maReplace);
    vs->mapSetInt(properties, "_DurationDen", clip->fps_num, maReplace);
  }
  vs->mapSetInt(properties, "number", n, maReplace);
  if (clip->edit)
    clip->edit(n, properties);
  return frame;
}

VSNode *clip_node(Clip *clip) {
  VSVideoInfo video = {.fpsNum = clip->fps_num, .fpsDen = clip->fps_den, .numFrames = clip->frames};
  if (!clip->shape) {
    vs->getVideoFormatByID(&video.format, (uint32_t)clip->format, core);
    video.width = clip->width;
    video.height = clip->height;
  }
  VSNode *node =
      vs->createVideoFilter2("Source", &video, source_frame, NULL, fmParallel, NULL, 0, clip, core);
  if (!node)
    give_up("Source", "cannot be made");
  vs->setCacheMode(node, cmForceDisable); /* so that each request is seen */
  return node;
}

/* ---- the filter ---- */

static void remember(const char *text) {
  snprintf(error_text, sizeof error_text, "%s", text ? text : "");
}

const char *host_error(void) { return error_text; }

bool error_has(const char *part) {
  if (strstr(error_text, part))
    return true;
  printf("  the error is '%s', without '%s'\n", error_text, part);
  return false;
}

/* Adds one "name=value", of the type that the function says; of no type it knows: as a whole
   number. */
static void add_argument(VSMap *map, char *argument, const char *types) {
  char *value = strchr(argument, '=');
  *value++ = '\0';
  char key[64];
  snprintf(key, sizeof key, ";%s:", argument);
  const char *type = strstr(types, key);
  type = type ? type + strlen(key) : "int";
  if (strncmp(type, "float", 5) == 0)
    vs->mapSetFloat(map, argument, strtod(value, NULL), maReplace);
  else if (strncmp(type, "data", 4) == 0)
    vs->mapSetData(map, argument, value, -1, dtUtf8, maReplace);
  else
    vs->mapSetInt(map, argument, strtoll(value, NULL, 10), maReplace);
}

VSNode *interpolate(VSNode *node, const char *arguments) {
  VSPlugin *plugin = vs->getPluginByNamespace("vfi", core);
  const char *types =
      vs->getPluginFunctionArguments(vs->getPluginFunctionByName("Interpolate", plugin));
  VSMap *map = vs->createMap();
  vs->mapSetNode(map, "clip", node, maReplace);
  char copy[1024], *rest = NULL;
  snprintf(copy, sizeof copy, "%s", arguments);
  for (char *word = strtok_r(copy, " ", &rest); word; word = strtok_r(NULL, " ", &rest))
    add_argument(map, word, types);
  VSMap *result = vs->invoke(plugin, "Interpolate", map);
  remember(vs->mapGetError(result));
  VSNode *made = *error_text ? NULL : vs->mapGetNode(result, "clip", 0, NULL);
  vs->freeMap(result);
  vs->freeMap(map);
  return made;
}

VSNode *interpolate_clip(Clip *clip, const char *arguments) {
  VSNode *source = clip_node(clip);
  VSNode *made = interpolate(source, arguments);
  vs->freeNode(source);
  return made;
}

/* ---- frames ---- */

const VSFrame *frame_at(VSNode *node, int n) {
  error_text[0] = '\0';
  return vs->getFrame(n, node, error_text, sizeof error_text);
}

static uint64_t mix(uint64_t hash, const uint8_t *bytes, size_t count) {
  for (size_t i = 0; i < count; i++)
    hash = (hash ^ bytes[i]) * 0x100000001b3u;
  return hash;
}

uint64_t frame_hash(const VSFrame *frame) {
  const VSVideoFormat *format = vs->getVideoFrameFormat(frame);
  int shape[] = {format->colorFamily, format->bitsPerSample, vs->getFrameWidth(frame, 0),
                 vs->getFrameHeight(frame, 0)};
  uint64_t hash = mix(0xcbf29ce484222325u, (const uint8_t *)shape, sizeof shape);
  for (int plane = 0; plane < format->numPlanes; plane++) {
    const uint8_t *row = vs->getReadPtr(frame, plane);
    size_t bytes = (size_t)vs->getFrameWidth(frame, plane) * (size_t)format->bytesPerSample;
    for (int y = 0; y < vs->getFrameHeight(frame, plane); y++, row += vs->getStride(frame, plane))
      hash = mix(hash, row, bytes);
  }
  return hash;
}

uint64_t hash_at(VSNode *node, int n) {
  const VSFrame *frame = frame_at(node, n);
  if (!frame) {
    printf("  frame %d: %s\n", n, error_text);
    return 0;
  }
  uint64_t hash = frame_hash(frame);
  vs->freeFrame(frame);
  return hash;
}

int64_t property(const VSFrame *frame, const char *key) {
  int error = 0;
  int64_t value = vs->mapGetInt(vs->getFramePropertiesRO(frame), key, 0, &error);
  return error ? INT64_MIN : value;
}

double property_float(const VSFrame *frame, const char *key) {
  int error = 0;
  double value = vs->mapGetFloat(vs->getFramePropertiesRO(frame), key, 0, &error);
  return error ? NAN : value;
}

bool has_duration(const VSFrame *frame, int64_t num, int64_t den) {
  int64_t got_num = property(frame, "_DurationNum"), got_den = property(frame, "_DurationDen");
  if (got_den > 0 && got_num * den == num * got_den)
    return true;
  printf("  the duration is %lld/%lld, not %lld/%lld\n", (long long)got_num, (long long)got_den,
         (long long)num, (long long)den);
  return false;
}
