/* SPDX-License-Identifier: MIT */
/* A host in small: a player with threads, a clock, a memory budget and a seek of its own. Shows a
 * clip of 24000/1001 frames a second at 60. docs/embedding.md goes through it.
 *
 *     embed [MODEL]
 */
#define _POSIX_C_SOURCE 200809L
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <vfi.h>

enum { WIDTH = 160, HEIGHT = 90, STRIDE = 192, SOURCES = 12, OUTPUTS = 30, SEEK = 13 };

/* ---- threads: the host's own pool ---- */

typedef struct Pool {
  pthread_mutex_t lock;
  pthread_cond_t changed;
  pthread_t threads[3];
  vfi_job job;
  void *argument;
  int32_t next, count, unfinished;
  int stopping;
} Pool;

/* Does one job after the other. The lock is held, but not while a job runs. */
static void take_jobs(Pool *pool) {
  while (pool->next < pool->count) {
    int32_t index = pool->next++;
    pthread_mutex_unlock(&pool->lock);
    pool->job(pool->argument, index);
    pthread_mutex_lock(&pool->lock);
    if (--pool->unfinished == 0)
      pthread_cond_broadcast(&pool->changed);
  }
}

static void *work(void *opaque) {
  Pool *pool = opaque;
  pthread_mutex_lock(&pool->lock);
  while (!pool->stopping) {
    take_jobs(pool);
    pthread_cond_wait(&pool->changed, &pool->lock);
  }
  pthread_mutex_unlock(&pool->lock);
  return NULL;
}

/* vfi_executor.run: returns when all jobs are done. The caller helps. */
static void run_jobs(void *opaque, vfi_job job, void *argument, int32_t count) {
  Pool *pool = opaque;
  pthread_mutex_lock(&pool->lock);
  pool->job = job;
  pool->argument = argument;
  pool->next = 0;
  pool->count = pool->unfinished = count;
  pthread_cond_broadcast(&pool->changed);
  take_jobs(pool);
  while (pool->unfinished > 0)
    pthread_cond_wait(&pool->changed, &pool->lock);
  pthread_mutex_unlock(&pool->lock);
}

static void pool_start(Pool *pool) {
  memset(pool, 0, sizeof *pool);
  pthread_mutex_init(&pool->lock, NULL);
  pthread_cond_init(&pool->changed, NULL);
  for (int i = 0; i < 3; i++)
    if (pthread_create(&pool->threads[i], NULL, work, pool) != 0)
      exit(EXIT_FAILURE);
}

static void pool_stop(Pool *pool) {
  pthread_mutex_lock(&pool->lock);
  pool->stopping = 1;
  pthread_cond_broadcast(&pool->changed);
  pthread_mutex_unlock(&pool->lock);
  for (int i = 0; i < 3; i++)
    pthread_join(pool->threads[i], NULL);
  pthread_cond_destroy(&pool->changed);
  pthread_mutex_destroy(&pool->lock);
}

/* ---- frames: the host's memory and what it knows of their colour ---- */

typedef struct Picture {
  uint8_t y[HEIGHT * STRIDE];
  uint8_t uv[(HEIGHT + 1) / 2 * STRIDE];
} Picture;

static vfi_frame describe(Picture *picture) {
  vfi_frame frame;
  vfi_frame_init(&frame, sizeof frame);
  frame.format = VFI_FORMAT_NV12;
  frame.width = WIDTH;
  frame.height = HEIGHT;
  frame.data[0] = picture->y, frame.stride[0] = STRIDE;
  frame.data[1] = picture->uv, frame.stride[1] = STRIDE;
  frame.matrix = VFI_MATRIX_BT709;
  frame.range = VFI_RANGE_LIMITED;
  frame.chroma_location = VFI_CHROMA_LEFT;
  return frame;
}

/* A bright square that moves by four pixels a frame; from frame 9 on another ground, and back. */
static void draw(Picture *picture, int number) {
  memset(picture->uv, 128, sizeof picture->uv);
  int left = number < 9 ? 10 + 4 * number : 150 - 4 * number;
  for (int y = 0; y < HEIGHT; y++)
    for (int x = 0; x < WIDTH; x++) {
      int inside = x >= left && x < left + 40 && y >= 25 && y < 65;
      int ground = number < 9 ? 60 + x / 4 : 200 - 120 * ((x / 6 + y / 6) % 2);
      picture->y[y * STRIDE + x] = (uint8_t)(inside ? 180 : ground);
    }
}

/* ---- the context ---- */

static void log_line(void *opaque, vfi_log_level level, const char *text) {
  fprintf(opaque, "vfi, level %d: %s\n", level, text);
}

/* NULL after an error. */
static vfi_context *open_context(Pool *pool, const char *model, const vfi_frame *description) {
  vfi_params params;
  vfi_params_init(&params, sizeof params);
  params.model_name = model;
  params.executor = (vfi_executor){run_jobs, pool, 4};
  params.log = log_line;
  params.log_opaque = stderr;
  uint64_t bytes = 0;
  if (vfi_memory_required(&params, description, &bytes) != VFI_OK) {
    fprintf(stderr, "%s\n", vfi_last_error(NULL));
    return NULL;
  }
  params.memory_limit = bytes;
  vfi_context *context = NULL;
  if (vfi_create(&context, &params) != VFI_OK) {
    fprintf(stderr, "%s\n", vfi_last_error(NULL));
    return NULL;
  }
  if (vfi_configure(context, description) != VFI_OK) {
    fprintf(stderr, "%s\n", vfi_last_error(context));
    vfi_destroy(&context);
  }
  return context;
}

/* ---- showing ---- */

typedef struct Player {
  vfi_context *context;
  Picture sources[SOURCES];
  Picture made;
  int shown_sources, shown_new, shown_held, cancelled;
} Player;

/* Mean of the new frame's confidence, 0 to 255; 255 when the model does not tell. */
static double confidence(vfi_context *context) {
  static uint8_t plane[HEIGHT * WIDTH];
  vfi_confidence result = {sizeof result, WIDTH, HEIGHT, plane, WIDTH};
  if (vfi_get_confidence(context, &result) != VFI_OK)
    return 255;
  double sum = 0;
  for (int i = 0; i < HEIGHT * WIDTH; i++)
    sum += plane[i];
  return sum / (HEIGHT * WIDTH);
}

/* Output n at n / 60 s, source k at k * 1001 / 24000 s: n stands at source n * 400 / 1001. */
static vfi_status show(Player *player, int64_t n) {
  int64_t k = n * 400 / 1001, rest = n * 400 % 1001;
  if (rest == 0 || k + 1 == SOURCES) { /* on a source frame, or after the last one */
    player->shown_sources++;
    return VFI_OK;
  }
  vfi_frame a = describe(&player->sources[k]), b = describe(&player->sources[k + 1]);
  vfi_frame out = describe(&player->made);
  a.content_id = (uint64_t)k + 1; /* the later frame of this pair is the earlier one of the next */
  b.content_id = (uint64_t)k + 2;
  vfi_info info = {.struct_size = sizeof info};
  vfi_status status = vfi_interpolate(player->context, &a, &b, rest, 1001, &out, &info);
  if (status == VFI_ERR_CANCELLED) {
    player->cancelled++;
    vfi_cancel_reset(player->context);
    return VFI_OK;
  }
  if (status != VFI_OK)
    return status; /* a player would show frame k in its place */
  if (info.decision == VFI_INTERPOLATED && confidence(player->context) >= 128)
    player->shown_new++;
  else
    player->shown_held++; /* a cut, or a motion that was not understood: the nearer source */
  return VFI_OK;
}

/* Another thread: the user seeks, and the frame in work is of no use any more. */
static void *seek(void *context) {
  vfi_cancel(context);
  return NULL;
}

static vfi_status play(Player *player) {
  vfi_status status = VFI_OK;
  for (int64_t n = 0; n < OUTPUTS && status == VFI_OK; n++) {
    pthread_t user;
    if (n == SEEK &&
        (pthread_create(&user, NULL, seek, player->context) != 0 || pthread_join(user, NULL) != 0))
      return VFI_ERR_INTERNAL;
    status = show(player, n);
  }
  if (status != VFI_OK)
    fprintf(stderr, "%s: %s\n", vfi_strerror(status), vfi_last_error(player->context));
  return status;
}

int main(int count, char **arguments) {
  static Player player;
  static Pool pool;
  for (int number = 0; number < SOURCES; number++)
    draw(&player.sources[number], number);
  pool_start(&pool);
  vfi_frame description = describe(&player.sources[0]);
  player.context = open_context(&pool, count > 1 ? arguments[1] : NULL, &description);
  vfi_status status = player.context ? play(&player) : VFI_ERR_STATE;
  if (status == VFI_OK) {
    vfi_stats stats = {.struct_size = sizeof stats};
    status = vfi_get_stats(player.context, &stats);
    printf("%d source frames, %d new, %d held, %d cancelled; at most %" PRIu64 " bytes\n",
           player.shown_sources, player.shown_new, player.shown_held, player.cancelled,
           stats.peak_bytes);
  }
  vfi_destroy(&player.context); /* before the pool that it uses */
  pool_stop(&pool);
  return status == VFI_OK ? EXIT_SUCCESS : EXIT_FAILURE;
}
