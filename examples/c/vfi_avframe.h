/* SPDX-License-Identifier: MIT */
/**
 * @file vfi_avframe.h
 * FFmpeg's AVFrame as a vfi_frame. Needs vfi.h and libavutil 57 (FFmpeg 5.1) or later.
 *
 *     vfi_frame a, b, out;
 *     if (vfi_avframe_wrap(&a, before) < 0 || vfi_avframe_wrap(&b, after) < 0 ||
 *         vfi_avframe_wrap(&out, between) < 0)
 *       return AVERROR(ENOSYS);                     // a format that libvfi does not have
 *     vfi_interpolate(context, &a, &b, 1, 2, &out, NULL);
 *     av_frame_copy_props(between, before);
 *
 * The planes stay those of the AVFrame: hold a reference for as long as the vfi_frame is used.
 */
#ifndef VFI_AVFRAME_H
#define VFI_AVFRAME_H

#include <libavutil/frame.h>
#include <libavutil/pixfmt.h>
#include <libavutil/version.h>
#include <vfi.h>

/** FFmpeg's format of a libvfi format, AV_PIX_FMT_NONE if that is unknown. */
static inline enum AVPixelFormat vfi_avframe_pixel_format(vfi_pixel_format format) {
  static const enum AVPixelFormat known[] = {
      /* as vfi_pixel_format counts, from 1 */
      AV_PIX_FMT_YUV420P,   AV_PIX_FMT_YUV420P10, AV_PIX_FMT_YUV420P12, AV_PIX_FMT_YUV422P,
      AV_PIX_FMT_YUV422P10, AV_PIX_FMT_YUV422P12, AV_PIX_FMT_YUV444P,   AV_PIX_FMT_YUV444P10,
      AV_PIX_FMT_YUV444P12, AV_PIX_FMT_NV12,      AV_PIX_FMT_P010,      AV_PIX_FMT_GRAY8,
      AV_PIX_FMT_GRAY10,    AV_PIX_FMT_GBRP,      AV_PIX_FMT_GBRP10,    AV_PIX_FMT_GBRPF32,
      AV_PIX_FMT_RGB24,     AV_PIX_FMT_BGRA,      AV_PIX_FMT_YUVA420P};
  const vfi_pixel_format count = sizeof known / sizeof *known;
  return format >= 1 && format <= count ? known[format - 1] : AV_PIX_FMT_NONE;
}

/** libvfi's format of an FFmpeg format, 0 if it has none. "yuvj" formats are those without the j,
    and bgr0 is BGRA: vfi_avframe_wrap() tells what sets them apart. */
static inline vfi_pixel_format vfi_avframe_format(enum AVPixelFormat format) {
  vfi_pixel_format known = 1;
  if (format == AV_PIX_FMT_YUVJ420P)
    format = AV_PIX_FMT_YUV420P;
  else if (format == AV_PIX_FMT_YUVJ422P)
    format = AV_PIX_FMT_YUV422P;
  else if (format == AV_PIX_FMT_YUVJ444P)
    format = AV_PIX_FMT_YUV444P;
  else if (format == AV_PIX_FMT_BGR0)
    format = AV_PIX_FMT_BGRA;
  while (vfi_avframe_pixel_format(known) != AV_PIX_FMT_NONE) {
    if (vfi_avframe_pixel_format(known) == format)
      return known;
    known++;
  }
  return 0;
}

/** A number of H.273. FFmpeg's own, from 256 on, are unspecified to libvfi. */
static inline int32_t vfi_avframe_h273(int value) { return value >= 0 && value <= 255 ? value : 2; }

static inline int vfi_avframe_is_full_range(const AVFrame *frame) {
  return frame->color_range == AVCOL_RANGE_JPEG || frame->format == AV_PIX_FMT_YUVJ420P ||
         frame->format == AV_PIX_FMT_YUVJ422P || frame->format == AV_PIX_FMT_YUVJ444P;
}

static inline int vfi_avframe_is_interlaced(const AVFrame *frame) {
#ifdef AV_FRAME_FLAG_INTERLACED
  return (frame->flags & AV_FRAME_FLAG_INTERLACED) != 0;
#else
  return frame->interlaced_frame;
#endif
}

/** The duration in units of the stream's time base, 0 = unknown. */
static inline int64_t vfi_avframe_duration(const AVFrame *frame) {
#if LIBAVUTIL_VERSION_INT >= AV_VERSION_INT(57, 30, 100)
  return frame->duration;
#else
  return frame->pkt_duration;
#endif
}

/** The fourth byte of bgr0 means nothing, so it must not weigh the colours: as premultiplied
    samples all bytes are treated alike. */
static inline int32_t vfi_avframe_alpha_mode(const AVFrame *frame) {
  if (frame->format == AV_PIX_FMT_BGR0)
    return VFI_ALPHA_PREMULTIPLIED;
#if LIBAVUTIL_VERSION_INT >= AV_VERSION_INT(60, 11, 100)
  if (frame->alpha_mode == AVALPHA_MODE_PREMULTIPLIED)
    return VFI_ALPHA_PREMULTIPLIED;
#endif
  return VFI_ALPHA_STRAIGHT;
}

/** VFI_FRAME_CORRUPT and VFI_FRAME_CONCEALED, as decoder and container told them. */
static inline uint32_t vfi_avframe_damage(const AVFrame *frame) {
  uint32_t flags = frame->flags & AV_FRAME_FLAG_CORRUPT ? VFI_FRAME_CORRUPT : 0;
  if (frame->decode_error_flags & FF_DECODE_ERROR_CONCEALMENT_ACTIVE)
    flags |= VFI_FRAME_CONCEALED;
  if (frame->decode_error_flags & ~FF_DECODE_ERROR_CONCEALMENT_ACTIVE)
    flags |= VFI_FRAME_CORRUPT;
  return flags;
}

/**
 * Describes `frame` in `wrapped`: format, size, planes, colour, alpha, interlacing, damage, pts (as
 * it is, AV_NOPTS_VALUE included) and duration. content_id and opaque are the caller's to set.
 * Returns 0, or -1 if libvfi lacks the pixel format; `wrapped` then has the format 0.
 */
static inline int vfi_avframe_wrap(vfi_frame *wrapped, const AVFrame *frame) {
  vfi_frame_init(wrapped, sizeof *wrapped);
  wrapped->format = vfi_avframe_format((enum AVPixelFormat)frame->format);
  wrapped->width = frame->width;
  wrapped->height = frame->height;
  for (int plane = 0; plane < 4; plane++) {
    wrapped->data[plane] = frame->data[plane];
    wrapped->stride[plane] = frame->linesize[plane];
  }
  wrapped->matrix = vfi_avframe_h273(frame->colorspace);
  wrapped->primaries = vfi_avframe_h273(frame->color_primaries);
  wrapped->transfer = vfi_avframe_h273(frame->color_trc);
  wrapped->range = VFI_RANGE_UNSPECIFIED;
  if (vfi_avframe_is_full_range(frame))
    wrapped->range = VFI_RANGE_FULL;
  else if (frame->color_range == AVCOL_RANGE_MPEG)
    wrapped->range = VFI_RANGE_LIMITED;
  /* The numbers are the same; newer ones than VFI_CHROMA_BOTTOM there are none. */
  if (frame->chroma_location >= AVCHROMA_LOC_LEFT && frame->chroma_location < AVCHROMA_LOC_NB)
    wrapped->chroma_location = frame->chroma_location;
  wrapped->alpha_mode = vfi_avframe_alpha_mode(frame);
  wrapped->flags = vfi_avframe_damage(frame);
  if (vfi_avframe_is_interlaced(frame))
    wrapped->flags |= VFI_FRAME_INTERLACED;
  wrapped->pts = frame->pts;
  wrapped->duration = vfi_avframe_duration(frame);
  return wrapped->format ? 0 : -1;
}

#endif
