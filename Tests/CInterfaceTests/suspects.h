/* SPDX-License-Identifier: MIT */
/* Windows of frames, some of them damaged or marked, and what is found of them. */
#ifndef SUSPECTS_H
#define SUSPECTS_H

#include <string.h>

#include "support.h"

enum { WINDOW = 7, MIDDLE = 3, WIDTH = 128, HEIGHT = 96 };

/* Gives all samples of the rectangle's pixels the byte `value`. */
static inline void spoil(picture *spoilt, vfi_rectangle part, uint8_t value) {
  picture mask = mask_make(spoilt->frame.width, spoilt->frame.height, part);
  picture_spoil(spoilt, &mask.frame, value);
  picture_free(&mask);
}

static inline vfi_analysis analysis(void) {
  return (vfi_analysis){.struct_size = sizeof(vfi_analysis)};
}
static inline vfi_repair_info repair_info(void) {
  return (vfi_repair_info){.struct_size = sizeof(vfi_repair_info)};
}

/* A window of frames 0 to WINDOW - 1 with its true middle. */
typedef struct window {
  picture frames[WINDOW], truth, out, map;
  vfi_frame inputs[WINDOW];
} window;

static inline window window_of(vfi_pixel_format format) {
  window w;
  window_make(w.frames, WINDOW, format, WIDTH, HEIGHT, 0);
  w.truth = picture_make(format, WIDTH, HEIGHT, 0, 0);
  picture_draw(&w.truth, MIDDLE);
  w.out = picture_make(format, WIDTH, HEIGHT, 0, 0);
  w.map = picture_make(VFI_FORMAT_GRAY8, WIDTH, HEIGHT, 0, 0);
  views(w.frames, WINDOW, w.inputs);
  return w;
}

static inline void window_end(window *w) {
  window_free(w->frames, WINDOW);
  picture_free(&w->truth);
  picture_free(&w->out);
  picture_free(&w->map);
}

/* Share of the map's pixels inside and outside of a rectangle that are marked. */
static inline void coverage(const vfi_frame *map, vfi_rectangle part, double *inside,
                            double *outside) {
  long in = 0, out = 0, area = (long)part.width * part.height;
  for (int y = 0; y < map->height; y++)
    for (int x = 0; x < map->width; x++) {
      int within =
          x >= part.x && x < part.x + part.width && y >= part.y && y < part.y + part.height;
      if (map->data[0][y * map->stride[0] + x])
        *(within ? &in : &out) += 1;
    }
  *inside = (double)in / (double)area;
  *outside = (double)out / (double)((long)map->width * map->height - area);
}

/* Marks of macroblocks for a window, all `value` in frame `index`, and 0 in the others. */
static inline void marks_make(picture marks[], vfi_frame views_of[], int count, int index,
                              uint8_t value) {
  for (int i = 0; i < count; i++) {
    marks[i] = picture_make(VFI_FORMAT_GRAY8, WIDTH / 16, HEIGHT / 16, 0, 0);
    for (int y = 0; y < HEIGHT / 16; y++)
      memset(marks[i].frame.data[0] + y * marks[i].frame.stride[0], i == index ? value : 0,
             WIDTH / 16);
  }
  views(marks, count, views_of);
}

#endif
