/* SPDX-License-Identifier: MIT */
/* Models in the folders of VFI_MODEL_PATH, which is read once in a process. */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "check.h"
#include "support.h"

static char folder[] = "/tmp/vfi-models-XXXXXX";

static const char *inside(const char *name) {
  static char path[256];
  snprintf(path, sizeof path, "%s/%s", folder, name);
  return path;
}

static void write_text(const char *name, const char *text) {
  FILE *file = fopen(inside(name), "w");
  if (!file || fputs(text, file) < 0 || fclose(file) != 0)
    exit(2);
}

/* Index of a built-in model, or -1; the names are in alphabetical order after the default. */
static int32_t find(const char *name) {
  for (int32_t i = 0; i < vfi_model_count(); i++) {
    vfi_model_info info = {.struct_size = sizeof info};
    if (vfi_model_builtin_info(i, &info) == VFI_OK && strcmp(info.name, name) == 0)
      return i;
  }
  return -1;
}

static void listed(void) {
  CHECK(vfi_model_count() == 3);
  CHECK(find("default") == 0);
  CHECK(find("second") == 2);
  CHECK(find("notes") == -1);
  vfi_model_info info = {.struct_size = sizeof info};
  CHECK_STATUS(vfi_model_builtin_info(1, &info), VFI_ERR_MODEL);
  CHECK(strstr(vfi_last_error(NULL), inside("broken.safetensors")) != NULL);
  if (CHECK_STATUS(vfi_model_builtin_info(2, &info), VFI_OK))
    CHECK(strcmp(info.architecture, "ifrnet-s") == 0);
}

static void by_name(void) {
  vfi_params params;
  vfi_params_init(&params, sizeof params);
  params.threads = 1;
  vfi_context *context = NULL;
  params.model_name = "second";
  CHECK_STATUS(vfi_create(&context, &params), VFI_OK);
  vfi_destroy(&context);
  params.model_name = "broken";
  CHECK_STATUS(vfi_create(&context, &params), VFI_ERR_MODEL);
  params.model_name = "third";
  CHECK_STATUS(vfi_create(&context, &params), VFI_ERR_MODEL);
  CHECK(strstr(vfi_last_error(NULL), "third") != NULL);
}

/* A file that goes away after the folders were read. */
static void gone(void) {
  unlink(inside("broken.safetensors"));
  vfi_model_info info = {.struct_size = sizeof info};
  CHECK_STATUS(vfi_model_builtin_info(1, &info), VFI_ERR_MODEL);
  CHECK(strstr(vfi_last_error(NULL), "broken") != NULL);
}

int main(void) {
  char path[256];
  if (!mkdtemp(folder) || symlink(test_model(), inside("second.safetensors")) != 0)
    return 2;
  write_text("broken.safetensors", "nothing");
  write_text("default.safetensors", "does not hide the one inside the library");
  write_text("notes.txt", "no model");
  snprintf(path, sizeof path, "/nowhere::%s:%s", folder, folder);
  setenv("VFI_MODEL_PATH", path, 1);
  listed();
  by_name();
  gone();
  unlink(inside("second.safetensors"));
  unlink(inside("default.safetensors"));
  unlink(inside("notes.txt"));
  rmdir(folder);
  return check_report();
}
