/* SPDX-License-Identifier: MIT */
/**
 * @file
 * FFmpeg filter: a higher frame rate by libvfi. For FFmpeg 5.1, 7.1 and 9.0, see docs/ffmpeg.md.
 *
 * Times are whole numbers in the time base of the output, which is a divisor of the input's time
 * base, if FFmpeg can write that, and of the output interval, so that no rounding adds up. Of a run
 * of sources (see vfi_sources.h) output n stands at start + n / fps and is due before the end of
 * the run's last frame. An output at the time of a source is a new reference to that source's
 * buffer.
 */
#include <stdint.h>

#include "libavutil/eval.h"
#include "libavutil/mathematics.h"
#include "libavutil/opt.h"
#include "libavutil/parseutils.h"

#include "vfi_sources.h"

/* Motion is found once for the instants of a pair that are made together. More of them at a time
   would only hold memory and delay a player's reaction. */
enum { BATCH = 4 };

enum { SCD_NONE, SCD_FDIFF };
enum { QUALITY_FAST, QUALITY_BALANCED, QUALITY_BEST };

typedef struct VFIContext {
  const AVClass *class;

  /* options */
  char *fps;
  int mult;
  int scd;
  double scd_threshold;
  char *model;
  int quality;
  AVDictionary *vfi_params;

  vfi_context *vfi;
  VFISources in;
  int64_t step; ///< from one output to the next
  int64_t next; ///< time of the next output
  AVFrame *made[BATCH];
  int made_count, made_index;

  int status; ///< of the input, once all its frames were taken
  int has_warned_of_interlacing, has_warned_of_change;
} VFIContext;

/* Makes a context as the options are now; the old one stays if that fails. */
static int open_context(AVFilterContext *ctx) {
  static const char *const qualities[] = {"fast", "balanced", "best"};
  VFIContext *s = ctx->priv;
  vfi_context *context = NULL;
  vfi_params params;
  int ret;
  vfi_params_init(&params, sizeof params);
  params.model_name = s->model;
  params.scene_cut = s->scd != SCD_NONE;
  params.scene_cut_threshold = s->scd_threshold;
  if ((ret = vfi_set_option(ctx, &params, "quality", qualities[s->quality])) < 0 ||
      (ret = vfi_set_options(ctx, &params, s->vfi_params)) < 0 ||
      (ret = vfi_open(ctx, &params, &context)) < 0)
    return ret;
  vfi_destroy(&s->vfi);
  s->vfi = context;
  s->in.max_gap = params.max_gap;
  return 0;
}

/* ---------------------------------------------------------------- rate and time base --------- */

/* What `fps` says: a rate, or an expression as of the filter fps. 0/1 if it says nothing. */
static AVRational evaluate_rate(AVFilterContext *ctx, const char *text, AVRational source) {
  static const char *const names[] = {"source_fps", "ntsc", "pal", "film", "ntsc_film", NULL};
  const double values[] = {av_q2d(source), 30000.0 / 1001, 25, 24, 24000.0 / 1001, 0};
  AVRational rate;
  double value;
  if (av_parse_video_rate(&rate, text) >= 0)
    return rate;
  if (av_expr_parse_and_eval(&value, text, names, values, NULL, NULL, NULL, NULL, NULL, 0, ctx) < 0)
    return (AVRational){0, 1};
  return value > 0 && value < INT_MAX ? av_d2q(value, INT_MAX) : (AVRational){0, 1};
}

static int output_rate(AVFilterContext *ctx, AVRational source, AVRational *rate) {
  VFIContext *s = ctx->priv;
  if (s->fps)
    *rate = evaluate_rate(ctx, s->fps, source);
  else
    *rate = av_mul_q(source, (AVRational){s->mult ? s->mult : 2, 1});
  if (rate->num > 0 && rate->den > 0)
    return 0;
  if (s->fps)
    av_log(ctx, AV_LOG_ERROR, "fps=%s is no frame rate above 0 for an input of %d/%d\n", s->fps,
           source.num, source.den);
  else
    av_log(ctx, AV_LOG_ERROR, "The frame rate of the input is %d/%d: give one, e.g. fps=60\n",
           source.num, source.den);
  return AVERROR(EINVAL);
}

/* The largest unit of which both are multiples; if FFmpeg cannot write that, a fine divisor of
   `interval`, to which source times are then rounded. */
static AVRational common_unit(AVRational timebase, AVRational interval) {
  AVRational unit;
  int64_t a = (int64_t)timebase.num * interval.den, b = (int64_t)interval.num * timebase.den;
  if (!av_reduce(&unit.num, &unit.den, av_gcd(a, b), (int64_t)timebase.den * interval.den, INT_MAX))
    av_reduce(&unit.num, &unit.den, interval.num,
              (int64_t)interval.den * FFMAX(1, INT_MAX / interval.den), INT_MAX);
  return unit;
}

static int config_output(AVFilterLink *outlink) {
  AVFilterContext *ctx = outlink->src;
  AVFilterLink *inlink = ctx->inputs[0];
  VFIContext *s = ctx->priv;
  AVRational source = vfi_link_rate(inlink), rate;
  int ret = output_rate(ctx, source, &rate);
  if (ret < 0)
    return ret;
  if (inlink->w > VFI_MAX_SIZE || inlink->h > VFI_MAX_SIZE) {
    av_log(ctx, AV_LOG_ERROR, "%dx%d is larger than %dx%d\n", inlink->w, inlink->h, VFI_MAX_SIZE,
           VFI_MAX_SIZE);
    return AVERROR(EINVAL);
  }
  vfi_link_rate(outlink) = rate;
  outlink->time_base = common_unit(inlink->time_base, av_inv_q(rate));
  s->step = av_rescale_q(1, av_inv_q(rate), outlink->time_base);
  s->in.unit = outlink->time_base;
  s->in.timebase = inlink->time_base;
  s->in.nominal = s->step;
  if (source.num > 0 && source.den > 0)
    s->in.nominal = av_rescale_q(1, av_inv_q(source), outlink->time_base);
  av_log(ctx, AV_LOG_VERBOSE, "fps=%d/%d time base=%d/%d\n", rate.num, rate.den,
         outlink->time_base.num, outlink->time_base.den);
  return 0;
}

/* ---------------------------------------------------------------- outputs -------------------- */

/* Gives a frame its place, and takes away what belongs to one coded picture if that was sent
   already or never was coded. */
static void set_time(VFIContext *s, AVFrame *frame, int64_t time, int is_new) {
  static const enum AVFrameSideDataType personal[] = {
      AV_FRAME_DATA_A53_CC,           AV_FRAME_DATA_MOTION_VECTORS,
      AV_FRAME_DATA_GOP_TIMECODE,     AV_FRAME_DATA_S12M_TIMECODE,
      AV_FRAME_DATA_VIDEO_ENC_PARAMS, AV_FRAME_DATA_REGIONS_OF_INTEREST,
      AV_FRAME_DATA_SEI_UNREGISTERED, AV_FRAME_DATA_FILM_GRAIN_PARAMS,
      AV_FRAME_DATA_DETECTION_BBOXES,
  };
  frame->pts = time;
  vfi_set_duration(frame, s->step);
  if (!is_new)
    return;
  for (int i = 0; i < FF_ARRAY_ELEMS(personal); i++)
    av_frame_remove_side_data(frame, personal[i]);
  frame->pict_type = AV_PICTURE_TYPE_NONE;
  frame->repeat_pict = 0;
  vfi_clear_key(frame);
}

/* A new reference to the picture of a source. */
static AVFrame *reference(VFIContext *s, VFISource *source, int64_t time) {
  AVFrame *frame = av_frame_clone(source->frame);
  if (frame)
    set_time(s, frame, time, source->is_sent);
  source->is_sent = 1;
  return frame;
}

static int is_like(const vfi_frame *a, const vfi_frame *b) {
  return a->format == b->format && a->width == b->width && a->height == b->height &&
         a->matrix == b->matrix && a->primaries == b->primaries && a->transfer == b->transfer &&
         a->range == b->range && a->chroma_location == b->chroma_location &&
         a->alpha_mode == b->alpha_mode;
}

/* Whether frames can be made between the two sources, which are then described in `pair`. */
static int is_bridge(AVFilterContext *ctx, vfi_frame pair[2]) {
  VFIContext *s = ctx->priv;
  const VFISource *before = &s->in.before, *after = &s->in.after;
  int is_known;
  if (vfi_seconds(&s->in, after->time - before->time) > s->in.max_gap)
    return 0;
  is_known = !vfi_avframe_wrap(&pair[0], before->frame);
  is_known &= !vfi_avframe_wrap(&pair[1], after->frame);
  if (!is_known || !is_like(&pair[0], &pair[1]) || pair[0].width > VFI_MAX_SIZE ||
      pair[0].height > VFI_MAX_SIZE) {
    vfi_warn_once(ctx, &s->has_warned_of_change,
                  "Frames are repeated where size, format or colour changes or is not supported");
    return 0;
  }
  if ((pair[0].flags | pair[1].flags) & VFI_FRAME_INTERLACED) {
    vfi_warn_once(ctx, &s->has_warned_of_interlacing,
                  "Interlaced frames are repeated: deinterlace them before");
    return 0;
  }
  pair[0].content_id = before->id;
  pair[1].content_id = after->id;
  return 1;
}

/* A picture like that of `source`, which may differ from the link's after a change. */
static AVFrame *new_picture(AVFilterLink *outlink, const AVFrame *source) {
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

/* A place for a new frame at `time`, with what the nearer source says beside its samples. */
static AVFrame *new_frame(AVFilterContext *ctx, int64_t time) {
  VFIContext *s = ctx->priv;
  const VFISource *before = &s->in.before, *after = &s->in.after;
  const VFISource *nearer = time - before->time <= after->time - time ? before : after;
  AVFrame *frame = new_picture(ctx->outputs[0], nearer->frame);
  if (frame && av_frame_copy_props(frame, nearer->frame) < 0)
    av_frame_free(&frame);
  if (frame)
    set_time(s, frame, time, 1);
  return frame;
}

/* Puts a reference in the place of a new frame that would be a copy. */
static int replace_copy(VFIContext *s, AVFrame **made, vfi_decision decision) {
  int64_t time = (*made)->pts;
  if (decision != VFI_SOURCE_COPY && decision != VFI_HELD_PREVIOUS && decision != VFI_HELD_NEXT)
    return 0;
  av_frame_free(made);
  *made = reference(s, decision == VFI_HELD_NEXT ? &s->in.after : &s->in.before, time);
  return *made ? 0 : AVERROR(ENOMEM);
}

static void free_made(VFIContext *s) {
  for (int i = 0; i < BATCH; i++)
    av_frame_free(&s->made[i]);
}

/* Makes the outputs from `next` on that lie before the source `after`, as many as BATCH. */
static int make_batch(AVFilterContext *ctx, const vfi_frame pair[2]) {
  VFIContext *s = ctx->priv;
  vfi_frame out[BATCH];
  vfi_rational t[BATCH];
  vfi_info info[BATCH];
  vfi_status status;
  int64_t start = s->in.before.time, end = s->in.after.time, time = s->next;
  int count = 0, ret = 0;
  for (; count < BATCH && time < end; count++, time += s->step) {
    av_frame_free(&s->made[count]); /* left there by a failure */
    if (!(s->made[count] = new_frame(ctx, time)))
      return AVERROR(ENOMEM);
    vfi_avframe_wrap(&out[count], s->made[count]);
    t[count] = (vfi_rational){time - start, end - start};
    info[count].struct_size = sizeof *info;
  }
  status = vfi_interpolate_n(s->vfi, &pair[0], &pair[1], count, t, out, info);
  if (status < 0)
    return vfi_fail(ctx, status, s->vfi);
  for (int i = 0; i < count && ret >= 0; i++)
    ret = replace_copy(s, &s->made[i], info[i].decision);
  if (ret < 0)
    return ret;
  s->made_index = 0;
  s->made_count = count;
  return 0;
}

/* Gives the next output: 1, or 0 if a source or the end must come first. */
static int next_output(AVFilterContext *ctx, AVFrame **out) {
  VFIContext *s = ctx->priv;
  VFISources *in = &s->in;
  vfi_frame pair[2];
  int ret;
  while (s->made_index == s->made_count) {
    if (!in->before.frame) {
      if (!in->first.frame)
        return 0;
      vfi_sources_begin(in);
      s->next = in->before.time;
    } else if (in->after.frame && s->next >= in->after.time) {
      vfi_sources_advance(in);
    } else if (s->next == in->before.time || (in->after.frame && !is_bridge(ctx, pair))) {
      break;
    } else if (in->after.frame) {
      if ((ret = make_batch(ctx, pair)) < 0)
        return ret;
    } else if (!s->status && !in->first.frame) {
      return 0;
    } else if (s->next < vfi_sources_end(in)) {
      break;
    } else {
      vfi_source_drop(&in->before);
    }
  }
  if (s->made_index < s->made_count) {
    *out = s->made[s->made_index];
    s->made[s->made_index++] = NULL;
  } else {
    *out = reference(s, &in->before, s->next);
  }
  s->next += s->step;
  return *out ? 1 : AVERROR(ENOMEM);
}

/* ---------------------------------------------------------------- the filter ----------------- */

static int activate(AVFilterContext *ctx) {
  AVFilterLink *inlink = ctx->inputs[0], *outlink = ctx->outputs[0];
  VFIContext *s = ctx->priv;
  AVFrame *frame = NULL;
  int64_t pts;
  int ret;

  FF_FILTER_FORWARD_STATUS_BACK(outlink, inlink);
  if ((ret = next_output(ctx, &frame)) < 0)
    return ret;
  if (frame) {
    ret = ff_filter_frame(outlink, frame);
    /* A slow sink need not take all outputs of one source at once. */
    if (ret >= 0 && ff_inoutlink_check_flow(inlink, outlink))
      ff_filter_set_ready(ctx, 100);
    return ret;
  }
  if (s->status) {
    ff_outlink_set_status(outlink, s->status, s->next);
    return 0;
  }
  if ((ret = ff_inlink_consume_frame(inlink, &frame)) < 0)
    return ret;
  if (ret > 0) {
    vfi_sources_take(ctx, &s->in, frame);
  } else if (!ff_inlink_acknowledge_status(inlink, &s->status, &pts)) {
    FF_FILTER_FORWARD_WANTED(outlink, inlink);
    return FFERROR_NOT_READY;
  }
  ff_filter_set_ready(ctx, 100);
  return 0;
}

static int process_command(AVFilterContext *ctx, const char *cmd, const char *arg, char *res,
                           int res_len, int flags) {
  int ret = ff_filter_process_command(ctx, cmd, arg, res, res_len, flags);
  return ret < 0 ? ret : open_context(ctx);
}

static av_cold int init(AVFilterContext *ctx) {
  VFIContext *s = ctx->priv;
  if (s->fps && s->mult) {
    av_log(ctx, AV_LOG_ERROR, "fps and mult exclude each other\n");
    return AVERROR(EINVAL);
  }
  return open_context(ctx);
}

static av_cold void uninit(AVFilterContext *ctx) {
  VFIContext *s = ctx->priv;
  vfi_sources_drop(&s->in);
  free_made(s);
  vfi_destroy(&s->vfi);
}

#define FLAGS AV_OPT_FLAG_VIDEO_PARAM | AV_OPT_FLAG_FILTERING_PARAM
#define RUNTIME FLAGS | AV_OPT_FLAG_RUNTIME_PARAM
#define OPTION(field, help, kind, initial, low, high, flags, values)                               \
  {                                                                                                \
#field, help, offsetof(VFIContext, field), AV_OPT_TYPE_##kind,                                 \
        {initial }, low, high, flags, .unit = values                                               \
  }
#define VALUE(name, value, values)                                                                 \
  { name, "", 0, AV_OPT_TYPE_CONST, {.i64 = value}, 0, 0, FLAGS, .unit = values }

static const AVOption vfi_options[] = {
    OPTION(fps, "output frames per second, may be an expression", STRING, .str = NULL, 0, 0, FLAGS,
           NULL),
    OPTION(mult, "output frames per input frame; 2 if neither this nor fps is given", INT, .i64 = 0,
           0, 1024, FLAGS, NULL),
    OPTION(scd, "scene change detection", INT, .i64 = SCD_FDIFF, SCD_NONE, SCD_FDIFF, FLAGS, "scd"),
    VALUE("none", SCD_NONE, "scd"),
    VALUE("fdiff", SCD_FDIFF, "scd"),
    OPTION(scd_threshold, "scene change threshold", DOUBLE, .dbl = 10, 0, 100, RUNTIME, NULL),
    OPTION(model, "name of a built-in model or path of a .safetensors file", STRING, .str = NULL, 0,
           0, FLAGS, NULL),
    OPTION(quality, "how much is refined", INT, .i64 = QUALITY_BALANCED, QUALITY_FAST, QUALITY_BEST,
           RUNTIME, "quality"),
    VALUE("fast", QUALITY_FAST, "quality"),
    VALUE("balanced", QUALITY_BALANCED, "quality"),
    VALUE("best", QUALITY_BEST, "quality"),
    OPTION(vfi_params, "options of libvfi as key=value:key=value", DICT, .str = NULL, 0, 0, FLAGS,
           NULL),
    {NULL}};

AVFILTER_DEFINE_CLASS(vfi);

/* All formats of libvfi. */
static const enum AVPixelFormat pix_fmts[] = {
    AV_PIX_FMT_YUV420P, AV_PIX_FMT_YUVJ420P, AV_PIX_FMT_YUV420P10, AV_PIX_FMT_YUV420P12,
    AV_PIX_FMT_YUV422P, AV_PIX_FMT_YUVJ422P, AV_PIX_FMT_YUV422P10, AV_PIX_FMT_YUV422P12,
    AV_PIX_FMT_YUV444P, AV_PIX_FMT_YUVJ444P, AV_PIX_FMT_YUV444P10, AV_PIX_FMT_YUV444P12,
    AV_PIX_FMT_NV12,    AV_PIX_FMT_P010,     AV_PIX_FMT_GRAY8,     AV_PIX_FMT_GRAY10,
    AV_PIX_FMT_GBRP,    AV_PIX_FMT_GBRP10,   AV_PIX_FMT_GBRPF32,   AV_PIX_FMT_RGB24,
    AV_PIX_FMT_BGRA,    AV_PIX_FMT_BGR0,     AV_PIX_FMT_YUVA420P,  AV_PIX_FMT_NONE};

static const AVFilterPad inputs[] = {{.name = "default", .type = AVMEDIA_TYPE_VIDEO}};

static const AVFilterPad outputs[] = {
    {.name = "default", .type = AVMEDIA_TYPE_VIDEO, .config_props = config_output}};

#define DESCRIPTION NULL_IF_CONFIG_SMALL("Raise the frame rate with new frames by libvfi.")

#if LIBAVFILTER_VERSION_MAJOR >= 11
const FFFilter ff_vf_vfi = {
    .p.name = "vfi",
    .p.description = DESCRIPTION,
    .p.priv_class = &vfi_class,
    .p.flags = AVFILTER_FLAG_SLICE_THREADS,
#else
const AVFilter ff_vf_vfi = {
    .name = "vfi",
    .description = DESCRIPTION,
    .priv_class = &vfi_class,
    .flags = AVFILTER_FLAG_SLICE_THREADS,
#endif
    .priv_size = sizeof(VFIContext),
    .init = init,
    .uninit = uninit,
    .activate = activate,
    .process_command = process_command,
    FILTER_INPUTS(inputs),
    FILTER_OUTPUTS(outputs),
    FILTER_PIXFMTS_ARRAY(pix_fmts),
};
