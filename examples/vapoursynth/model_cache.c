/* SPDX-License-Identifier: MIT */
/* Players load a script anew at each seek, in a new core, and free the old one first. So models
 * stay open until the process ends; the plugin is linked to stay loaded for that. A file that has
 * changed is opened anew.
 */
#define _POSIX_C_SOURCE 200809L /* st_mtim */

#include "plugin.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

typedef struct Entry {
  struct Entry *next;
  struct stat file;
  vfi_model *model;
  char path[];
} Entry;

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static Entry *entries;

static bool same_file(const struct stat *a, const struct stat *b) {
  return a->st_dev == b->st_dev && a->st_ino == b->st_ino && a->st_size == b->st_size &&
         a->st_mtim.tv_sec == b->st_mtim.tv_sec && a->st_mtim.tv_nsec == b->st_mtim.tv_nsec;
}

static Entry *find(const char *path) {
  for (Entry *entry = entries; entry; entry = entry->next)
    if (strcmp(entry->path, path) == 0)
      return entry;
  return NULL;
}

static void keep(const char *path, const struct stat *file, vfi_model *model) {
  Entry *entry = find(path);
  if (!entry) {
    size_t size = strlen(path) + 1;
    entry = malloc(sizeof *entry + size);
    if (!entry)
      return; /* Then it is opened again the next time. */
    memcpy(entry->path, path, size);
    entry->model = NULL;
    entry->next = entries;
    entries = entry;
  }
  vfi_model_unref(&entry->model);
  entry->model = vfi_model_ref(model);
  entry->file = *file;
}

vfi_model *model_from_cache(const char *path) {
  struct stat file;
  bool exists = stat(path, &file) == 0;
  vfi_model *model = NULL;
  pthread_mutex_lock(&lock);
  Entry *known = exists ? find(path) : NULL;
  if (known && same_file(&known->file, &file)) {
    model = vfi_model_ref(known->model);
  } else if (vfi_model_open_file(&model, path) == VFI_OK && exists) {
    keep(path, &file, model);
  }
  pthread_mutex_unlock(&lock);
  return model;
}
