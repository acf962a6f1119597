/* SPDX-License-Identifier: MIT */
#include "support.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct layout {
  int planes;
  int bytes;      /* of a sample */
  int depth;      /* significant bits; 32 = float */
  int shift_x;    /* of chroma */
  int shift_y;    /* of chroma */
  int components; /* samples a pixel in plane 0 */
  int high_bits;  /* 1: the value is in the high bits */
} layout;

static const layout layouts[FORMAT_COUNT + 1] = {
    {0, 0, 0, 0, 0, 0, 0},  {3, 1, 8, 1, 1, 1, 0},  {3, 2, 10, 1, 1, 1, 0}, {3, 2, 12, 1, 1, 1, 0},
    {3, 1, 8, 1, 0, 1, 0},  {3, 2, 10, 1, 0, 1, 0}, {3, 2, 12, 1, 0, 1, 0}, {3, 1, 8, 0, 0, 1, 0},
    {3, 2, 10, 0, 0, 1, 0}, {3, 2, 12, 0, 0, 1, 0}, {2, 1, 8, 1, 1, 1, 0},  {2, 2, 10, 1, 1, 1, 1},
    {1, 1, 8, 0, 0, 1, 0},  {1, 2, 10, 0, 0, 1, 0}, {3, 1, 8, 0, 0, 1, 0},  {3, 2, 10, 0, 0, 1, 0},
    {3, 4, 32, 0, 0, 1, 0}, {1, 1, 8, 0, 0, 3, 0},  {1, 1, 8, 0, 0, 4, 0},  {4, 1, 8, 1, 1, 1, 0},
};

plane_size plane_size_of(vfi_pixel_format format, int width, int height, int plane) {
  const layout *l = &layouts[format];
  plane_size size = {0, 0};
  if (plane >= l->planes)
    return size;
  int chroma = plane == 1 || plane == 2;
  int columns = chroma ? (width + (1 << l->shift_x) - 1) >> l->shift_x : width;
  int samples = chroma && l->planes == 2 ? 2 * columns : columns * l->components;
  size.row_bytes = samples * l->bytes;
  size.rows = chroma ? (height + (1 << l->shift_y) - 1) >> l->shift_y : height;
  return size;
}

picture picture_make(vfi_pixel_format format, int width, int height, int padding, int flipped) {
  picture result;
  memset(&result, 0, sizeof result);
  vfi_frame_init(&result.frame, sizeof result.frame);
  result.frame.format = format;
  result.frame.width = width;
  result.frame.height = height;
  for (int plane = 0; plane < layouts[format].planes; plane++) {
    plane_size size = plane_size_of(format, width, height, plane);
    size_t stride = (size_t)(size.row_bytes + padding);
    result.size[plane] = stride * (size_t)size.rows + 2 * 64;
    result.memory[plane] = malloc(result.size[plane]);
    if (!result.memory[plane])
      abort();
    memset(result.memory[plane], GUARD, result.size[plane]);
    uint8_t *top = result.memory[plane] + 64;
    result.frame.data[plane] = flipped ? top + stride * (size_t)(size.rows - 1) : top;
    result.frame.stride[plane] = flipped ? -(ptrdiff_t)stride : (ptrdiff_t)stride;
  }
  return result;
}

void picture_free(picture *picture) {
  for (int plane = 0; plane < 4; plane++)
    free(picture->memory[plane]);
  memset(picture, 0, sizeof *picture);
}

static uint8_t *row_of(const vfi_frame *frame, int plane, int y) {
  return frame->data[plane] + y * frame->stride[plane];
}

/* Waves that move to the right and down, as a share of full scale. */
static double texture(int x, int y, int plane, int step) {
  double u = x - 2.0 * step, v = y - 1.0 * step;
  return 0.5 + 0.2 * sin(u * 0.31 + plane) + 0.2 * sin(v * 0.23 + u * 0.05);
}

void picture_draw(picture *picture, int step) {
  vfi_frame *frame = &picture->frame;
  const layout *l = &layouts[frame->format];
  for (int plane = 0; plane < l->planes; plane++) {
    plane_size size = plane_size_of(frame->format, frame->width, frame->height, plane);
    int samples = size.row_bytes / l->bytes;
    int chroma = plane == 1 || plane == 2;
    int group = l->components * (chroma && l->planes == 2 ? 2 : 1);
    for (int y = 0; y < size.rows; y++) {
      for (int i = 0; i < samples; i++) {
        int x = (i / group) << (chroma ? l->shift_x : 0);
        double value = texture(x, y << (chroma ? l->shift_y : 0), plane + i % group, step);
        if (l->depth == 32) {
          float number = (float)value;
          memcpy(row_of(frame, plane, y) + 4 * i, &number, 4);
        } else if (l->bytes == 2) {
          unsigned code = (unsigned)(value * ((1 << l->depth) - 1) + 0.5);
          uint16_t word = (uint16_t)(l->high_bits ? code << (16 - l->depth) : code);
          memcpy(row_of(frame, plane, y) + 2 * i, &word, 2);
        } else {
          row_of(frame, plane, y)[i] = (uint8_t)(value * 255 + 0.5);
        }
      }
    }
  }
}

void picture_noise(picture *picture, uint64_t seed) {
  const vfi_frame *frame = &picture->frame;
  for (int plane = 0; plane < layouts[frame->format].planes; plane++) {
    plane_size size = plane_size_of(frame->format, frame->width, frame->height, plane);
    for (int y = 0; y < size.rows; y++)
      for (int i = 0; i < size.row_bytes; i++)
        row_of(frame, plane, y)[i] = (uint8_t)random_next(&seed);
    if (layouts[frame->format].depth == 32) {
      const float special[3] = {NAN, INFINITY, -INFINITY};
      for (int i = 0; i < 3 && i < frame->width; i++)
        memcpy(row_of(frame, plane, 0) + 4 * i, &special[i], 4);
    }
  }
}

int picture_equal(const vfi_frame *a, const vfi_frame *b) {
  if (a->format != b->format || a->width != b->width || a->height != b->height)
    return 0;
  for (int plane = 0; plane < layouts[a->format].planes; plane++) {
    plane_size size = plane_size_of(a->format, a->width, a->height, plane);
    for (int y = 0; y < size.rows; y++)
      if (memcmp(row_of(a, plane, y), row_of(b, plane, y), (size_t)size.row_bytes) != 0)
        return 0;
  }
  return 1;
}

/* Sample `i` of a row, in code values. */
static double sample(const vfi_frame *frame, const uint8_t *row, int i) {
  const layout *l = &layouts[frame->format];
  if (l->depth == 32) {
    float value;
    memcpy(&value, row + 4 * i, 4);
    return 255.0 * (double)value;
  }
  if (l->bytes == 1)
    return row[i];
  uint16_t word;
  memcpy(&word, row + 2 * i, 2);
  return l->high_bits ? word >> (16 - l->depth) : word;
}

double picture_distance(const vfi_frame *a, const vfi_frame *b) {
  double largest = 0;
  for (int plane = 0; plane < layouts[a->format].planes; plane++) {
    plane_size size = plane_size_of(a->format, a->width, a->height, plane);
    for (int y = 0; y < size.rows; y++) {
      for (int i = 0; i < size.row_bytes / layouts[a->format].bytes; i++) {
        double distance =
            fabs(sample(a, row_of(a, plane, y), i) - sample(b, row_of(b, plane, y), i));
        if (!(distance <= largest))
          largest = distance;
      }
    }
  }
  return largest;
}

uint64_t picture_hash(const vfi_frame *frame) {
  uint64_t hash = 0xCBF29CE484222325u;
  for (int plane = 0; plane < layouts[frame->format].planes; plane++) {
    plane_size size = plane_size_of(frame->format, frame->width, frame->height, plane);
    for (int y = 0; y < size.rows; y++)
      for (int i = 0; i < size.row_bytes; i++)
        hash = (hash ^ row_of(frame, plane, y)[i]) * 0x100000001B3u;
  }
  return hash;
}

int picture_guarded(const picture *picture) {
  const vfi_frame *frame = &picture->frame;
  for (int plane = 0; plane < layouts[frame->format].planes; plane++) {
    plane_size size = plane_size_of(frame->format, frame->width, frame->height, plane);
    const uint8_t *byte = picture->memory[plane], *end = byte + picture->size[plane];
    for (; byte < end; byte++) {
      int inside = 0;
      for (int y = 0; y < size.rows && !inside; y++) {
        const uint8_t *row = row_of(frame, plane, y);
        inside = byte >= row && byte < row + size.row_bytes;
      }
      if (!inside && *byte != GUARD)
        return 0;
    }
  }
  return 1;
}

const char *test_model(void) {
  const char *path = getenv("VFI_TEST_MODEL");
  if (!path) {
    fprintf(stderr, "VFI_TEST_MODEL is not set: run the tests with `make test`\n");
    exit(2);
  }
  return path;
}

vfi_params test_params(void) {
  vfi_params params;
  vfi_params_init(&params, sizeof params);
  params.model_name = test_model();
  params.threads = 1;
  return params;
}

vfi_context *test_context(void) {
  vfi_params params = test_params();
  vfi_context *context = NULL;
  if (vfi_create(&context, &params) != VFI_OK) {
    fprintf(stderr, "vfi_create: %s\n", vfi_last_error(NULL));
    exit(2);
  }
  return context;
}

vfi_rational rational(int64_t num, int64_t den) {
  vfi_rational result = {num, den};
  return result;
}

uint64_t random_next(uint64_t *state) {
  *state += 0x9E3779B97F4A7C15u;
  uint64_t z = *state;
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
  return z ^ (z >> 31);
}

vfi_inpaint_params holes(int dilation, int feather) {
  vfi_inpaint_params params;
  vfi_inpaint_params_init(&params, sizeof params);
  params.dilation = dilation;
  params.feather = feather;
  return params;
}

picture mask_make(int width, int height, vfi_rectangle hole) {
  picture mask = picture_make(VFI_FORMAT_GRAY8, width, height, 3, 0);
  for (int y = 0; y < height; y++)
    for (int x = 0; x < width; x++)
      mask.frame.data[0][y * mask.frame.stride[0] + x] =
          x >= hole.x && x < hole.x + hole.width && y >= hole.y && y < hole.y + hole.height
              ? (uint8_t)(1 + (x * 7 + y) % 255)
              : 0;
  return mask;
}

/* Whether a pixel lies within `dilation` of a marked one. */
int mask_contains(const vfi_frame *mask, int dilation, int x, int y) {
  for (int row = y - dilation; row <= y + dilation; row++)
    for (int column = x - dilation; column <= x + dilation; column++)
      if (row >= 0 && row < mask->height && column >= 0 && column < mask->width &&
          (row - y) * (row - y) + (column - x) * (column - x) <= dilation * dilation &&
          mask->data[0][row * mask->stride[0] + column])
        return 1;
  return 0;
}

/* Writes `value` to all samples of the hole: whatever is there, nobody may look at it. */
void picture_spoil(picture *picture, const vfi_frame *mask, uint8_t value) {
  vfi_frame *frame = &picture->frame;
  for (int plane = 0; plane < 4; plane++) {
    plane_size one = plane_size_of(frame->format, 1, 1, plane);
    if (!one.rows)
      continue;
    int shift_x = plane_size_of(frame->format, 2, 1, plane).row_bytes == one.row_bytes;
    int shift_y = plane_size_of(frame->format, 1, 2, plane).rows == one.rows;
    for (int y = 0; y < frame->height; y++)
      for (int x = 0; x < frame->width; x++)
        if (mask->data[0][y * mask->stride[0] + x])
          memset(frame->data[plane] + (y >> shift_y) * frame->stride[plane] +
                     (x >> shift_x) * one.row_bytes,
                 value, (size_t)one.row_bytes);
  }
}

/* Whether all samples without a pixel in the dilated mask have the same bits in both frames. */
int picture_equal_outside(const vfi_frame *a, const vfi_frame *b, const vfi_frame *mask,
                          int dilation) {
  for (int plane = 0; plane < 4; plane++) {
    plane_size one = plane_size_of(a->format, 1, 1, plane);
    plane_size size = plane_size_of(a->format, a->width, a->height, plane);
    if (!one.rows)
      continue;
    int shift_x = plane_size_of(a->format, 2, 1, plane).row_bytes == one.row_bytes;
    int shift_y = plane_size_of(a->format, 1, 2, plane).rows == one.rows;
    for (int y = 0; y < size.rows; y++) {
      for (int x = 0; x < size.row_bytes / one.row_bytes; x++) {
        int inside = 0;
        for (int i = 0; i < 1 << shift_y; i++)
          for (int j = 0; j < 1 << shift_x; j++)
            inside |= mask_contains(mask, dilation, (x << shift_x) + j, (y << shift_y) + i) &&
                      (x << shift_x) + j < a->width && (y << shift_y) + i < a->height;
        if (!inside && memcmp(a->data[plane] + y * a->stride[plane] + x * one.row_bytes,
                              b->data[plane] + y * b->stride[plane] + x * one.row_bytes,
                              (size_t)one.row_bytes) != 0)
          return 0;
      }
    }
  }
  return 1;
}

/* Frames of a moving texture or of noise, in rows that are padded and flipped in every other one.
 */
void window_make(picture frames[], int count, vfi_pixel_format format, int width, int height,
                 int noise) {
  for (int i = 0; i < count; i++) {
    frames[i] = picture_make(format, width, height, i * 3, i & 1);
    if (noise)
      picture_noise(&frames[i], (uint64_t)i + 1);
    else
      picture_draw(&frames[i], i);
  }
}

void window_make_cuts(picture frames[3], int width, int height) {
  window_make(frames, 3, VFI_FORMAT_GRAY8, width, height, 0);
  for (int i = 0; i < 3; i += 2)
    for (int y = 0; y < height; y++)
      for (int x = 0; x < width; x++)
        frames[i].frame.data[0][y * frames[i].frame.stride[0] + x] =
            (uint8_t)((x / 9 * 71 + y / 7 * 113) % 251);
}

void window_free(picture frames[], int count) {
  for (int i = 0; i < count; i++)
    picture_free(&frames[i]);
}

void views(const picture frames[], int count, vfi_frame out[]) {
  for (int i = 0; i < count; i++)
    out[i] = frames[i].frame;
}
