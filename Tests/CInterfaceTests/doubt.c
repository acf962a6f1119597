/* SPDX-License-Identifier: MIT */
/* Marks that are doubtful: the pictures decide. */
#include "check.h"
#include "support.h"
#include "suspects.h"

/* Frames first to first + count - 1 of a window whose middle has a part that no picture explains;
   all of the middle is marked as doubtful. */
typedef struct doubt {
  window w;
  picture marks[WINDOW];
  vfi_frame masks[WINDOW];
  int kind, first, count;
} doubt;

static const vfi_rectangle PART = {32, 32, 32, 16};

static doubt doubt_of(int kind, int first, int count) {
  doubt d = {.kind = kind, .first = first, .count = count};
  d.w = window_of(VFI_FORMAT_YUV420P8);
  vfi_frame *middle = &d.w.frames[MIDDLE].frame;
  uint64_t state = 5;
  for (int y = PART.y; y < PART.y + PART.height; y++)
    for (int x = PART.x; x < PART.x + PART.width; x++)
      middle->data[0][y * middle->stride[0] + x] = (uint8_t)random_next(&state);
  marks_make(d.marks, d.masks, count, MIDDLE - first, 7);
  d.masks[MIDDLE - first].flags = (uint32_t)kind;
  return d;
}

static void doubt_end(doubt *d) {
  window_free(d->marks, d->count);
  window_end(&d->w);
}

/* The map gets how sure the pictures are; returns how many pixels are likelier made up than not. */
static uint64_t mapped(vfi_context *context, doubt *d) {
  vfi_analysis found = analysis();
  CHECK_STATUS(vfi_analyze(context, d->count, d->w.inputs + d->first, d->count, d->masks,
                           MIDDLE - d->first, &d->w.map.frame, &found),
               VFI_OK);
  uint64_t likely = 0;
  for (int y = 0; y < HEIGHT; y++)
    for (int x = 0; x < WIDTH; x++) {
      int value = d->w.map.frame.data[0][y * d->w.map.frame.stride[0] + x];
      int within = x >= 32 && x < 64 && y >= 32 && y < 48;
      /* An outline is that of the blocks on both sides. */
      int beside = x >= 32 && x < 80 && y >= 32 && y < 64;
      likely += value >= 128;
      if (x % 16 == 0 && y % 16 == 0 &&
          !CHECK(value > 0 && value < 255 && (within ? value >= 128 : value < 128 || beside)))
        printf("  kind %d, %d frames from %d: %d at %d, %d\n", d->kind, d->count, d->first, value,
               x, y);
    }
  CHECK(found.damaged_pixels == likely && found.events & VFI_EVENT_DAMAGED);
  return likely;
}

/* Repair fills these pixels. */
static void filled(vfi_context *context, doubt *d, uint64_t likely) {
  vfi_repair_info info = repair_info();
  vfi_repair_params params;
  vfi_repair_params_init(&params, sizeof params);
  params.dilation = params.feather = 0;
  CHECK_STATUS(vfi_repair_window(context, d->count, d->w.inputs + d->first, d->count, d->masks,
                                 MIDDLE - d->first, &params, &d->w.out.frame, &info),
               VFI_OK);
  CHECK(info.action == VFI_REPAIR_FILLED && info.changed_pixels == likely);
}

/* Pictures at other distances in time: the one before is lost, and another is found beyond it. */
static void apart(vfi_context *context, doubt *d) {
  vfi_frame *lost = &d->marks[MIDDLE - 1].frame;
  for (int y = 0; y < HEIGHT / 16; y++)
    memset(lost->data[0] + y * lost->stride[0], 255, WIDTH / 16);
  spoil(&d->w.frames[MIDDLE - 1], (vfi_rectangle){0, 0, WIDTH, HEIGHT}, 90);
  vfi_analysis found = analysis();
  CHECK_STATUS(vfi_analyze(context, d->count, d->w.inputs, d->count, d->masks, MIDDLE,
                           &d->w.map.frame, &found),
               VFI_OK);
  double inside, outside;
  coverage(&d->w.map.frame, PART, &inside, &outside);
  if (!CHECK(inside == 1 && outside == 1 && found.damaged_pixels >= 512 &&
             found.damaged_pixels <= 1536))
    printf("  kind %d: %d pixels\n", d->kind, (int)found.damaged_pixels);
}

/* A single picture tells nothing, so nothing is damaged. */
static void alone(vfi_context *context, doubt *d) {
  vfi_analysis found = analysis();
  CHECK_STATUS(vfi_analyze(context, 1, &d->w.inputs[MIDDLE], 1, &d->masks[MIDDLE - d->first], 0,
                           &d->w.map.frame, &found),
               VFI_OK);
  double inside, outside;
  coverage(&d->w.map.frame, PART, &inside, &outside);
  CHECK(inside == 0 && outside == 0 && found.damaged_pixels == 0);
}

int main(void) {
  static const int kinds[] = {VFI_FRAME_DOUBTFUL, VFI_FRAME_DOUBTFUL_MOTION};
  static const struct {
    int first, count;
  } parts[] = {{0, WINDOW}, {0, MIDDLE + 1}, {MIDDLE, WINDOW - MIDDLE}, {MIDDLE - 1, 3}};
  vfi_context *context = test_context();
  for (size_t i = 0; i < 8; i++) {
    doubt d = doubt_of(kinds[i % 2], parts[i / 2].first, parts[i / 2].count);
    filled(context, &d, mapped(context, &d));
    alone(context, &d);
    if (d.count == WINDOW)
      apart(context, &d);
    doubt_end(&d);
  }
  vfi_destroy(&context);
  return check_report();
}
