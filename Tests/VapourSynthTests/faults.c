/* SPDX-License-Identifier: MIT */
/* What users get wrong, and what goes wrong: a clear error, and the other frames still come. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <vfi.h>

#include "host.h"

static void refuse(const char *arguments, const char *part) {
  Clip clip = clip_make(10);
  VSNode *node = interpolate_clip(&clip, arguments);
  if (!CHECK(node == NULL)) {
    printf("  with %s\n", arguments);
    vs->freeNode(node);
    return;
  }
  CHECK(error_has("Interpolate: ") && error_has(part));
}

static void arguments(void) {
  refuse("num=0", "num and den must be 1 or more, not 0/1");
  refuse("num=60 den=0", "not 60/0");
  refuse("num=-60 den=-1", "not -60/-1");
  refuse("den=1001", "den is given without num");
  refuse("num=60 mult=2", "either mult, or num and den");
  refuse("den=1 mult=2", "either mult, or num and den");
  refuse("mult=0", "mult must be 1 to 1024, not 0");
  refuse("mult=1025", "not 1025");
  refuse("mult=-9223372036854775808", "mult must be");
  refuse("num=9223372036854775807 den=1", "frames, more than 2147483647");
  refuse("nonsense=1", "nonsense");
  refuse("scene_cut_action=1", "scene_cut_action"); /* not an argument here */
  refuse("threads=-1", "'threads'");
  refuse("threads=257", "'threads'");
  refuse("scene_cut=2", "'scene_cut'");
  refuse("scene_cut_threshold=101", "'scene_cut_threshold'");
  refuse("scene_cut_threshold=nan", "'scene_cut_threshold'");
  refuse("max_gap=-1", "'max_gap'");
  refuse("flow_scale=0.3", "flow_scale");
  refuse("precision=half", "auto, float32, bfloat16, int8");
  refuse("duplicates=drop", "copy, interpolate");
  refuse("sparsity=", "auto, off, cap");
  refuse("memory_limit=-5", "'memory_limit'");
  refuse("log_level=loud", "none, error");
}

/* Every option of the library that is loaded is an argument, but for the one that has no meaning.
 */
static void options(void) {
  VSPlugin *plugin = vs->getPluginByNamespace("vfi", core);
  const char *types =
      vs->getPluginFunctionArguments(vs->getPluginFunctionByName("Interpolate", plugin));
  Clip clip = clip_make(2);
  for (int32_t i = 0; i < vfi_option_count(); i++) {
    vfi_option option = {.struct_size = sizeof option};
    CHECK_STATUS(vfi_option_get(i, &option), VFI_OK);
    char text[128];
    snprintf(text, sizeof text, ";%s:", option.name);
    bool is_argument = strcmp(option.name, "scene_cut_action") != 0;
    CHECK((strstr(types, text) != NULL) == is_argument);
    if (!is_argument)
      continue;
    snprintf(text, sizeof text, "mult=2 %s=%s", option.name, option.default_value);
    VSNode *node = interpolate_clip(&clip, text); /* its default is taken */
    if (!CHECK(node != NULL && hash_at(node, 1) != 0))
      printf("  with %s: %s\n", text, host_error());
    vs->freeNode(node);
  }
}

static void huge_rates(void) {
  Clip clip = clip_make(10);
  clip.fps_num = INT64_MAX - 24; /* nothing that follows has a factor in common with it */
  clip.fps_den = INT64_MAX - 1;
  CHECK(interpolate_clip(&clip, "num=9223372036854775549 den=9223372036854775643") == NULL);
  CHECK(error_has("no ratio within 64 bits"));
  CHECK(interpolate_clip(&clip, "mult=1021") == NULL);
  CHECK(error_has("no ratio within 64 bits"));
}

static void models(void) {
  refuse("model=nope", "'nope': No such file");
  refuse("model=/nowhere/nope.safetensors", "/nowhere/nope.safetensors");
  refuse("model=", "Interpolate: ");
  refuse("model=/", "'/'");
  char path[] = "/tmp/vfi-vapoursynth-XXXXXX";
  int file = mkstemp(path);
  char text[64];
  snprintf(text, sizeof text, "model=%s", path);
  refuse(text, path); /* empty */
  CHECK(write(file, "not weights, but a text that is long enough", 43) == 43);
  refuse(text, path);
  close(file);
  unlink(path);
  refuse(text, "No such file");
}

/* No memory for a new frame: an error of that frame, and source frames still come. */
static void no_memory(void) {
  Clip clip = clip_make(4);
  VSNode *source = clip_node(&clip), *node = interpolate(source, "mult=2 memory_limit=4096");
  CHECK(node != NULL);
  for (int n = 0; n < 8; n++) {
    if (n % 2 == 0 || n == 7) {
      CHECK(hash_at(node, n) == hash_at(source, n / 2));
    } else {
      CHECK(frame_at(node, n) == NULL);
      CHECK(error_has("Interpolate: frame ") && error_has("exceed the limit of "));
    }
  }
  vs->freeNode(node);
  vs->freeNode(source);
}

/* The source's own error is passed on, for the frames that need that frame. */
static void broken_source(const char *arguments, int beside) {
  Clip clip = clip_make(8);
  clip.broken = 3;
  VSNode *node = interpolate_clip(&clip, arguments);
  for (int n = 0; n < 16; n++) {
    const VSFrame *frame = frame_at(node, n);
    bool needs = n % 2 ? n >= 5 - 2 * beside && n <= 7 + 2 * beside : n == 6;
    CHECK((frame == NULL) == needs);
    if (frame)
      vs->freeFrame(frame);
    else
      CHECK(error_has("the source is broken here"));
  }
  vs->freeNode(node);
}

/* 16384 is the largest side; a frame of that size needs more than it may have here. */
static void large(void) {
  Clip clip = clip_make(3);
  clip.format = pfGray8;
  clip.width = 16385;
  clip.height = 16;
  CHECK(interpolate_clip(&clip, "") == NULL);
  CHECK(error_has("16385 x 16") && error_has("16384"));
  clip.width = 16;
  clip.height = 16385;
  CHECK(interpolate_clip(&clip, "") == NULL);
  clip.width = clip.height = 16384;
  VSNode *node = interpolate_clip(&clip, "memory_limit=100000000 scene_cut=0");
  CHECK(node != NULL);
  const VSFrame *frame = frame_at(node, 1);
  CHECK(frame == NULL && error_has("exceed the limit of "));
  vs->freeNode(node);
}

int main(void) {
  host_start(2);
  arguments();
  options();
  huge_rates();
  models();
  no_memory();
  broken_source("mult=2 motion=linear", 0);
  broken_source("mult=2", 1);
  large();
  host_stop();
  return check_report();
}
