/* SPDX-License-Identifier: MIT */
/**
 * @file CLibAV.h
 * FFmpeg's libraries for the program `vfi`, with wrappers of what Swift cannot import (macros,
 * arrays inside structs) and of what differs between FFmpeg 5.1 (Debian 12) and 7.1 (Debian 13).
 * The library itself never uses this module.
 */
#ifndef CLIBAV_H
#define CLIBAV_H

#include <errno.h>
#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
#include <libavutil/avutil.h>
#include <libavutil/channel_layout.h>
#include <libavutil/display.h>
#include <libavutil/imgutils.h>
#include <libavutil/opt.h>
#include <libavutil/parseutils.h>
#include <libavutil/pixdesc.h>
#include <libswscale/swscale.h>
#include <string.h>

static const int clibav_error_again = AVERROR(EAGAIN);
static const int clibav_error_end = AVERROR_EOF;
static const int clibav_error_option = AVERROR_OPTION_NOT_FOUND;
static const int clibav_error_argument = AVERROR(EINVAL);
static const int clibav_error_memory = AVERROR(ENOMEM);
static const int64_t clibav_no_pts = AV_NOPTS_VALUE;

/** Duration of a decoded frame in units of its stream's time base; 0 = unknown. */
static inline int64_t clibav_frame_duration(const AVFrame *frame) {
#if LIBAVUTIL_VERSION_INT >= AV_VERSION_INT(57, 30, 100)
  return frame->duration;
#else
  return frame->pkt_duration;
#endif
}

static inline int clibav_frame_is_interlaced(const AVFrame *frame) {
#if LIBAVUTIL_VERSION_INT >= AV_VERSION_INT(58, 7, 100)
  return (frame->flags & AV_FRAME_FLAG_INTERLACED) != 0;
#else
  return frame->interlaced_frame;
#endif
}

/** Whether the decoder says that a frame is damaged, or that it has made up parts of it. */
static inline int clibav_frame_is_suspect(const AVFrame *frame) {
  return (frame->flags & AV_FRAME_FLAG_CORRUPT) != 0 || frame->decode_error_flags != 0;
}

/** What belongs to one moment of coding: never copied from a source frame to an encoder's. */
static inline void clibav_frame_clear_coding(AVFrame *frame) {
  frame->pict_type = AV_PICTURE_TYPE_NONE;
#if LIBAVUTIL_VERSION_INT >= AV_VERSION_INT(58, 7, 100)
  frame->flags &= ~(AV_FRAME_FLAG_KEY | AV_FRAME_FLAG_INTERLACED | AV_FRAME_FLAG_TOP_FIELD_FIRST);
#else
  frame->key_frame = 0;
  frame->interlaced_frame = 0;
  frame->top_field_first = 0;
#endif
  frame->repeat_pict = 0;
}

static inline uint8_t *clibav_frame_data(const AVFrame *frame, int plane) {
  return frame->data[plane];
}

static inline int clibav_frame_linesize(const AVFrame *frame, int plane) {
  return frame->linesize[plane];
}

static inline AVComponentDescriptor clibav_component(const AVPixFmtDescriptor *format, int index) {
  return format->comp[index];
}

/** Pixel formats that an encoder takes, ended by AV_PIX_FMT_NONE; NULL = any. */
static inline const enum AVPixelFormat *clibav_encoder_formats(const AVCodec *codec) {
#if LIBAVCODEC_VERSION_INT >= AV_VERSION_INT(61, 13, 100)
  const void *formats = NULL;
  if (avcodec_get_supported_config(NULL, codec, AV_CODEC_CONFIG_PIX_FORMAT, 0, &formats, NULL) < 0)
    return NULL;
  return (const enum AVPixelFormat *)formats;
#else
  return codec->pix_fmts;
#endif
}

/** Adds to what a stream says of all its pictures; an entry of the same type is replaced. */
static inline int clibav_add_stream_side_data(AVStream *to, enum AVPacketSideDataType type,
                                              const uint8_t *data, size_t size) {
#if LIBAVFORMAT_VERSION_MAJOR >= 61
  AVPacketSideData *item = av_packet_side_data_new(
      &to->codecpar->coded_side_data, &to->codecpar->nb_coded_side_data, type, size, 0);
  uint8_t *copy = item ? item->data : NULL;
#else
  uint8_t *copy = av_stream_new_side_data(to, type, size);
#endif
  if (copy == NULL)
    return AVERROR(ENOMEM);
  memcpy(copy, data, size);
  return 0;
}

/** Copies what a stream says of all its pictures: rotation, HDR mastering, projection, ... */
static inline int clibav_copy_stream_side_data(AVStream *to, const AVStream *from) {
#if LIBAVFORMAT_VERSION_MAJOR >= 61
  const AVPacketSideData *items = from->codecpar->coded_side_data;
  int count = from->codecpar->nb_coded_side_data;
#else
  const AVPacketSideData *items = from->side_data;
  int count = from->nb_side_data;
#endif
  for (int i = 0; i < count; i++) {
    /* These describe the coded form. */
    if (items[i].type == AV_PKT_DATA_CPB_PROPERTIES || items[i].type == AV_PKT_DATA_DOVI_CONF)
      continue;
    int code = clibav_add_stream_side_data(to, items[i].type, items[i].data, items[i].size);
    if (code < 0)
      return code;
  }
  return 0;
}

/** Says in the file what the coded pictures say of HDR, as not every encoder repeats it. */
static inline int clibav_copy_frame_hdr(AVStream *to, const AVFrame *from) {
  const struct {
    enum AVFrameSideDataType frame;
    enum AVPacketSideDataType stream;
  } types[] = {
      {AV_FRAME_DATA_MASTERING_DISPLAY_METADATA, AV_PKT_DATA_MASTERING_DISPLAY_METADATA},
      {AV_FRAME_DATA_CONTENT_LIGHT_LEVEL, AV_PKT_DATA_CONTENT_LIGHT_LEVEL},
  };
  for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
    const AVFrameSideData *item = av_frame_get_side_data(from, types[i].frame);
    if (item == NULL)
      continue;
    int code = clibav_add_stream_side_data(to, types[i].stream, item->data, item->size);
    if (code < 0)
      return code;
  }
  return 0;
}

/** Degrees by which a player turns the picture, from the stream's display matrix; 0 = none. */
static inline double clibav_stream_rotation(const AVStream *stream) {
#if LIBAVFORMAT_VERSION_MAJOR >= 61
  const AVPacketSideData *item =
      av_packet_side_data_get(stream->codecpar->coded_side_data,
                              stream->codecpar->nb_coded_side_data, AV_PKT_DATA_DISPLAYMATRIX);
  const uint8_t *matrix = item ? item->data : NULL;
#else
  const uint8_t *matrix = av_stream_get_side_data(stream, AV_PKT_DATA_DISPLAYMATRIX, NULL);
#endif
  return matrix ? -av_display_rotation_get((const int32_t *)matrix) : 0;
}

/** Gives `to` the chapters of `from`, each later by `offset` microseconds. */
static inline int clibav_copy_chapters(AVFormatContext *to, const AVFormatContext *from,
                                       int64_t offset) {
  for (unsigned i = 0; i < from->nb_chapters; i++) {
    const AVChapter *chapter = from->chapters[i];
    AVChapter *copy = (AVChapter *)av_mallocz(sizeof *copy);
    if (copy == NULL)
      return AVERROR(ENOMEM);
    int64_t shift = av_rescale_q(offset, AV_TIME_BASE_Q, chapter->time_base);
    copy->id = chapter->id;
    copy->time_base = chapter->time_base;
    copy->start = chapter->start + shift;
    copy->end = chapter->end + shift;
    av_dict_copy(&copy->metadata, chapter->metadata, 0);
    int count = (int)to->nb_chapters;
    av_dynarray_add(&to->chapters, &count, copy);
    if (count == 0)
      return AVERROR(ENOMEM);
    to->nb_chapters = (unsigned)count;
  }
  return 0;
}

#endif
