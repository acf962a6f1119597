/* SPDX-License-Identifier: MIT */
/* Holes: the ways to name them, memory, and wrong arguments. */
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "support.h"

enum { WINDOW = 9 };

/* Rectangles and masks, one mask and one for each frame, say the same. */
static void ways_to_say_it(vfi_context *context) {
  enum { WIDTH = 70, HEIGHT = 50 };
  vfi_rectangle hole = {20, 10, 9, 30};
  picture frames[3], outs[4];
  picture mask = mask_make(WIDTH, HEIGHT, hole);
  picture none = mask_make(WIDTH, HEIGHT, (vfi_rectangle){0, 0, 0, 0});
  vfi_frame inputs[3], masks[3] = {mask.frame, mask.frame, mask.frame};
  window_make(frames, 3, VFI_FORMAT_YUV420P8, WIDTH, HEIGHT, 0);
  views(frames, 3, inputs);
  for (int i = 0; i < 4; i++)
    outs[i] = picture_make(VFI_FORMAT_YUV420P8, WIDTH, HEIGHT, 0, 0);
  vfi_rectangle parts[2] = {{20, 10, 9, 17}, {20, 20, 9, 20}};
  vfi_inpaint_params params = holes(3, 1), listed = params;
  listed.rectangle_count = 2;
  listed.rectangles = parts;
  CHECK_STATUS(vfi_inpaint_window(context, 3, inputs, 1, masks, 1, &params, &outs[0].frame, NULL),
               VFI_OK);
  CHECK_STATUS(vfi_inpaint_window(context, 3, inputs, 3, masks, 1, &params, &outs[1].frame, NULL),
               VFI_OK);
  CHECK_STATUS(vfi_inpaint_window(context, 3, inputs, 0, NULL, 1, &listed, &outs[2].frame, NULL),
               VFI_OK);
  CHECK(!picture_equal(&outs[0].frame, &inputs[1]));
  CHECK(picture_equal(&outs[0].frame, &outs[1].frame));
  CHECK(picture_equal(&outs[0].frame, &outs[2].frame));
  /* One frame is a window of one. */
  CHECK_STATUS(vfi_inpaint(context, &inputs[1], &mask.frame, &params, &outs[1].frame, NULL),
               VFI_OK);
  CHECK_STATUS(
      vfi_inpaint_window(context, 1, &inputs[1], 0, NULL, 0, &listed, &outs[2].frame, NULL),
      VFI_OK);
  CHECK(picture_equal(&outs[1].frame, &outs[2].frame));
  /* Nothing to fill: a copy. */
  masks[1] = none.frame;
  vfi_inpaint_info info = {.struct_size = sizeof info, .filled_pixels = 9};
  CHECK_STATUS(vfi_inpaint_window(context, 3, inputs, 3, masks, 1, NULL, &outs[3].frame, &info),
               VFI_OK);
  CHECK(picture_equal(&outs[3].frame, &inputs[1]) && info.filled_pixels == 0);
  CHECK_STATUS(vfi_inpaint(context, &inputs[1], NULL, NULL, &outs[3].frame, &info), VFI_OK);
  CHECK(picture_equal(&outs[3].frame, &inputs[1]) && info.filled_pixels == 0);
  /* A frame without a hole shows what another frame hides. */
  masks[0] = masks[2] = none.frame;
  masks[1] = mask.frame;
  CHECK_STATUS(vfi_inpaint_window(context, 3, inputs, 3, masks, 1, NULL, &outs[3].frame, &info),
               VFI_OK);
  CHECK(info.propagated_pixels == info.filled_pixels && info.filled_pixels > 270);
  window_free(frames, 3);
  window_free(outs, 4);
  picture_free(&mask);
  picture_free(&none);
}

/* Memory is that of the holes' surroundings: no more for more frames, less for a small hole. */
static uint64_t peak_of(int count, int side, vfi_rectangle hole) {
  picture frames[WINDOW], out = picture_make(VFI_FORMAT_YUV444P8, side, side, 0, 0);
  vfi_frame inputs[WINDOW];
  window_make(frames, WINDOW, VFI_FORMAT_YUV444P8, side, side, 0);
  views(frames, WINDOW, inputs);
  vfi_context *context = test_context();
  vfi_inpaint_params params = holes(4, 2);
  params.rectangle_count = 1;
  params.rectangles = &hole;
  vfi_stats stats = {.struct_size = sizeof stats};
  uint64_t allocations = 0;
  for (int call = 0; call < 4; call++) {
    CHECK_STATUS(
        vfi_inpaint_window(context, count, inputs, 0, NULL, count / 2, &params, &out.frame, NULL),
        VFI_OK);
    CHECK_STATUS(vfi_get_stats(context, &stats), VFI_OK);
    if (call == 2)
      allocations = stats.allocation_count;
  }
  CHECK(stats.allocation_count == allocations);
  vfi_destroy(&context);
  window_free(frames, WINDOW);
  picture_free(&out);
  return stats.peak_bytes;
}

static void memory(void) {
  vfi_rectangle small = {100, 100, 40, 40};
  uint64_t three = peak_of(3, 400, small), nine = peak_of(WINDOW, 400, small);
  CHECK(nine <= three + three / 4);
  uint64_t side = 40 + 2 * (64 + 4);
  if (!CHECK(nine <= 100 * side * side))
    printf("  %.1f bytes a pixel\n", (double)nine / (double)(side * side));
  uint64_t whole = peak_of(WINDOW, 400, (vfi_rectangle){0, 0, 400, 400});
  if (!CHECK(whole <= 100u * 400 * 400))
    printf("  %.1f bytes a pixel\n", (double)whole / 160000);
  vfi_params params = test_params();
  params.memory_limit = 100000;
  vfi_context *context = NULL;
  CHECK_STATUS(vfi_create(&context, &params), VFI_OK);
  picture frame = picture_make(VFI_FORMAT_GRAY8, 400, 400, 0, 0);
  picture out = picture_make(VFI_FORMAT_GRAY8, 400, 400, 0, 0);
  picture_draw(&frame, 0);
  vfi_inpaint_params rectangle = holes(4, 2);
  rectangle.rectangle_count = 1;
  rectangle.rectangles = &small;
  CHECK_STATUS(vfi_inpaint(context, &frame.frame, NULL, &rectangle, &out.frame, NULL),
               VFI_ERR_NOMEM);
  vfi_destroy(&context);
  picture_free(&frame);
  picture_free(&out);
}

/* A wrong argument is refused by its name, and the context goes on. */
static void faults(vfi_context *context) {
  picture frame = picture_make(VFI_FORMAT_YUV420P8, 40, 30, 0, 0);
  picture out = picture_make(VFI_FORMAT_YUV420P8, 40, 30, 0, 0);
  picture mask = mask_make(40, 30, (vfi_rectangle){10, 10, 8, 8});
  picture_draw(&frame, 0);
  const vfi_frame *good = &frame.frame;
  vfi_inpaint_params params = holes(4, 2);
  CHECK(params.rectangle_count == 0 && params.rectangles == NULL);
#define REFUSED(status, word, call)                                                                \
  CHECK_STATUS(call, status);                                                                      \
  if (!CHECK(strstr(vfi_last_error(context), word) != NULL))                                       \
  printf("  \"%s\" does not name \"%s\"\n", vfi_last_error(context), word)
  REFUSED(VFI_ERR_ARG, "frames", vfi_inpaint(context, NULL, &mask.frame, NULL, &out.frame, NULL));
  REFUSED(VFI_ERR_ARG, "out", vfi_inpaint(context, good, &mask.frame, NULL, NULL, NULL));
  REFUSED(VFI_ERR_ARG, "out", vfi_inpaint(context, good, &mask.frame, NULL, &frame.frame, NULL));
  REFUSED(VFI_ERR_FORMAT, "mask", vfi_inpaint(context, good, good, NULL, &out.frame, NULL));
  picture small = mask_make(39, 30, (vfi_rectangle){0, 0, 9, 9});
  REFUSED(VFI_ERR_SIZE, "mask", vfi_inpaint(context, good, &small.frame, NULL, &out.frame, NULL));
  REFUSED(VFI_ERR_ARG, "masks",
          vfi_inpaint_window(context, 1, good, 1, NULL, 0, NULL, &out.frame, NULL));
  REFUSED(VFI_ERR_ARG, "mask_count",
          vfi_inpaint_window(context, 1, good, 2, &mask.frame, 0, NULL, &out.frame, NULL));
  REFUSED(VFI_ERR_ARG, "mask_count",
          vfi_inpaint_window(context, 1, good, -1, &mask.frame, 0, NULL, &out.frame, NULL));
  static const int32_t counts[] = {0, -1, 257, INT32_MAX, INT32_MIN};
  for (int i = 0; i < 5; i++) {
    REFUSED(VFI_ERR_ARG, "count",
            vfi_inpaint_window(context, counts[i], good, 0, NULL, 0, NULL, &out.frame, NULL));
  }
  static const int32_t indices[] = {-1, 1, INT32_MAX, INT32_MIN};
  for (int i = 0; i < 4; i++) {
    REFUSED(VFI_ERR_ARG, "index",
            vfi_inpaint_window(context, 1, good, 0, NULL, indices[i], NULL, &out.frame, NULL));
  }
  static const int32_t wrong[][2] = {{-1, 0}, {65, 0}, {4, 5}, {4, -1}, {INT32_MIN, INT32_MIN}};
  for (int i = 0; i < 5; i++) {
    vfi_inpaint_params bad = holes(wrong[i][0], wrong[i][1]);
    REFUSED(VFI_ERR_ARG, i < 2 || i == 4 ? "dilation" : "feather",
            vfi_inpaint(context, good, &mask.frame, &bad, &out.frame, NULL));
  }
  vfi_inpaint_params bad = params;
  bad.struct_size = 8;
  REFUSED(VFI_ERR_VERSION, "struct_size",
          vfi_inpaint(context, good, &mask.frame, &bad, &out.frame, NULL));
  bad = params;
  bad.rectangle_count = 1;
  REFUSED(VFI_ERR_ARG, "rectangles", vfi_inpaint(context, good, NULL, &bad, &out.frame, NULL));
  vfi_rectangle odd = {0, 0, -1, 4};
  bad.rectangles = &odd;
  REFUSED(VFI_ERR_SIZE, "rectangles[0]", vfi_inpaint(context, good, NULL, &bad, &out.frame, NULL));
  bad.rectangle_count = -1;
  REFUSED(VFI_ERR_ARG, "rectangle_count", vfi_inpaint(context, good, NULL, &bad, &out.frame, NULL));
  vfi_inpaint_info info = {.struct_size = 3};
  REFUSED(VFI_ERR_VERSION, "struct_size",
          vfi_inpaint(context, good, &mask.frame, NULL, &out.frame, &info));
  CHECK_STATUS(vfi_inpaint(NULL, good, &mask.frame, NULL, &out.frame, NULL), VFI_ERR_ARG);
  vfi_inpaint_params_init(NULL, sizeof params);
  /* Rectangles far outside do not count. */
  vfi_rectangle outside[2] = {{INT32_MAX, 0, INT32_MAX, 9}, {INT32_MIN, INT32_MIN, 5, 5}};
  bad = params;
  bad.rectangle_count = 2;
  bad.rectangles = outside;
  CHECK_STATUS(vfi_inpaint(context, good, NULL, &bad, &out.frame, NULL), VFI_OK);
  CHECK(picture_equal(good, &out.frame));
  vfi_cancel(context);
  CHECK_STATUS(vfi_inpaint(context, good, &mask.frame, NULL, &out.frame, NULL), VFI_ERR_CANCELLED);
  vfi_cancel_reset(context);
  CHECK_STATUS(vfi_inpaint(context, good, &mask.frame, NULL, &out.frame, NULL), VFI_OK);
  picture_free(&frame);
  picture_free(&out);
  picture_free(&mask);
  picture_free(&small);
}

int main(void) {
  vfi_context *context = test_context();
  ways_to_say_it(context);
  memory();
  faults(context);
  vfi_destroy(&context);
  return check_report();
}
