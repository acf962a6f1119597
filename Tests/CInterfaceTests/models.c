/* SPDX-License-Identifier: MIT */
/* Model files: missing, broken, hostile; and models that are shared. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "check.h"
#include "support.h"

static uint8_t *bytes;
static size_t size;

static void read_model(void) {
  FILE *file = fopen(test_model(), "rb");
  if (!file)
    exit(2);
  fseek(file, 0, SEEK_END);
  size = (size_t)ftell(file);
  rewind(file);
  bytes = malloc(size);
  if (!bytes || fread(bytes, 1, size, file) != size)
    exit(2);
  fclose(file);
}

static void files(void) {
  char path[] = "/tmp/vfi-model-XXXXXX";
  int descriptor = mkstemp(path);
  CHECK(descriptor >= 0);
  vfi_model *model = (vfi_model *)bytes;
  CHECK_STATUS(vfi_model_open_file(&model, path), VFI_ERR_MODEL); /* empty */
  CHECK(model == NULL && strstr(vfi_last_error(NULL), path) != NULL);
  static const size_t lengths[] = {1, 7, 8, 9, 100, 5000, 100000};
  for (int i = 0; i < 7; i++) {
    CHECK(pwrite(descriptor, bytes, lengths[i], 0) == (ssize_t)lengths[i]);
    CHECK_STATUS(vfi_model_open_file(&model, path), VFI_ERR_MODEL);
    CHECK(model == NULL);
  }
  close(descriptor);
  unlink(path);
  CHECK_STATUS(vfi_model_open_file(&model, path), VFI_ERR_MODEL);
  CHECK_STATUS(vfi_model_open_file(&model, "/dev/null"), VFI_ERR_MODEL);
  CHECK_STATUS(vfi_model_open_file(&model, "/"), VFI_ERR_MODEL);
  CHECK_STATUS(vfi_model_open_file(&model, ""), VFI_ERR_MODEL);
  CHECK_STATUS(vfi_model_open_file(&model, "\xff\xfe\n\x80"), VFI_ERR_MODEL);
  CHECK_STATUS(vfi_model_open_file(&model, NULL), VFI_ERR_ARG);
}

static vfi_status open_bytes(const void *data, size_t count) {
  vfi_model *model = NULL;
  vfi_status status = vfi_model_open_memory(&model, data, count);
  CHECK((status == VFI_OK) == (model != NULL));
  vfi_model_unref(&model);
  CHECK(model == NULL);
  return status;
}

static void hostile(void) {
  CHECK_STATUS(open_bytes(NULL, 100), VFI_ERR_ARG);
  CHECK(open_bytes(bytes, 0) < 0);
  CHECK(open_bytes(bytes, SIZE_MAX) < 0);
  CHECK_STATUS(open_bytes(bytes, size - 1), VFI_ERR_MODEL);
  static const char *const headers[] = {
      "",
      "{",
      "{}",
      "[]",
      "null",
      "{\"__metadata__\":{\"architecture\":\"ifrnet-s\"}}",
      "{\"__metadata__\":{\"architecture\":\"unknown\"}}",
      "{\"__metadata__\":{\"architecture\":7}}",
      "{\"__metadata__\":[]}",
      "{\"a\":{\"dtype\":\"F32\",\"shape\":[-1],\"data_offsets\":[0,4]}}",
      "{\"a\":{\"dtype\":\"F32\",\"shape\":[4611686018427387904,4],\"data_offsets\":[0,0]}}",
      "{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,99999999999999999999]}}",
      "{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[8,4]}}",
      "{\"a\":{\"dtype\":\"F32\",\"shape\":[1e9],\"data_offsets\":[0,4]}}",
      "{\"a\":{\"dtype\":\"\\ud800\",\"shape\":[],\"data_offsets\":[0,4]}}",
      "{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{}}}}}}}",
  };
  uint8_t buffer[400];
  for (size_t i = 0; i < sizeof headers / sizeof *headers; i++) {
    size_t length = strlen(headers[i]);
    memset(buffer, 0, sizeof buffer);
    buffer[0] = (uint8_t)length;
    memcpy(buffer + 8, headers[i], length);
    CHECK_STATUS(open_bytes(buffer, 8 + length), VFI_ERR_MODEL);
    CHECK_STATUS(open_bytes(buffer, sizeof buffer), VFI_ERR_MODEL);
  }
  memset(buffer, '[', sizeof buffer);
  memset(buffer, 0, 8);
  buffer[0] = 128;
  CHECK_STATUS(open_bytes(buffer, sizeof buffer), VFI_ERR_MODEL);
  memset(buffer, 0xFF, 8);
  CHECK_STATUS(open_bytes(buffer, sizeof buffer), VFI_ERR_MODEL);
}

/* Some bytes of a good file changed, in its header most often: refused or opened, never a trap. */
static void mutations(void) {
  uint64_t seed = 21, length = 0;
  memcpy(&length, bytes, 8);
  size_t head = (size_t)length + 8;
  for (int round = 0; round < 400; round++) {
    size_t places[4];
    uint8_t old[4];
    int count = 1 + (int)(random_next(&seed) % 4);
    for (int i = 0; i < count; i++) {
      places[i] = (size_t)(random_next(&seed) % (round % 8 ? head : 16));
      old[i] = bytes[places[i]];
      uint64_t kind = random_next(&seed) % 3;
      bytes[places[i]] = (uint8_t)(kind == 0   ? random_next(&seed)
                                   : kind == 1 ? '0' + random_next(&seed) % 10
                                               : (uint8_t) "\"{}[],:-e\\"[random_next(&seed) % 10]);
    }
    vfi_status status = open_bytes(bytes, head + 16);
    CHECK(status == VFI_ERR_MODEL || status == VFI_ERR_NOMEM);
    if (round % 20 == 0) {
      status = open_bytes(bytes, size);
      CHECK(status == VFI_OK || status == VFI_ERR_MODEL || status == VFI_ERR_NOMEM);
    }
    while (count-- > 0)
      bytes[places[count]] = old[count];
  }
  const float nan = 0.0f / 0.0f;
  float old;
  memcpy(&old, bytes + size - 4, 4);
  memcpy(bytes + size - 4, &nan, 4);
  CHECK_STATUS(open_bytes(bytes, size), VFI_ERR_MODEL);
  memcpy(bytes + size - 4, &old, 4);
  CHECK_STATUS(open_bytes(bytes, size), VFI_OK);
}

static void information(void) {
  vfi_model_info info = {.struct_size = sizeof info};
  CHECK(vfi_model_count() >= 1);
  CHECK_STATUS(vfi_model_builtin_info(-1, &info), VFI_ERR_ARG);
  CHECK_STATUS(vfi_model_builtin_info(vfi_model_count(), &info), VFI_ERR_ARG);
  CHECK_STATUS(vfi_model_builtin_info(INT32_MIN, &info), VFI_ERR_ARG);
  CHECK_STATUS(vfi_model_builtin_info(0, NULL), VFI_ERR_ARG);
  info.struct_size = 0;
  CHECK_STATUS(vfi_model_builtin_info(0, &info), VFI_ERR_VERSION);
  vfi_model *model = NULL;
  CHECK_STATUS(vfi_model_open_file(&model, test_model()), VFI_OK);
  CHECK_STATUS(vfi_model_get_info(model, &info), VFI_ERR_VERSION);
  CHECK_STATUS(vfi_model_get_info(model, NULL), VFI_ERR_ARG);
  info.struct_size = sizeof info;
  CHECK_STATUS(vfi_model_get_info(model, &info), VFI_OK);
  CHECK(strcmp(info.architecture, "ifrnet-s") == 0);
  CHECK(strcmp(info.task, "interpolate") == 0);
  CHECK(info.parameter_count == 2803610 && info.kmac_per_pixel > 50);
  CHECK(info.any_instant == 0 && info.name && info.licence && info.description);
  vfi_model_unref(&model);
}

/* The built-in model makes a frame with no file on disk. */
static void built_in(void) {
  vfi_model_info info = {.struct_size = sizeof info};
  CHECK_STATUS(vfi_model_builtin_info(0, &info), VFI_OK);
  CHECK(info.name && strcmp(info.name, "default") == 0);
  CHECK(info.any_instant == 1 && info.kmac_per_pixel > 0 && info.kmac_per_pixel <= 35);
  picture a = picture_make(VFI_FORMAT_YUV420P8, 96, 64, 0, 0);
  picture b = picture_make(VFI_FORMAT_YUV420P8, 96, 64, 0, 0);
  picture out = picture_make(VFI_FORMAT_YUV420P8, 96, 64, 0, 0);
  picture_draw(&a, 0);
  picture_draw(&b, 1);
  vfi_context *context = NULL;
  CHECK_STATUS(vfi_create(&context, NULL), VFI_OK);
  vfi_info how = {.struct_size = sizeof how, .decision = -1};
  CHECK_STATUS(vfi_interpolate(context, &a.frame, &b.frame, 1, 2, &out.frame, &how), VFI_OK);
  CHECK(how.decision == VFI_INTERPOLATED);
  vfi_destroy(&context);
  picture_free(&a);
  picture_free(&b);
  picture_free(&out);
}

/* A context keeps its model; references are counted. */
static void sharing(void) {
  vfi_model *model = NULL;
  CHECK_STATUS(vfi_model_open_memory(&model, bytes, size), VFI_OK);
  vfi_model *second = vfi_model_ref(model);
  CHECK(second == model);
  vfi_params params = test_params();
  params.model_name = "not looked at";
  params.model = model;
  vfi_context *contexts[2] = {NULL, NULL};
  CHECK_STATUS(vfi_create(&contexts[0], &params), VFI_OK);
  vfi_model_unref(&model);
  CHECK_STATUS(vfi_create(&contexts[1], &params), VFI_OK);
  vfi_model_unref(&second);
  picture a = picture_make(VFI_FORMAT_GRAY8, 32, 32, 0, 0);
  picture out = picture_make(VFI_FORMAT_GRAY8, 32, 32, 0, 0);
  picture b = picture_make(VFI_FORMAT_GRAY8, 32, 32, 0, 0);
  picture_draw(&a, 0);
  picture_draw(&b, 1);
  uint64_t hash[2];
  for (int i = 0; i < 2; i++) {
    CHECK_STATUS(vfi_interpolate(contexts[i], &a.frame, &b.frame, 1, 2, &out.frame, NULL), VFI_OK);
    hash[i] = picture_hash(&out.frame);
    vfi_destroy(&contexts[i]);
  }
  CHECK(hash[0] == hash[1]);
  picture_free(&a);
  picture_free(&b);
  picture_free(&out);
}

int main(void) {
  read_model();
  files();
  hostile();
  mutations();
  information();
  built_in();
  sharing();
  free(bytes);
  return check_report();
}
