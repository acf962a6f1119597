/* SPDX-License-Identifier: MIT */
/* Holes: what is left alone in every format, what is found again, and what depends on what. */
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "support.h"

enum { WINDOW = 9 };

/* One window of three frames: samples outside, padding and inputs stay as they are. */
static void one_shape(vfi_context *context, vfi_pixel_format format, int width, int height,
                      vfi_rectangle hole, int noise) {
  picture frames[3], out = picture_make(format, width, height, 7, 1);
  picture mask = mask_make(width, height, hole);
  vfi_frame inputs[3];
  window_make(frames, 3, format, width, height, noise);
  views(frames, 3, inputs);
  uint64_t before = 0;
  for (int i = 0; i < 3; i++)
    before = before * 31 + picture_hash(&inputs[i]);
  for (int dilation = 0; dilation < 4; dilation += 3) {
    vfi_inpaint_params params = holes(dilation, dilation / 2);
    vfi_inpaint_info info = {.struct_size = sizeof info};
    if (!CHECK_STATUS(
            vfi_inpaint_window(context, 3, inputs, 1, &mask.frame, 1, &params, &out.frame, &info),
            VFI_OK))
      printf("  format %d, %d x %d: %s\n", format, width, height, vfi_last_error(context));
    if (!CHECK(picture_equal_outside(&out.frame, &inputs[1], &mask.frame, dilation)))
      printf("  format %d, %d x %d, dilation %d\n", format, width, height, dilation);
    uint64_t marked = 0;
    for (int y = 0; y < height; y++)
      for (int x = 0; x < width; x++)
        marked += (uint64_t)mask_contains(&mask.frame, dilation, x, y);
    CHECK(info.filled_pixels == marked && info.propagated_pixels <= marked);
    CHECK(picture_guarded(&out) && picture_guarded(&frames[0]) && picture_guarded(&mask));
  }
  uint64_t after = 0;
  for (int i = 0; i < 3; i++)
    after = after * 31 + picture_hash(&inputs[i]);
  CHECK(before == after);
  window_free(frames, 3);
  picture_free(&out);
  picture_free(&mask);
}

static void shapes(vfi_context *context) {
  static const int sizes[][2] = {{1, 1}, {2, 1}, {1, 7}, {3, 5}, {16, 16}, {37, 21}, {151, 163}};
  for (vfi_pixel_format format = 1; format <= FORMAT_COUNT; format++) {
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
      int width = sizes[i][0], height = sizes[i][1];
      vfi_rectangle middle = {width / 3, height / 3, (width + 3) / 4, (height + 3) / 4};
      one_shape(context, format, width, height, middle, 0);
    }
    one_shape(context, format, 37, 21, (vfi_rectangle){0, 0, 37, 21}, 0);
    one_shape(context, format, 38, 22, (vfi_rectangle){37, 21, 1, 1}, 1);
    one_shape(context, format, 41, 33, (vfi_rectangle){-1, 9, 20, 11}, 1);
  }
}

/* Largest error of frame 4 of a window whose holes hold garbage. */
static double error_of(vfi_context *context, vfi_pixel_format format, int count, uint8_t garbage,
                       uint64_t *hash, vfi_inpaint_info *info) {
  const int width = 120, height = 96;
  picture frames[WINDOW], out = picture_make(format, width, height, 0, 0);
  picture truth = picture_make(format, width, height, 0, 0);
  picture mask = mask_make(width, height, (vfi_rectangle){50, 40, 10, 12});
  vfi_frame inputs[WINDOW];
  window_make(frames, WINDOW, format, width, height, 0);
  picture_draw(&truth, WINDOW / 2);
  for (int i = 0; i < WINDOW; i++)
    picture_spoil(&frames[i], &mask.frame, garbage);
  views(frames, WINDOW, inputs);
  vfi_inpaint_params params = holes(2, 0);
  int first = WINDOW / 2 - count / 2;
  CHECK_STATUS(vfi_inpaint_window(context, count, inputs + first, 1, &mask.frame, count / 2,
                                  &params, &out.frame, info),
               VFI_OK);
  double error = picture_distance(&out.frame, &truth.frame);
  *hash = picture_hash(&out.frame);
  window_free(frames, WINDOW);
  picture_free(&out);
  picture_free(&truth);
  picture_free(&mask);
  return error;
}

/* What moves out of the hole is found again; what the hole holds does not matter. */
static void moving_texture(vfi_context *context) {
  static const struct {
    vfi_pixel_format format;
    double unit;  /* code values for one of 8 bits */
    double limit; /* waves of half as many samples a period cost more between them */
  } cases[] = {{VFI_FORMAT_YUV444P8, 1, 8}, {VFI_FORMAT_YUV444P10, 4, 8},
               {VFI_FORMAT_GBRPF32, 1, 8},  {VFI_FORMAT_GRAY8, 1, 8},
               {VFI_FORMAT_BGRA, 1, 8},     {VFI_FORMAT_YUV420P8, 1, 18}};
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    uint64_t hash, other;
    vfi_inpaint_info info = {.struct_size = sizeof info};
    double alone = error_of(context, cases[i].format, 1, 0, &hash, &info);
    CHECK(info.propagated_pixels == 0 && info.frames_used == 0 && info.filled_pixels > 120);
    CHECK(alone > 25 * cases[i].unit);
    double error = error_of(context, cases[i].format, WINDOW, 0, &hash, &info);
    CHECK(info.propagated_pixels == info.filled_pixels && info.frames_used == WINDOW - 1);
    if (!CHECK(error < cases[i].limit * cases[i].unit))
      printf("  format %d: error %g, alone %g\n", cases[i].format, error, alone);
    error_of(context, cases[i].format, WINDOW, 0x3B, &other, &info);
    if (!CHECK(hash == other))
      printf("  format %d\n", cases[i].format);
  }
}

/* The same bytes for any number of threads, and for every call. */
static void same_bytes(void) {
  uint64_t expected = 0;
  static const int32_t counts[] = {1, 2, 3, 5, 16};
  for (int i = 0; i < 5; i++) {
    vfi_params params = test_params();
    params.threads = counts[i];
    vfi_context *context = NULL;
    CHECK_STATUS(vfi_create(&context, &params), VFI_OK);
    for (int call = 0; call < 2; call++) {
      uint64_t hash;
      vfi_inpaint_info info = {.struct_size = sizeof info};
      error_of(context, VFI_FORMAT_YUV420P8, WINDOW, 0, &hash, &info);
      if (!expected)
        expected = hash;
      CHECK(hash == expected);
    }
    vfi_destroy(&context);
  }
}

/* What a context keeps of frames with a content_id shows in no byte, whatever changes meanwhile. */
static void kept_motion(void) {
  enum { COUNT = 16 };
  vfi_context *keeping = test_context(), *forgetful = test_context();
  picture frames[COUNT];
  vfi_frame inputs[COUNT];
  static const struct {
    int first, count, index;
    vfi_rectangle hole;
  } calls[] = {
      {0, 9, 4, {50, 40, 20, 22}},   {1, 9, 4, {50, 40, 20, 22}},  {2, 9, 4, {50, 40, 20, 22}},
      {2, 9, 4, {50, 40, 20, 21}}, /* the same region, another hole */
      {3, 9, 4, {20, 30, 20, 22}},   {4, 9, 4, {20, 30, 20, 22}},  {1, 9, 0, {20, 30, 20, 22}},
      {0, 16, 15, {20, 30, 20, 22}}, {0, 16, 0, {20, 30, 20, 22}}, {7, 1, 0, {20, 30, 20, 22}},
      {0, 16, 8, {20, 30, 20, 22}},
  };
  static const vfi_pixel_format formats[] = {VFI_FORMAT_YUV420P8, VFI_FORMAT_RGB24};
  for (int format = 0; format < 2; format++) {
    window_make(frames, COUNT, formats[format], 128, 96, 0);
    picture out = picture_make(formats[format], 128, 96, 0, 0);
    views(frames, COUNT, inputs);
    uint64_t last = 0;
    for (size_t i = 0; i < sizeof calls / sizeof *calls; i++) {
      picture mask = mask_make(128, 96, calls[i].hole);
      uint64_t hash[2];
      for (int keeps = 0; keeps < 2; keeps++) {
        vfi_inpaint_info info = {.struct_size = sizeof info};
        for (int frame = 0; frame < COUNT; frame++)
          inputs[frame].content_id = keeps ? (uint64_t)(format * COUNT + frame + 1) : 0;
        CHECK_STATUS(vfi_inpaint_window(keeps ? keeping : forgetful, calls[i].count,
                                        inputs + calls[i].first, 1, &mask.frame, calls[i].index,
                                        NULL, &out.frame, &info),
                     VFI_OK);
        CHECK(calls[i].count == 1 || info.propagated_pixels > 0);
        hash[keeps] = picture_hash(&out.frame);
      }
      CHECK(hash[0] == hash[1] && hash[0] != last);
      last = hash[0];
      picture_free(&mask);
    }
    window_free(frames, COUNT);
    picture_free(&out);
  }
  vfi_destroy(&keeping);
  vfi_destroy(&forgetful);
}

/* The same with a mask for each frame: a hole that moves, and a mask that changes. */
static void kept_fills(void) {
  enum { COUNT = 16, LOOK = 6 };
  vfi_context *keeping = test_context(), *forgetful = test_context();
  picture frames[COUNT], masks[COUNT];
  vfi_frame inputs[COUNT], marks[COUNT];
  window_make(frames, COUNT, VFI_FORMAT_YUV420P8, 160, 96, 0);
  picture out = picture_make(VFI_FORMAT_YUV420P8, 160, 96, 0, 0);
  for (int i = 0; i < COUNT; i++)
    masks[i] = mask_make(160, 96, (vfi_rectangle){40 + 3 * i, 30, 24, 26});
  views(frames, COUNT, inputs);
  views(masks, COUNT, marks);
  vfi_inpaint_params params = holes(4, 2);
  for (int i = 0; i < COUNT; i++) {
    if (i == 7) {
      /* What was made with the mask of before must not come back. */
      picture_free(&masks[8]);
      masks[8] = mask_make(160, 96, (vfi_rectangle){60, 20, 30, 40});
      views(masks, COUNT, marks);
    }
    if (i == 9)
      params.dilation = 5;
    int first = i > LOOK ? i - LOOK : 0, last = i + LOOK < COUNT ? i + LOOK : COUNT - 1;
    uint64_t hash[2];
    for (int keeps = 0; keeps < 2; keeps++) {
      for (int frame = 0; frame < COUNT; frame++)
        inputs[frame].content_id = keeps ? (uint64_t)frame + 1 : 0;
      int count = last - first + 1;
      CHECK_STATUS(vfi_inpaint_window(keeps ? keeping : forgetful, count, inputs + first, count,
                                      marks + first, i - first, &params, &out.frame, NULL),
                   VFI_OK);
      hash[keeps] = picture_hash(&out.frame);
    }
    if (!CHECK(hash[0] == hash[1]))
      printf("  frame %d\n", i);
  }
  window_free(frames, COUNT);
  window_free(masks, COUNT);
  picture_free(&out);
  vfi_destroy(&keeping);
  vfi_destroy(&forgetful);
}

/* Beyond a cut nothing is looked at. */
static void cuts(vfi_context *context) {
  picture frames[3], out = picture_make(VFI_FORMAT_GRAY8, 128, 96, 0, 0);
  picture alone = picture_make(VFI_FORMAT_GRAY8, 128, 96, 0, 0);
  picture mask = mask_make(128, 96, (vfi_rectangle){60, 40, 12, 12});
  vfi_frame inputs[3];
  window_make_cuts(frames, 128, 96);
  views(frames, 3, inputs);
  double score = 0;
  CHECK_STATUS(vfi_scene_score(context, &inputs[0], &inputs[1], &score), VFI_OK);
  CHECK(score > 10);
  vfi_inpaint_info info = {.struct_size = sizeof info};
  CHECK_STATUS(vfi_inpaint_window(context, 3, inputs, 1, &mask.frame, 1, NULL, &out.frame, &info),
               VFI_OK);
  CHECK(info.frames_used == 0 && info.propagated_pixels == 0 && info.filled_pixels > 144);
  CHECK_STATUS(vfi_inpaint(context, &inputs[1], &mask.frame, NULL, &alone.frame, NULL), VFI_OK);
  CHECK(picture_equal(&out.frame, &alone.frame));
  window_free(frames, 3);
  picture_free(&out);
  picture_free(&alone);
  picture_free(&mask);
}

/* The fill fades in from the border of the dilated mask to the mask, which is filled wholly. */
static void feather(vfi_context *context) {
  picture frame = picture_make(VFI_FORMAT_GRAY8, 60, 60, 0, 0);
  picture out = picture_make(VFI_FORMAT_GRAY8, 60, 60, 0, 0);
  picture mask = mask_make(60, 60, (vfi_rectangle){25, 25, 10, 10});
  memset(frame.frame.data[0], 100, 60 * 60);
  for (int y = 25; y < 35; y++)
    memset(frame.frame.data[0] + 60 * y + 18, 200, 24);
  for (int feathered = 0; feathered <= 4; feathered += 4) {
    vfi_inpaint_params params = holes(8, feathered);
    CHECK_STATUS(vfi_inpaint(context, &frame.frame, &mask.frame, &params, &out.frame, NULL),
                 VFI_OK);
    const uint8_t *row = out.frame.data[0] + 60 * 30;
    /* The dilated mask reaches over all that is bright: around it is 100. */
    CHECK(row[16] == 100 && row[17] == 100 && row[21] == 100 && row[30] == 100);
    static const int shares[2][4] = {{100, 100, 100, 100}, {160, 140, 120, 100}};
    for (int i = 0; i < 4; i++)
      CHECK(row[18 + i] == shares[feathered / 4][i]);
  }
  picture_free(&frame);
  picture_free(&out);
  picture_free(&mask);
}

/* The pair layer and holes share a context without a trace of each other. */
static void beside_pairs(vfi_context *context) {
  picture a = picture_make(VFI_FORMAT_YUV420P8, 64, 48, 0, 0);
  picture b = picture_make(VFI_FORMAT_YUV420P8, 64, 48, 0, 0);
  picture out = picture_make(VFI_FORMAT_YUV420P8, 64, 48, 0, 0);
  picture mask = mask_make(64, 48, (vfi_rectangle){20, 20, 9, 9});
  picture_draw(&a, 0);
  picture_draw(&b, 1);
  uint64_t pair[2], hole[2];
  for (int i = 0; i < 2; i++) {
    CHECK_STATUS(vfi_interpolate(context, &a.frame, &b.frame, 1, 2, &out.frame, NULL), VFI_OK);
    pair[i] = picture_hash(&out.frame);
    CHECK_STATUS(vfi_inpaint(context, &a.frame, &mask.frame, NULL, &out.frame, NULL), VFI_OK);
    hole[i] = picture_hash(&out.frame);
  }
  CHECK(pair[0] == pair[1] && hole[0] == hole[1]);
  picture_free(&a);
  picture_free(&b);
  picture_free(&out);
  picture_free(&mask);
}

int main(void) {
  vfi_context *context = test_context();
  shapes(context);
  moving_texture(context);
  same_bytes();
  kept_motion();
  kept_fills();
  cuts(context);
  feather(context);
  beside_pairs(context);
  vfi_destroy(&context);
  return check_report();
}
