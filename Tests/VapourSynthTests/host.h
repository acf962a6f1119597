/* SPDX-License-Identifier: MIT */
/* A host of VapourSynth's core, without Python: makes a core, loads the plugin, feeds it clips. */
#ifndef HOST_H
#define HOST_H

#define VS_USE_API_41 /* to see how nodes depend on each other */
#include <VSHelper4.h>
#include <VapourSynth4.h>
#include <stdbool.h>

#include "../CInterfaceTests/check.h"

extern const VSAPI *vs;
extern VSCore *core;

/* Makes a core of `threads` threads with the plugin VFI_PLUGIN in it; ends the program if that
   fails. */
void host_start(int threads);
void host_stop(void);

/* Where the source of a test makes frames that are not as the rest. */
typedef struct Clip {
  int format; /* VSPresetFormat; 0 = formats differ from frame to frame */
  int width, height;
  int frames;
  int64_t fps_num, fps_den; /* 0/0 = not constant */
  int speed;                /* pixels a frame by which the texture moves */
  bool accelerates;         /* by a quarter of that more from frame to frame */
  int cut;                  /* first frame of another scene; 0 = none */
  int broken;               /* frame that gives an error; 0 = none */
  /* Changes what the source made of frame n: its properties. May be NULL. */
  void (*edit)(int n, VSMap *properties);
  /* Changes size and format of frame n. May be NULL. */
  void (*shape)(int n, VSVideoFormat *format, int *width, int *height);
  /* Of the last 64 frames that were made: their numbers. */
  int made[64];
  int made_count;
} Clip;

/* 48 x 32 YUV420P8 at 24 frames a second, moving by 2 pixels a frame. */
Clip clip_make(int frames);
VSNode *clip_node(Clip *clip);
/* Forgets which frames were made. */
void clip_forget(Clip *clip);
bool clip_made(const Clip *clip, int n);

/* core.vfi.Interpolate(node, ...), of which `arguments` is like "num=60 den=1"; keeps `node`.
   NULL: host_error() says why. */
VSNode *interpolate(VSNode *node, const char *arguments);
/* The same for a clip, whose node is then only the filter's. */
VSNode *interpolate_clip(Clip *clip, const char *arguments);
/* Frame n, or NULL: host_error() says why. */
const VSFrame *frame_at(VSNode *node, int n);
const char *host_error(void);
bool error_has(const char *part);

/* A hash of format, size and samples. */
uint64_t frame_hash(const VSFrame *frame);
/* Of frame n of the node. 0: there is none. */
uint64_t hash_at(VSNode *node, int n);
int64_t property(const VSFrame *frame, const char *key);      /* INT64_MIN: there is none */
double property_float(const VSFrame *frame, const char *key); /* NaN: there is none */
bool has_duration(const VSFrame *frame, int64_t num, int64_t den);

#endif
