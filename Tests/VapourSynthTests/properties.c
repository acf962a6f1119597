/* SPDX-License-Identifier: MIT */
/* Frame properties: scene changes, fields, and what new frames take over. */
#include <stdio.h>
#include <string.h>

#include "host.h"

/* Whether output n is one of source frames from and to (the nearer), or neither. */
static int which(VSNode *node, VSNode *source, int n, int from, int to) {
  uint64_t hash = hash_at(node, n);
  return hash == hash_at(source, from) ? from : hash == hash_at(source, to) ? to : -1;
}

/* Of 4 frames at 4 times the rate: what outputs 4 to 7, between frames 1 and 2, are. */
static void expect(Clip *clip, const char *arguments, const int expected[4]) {
  VSNode *source = clip_node(clip), *node = interpolate(source, arguments);
  CHECK(node != NULL);
  for (int i = 0; i < 4; i++)
    if (!CHECK(which(node, source, 4 + i, 1, 2) == expected[i]))
      printf("  output %d with %s\n", 4 + i, arguments);
  vs->freeNode(node);
  vs->freeNode(source);
}

static const int held[4] = {1, 1, 1, 2}, made[4] = {1, -1, -1, -1};

static void cut_after_1(int n, VSMap *properties) {
  vs->mapSetInt(properties, "_SceneChangeNext", n == 1, maReplace);
  vs->mapSetInt(properties, "_SceneChangePrev", n == 2, maReplace);
}

static void cut_next_only(int n, VSMap *properties) {
  vs->mapSetInt(properties, "_SceneChangeNext", n == 1, maReplace);
}

static void cut_prev_only(int n, VSMap *properties) {
  vs->mapSetInt(properties, "_SceneChangePrev", n == 2, maReplace);
}

static void no_cut(int n, VSMap *properties) {
  (void)n;
  vs->mapSetInt(properties, "_SceneChangeNext", 0, maReplace);
  vs->mapSetInt(properties, "_SceneChangePrev", 0, maReplace);
}

static void cuts(void) {
  Clip moving = clip_make(4), cut = clip_make(4);
  cut.cut = 2;
  expect(&moving, "mult=4", made);
  expect(&cut, "mult=4", held); /* found without help */
  expect(&cut, "mult=4 scene_cut=0", made);
  expect(&cut, "mult=4 scene_cut_threshold=100", made);
  void (*const told[])(int, VSMap *) = {cut_after_1, cut_next_only, cut_prev_only};
  for (int i = 0; i < 3; i++) { /* The properties' word counts. */
    moving.edit = told[i];
    expect(&moving, "mult=4", held);
    expect(&moving, "mult=4 scene_cut=0", made);
  }
  cut.edit = no_cut;
  expect(&cut, "mult=4", made);
}

/* The cut is told once in the output: after the last held frame, before the first of the rest. */
static void moved_flags(void) {
  Clip clip = clip_make(4);
  clip.cut = 2;
  clip.edit = cut_after_1;
  static const char *const rates[] = {"mult=4", "num=60", "mult=1", "num=17"};
  for (size_t i = 0; i < sizeof rates / sizeof *rates; i++) {
    VSNode *node = interpolate_clip(&clip, rates[i]);
    int frames = vs->getVideoInfo(node)->numFrames, nexts = 0, prevs = 0, number = 0;
    for (int n = 0; n < frames; n++) {
      const VSFrame *frame = frame_at(node, n);
      bool first = property(frame, "number") >= 2 && number < 2;
      number = (int)property(frame, "number");
      CHECK(property(frame, "_SceneChangePrev") == first);
      prevs += first;
      int next = (int)property(frame, "_SceneChangeNext");
      nexts += next;
      vs->freeFrame(frame);
      const VSFrame *after = n + 1 < frames ? frame_at(node, n + 1) : NULL;
      CHECK(next == (after && number < 2 && property(after, "number") >= 2));
      if (after)
        vs->freeFrame(after);
    }
    CHECK(nexts == 1 && prevs == 1);
    vs->freeNode(node);
  }
  Clip plain = clip_make(3);
  VSNode *node = interpolate_clip(&plain, "");
  const VSFrame *frame = frame_at(node, 1);
  CHECK(property(frame, "_SceneChangePrev") == INT64_MIN); /* nothing is made up */
  vs->freeFrame(frame);
  vs->freeNode(node);
}

static void fields(int n, VSMap *properties) {
  vs->mapSetInt(properties, "_FieldBased", n == 2 ? 2 : n == 4 ? 1 : 0, maReplace);
}

static void interlaced(void) {
  Clip clip = clip_make(7);
  clip.edit = fields;
  VSNode *node = interpolate_clip(&clip, "mult=2");
  for (int n = 0; n < 14; n++) {
    const VSFrame *frame = frame_at(node, n);
    bool refused = n >= 3 && n <= 9 && n != 6;
    CHECK((frame == NULL) == refused);
    if (frame)
      vs->freeFrame(frame);
    else
      CHECK(error_has("Interpolate: frame ") && error_has("_FieldBased"));
  }
  vs->freeNode(node);
}

static void picture(int n, VSMap *properties) {
  vs->mapSetData(properties, "_PictType", n % 2 ? "P" : "I", 1, dtUtf8, maReplace);
  vs->mapSetInt(properties, "_Matrix", n % 2 ? 1 : 6, maReplace); /* they need not agree */
}

/* New frames have the properties of the nearer source, less its picture type. */
static void taken_over(void) {
  Clip clip = clip_make(3);
  clip.edit = picture;
  VSNode *node = interpolate_clip(&clip, "mult=4");
  static const int numbers[12] = {0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 2};
  for (int n = 0; n < 12; n++) {
    const VSFrame *frame = frame_at(node, n);
    if (!CHECK(frame != NULL))
      continue;
    CHECK(property(frame, "number") == numbers[n]);
    CHECK(property(frame, "_Matrix") == (numbers[n] % 2 ? 1 : 6));
    bool new_one = n % 4 != 0 && n < 8;
    CHECK((vs->mapNumElements(vs->getFramePropertiesRO(frame), "_PictType") == 1) == !new_one);
    vs->freeFrame(frame);
  }
  vs->freeNode(node);
}

int main(void) {
  host_start(2);
  cuts();
  moved_flags();
  interlaced();
  taken_over();
  host_stop();
  return check_report();
}
