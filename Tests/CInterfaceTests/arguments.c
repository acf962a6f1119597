/* SPDX-License-Identifier: MIT */
/* Whatever a host passes: a status comes back, never a trap. */
#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "support.h"

static void null_handles(void) {
  vfi_frame frame;
  vfi_frame_init(&frame, sizeof frame);
  vfi_info info = {.struct_size = sizeof info};
  vfi_stats stats = {.struct_size = sizeof stats};
  vfi_motion motion = {.struct_size = sizeof motion};
  vfi_model_info model_info = {.struct_size = sizeof model_info};
  double score;
  int32_t frames;
  vfi_rational half = {1, 2}, timebase;
  CHECK_STATUS(vfi_create(NULL, NULL), VFI_ERR_ARG);
  CHECK_STATUS(vfi_configure(NULL, &frame), VFI_ERR_ARG);
  CHECK_STATUS(vfi_interpolate(NULL, &frame, &frame, 1, 2, &frame, &info), VFI_ERR_ARG);
  CHECK_STATUS(vfi_interpolate_n(NULL, &frame, &frame, 1, &half, &frame, &info), VFI_ERR_ARG);
  CHECK_STATUS(vfi_scene_score(NULL, &frame, &frame, &score), VFI_ERR_ARG);
  CHECK_STATUS(vfi_get_motion(NULL, &motion), VFI_ERR_ARG);
  vfi_confidence confidence = {.struct_size = sizeof confidence};
  vfi_distance distance = {.struct_size = sizeof distance};
  CHECK_STATUS(vfi_get_confidence(NULL, &confidence), VFI_ERR_ARG);
  CHECK_STATUS(vfi_interpolate_distance(NULL, &frame, &frame, 1, 2, &distance, &frame, &info),
               VFI_ERR_ARG);
  CHECK_STATUS(vfi_get_stats(NULL, &stats), VFI_ERR_ARG);
  CHECK_STATUS(vfi_memory_required(NULL, NULL, NULL), VFI_ERR_ARG);
  CHECK_STATUS(vfi_model_get_info(NULL, &model_info), VFI_ERR_ARG);
  CHECK_STATUS(vfi_model_open_file(NULL, "x"), VFI_ERR_ARG);
  CHECK_STATUS(vfi_model_open_memory(NULL, "x", 1), VFI_ERR_ARG);
  CHECK_STATUS(vfi_params_set(NULL, "threads", "1"), VFI_ERR_ARG);
  CHECK_STATUS(vfi_option_get(0, NULL), VFI_ERR_ARG);
  CHECK_STATUS(vfi_stream_create(NULL, NULL, NULL), VFI_ERR_ARG);
  CHECK_STATUS(vfi_stream_send(NULL, &frame), VFI_ERR_ARG);
  CHECK_STATUS(vfi_stream_receive(NULL, &frame, &info), VFI_ERR_ARG);
  CHECK_STATUS(vfi_stream_drain(NULL), VFI_ERR_ARG);
  CHECK_STATUS(vfi_stream_flush(NULL), VFI_ERR_ARG);
  CHECK_STATUS(vfi_stream_latency(NULL, &frames, &score), VFI_ERR_ARG);
  CHECK_STATUS(vfi_stream_timebase(NULL, &timebase), VFI_ERR_ARG);
  CHECK(strlen(vfi_last_error(NULL)) > 0);
  CHECK(vfi_stream_context(NULL) == NULL);
  CHECK(vfi_model_ref(NULL) == NULL);
  vfi_model_unref(NULL);
  vfi_destroy(NULL);
  vfi_stream_destroy(NULL);
  vfi_cancel(NULL);
  vfi_cancel_reset(NULL);
  vfi_reset_stats(NULL);
  vfi_params_init(NULL, sizeof(vfi_params));
  vfi_frame_init(NULL, sizeof(vfi_frame));
  vfi_stream_params_init(NULL, sizeof(vfi_stream_params));
  vfi_context *no_context = NULL;
  vfi_destroy(&no_context);
  vfi_stream *no_stream = NULL;
  vfi_stream_destroy(&no_stream);
  vfi_model *no_model = NULL;
  vfi_model_unref(&no_model);
}

/* Calls vfi_create with one field changed. */
static void refused(vfi_params params, vfi_status expected, const char *what) {
  vfi_context *context = (vfi_context *)&params;
  vfi_status status = vfi_create(&context, &params);
  if (!check_status_(status, expected, what, __FILE__, __LINE__))
    vfi_destroy(&context);
  CHECK(context == NULL);
  CHECK(vfi_last_error(NULL)[0] != 0);
}

static void *some_alloc(void *opaque, size_t size) {
  (void)opaque;
  (void)size;
  return NULL;
}

static void some_free(void *opaque, void *memory) {
  (void)opaque;
  (void)memory;
}

static void some_run(void *opaque, vfi_job job, void *argument, int32_t count) {
  (void)opaque;
  for (int32_t i = 0; i < count; i++)
    job(argument, i);
}

#define REFUSED(status, change)                                                                    \
  do {                                                                                             \
    vfi_params params = test_params();                                                             \
    change;                                                                                        \
    refused(params, status, #change);                                                              \
  } while (0)

static void parameters(void) {
  REFUSED(VFI_ERR_VERSION, params.struct_size = 0);
  REFUSED(VFI_ERR_VERSION, params.struct_size -= 1);
  REFUSED(VFI_ERR_VERSION, params.struct_size += 8);
  REFUSED(VFI_ERR_VERSION, params.struct_size = SIZE_MAX);
  REFUSED(VFI_ERR_ARG, params.threads = -1);
  REFUSED(VFI_ERR_ARG, params.threads = 257);
  REFUSED(VFI_ERR_ARG, params.threads = INT32_MAX);
  REFUSED(VFI_ERR_ARG, params.threads = INT32_MIN);
  REFUSED(VFI_ERR_ARG, params.scene_cut = 2);
  REFUSED(VFI_ERR_ARG, params.scene_cut = -1);
  REFUSED(VFI_ERR_ARG, params.scene_cut_action = 2);
  REFUSED(VFI_ERR_ARG, params.scene_cut_action = INT32_MIN);
  REFUSED(VFI_ERR_ARG, params.scene_cut_threshold = -0.1);
  REFUSED(VFI_ERR_ARG, params.scene_cut_threshold = 100.1);
  REFUSED(VFI_ERR_ARG, params.scene_cut_threshold = NAN);
  REFUSED(VFI_ERR_ARG, params.duplicate_action = 2);
  REFUSED(VFI_ERR_ARG, params.duplicate_action = -1);
  REFUSED(VFI_ERR_ARG, params.max_gap = -1);
  REFUSED(VFI_ERR_ARG, params.max_gap = NAN);
  REFUSED(VFI_ERR_ARG, params.max_gap = INFINITY);
  REFUSED(VFI_ERR_ARG, params.flow_scale = 0.3);
  REFUSED(VFI_ERR_ARG, params.flow_scale = -1);
  REFUSED(VFI_ERR_ARG, params.flow_scale = NAN);
  REFUSED(VFI_ERR_ARG, params.precision = 4);
  REFUSED(VFI_ERR_ARG, params.precision = -1);
  REFUSED(VFI_ERR_ARG, params.log_level = 5);
  REFUSED(VFI_ERR_ARG, params.log_level = -1);
  REFUSED(VFI_ERR_ARG, params.allocator.alloc = some_alloc);
  REFUSED(VFI_ERR_ARG, params.allocator.free = some_free);
  REFUSED(VFI_ERR_ARG, params.executor.run = some_run);
  REFUSED(VFI_ERR_ARG, (params.executor.run = some_run, params.executor.max_jobs = INT32_MIN));
  REFUSED(VFI_ERR_ARG, params.sparsity = 3);
  REFUSED(VFI_ERR_ARG, params.sparsity = -1);
  REFUSED(VFI_ERR_ARG, params.heavy_share = 1.1);
  REFUSED(VFI_ERR_ARG, params.heavy_share = -0.1);
  REFUSED(VFI_ERR_ARG, params.heavy_share = NAN);
  REFUSED(VFI_ERR_ARG, params.deadline_ms = -1);
  REFUSED(VFI_ERR_ARG, params.deadline_ms = NAN);
  REFUSED(VFI_ERR_ARG, params.deadline_ms = INFINITY);
  REFUSED(VFI_ERR_ARG, params.reserved[3] = 1);
  REFUSED(VFI_ERR_ARG, params.reserved_motion = 1);
  REFUSED(VFI_ERR_ARG, params.motion = 2);
  REFUSED(VFI_ERR_ARG, params.motion = -1);
  REFUSED(VFI_ERR_MODEL, params.model_name = "/nowhere/model.safetensors");
  REFUSED(VFI_ERR_MODEL, params.model_name = "");
  REFUSED(VFI_ERR_MODEL, params.model_name = "/");
}

static void options(void) {
  vfi_params params = test_params();
  static const char *const wrong[][2] = {
      {"threads", "x"},
      {"threads", ""},
      {"threads", "-1"},
      {"threads", "257"},
      {"threads", "1e1"},
      {"threads", " 1"},
      {"threads", "99999999999999999999999"},
      {"scene_cut", "2"},
      {"scene_cut", "yes"},
      {"max_gap", "nan"},
      {"max_gap", "inf"},
      {"max_gap", "-1"},
      {"max_gap", ""},
      {"max_gap", "1 s"},
      {"flow_scale", "0.3"},
      {"flow_scale", "2"},
      {"duplicates", "Copy"},
      {"precision", "int4"},
      {"sparsity", "0.25"},
      {"heavy_share", "1.5"},
      {"quality", "medium"},
      {"deadline_ms", "-1"},
      {"precision", "2"},
      {"log_level", "5"},
      {"memory_limit", "-1"},
      {"scene_cut_action", "predict"},
      {"scene_cut_threshold", "100.5"},
      {"", "1"},
      {"no_such_option", "1"},
      {"threads ", "1"},
  };
  for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
    CHECK_STATUS(vfi_params_set(&params, wrong[i][0], wrong[i][1]), VFI_ERR_ARG);
    CHECK(strstr(vfi_last_error(NULL), wrong[i][0]) != NULL);
  }
  CHECK_STATUS(vfi_params_set(&params, NULL, "1"), VFI_ERR_ARG);
  CHECK_STATUS(vfi_params_set(&params, "threads", NULL), VFI_ERR_ARG);
  params.struct_size = 12;
  CHECK_STATUS(vfi_params_set(&params, "threads", "1"), VFI_ERR_VERSION);
  CHECK(params.threads == 1);

  params = test_params();
  CHECK_STATUS(vfi_params_set(&params, "threads", "2"), VFI_OK);
  CHECK(params.threads == 2);
  CHECK_STATUS(vfi_params_set(&params, "scene_cut_action", "blend"), VFI_OK);
  CHECK(params.scene_cut_action == VFI_CUT_BLEND);
  CHECK_STATUS(vfi_params_set(&params, "duplicates", "interpolate"), VFI_OK);
  CHECK(params.duplicate_action == VFI_DUPLICATE_INTERPOLATE);
  CHECK_STATUS(vfi_params_set(&params, "precision", "bfloat16"), VFI_OK);
  CHECK(params.precision == VFI_PRECISION_BFLOAT16);
  CHECK_STATUS(vfi_params_set(&params, "precision", "int8"), VFI_OK);
  CHECK(params.precision == VFI_PRECISION_INT8);
  CHECK_STATUS(vfi_params_set(&params, "sparsity", "cap"), VFI_OK);
  CHECK_STATUS(vfi_params_set(&params, "heavy_share", "0.125"), VFI_OK);
  CHECK_STATUS(vfi_params_set(&params, "deadline_ms", "30"), VFI_OK);
  CHECK(params.sparsity == VFI_SPARSITY_CAP && params.heavy_share == 0.125);
  CHECK(params.deadline_ms == 30);
  CHECK_STATUS(vfi_params_set(&params, "max_gap", "1.25"), VFI_OK);
  CHECK(params.max_gap == 1.25);
  CHECK_STATUS(vfi_params_set(&params, "memory_limit", "5000000000"), VFI_OK);
  CHECK(params.memory_limit == 5000000000u);
  CHECK_STATUS(vfi_params_set(&params, "scene_cut", "0"), VFI_OK);
  CHECK(params.scene_cut == 0);
  static const char name[] = "some model";
  CHECK_STATUS(vfi_params_set(&params, "model", name), VFI_OK);
  CHECK(params.model_name == name);
}

/* One word for two fields, which may be changed after it. */
static void quality(void) {
  vfi_params params = test_params(), defaults = params;
  CHECK_STATUS(vfi_params_set(&params, "quality", "fast"), VFI_OK);
  CHECK(params.sparsity == VFI_SPARSITY_CAP && params.heavy_share == 0);
  CHECK_STATUS(vfi_params_set(&params, "heavy_share", "0.125"), VFI_OK);
  CHECK(params.sparsity == VFI_SPARSITY_CAP && params.heavy_share == 0.125);
  CHECK_STATUS(vfi_params_set(&params, "quality", "best"), VFI_OK);
  CHECK(params.sparsity == VFI_SPARSITY_OFF);
  CHECK_STATUS(vfi_params_set(&params, "sparsity", "auto"), VFI_OK);
  CHECK(params.sparsity == VFI_SPARSITY_AUTO);
  CHECK_STATUS(vfi_params_set(&params, "quality", "fast"), VFI_OK);
  CHECK_STATUS(vfi_params_set(&params, "quality", "balanced"), VFI_OK);
  CHECK(memcmp(&params, &defaults, sizeof params) == 0);
}

/* Any text for any option: set or refused. */
static void random_options(void) {
  uint64_t seed = 5;
  for (int round = 0; round < 4000; round++) {
    vfi_params params = test_params();
    vfi_option option = {.struct_size = sizeof option};
    CHECK_STATUS(
        vfi_option_get((int32_t)(random_next(&seed) % (uint64_t)vfi_option_count()), &option),
        VFI_OK);
    char value[12] = "";
    int length = (int)(random_next(&seed) % 11);
    for (int i = 0; i < length; i++)
      value[i] = random_next(&seed) % 2 ? "0123456789.-+einfax "[random_next(&seed) % 20]
                                        : (char)(1 + random_next(&seed) % 255);
    vfi_status status = vfi_params_set(&params, option.name, value);
    CHECK(status == VFI_OK || status == VFI_ERR_ARG);
  }
}

/* Every default of the table is what vfi_params_init sets. */
static void option_table(void) {
  vfi_option option = {.struct_size = sizeof option};
  CHECK_STATUS(vfi_option_get(-1, &option), VFI_ERR_ARG);
  CHECK_STATUS(vfi_option_get(vfi_option_count(), &option), VFI_ERR_ARG);
  CHECK_STATUS(vfi_option_get(INT32_MIN, &option), VFI_ERR_ARG);
  CHECK(vfi_option_count() > 8);
  for (int32_t i = 0; i < vfi_option_count(); i++) {
    vfi_params defaults, params;
    vfi_params_init(&defaults, sizeof defaults);
    vfi_params_init(&params, sizeof params);
    option.struct_size = sizeof option;
    if (!CHECK_STATUS(vfi_option_get(i, &option), VFI_OK))
      continue;
    CHECK(strlen(option.name) > 2);
    CHECK(option.help[strlen(option.help) - 1] == '.');
    CHECK_STATUS(vfi_params_set(&params, option.name, option.default_value), VFI_OK);
    if (option.type == VFI_OPTION_STRING)
      params.model_name = NULL;
    CHECK(memcmp(&params, &defaults, sizeof params) == 0);
    CHECK((option.names != NULL) == (option.type == VFI_OPTION_ENUM));
    if (option.type != VFI_OPTION_ENUM)
      continue;
    int count = 0;
    while (option.names[count]) {
      CHECK_STATUS(vfi_params_set(&params, option.name, option.names[count]), VFI_OK);
      count++;
    }
    CHECK(option.minimum == 0 && option.maximum == count - 1);
    option.struct_size = 4;
    CHECK_STATUS(vfi_option_get(i, &option), VFI_ERR_VERSION);
  }
}

static void initialisers(void) {
  unsigned char bytes[2 * sizeof(vfi_params)];
  memset(bytes, 0x77, sizeof bytes);
  vfi_params_init((vfi_params *)(void *)bytes, 16);
  for (size_t i = 16; i < sizeof bytes; i++)
    if (bytes[i] != 0x77) {
      CHECK(!"vfi_params_init wrote behind a small structure");
      break;
    }
  memset(bytes, 0x77, sizeof bytes);
  vfi_params_init((vfi_params *)(void *)bytes, sizeof bytes);
  CHECK(bytes[sizeof(vfi_params)] == 0x77);
  memset(bytes, 0x77, sizeof bytes);
  vfi_params_init((vfi_params *)(void *)bytes, 0);
  CHECK(bytes[0] == 0x77);

  vfi_frame frame;
  memset(&frame, 0x77, sizeof frame);
  vfi_frame_init(&frame, sizeof frame);
  CHECK(frame.struct_size == sizeof frame && frame.data[3] == NULL && frame.opaque == NULL);
  CHECK(frame.matrix == VFI_MATRIX_UNSPECIFIED && frame.primaries == 2 && frame.transfer == 2);
  vfi_stream_params stream;
  vfi_stream_params_init(&stream, sizeof stream);
  CHECK(stream.struct_size == sizeof stream && stream.multiplier == 2);
  CHECK(stream.rate.num == 0 && stream.rate.den == 1);
}

static void texts(void) {
  for (vfi_status status = -40; status < 10; status++) {
    const char *text = vfi_strerror(status);
    CHECK(text != NULL && text[0] != 0);
  }
  CHECK(vfi_strerror(INT32_MIN) != NULL && vfi_strerror(INT32_MAX) != NULL);
  CHECK(vfi_api_version() == VFI_API_VERSION);
  CHECK(strcmp(vfi_version_string(), "0.1.0") == 0);
}

int main(void) {
  CHECK(strcmp(vfi_last_error(NULL), "") == 0);
  null_handles();
  parameters();
  options();
  quality();
  random_options();
  option_table();
  initialisers();
  texts();
  return check_report();
}
