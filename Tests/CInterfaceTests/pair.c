/* SPDX-License-Identifier: MIT */
/* The pair layer: every format, size and stride, and what decides between two frames. */
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "support.h"

/* Interpolates in tight rows and again in padded, flipped ones: the same bytes, nothing beside. */
static void one_shape(vfi_context *context, vfi_pixel_format format, int width, int height,
                      int noise) {
  uint64_t hash[2];
  for (int round = 0; round < 2; round++) {
    picture a = picture_make(format, width, height, round * 13, round);
    picture b = picture_make(format, width, height, round * 1, 0);
    picture out = picture_make(format, width, height, round * 5, round);
    if (noise) {
      picture_noise(&a, 5);
      picture_noise(&b, 6);
    } else {
      picture_draw(&a, 0);
      picture_draw(&b, 1);
    }
    uint64_t before = picture_hash(&a.frame) ^ picture_hash(&b.frame) * 3;
    vfi_info info = {.struct_size = sizeof info, .decision = -1, .scene_score = -2};
    if (!CHECK_STATUS(vfi_interpolate(context, &a.frame, &b.frame, 1, 3, &out.frame, &info),
                      VFI_OK))
      printf("  format %d, %d x %d: %s\n", format, width, height, vfi_last_error(context));
    CHECK(info.decision >= VFI_INTERPOLATED && info.decision <= VFI_BLENDED);
    hash[round] = picture_hash(&out.frame);
    CHECK(picture_guarded(&out));
    CHECK(picture_guarded(&a) && picture_guarded(&b));
    CHECK(before == (picture_hash(&a.frame) ^ picture_hash(&b.frame) * 3));
    CHECK_STATUS(vfi_interpolate(context, &a.frame, &b.frame, 0, 7, &out.frame, &info), VFI_OK);
    CHECK(info.decision == VFI_SOURCE_COPY && picture_equal(&out.frame, &a.frame));
    CHECK_STATUS(vfi_interpolate(context, &a.frame, &b.frame, 7, 7, &out.frame, &info), VFI_OK);
    CHECK(info.decision == VFI_SOURCE_COPY && picture_equal(&out.frame, &b.frame));
    picture_free(&a);
    picture_free(&b);
    picture_free(&out);
  }
  if (!CHECK(hash[0] == hash[1]))
    printf("  format %d, %d x %d\n", format, width, height);
}

static void shapes(vfi_context *context) {
  static const int sizes[][2] = {{1, 1}, {2, 1}, {1, 7}, {3, 5}, {16, 16}, {37, 21}};
  for (vfi_pixel_format format = 1; format <= FORMAT_COUNT; format++) {
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
      one_shape(context, format, sizes[i][0], sizes[i][1], 0);
    one_shape(context, format, 19, 11, 1);
  }
}

/* Equal frames are copied, or interpolated when asked for. */
static void duplicates(void) {
  picture a = picture_make(VFI_FORMAT_YUV420P8, 48, 32, 0, 0);
  picture out = picture_make(VFI_FORMAT_YUV420P8, 48, 32, 0, 0);
  picture_draw(&a, 0);
  vfi_info info = {.struct_size = sizeof info, .decision = -1, .scene_score = -2};
  vfi_context *context = test_context();
  CHECK_STATUS(vfi_interpolate(context, &a.frame, &a.frame, 1, 2, &out.frame, &info), VFI_OK);
  CHECK(info.decision == VFI_SOURCE_COPY && picture_equal(&a.frame, &out.frame));
  vfi_destroy(&context);
  vfi_params params = test_params();
  params.duplicate_action = VFI_DUPLICATE_INTERPOLATE;
  CHECK_STATUS(vfi_create(&context, &params), VFI_OK);
  CHECK_STATUS(vfi_interpolate(context, &a.frame, &a.frame, 1, 2, &out.frame, &info), VFI_OK);
  CHECK(info.decision == VFI_INTERPOLATED);
  vfi_destroy(&context);
  picture_free(&a);
  picture_free(&out);
}

/* In every format the built-in model leaves a still scene as it is, but for one code value. */
static void still_scene(void) {
  vfi_params params;
  vfi_params_init(&params, sizeof params);
  params.duplicate_action = VFI_DUPLICATE_INTERPOLATE;
  vfi_context *context = NULL;
  CHECK_STATUS(vfi_create(&context, &params), VFI_OK);
  for (vfi_pixel_format format = 1; format <= FORMAT_COUNT; format++) {
    picture a = picture_make(format, 101, 67, 0, 0);
    picture out = picture_make(format, 101, 67, 0, 0);
    picture_draw(&a, 3);
    vfi_info info = {.struct_size = sizeof info, .decision = -1, .scene_score = -2};
    CHECK_STATUS(vfi_interpolate(context, &a.frame, &a.frame, 2, 5, &out.frame, &info), VFI_OK);
    CHECK(info.decision == VFI_INTERPOLATED);
    double distance = picture_distance(&a.frame, &out.frame);
    if (!CHECK(distance <= 1))
      printf("  format %d: %g\n", format, distance);
    picture_free(&a);
    picture_free(&out);
  }
  vfi_destroy(&context);
}

static void fill(picture *picture, int value) {
  for (int plane = 0; plane < 3; plane++) {
    plane_size size =
        plane_size_of(picture->frame.format, picture->frame.width, picture->frame.height, plane);
    memset(picture->frame.data[plane], plane ? 128 : value,
           (size_t)size.row_bytes * (size_t)size.rows);
  }
}

/* No output frame across a cut mixes both sides, unless a blend is asked for. */
static void cuts(void) {
  picture a = picture_make(VFI_FORMAT_YUV420P8, 64, 48, 0, 0);
  picture b = picture_make(VFI_FORMAT_YUV420P8, 64, 48, 0, 0);
  picture out = picture_make(VFI_FORMAT_YUV420P8, 64, 48, 0, 0);
  fill(&a, 20);
  fill(&b, 220);
  vfi_context *context = test_context();
  double score = -1;
  CHECK_STATUS(vfi_scene_score(context, &a.frame, &b.frame, &score), VFI_OK);
  CHECK(score > 10 && score <= 100);
  vfi_info info = {.struct_size = sizeof info, .decision = -1, .scene_score = -2};
  CHECK_STATUS(vfi_interpolate(context, &a.frame, &b.frame, 1, 3, &out.frame, &info), VFI_OK);
  CHECK(info.decision == VFI_HELD_PREVIOUS && picture_equal(&out.frame, &a.frame));
  CHECK(info.scene_score == score);
  CHECK_STATUS(vfi_interpolate(context, &a.frame, &b.frame, 2, 3, &out.frame, &info), VFI_OK);
  CHECK(info.decision == VFI_HELD_NEXT && picture_equal(&out.frame, &b.frame));
  vfi_destroy(&context);

  vfi_params params = test_params();
  params.scene_cut_action = VFI_CUT_BLEND;
  CHECK_STATUS(vfi_create(&context, &params), VFI_OK);
  CHECK_STATUS(vfi_interpolate(context, &a.frame, &b.frame, 1, 4, &out.frame, &info), VFI_OK);
  CHECK(info.decision == VFI_BLENDED && out.frame.data[0][0] == 70);
  vfi_destroy(&context);

  params = test_params();
  params.scene_cut = 0;
  CHECK_STATUS(vfi_create(&context, &params), VFI_OK);
  CHECK_STATUS(vfi_interpolate(context, &a.frame, &b.frame, 1, 2, &out.frame, &info), VFI_OK);
  CHECK(info.decision == VFI_INTERPOLATED);
  vfi_destroy(&context);
  picture_free(&a);
  picture_free(&b);
  picture_free(&out);
}

/* Several instants at once are the same bytes as one by one, and share the encoder. */
static void several_instants(void) {
  picture a = picture_make(VFI_FORMAT_YUV420P10, 50, 30, 3, 0);
  picture b = picture_make(VFI_FORMAT_YUV420P10, 50, 30, 0, 1);
  picture single = picture_make(VFI_FORMAT_YUV420P10, 50, 30, 0, 0);
  picture outs[5];
  vfi_frame frames[5];
  vfi_info infos[5];
  vfi_rational t[5] = {{1, 5}, {0, 1}, {1, 2}, {999, 1000}, {1, 1}};
  picture_draw(&a, 0);
  picture_draw(&b, 1);
  for (int i = 0; i < 5; i++) {
    outs[i] = picture_make(VFI_FORMAT_YUV420P10, 50, 30, i, i & 1);
    frames[i] = outs[i].frame;
    infos[i].struct_size = sizeof infos[i];
  }
  vfi_context *context = test_context();
  CHECK_STATUS(vfi_interpolate_n(context, &a.frame, &b.frame, 5, t, frames, infos), VFI_OK);
  vfi_stats stats = {.struct_size = sizeof stats};
  CHECK_STATUS(vfi_get_stats(context, &stats), VFI_OK);
  CHECK(stats.frames_interpolated == 3 && stats.frames_copied == 2);
  CHECK(stats.frames_encoded == 2);
  vfi_destroy(&context);
  context = test_context();
  for (int i = 0; i < 5; i++) {
    vfi_info info = {.struct_size = sizeof info, .decision = -1, .scene_score = -2};
    CHECK_STATUS(
        vfi_interpolate(context, &a.frame, &b.frame, t[i].num, t[i].den, &single.frame, &info),
        VFI_OK);
    CHECK(picture_equal(&single.frame, &outs[i].frame));
    CHECK(info.decision == infos[i].decision && info.scene_score == infos[i].scene_score);
    CHECK(picture_guarded(&outs[i]));
    picture_free(&outs[i]);
  }
  vfi_destroy(&context);
  picture_free(&a);
  picture_free(&b);
  picture_free(&single);
}

/* With content ids every frame is encoded once, and the bytes are those without. */
static void content_ids(void) {
  picture source[4], out = picture_make(VFI_FORMAT_NV12, 40, 30, 0, 0);
  uint64_t hash[2][3];
  for (int i = 0; i < 4; i++) {
    source[i] = picture_make(VFI_FORMAT_NV12, 40, 30, 0, 0);
    picture_draw(&source[i], i);
  }
  for (int round = 0; round < 2; round++) {
    vfi_context *context = test_context();
    for (int i = 0; i < 3; i++) {
      source[i].frame.content_id = round ? 0 : (uint64_t)(100 + i);
      source[i + 1].frame.content_id = round ? 0 : (uint64_t)(101 + i);
      CHECK_STATUS(
          vfi_interpolate(context, &source[i].frame, &source[i + 1].frame, 1, 2, &out.frame, NULL),
          VFI_OK);
      hash[round][i] = picture_hash(&out.frame);
    }
    vfi_stats stats = {.struct_size = sizeof stats};
    CHECK_STATUS(vfi_get_stats(context, &stats), VFI_OK);
    CHECK(stats.frames_encoded == (round ? 6u : 4u));
    vfi_destroy(&context);
  }
  CHECK(memcmp(hash[0], hash[1], sizeof hash[0]) == 0);
  for (int i = 0; i < 4; i++)
    picture_free(&source[i]);
  picture_free(&out);
}

static void motion(void) {
  enum { width = 40, height = 24 };
  picture a = picture_make(VFI_FORMAT_RGB24, width, height, 0, 0);
  picture b = picture_make(VFI_FORMAT_RGB24, width, height, 0, 0);
  picture out = picture_make(VFI_FORMAT_RGB24, width, height, 0, 0);
  picture_draw(&a, 0);
  picture_draw(&b, 1);
  static float flow[2][width * height * 2 + 1], mask[width * height + 1];
  flow[0][width * height * 2] = flow[1][width * height * 2] = mask[width * height] = 7;
  vfi_context *context = test_context();
  vfi_motion wanted = {sizeof wanted, width, height, flow[0], flow[1], mask};
  CHECK_STATUS(vfi_get_motion(context, &wanted), VFI_ERR_STATE);
  CHECK_STATUS(vfi_interpolate(context, &a.frame, &b.frame, 1, 2, &out.frame, NULL), VFI_OK);
  CHECK_STATUS(vfi_get_motion(context, &wanted), VFI_OK);
  int sane = 1;
  for (int i = 0; i < width * height; i++)
    sane = sane && mask[i] >= 0 && mask[i] <= 1 && flow[0][2 * i] - flow[0][2 * i] == 0;
  CHECK(sane);
  CHECK(flow[0][width * height * 2] == 7 && flow[1][width * height * 2] == 7);
  CHECK(mask[width * height] == 7);
  wanted.flow0 = wanted.flow1 = wanted.mask = NULL;
  CHECK_STATUS(vfi_get_motion(context, &wanted), VFI_OK);
  vfi_destroy(&context);
  picture_free(&a);
  picture_free(&b);
  picture_free(&out);
}

int main(void) {
  vfi_context *context = test_context();
  shapes(context);
  vfi_destroy(&context);
  duplicates();
  still_scene();
  cuts();
  several_instants();
  content_ids();
  motion();
  return check_report();
}
