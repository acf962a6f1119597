/* SPDX-License-Identifier: MIT */
/**
 * @file
 * FFmpeg filter: a higher frame rate by libvfi, or holes and damage filled (vfi_restore.h). For
 * FFmpeg 5.1, 7.1 and 9.0, see docs/ffmpeg.md.
 *
 * Times are whole numbers in the time base of the output, which is a divisor of the input's time
 * base, if FFmpeg can write that, and of the output interval, so that no rounding adds up. Of a run
 * of sources (see vfi_sources.h) output n stands at start + n / fps and is due before the end of
 * the run's last frame. An output at the time of a source is a new reference to that source's
 * buffer.
 */
#include <stdint.h>

#include "libavutil/mathematics.h"
#include "libavutil/opt.h"

#include "vfi_pairs.h"
#include "vfi_rate.h"
#include "vfi_restore.h"

enum { MODE_INTERPOLATE, MODE_INPAINT, MODE_REPAIR };
enum { SCD_NONE, SCD_FDIFF };
enum { QUALITY_FAST, QUALITY_BALANCED, QUALITY_BEST };
enum { MOTION_LINEAR, MOTION_QUADRATIC };

typedef struct VFIContext {
  const AVClass *class;

  /* options */
  char *fps;
  int mult;
  int scd;
  double scd_threshold;
  char *model;
  int quality;
  int motion;
  AVDictionary *vfi_params;
  int mode;
  char *rect;
  char *mask_file;
  int dilation, feather;
  int look_ahead, look_back;

  VFIRestore restore; ///< in the modes that keep the rate
  VFIPairs pairs;     ///< in the other one

  int status;  ///< of the input, once all its frames were taken
  int64_t end; ///< its time
} VFIContext;

/* The library's parameters, as the options are now. */
static int read_params(AVFilterContext *ctx, vfi_params *params) {
  static const char *const qualities[] = {"fast", "balanced", "best"};
  VFIContext *s = ctx->priv;
  int ret;
  vfi_params_init(params, sizeof *params);
  params->model_name = s->model;
  params->scene_cut = s->scd != SCD_NONE;
  params->scene_cut_threshold = s->scd_threshold;
  /* The other modes look around in their own way. */
  if (s->mode == MODE_INTERPOLATE && s->motion == MOTION_QUADRATIC)
    params->motion = VFI_MOTION_QUADRATIC;
  ret = vfi_set_option(ctx, params, "quality", qualities[s->quality]);
  return ret < 0 ? ret : vfi_set_options(ctx, params, s->vfi_params);
}

/* Makes a context as the options are now; the old one stays if that fails. */
static int open_context(AVFilterContext *ctx) {
  VFIContext *s = ctx->priv;
  vfi_context *context = NULL;
  vfi_params params;
  int ret;
  if ((ret = read_params(ctx, &params)) < 0 || (ret = vfi_open(ctx, &params, &context)) < 0)
    return ret;
  vfi_destroy(&s->pairs.vfi);
  s->pairs.vfi = context;
  s->pairs.in.max_gap = params.max_gap;
  s->pairs.in.looks_around = params.motion == VFI_MOTION_QUADRATIC;
  return 0;
}

/* Makes the stream of the modes that keep the rate. */
static int open_restore(AVFilterContext *ctx) {
  VFIContext *s = ctx->priv;
  vfi_params params;
  vfi_stream_params settings;
  vfi_inpaint_params inpaint;
  int ret;
  vfi_stream_params_init(&settings, sizeof settings);
  vfi_inpaint_params_init(&inpaint, sizeof inpaint);
  settings.flags = s->mode == MODE_INPAINT ? VFI_STREAM_INPAINT : VFI_STREAM_REPAIR;
  settings.look_ahead = s->look_ahead;
  settings.look_back = s->look_back;
  inpaint.dilation = s->dilation;
  inpaint.feather = FFMIN(s->feather, s->dilation);
  if (s->mode == MODE_INPAINT &&
      (ret = vfi_restore_marks(ctx, &s->restore, s->rect, s->mask_file)) < 0)
    return ret;
  if ((ret = read_params(ctx, &params)) < 0)
    return ret;
  return vfi_restore_open(ctx, &s->restore, &params, &settings, &inpaint);
}

/* ---------------------------------------------------------------- rate and time base --------- */

static int output_rate(AVFilterContext *ctx, AVRational source, AVRational *rate) {
  VFIContext *s = ctx->priv;
  if (s->fps)
    *rate = vfi_evaluate_rate(ctx, s->fps, source);
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

static int config_output(AVFilterLink *outlink) {
  AVFilterContext *ctx = outlink->src;
  AVFilterLink *inlink = ctx->inputs[0];
  VFIContext *s = ctx->priv;
  AVRational source = vfi_link_rate(inlink), rate;
  int ret;
  if (s->restore.stream) {
    vfi_link_rate(outlink) = source;
    outlink->time_base = inlink->time_base;
    return vfi_restore_check(ctx, &s->restore, inlink->w, inlink->h);
  }
  ret = output_rate(ctx, source, &rate);
  if (ret < 0)
    return ret;
  if (inlink->w > VFI_MAX_SIZE || inlink->h > VFI_MAX_SIZE) {
    av_log(ctx, AV_LOG_ERROR, "%dx%d is larger than %dx%d\n", inlink->w, inlink->h, VFI_MAX_SIZE,
           VFI_MAX_SIZE);
    return AVERROR(EINVAL);
  }
  vfi_link_rate(outlink) = rate;
  outlink->time_base = vfi_common_unit(inlink->time_base, av_inv_q(rate));
  s->pairs.step = av_rescale_q(1, av_inv_q(rate), outlink->time_base);
  s->pairs.in.unit = outlink->time_base;
  s->pairs.in.timebase = inlink->time_base;
  s->pairs.in.nominal = s->pairs.step;
  if (source.num > 0 && source.den > 0)
    s->pairs.in.nominal = av_rescale_q(1, av_inv_q(source), outlink->time_base);
  av_log(ctx, AV_LOG_VERBOSE, "fps=%d/%d time base=%d/%d\n", rate.num, rate.den,
         outlink->time_base.num, outlink->time_base.den);
  return 0;
}

/* ---------------------------------------------------------------- the filter ----------------- */

static int activate(AVFilterContext *ctx) {
  AVFilterLink *inlink = ctx->inputs[0], *outlink = ctx->outputs[0];
  VFIContext *s = ctx->priv;
  AVFrame *frame = NULL;
  int ret;

  FF_FILTER_FORWARD_STATUS_BACK(outlink, inlink);
  ret = s->restore.stream ? vfi_restore_next(ctx, &s->restore, s->status != 0, &frame)
                          : vfi_pairs_next(ctx, &s->pairs, s->status != 0, &frame);
  if (ret < 0)
    return ret;
  if (frame) {
    ret = ff_filter_frame(outlink, frame);
    /* A slow sink need not take all outputs of one source at once. */
    if (ret >= 0 && ff_inoutlink_check_flow(inlink, outlink))
      ff_filter_set_ready(ctx, 100);
    return ret;
  }
  if (s->status) {
    ff_outlink_set_status(outlink, s->status, s->restore.stream ? s->end : s->pairs.next);
    return 0;
  }
  if ((ret = ff_inlink_consume_frame(inlink, &frame)) < 0)
    return ret;
  if (ret > 0 && s->restore.stream) {
    s->restore.held = frame;
  } else if (ret > 0) {
    vfi_sources_take(ctx, &s->pairs.in, frame);
  } else if (!ff_inlink_acknowledge_status(inlink, &s->status, &s->end)) {
    FF_FILTER_FORWARD_WANTED(outlink, inlink);
    return FFERROR_NOT_READY;
  }
  ff_filter_set_ready(ctx, 100);
  return 0;
}

static int process_command(AVFilterContext *ctx, const char *cmd, const char *arg, char *res,
                           int res_len, int flags) {
  VFIContext *s = ctx->priv;
  int ret;
  if (s->restore.stream)
    return AVERROR(ENOSYS);
  ret = ff_filter_process_command(ctx, cmd, arg, res, res_len, flags);
  return ret < 0 ? ret : open_context(ctx);
}

static av_cold int init(AVFilterContext *ctx) {
  VFIContext *s = ctx->priv;
  if (s->fps && s->mult) {
    av_log(ctx, AV_LOG_ERROR, "fps and mult exclude each other\n");
    return AVERROR(EINVAL);
  }
  if (s->mode == MODE_INTERPOLATE)
    return open_context(ctx);
  if (s->fps || s->mult) {
    av_log(ctx, AV_LOG_ERROR, "The rate stays in this mode: put vfi=fps=... behind it\n");
    return AVERROR(EINVAL);
  }
  return open_restore(ctx);
}

static av_cold void uninit(AVFilterContext *ctx) {
  VFIContext *s = ctx->priv;
  vfi_restore_close(&s->restore);
  vfi_sources_drop(&s->pairs.in);
  vfi_pairs_free_made(&s->pairs);
  vfi_destroy(&s->pairs.vfi);
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
    OPTION(motion, "how content moves between two frames", INT, .i64 = MOTION_QUADRATIC,
           MOTION_LINEAR, MOTION_QUADRATIC, FLAGS, "motion"),
    VALUE("linear", MOTION_LINEAR, "motion"),
    VALUE("quadratic", MOTION_QUADRATIC, "motion"),
    OPTION(mode, "what is done", INT, .i64 = MODE_INTERPOLATE, MODE_INTERPOLATE, MODE_REPAIR, FLAGS,
           "mode"),
    VALUE("interpolate", MODE_INTERPOLATE, "mode"),
    VALUE("inpaint", MODE_INPAINT, "mode"),
    VALUE("repair", MODE_REPAIR, "mode"),
    OPTION(rect, "inpaint: what to fill, as x:y:w:h|x:y:w:h", STRING, .str = NULL, 0, 0, FLAGS,
           NULL),
    OPTION(mask_file, "inpaint: a PGM picture that is bright where to fill", STRING, .str = NULL, 0,
           0, FLAGS, NULL),
    OPTION(dilation, "inpaint: pixels around it that are filled too", INT, .i64 = 4, 0, 64, FLAGS,
           NULL),
    OPTION(feather, "inpaint: outermost of these over which the fill fades in", INT, .i64 = 2, 0,
           64, FLAGS, NULL),
    OPTION(look_ahead, "inpaint, repair: later frames that are looked at", INT, .i64 = 5, 0,
           VFI_MAX_LOOK, FLAGS, NULL),
    OPTION(look_back, "inpaint, repair: earlier frames that are looked at", INT, .i64 = 5, 0,
           VFI_MAX_LOOK, FLAGS, NULL),
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

#define DESCRIPTION NULL_IF_CONFIG_SMALL("Make new frames, fill holes or repair damage by libvfi.")

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
