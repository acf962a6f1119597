/* SPDX-License-Identifier: MIT */
/* How many frames come, when, how long they last, and which source frames they are made of. */
#include <math.h>
#include <stdio.h>

#include "host.h"

static const VSVideoInfo *info(VSNode *node) { return vs->getVideoInfo(node); }

/* Frame counts as every host of libvfi gives them. */
static void counts(void) {
  static const struct {
    int frames, fps_num, fps_den;
    const char *arguments;
    int expected, num, den;
  } cases[] = {
      {48, 24000, 1001, "num=60", 121, 60, 1},
      {50, 25, 1, "num=60", 120, 60, 1},
      {60, 30, 1, "num=60", 120, 60, 1},
      {60, 30000, 1001, "num=60000 den=1001", 120, 60000, 1001},
      {120, 60, 1, "num=24", 48, 24, 1},
      {10, 30, 1, "num=60", 20, 60, 1},
      {10, 30, 1, "num=48000 den=1001", 16, 48000, 1001},
      {10, 30, 1, "num=50", 17, 50, 1},
      {10, 30, 1, "num=120 den=2", 20, 60, 1},
      {10, 24000, 1001, "", 20, 48000, 1001},
      {10, 24000, 1001, "mult=5", 50, 120000, 1001},
      {10, 24, 1, "mult=1", 10, 24, 1},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    Clip clip = clip_make(cases[i].frames);
    clip.fps_num = cases[i].fps_num;
    clip.fps_den = cases[i].fps_den;
    VSNode *node = interpolate_clip(&clip, cases[i].arguments);
    if (!CHECK(node != NULL)) {
      printf("  %s: %s\n", cases[i].arguments, host_error());
      continue;
    }
    CHECK(info(node)->numFrames == cases[i].expected);
    CHECK(info(node)->fpsNum == cases[i].num && info(node)->fpsDen == cases[i].den);
    for (int n = 0; n < cases[i].expected; n += cases[i].expected - 1) {
      const VSFrame *frame = frame_at(node, n);
      CHECK(frame && has_duration(frame, cases[i].den, cases[i].num));
      vs->freeFrame(frame);
    }
    vs->freeNode(node);
  }
}

/* Frames at source times are the source's bytes, others are new, the last one is held. */
static void contents(void) {
  Clip clip = clip_make(6);
  VSNode *source = clip_node(&clip), *node = interpolate(source, "mult=2");
  for (int n = 0; n < 12; n++) {
    uint64_t hash = hash_at(node, n);
    if (n % 2 == 0 || n == 11)
      CHECK(hash == hash_at(source, n / 2));
    else
      CHECK(hash != 0 && hash != hash_at(source, n / 2) && hash != hash_at(source, n / 2 + 1));
  }
  CHECK(frame_at(node, 12) == NULL); /* There is nothing behind the end. */
  vs->freeNode(node);
  vs->freeNode(source);
}

/* Far in, every frame is made of just the sources that it lies between, or with `beside` of one
   more on either side: no drift. */
static void positions(const char *arguments, int beside) {
  Clip clip = clip_make(1000000000);
  clip.fps_num = 24000;
  clip.fps_den = 1001;
  clip.width = clip.height = 16;
  VSNode *node = interpolate_clip(&clip, arguments);
  CHECK(info(node)->numFrames == 1251250000); /* 10^9 * 30 * 1001 / 24000 */
  uint64_t n = 0, state = 1;
  for (int i = 0; i < 200; i++) {
    state = state * 6364136223846793005u + 1442695040888963407u;
    n = (state >> 20) % 1251250000u;
    /* n / 30 seconds, in frames of 1001 / 24000 seconds: n * 800 / 1001. */
    uint64_t index = n * 800 / 1001, rest = n * 800 % 1001;
    clip_forget(&clip);
    const VSFrame *frame = frame_at(node, (int)n);
    CHECK(frame != NULL);
    vs->freeFrame(frame);
    bool last = index == 999999999;
    if (rest == 0 || last) {
      CHECK(clip.made_count == 1 && clip_made(&clip, (int)index));
      continue;
    }
    int first = (int)index < beside ? 0 : (int)index - beside, end = (int)index + 2 + beside;
    end = end < clip.frames ? end : clip.frames;
    CHECK(clip.made_count == end - first);
    for (int i = first; i < end; i++)
      CHECK(clip_made(&clip, i));
  }
  vs->freeNode(node);
}

static void uneven(int n, VSMap *properties) {
  vs->mapSetInt(properties, "_DurationNum", n % 5 + 1, maReplace);
  vs->mapSetInt(properties, "_DurationDen", 100, maReplace);
  vs->mapSetFloat(properties, "_AbsoluteTime", n * n, maReplace);
}

/* A clip without a constant rate: parts of each frame's own duration. */
static void variable_rate(void) {
  Clip clip = clip_make(7);
  clip.fps_num = clip.fps_den = 0;
  clip.edit = uneven;
  VSNode *node = interpolate_clip(&clip, "mult=3");
  CHECK(info(node)->fpsNum == 0 && info(node)->numFrames == 21);
  int64_t hundredths = 0;
  for (int n = 0; n < 21; n++) {
    const VSFrame *frame = frame_at(node, n);
    int source = n / 3, num = source % 5 + 1;
    CHECK(has_duration(frame, num, 300));
    hundredths += property(frame, "_DurationNum") * 300 / property(frame, "_DurationDen");
    double next = source == 6 ? 36 + 2 / 100.0 : (source + 1) * (source + 1);
    double time = source * source + (next - source * source) * (n % 3) / 3;
    CHECK(fabs(property_float(frame, "_AbsoluteTime") - time) < 1e-9);
    vs->freeFrame(frame);
  }
  CHECK(hundredths == 3 * (1 + 2 + 3 + 4 + 5 + 1 + 2));
  vs->freeNode(node);
  CHECK(interpolate_clip(&clip, "num=60") == NULL);
  CHECK(error_has("no constant frame rate") && error_has("AssumeFPS"));
}

static void without_duration(int n, VSMap *properties) {
  if (n == 1)
    vs->mapSetInt(properties, "_DurationNum", 0, maReplace);
  if (n == 2)
    vs->mapSetInt(properties, "_DurationNum", -1, maReplace);
  if (n >= 1)
    vs->mapSetInt(properties, "_DurationDen", n == 3 ? 0 : 24, maReplace);
  if (n == 4)
    vs->mapSetInt(properties, "_DurationNum", INT64_MAX, maReplace);
  if (n == 5) {
    vs->mapSetInt(properties, "_DurationNum", 5, maReplace);
    vs->mapSetInt(properties, "_DurationDen", INT64_MAX, maReplace);
  }
  /* Time goes back. */
  vs->mapSetFloat(properties, "_AbsoluteTime", -n, maReplace);
}

/* Durations that are missing, zero, negative or out of range: frames come, without a duration. */
static void odd_durations(void) {
  Clip clip = clip_make(7);
  clip.fps_num = clip.fps_den = 0;
  clip.edit = without_duration;
  VSNode *node = interpolate_clip(&clip, "mult=2");
  for (int n = 0; n < 14; n++) {
    const VSFrame *frame = frame_at(node, n);
    if (!CHECK(frame != NULL))
      continue;
    bool known = n / 2 == 4; /* INT64_MAX / 24 over 2 is still a ratio of 64 bits */
    CHECK((property(frame, "_DurationNum") != INT64_MIN) == known);
    CHECK((property(frame, "_DurationDen") != INT64_MIN) == known);
    CHECK(isfinite(property_float(frame, "_AbsoluteTime")));
    vs->freeFrame(frame);
  }
  vs->freeNode(node);
}

/* Sources that are further apart than max_gap are held, as in a stream. */
static void gaps(void) {
  Clip clip = clip_make(3);
  clip.fps_num = 1;
  VSNode *source = clip_node(&clip), *held = interpolate(source, "mult=4");
  VSNode *made = interpolate(source, "mult=4 max_gap=1");
  for (int n = 0; n < 8; n++)
    CHECK(hash_at(held, n) == hash_at(source, n / 4));
  CHECK(hash_at(made, 1) != hash_at(source, 0) && hash_at(made, 7) != hash_at(source, 1));
  vs->freeNode(made);
  vs->freeNode(held);
  vs->freeNode(source);
}

static void cut_told(int n, VSMap *properties) {
  vs->mapSetInt(properties, "_SceneChangePrev", n == 3, maReplace);
  vs->mapSetInt(properties, "_SceneChangeNext", n == 2, maReplace);
}

/* Whether output n of two filters on one clip is the same. */
static bool same_at(VSNode *a, VSNode *b, int n) { return hash_at(a, n) == hash_at(b, n); }

/* The frames beside a pair bend its motion, but for those across a cut or a gap. */
static void neighbours(void) {
  Clip clip = clip_make(6);
  clip.accelerates = true;
  VSNode *bent = interpolate_clip(&clip, "mult=2");
  VSNode *linear = interpolate_clip(&clip, "mult=2 motion=linear");
  for (int n = 1; n < 11; n += 2)
    CHECK(!same_at(bent, linear, n));
  vs->freeNode(bent);
  Clip told = clip;
  told.edit = cut_told;
  VSNode *cut = interpolate_clip(&told, "mult=2"),
         *open = interpolate_clip(&told, "mult=2 scene_cut=0");
  VSNode *source = clip_node(&clip);
  CHECK(hash_at(cut, 5) == hash_at(source, 2)); /* held, as the cut is after it */
  CHECK(!same_at(cut, open, 3) && !same_at(cut, open, 7));
  CHECK(same_at(cut, open, 1) && same_at(cut, open, 9));
  vs->freeNode(cut);
  vs->freeNode(open);
  vs->freeNode(source);
  vs->freeNode(linear);
}

int main(void) {
  host_start(2);
  counts();
  contents();
  positions("num=30 threads=1 motion=linear", 0);
  positions("num=30 threads=1", 1);
  neighbours();
  variable_rate();
  odd_durations();
  gaps();
  host_stop();
  return check_report();
}
