/* SPDX-License-Identifier: MIT */
#include "plugin.h"

typedef struct FormatPair {
  int family;
  int sample_type;
  int bits;
  int subsampling_w;
  int subsampling_h;
  vfi_pixel_format format;
} FormatPair;

static const FormatPair formats[] = {
    {cfYUV, stInteger, 8, 1, 1, VFI_FORMAT_YUV420P8},
    {cfYUV, stInteger, 10, 1, 1, VFI_FORMAT_YUV420P10},
    {cfYUV, stInteger, 12, 1, 1, VFI_FORMAT_YUV420P12},
    {cfYUV, stInteger, 8, 1, 0, VFI_FORMAT_YUV422P8},
    {cfYUV, stInteger, 10, 1, 0, VFI_FORMAT_YUV422P10},
    {cfYUV, stInteger, 12, 1, 0, VFI_FORMAT_YUV422P12},
    {cfYUV, stInteger, 8, 0, 0, VFI_FORMAT_YUV444P8},
    {cfYUV, stInteger, 10, 0, 0, VFI_FORMAT_YUV444P10},
    {cfYUV, stInteger, 12, 0, 0, VFI_FORMAT_YUV444P12},
    {cfGray, stInteger, 8, 0, 0, VFI_FORMAT_GRAY8},
    {cfGray, stInteger, 10, 0, 0, VFI_FORMAT_GRAY10},
    {cfRGB, stInteger, 8, 0, 0, VFI_FORMAT_GBRP8},
    {cfRGB, stInteger, 10, 0, 0, VFI_FORMAT_GBRP10},
    {cfRGB, stFloat, 32, 0, 0, VFI_FORMAT_GBRPF32},
};

vfi_pixel_format pixel_format(const VSVideoFormat *format) {
  for (size_t i = 0; i < sizeof formats / sizeof *formats; i++) {
    const FormatPair *pair = &formats[i];
    if (format->colorFamily == pair->family && format->sampleType == pair->sample_type &&
        format->bitsPerSample == pair->bits && format->subSamplingW == pair->subsampling_w &&
        format->subSamplingH == pair->subsampling_h)
      return pair->format;
  }
  return 0;
}

const char *pixel_format_names(void) {
  return "YUV420, YUV422 and YUV444 of 8, 10 and 12 bits, GRAY8, GRAY10, RGB24, RGB30 and RGBS";
}

vfi_frame describe_format(const VSVideoFormat *format, int width, int height) {
  vfi_frame result;
  vfi_frame_init(&result, sizeof result);
  result.format = pixel_format(format);
  result.width = width;
  result.height = height;
  if (format->colorFamily == cfRGB)
    result.matrix = VFI_MATRIX_RGB;
  return result;
}

/* A number of H.273, which VapourSynth uses as well. */
static int32_t colour_number(const VSMap *properties, const char *key, const VSAPI *vsapi) {
  int error = 0;
  int64_t value = vsapi->mapGetInt(properties, key, 0, &error);
  return error || value < 0 || value > 255 ? VFI_MATRIX_UNSPECIFIED : (int32_t)value;
}

/* Cores of API 4.2 and later know _Range, which counts the other way round, and answer for both. */
static int32_t range(const VSMap *properties, const VSAPI *vsapi) {
  int error = 0;
  int64_t value = vsapi->mapGetInt(properties, "_ColorRange", 0, &error);
  if (error)
    return VFI_RANGE_UNSPECIFIED;
  return value == 0 ? VFI_RANGE_FULL : VFI_RANGE_LIMITED;
}

static int32_t chroma_location(const VSMap *properties, const VSAPI *vsapi) {
  int error = 0;
  int64_t value = vsapi->mapGetInt(properties, "_ChromaLocation", 0, &error);
  /* VapourSynth counts the same positions from 0. */
  return error || value < 0 || value > 5 ? VFI_CHROMA_UNSPECIFIED
                                         : (int32_t)value + VFI_CHROMA_LEFT;
}

/* Planes of RGB are in the order R, G, B; those of libvfi are G, B, R. */
static int plane_of(const VSVideoFormat *format, int plane) {
  return format->colorFamily == cfRGB ? (plane + 1) % 3 : plane;
}

vfi_frame describe_source(const VSFrame *frame, const VSAPI *vsapi) {
  const VSVideoFormat *format = vsapi->getVideoFrameFormat(frame);
  const VSMap *properties = vsapi->getFramePropertiesRO(frame);
  vfi_frame result =
      describe_format(format, vsapi->getFrameWidth(frame, 0), vsapi->getFrameHeight(frame, 0));
  if (format->colorFamily != cfRGB)
    result.matrix = colour_number(properties, "_Matrix", vsapi);
  result.primaries = colour_number(properties, "_Primaries", vsapi);
  result.transfer = colour_number(properties, "_Transfer", vsapi);
  result.range = range(properties, vsapi);
  result.chroma_location = chroma_location(properties, vsapi);
  for (int plane = 0; plane < format->numPlanes; plane++) {
    int source = plane_of(format, plane);
    /* libvfi only reads the planes of its inputs. */
    result.data[plane] = (uint8_t *)(uintptr_t)vsapi->getReadPtr(frame, source);
    result.stride[plane] = vsapi->getStride(frame, source);
  }
  return result;
}

vfi_frame describe_output(VSFrame *frame, const VSAPI *vsapi) {
  const VSVideoFormat *format = vsapi->getVideoFrameFormat(frame);
  vfi_frame result =
      describe_format(format, vsapi->getFrameWidth(frame, 0), vsapi->getFrameHeight(frame, 0));
  for (int plane = 0; plane < format->numPlanes; plane++) {
    int target = plane_of(format, plane);
    result.data[plane] = vsapi->getWritePtr(frame, target);
    result.stride[plane] = vsapi->getStride(frame, target);
  }
  return result;
}

bool same_shape(const VSFrame *a, const VSFrame *b, const VSAPI *vsapi) {
  const VSVideoFormat *first = vsapi->getVideoFrameFormat(a);
  const VSVideoFormat *second = vsapi->getVideoFrameFormat(b);
  return first->colorFamily == second->colorFamily && first->sampleType == second->sampleType &&
         first->bitsPerSample == second->bitsPerSample &&
         first->subSamplingW == second->subSamplingW &&
         first->subSamplingH == second->subSamplingH &&
         vsapi->getFrameWidth(a, 0) == vsapi->getFrameWidth(b, 0) &&
         vsapi->getFrameHeight(a, 0) == vsapi->getFrameHeight(b, 0);
}
