/* SPDX-License-Identifier: MIT */
/**
 * @file vfi_marks.h
 * What libvfi is to fill, as a user says it: rectangles in a text, or a PGM picture (P5, 8 or 16
 * bits, as `ffmpeg -i mask.png mask.pgm` makes one) that is brighter than half where to fill.
 *
 *     vfi_rectangle list[64];
 *     int count = vfi_marks_rectangles("16:12:80:30|200:12:40:40", list, 64);    // -1: it is wrong
 *     vfi_pgm mask;
 *     const char *problem = vfi_pgm_read(&mask, "mask.pgm");                     // NULL: all is
 * well vfi_frame frame; vfi_pgm_wrap(&frame, &mask);
 *     ...
 *     vfi_pgm_free(&mask);
 */
#ifndef VFI_MARKS_H
#define VFI_MARKS_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <vfi.h>

/** Reads "x:y:w:h|x:y:w:h"; ',' and '/' may stand for ':'. Returns how many there are, 0 for NULL
   or an empty text, -1 if it is something else or has more than `most`. */
static inline int vfi_marks_rectangles(const char *text, vfi_rectangle *list, int most) {
  int count = 0;
  while (text && *text) {
    vfi_rectangle part;
    int length = 0;
    if (count == most ||
        sscanf(text, "%d%*1[:,/]%d%*1[:,/]%d%*1[:,/]%d%n", &part.x, &part.y, &part.width,
               &part.height, &length) != 4 ||
        part.width < 1 || part.height < 1 || (text[length] && text[length] != '|'))
      return -1;
    list[count++] = part;
    text += length + (text[length] == '|');
  }
  return count;
}

typedef struct vfi_pgm {
  int width;
  int height;
  uint8_t *samples; /* 255 = marked, 0 = not, [height][width] */
} vfi_pgm;

/* The next number of a header; comments are skipped. -1: there is none. */
static inline int vfi_pgm_number(FILE *file) {
  int c = getc(file), value = 0, digits = 0;
  while (c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '#') {
    if (c == '#')
      while (c != '\n' && c != EOF)
        c = getc(file);
    else
      c = getc(file);
  }
  for (; c >= '0' && c <= '9' && digits < 6; digits++, c = getc(file))
    value = 10 * value + c - '0';
  /* One blank stands behind each number, also before the samples. */
  return digits && (c == ' ' || c == '\t' || c == '\n' || c == '\r') ? value : -1;
}

static inline const char *vfi_pgm_read_samples(vfi_pgm *mask, FILE *file) {
  int width, height, most;
  size_t count, bytes;
  uint8_t *data;
  if (getc(file) != 'P' || getc(file) != '5')
    return "it is no PGM picture (P5)";
  width = vfi_pgm_number(file);
  height = vfi_pgm_number(file);
  most = vfi_pgm_number(file);
  if (width < 1 || width > VFI_MAX_SIZE || height < 1 || height > VFI_MAX_SIZE || most < 1 ||
      most > 65535)
    return "the size or depth in its header is none";
  count = (size_t)width * (size_t)height;
  bytes = most > 255 ? 2 : 1;
  data = (uint8_t *)malloc(count * bytes);
  if (!data)
    return "there is no memory for it";
  if (fread(data, bytes, count, file) != count) {
    free(data);
    return "it ends early";
  }
  for (size_t i = 0; i < count; i++) {
    int value = bytes == 2 ? data[2 * i] << 8 | data[2 * i + 1] : data[i];
    data[i] = 2 * value > most ? 255 : 0;
  }
  mask->width = width;
  mask->height = height;
  mask->samples = data;
  return NULL;
}

/** Reads a file. NULL: all went well; else what is wrong, and `mask` is empty. */
static inline const char *vfi_pgm_read(vfi_pgm *mask, const char *path) {
  FILE *file = fopen(path, "rb");
  const char *problem;
  memset(mask, 0, sizeof *mask);
  if (!file)
    return "it cannot be opened";
  problem = vfi_pgm_read_samples(mask, file);
  fclose(file);
  return problem;
}

/** The mask as a frame, which uses its samples. */
static inline void vfi_pgm_wrap(vfi_frame *frame, const vfi_pgm *mask) {
  vfi_frame_init(frame, sizeof *frame);
  frame->format = VFI_FORMAT_GRAY8;
  frame->width = mask->width;
  frame->height = mask->height;
  frame->data[0] = mask->samples;
  frame->stride[0] = mask->width;
}

static inline void vfi_pgm_free(vfi_pgm *mask) {
  free(mask->samples);
  memset(mask, 0, sizeof *mask);
}

#endif
