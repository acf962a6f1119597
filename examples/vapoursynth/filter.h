/* SPDX-License-Identifier: MIT */
/* What interpolate.c and arguments.c share. */
#ifndef FILTER_H
#define FILTER_H

#include "plugin.h"

enum { ERROR_SIZE = 512 };

/* Whether nothing may be made between a source frame and the next one. */
typedef struct KnownCut {
  int64_t number; /* of the first frame, from 1 on; 0 = none is known */
  bool is_cut;
} KnownCut;

/* The cuts that a frame asks for: those of its pair, and on either side of it. */
enum { KNOWN_CUTS = 3 };

typedef struct Filter {
  VSNode *source;
  Clock clock;
  int source_frames;
  double source_seconds; /**< of a frame; 0 = not constant */
  VSVideoInfo video;     /**< of the output; a rate of 0 when it is not constant */
  vfi_params params;
  vfi_context *context; /**< NULL until a frame needs it */
  KnownCut cuts[KNOWN_CUTS];
  VSCore *core;
  const VSAPI *vsapi;
} Filter;

/* Fills in rates, clock and parameters from the arguments in `in`; source, core and API are there.
   False: `error` says what is wrong. */
bool read_arguments(Filter *filter, const VSMap *in, char *error, size_t size);

#endif
