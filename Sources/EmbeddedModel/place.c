// SPDX-License-Identifier: MIT
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdlib.h>

#include "EmbeddedModel.h"

char *embedded_model_file(void) {
  Dl_info place;
  if (!dladdr(embedded_default_model, &place) || !place.dli_fname)
    return NULL;
  return realpath(place.dli_fname, NULL);
}

const char *model_path_variable(void) { return secure_getenv("VFI_MODEL_PATH"); }
