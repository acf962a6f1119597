/* SPDX-License-Identifier: MIT */
/* Holes filled by a network, VFI_TEST_INPAINT_MODEL: what is left alone, what is remembered and
 * what is not. */
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "support.h"

enum { WIDTH = 50, HEIGHT = 38, CLIP = 4 };

static vfi_context *network_context(int threads) {
  vfi_params params = test_params();
  params.model_name = getenv("VFI_TEST_INPAINT_MODEL");
  params.threads = threads;
  vfi_context *context = NULL;
  if (vfi_create(&context, &params) != VFI_OK) {
    printf("%s\n", vfi_last_error(NULL));
    exit(2);
  }
  return context;
}

/* What the model says of itself, and what a context with it cannot do. */
static void its_task(vfi_context *context) {
  vfi_model *model = NULL;
  vfi_model_info info = {.struct_size = sizeof info};
  CHECK_STATUS(vfi_model_open_file(&model, getenv("VFI_TEST_INPAINT_MODEL")), VFI_OK);
  CHECK_STATUS(vfi_model_get_info(model, &info), VFI_OK);
  CHECK(strcmp(info.task, "inpaint") == 0 && strcmp(info.architecture, "vinet-s") == 0);
  CHECK(info.kmac_per_pixel > 50 && info.kmac_per_pixel < 500 && info.parameter_count > 1000000);
  picture a = picture_make(VFI_FORMAT_GRAY8, 32, 32, 0, 0);
  picture b = picture_make(VFI_FORMAT_GRAY8, 32, 32, 0, 0);
  picture out = picture_make(VFI_FORMAT_GRAY8, 32, 32, 0, 0);
  picture_draw(&a, 0);
  picture_draw(&b, 1);
  CHECK_STATUS(vfi_interpolate(context, &a.frame, &b.frame, 1, 2, &out.frame, NULL),
               VFI_ERR_UNSUPPORTED);
  CHECK(strstr(vfi_last_error(context), "vinet-s") != NULL);
  CHECK_STATUS(vfi_interpolate(context, &a.frame, &b.frame, 0, 1, &out.frame, NULL),
               VFI_ERR_UNSUPPORTED);
  vfi_motion motion = {.struct_size = sizeof motion, .width = 32, .height = 32};
  CHECK_STATUS(vfi_get_motion(context, &motion), VFI_ERR_UNSUPPORTED);
  double score = -1;
  CHECK_STATUS(vfi_scene_score(context, &a.frame, &b.frame, &score), VFI_OK);
  CHECK(score >= 0);
  vfi_params params = test_params();
  params.model = model;
  vfi_stream_params rate;
  vfi_stream_params_init(&rate, sizeof rate);
  rate.source_rate = rational(25, 1);
  vfi_stream *stream = NULL;
  CHECK_STATUS(vfi_stream_create(&stream, &params, &rate), VFI_ERR_UNSUPPORTED);
  CHECK(stream == NULL && strstr(vfi_last_error(NULL), "vinet-s") != NULL);
  vfi_model_unref(&model);
  picture_free(&a);
  picture_free(&b);
  picture_free(&out);
}

/* Frame `index` of a window of `count` frames of a clip whose holes hold `garbage`; its hash. */
static uint64_t fill(vfi_context *context, vfi_pixel_format format, int count, int index,
                     vfi_inpaint_params params, uint8_t garbage, const char *what) {
  picture frames[CLIP], out = picture_make(format, WIDTH, HEIGHT, 5, 0);
  picture mask = mask_make(WIDTH, HEIGHT, (vfi_rectangle){17, 13, 11, 8});
  vfi_frame inputs[CLIP];
  window_make(frames, CLIP, format, WIDTH, HEIGHT, 0);
  for (int i = 0; i < CLIP; i++)
    picture_spoil(&frames[i], &mask.frame, garbage);
  views(frames, CLIP, inputs);
  vfi_inpaint_info info = {.struct_size = sizeof info};
  if (!CHECK_STATUS(vfi_inpaint_window(context, count, inputs, 1, &mask.frame, index, &params,
                                       &out.frame, &info),
                    VFI_OK))
    printf("  %s, format %d: %s\n", what, format, vfi_last_error(context));
  /* Also where all samples are the network's: this one corrects what was filled before. */
  if (!CHECK(picture_equal_outside(&out.frame, &inputs[index], &mask.frame, params.dilation)))
    printf("  %s, format %d\n", what, format);
  CHECK(!picture_equal(&out.frame, &inputs[index]) && picture_guarded(&out));
  uint64_t marked = 0;
  for (int y = 0; y < HEIGHT; y++)
    for (int x = 0; x < WIDTH; x++)
      marked += (uint64_t)mask_contains(&mask.frame, params.dilation, x, y);
  CHECK(info.filled_pixels == marked && info.propagated_pixels == 0);
  CHECK(info.frames_used >= (count > 1) && info.frames_used < count);
  uint64_t hash = picture_hash(&out.frame);
  window_free(frames, CLIP);
  picture_free(&out);
  picture_free(&mask);
  return hash;
}

/* Samples outside stay in every format, and what the mask hides does not matter. */
static void formats(vfi_context *context) {
  for (vfi_pixel_format format = 1; format <= FORMAT_COUNT; format++) {
    uint64_t exact = fill(context, format, 2, 0, holes(0, 0), 0, "zeros");
    CHECK(fill(context, format, 2, 0, holes(0, 0), 0x3B, "garbage") == exact);
    CHECK(fill(context, format, 2, 1, holes(3, 1), 0, "dilated") != exact);
  }
}

/* Sizes that are no multiple of the network's, and holes at the border or everywhere. */
static void sizes(vfi_context *context) {
  static const int shapes[][2] = {{1, 1}, {3, 5}, {8, 8}, {37, 21}};
  for (int i = 0; i < 4; i++) {
    int width = shapes[i][0], height = shapes[i][1];
    for (int everywhere = 0; everywhere < 2; everywhere++) {
      picture frame = picture_make(VFI_FORMAT_YUV420P8, width, height, 0, 0);
      picture out = picture_make(VFI_FORMAT_YUV420P8, width, height, 7, 1);
      picture mask = mask_make(
          width, height, (vfi_rectangle){0, 0, everywhere ? width : 1, everywhere ? height : 1});
      picture_draw(&frame, 0);
      vfi_inpaint_params params = holes(1, 0);
      CHECK_STATUS(vfi_inpaint(context, &frame.frame, &mask.frame, &params, &out.frame, NULL),
                   VFI_OK);
      CHECK(picture_equal_outside(&out.frame, &frame.frame, &mask.frame, 1));
      CHECK(picture_guarded(&out));
      picture_free(&frame);
      picture_free(&out);
      picture_free(&mask);
    }
  }
}

/* A call depends on its window alone, unless it says that it goes on. */
static void memory(vfi_context *context) {
  const vfi_pixel_format format = VFI_FORMAT_RGB24;
  vfi_inpaint_params params = holes(2, 1), goes_on = params, forgets = params, whole = params;
  goes_on.flags = VFI_INPAINT_CONTINUE;
  forgets.flags = VFI_INPAINT_FORGET;
  whole.flags = VFI_INPAINT_WHOLE;
  uint64_t alone[CLIP];
  for (int i = CLIP - 1; i >= 0; i--)
    alone[i] = fill(context, format, CLIP, i, params, 0, "alone");
  CHECK(fill(context, format, CLIP, 2, params, 0, "again") == alone[2]);
  /* The first frame of a window has nothing to go on from; each other one has the one before. */
  for (int i = 0; i < CLIP; i++)
    CHECK(fill(context, format, CLIP, i, goes_on, 0, "in order") == alone[i]);
  /* The memory matters: after other frames the same one is another. */
  CHECK(fill(context, format, CLIP, 2, goes_on, 0, "out of order") != alone[2]);
  CHECK(fill(context, format, CLIP, 2, forgets, 0, "forgetful") != alone[2]);
  CHECK(fill(context, format, CLIP, 0, forgets, 0, "nothing to forget") == alone[0]);
  CHECK(fill(context, format, CLIP, 2, whole, 0, "whole") != alone[2]);
  /* A failed call, and one of another size, end what is remembered. */
  vfi_inpaint_params wrong = params;
  wrong.flags = 8;
  CHECK_STATUS(vfi_inpaint(context, NULL, NULL, &wrong, NULL, NULL), VFI_ERR_ARG);
  fill(context, format, CLIP, 1, goes_on, 0, "before the other size");
  picture small = picture_make(format, 16, 16, 0, 0), out = picture_make(format, 16, 16, 0, 0);
  picture mask = mask_make(16, 16, (vfi_rectangle){4, 4, 4, 4});
  picture_draw(&small, 0);
  CHECK_STATUS(vfi_inpaint(context, &small.frame, &mask.frame, NULL, &out.frame, NULL), VFI_OK);
  CHECK(fill(context, format, CLIP, 2, goes_on, 0, "after the other size") == alone[2]);
  picture_free(&small);
  picture_free(&out);
  picture_free(&mask);
}

/* What is told before is enough. */
static void memory_bound(void) {
  vfi_params params = test_params();
  params.model_name = getenv("VFI_TEST_INPAINT_MODEL");
  picture size = picture_make(VFI_FORMAT_YUV420P8, WIDTH, HEIGHT, 0, 0);
  vfi_inpaint_params hole = holes(2, 1);
  uint64_t bytes = 0;
  CHECK_STATUS(vfi_inpaint_memory_required(&params, &size.frame, NULL, &hole, &bytes), VFI_OK);
  vfi_context *context = network_context(1);
  fill(context, VFI_FORMAT_YUV420P8, CLIP, 3, hole, 0, "memory");
  vfi_stats stats = {.struct_size = sizeof stats};
  CHECK_STATUS(vfi_get_stats(context, &stats), VFI_OK);
  if (!CHECK(stats.peak_bytes > 0 && stats.peak_bytes <= bytes && bytes < 10 * stats.peak_bytes))
    printf("  %llu bytes, told before: %llu\n", (unsigned long long)stats.peak_bytes,
           (unsigned long long)bytes);
  vfi_destroy(&context);
  picture_free(&size);
}

/* The same bytes for any number of threads. */
static void same_bytes(void) {
  uint64_t expected = 0;
  static const int counts[] = {1, 2, 5};
  for (int i = 0; i < 3; i++) {
    vfi_context *context = network_context(counts[i]);
    uint64_t hash = fill(context, VFI_FORMAT_YUV420P8, CLIP, 1, holes(2, 1), 0, "threads");
    if (!expected)
      expected = hash;
    CHECK(hash == expected);
    vfi_destroy(&context);
  }
}

/* Beyond a cut nothing is looked at, and frames without a hole are copied. */
static void cuts(vfi_context *context) {
  picture frames[3], out = picture_make(VFI_FORMAT_GRAY8, 128, 96, 0, 0);
  picture alone = picture_make(VFI_FORMAT_GRAY8, 128, 96, 0, 0);
  picture mask = mask_make(128, 96, (vfi_rectangle){60, 40, 12, 12});
  vfi_frame inputs[3];
  window_make_cuts(frames, 128, 96);
  views(frames, 3, inputs);
  vfi_inpaint_info info = {.struct_size = sizeof info};
  CHECK_STATUS(vfi_inpaint_window(context, 3, inputs, 1, &mask.frame, 1, NULL, &out.frame, &info),
               VFI_OK);
  CHECK(info.frames_used == 0 && info.filled_pixels > 144);
  CHECK_STATUS(vfi_inpaint(context, &inputs[1], &mask.frame, NULL, &alone.frame, NULL), VFI_OK);
  CHECK(picture_equal(&out.frame, &alone.frame));
  CHECK_STATUS(vfi_inpaint(context, &inputs[1], NULL, NULL, &out.frame, &info), VFI_OK);
  CHECK(picture_equal(&out.frame, &inputs[1]) && info.filled_pixels == 0);
  window_free(frames, 3);
  picture_free(&out);
  picture_free(&alone);
  picture_free(&mask);
}

int main(void) {
  if (!getenv("VFI_TEST_INPAINT_MODEL")) {
    printf("VFI_TEST_INPAINT_MODEL is not set\n");
    return 2;
  }
  vfi_context *context = network_context(1);
  its_task(context);
  formats(context);
  sizes(context);
  memory(context);
  cuts(context);
  vfi_destroy(&context);
  same_bytes();
  memory_bound();
  return check_report();
}
