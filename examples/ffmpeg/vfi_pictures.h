/* SPDX-License-Identifier: MIT */
/**
 * @file
 * Pictures that a filter over libvfi gives.
 */
#ifndef AVFILTER_VFI_PICTURES_H
#define AVFILTER_VFI_PICTURES_H

#include "vfi_filter.h"

/* Gives a frame its place, and takes away what belongs to one coded picture if that was sent
   already or never was coded. */
static inline void vfi_set_time(AVFrame *frame, int64_t time, int64_t duration, int is_new) {
  static const enum AVFrameSideDataType personal[] = {
      AV_FRAME_DATA_A53_CC,           AV_FRAME_DATA_MOTION_VECTORS,
      AV_FRAME_DATA_GOP_TIMECODE,     AV_FRAME_DATA_S12M_TIMECODE,
      AV_FRAME_DATA_VIDEO_ENC_PARAMS, AV_FRAME_DATA_REGIONS_OF_INTEREST,
      AV_FRAME_DATA_SEI_UNREGISTERED, AV_FRAME_DATA_FILM_GRAIN_PARAMS,
      AV_FRAME_DATA_DETECTION_BBOXES,
  };
  frame->pts = time;
  vfi_set_duration(frame, duration);
  if (!is_new)
    return;
  for (int i = 0; i < FF_ARRAY_ELEMS(personal); i++)
    av_frame_remove_side_data(frame, personal[i]);
  frame->pict_type = AV_PICTURE_TYPE_NONE;
  frame->repeat_pict = 0;
  vfi_clear_key(frame);
}

/* Whether libvfi makes frames between the two. */
static inline int vfi_is_like(const vfi_frame *a, const vfi_frame *b) {
  return a->format == b->format && a->width == b->width && a->height == b->height &&
         a->matrix == b->matrix && a->primaries == b->primaries && a->transfer == b->transfer &&
         a->range == b->range && a->chroma_location == b->chroma_location &&
         a->alpha_mode == b->alpha_mode;
}

/* A picture like that of `source`, which may differ from the link's after a change. */
static inline AVFrame *vfi_new_picture(AVFilterLink *outlink, const AVFrame *source) {
  AVFrame *frame;
  if (source->format == outlink->format)
    return ff_get_video_buffer(outlink, source->width, source->height);
  frame = av_frame_alloc();
  if (!frame)
    return NULL;
  frame->format = source->format;
  frame->width = source->width;
  frame->height = source->height;
  if (av_frame_get_buffer(frame, 0) < 0)
    av_frame_free(&frame);
  return frame;
}

#endif
