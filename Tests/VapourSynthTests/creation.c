/* SPDX-License-Identifier: MIT */
/* Making a filter is cheap: players do it at each seek, with clips of a length that they invent. */
#include <dirent.h>
#include <limits.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "host.h"

static size_t heap(void) {
  struct mallinfo2 now = mallinfo2();
  return now.uordblks + now.hblkhd;
}

static int threads(void) {
  DIR *folder = opendir("/proc/self/task");
  int count = -2; /* . and .. */
  while (folder && readdir(folder))
    count++;
  if (folder)
    closedir(folder);
  return count;
}

/* How many times a file is mapped, or read into memory, by this process. */
static int mapped(const char *path) {
  char line[PATH_MAX + 256];
  int count = 0;
  FILE *maps = fopen("/proc/self/maps", "r");
  while (maps && fgets(line, sizeof line, maps))
    count += strstr(line, path) != NULL;
  if (maps)
    fclose(maps);
  return count;
}

/* Nothing is asked of the clip, no thread starts, and no memory depends on its length. */
static void nothing_is_done(void) {
  Clip clip = clip_make(INT_MAX / 16);
  clip.width = 1920;
  clip.height = 1080;
  VSNode *source = clip_node(&clip);
  vs->freeNode(interpolate(source, "mult=16 threads=4")); /* the model, once in a process */
  int threads_before = threads();
  size_t before = heap();
  enum { COUNT = 200 };
  VSNode *nodes[COUNT];
  for (int i = 0; i < COUNT; i++)
    nodes[i] = interpolate(source, "mult=16 threads=4");
  CHECK(nodes[COUNT - 1] != NULL);
  size_t each = (heap() - before) / COUNT;
  if (!CHECK(each < 8192))
    printf("  %zu bytes a filter\n", each);
  CHECK(threads() == threads_before);
  CHECK(clip.made_count == 0);
  CHECK(vs->getVideoInfo(nodes[0])->numFrames == INT_MAX / 16 * 16);
  for (int i = 0; i < COUNT; i++)
    vs->freeNode(nodes[i]);
  vs->freeNode(source);
}

/* The first new frame brings the context; one on a source frame does not. */
static void context_comes_late(void) {
  Clip clip = clip_make(1000000000);
  VSNode *node = interpolate_clip(&clip, "mult=2 threads=5");
  CHECK(hash_at(node, 1000) != 0); /* starts the core's own threads */
  int before = threads();
  VSNode *second = interpolate_clip(&clip, "mult=2 threads=5");
  CHECK(hash_at(second, 1999999998) != 0);
  CHECK(hash_at(second, 1999999999) != 0); /* the last one, which is held */
  CHECK(threads() == before);
  CHECK(hash_at(second, 999999999) != 0);
  CHECK(threads() == before + 4); /* and the caller's */
  vs->freeNode(second);
  CHECK(threads() == before);
  vs->freeNode(node);
}

/* The one clip is declared, so that the core caches for it and frees it. */
static void dependency(void) {
  Clip clip = clip_make(10);
  VSNode *source = clip_node(&clip), *node = interpolate(source, "mult=2");
  CHECK(vs->getNumNodeDependencies(node) == 1);
  const VSFilterDependency *dependency = vs->getNodeDependency(node, 0);
  CHECK(dependency->source == source && dependency->requestPattern == rpGeneral);
  CHECK(vs->getNodeFilterMode(node) == fmParallelRequests);
  vs->freeNode(node);
  vs->freeNode(source);
}

/* A model's file is opened once, by however many filters and cores, and again when it changed. */
static void model_cache(const char *path) {
  char copy[] = "/tmp/vfi-vapoursynth-model-XXXXXX", arguments[PATH_MAX], command[2 * PATH_MAX];
  close(mkstemp(copy));
  snprintf(command, sizeof command, "cp '%s' '%s'", path, copy);
  CHECK(system(command) == 0);
  snprintf(arguments, sizeof arguments, "model=%s", copy);
  Clip clip = clip_make(4);
  uint64_t hash = 0;
  for (int round = 0; round < 3; round++) {
    host_start(2);
    VSNode *first = interpolate_clip(&clip, arguments);
    VSNode *second = interpolate_clip(&clip, arguments);
    CHECK(first != NULL && second != NULL);
    CHECK(mapped(copy) == 1);
    uint64_t now = hash_at(first, 1);
    CHECK(now != 0 && now == hash_at(second, 1) && (round == 0 || now == hash));
    hash = now;
    vs->freeNode(first);
    vs->freeNode(second);
    host_stop();
    CHECK(mapped(copy) == 1);
  }
  FILE *file = fopen(copy, "w"); /* no longer a model */
  CHECK(file && fputs("changed", file) >= 0 && fclose(file) == 0);
  host_start(2);
  CHECK(interpolate_clip(&clip, arguments) == NULL && error_has(copy));
  host_stop();
  CHECK(remove(copy) == 0);
}

int main(void) {
  host_start(2);
  nothing_is_done();
  context_comes_late();
  dependency();
  host_stop();
  const char *model = getenv("VFI_TEST_MODEL");
  if (model)
    model_cache(model);
  return check_report();
}
