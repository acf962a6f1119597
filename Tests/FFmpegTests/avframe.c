/* SPDX-License-Identifier: MIT */
/* What vfi_avframe.h says of an AVFrame. */
#include <libavutil/pixdesc.h>
#include <string.h>

#include "../../examples/c/vfi_avframe.h"
#include "../CInterfaceTests/check.h"

static vfi_frame wrapped;

/* Names as FFmpeg spells them, in the order of vfi_pixel_format. */
static const char *const names[] = {"yuv420p",   "yuv420p10", "yuv420p12", "yuv422p",   "yuv422p10",
                                    "yuv422p12", "yuv444p",   "yuv444p10", "yuv444p12", "nv12",
                                    "p010",      "gray",      "gray10",    "gbrp",      "gbrp10",
                                    "gbrpf32",   "rgb24",     "bgra",      "yuva420p"};
enum { FORMATS = sizeof names / sizeof *names };

static void formats(void) {
  for (int i = 0; i < FORMATS; i++) {
    enum AVPixelFormat format = av_get_pix_fmt(names[i]);
    CHECK(format != AV_PIX_FMT_NONE);
    CHECK(vfi_avframe_format(format) == i + 1);
    CHECK(vfi_avframe_pixel_format(i + 1) == format);
  }
  CHECK(vfi_avframe_pixel_format(0) == AV_PIX_FMT_NONE);
  CHECK(vfi_avframe_pixel_format(FORMATS + 1) == AV_PIX_FMT_NONE);
  CHECK(vfi_avframe_format(AV_PIX_FMT_NONE) == 0);
  CHECK(vfi_avframe_format(AV_PIX_FMT_PAL8) == 0);
  CHECK(vfi_avframe_format(AV_PIX_FMT_YUVJ420P) == VFI_FORMAT_YUV420P8);
  CHECK(vfi_avframe_format(AV_PIX_FMT_YUVJ422P) == VFI_FORMAT_YUV422P8);
  CHECK(vfi_avframe_format(AV_PIX_FMT_YUVJ444P) == VFI_FORMAT_YUV444P8);
  CHECK(vfi_avframe_format(AV_PIX_FMT_BGR0) == VFI_FORMAT_BGRA);
}

/* The library takes the planes of every format. */
static void pictures(void) {
  vfi_context *context = NULL;
  vfi_params params;
  vfi_params_init(&params, sizeof params);
  params.threads = 1;
  CHECK_STATUS(vfi_create(&context, &params), VFI_OK);
  for (int i = 0; i < FORMATS; i++) {
    AVFrame *frame = av_frame_alloc(), *other = av_frame_alloc();
    frame->format = other->format = av_get_pix_fmt(names[i]);
    frame->width = other->width = 33;
    frame->height = other->height = 17;
    CHECK(av_frame_get_buffer(frame, 0) == 0 && av_frame_get_buffer(other, 0) == 0);
    for (int buffer = 0; buffer < 4 && frame->buf[buffer]; buffer++)
      memset(frame->buf[buffer]->data, 0, frame->buf[buffer]->size);
    vfi_frame out;
    CHECK(vfi_avframe_wrap(&wrapped, frame) == 0 && vfi_avframe_wrap(&out, other) == 0);
    CHECK(wrapped.data[0] == frame->data[0] && wrapped.stride[0] == frame->linesize[0]);
    CHECK_STATUS(vfi_interpolate(context, &wrapped, &wrapped, 1, 2, &out, NULL), VFI_OK);
    av_frame_free(&frame);
    av_frame_free(&other);
  }
  vfi_destroy(&context);
}

static void colours(void) {
  AVFrame *frame = av_frame_alloc();
  frame->format = AV_PIX_FMT_YUV420P;
  frame->width = 6;
  frame->height = 4;
  CHECK(vfi_avframe_wrap(&wrapped, frame) == 0);
  CHECK(wrapped.struct_size == sizeof wrapped && wrapped.width == 6 && wrapped.height == 4);
  CHECK(wrapped.matrix == VFI_MATRIX_UNSPECIFIED && wrapped.range == VFI_RANGE_UNSPECIFIED);
  CHECK(wrapped.chroma_location == VFI_CHROMA_UNSPECIFIED && wrapped.flags == 0);
  CHECK(wrapped.alpha_mode == VFI_ALPHA_STRAIGHT && wrapped.pts == AV_NOPTS_VALUE);
  frame->colorspace = AVCOL_SPC_BT2020_NCL;
  frame->color_primaries = AVCOL_PRI_BT2020;
  frame->color_trc = AVCOL_TRC_SMPTE2084;
  frame->color_range = AVCOL_RANGE_MPEG;
  frame->chroma_location = AVCHROMA_LOC_TOPLEFT;
  frame->pts = 1234567890123;
  CHECK(vfi_avframe_wrap(&wrapped, frame) == 0);
  CHECK(wrapped.matrix == VFI_MATRIX_BT2020_NCL && wrapped.primaries == 9);
  CHECK(wrapped.transfer == 16 && wrapped.range == VFI_RANGE_LIMITED);
  CHECK(wrapped.chroma_location == VFI_CHROMA_TOPLEFT && wrapped.pts == 1234567890123);
  frame->color_range = AVCOL_RANGE_JPEG;
  frame->chroma_location = AVCHROMA_LOC_BOTTOM;
  CHECK(vfi_avframe_wrap(&wrapped, frame) == 0 && wrapped.range == VFI_RANGE_FULL);
  CHECK(wrapped.chroma_location == VFI_CHROMA_BOTTOM);
  frame->color_range = AVCOL_RANGE_UNSPECIFIED;
  frame->format = AV_PIX_FMT_YUVJ420P;
  CHECK(vfi_avframe_wrap(&wrapped, frame) == 0 && wrapped.range == VFI_RANGE_FULL);
  /* What newer releases may send. */
  frame->colorspace = (enum AVColorSpace)300;
  frame->color_primaries = (enum AVColorPrimaries)256;
  frame->color_trc = (enum AVColorTransferCharacteristic) - 1;
  frame->chroma_location = (enum AVChromaLocation)77;
  CHECK(vfi_avframe_wrap(&wrapped, frame) == 0 && wrapped.matrix == VFI_MATRIX_UNSPECIFIED);
  CHECK(wrapped.primaries == 2 && wrapped.transfer == 2);
  CHECK(wrapped.chroma_location == VFI_CHROMA_UNSPECIFIED);
  frame->format = AV_PIX_FMT_PAL8;
  CHECK(vfi_avframe_wrap(&wrapped, frame) == -1 && wrapped.format == 0);
  av_frame_free(&frame);
}

static void flags(void) {
  AVFrame *frame = av_frame_alloc();
  frame->format = AV_PIX_FMT_BGR0;
  CHECK(vfi_avframe_wrap(&wrapped, frame) == 0);
  CHECK(wrapped.alpha_mode == VFI_ALPHA_PREMULTIPLIED);
  frame->format = AV_PIX_FMT_BGRA;
#if LIBAVUTIL_VERSION_INT >= AV_VERSION_INT(60, 11, 100)
  frame->alpha_mode = AVALPHA_MODE_PREMULTIPLIED;
  CHECK(vfi_avframe_wrap(&wrapped, frame) == 0);
  CHECK(wrapped.alpha_mode == VFI_ALPHA_PREMULTIPLIED);
#endif
#ifdef AV_FRAME_FLAG_INTERLACED
  frame->flags |= AV_FRAME_FLAG_INTERLACED;
#else
  frame->interlaced_frame = 1;
#endif
#if LIBAVUTIL_VERSION_INT >= AV_VERSION_INT(57, 30, 100)
  frame->duration = 40;
#else
  frame->pkt_duration = 40;
#endif
  CHECK(vfi_avframe_wrap(&wrapped, frame) == 0);
  CHECK(wrapped.flags == VFI_FRAME_INTERLACED && wrapped.duration == 40);
  frame->flags |= AV_FRAME_FLAG_CORRUPT;
  CHECK(vfi_avframe_wrap(&wrapped, frame) == 0);
  CHECK(wrapped.flags == (VFI_FRAME_INTERLACED | VFI_FRAME_CORRUPT));
  av_frame_unref(frame);
  frame->format = AV_PIX_FMT_GRAY8;
  frame->decode_error_flags = FF_DECODE_ERROR_CONCEALMENT_ACTIVE;
  CHECK(vfi_avframe_wrap(&wrapped, frame) == 0 && wrapped.flags == VFI_FRAME_CONCEALED);
  frame->decode_error_flags = FF_DECODE_ERROR_MISSING_REFERENCE;
  CHECK(vfi_avframe_wrap(&wrapped, frame) == 0 && wrapped.flags == VFI_FRAME_CORRUPT);
  av_frame_free(&frame);
}

int main(void) {
  formats();
  pictures();
  colours();
  flags();
  return check_report();
}
