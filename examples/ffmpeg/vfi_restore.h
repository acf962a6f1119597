/* SPDX-License-Identifier: MIT */
/**
 * @file
 * The modes inpaint and repair of the filter: frames go through a stream of libvfi that sees those
 * before and after them, and come out one each, with their own times. A frame that was left as it
 * is comes out in its own buffer.
 */
#ifndef AVFILTER_VFI_RESTORE_H
#define AVFILTER_VFI_RESTORE_H

#include "libavutil/imgutils.h"

#include "vfi_marks.h"
#include "vfi_pictures.h"

enum { VFI_MAX_LOOK = 64, VFI_MAX_RECTANGLES = 64 };

typedef struct VFIRestore {
  vfi_stream *stream; ///< NULL = another mode
  vfi_pgm mask;       ///< width 0 = none
  vfi_rectangle rectangles[VFI_MAX_RECTANGLES];
  int rectangle_count;

  AVFrame *sent[VFI_MAX_LOOK + 2]; ///< in the stream, in their order
  int sent_count;
  AVFrame *held; ///< the next one, which the stream does not take yet
  int64_t pts;   ///< of the latest one sent
  int has_warned;
} VFIRestore;

/* Reads what marks the holes. */
static inline int vfi_restore_marks(AVFilterContext *ctx, VFIRestore *s, const char *rectangles,
                                    const char *mask_file) {
  const char *problem;
  s->rectangle_count = vfi_marks_rectangles(rectangles, s->rectangles, VFI_MAX_RECTANGLES);
  if (s->rectangle_count < 0) {
    av_log(ctx, AV_LOG_ERROR, "rect=%s is not x:y:w:h|x:y:w:h, at most %d of them\n", rectangles,
           VFI_MAX_RECTANGLES);
    return AVERROR(EINVAL);
  }
  if (mask_file && (problem = vfi_pgm_read(&s->mask, mask_file))) {
    av_log(ctx, AV_LOG_ERROR, "mask_file=%s: %s\n", mask_file, problem);
    return AVERROR(EINVAL);
  }
  if (!s->rectangle_count && !s->mask.width) {
    av_log(ctx, AV_LOG_ERROR, "mode=inpaint wants rect or mask_file\n");
    return AVERROR(EINVAL);
  }
  return 0;
}

/* Opens the stream; `settings` have flags and how far it looks. */
static inline int vfi_restore_open(AVFilterContext *ctx, VFIRestore *s, vfi_params *params,
                                   vfi_stream_params *settings, vfi_inpaint_params *inpaint) {
  vfi_frame mask;
  vfi_status status;
  settings->flags |= VFI_STREAM_KEEP_TIMES;
  if (settings->flags & VFI_STREAM_INPAINT) {
    inpaint->rectangle_count = s->rectangle_count;
    inpaint->rectangles = s->rectangles;
    settings->inpaint = inpaint;
    if (s->mask.width) {
      vfi_pgm_wrap(&mask, &s->mask);
      settings->mask = &mask;
    }
  }
  vfi_use_threads(ctx, params);
  status = vfi_stream_create(&s->stream, params, settings);
  return status < 0 ? vfi_fail(ctx, status, NULL) : 0;
}

/* Throws away all frames. */
static inline void vfi_restore_drop(VFIRestore *s) {
  av_frame_free(&s->held);
  while (s->sent_count > 0)
    av_frame_free(&s->sent[--s->sent_count]);
}

static inline void vfi_restore_close(VFIRestore *s) {
  vfi_restore_drop(s);
  vfi_stream_destroy(&s->stream);
  vfi_pgm_free(&s->mask);
}

/* Whether the mask, if there is one, is as large as the picture. */
static inline int vfi_restore_check(AVFilterContext *ctx, const VFIRestore *s, int width,
                                    int height) {
  if (!s->mask.width || (s->mask.width == width && s->mask.height == height))
    return 0;
  av_log(ctx, AV_LOG_ERROR, "The mask is %dx%d, the video %dx%d\n", s->mask.width, s->mask.height,
         width, height);
  return AVERROR(EINVAL);
}

/* Describes the frame that waits; 0 if the stream cannot work on it. */
static inline int vfi_restore_wrap(AVFilterContext *ctx, VFIRestore *s, vfi_frame *frame) {
  if (vfi_avframe_wrap(frame, s->held) >= 0 && !(frame->flags & VFI_FRAME_INTERLACED) &&
      frame->width <= VFI_MAX_SIZE && frame->height <= VFI_MAX_SIZE &&
      (!s->mask.width || (s->mask.width == frame->width && s->mask.height == frame->height))) {
    /* A frame without a time belongs to the run of the one before. */
    if (frame->pts == AV_NOPTS_VALUE)
      frame->pts = s->pts;
    frame->duration = 0;
    return 1;
  }
  vfi_warn_once(ctx, &s->has_warned,
                "Frames are left as they are that are interlaced, or of a size or format that does "
                "not fit");
  return 0;
}

/* Copies the samples of `from` to a new picture with the properties of `source`. */
static inline AVFrame *vfi_restore_copy(AVFilterLink *outlink, const AVFrame *source,
                                        const vfi_frame *from) {
  const uint8_t *data[4] = {from->data[0], from->data[1], from->data[2], from->data[3]};
  const int stride[4] = {(int)from->stride[0], (int)from->stride[1], (int)from->stride[2],
                         (int)from->stride[3]};
  AVFrame *frame = vfi_new_picture(outlink, source);
  if (!frame)
    return NULL;
  av_image_copy(frame->data, frame->linesize, data, stride, source->format, source->width,
                source->height);
  if (av_frame_copy_props(frame, source) < 0)
    av_frame_free(&frame);
  return frame;
}

/* What was repaired is damaged no more. */
static inline void vfi_restore_clear_damage(AVFrame *frame) {
  frame->flags &= ~AV_FRAME_FLAG_CORRUPT;
  frame->decode_error_flags = 0;
}

/* The oldest frame in the stream, of which `from` is the result. */
static inline int vfi_restore_give(AVFilterContext *ctx, VFIRestore *s, const vfi_frame *from,
                                   const vfi_info *info, AVFrame **out) {
  AVFrame *source = s->sent[0];
  memmove(s->sent, s->sent + 1, --s->sent_count * sizeof *s->sent);
  if (!info->filled_pixels) {
    *out = source;
    return 1;
  }
  *out = vfi_restore_copy(ctx->outputs[0], source, from);
  av_frame_free(&source);
  if (*out && info->repair_action)
    vfi_restore_clear_damage(*out);
  return *out ? 1 : AVERROR(ENOMEM);
}

/* Gives the next output: 1, or 0 if a source must come first, or with `is_end` none follows. */
static inline int vfi_restore_next(AVFilterContext *ctx, VFIRestore *s, int is_end, AVFrame **out) {
  vfi_context *context = vfi_stream_context(s->stream);
  for (;;) {
    vfi_frame frame, from = {.struct_size = sizeof from};
    vfi_info info = {.struct_size = sizeof info};
    vfi_status status = vfi_stream_receive(s->stream, &from, &info);
    if (status == VFI_OK)
      return vfi_restore_give(ctx, s, &from, &info, out);
    if (status == VFI_EOF) {
      status = vfi_stream_flush(s->stream);
    } else if (status == VFI_AGAIN && s->held && vfi_restore_wrap(ctx, s, &frame)) {
      if ((status = vfi_stream_send(s->stream, &frame)) == VFI_OK) {
        s->pts = frame.pts;
        s->sent[s->sent_count++] = s->held;
        s->held = NULL;
        continue;
      }
    } else if (status == VFI_AGAIN && s->sent_count && (s->held || is_end)) {
      status = vfi_stream_drain(s->stream);
    } else if (status == VFI_AGAIN) {
      *out = s->held;
      s->held = NULL;
      return *out != NULL;
    }
    if (status < 0)
      return vfi_fail(ctx, status, context);
  }
}

#endif
