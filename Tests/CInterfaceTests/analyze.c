/* SPDX-License-Identifier: MIT */
/* Damage: what is found, what is made of it, and what is left alone. */
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "support.h"
#include "suspects.h"

/* A clean window has no events, its repair is a copy, and nothing beside the samples is written. */
static void clean(vfi_context *context, vfi_pixel_format format, int width, int height) {
  picture frames[3], out = picture_make(format, width, height, 5, 1);
  picture map = picture_make(VFI_FORMAT_GRAY8, width, height, 3, 0);
  vfi_frame inputs[3];
  window_make(frames, 3, format, width, height, 0);
  views(frames, 3, inputs);
  for (int index = 0; index < 3; index++) {
    vfi_analysis found = analysis();
    CHECK_STATUS(vfi_analyze(context, 3, inputs, 0, NULL, index, &map.frame, &found), VFI_OK);
    int marked = 0;
    for (int y = 0; y < height; y++)
      for (int x = 0; x < width; x++)
        marked += map.frame.data[0][y * map.frame.stride[0] + x] != 0;
    if (!CHECK(!(found.events & (VFI_EVENT_DAMAGED | VFI_EVENT_LOST)) && marked == 0))
      printf("  format %d, %d x %d: %d pixels\n", format, width, height, marked);
    CHECK(found.damage == 0 && found.damaged_pixels == 0);
    CHECK(index == 0 ? found.difference == -1 : found.difference >= 0 && found.difference <= 1);
    CHECK(index == 0 ? found.scene_score == -1 : found.scene_score >= 0);
    vfi_repair_info info = repair_info();
    CHECK_STATUS(vfi_repair_window(context, 3, inputs, 0, NULL, index, NULL, &out.frame, &info),
                 VFI_OK);
    CHECK(info.action == VFI_REPAIR_NONE && info.changed_pixels == 0 && info.frames_used == 0);
    CHECK(picture_equal(&out.frame, &inputs[index]));
    CHECK(picture_guarded(&out) && picture_guarded(&map) && picture_guarded(&frames[index]));
  }
  window_free(frames, 3);
  picture_free(&out);
  picture_free(&map);
}

/* What is marked is the map; what is not marked keeps its bits; the rest comes from the others. */
static void marked(vfi_context *context, vfi_pixel_format format, int width, int height) {
  vfi_rectangle part = {width / 3, height / 3, (width + 3) / 4, (height + 3) / 4};
  picture frames[3], marks[3], out = picture_make(format, width, height, 2, 0);
  picture map = picture_make(VFI_FORMAT_GRAY8, width, height, 1, 1);
  vfi_frame inputs[3], holes[3];
  window_make(frames, 3, format, width, height, 1);
  views(frames, 3, inputs);
  for (int i = 0; i < 3; i++)
    marks[i] = mask_make(width, height, i == 1 ? part : (vfi_rectangle){0, 0, 0, 0});
  views(marks, 3, holes);
  vfi_repair_params params;
  vfi_repair_params_init(&params, sizeof params);
  params.detect = 0;
  params.dilation = params.feather = 0;
  vfi_repair_info info = repair_info();
  if (!CHECK_STATUS(vfi_repair_window(context, 3, inputs, 3, holes, 1, &params, &out.frame, &info),
                    VFI_OK))
    printf("  format %d, %d x %d: %s\n", format, width, height, vfi_last_error(context));
  uint64_t area = (uint64_t)part.width * (uint64_t)part.height;
  CHECK(info.analysis.damaged_pixels == area && info.analysis.events & VFI_EVENT_DAMAGED);
  if (info.action == VFI_REPAIR_FILLED) {
    CHECK(info.changed_pixels == area);
    /* What is damaged is the same in both: all else must be. */
    spoil(&frames[1], part, 7);
    spoil(&out, part, 7);
    if (!CHECK(picture_equal(&out.frame, &inputs[1])))
      printf("  format %d, %d x %d\n", format, width, height);
  } else {
    CHECK(area * 10 >= (uint64_t)(9 * width * height));
  }
  CHECK(picture_guarded(&out));
  CHECK_STATUS(vfi_analyze(context, 3, inputs, 3, holes, 0, &map.frame, NULL), VFI_OK);
  CHECK(picture_guarded(&map));
  window_free(frames, 3);
  window_free(marks, 3);
  picture_free(&out);
  picture_free(&map);
}

static void shapes(vfi_context *context) {
  static const int sizes[][2] = {{1, 1}, {2, 1}, {1, 7}, {3, 5}, {16, 16}, {37, 21}, {151, 163}};
  for (vfi_pixel_format format = 1; format <= FORMAT_COUNT; format++) {
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
      clean(context, format, sizes[i][0], sizes[i][1]);
      /* Rectangles at even places: a chroma sample then is in or out. */
      if (sizes[i][0] == 16 || sizes[i][0] == 1)
        marked(context, format, sizes[i][0], sizes[i][1]);
    }
    marked(context, format, 48, 24);
  }
}

/* Blocks that a decoder has not written are found without a word from it, and made good. */
static void unwritten(vfi_context *context) {
  static const struct {
    vfi_pixel_format format;
    int value;
    double limit;
  } cases[] = {{VFI_FORMAT_YUV420P8, 128, 20}, {VFI_FORMAT_YUV420P8, 0, 20},
               {VFI_FORMAT_YUV444P8, 128, 10}, {VFI_FORMAT_NV12, 128, 20},
               {VFI_FORMAT_YUV422P10, 0, 80},  {VFI_FORMAT_YUVA420P8, 128, 255}};
  vfi_rectangle part = {32, 48, 48, 16};
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    window w = window_of(cases[i].format);
    spoil(&w.frames[MIDDLE], part, (uint8_t)cases[i].value);
    vfi_analysis found = analysis();
    CHECK_STATUS(vfi_analyze(context, WINDOW, w.inputs, 0, NULL, MIDDLE, &w.map.frame, &found),
                 VFI_OK);
    double inside, outside;
    coverage(&w.map.frame, part, &inside, &outside);
    if (!CHECK(found.events == VFI_EVENT_DAMAGED && inside == 1 && outside < 0.2))
      printf("  format %d: events %u, %g inside, %g outside\n", cases[i].format, found.events,
             inside, outside);
    CHECK(found.damage > 0.02 && found.damage < 0.4);
    double before = picture_distance(&w.inputs[MIDDLE], &w.truth.frame);
    vfi_repair_info info = repair_info();
    CHECK_STATUS(
        vfi_repair_window(context, WINDOW, w.inputs, 0, NULL, MIDDLE, NULL, &w.out.frame, &info),
        VFI_OK);
    double after = picture_distance(&w.out.frame, &w.truth.frame);
    CHECK(info.action == VFI_REPAIR_FILLED && info.frames_used > 0 &&
          info.propagated_pixels > info.changed_pixels / 2 &&
          info.analysis.damaged_pixels == found.damaged_pixels);
    if (!CHECK(after <= cases[i].limit && after <= before))
      printf("  format %d: error %g, was %g\n", cases[i].format, after, before);
    /* The neighbours are as they were, and say so. */
    CHECK_STATUS(vfi_repair_window(context, WINDOW, w.inputs, 0, NULL, MIDDLE + 1, NULL,
                                   &w.out.frame, &info),
                 VFI_OK);
    CHECK(info.action == VFI_REPAIR_NONE && picture_equal(&w.out.frame, &w.inputs[MIDDLE + 1]));
    window_end(&w);
  }
}

/* Lines that repeat, in one frame. */
static void lines(vfi_context *context) {
  window w = window_of(VFI_FORMAT_YUV420P8);
  vfi_frame *frame = &w.frames[MIDDLE].frame;
  for (int y = 49; y < 96; y++)
    memcpy(frame->data[0] + y * frame->stride[0], frame->data[0] + 48 * frame->stride[0], WIDTH);
  vfi_analysis found = analysis();
  CHECK_STATUS(vfi_analyze(context, WINDOW, w.inputs, 0, NULL, MIDDLE, &w.map.frame, &found),
               VFI_OK);
  double inside, outside;
  coverage(&w.map.frame, (vfi_rectangle){0, 48, WIDTH, 48}, &inside, &outside);
  if (!CHECK(found.events == VFI_EVENT_DAMAGED && inside > 0.9 && outside < 0.4))
    printf("  %g inside, %g outside\n", inside, outside);
  window_end(&w);
}

/* Marks of macroblocks stand for their pixels, with their certainty. */
static void macroblocks(vfi_context *context) {
  window w = window_of(VFI_FORMAT_YUV420P8);
  picture marks[WINDOW];
  vfi_frame masks[WINDOW];
  marks_make(marks, masks, WINDOW, MIDDLE, 0);
  marks[MIDDLE].frame.data[0][2 * marks[MIDDLE].frame.stride[0] + 3] = 200;
  vfi_analysis found = analysis();
  CHECK_STATUS(vfi_analyze(context, WINDOW, w.inputs, WINDOW, masks, MIDDLE, &w.map.frame, &found),
               VFI_OK);
  CHECK(found.damaged_pixels == 256 && found.events == VFI_EVENT_DAMAGED);
  double inside, outside;
  coverage(&w.map.frame, (vfi_rectangle){48, 32, 16, 16}, &inside, &outside);
  CHECK(inside == 1 && outside == 0);
  CHECK(w.map.frame.data[0][40 * w.map.frame.stride[0] + 50] == 200);
  CHECK(found.damage > 0.99 * 256 * 200 / 255 / (WIDTH * HEIGHT) &&
        found.damage < 1.01 * 256 * 200 / 255 / (WIDTH * HEIGHT));
  window_free(marks, WINDOW);
  window_end(&w);
}

/* One sign is enough in a frame that is called corrupt where three blocks that lie together show
   it: here that they stand while others move, at the corner, where their outlines show least. */
static void together(vfi_context *context) {
  window w = window_of(VFI_FORMAT_YUV420P8);
  vfi_frame *frame = &w.frames[MIDDLE].frame, *before = &w.frames[MIDDLE - 1].frame;
  for (int blocks = 1; blocks <= 3; blocks += 2) {
    for (int y = 0; y < 16; y++)
      memcpy(frame->data[0] + y * frame->stride[0], before->data[0] + y * before->stride[0],
             (size_t)(16 * blocks));
    for (int suspect = 0; suspect < 2; suspect++) {
      w.inputs[MIDDLE].flags = suspect ? VFI_FRAME_CORRUPT : 0;
      vfi_analysis found = analysis();
      CHECK_STATUS(vfi_analyze(context, WINDOW, w.inputs, 0, NULL, MIDDLE, NULL, &found), VFI_OK);
      if (!CHECK((found.events == VFI_EVENT_DAMAGED) == (suspect && blocks == 3)))
        printf("  %d blocks, suspect %d: events %u, %d pixels\n", blocks, suspect, found.events,
               (int)found.damaged_pixels);
    }
  }
  window_end(&w);
}

/* A repeated frame that is called corrupt is lost: between others it is interpolated, at the end
   predicted, beside a single frame held. Without a word it is a duplicate. */
static void lost(vfi_context *context) {
  window w = window_of(VFI_FORMAT_YUV420P8);
  picture between = picture_make(VFI_FORMAT_YUV420P8, WIDTH, HEIGHT, 0, 0);
  picture_draw(&w.frames[MIDDLE], MIDDLE - 1);
  vfi_analysis found = analysis();
  CHECK_STATUS(vfi_analyze(context, WINDOW, w.inputs, 0, NULL, MIDDLE, NULL, &found), VFI_OK);
  CHECK(found.events == VFI_EVENT_DUPLICATE && found.difference == 0);
  w.inputs[MIDDLE].flags = VFI_FRAME_CORRUPT;
  double held = picture_distance(&w.inputs[MIDDLE], &w.truth.frame);
  static const struct {
    int first, count, action, used;
  } cases[] = {{0, WINDOW, VFI_REPAIR_INTERPOLATED, 2},
               {0, MIDDLE + 1, VFI_REPAIR_PREDICTED, 2},
               {MIDDLE - 1, 2, VFI_REPAIR_HELD, 1}};
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    vfi_repair_info info = repair_info();
    CHECK_STATUS(vfi_repair_window(context, cases[i].count, w.inputs + cases[i].first, 0, NULL,
                                   MIDDLE - cases[i].first, NULL, &w.out.frame, &info),
                 VFI_OK);
    if (!CHECK(info.action == cases[i].action && info.frames_used == cases[i].used))
      printf("  action %d of %d frames\n", info.action, info.frames_used);
    const uint32_t expected = VFI_EVENT_DUPLICATE | VFI_EVENT_LOST;
    CHECK((info.analysis.events & expected) == expected);
    double error = picture_distance(&w.out.frame, &w.truth.frame);
    if (info.action == VFI_REPAIR_INTERPOLATED) {
      CHECK_STATUS(vfi_interpolate(context, &w.inputs[MIDDLE - 1], &w.inputs[MIDDLE + 1], 1, 2,
                                   &between.frame, NULL),
                   VFI_OK);
      CHECK(picture_equal(&w.out.frame, &between.frame));
    }
    if (info.action == VFI_REPAIR_HELD)
      CHECK(error == held);
  }
  /* Alone there is nothing to make it from. */
  vfi_repair_info info = repair_info();
  CHECK_STATUS(
      vfi_repair_window(context, 1, &w.inputs[MIDDLE], 0, NULL, 0, NULL, &w.out.frame, &info),
      VFI_OK);
  CHECK(info.action == VFI_REPAIR_NONE && picture_equal(&w.out.frame, &w.inputs[MIDDLE]));
  picture_free(&between);
  window_end(&w);
}

/* Cuts, black and frozen pictures. */
static void events(vfi_context *context) {
  window w = window_of(VFI_FORMAT_GRAY8);
  for (int i = MIDDLE; i < WINDOW; i++)
    for (int y = 0; y < HEIGHT; y++)
      for (int x = 0; x < WIDTH; x++)
        w.frames[i].frame.data[0][y * w.frames[i].frame.stride[0] + x] =
            (uint8_t)((x / 9 * 71 + y / 7 * 113) % 251);
  vfi_analysis found = analysis();
  double score = 0;
  CHECK_STATUS(vfi_analyze(context, WINDOW, w.inputs, 0, NULL, MIDDLE, NULL, &found), VFI_OK);
  CHECK_STATUS(vfi_scene_score(context, &w.inputs[MIDDLE - 1], &w.inputs[MIDDLE], &score), VFI_OK);
  CHECK(found.scene_score == score && score > 10);
  CHECK(found.events == (VFI_EVENT_CUT | VFI_EVENT_FREEZE));
  CHECK_STATUS(vfi_analyze(context, WINDOW, w.inputs, 0, NULL, MIDDLE + 1, NULL, &found), VFI_OK);
  CHECK(found.events == (VFI_EVENT_DUPLICATE | VFI_EVENT_FREEZE));
  CHECK_STATUS(vfi_analyze(context, WINDOW, w.inputs, 0, NULL, MIDDLE - 1, NULL, &found), VFI_OK);
  CHECK(found.events == 0 && found.black < 0.5);
  spoil(&w.frames[MIDDLE], (vfi_rectangle){0, 0, WIDTH, HEIGHT}, 16);
  CHECK_STATUS(vfi_analyze(context, 1, &w.inputs[MIDDLE], 0, NULL, 0, NULL, &found), VFI_OK);
  CHECK(found.events == VFI_EVENT_BLACK && found.black == 1);
  window_end(&w);
}

/* Damage that is marked makes no cut. */
static void cuts(vfi_context *context) {
  window w = window_of(VFI_FORMAT_GRAY8);
  vfi_rectangle part = {0, 0, WIDTH, 64};
  picture marks[WINDOW];
  vfi_frame masks[WINDOW];
  for (int i = 0; i < WINDOW; i++)
    marks[i] = mask_make(WIDTH, HEIGHT, i == MIDDLE ? part : (vfi_rectangle){0, 0, 0, 0});
  views(marks, WINDOW, masks);
  for (int y = 0; y < 64; y++)
    for (int x = 0; x < WIDTH; x++)
      w.frames[MIDDLE].frame.data[0][y * w.frames[MIDDLE].frame.stride[0] + x] =
          (uint8_t)(x / 16 % 2 == y / 16 % 2 ? 255 : 0);
  double score = 0;
  CHECK_STATUS(vfi_scene_score(context, &w.inputs[MIDDLE - 1], &w.inputs[MIDDLE], &score), VFI_OK);
  CHECK(score > 10);
  vfi_repair_info info = repair_info();
  CHECK_STATUS(vfi_repair_window(context, WINDOW, w.inputs, WINDOW, masks, MIDDLE, NULL,
                                 &w.out.frame, &info),
               VFI_OK);
  if (!CHECK(info.action == VFI_REPAIR_FILLED && info.frames_used >= 2 &&
             info.analysis.scene_score < 10 && !(info.analysis.events & VFI_EVENT_CUT)))
    printf("  %d frames, score %g\n", info.frames_used, info.analysis.scene_score);
  window_free(marks, WINDOW);
  window_end(&w);
}

/* The same bytes for any number of threads, and for every call. */
static void same_bytes(void) {
  static const int32_t counts[] = {1, 2, 3, 5, 16};
  uint64_t expected = 0;
  for (int i = 0; i < 5; i++) {
    vfi_params params = test_params();
    params.threads = counts[i];
    vfi_context *context = NULL;
    CHECK_STATUS(vfi_create(&context, &params), VFI_OK);
    for (int call = 0; call < 2; call++) {
      window w = window_of(VFI_FORMAT_YUV420P8);
      spoil(&w.frames[MIDDLE], (vfi_rectangle){32, 48, 48, 16}, 128);
      w.inputs[MIDDLE].flags = VFI_FRAME_CONCEALED;
      CHECK_STATUS(vfi_analyze(context, WINDOW, w.inputs, 0, NULL, MIDDLE, &w.map.frame, NULL),
                   VFI_OK);
      CHECK_STATUS(
          vfi_repair_window(context, WINDOW, w.inputs, 0, NULL, MIDDLE, NULL, &w.out.frame, NULL),
          VFI_OK);
      uint64_t hash = picture_hash(&w.out.frame) * 31 + picture_hash(&w.map.frame);
      if (!expected)
        expected = hash;
      CHECK(hash == expected);
      window_end(&w);
    }
    vfi_destroy(&context);
  }
}

/* A wrong argument is refused by its name. */
static void faults(vfi_context *context) {
  window w = window_of(VFI_FORMAT_YUV420P8);
  picture marks = mask_make(WIDTH, HEIGHT, (vfi_rectangle){0, 0, 8, 8});
  picture small = mask_make(WIDTH - 1, HEIGHT, (vfi_rectangle){0, 0, 8, 8});
  vfi_repair_params params;
  vfi_repair_params_init(&params, sizeof params);
  CHECK(params.dilation == 2 && params.feather == 1 && params.detect == 1);
#define REFUSED(status, word, call)                                                                \
  CHECK_STATUS(call, status);                                                                      \
  if (!CHECK(strstr(vfi_last_error(context), word) != NULL))                                       \
  printf("  \"%s\" does not name \"%s\"\n", vfi_last_error(context), word)
#define ANALYZE(count, mark_count, marks, index, map)                                              \
  vfi_analyze(context, count, w.inputs, mark_count, marks, index, map, NULL)
#define REPAIR(params, out) vfi_repair_window(context, 3, w.inputs, 0, NULL, 1, params, out, NULL)
  REFUSED(VFI_ERR_ARG, "count", ANALYZE(0, 0, NULL, 0, NULL));
  REFUSED(VFI_ERR_ARG, "mark_count", ANALYZE(3, 1, &marks.frame, 0, NULL));
  REFUSED(VFI_ERR_ARG, "marks", ANALYZE(1, 1, NULL, 0, NULL));
  REFUSED(VFI_ERR_ARG, "index", ANALYZE(3, 0, NULL, 3, NULL));
  REFUSED(VFI_ERR_SIZE, "marks[0]", ANALYZE(1, 1, &small.frame, 0, NULL));
  REFUSED(VFI_ERR_FORMAT, "marks[0]", ANALYZE(1, 1, &w.truth.frame, 0, NULL));
  REFUSED(VFI_ERR_FORMAT, "map", ANALYZE(1, 0, NULL, 0, &w.out.frame));
  REFUSED(VFI_ERR_SIZE, "map", ANALYZE(1, 0, NULL, 0, &small.frame));
  REFUSED(VFI_ERR_ARG, "map", ANALYZE(1, 1, &marks.frame, 0, &marks.frame));
  REFUSED(VFI_ERR_ARG, "frames", vfi_analyze(context, 1, NULL, 0, NULL, 0, NULL, NULL));
  REFUSED(VFI_ERR_ARG, "out", REPAIR(NULL, NULL));
  REFUSED(VFI_ERR_ARG, "out", REPAIR(NULL, &w.frames[2].frame));
  params.dilation = 65;
  REFUSED(VFI_ERR_ARG, "dilation", REPAIR(&params, &w.out.frame));
  params.dilation = 1, params.feather = 2;
  REFUSED(VFI_ERR_ARG, "feather", REPAIR(&params, &w.out.frame));
  params.feather = 1, params.detect = 2;
  REFUSED(VFI_ERR_ARG, "detect", REPAIR(&params, &w.out.frame));
  params.detect = 1, params.reserved = 1;
  REFUSED(VFI_ERR_ARG, "reserved", REPAIR(&params, &w.out.frame));
  params.struct_size = 4;
  REFUSED(VFI_ERR_VERSION, "", REPAIR(&params, &w.out.frame));
  vfi_analysis wrong = {.struct_size = 8};
  REFUSED(VFI_ERR_VERSION, "", vfi_analyze(context, 1, w.inputs, 0, NULL, 0, NULL, &wrong));
  CHECK_STATUS(ANALYZE(3, 0, NULL, 1, NULL), VFI_OK);
  CHECK_STATUS(vfi_analyze(NULL, 1, w.inputs, 0, NULL, 0, NULL, NULL), VFI_ERR_ARG);
  picture_free(&marks);
  picture_free(&small);
  window_end(&w);
}

int main(void) {
  vfi_context *context = test_context();
  shapes(context);
  unwritten(context);
  lines(context);
  together(context);
  macroblocks(context);
  lost(context);
  events(context);
  cuts(context);
  same_bytes();
  faults(context);
  vfi_destroy(&context);
  return check_report();
}
