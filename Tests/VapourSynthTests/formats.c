/* SPDX-License-Identifier: MIT */
/* Every format, held against libvfi called by hand; sizes; clips that change on the way. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <vfi.h>

#include "host.h"

typedef struct Known {
  int preset;
  vfi_pixel_format format;
  int planes[3]; /* of VapourSynth, in libvfi's order */
} Known;

static const Known known[] = {
    {pfYUV420P8, VFI_FORMAT_YUV420P8, {0, 1, 2}},
    {pfYUV420P10, VFI_FORMAT_YUV420P10, {0, 1, 2}},
    {pfYUV420P12, VFI_FORMAT_YUV420P12, {0, 1, 2}},
    {pfYUV422P8, VFI_FORMAT_YUV422P8, {0, 1, 2}},
    {pfYUV422P10, VFI_FORMAT_YUV422P10, {0, 1, 2}},
    {pfYUV422P12, VFI_FORMAT_YUV422P12, {0, 1, 2}},
    {pfYUV444P8, VFI_FORMAT_YUV444P8, {0, 1, 2}},
    {pfYUV444P10, VFI_FORMAT_YUV444P10, {0, 1, 2}},
    {pfYUV444P12, VFI_FORMAT_YUV444P12, {0, 1, 2}},
    {pfGray8, VFI_FORMAT_GRAY8, {0}},
    {pfGray10, VFI_FORMAT_GRAY10, {0}},
    {pfRGB24, VFI_FORMAT_GBRP8, {1, 2, 0}},
    {pfRGB30, VFI_FORMAT_GBRP10, {1, 2, 0}},
    {pfRGBS, VFI_FORMAT_GBRPF32, {1, 2, 0}},
};

/* The frame as libvfi sees it, with the colour of `colour`. */
static vfi_frame describe(const VSFrame *frame, const Known *kind, const vfi_frame *colour) {
  vfi_frame result = *colour;
  result.format = kind->format;
  result.width = vs->getFrameWidth(frame, 0);
  result.height = vs->getFrameHeight(frame, 0);
  for (int i = 0; i < vs->getVideoFrameFormat(frame)->numPlanes; i++) {
    result.data[i] = (uint8_t *)(uintptr_t)vs->getReadPtr(frame, kind->planes[i]);
    result.stride[i] = vs->getStride(frame, kind->planes[i]);
  }
  return result;
}

/* The hash of what libvfi makes at t = 1/2 between frames 0 and 1. */
static uint64_t by_hand(VSNode *source, const Known *kind, const vfi_frame *colour) {
  const VSFrame *first = frame_at(source, 0), *second = frame_at(source, 1);
  VSFrame *result = vs->newVideoFrame(vs->getVideoFrameFormat(first), vs->getFrameWidth(first, 0),
                                      vs->getFrameHeight(first, 0), NULL, core);
  vfi_frame a = describe(first, kind, colour), b = describe(second, kind, colour);
  vfi_frame out = describe(result, kind, colour);
  for (int i = 0; i < vs->getVideoFrameFormat(first)->numPlanes; i++)
    out.data[i] = vs->getWritePtr(result, kind->planes[i]);
  vfi_context *context = NULL;
  CHECK_STATUS(vfi_create(&context, NULL), VFI_OK);
  CHECK_STATUS(vfi_interpolate(context, &a, &b, 1, 2, &out, NULL), VFI_OK);
  vfi_destroy(&context);
  uint64_t hash = frame_hash(result);
  vs->freeFrame(result);
  vs->freeFrame(first);
  vs->freeFrame(second);
  return hash;
}

/* ---- every format ---- */

static void every_format(void) {
  for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
    Clip clip = clip_make(2);
    clip.format = known[i].preset;
    VSNode *source = clip_node(&clip), *node = interpolate(source, "mult=2");
    if (!CHECK(node != NULL)) {
      printf("  format %zu: %s\n", i, host_error());
      continue;
    }
    vfi_frame colour;
    vfi_frame_init(&colour, sizeof colour);
    if (known[i].format >= VFI_FORMAT_GBRP8 && known[i].format <= VFI_FORMAT_GBRPF32)
      colour.matrix = VFI_MATRIX_RGB;
    uint64_t hash = hash_at(node, 1);
    if (!CHECK(hash == by_hand(source, &known[i], &colour)))
      printf("  format %zu\n", i);
    CHECK(hash != hash_at(source, 0) && hash != hash_at(source, 1));
    vs->freeNode(node);
    vs->freeNode(source);
  }
}

static double sample(const VSFrame *frame, int plane, int x, int y) {
  const VSVideoFormat *format = vs->getVideoFrameFormat(frame);
  const uint8_t *row = vs->getReadPtr(frame, plane) + y * vs->getStride(frame, plane);
  if (format->sampleType == stFloat)
    return 255 * ((const float *)(const void *)row)[x];
  return format->bytesPerSample == 2 ? ((const uint16_t *)(const void *)row)[x] : row[x];
}

static double largest_difference(const VSFrame *a, const VSFrame *b) {
  double largest = 0;
  for (int plane = 0; plane < vs->getVideoFrameFormat(a)->numPlanes; plane++)
    for (int y = 0; y < vs->getFrameHeight(a, plane); y++)
      for (int x = 0; x < vs->getFrameWidth(a, plane); x++)
        largest = fmax(largest, fabs(sample(a, plane, x, y) - sample(b, plane, x, y)));
  return largest;
}

/* A still scene stays what it is, also when the engine makes the frame. */
static void still(void) {
  for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
    Clip clip = clip_make(2);
    clip.format = known[i].preset;
    clip.speed = 0;
    VSNode *source = clip_node(&clip), *node = interpolate(source, "duplicates=interpolate");
    const VSFrame *before = frame_at(source, 0), *between = frame_at(node, 1);
    CHECK(largest_difference(before, between) <= 1);
    vs->freeFrame(before);
    vs->freeFrame(between);
    vs->freeNode(node);
    vs->freeNode(source);
  }
}

/* ---- colour ---- */

static int64_t matrix, location, range, new_range;

static void colour_properties(int n, VSMap *properties) {
  (void)n;
  vs->mapSetInt(properties, "_Matrix", matrix, maReplace);
  vs->mapSetInt(properties, "_ChromaLocation", location, maReplace);
  vs->mapSetInt(properties, "_Primaries", 9, maReplace);
  vs->mapSetInt(properties, "_Transfer", 16, maReplace);
  if (range >= 0)
    vs->mapSetInt(properties, "_ColorRange", range, maReplace);
  if (new_range >= 0)
    vs->mapSetInt(properties, "_Range", new_range, maReplace);
}

/* Properties of VapourSynth and what libvfi must be told. _ColorRange: 0 = full; _Range: 1 = full.
 */
static void colours(void) {
  static const struct {
    int matrix, location, range, new_range, vfi_matrix, vfi_location, vfi_range;
  } cases[] = {
      {1, 0, 1, -1, VFI_MATRIX_BT709, VFI_CHROMA_LEFT, VFI_RANGE_LIMITED},
      {9, 2, 0, -1, VFI_MATRIX_BT2020_NCL, VFI_CHROMA_TOPLEFT, VFI_RANGE_FULL},
      {6, 1, -1, 1, VFI_MATRIX_SMPTE170M, VFI_CHROMA_CENTER, VFI_RANGE_FULL},
      {7, 5, -1, 0, VFI_MATRIX_SMPTE240M, VFI_CHROMA_BOTTOM, VFI_RANGE_LIMITED},
      {2, 99, -1, -1, VFI_MATRIX_UNSPECIFIED, VFI_CHROMA_UNSPECIFIED, VFI_RANGE_UNSPECIFIED},
      {-5, -1, -1, -1, VFI_MATRIX_UNSPECIFIED, VFI_CHROMA_UNSPECIFIED, VFI_RANGE_UNSPECIFIED},
  };
  uint64_t first = 0;
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    matrix = cases[i].matrix, location = cases[i].location;
    range = cases[i].range, new_range = cases[i].new_range;
    Clip clip = clip_make(2);
    clip.edit = colour_properties;
    VSNode *source = clip_node(&clip), *node = interpolate(source, "mult=2");
    vfi_frame colour;
    vfi_frame_init(&colour, sizeof colour);
    colour.matrix = cases[i].vfi_matrix;
    colour.primaries = 9, colour.transfer = 16;
    colour.chroma_location = cases[i].vfi_location;
    colour.range = cases[i].vfi_range;
    uint64_t hash = hash_at(node, 1);
    if (!CHECK(hash == by_hand(source, &known[0], &colour)))
      printf("  colour %zu\n", i);
    if (i == 0)
      first = hash;
    else if (i == 1)
      CHECK(hash != first); /* it does matter */
    const VSFrame *frame = frame_at(node, 1);
    CHECK(property(frame, "_Matrix") == matrix && property(frame, "_ChromaLocation") == location);
    vs->freeFrame(frame);
    vs->freeNode(node);
    vs->freeNode(source);
  }
}

/* ---- sizes ---- */

static void sizes(void) {
  static const int cases[][2] = {{1, 1}, {2, 1}, {1, 9}, {37, 21}, {130, 3}};
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    Clip clip = clip_make(3);
    clip.format = i % 2 ? pfRGB24 : pfGray8;
    clip.width = cases[i][0], clip.height = cases[i][1];
    VSNode *node = interpolate_clip(&clip, "mult=2");
    for (int n = 0; n < 6; n++)
      CHECK(hash_at(node, n) != 0);
    vs->freeNode(node);
  }
}

/* Frames 0 and 1 as clip_make() says, 2 and 3 larger, 4 and 5 RGB, 6 in a format that is not
   known. */
static void changing(int n, VSVideoFormat *format, int *width, int *height) {
  if (n == 2 || n == 3)
    *width = 64, *height = 40;
  if (n == 4 || n == 5)
    vs->getVideoFormatByID(format, pfRGB24, core);
  if (n == 6)
    vs->getVideoFormatByID(format, pfYUV444P16, core);
}

static void changes(void) {
  Clip clip = clip_make(7);
  clip.shape = changing;
  VSNode *source = clip_node(&clip), *node = interpolate(source, "mult=4");
  if (!CHECK(node != NULL))
    return;
  for (int n = 0; n < 24; n++) {
    bool change = n / 4 % 2 == 1 || n % 4 == 0;
    if (n > 20) { /* The next frame cannot be used. */
      CHECK(frame_at(node, n) == NULL && error_has("format"));
    } else if (change) { /* The nearer frame, whole. */
      CHECK(hash_at(node, n) == hash_at(source, n / 4 + (n % 4 > 2)));
    } else {
      uint64_t hash = hash_at(node, n);
      CHECK(hash && hash != hash_at(source, n / 4) && hash != hash_at(source, n / 4 + 1));
    }
  }
  CHECK(frame_at(node, 24) == NULL && error_has("format"));
  vs->freeNode(node);
  vs->freeNode(source);
}

static void refused(void) {
  static const int presets[] = {pfGray16,   pfGrayS,    pfYUV420P16, pfYUV420P9,
                                pfYUV444PS, pfYUV410P8, pfYUV440P8,  pfRGB48};
  for (size_t i = 0; i < sizeof presets / sizeof *presets; i++) {
    Clip clip = clip_make(3);
    clip.format = presets[i];
    CHECK(interpolate_clip(&clip, "mult=2") == NULL);
    CHECK(error_has("Interpolate: the clip's format is not one of YUV420"));
  }
}

int main(void) {
  host_start(2);
  every_format();
  still();
  colours();
  sizes();
  changes();
  refused();
  host_stop();
  return check_report();
}
