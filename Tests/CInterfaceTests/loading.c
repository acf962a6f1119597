/* SPDX-License-Identifier: MIT */
/* dlopen and dlclose, again and again, and two copies in one process. */
#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "support.h"

typedef struct library {
  void *handle;
  vfi_status (*create)(vfi_context **, const vfi_params *);
  vfi_status (*interpolate)(vfi_context *, const vfi_frame *, const vfi_frame *, int64_t, int64_t,
                            vfi_frame *, vfi_info *);
  void (*destroy)(vfi_context **);
  void (*params_init)(vfi_params *, size_t);
  uint32_t (*api_version)(void);
} library;

/* Reads a function's address without a cast that ISO C lacks. */
static void find(void *handle, const char *name, void *function) {
  void *address = dlsym(handle, name);
  CHECK(address != NULL);
  memcpy(function, &address, sizeof address);
}

static library open_library(const char *path) {
  library l;
  memset(&l, 0, sizeof l);
  l.handle = dlopen(path, RTLD_NOW | RTLD_LOCAL);
  if (!CHECK(l.handle != NULL)) {
    printf("  %s\n", dlerror());
    exit(check_report());
  }
  find(l.handle, "vfi_create", &l.create);
  find(l.handle, "vfi_interpolate", &l.interpolate);
  find(l.handle, "vfi_destroy", &l.destroy);
  find(l.handle, "vfi_params_init", &l.params_init);
  find(l.handle, "vfi_api_version", &l.api_version);
  return l;
}

static void work(const library *l, int threads) {
  CHECK(l->api_version() == VFI_API_VERSION);
  uint8_t pixels[3][32 * 32];
  vfi_frame frames[3];
  memset(frames, 0, sizeof frames);
  for (int i = 0; i < 3; i++) {
    for (int k = 0; k < 32 * 32; k++)
      pixels[i][k] = (uint8_t)(100 + (k + 3 * i) % 32);
    frames[i].struct_size = sizeof frames[i];
    frames[i].format = VFI_FORMAT_GRAY8;
    frames[i].width = frames[i].height = 32;
    frames[i].data[0] = pixels[i];
    frames[i].stride[0] = 32;
  }
  vfi_params params;
  l->params_init(&params, sizeof params);
  params.model_name = getenv("VFI_TEST_MODEL");
  params.threads = threads;
  vfi_context *context = NULL;
  CHECK_STATUS(l->create(&context, &params), VFI_OK);
  CHECK_STATUS(l->interpolate(context, &frames[0], &frames[1], 1, 2, &frames[2], NULL), VFI_OK);
  l->destroy(&context);
}

int main(int count, char **arguments) {
  if (count != 3)
    return 2;
  for (int i = 0; i < 20; i++) {
    library l = open_library(arguments[1]);
    if (i % 4 == 0)
      work(&l, 1 + i % 3);
    CHECK(dlclose(l.handle) == 0);
  }
  library first = open_library(arguments[1]), second = open_library(arguments[2]);
  CHECK(first.create != second.create);
  work(&first, 2);
  work(&second, 2);
  work(&first, 1);
  CHECK(dlclose(first.handle) == 0);
  work(&second, 1);
  return check_report();
}
