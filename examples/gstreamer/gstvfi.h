/* SPDX-License-Identifier: MIT */
/* The element `vfi`: frames in, frames at another rate out. What its files share. */
#ifndef GST_VFI_H
#define GST_VFI_H

#include "gstvfitimeline.h"
#include <gst/base/gstbasetransform.h>
#include <gst/gst.h>
#include <gst/video/video.h>
#include <vfi.h>

G_BEGIN_DECLS

GST_DEBUG_CATEGORY_EXTERN(gst_vfi_debug);

#define GST_TYPE_VFI (gst_vfi_get_type())
G_DECLARE_FINAL_TYPE(GstVfi, gst_vfi, GST, VFI, GstBaseTransform)
GST_ELEMENT_REGISTER_DECLARE(vfi)

/* Most new frames that are made in one call of the library, and so held at once. */
enum { GST_VFI_BATCH = 8 };

/* What is done; values of the property `mode`. */
typedef enum { GST_VFI_INTERPOLATE, GST_VFI_INPAINT, GST_VFI_REPAIR } GstVfiMode;

/* The properties of the modes that keep the rate. */
typedef struct {
  GstVfiMode mode;
  gchar *rectangles;
  gchar *mask_location;
  gint dilation, feather;
  gint look_ahead, look_back;
} GstVfiRestoreOptions;

/* A frame from upstream that outputs depend on. */
typedef struct {
  GstBuffer *buffer; /* NULL = none */
  GstClockTime time;
  GstClockTime duration; /* GST_CLOCK_TIME_NONE = unknown */
  guint64 id;            /* vfi_frame.content_id */
  gboolean given;        /* an output showed it already */
} GstVfiSource;

/* The read-only properties. */
typedef struct {
  guint64 in, out, interpolated, passed, held, copied, cuts, skipped, filled;
} GstVfiCounters;

struct _GstVfi {
  GstBaseTransform parent;

  /* Properties, under the object's lock. */
  GValue *options; /* one for each option of the library */
  gint rate_n, rate_d;
  gint multiplier;
  gboolean qos;
  GstVfiCounters counters;
  GstVfiRestoreOptions restore;

  /* Under the object's lock: read by queries and by events from downstream. */
  vfi_context *context; /* from start to stop; that of `stream`, if there is one */
  gint look_ahead;      /* source frames that an output waits for, without a new rate */
  gboolean active;      /* the rates differ: new frames are made */
  gboolean live;
  GstClockTime interval;   /* of the sources; 0 = unknown */
  GstClockTime processing; /* the longest that new frames took, at most `interval` */
  GstClockTime earliest;   /* running time from which on frames are in time; NONE = all are */
  gdouble proportion;

  /* The rest belongs to the streaming thread. */
  GstVideoInfo in_info, out_info;
  vfi_frame description;
  GstClockTime max_gap;
  gboolean downstream_takes_video_meta;
  gboolean reverse;
  gboolean discont;
  gboolean warned;

  GstVfiTimeline timeline;
  GstVfiSource previous; /* the latest source at or before the next output */
  GstVfiSource next;     /* the one after it */
  /* Where the frames around a pair bend its motion. */
  gboolean looks_around;
  gboolean ends;        /* no frame follows `next` */
  GstVfiSource earlier; /* the one before `previous` */
  GstBuffer *later;     /* what follows `next`; its time and run are seen when it becomes `next` */
  guint64 last_id;
  GstBuffer *ready[GST_VFI_BATCH]; /* new frames of this pair that wait to be pushed */
  guint ready_count, ready_next;

  /* In the modes that keep the rate. */
  vfi_stream *stream; /* NULL = in the other one */
  GQueue sent;        /* source buffers in the stream, in their order */
  GstClockTime last_pts;
  gint mask_width, mask_height; /* 0 = there is no mask */
};

/* gstvfi.c */
/* Adds to a counter. */
void gst_vfi_count(GstVfi *self, guint64 *counter, guint64 number);
/* Posts an error on the bus. */
void gst_vfi_post_error(GstVfi *self, vfi_status status, const char *problem, const char *detail);

/* gstvfioptions.c */
/* Installs a property for each option of the library, with ids from `first` on. */
void gst_vfi_options_install(GObjectClass *object_class, guint first);
GValue *gst_vfi_options_new(void);
void gst_vfi_options_free(GValue *options);
/* The value behind a property id, or NULL. */
GValue *gst_vfi_options_find(GValue *options, guint first, guint id);
/* Fills `params`; the texts in it live until g_ptr_array_unref(*texts). */
vfi_status gst_vfi_options_apply(GValue *options, vfi_params *params, GPtrArray **texts);

/* gstvficaps.c */
void gst_vfi_caps_class_init(GstBaseTransformClass *transform_class);
/* Fills the planes of a description of the negotiated format. */
void gst_vfi_describe(const GstVfi *self, const GstVideoFrame *picture, vfi_frame *frame);

/* gstvfiallocation.c */
void gst_vfi_allocation_class_init(GstBaseTransformClass *transform_class);
/* A buffer for a new frame, with the metadata of `model`; `wait`: also when none is free now. */
GstFlowReturn gst_vfi_acquire(GstVfi *self, GstBuffer *model, gboolean wait, GstBuffer **buffer);
/* Removes what was said of one picture only and must not be said twice. */
void gst_vfi_strip_metadata(GstBuffer *buffer);

/* gstvfievents.c */
void gst_vfi_events_class_init(GstBaseTransformClass *transform_class);
/* Whether an output at `time` would come too late; posts the message that says so. */
gboolean gst_vfi_is_late(GstVfi *self, GstClockTime time, GstClockTime duration);
/* Where the sources' rate is variable, the longest of their intervals is the latency. */
void gst_vfi_note_interval(GstVfi *self, GstClockTime interval);
/* Notes how long new frames took; a live pipeline hears of it. */
void gst_vfi_note_processing(GstVfi *self, GstClockTime elapsed);

/* gstvfiframes.c */
void gst_vfi_frames_class_init(GstBaseTransformClass *transform_class);
/* Pushes what is due before the end of the last source, and before `limit`; then forgets it. */
GstFlowReturn gst_vfi_drain(GstVfi *self, GstClockTime limit);
/* Pushes the outputs of the pair that waits for the frame behind it. */
GstFlowReturn gst_vfi_finish_pair(GstVfi *self);
/* Forgets all frames. */
void gst_vfi_clear(GstVfi *self);

/* gstvfirender.c */
/* Makes the next new frames between the two sources: `ready` has them. None are there after
   GST_FLOW_OK when they cannot be made: a source is to be shown instead. */
GstFlowReturn gst_vfi_render(GstVfi *self);

/* gstvfirestore.c */
/* Makes the stream; errors are posted. */
vfi_status gst_vfi_restore_open(GstVfi *self, const vfi_params *params);
void gst_vfi_restore_close(GstVfi *self);
/* Forgets all frames. */
void gst_vfi_restore_clear(GstVfi *self);
/* Whether the mask has the size of such frames; posts an error when it has not. */
gboolean gst_vfi_restore_fits(GstVfi *self, const GstVideoInfo *info);
/* Takes a source. */
GstFlowReturn gst_vfi_restore_take(GstVfi *self, GstBuffer *buffer);
/* The next output; none when another source must come before. */
GstFlowReturn gst_vfi_restore_output(GstVfi *self, GstBuffer **buffer);
/* Pushes all that was taken. */
GstFlowReturn gst_vfi_restore_drain(GstVfi *self);

G_END_DECLS

#endif
