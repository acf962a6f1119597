/* SPDX-License-Identifier: MIT */
/* The same frames in any order, with any number of threads, and many at once. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "host.h"

enum { FRAMES = 12, OUTPUTS = 30 };

static Clip make_clip(void) {
  Clip clip = clip_make(FRAMES);
  clip.cut = 7;
  return clip;
}

static void orders(void) {
  Clip clip = make_clip();
  VSNode *linear = interpolate_clip(&clip, "num=60");
  uint64_t expected[OUTPUTS];
  for (int n = 0; n < OUTPUTS; n++)
    CHECK((expected[n] = hash_at(linear, n)) != 0);
  vs->freeNode(linear);

  VSNode *backward = interpolate_clip(&clip, "num=60");
  for (int n = OUTPUTS - 1; n >= 0; n--)
    CHECK(hash_at(backward, n) == expected[n]);
  vs->freeNode(backward);

  VSNode *random = interpolate_clip(&clip, "num=60 threads=3");
  unsigned state = 7;
  for (int i = 0; i < 3 * OUTPUTS; i++) {
    state = state * 1664525u + 1013904223u;
    int n = (int)((state >> 8) % OUTPUTS);
    CHECK(hash_at(random, n) == expected[n]);
  }
  vs->freeNode(random);

  for (int n = 0; n < OUTPUTS; n += 7) { /* A seek: everything is made anew. */
    VSNode *fresh = interpolate_clip(&clip, "num=60 threads=1");
    CHECK(hash_at(fresh, n) == expected[n]);
    vs->freeNode(fresh);
  }
}

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static uint64_t hashes[OUTPUTS];
static int arrived;

static void VS_CC take(void *data, const VSFrame *frame, int n, VSNode *node, const char *error) {
  const bool *leave = data;
  uint64_t hash = frame ? frame_hash(frame) : 0;
  if (error)
    printf("  frame %d: %s\n", n, error);
  vs->freeFrame(frame);
  pthread_mutex_lock(&lock);
  hashes[n] = hash;
  arrived++;
  if (*leave && arrived == OUTPUTS)
    vs->freeNode(node);
  pthread_cond_signal(&changed);
  pthread_mutex_unlock(&lock);
}

static void wait_for(int count) {
  pthread_mutex_lock(&lock);
  while (arrived < count)
    pthread_cond_wait(&changed, &lock);
  pthread_mutex_unlock(&lock);
}

/* All frames at once, as an encoder asks. `leave`: the filter goes as soon as the core allows it,
   from within the last frame's call. */
static void at_once(bool leave) {
  Clip clip = make_clip();
  VSNode *reference = interpolate_clip(&clip, "num=60 threads=1");
  VSNode *node = interpolate_clip(&clip, "num=60");
  arrived = 0;
  for (int n = 0; n < OUTPUTS; n++)
    vs->getFrameAsync(OUTPUTS - 1 - n, node, take, &leave);
  wait_for(OUTPUTS);
  if (!leave)
    vs->freeNode(node);
  for (int n = 0; n < OUTPUTS; n++)
    CHECK(hashes[n] != 0 && hashes[n] == hash_at(reference, n));
  vs->freeNode(reference);
}

/* Two filters behind each other, and two on one source. */
static void chains(void) {
  Clip clip = make_clip();
  VSNode *source = clip_node(&clip);
  VSNode *first = interpolate(source, "mult=2"), *second = interpolate(first, "mult=2");
  VSNode *beside = interpolate(source, "mult=4");
  CHECK(vs->getVideoInfo(second)->numFrames == vs->getVideoInfo(beside)->numFrames);
  for (int n = 0; n < 12; n += 2)
    CHECK(hash_at(second, n) == hash_at(beside, n));
  vs->freeNode(beside);
  vs->freeNode(second);
  vs->freeNode(first);
  vs->freeNode(source);
}

int main(void) {
  for (int threads = 1; threads <= 4; threads += 3) {
    host_start(threads);
    orders();
    at_once(false);
    at_once(true);
    chains();
    host_stop();
  }
  return check_report();
}
