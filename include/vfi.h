/* SPDX-License-Identifier: MIT */
/**
 * @file vfi.h
 * libvfi: video frames that were not there, on the CPU.
 *
 * Two layers. The *pair* layer makes frames between two frames that the host holds: the host owns
 * buffering and time, and no pointer is kept after a call returns. The *stream* layer takes frames
 * with presentation times and gives frames at another rate: the library owns buffering, cuts,
 * duplicates and the end of the stream.
 *
 * A frame between two frames, in full:
 *
 *     vfi_params params;
 *     vfi_params_init(&params, sizeof params);
 *     vfi_context *context = NULL;
 *     if (vfi_create(&context, &params) != VFI_OK) puts(vfi_last_error(NULL));
 *     vfi_frame a, b, out;                       // describe planes, sizes, strides, colour
 *     vfi_status status = vfi_interpolate(context, &a, &b, 1, 2, &out, NULL);
 *     if (status != VFI_OK) puts(vfi_last_error(context));
 *     vfi_destroy(&context);
 *
 * Promises.
 *  - Threads: a context or stream is used by one thread at a time; different ones run fully in
 *    parallel. Models are immutable and shared. vfi_cancel() is the only call that is allowed
 *    while another one runs on the same context.
 *  - Input frames are never written. Output planes are written inside width x height only;
 *    padding bytes stay as they are.
 *  - Same inputs, parameters and CPU mask give the same bytes on one machine, for any number of
 *    threads and any chunking: every decision about a new frame depends on its two source frames
 *    only (on four with VFI_MOTION_QUADRATIC). Machines with other instruction sets round
 * otherwise, and VFI_PRECISION_AUTO takes another arithmetic there: set the mask and the precision
 * where bytes shall be the same. With params.deadline_ms the work depends on measured times, and
 * this promise is off.
 *  - Every size product is checked. Frames above VFI_MAX_SIZE a side are refused, not tried.
 *  - Callbacks may come from worker threads. Log text has no newline at its end. No callback comes
 *    after vfi_destroy() or vfi_stream_destroy() has returned.
 *  - Nothing is printed, no signal handler is installed, the floating-point mode stays as it is.
 *  - A context that was created with more than one thread does not survive fork().
 *  - ABI: within one soname structs grow at the end only, enumerators keep their values, and
 *    functions stay. Every struct starts with `struct_size`: set it with an *_init function or to
 *    sizeof the struct as your compiler sees it.
 */
#ifndef VFI_H
#define VFI_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__swift__)
#define VFI_NULLABLE _Nullable
#else
#define VFI_NULLABLE
#endif

#if defined(__GNUC__)
#define VFI_CHECKED __attribute__((warn_unused_result))
#else
#define VFI_CHECKED
#endif

/** API of this header: major * 65536 + minor. Compare with vfi_api_version(). */
#define VFI_API_VERSION 0x00000001u
/** Largest accepted width and height, in pixels. */
#define VFI_MAX_SIZE 16384

/* ------------------------------------------------------------------ results ------------------ */

/** Negative: error. Zero: done. Positive: a state that is no error. */
typedef int32_t vfi_status;
enum {
  VFI_OK = 0,
  VFI_AGAIN = 1,        /**< receive: send more; send: receive first */
  VFI_EOF = 2,          /**< receive: the stream is drained */
  VFI_ERR_ARG = -1,     /**< NULL, unknown enumerator, t outside [0, 1], overlapping output, ... */
  VFI_ERR_NOMEM = -2,   /**< the allocator gave NULL, or memory_limit would be exceeded */
  VFI_ERR_FORMAT = -3,  /**< pixel format unknown, interlaced, or different between the frames */
  VFI_ERR_SIZE = -4,    /**< zero, negative, above VFI_MAX_SIZE, stride too small, or different */
  VFI_ERR_MODEL = -5,   /**< model missing, unreadable, truncated or of an unknown architecture */
  VFI_ERR_VERSION = -6, /**< struct_size is of no known version of the struct */
  VFI_ERR_STATE = -7,   /**< call order, e.g. send after drain */
  VFI_ERR_CANCELLED = -8,   /**< vfi_cancel() or the abort callback */
  VFI_ERR_INTERNAL = -9,    /**< a defect of the library: please report it */
  VFI_ERR_UNSUPPORTED = -10 /**< the model has no such ability */
};

/** Static English text for a status. Never NULL, also for unknown values. */
const char *VFI_NULLABLE vfi_strerror(vfi_status status);

/** VFI_API_VERSION of the library that is loaded. */
uint32_t vfi_api_version(void);
/** Version of the library that is loaded, e.g. "0.1.0". */
const char *VFI_NULLABLE vfi_version_string(void);

/* ------------------------------------------------------------------ frames ------------------- */

/**
 * Pixel formats. Samples of more than 8 bits are native-endian 16-bit words, with the value in the
 * low bits except in P010 (high bits). Planes are in the order of the name.
 */
typedef int32_t vfi_pixel_format;
enum {
  VFI_FORMAT_YUV420P8 = 1, /**< Y, U, V; chroma is ceil(w/2) x ceil(h/2) */
  VFI_FORMAT_YUV420P10 = 2,
  VFI_FORMAT_YUV420P12 = 3,
  VFI_FORMAT_YUV422P8 = 4, /**< chroma is ceil(w/2) x h */
  VFI_FORMAT_YUV422P10 = 5,
  VFI_FORMAT_YUV422P12 = 6,
  VFI_FORMAT_YUV444P8 = 7,
  VFI_FORMAT_YUV444P10 = 8,
  VFI_FORMAT_YUV444P12 = 9,
  VFI_FORMAT_NV12 = 10,     /**< Y, interleaved UV */
  VFI_FORMAT_P010 = 11,     /**< as NV12 with 16-bit words, 10 bits in the high bits */
  VFI_FORMAT_GRAY8 = 12,    /**< Y */
  VFI_FORMAT_GRAY10 = 13,   /**< Y, low bits */
  VFI_FORMAT_GBRP8 = 14,    /**< G, B, R */
  VFI_FORMAT_GBRP10 = 15,   /**< G, B, R, low bits */
  VFI_FORMAT_GBRPF32 = 16,  /**< G, B, R, float, nominal range 0..1 */
  VFI_FORMAT_RGB24 = 17,    /**< packed R, G, B bytes */
  VFI_FORMAT_BGRA = 18,     /**< packed B, G, R, A bytes */
  VFI_FORMAT_YUVA420P8 = 19 /**< Y, U, V, A; A at full size */
};

/** Matrix coefficients, numbers of ITU-T H.273. 2 = unspecified: BT.709 from 720 lines, else 601.
 */
enum {
  VFI_MATRIX_RGB = 0,
  VFI_MATRIX_BT709 = 1,
  VFI_MATRIX_UNSPECIFIED = 2,
  VFI_MATRIX_FCC = 4,
  VFI_MATRIX_BT470BG = 5,
  VFI_MATRIX_SMPTE170M = 6,
  VFI_MATRIX_SMPTE240M = 7,
  VFI_MATRIX_BT2020_NCL = 9
};

/** Sample range. Unspecified: limited for YUV and gray, full for RGB. */
enum { VFI_RANGE_UNSPECIFIED = 0, VFI_RANGE_LIMITED = 1, VFI_RANGE_FULL = 2 };

/** Position of chroma samples (values as in FFmpeg). Unspecified: left. */
enum {
  VFI_CHROMA_UNSPECIFIED = 0,
  VFI_CHROMA_LEFT = 1,
  VFI_CHROMA_CENTER = 2,
  VFI_CHROMA_TOPLEFT = 3,
  VFI_CHROMA_TOP = 4,
  VFI_CHROMA_BOTTOMLEFT = 5,
  VFI_CHROMA_BOTTOM = 6
};

/** Meaning of the alpha plane. Straight alpha is warped premultiplied, so that edges do not bleed.
 */
enum { VFI_ALPHA_STRAIGHT = 0, VFI_ALPHA_PREMULTIPLIED = 1 };

/** Bits of vfi_frame.flags. */
enum {
  VFI_FRAME_INTERLACED = 1, /**< refused with VFI_ERR_FORMAT */
  /** Decoder or container say that the frame is damaged. Accepted everywhere; matters to
      vfi_analyze() and to what repairs. */
  VFI_FRAME_CORRUPT = 2,
  VFI_FRAME_CONCEALED = 4, /**< as VFI_FRAME_CORRUPT: the decoder has made up parts of it */
  /** Of marks of vfi_analyze(): what they mark is doubtful, and the pictures decide, by motion and
      by the outlines of macroblocks of 16 x 16 pixels. */
  VFI_FRAME_DOUBTFUL = 8,
  VFI_FRAME_DOUBTFUL_MOTION = 16 /**< the same by motion alone: for larger blocks, as of H.265 */
};

/**
 * One picture. The caller owns the planes. For inputs the samples are only read.
 * `stride` is in bytes and may be negative (then `data` names the first byte of the top row, which
 * is the last one in memory) and of any alignment.
 */
typedef struct vfi_frame {
  size_t struct_size;
  vfi_pixel_format format;
  int32_t width;  /**< pixels, 1 to VFI_MAX_SIZE */
  int32_t height; /**< pixels, 1 to VFI_MAX_SIZE */
  uint8_t *VFI_NULLABLE data[4];
  ptrdiff_t stride[4];
  int32_t matrix;          /**< H.273; carried through, used for the network's RGB only */
  int32_t primaries;       /**< H.273; carried through */
  int32_t transfer;        /**< H.273; carried through */
  int32_t range;           /**< VFI_RANGE_* */
  int32_t chroma_location; /**< VFI_CHROMA_* */
  int32_t alpha_mode;      /**< VFI_ALPHA_* */
  uint32_t flags;          /**< VFI_FRAME_* */
  int64_t pts;             /**< stream layer: presentation time in units of the timebase */
  int64_t duration;        /**< stream layer: in units of the timebase, 0 = unknown */
  /** Pair layer: 0, or a number that only frames of equal content share. A frame that comes again
      (as the later one of a pair, then as the earlier one of the next) is then encoded once.
      vfi_inpaint_window(): motion between frames that come again is then found once. */
  uint64_t content_id;
  void *VFI_NULLABLE opaque; /**< the caller's; carried through by the stream layer */
} vfi_frame;

/** Zeroes a frame and sets struct_size, unspecified matrix, primaries and transfer. */
void vfi_frame_init(vfi_frame *VFI_NULLABLE frame, size_t struct_size);

/** An exact number; den > 0. */
typedef struct vfi_rational {
  int64_t num;
  int64_t den;
} vfi_rational;

/* ------------------------------------------------------------------ models ------------------- */

/** Immutable weights, shared by any number of contexts and threads. */
typedef struct vfi_model vfi_model;

typedef struct vfi_model_info {
  size_t struct_size;
  const char *VFI_NULLABLE name;         /**< e.g. "default", "ifrnet-s" */
  const char *VFI_NULLABLE architecture; /**< e.g. "vfi-v1", "ifrnet-s" */
  const char *VFI_NULLABLE task;         /**< "interpolate", or "inpaint": fills holes only */
  const char *VFI_NULLABLE licence;      /**< SPDX identifier of the weights */
  const char *VFI_NULLABLE description;
  int32_t any_instant;      /**< 1: trained for any t; 0: perhaps for t = 1/2 only */
  double kmac_per_pixel;    /**< thousand multiply-adds per full-resolution pixel and new frame */
  uint64_t parameter_count; /**< number of weights */
} vfi_model_info;

/** Number of built-in models: the default, which is inside the library, and the files
    NAME.safetensors of its model folders. These are those of the environment variable
   VFI_MODEL_PATH (separated by colons), without it share/vfi of the prefix that the library is
   installed in. They are looked up once in a process. */
int32_t vfi_model_count(void);
/** Describes built-in model `index` (0 = the default). VFI_ERR_ARG when there is none,
    VFI_ERR_MODEL when its file is broken. */
VFI_CHECKED vfi_status vfi_model_builtin_info(int32_t index, vfi_model_info *VFI_NULLABLE info);
/** Describes an open model. The strings live as long as the model. */
VFI_CHECKED vfi_status vfi_model_get_info(const vfi_model *VFI_NULLABLE model,
                                          vfi_model_info *VFI_NULLABLE info);
/** Maps a .safetensors file. On failure *model is NULL and vfi_last_error(NULL) says why. */
VFI_CHECKED vfi_status vfi_model_open_file(vfi_model *VFI_NULLABLE *VFI_NULLABLE model,
                                           const char *VFI_NULLABLE path);
/** As vfi_model_open_file(), from bytes in .safetensors layout, which are copied. */
VFI_CHECKED vfi_status vfi_model_open_memory(vfi_model *VFI_NULLABLE *VFI_NULLABLE model,
                                             const void *VFI_NULLABLE data, size_t size);
/** Adds an owner. Returns its argument; NULL is accepted. */
vfi_model *VFI_NULLABLE vfi_model_ref(vfi_model *VFI_NULLABLE model);
/** Gives up one ownership and sets *model to NULL. NULL is accepted. */
void vfi_model_unref(vfi_model *VFI_NULLABLE *VFI_NULLABLE model);

/* ------------------------------------------------------------------ parameters --------------- */

/** What to give instead of a new frame across a scene cut. */
enum {
  VFI_CUT_HOLD = 0,  /**< the nearer source frame */
  VFI_CUT_BLEND = 1, /**< weighted mean of both */
};

/** What to do with two source frames that are equal. */
enum {
  VFI_DUPLICATE_COPY = 0,       /**< copy the source: costs nothing */
  VFI_DUPLICATE_INTERPOLATE = 1 /**< treat them as any other pair */
};

/** Arithmetic of the networks. bfloat16 has the range of float32 with 8 bits of precision; products
    are added up in float32, motion and masks are float32 in any case. */
enum {
  VFI_PRECISION_AUTO = 0,     /**< bfloat16 where VFI_CPU_AVX512_BF16 may be used, else int8 where
                                   VFI_CPU_AVX512_VNNI may, else float32 */
  VFI_PRECISION_FLOAT32 = 1,  /**< the same pictures on every machine, but for rounding */
  VFI_PRECISION_BFLOAT16 = 2, /**< on any machine; without its instructions slower than float32 */
  /** Products of convolutions that are wide enough in int8, all else in bfloat16. On any machine,
      likewise. */
  VFI_PRECISION_INT8 = 3
};

/** Which pixels a model refines that chooses them by how uncertain it is (the default model does;
    models that have no such choice ignore this). */
enum {
  VFI_SPARSITY_AUTO = 0, /**< those that are worth it, however many they are */
  VFI_SPARSITY_OFF = 1,  /**< all: slower, and a little better */
  VFI_SPARSITY_CAP = 2   /**< as AUTO, but at most the share `heavy_share`, the most uncertain */
};

/** How content moves from one frame to the next (models that cannot tell ignore this). */
enum {
  VFI_MOTION_LINEAR = 0, /**< at one pace: a new frame depends on its two source frames only */
  /** At a changing pace, told by the frame before the pair and the one after it (Xu et al.,
      "Quadratic Video Interpolation", NeurIPS 2019): better, at an eighth more time in a stream,
     which then holds back one source frame more. A new frame depends on four sources. */
  VFI_MOTION_QUADRATIC = 1
};

typedef int32_t vfi_log_level;
enum {
  VFI_LOG_NONE = 0,
  VFI_LOG_ERROR = 1,
  VFI_LOG_WARNING = 2,
  VFI_LOG_INFO = 3,
  VFI_LOG_DEBUG = 4
};

/** Receives one line of text, without a newline. May come from any thread. */
typedef void (*vfi_log_callback)(void *VFI_NULLABLE opaque, vfi_log_level level,
                                 const char *VFI_NULLABLE text);
/** Returns non-zero to abort the running call. Asked between rows of tiles, from any thread. */
typedef int32_t (*vfi_abort_callback)(void *VFI_NULLABLE opaque);

/** Memory of frames and features. Both functions or neither. */
typedef struct vfi_allocator {
  /** Returns `size` bytes aligned to 64, or NULL. */
  void *VFI_NULLABLE (*VFI_NULLABLE alloc)(void *VFI_NULLABLE opaque, size_t size);
  void (*VFI_NULLABLE free)(void *VFI_NULLABLE opaque, void *VFI_NULLABLE memory);
  void *VFI_NULLABLE opaque;
} vfi_allocator;

/** One piece of work: called once for every index below the count, in any order, on any thread. */
typedef void (*vfi_job)(void *VFI_NULLABLE argument, int32_t index);

/** The host's thread pool, used in place of the library's own. */
typedef struct vfi_executor {
  /** Runs job(argument, i) for all 0 <= i < count, then returns. */
  void (*VFI_NULLABLE run)(void *VFI_NULLABLE opaque, vfi_job VFI_NULLABLE job,
                           void *VFI_NULLABLE argument, int32_t count);
  void *VFI_NULLABLE opaque;
  int32_t max_jobs; /**< largest useful count: the number of the host's threads, at least 1 */
} vfi_executor;

/** Settings of a context. Fill with vfi_params_init(), then change what you need. */
typedef struct vfi_params {
  size_t struct_size;
  /** An open model, or NULL: `model_name` decides. The context adds an owner of its own. */
  vfi_model *VFI_NULLABLE model;
  /** Name of a built-in model or path of a .safetensors file; NULL = "default". Must stay valid
      until vfi_create() returns. */
  const char *VFI_NULLABLE model_name;
  int32_t threads;            /**< 0 = one per online CPU; 1 = none but the caller's; max 256 */
  int32_t scene_cut;          /**< 1 (default) = detect cuts, 0 = do not */
  int32_t scene_cut_action;   /**< VFI_CUT_* */
  double scene_cut_threshold; /**< 0..100, default 10: a cut is where vfi_scene_score() is above */
  int32_t duplicate_action;   /**< VFI_DUPLICATE_* */
  int32_t precision;          /**< VFI_PRECISION_*; a model that has float32 only takes that */
  double max_gap;             /**< stream: seconds between sources beyond which frames are held */
  double flow_scale;          /**< 0 = automatic; 1, 0.5, 0.25: size at which motion is found */
  uint64_t memory_limit;      /**< bytes, 0 = none; a call that needs more is VFI_ERR_NOMEM */
  vfi_log_level log_level;    /**< default VFI_LOG_WARNING */
  vfi_log_callback VFI_NULLABLE log;
  void *VFI_NULLABLE log_opaque;
  vfi_abort_callback VFI_NULLABLE abort;
  void *VFI_NULLABLE abort_opaque;
  vfi_allocator allocator;
  vfi_executor executor; /**< run = NULL: the library's own pool of `threads` threads */
  int32_t sparsity;      /**< VFI_SPARSITY_* */
  double heavy_share;    /**< 0..1, default 0.25: largest share of pixels with VFI_SPARSITY_CAP */
  /** Milliseconds of wall time that a new frame shall take at most, 0 (default) = any. The times of
      the frames so far then limit the share of pixels that the next one refines, in addition to
      `sparsity`. No frame is given up, and what is not refined at all may still take longer. */
  double deadline_ms;
  int32_t motion;          /**< VFI_MOTION_* */
  int32_t reserved_motion; /**< zero */
  uint64_t reserved[4];    /**< zero */
} vfi_params;

/** Fills in the defaults. `struct_size` is sizeof(vfi_params) in the caller's build. */
void vfi_params_init(vfi_params *VFI_NULLABLE params, size_t struct_size);

/**
 * Sets one option by its name and a text, e.g. "threads", "2". Text options keep the pointer
 * `value`, which must stay valid until vfi_create() returns. vfi_option_get() lists the names.
 * "quality" sets two fields: "fast" is sparsity "cap" with heavy_share 0, "balanced", the default,
 * is "auto", and "best" is "off". Set sparsity or heavy_share after it to differ from that.
 * VFI_ERR_ARG: no such option, or not a value of it; vfi_last_error(NULL) names it.
 */
VFI_CHECKED vfi_status vfi_params_set(vfi_params *VFI_NULLABLE params,
                                      const char *VFI_NULLABLE name,
                                      const char *VFI_NULLABLE value);

/** Kind of an option's value. */
enum {
  VFI_OPTION_BOOL = 0, /**< "0" or "1" */
  VFI_OPTION_INT = 1,
  VFI_OPTION_DOUBLE = 2,
  VFI_OPTION_STRING = 3,
  VFI_OPTION_ENUM = 4 /**< one of `names` */
};

typedef struct vfi_option {
  size_t struct_size;
  const char *VFI_NULLABLE name;
  const char *VFI_NULLABLE help; /**< one sentence */
  int32_t type;                  /**< VFI_OPTION_* */
  double minimum;
  double maximum;
  const char *VFI_NULLABLE default_value;
  /** VFI_OPTION_ENUM: names, ended by NULL; the value of name i is i. Else NULL. */
  const char *VFI_NULLABLE const *VFI_NULLABLE names;
} vfi_option;

/** Number of options that vfi_params_set() knows. */
int32_t vfi_option_count(void);
/** Describes option `index`. VFI_ERR_ARG when there is none. The strings are static. */
VFI_CHECKED vfi_status vfi_option_get(int32_t index, vfi_option *VFI_NULLABLE option);

/* ------------------------------------------------------------------ context ------------------ */

typedef struct vfi_context vfi_context;

/**
 * Makes a context. Parameters are copied. NULL params = defaults.
 * On failure *context is NULL and vfi_last_error(NULL), on the same thread, says why.
 */
VFI_CHECKED vfi_status vfi_create(vfi_context *VFI_NULLABLE *VFI_NULLABLE context,
                                  const vfi_params *VFI_NULLABLE params);
/** Frees a context and sets *context to NULL. NULL is accepted. */
void vfi_destroy(vfi_context *VFI_NULLABLE *VFI_NULLABLE context);

/**
 * Optional: checks format and size of `description` (its planes are not looked at) and allocates
 * all memory for it, so that the first frame is as quick as the next.
 */
VFI_CHECKED vfi_status vfi_configure(vfi_context *VFI_NULLABLE context,
                                     const vfi_frame *VFI_NULLABLE description);
/** An upper bound of the bytes that a context with `params` takes for frames like `description`. */
VFI_CHECKED vfi_status vfi_memory_required(const vfi_params *VFI_NULLABLE params,
                                           const vfi_frame *VFI_NULLABLE description,
                                           uint64_t *VFI_NULLABLE bytes);

/**
 * Detail of the last failure on `context`, valid until the next call on it. With NULL: of the last
 * failed call on this thread that had no context. Never NULL; "" when nothing failed.
 */
const char *VFI_NULLABLE vfi_last_error(const vfi_context *VFI_NULLABLE context);

/** Makes a running call, and every later one, return VFI_ERR_CANCELLED. From any thread. */
void vfi_cancel(vfi_context *VFI_NULLABLE context);
/** Ends the effect of vfi_cancel(). */
void vfi_cancel_reset(vfi_context *VFI_NULLABLE context);

/* ------------------------------------------------------------------ pair layer --------------- */

/** How a frame came about. */
typedef int32_t vfi_decision;
enum {
  VFI_INTERPOLATED = 0,
  VFI_SOURCE_COPY = 1,   /**< t = 0 or t = 1, or both frames are equal */
  VFI_HELD_PREVIOUS = 2, /**< a cut, a gap or a tail: the earlier frame */
  VFI_HELD_NEXT = 3,     /**< a cut: the later frame, where it is nearer */
  VFI_BLENDED = 4        /**< a cut with VFI_CUT_BLEND */
};

typedef struct vfi_info {
  size_t struct_size;
  vfi_decision decision;
  double scene_score;  /**< 0..100, see vfi_scene_score(); -1 when not computed */
  uint64_t elapsed_ns; /**< wall time of this frame; what several instants share is in the first */
  /* Callers whose struct_size ends here get the fields above. */
  /** Streams that fill or repair: pixels of the source frame that were filled, or of both source
      frames together where a new frame lies between two. */
  uint64_t filled_pixels;
  /** Streams that repair: VFI_REPAIR_*, what was done to the source frame; of two the greater. */
  int32_t repair_action;
  int32_t reserved; /**< zero */
} vfi_info;

/**
 * Makes the frame at t = t_num / t_den between `a` (t = 0) and `b` (t = 1), 0 <= t <= 1.
 * a, b: same format, size and colour description. out: the same format and size, planes given by
 * the caller, which must not overlap each other or an input (VFI_ERR_ARG); its colour fields, pts
 * and opaque are not touched. info: may be NULL. A failed call leaves `out` undefined.
 */
VFI_CHECKED vfi_status vfi_interpolate(vfi_context *VFI_NULLABLE context,
                                       const vfi_frame *VFI_NULLABLE a,
                                       const vfi_frame *VFI_NULLABLE b, int64_t t_num,
                                       int64_t t_den, vfi_frame *VFI_NULLABLE out,
                                       vfi_info *VFI_NULLABLE info);

/**
 * Several instants of one pair: features and motion are found once. t, out and (unless NULL) info
 * have `count` elements, 1 to 1024. Gives the same bytes as `count` calls of vfi_interpolate().
 */
VFI_CHECKED vfi_status vfi_interpolate_n(vfi_context *VFI_NULLABLE context,
                                         const vfi_frame *VFI_NULLABLE a,
                                         const vfi_frame *VFI_NULLABLE b, int32_t count,
                                         const vfi_rational *VFI_NULLABLE t,
                                         vfi_frame *VFI_NULLABLE out, vfi_info *VFI_NULLABLE info);

/**
 * As vfi_interpolate_n(), with the frame before the pair and the one after it, either of which may
 * be NULL: they tell how the motion changes. One that does not continue the pair (a cut, a
 * repetition) is not used. Where the pts of the frames given rise strictly from `before` to
 * `after`, they say how far apart the frames are; else the distances are equal. VFI_ERR_STATE:
 * params.motion is VFI_MOTION_LINEAR.
 */
VFI_CHECKED vfi_status vfi_interpolate_among(
    vfi_context *VFI_NULLABLE context, const vfi_frame *VFI_NULLABLE before,
    const vfi_frame *VFI_NULLABLE a, const vfi_frame *VFI_NULLABLE b,
    const vfi_frame *VFI_NULLABLE after, int32_t count, const vfi_rational *VFI_NULLABLE t,
    vfi_frame *VFI_NULLABLE out, vfi_info *VFI_NULLABLE info);

/** Type of the values of a vfi_distance. */
enum {
  VFI_DISTANCE_UINT8 = 1,  /**< 0 to 255 stand for 0 to 1 */
  VFI_DISTANCE_UINT16 = 2, /**< 0 to 65535, native-endian */
  VFI_DISTANCE_FLOAT = 3   /**< 0 to 1; values outside are limited, NaN is 0 */
};

/** How far along its way from frame a (0) to frame b (1) the content of each pixel is in the new
    frame, where not everything moves at one pace. */
typedef struct vfi_distance {
  size_t struct_size;
  int32_t type;                  /**< VFI_DISTANCE_* */
  int32_t width;                 /**< must equal that of the frames */
  int32_t height;                /**< must equal that of the frames */
  const void *VFI_NULLABLE data; /**< [height][width] */
  ptrdiff_t stride;              /**< bytes from one row to the next; may be negative */
} vfi_distance;

/**
 * As vfi_interpolate(), but with a place in time of each pixel's own. t = t_num / t_den stands for
 * all of them where no motion is used: at 0 and 1, across a cut, between equal frames. The model
 * reads means of the map over 4 x 4 pixels (of reduced frames, see flow_scale).
 * VFI_ERR_UNSUPPORTED: the model has one t for all pixels; vfi_last_error() names it.
 */
VFI_CHECKED vfi_status vfi_interpolate_distance(vfi_context *VFI_NULLABLE context,
                                                const vfi_frame *VFI_NULLABLE a,
                                                const vfi_frame *VFI_NULLABLE b, int64_t t_num,
                                                int64_t t_den,
                                                const vfi_distance *VFI_NULLABLE distance,
                                                vfi_frame *VFI_NULLABLE out,
                                                vfi_info *VFI_NULLABLE info);

/** How much of a cut lies between two frames: 0 (none) to 100. Depends on nothing else. */
VFI_CHECKED vfi_status vfi_scene_score(vfi_context *VFI_NULLABLE context,
                                       const vfi_frame *VFI_NULLABLE a,
                                       const vfi_frame *VFI_NULLABLE b, double *VFI_NULLABLE score);

/** Motion behind the last interpolated frame. Planes that are NULL are not written. Where a model
    weighs several motions of a pixel, each flow is their mean by weight. */
typedef struct vfi_motion {
  size_t struct_size;
  int32_t width;  /**< in: must equal that of the frame */
  int32_t height; /**< in: must equal that of the frame */
  /** [height][width][2], pixels, (x, y): where the content at this place of the new frame stands
      in frame a (flow0) and in frame b (flow1), relative to here. */
  float *VFI_NULLABLE flow0;
  float *VFI_NULLABLE flow1;
  /** [height][width], 0..1: share of frame a in the new frame. */
  float *VFI_NULLABLE mask;
} vfi_motion;

/** Copies the motion of the last VFI_INTERPOLATED frame. VFI_ERR_STATE when there is none. */
VFI_CHECKED vfi_status vfi_get_motion(vfi_context *VFI_NULLABLE context,
                                      vfi_motion *VFI_NULLABLE motion);

/**
 * How certain the last interpolated frame is: 255 * (1 - e / 0.1), limited to 0..255, rounded to
 * nearest, e being the mean absolute error that the model expected at the pixel before it refined
 * some, RGB values being 0..1. 255: no error; 0: an error of a tenth of the range or more.
 */
typedef struct vfi_confidence {
  size_t struct_size;
  int32_t width;              /**< in: must equal that of the frame */
  int32_t height;             /**< in: must equal that of the frame */
  uint8_t *VFI_NULLABLE data; /**< [height][width] */
  ptrdiff_t stride;           /**< bytes from one row to the next; may be negative */
} vfi_confidence;

/** Writes the confidence of the last VFI_INTERPOLATED frame. VFI_ERR_STATE when there is none,
    VFI_ERR_UNSUPPORTED when the model does not tell (of the built-in ones the default does). */
VFI_CHECKED vfi_status vfi_get_confidence(vfi_context *VFI_NULLABLE context,
                                          vfi_confidence *VFI_NULLABLE confidence);

/** Sums since the context was made, or since vfi_reset_stats(). */
typedef struct vfi_stats {
  size_t struct_size;
  uint64_t frames_interpolated;
  uint64_t frames_copied;
  uint64_t frames_held;
  uint64_t frames_blended;
  uint64_t frames_encoded;   /**< runs of the encoder; one a source frame in a stream */
  uint64_t multiply_adds;    /**< done by convolutions */
  uint64_t convert_ns;       /**< planes to features */
  uint64_t encode_ns;        /**< feature pyramids */
  uint64_t motion_ns;        /**< first guess of motion */
  uint64_t decode_ns;        /**< coarse-to-fine decoders */
  uint64_t synthesis_ns;     /**< warp, merge, write to planes */
  uint64_t allocation_count; /**< calls of the allocator; constant after the first new frame */
  uint64_t current_bytes;    /**< held now */
  uint64_t peak_bytes;       /**< most that was ever held */
  /* Callers whose struct_size ends here get the fields above. */
  uint64_t multiply_adds_saved; /**< not done, since pixels were not worth it */
  /** Mean share of the pixels that were worth computing, 0 to 1, at 1/2^k of the frame's size:
      [0] full size, [1] half, [2] a quarter, [3] an eighth. -1: none was left out by choice. */
  double active_share[4];
} vfi_stats;

VFI_CHECKED vfi_status vfi_get_stats(const vfi_context *VFI_NULLABLE context,
                                     vfi_stats *VFI_NULLABLE stats);
void vfi_reset_stats(vfi_context *VFI_NULLABLE context);

/* ------------------------------------------------------------------ inpainting --------------- */

/** Pixels x ... x + width - 1 of the rows y ... y + height - 1; what lies outside does not count.
 */
typedef struct vfi_rectangle {
  int32_t x;
  int32_t y;
  int32_t width;
  int32_t height;
} vfi_rectangle;

/** Bits of vfi_inpaint_params.flags, for contexts with a model whose task is "inpaint"; others
    ignore them. */
enum {
  /** The frame follows the one that the call before on this context filled (in a stream: whatever
      is filled in a row): what the network remembers of that goes on. Without, it starts at the
      first frame of the window. */
  VFI_INPAINT_CONTINUE = 1,
  /** Of the frame before only the picture is remembered, not the network's state. */
  VFI_INPAINT_FORGET = 2,
  /** All samples are the network's, also outside of the mask. */
  VFI_INPAINT_WHOLE = 4
};

/** What to fill, and how its border looks. */
typedef struct vfi_inpaint_params {
  size_t struct_size;
  int32_t dilation; /**< pixels around the mask that are filled too, 0..64, default 4 */
  /** Pixels over which the fill fades into the picture, 0..dilation, default 2. They are the
      outermost ones of the dilated mask; the mask itself is always filled wholly. Nothing fades
      where other frames of a camera that stands still show beyond doubt what the object hides. */
  int32_t feather;
  int32_t rectangle_count; /**< 0..1024 */
  uint32_t flags;          /**< VFI_INPAINT_*, default 0 */
  /** Filled in every frame, in addition to its mask. */
  const vfi_rectangle *VFI_NULLABLE rectangles;
} vfi_inpaint_params;

/** Fills in the defaults: no rectangles. */
void vfi_inpaint_params_init(vfi_inpaint_params *VFI_NULLABLE params, size_t struct_size);

/** How a frame was filled. */
typedef struct vfi_inpaint_info {
  size_t struct_size;
  uint64_t filled_pixels; /**< of the dilated mask */
  /** Those of them that another frame shows; 0 where a network fills, which does not tell. */
  uint64_t propagated_pixels;
  int32_t frames_used; /**< other frames that were looked at */
  int32_t reserved;    /**< zero */
  uint64_t elapsed_ns; /**< wall time */
} vfi_inpaint_info;

/**
 * Fills the hole of frames[index] from the other frames of a window, and what none of them shows
 * from its surroundings. `frames` are `count` (1 to 256) neighbours in order of time, of the same
 * format, size and colour description; the nearest are looked at first, and none beyond a scene cut
 * (params.scene_cut of the context). `masks`: mask_count = 1: one mask for all frames;
 * mask_count = count: one for each; 0 (NULL): rectangles only. A mask is a frame of
 * VFI_FORMAT_GRAY8 of the same size whose samples mark a pixel by any value but 0; its colour
 * fields do not matter.
 *
 * out: as in vfi_interpolate(); it gets a copy of frames[index] in which samples outside the
 * dilated mask keep their bits. A sample of a subsampled plane is inside when one of its pixels is.
 * The dilation is a disc. params: NULL = defaults. info: may be NULL.
 *
 * The work is done in the rectangle around all masks and 64 pixels more, and the memory for it, 100
 * to 145 bytes a pixel (190 of floats), grows with that rectangle, not with `count`.
 * vfi_memory_required() does not count it, vfi_inpaint_memory_required() does, and so does
 * memory_limit. With one mask for all, motion between frames with a content_id is kept for the next
 * call, a byte a pixel of the rectangle for each pair that is looked at, if there is memory: a
 * video is filled faster, with the same result. That depends on this call's arguments and on the
 * context's scene cut and CPU only. VFI_ERR_STATE: `context` is a stream's.
 *
 * Looked at are the five frames before and after, and from then on those twice as far each time:
 * 10, 20, 40, until all of the hole was seen. With six frames on the longer side of frames[index]
 * the fills of both neighbours, with twelve those of two on each side, are made as well, from all
 * but the outermost frames (one, or two, a side), and averaged along their motion: fills flicker
 * less. With content_ids they are kept for the next call, and each is made once.
 *
 * A context with a model whose task is "inpaint" fills by that network, frame after frame from the
 * first one of the window that no cut parts from frames[index]: index + 1 runs at most. Frames in
 * order cost one run each with VFI_INPAINT_CONTINUE, when the result depends on the calls before as
 * well; a cut, a frame without a hole, another size and a failed call begin anew. VINet looks at
 * the frames 3 and 6 away on either side. It works at the whole picture and takes much memory: see
 * its card. What is said of samples outside the dilated mask holds (but for VFI_INPAINT_WHOLE).
 */
VFI_CHECKED vfi_status vfi_inpaint_window(vfi_context *VFI_NULLABLE context, int32_t count,
                                          const vfi_frame *VFI_NULLABLE frames, int32_t mask_count,
                                          const vfi_frame *VFI_NULLABLE masks, int32_t index,
                                          const vfi_inpaint_params *VFI_NULLABLE params,
                                          vfi_frame *VFI_NULLABLE out,
                                          vfi_inpaint_info *VFI_NULLABLE info);

/** As vfi_inpaint_window() with one frame, of which the surroundings of the hole are all that is
    known. mask: may be NULL, then there are rectangles only. */
VFI_CHECKED vfi_status vfi_inpaint(vfi_context *VFI_NULLABLE context,
                                   const vfi_frame *VFI_NULLABLE frame,
                                   const vfi_frame *VFI_NULLABLE mask,
                                   const vfi_inpaint_params *VFI_NULLABLE params,
                                   vfi_frame *VFI_NULLABLE out,
                                   vfi_inpaint_info *VFI_NULLABLE info);

/**
 * An upper bound of the bytes that a context with `params` takes to fill holes of frames like
 * `description`; what vfi_memory_required() counts for new frames is not in it, nor what is kept of
 * frames with a content_id. hole: a rectangle
 * that all masks lie in, NULL = the whole picture; the rectangles of `inpaint` (NULL = defaults)
 * are added to it.
 */
VFI_CHECKED vfi_status vfi_inpaint_memory_required(const vfi_params *VFI_NULLABLE params,
                                                   const vfi_frame *VFI_NULLABLE description,
                                                   const vfi_rectangle *VFI_NULLABLE hole,
                                                   const vfi_inpaint_params *VFI_NULLABLE inpaint,
                                                   uint64_t *VFI_NULLABLE bytes);

/* ------------------------------------------------------------------ analysis and repair ------ */

/** Bits of vfi_analysis.events. */
enum {
  VFI_EVENT_CUT = 1,       /**< another scene than in the frame before */
  VFI_EVENT_DUPLICATE = 2, /**< all samples are those of the frame before */
  VFI_EVENT_FREEZE = 4,    /**< one of three frames in a row in which nothing moves */
  VFI_EVENT_BLACK = 8,     /**< at least 98 % of the pixels are black */
  VFI_EVENT_DAMAGED = 16,  /**< some pixels are damaged */
  VFI_EVENT_LOST = 32      /**< next to nothing of the picture is the frame's own */
};

/** What was found of a frame. */
typedef struct vfi_analysis {
  size_t struct_size;
  uint32_t events;  /**< VFI_EVENT_* */
  int32_t reserved; /**< zero */
  /** vfi_scene_score() of the frame before and this one, damage left out; -1: there is none. */
  double scene_score;
  double difference; /**< mean absolute difference of luma to the frame before, 0..1; -1: none */
  double black;      /**< share of pixels with a luma of at most a tenth of its range, 0..1 */
  double damage;     /**< share of damaged pixels, each counted as far as it is sure, 0..1 */
  uint64_t damaged_pixels;
} vfi_analysis;

/**
 * Looks for cuts, repeats, black and damage at frames[index]. `frames` are `count` (1 to 256)
 * neighbours in order of time, of the same format, size and colour description; three on each side
 * that are not marked as lost are all that is looked at.
 *
 * Damaged is what `marks` mark, and what the pictures show. Each block of 16 x 16 pixels has odds
 * that it was made up: by how little it is like the frames before and after, along the motion that
 * these show, and by its outline. High odds, or what was not decoded (grey or green, or one line
 * that repeats) and is not what the frames around show, are damage; where the frame's flags have
 * VFI_FRAME_CORRUPT or VFI_FRAME_CONCEALED, lower odds and blocks that stand while others move are
 * too if three of them lie together. Damage that a decoder carries from frame to frame looks like
 * content: only marks tell it.
 * `marks`: mark_count = count: one for each frame; 0 (NULL): none. Each is a VFI_FORMAT_GRAY8
 * frame, of the frames' size or of ceil(width / 16) x ceil(height / 16) macroblocks, whose samples
 * tell how sure it is that the decoder has made up this place: 0 = it has not, 255 = it has.
 * Where the marks of frames[index] have VFI_FRAME_DOUBTFUL or VFI_FRAME_DOUBTFUL_MOTION in their
 * flags, the odds decide on what they mark: the map gets how sure they are, 1 to 254, and 128 or
 * more is damaged. It takes two other frames on one side, or one on each; without, the map is 0
 * there. Frames count as equally far from each other: one that is not there is given as lost, as
 * any frame with marks of 255.
 *
 * map: NULL, or a VFI_FORMAT_GRAY8 frame of the frames' size that gets how sure it is that a pixel
 * is damaged: 0 = it is not. out: may be NULL. The result depends on this call's arguments and on
 * the context's scene cut threshold and CPU only. Memory: about 36 bytes a pixel, which
 * vfi_memory_required() does not count; memory_limit does. VFI_ERR_STATE: `context` is a stream's.
 */
VFI_CHECKED vfi_status vfi_analyze(vfi_context *VFI_NULLABLE context, int32_t count,
                                   const vfi_frame *VFI_NULLABLE frames, int32_t mark_count,
                                   const vfi_frame *VFI_NULLABLE marks, int32_t index,
                                   vfi_frame *VFI_NULLABLE map, vfi_analysis *VFI_NULLABLE out);

/** How a frame is repaired. */
typedef struct vfi_repair_params {
  size_t struct_size;
  int32_t dilation; /**< pixels around the damage that are made anew too, 0..64, default 2 */
  int32_t feather;  /**< pixels over which they fade into the picture, 0..dilation, default 1 */
  int32_t detect;   /**< 1 (default): search damage in the pictures; 0: what is marked is all */
  int32_t reserved; /**< zero */
} vfi_repair_params;

/** Fills in the defaults. */
void vfi_repair_params_init(vfi_repair_params *VFI_NULLABLE params, size_t struct_size);

/** What was done to a frame. */
enum {
  VFI_REPAIR_NONE = 0,         /**< it is as it was */
  VFI_REPAIR_FILLED = 1,       /**< damaged regions were filled, see vfi_inpaint_window() */
  VFI_REPAIR_INTERPOLATED = 2, /**< the frame was made from frames on both sides of it */
  VFI_REPAIR_PREDICTED = 3,    /**< ... from the motion of two frames on one side */
  VFI_REPAIR_HELD = 4          /**< ... as a copy of the nearest frame */
};

typedef struct vfi_repair_info {
  size_t struct_size;
  int32_t action;             /**< VFI_REPAIR_* */
  int32_t frames_used;        /**< other frames that were searched or used */
  uint64_t changed_pixels;    /**< pixels that may differ from what they were */
  uint64_t propagated_pixels; /**< VFI_REPAIR_FILLED: those of them that another frame shows */
  vfi_analysis analysis;      /**< what was found; its struct_size is written */
  uint64_t elapsed_ns;        /**< wall time */
} vfi_repair_info;

/**
 * Writes frames[index] to `out` with its damage, see vfi_analyze(), made good: regions from where
 * other frames of the window show them undamaged, or else from their surroundings; a lost frame by
 * interpolation between the nearest ones on both sides, at the window's ends and beside a cut from
 * one side. A frame without damage is copied bit by bit, and so are the pixels outside of the
 * dilated damage of a frame that is not lost. params: NULL = defaults. info: may be NULL.
 * frames, marks: as in vfi_analyze(). out: as in vfi_interpolate().
 */
VFI_CHECKED vfi_status vfi_repair_window(vfi_context *VFI_NULLABLE context, int32_t count,
                                         const vfi_frame *VFI_NULLABLE frames, int32_t mark_count,
                                         const vfi_frame *VFI_NULLABLE marks, int32_t index,
                                         const vfi_repair_params *VFI_NULLABLE params,
                                         vfi_frame *VFI_NULLABLE out,
                                         vfi_repair_info *VFI_NULLABLE info);

/* ------------------------------------------------------------------ stream layer ------------- */

/**
 * Frames in, frames at another rate out.
 *
 *     vfi_stream_send(stream, &frame);                    // for each source frame
 *     while (vfi_stream_receive(stream, &out, &info) == VFI_OK) use(&out);
 *     ...
 *     vfi_stream_drain(stream);                           // at the end
 *     while (vfi_stream_receive(stream, &out, &info) == VFI_OK) use(&out);
 *
 * Output n has the time start + n / rate, start being the first pts, and comes as long as that
 * time is before the end of the last source frame: its pts + duration (unknown duration: the last
 * interval, or one output interval). An output at the time of a source frame is that frame, bit by
 * bit. Frames with the pts of their predecessor are dropped. A pts that goes back starts anew from
 * there, after the old run was drained. Sources further apart than max_gap are held. A change of
 * size, format or colour starts anew as well.
 *
 * With VFI_STREAM_INPAINT holes of the source frames are filled first, as vfi_inpaint_window() does
 * it with a window of look_back frames before and look_ahead frames after each, of one run; at the
 * run's ends it is shorter. New frames are then made from filled ones. Source frames without a hole
 * stay as they are, bit by bit. What comes out depends on the frames and masks alone, not on when
 * they are sent and received. VFI_STREAM_REPAIR does the same with vfi_repair_window(): the frames'
 * flags (VFI_FRAME_CORRUPT, VFI_FRAME_CONCEALED) count, and masks of vfi_stream_send_marked() are
 * its marks. Frames without damage stay as they are. A source frame is given, and new frames are
 * made from it, once look_ahead more have been sent, the run has ended, or the stream is drained.
 * Memory is that of the window's frames.
 */
typedef struct vfi_stream vfi_stream;

/** Bits of vfi_stream_params.flags. */
enum {
  VFI_STREAM_INPAINT = 1, /**< fill holes */
  VFI_STREAM_REPAIR = 2,  /**< repair damage; not together with VFI_STREAM_INPAINT */
  /** Give the source frames themselves, each at its own pts and with its own duration, also those
      with the pts of their predecessor. rate and multiplier are not used; source_rate may be left
      unknown; pts stay in the source's timebase. */
  VFI_STREAM_KEEP_TIMES = 4
};

typedef struct vfi_stream_params {
  size_t struct_size;
  vfi_rational timebase;    /**< seconds per unit of source pts; both parts 1 to 2^31-1 */
  vfi_rational source_rate; /**< nominal frames a second for missing durations; 0/1 = unknown */
  vfi_rational rate;        /**< frames a second wanted; 0/1 = source_rate * multiplier */
  int32_t multiplier;       /**< used when rate is 0/1; 1 to 1024, default 2 */
  /* Callers whose struct_size ends here have no flags. */
  uint32_t flags; /**< VFI_STREAM_* */
  /** VFI_STREAM_INPAINT, VFI_STREAM_REPAIR: frames after one that are looked at, 0..64, default 5.
      More of them fill more, and take more memory and time. */
  int32_t look_ahead;
  int32_t look_back; /**< the same before it */
  /** VFI_STREAM_INPAINT: marks what to fill in every frame, as masks of vfi_inpaint_window() do. It
      is copied; frames of another size are then refused with VFI_ERR_SIZE. NULL: none. */
  const vfi_frame *VFI_NULLABLE mask;
  /** VFI_STREAM_INPAINT: rectangles of every frame, dilation and feather. Copied; NULL: defaults.
   */
  const vfi_inpaint_params *VFI_NULLABLE inpaint;
} vfi_stream_params;

void vfi_stream_params_init(vfi_stream_params *VFI_NULLABLE params, size_t struct_size);

/** Makes a stream with a context of its own. NULL params = defaults. stream_params must name a rate
    or a source_rate, or have VFI_STREAM_KEEP_TIMES: VFI_ERR_ARG without. */
VFI_CHECKED vfi_status vfi_stream_create(vfi_stream *VFI_NULLABLE *VFI_NULLABLE stream,
                                         const vfi_params *VFI_NULLABLE params,
                                         const vfi_stream_params *VFI_NULLABLE stream_params);
/** The unit of output pts: the greatest common divisor of source timebase and output interval, so
    that source and output times are both exact in it. */
VFI_CHECKED vfi_status vfi_stream_timebase(const vfi_stream *VFI_NULLABLE stream,
                                           vfi_rational *VFI_NULLABLE timebase);
/** Copies a frame into the stream. VFI_AGAIN: receive first. VFI_ERR_STATE: after drain. */
VFI_CHECKED vfi_status vfi_stream_send(vfi_stream *VFI_NULLABLE stream,
                                       const vfi_frame *VFI_NULLABLE frame);
/** As vfi_stream_send(), with a mask of this frame's own, in addition to that of the parameters; it
    is copied. With VFI_STREAM_REPAIR: what the decoder has made up, as marks of vfi_analyze() tell
   it, none of it doubtful. NULL: none. VFI_ERR_ARG: a mask, but the stream neither fills holes nor
   repairs. */
VFI_CHECKED vfi_status vfi_stream_send_marked(vfi_stream *VFI_NULLABLE stream,
                                              const vfi_frame *VFI_NULLABLE frame,
                                              const vfi_frame *VFI_NULLABLE mask);
/**
 * Gives the next frame. Its planes belong to the stream and stay valid until the next call on it.
 * `opaque` is that of the nearer source frame. VFI_AGAIN: send more. VFI_EOF: drained.
 * frame->struct_size must be set; the other fields are written. info may be NULL.
 */
VFI_CHECKED vfi_status vfi_stream_receive(vfi_stream *VFI_NULLABLE stream,
                                          vfi_frame *VFI_NULLABLE frame,
                                          vfi_info *VFI_NULLABLE info);
/** Says that no frame follows. */
VFI_CHECKED vfi_status vfi_stream_drain(vfi_stream *VFI_NULLABLE stream);
/** Forgets all frames (a seek). The next pts starts a new run. Also ends drain. */
VFI_CHECKED vfi_status vfi_stream_flush(vfi_stream *VFI_NULLABLE stream);
/** Source frames held back before the first output that depends on them, look_ahead included:
    frames and seconds. */
VFI_CHECKED vfi_status vfi_stream_latency(const vfi_stream *VFI_NULLABLE stream,
                                          int32_t *VFI_NULLABLE frames,
                                          double *VFI_NULLABLE seconds);
/** An upper bound of the bytes that a stream takes for frames like `description`, as
    vfi_memory_required() for a context. Masks of vfi_stream_send_marked() are thought to lie in the
    rectangle around the parameters' mask and rectangles, or anywhere if there are none. */
VFI_CHECKED vfi_status vfi_stream_memory_required(
    const vfi_params *VFI_NULLABLE params, const vfi_stream_params *VFI_NULLABLE stream_params,
    const vfi_frame *VFI_NULLABLE description, uint64_t *VFI_NULLABLE bytes);
/** The stream's context, for vfi_cancel(), vfi_last_error(), vfi_get_stats(). Do not destroy. */
vfi_context *VFI_NULLABLE vfi_stream_context(vfi_stream *VFI_NULLABLE stream);
/** Frees a stream and sets *stream to NULL. NULL is accepted. */
void vfi_stream_destroy(vfi_stream *VFI_NULLABLE *VFI_NULLABLE stream);

/* ------------------------------------------------------------------ machine ------------------ */

/** Instruction sets, as bits. */
enum {
  VFI_CPU_AVX2 = 1,        /**< with FMA */
  VFI_CPU_AVX512 = 2,      /**< F, BW, DQ, VL */
  VFI_CPU_AVX512_BF16 = 4, /**< products of bfloat16, and those of int8 with it */
  VFI_CPU_AVX512_VNNI = 8  /**< products of int8 */
};

/** Instruction sets that contexts made from now on use: those of the machine, less the mask. */
uint32_t vfi_cpu_flags(void);
/** Limits the instruction sets of later contexts to `mask`; ~0u = no limit. Process-wide. */
void vfi_set_cpu_mask(uint32_t mask);

#ifdef __cplusplus
}
#endif

#endif
