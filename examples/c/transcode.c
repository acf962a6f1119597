/* SPDX-License-Identifier: MIT */
/* Decodes the video of a file, brings it to another frame rate, and encodes it.
 *
 *     transcode IN OUT RATE [ENCODER [MODEL]]
 *     transcode in.mp4 out.mkv 60000/1001 libx264
 *
 * One picture track and nothing else: sound and subtitles are left out, so the new file begins at
 * zero. The pixel format must be one of libvfi's and of the encoder's, and stay as it is, as must
 * the size. The program vfi does all that is missing here.
 */
#include "vfi_avframe.h"
#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
#include <libavutil/imgutils.h>
#include <libavutil/parseutils.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

typedef struct job {
  AVFormatContext *input, *output;
  AVCodecContext *decoder, *encoder;
  AVStream *source;
  vfi_stream *stream;
  AVRational rate;
  AVFrame *decoded, *made;
  AVPacket *packet;
  int64_t count; /* frames that were made: the pts of the next one */
  int has_begun; /* the head of the new file is written */
} job;

/* 0 or more: `code`. Less: an error of FFmpeg's, which is printed. */
static int av(int code, const char *what) {
  if (code < 0) {
    char text[AV_ERROR_MAX_STRING_SIZE] = "";
    av_strerror(code, text, sizeof text);
    fprintf(stderr, "transcode: %s: %s\n", what, text);
  }
  return code;
}

static int vfi(const job *job, vfi_status status, const char *what) {
  if (status >= 0)
    return status;
  fprintf(stderr, "transcode: %s: %s\n", what, vfi_last_error(vfi_stream_context(job->stream)));
  return AVERROR_EXTERNAL;
}

static int open_input(job *job, const char *path) {
  const AVCodec *codec = NULL;
  int status = av(avformat_open_input(&job->input, path, NULL, NULL), path);
  if (status >= 0)
    status = av(avformat_find_stream_info(job->input, NULL), path);
  if (status >= 0)
    status = av(av_find_best_stream(job->input, AVMEDIA_TYPE_VIDEO, -1, -1, &codec, 0), path);
  if (status < 0)
    return status;
  job->source = job->input->streams[status];
  job->decoder = avcodec_alloc_context3(codec);
  if (!job->decoder)
    return av(AVERROR(ENOMEM), "decoder");
  status = avcodec_parameters_to_context(job->decoder, job->source->codecpar);
  job->decoder->pkt_timebase = job->source->time_base;
  job->decoder->thread_count = 0;
  return av(status < 0 ? status : avcodec_open2(job->decoder, codec, NULL), "decoder");
}

static int open_stream(job *job, const char *model) {
  vfi_params params;
  vfi_params_init(&params, sizeof params);
  params.model_name = model;
  vfi_stream_params rates;
  vfi_stream_params_init(&rates, sizeof rates);
  AVRational nominal = av_guess_frame_rate(job->input, job->source, NULL);
  rates.timebase = (vfi_rational){job->source->time_base.num, job->source->time_base.den};
  if (nominal.num > 0 && nominal.den > 0)
    rates.source_rate = (vfi_rational){nominal.num, nominal.den};
  rates.rate = (vfi_rational){job->rate.num, job->rate.den};
  if (vfi_stream_create(&job->stream, &params, &rates) == VFI_OK)
    return 0;
  fprintf(stderr, "transcode: %s\n", vfi_last_error(NULL));
  return AVERROR_EXTERNAL;
}

/* Called with the first decoded frame, which tells more than the head of a file may. */
static int open_output(job *job, const char *path, const char *name) {
  const AVFrame *first = job->decoded;
  int status = av(avformat_alloc_output_context2(&job->output, NULL, NULL, path), path);
  if (status < 0)
    return status;
  const AVCodec *codec = name ? avcodec_find_encoder_by_name(name)
                              : avcodec_find_encoder(job->output->oformat->video_codec);
  AVStream *track = avformat_new_stream(job->output, NULL);
  if (!codec || !track)
    return av(AVERROR_ENCODER_NOT_FOUND, name ? name : path);
  AVCodecContext *encoder = job->encoder = avcodec_alloc_context3(codec);
  if (!encoder)
    return av(AVERROR(ENOMEM), "encoder");
  encoder->width = first->width;
  encoder->height = first->height;
  encoder->pix_fmt = first->format;
  encoder->sample_aspect_ratio = first->sample_aspect_ratio;
  encoder->colorspace = first->colorspace;
  encoder->color_primaries = first->color_primaries;
  encoder->color_trc = first->color_trc;
  encoder->color_range = first->color_range;
  encoder->chroma_sample_location = first->chroma_location;
  encoder->framerate = job->rate;
  encoder->time_base = av_inv_q(job->rate);
  encoder->thread_count = 0;
  if (job->output->oformat->flags & AVFMT_GLOBALHEADER)
    encoder->flags |= AV_CODEC_FLAG_GLOBAL_HEADER;
  if ((status = av(avcodec_open2(encoder, codec, NULL), codec->name)) < 0)
    return status;
  track->time_base = encoder->time_base;
  track->avg_frame_rate = job->rate;
  track->sample_aspect_ratio = first->sample_aspect_ratio;
  status = avcodec_parameters_from_context(track->codecpar, encoder);
  if (status >= 0 && !(job->output->oformat->flags & AVFMT_NOFILE))
    status = avio_open(&job->output->pb, path, AVIO_FLAG_WRITE);
  status = av(status < 0 ? status : avformat_write_header(job->output, NULL), path);
  job->has_begun = status >= 0;
  return status;
}

/* NULL: no frame follows. */
static int encode(job *job, const AVFrame *frame) {
  int status = avcodec_send_frame(job->encoder, frame);
  while (status >= 0 && (status = avcodec_receive_packet(job->encoder, job->packet)) >= 0) {
    job->packet->stream_index = 0;
    av_packet_rescale_ts(job->packet, job->encoder->time_base, job->output->streams[0]->time_base);
    status = av_interleaved_write_frame(job->output, job->packet);
  }
  return status == AVERROR(EAGAIN) || status == AVERROR_EOF ? 0 : av(status, "encoder");
}

/* Encodes all frames that the stream has ready. Each comes one interval of the new rate after its
   predecessor. */
static int encode_ready(job *job) {
  vfi_frame frame;
  vfi_frame_init(&frame, sizeof frame);
  vfi_status received;
  while ((received = vfi_stream_receive(job->stream, &frame, NULL)) == VFI_OK) {
    AVFrame *made = job->made;
    av_frame_unref(made);
    made->format = job->encoder->pix_fmt;
    made->width = frame.width;
    made->height = frame.height;
    int status = av(av_frame_get_buffer(made, 0), "frame");
    if (status < 0)
      return status;
    for (int plane = 0; plane < 4 && frame.data[plane]; plane++) {
      int row = av_image_get_linesize(made->format, made->width, plane);
      const AVPixFmtDescriptor *format = av_pix_fmt_desc_get(made->format);
      int shift = plane == 1 || plane == 2 ? format->log2_chroma_h : 0;
      av_image_copy_plane(made->data[plane], made->linesize[plane], frame.data[plane],
                          (int)frame.stride[plane], row, AV_CEIL_RSHIFT(made->height, shift));
    }
    made->color_range = job->encoder->color_range;
    made->pts = job->count++;
    if ((status = encode(job, made)) < 0)
      return status;
  }
  return vfi(job, received, "new frame");
}

/* Sends the decoded frame on. */
static int take(job *job, const char *path, const char *encoder) {
  AVFrame *decoded = job->decoded;
  int status = job->encoder ? 0 : open_output(job, path, encoder);
  if (status < 0)
    return status;
  if (decoded->width != job->encoder->width || decoded->height != job->encoder->height ||
      decoded->format != (int)job->encoder->pix_fmt)
    return av(AVERROR_INPUT_CHANGED, "size or pixel format");
  vfi_frame frame;
  if (vfi_avframe_wrap(&frame, decoded) < 0)
    return av(AVERROR(ENOSYS), "pixel format");
  frame.pts = decoded->best_effort_timestamp;
  if (frame.pts == AV_NOPTS_VALUE)
    return av(AVERROR_INVALIDDATA, "a frame without a time");
  /* Everything was received, so the stream takes the frame. */
  status = vfi(job, vfi_stream_send(job->stream, &frame), "frame");
  return status < 0 ? status : encode_ready(job);
}

/* `packet`: NULL at the end of the file. */
static int decode(job *job, const AVPacket *packet, const char *path, const char *encoder) {
  int status = avcodec_send_packet(job->decoder, packet);
  if (status == AVERROR_INVALIDDATA)
    return 0; /* a broken packet: the decoder goes on with the next */
  while (status >= 0 && (status = avcodec_receive_frame(job->decoder, job->decoded)) >= 0)
    if (take(job, path, encoder) < 0)
      return AVERROR_EXTERNAL; /* was printed */
  return status == AVERROR(EAGAIN) || status == AVERROR_EOF ? 0 : av(status, "decoder");
}

/* Encodes what is left, and ends the file. */
static int finish(job *job, const char *path) {
  int status = vfi(job, vfi_stream_drain(job->stream), "end");
  if (status >= 0)
    status = encode_ready(job);
  if (status >= 0)
    status = encode(job, NULL);
  return av(status < 0 ? status : av_write_trailer(job->output), path);
}

/* After an error, the file has everything up to there. */
static int run(job *job, const char *path, const char *encoder) {
  int status = 0;
  while (status >= 0 && (status = av_read_frame(job->input, job->packet)) >= 0) {
    if (job->packet->stream_index == job->source->index)
      status = decode(job, job->packet, path, encoder);
    av_packet_unref(job->packet);
  }
  if (status == AVERROR_EOF)
    status = decode(job, NULL, path, encoder);
  if (status >= 0 && !job->encoder)
    return av(AVERROR_INVALIDDATA, "no frame in the video");
  int end = job->has_begun ? finish(job, path) : 0;
  return status < 0 ? status : end;
}

static void close_all(job *job) {
  vfi_stream_destroy(&job->stream);
  avcodec_free_context(&job->decoder);
  avcodec_free_context(&job->encoder);
  avformat_close_input(&job->input);
  if (job->output)
    avio_closep(&job->output->pb);
  avformat_free_context(job->output);
  av_frame_free(&job->decoded);
  av_frame_free(&job->made);
  av_packet_free(&job->packet);
}

int main(int count, char **arguments) {
  job job = {0};
  av_log_set_level(AV_LOG_ERROR);
  if (count < 4 || av_parse_ratio(&job.rate, arguments[3], INT_MAX, 0, NULL) < 0 ||
      job.rate.num < 1 || job.rate.den < 1) {
    fprintf(stderr, "usage: transcode IN OUT RATE [ENCODER [MODEL]]\n");
    return EXIT_FAILURE;
  }
  job.decoded = av_frame_alloc();
  job.made = av_frame_alloc();
  job.packet = av_packet_alloc();
  int status = job.decoded && job.made && job.packet ? 0 : av(AVERROR(ENOMEM), "memory");
  if (status >= 0)
    status = open_input(&job, arguments[1]);
  if (status >= 0)
    status = open_stream(&job, count > 5 ? arguments[5] : NULL);
  if (status >= 0)
    status = run(&job, arguments[2], count > 4 ? arguments[4] : NULL);
  if (status >= 0)
    printf("%lld frames\n", (long long)job.count);
  close_all(&job);
  return status < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
