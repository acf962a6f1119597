/* SPDX-License-Identifier: MIT */
/**
 * @file
 * The mode interpolate of the filter: outputs at a rate of their own, each a source's buffer or
 * made between two sources.
 */
#ifndef AVFILTER_VFI_PAIRS_H
#define AVFILTER_VFI_PAIRS_H

#include "vfi_pictures.h"
#include "vfi_sources.h"

/* Motion is found once for the instants of a pair that are made together. More of them at a time
   would only hold memory and delay a player's reaction. */
enum { VFI_BATCH = 4 };

typedef struct VFIPairs {
  vfi_context *vfi;
  VFISources in;
  int64_t step; ///< from one output to the next
  int64_t next; ///< time of the next output
  AVFrame *made[VFI_BATCH];
  int made_count, made_index;
  int has_warned_of_interlacing, has_warned_of_change;
} VFIPairs;

/* A new reference to the picture of a source. */
static inline AVFrame *vfi_pairs_reference(VFIPairs *s, VFISource *source, int64_t time) {
  AVFrame *frame = av_frame_clone(source->frame);
  if (frame)
    vfi_set_time(frame, time, s->step, source->is_sent);
  source->is_sent = 1;
  return frame;
}

/* Whether frames can be made between the two sources, which are then described in `pair`. */
static inline int vfi_pairs_is_bridge(AVFilterContext *ctx, VFIPairs *s, vfi_frame pair[2]) {
  const VFISource *before = &s->in.before, *after = &s->in.after;
  int is_known;
  if (vfi_seconds(&s->in, after->time - before->time) > s->in.max_gap)
    return 0;
  is_known = !vfi_avframe_wrap(&pair[0], before->frame);
  is_known &= !vfi_avframe_wrap(&pair[1], after->frame);
  if (!is_known || !vfi_is_like(&pair[0], &pair[1]) || pair[0].width > VFI_MAX_SIZE ||
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

/* Describes the frame beside the pair, `distance` away from its source `next`; NULL where it does
   not tell how the pair's motion changes. */
static inline const vfi_frame *vfi_pairs_beside(const VFIPairs *s, const AVFrame *frame,
                                                uint64_t id, int64_t distance,
                                                const vfi_frame *next, vfi_frame *beside) {
  if (!frame || distance <= 0 || vfi_seconds(&s->in, distance) > s->in.max_gap ||
      vfi_avframe_wrap(beside, frame) < 0 || !vfi_is_like(beside, next) ||
      (beside->flags & VFI_FRAME_INTERLACED))
    return NULL;
  beside->content_id = id;
  return beside;
}

/* Makes new frames between the pair, whose motion the sources beside it bend. */
static inline vfi_status vfi_pairs_interpolate(VFIPairs *s, const vfi_frame pair[2], int count,
                                               const vfi_rational *t, vfi_frame *out,
                                               vfi_info *info) {
  const VFISources *in = &s->in;
  const VFISource *a = &in->before, *b = &in->after;
  vfi_frame before, after;
  int64_t later = b->time + (b->time - a->time);
  if (!in->looks_around)
    return vfi_interpolate_n(s->vfi, &pair[0], &pair[1], count, t, out, info);
  if (in->later && in->later->pts != AV_NOPTS_VALUE)
    later = av_rescale_q(in->later->pts, in->timebase, in->unit);
  return vfi_interpolate_among(
      s->vfi,
      vfi_pairs_beside(s, in->earlier.frame, in->earlier.id, a->time - in->earlier.time, &pair[0],
                       &before),
      &pair[0], &pair[1],
      vfi_pairs_beside(s, in->later, in->ids + 1, later - b->time, &pair[1], &after), count, t, out,
      info);
}

/* A place for a new frame at `time`, with what the nearer source says beside its samples. */
static inline AVFrame *vfi_pairs_new_frame(AVFilterContext *ctx, VFIPairs *s, int64_t time) {
  const VFISource *before = &s->in.before, *after = &s->in.after;
  const VFISource *nearer = time - before->time <= after->time - time ? before : after;
  AVFrame *frame = vfi_new_picture(ctx->outputs[0], nearer->frame);
  if (frame && av_frame_copy_props(frame, nearer->frame) < 0)
    av_frame_free(&frame);
  if (frame)
    vfi_set_time(frame, time, s->step, 1);
  return frame;
}

/* Puts a reference in the place of a new frame that would be a copy. */
static inline int vfi_pairs_replace_copy(VFIPairs *s, AVFrame **made, vfi_decision decision) {
  int64_t time = (*made)->pts;
  if (decision != VFI_SOURCE_COPY && decision != VFI_HELD_PREVIOUS && decision != VFI_HELD_NEXT)
    return 0;
  av_frame_free(made);
  *made = vfi_pairs_reference(s, decision == VFI_HELD_NEXT ? &s->in.after : &s->in.before, time);
  return *made ? 0 : AVERROR(ENOMEM);
}

static inline void vfi_pairs_free_made(VFIPairs *s) {
  for (int i = 0; i < VFI_BATCH; i++)
    av_frame_free(&s->made[i]);
}

/* Makes the outputs from `next` on that lie before the source `after`, as many as VFI_BATCH. */
static inline int vfi_pairs_make(AVFilterContext *ctx, VFIPairs *s, const vfi_frame pair[2]) {
  vfi_frame out[VFI_BATCH];
  vfi_rational t[VFI_BATCH];
  vfi_info info[VFI_BATCH];
  vfi_status status;
  int64_t start = s->in.before.time, end = s->in.after.time, time = s->next;
  int count = 0, ret = 0;
  for (; count < VFI_BATCH && time < end; count++, time += s->step) {
    av_frame_free(&s->made[count]); /* left there by a failure */
    if (!(s->made[count] = vfi_pairs_new_frame(ctx, s, time)))
      return AVERROR(ENOMEM);
    vfi_avframe_wrap(&out[count], s->made[count]);
    t[count] = (vfi_rational){time - start, end - start};
    info[count].struct_size = sizeof *info;
  }
  status = vfi_pairs_interpolate(s, pair, count, t, out, info);
  if (status < 0)
    return vfi_fail(ctx, status, s->vfi);
  for (int i = 0; i < count && ret >= 0; i++)
    ret = vfi_pairs_replace_copy(s, &s->made[i], info[i].decision);
  if (ret < 0)
    return ret;
  s->made_index = 0;
  s->made_count = count;
  return 0;
}

/* Gives the next output: 1, or 0 if a source or the end must come first. `is_end`: none follows. */
static inline int vfi_pairs_next(AVFilterContext *ctx, VFIPairs *s, int is_end, AVFrame **out) {
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
    } else if (s->next == in->before.time ||
               (in->after.frame && !vfi_pairs_is_bridge(ctx, s, pair))) {
      break;
    } else if (in->after.frame) {
      if (in->looks_around && !in->later && !is_end)
        return 0;
      if ((ret = vfi_pairs_make(ctx, s, pair)) < 0)
        return ret;
    } else if (!in->first.frame && vfi_sources_enter_later(ctx, in)) {
      continue;
    } else if (!is_end && !in->first.frame) {
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
    *out = vfi_pairs_reference(s, &in->before, s->next);
  }
  s->next += s->step;
  return *out ? 1 : AVERROR(ENOMEM);
}

#endif
