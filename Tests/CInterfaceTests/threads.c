/* SPDX-License-Identifier: MIT */
/* Threads: the same bytes for any number, contexts in parallel, and cancelling. */
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "check.h"
#include "support.h"

static picture a, b;

static uint64_t run(const vfi_params *params) {
  picture out = picture_make(a.frame.format, a.frame.width, a.frame.height, 0, 0);
  vfi_context *context = NULL;
  CHECK_STATUS(vfi_create(&context, params), VFI_OK);
  uint64_t hash = 0;
  for (int64_t i = 1; i < 4; i++) {
    CHECK_STATUS(vfi_interpolate(context, &a.frame, &b.frame, i, 4, &out.frame, NULL), VFI_OK);
    hash = hash * 31 + picture_hash(&out.frame);
  }
  vfi_destroy(&context);
  picture_free(&out);
  return hash;
}

/* An executor that runs its jobs backwards, half of them on another thread. */
typedef struct half {
  vfi_job job;
  void *argument;
  int32_t from, to;
} half;

static void *run_half(void *argument) {
  half *half = argument;
  for (int32_t i = half->to - 1; i >= half->from; i--)
    half->job(half->argument, i);
  return NULL;
}

static atomic_int executor_calls;

static void executor_run(void *opaque, vfi_job job, void *argument, int32_t count) {
  atomic_fetch_add((atomic_int *)opaque, 1);
  half halves[2] = {{job, argument, 0, count / 2}, {job, argument, count / 2, count}};
  pthread_t thread;
  pthread_create(&thread, NULL, run_half, &halves[0]);
  run_half(&halves[1]);
  pthread_join(thread, NULL);
}

static void same_bytes(void) {
  vfi_params params = test_params();
  uint64_t expected = run(&params);
  static const int32_t counts[] = {2, 3, 5, 16, 0};
  for (int i = 0; i < 5; i++) {
    params.threads = counts[i];
    CHECK(run(&params) == expected);
  }
  params.threads = 1;
  params.executor.run = executor_run;
  params.executor.opaque = &executor_calls;
  static const int32_t jobs[] = {1, 2, 3, 7, INT32_MAX};
  for (int i = 0; i < 5; i++) {
    params.executor.max_jobs = jobs[i];
    CHECK(run(&params) == expected);
  }
  CHECK(executor_calls > 10);
}

static void *in_parallel(void *argument) {
  vfi_params params = test_params();
  params.model = argument;
  params.threads = 2;
  picture out = picture_make(a.frame.format, a.frame.width, a.frame.height, 0, 0);
  vfi_context *context = NULL;
  uint64_t *hash = calloc(1, sizeof *hash);
  if (vfi_create(&context, &params) != VFI_OK)
    return hash;
  for (int64_t i = 1; i < 6; i++) {
    if (vfi_interpolate(context, &a.frame, &b.frame, 1, 2, &out.frame, NULL) != VFI_OK)
      break;
    *hash = picture_hash(&out.frame);
  }
  vfi_destroy(&context);
  vfi_model_unref((vfi_model **)&argument);
  picture_free(&out);
  return hash;
}

static void parallel_contexts(void) {
  enum { count = 6 };
  vfi_model *model = NULL;
  CHECK_STATUS(vfi_model_open_file(&model, test_model()), VFI_OK);
  pthread_t threads[count];
  uint64_t first = 0;
  for (int i = 0; i < count; i++)
    pthread_create(&threads[i], NULL, in_parallel, vfi_model_ref(model));
  vfi_model_unref(&model);
  for (int i = 0; i < count; i++) {
    void *hash = NULL;
    pthread_join(threads[i], &hash);
    if (i == 0)
      first = *(uint64_t *)hash;
    CHECK(*(uint64_t *)hash == first && first != 0);
    free(hash);
  }
}

static void *cancel_later(void *context) {
  struct timespec pause = {0, 20000000};
  nanosleep(&pause, NULL);
  vfi_cancel(context);
  return NULL;
}

static void cancelling(void) {
  picture out = picture_make(a.frame.format, a.frame.width, a.frame.height, 0, 0);
  vfi_params params = test_params();
  params.threads = 2;
  vfi_context *context = NULL;
  CHECK_STATUS(vfi_create(&context, &params), VFI_OK);
  CHECK_STATUS(vfi_interpolate(context, &a.frame, &b.frame, 1, 2, &out.frame, NULL), VFI_OK);
  uint64_t hash = picture_hash(&out.frame);
  pthread_t thread;
  pthread_create(&thread, NULL, cancel_later, context);
  vfi_status status = VFI_OK;
  for (int i = 0; i < 1000000 && status == VFI_OK; i++)
    status = vfi_interpolate(context, &a.frame, &b.frame, 1, 2, &out.frame, NULL);
  pthread_join(thread, NULL);
  CHECK_STATUS(status, VFI_ERR_CANCELLED);
  double score;
  CHECK_STATUS(vfi_interpolate(context, &a.frame, &b.frame, 0, 2, &out.frame, NULL),
               VFI_ERR_CANCELLED);
  CHECK_STATUS(vfi_scene_score(context, &a.frame, &b.frame, &score), VFI_ERR_CANCELLED);
  CHECK_STATUS(vfi_configure(context, &a.frame), VFI_ERR_CANCELLED);
  vfi_cancel_reset(context);
  CHECK_STATUS(vfi_interpolate(context, &a.frame, &b.frame, 1, 2, &out.frame, NULL), VFI_OK);
  CHECK(picture_hash(&out.frame) == hash);
  vfi_destroy(&context);
  picture_free(&out);
}

/* Aborts at every possible point in turn; the call after it is as good as new. */
static int32_t abort_at(void *opaque) {
  atomic_int *left = opaque;
  return atomic_fetch_sub(left, 1) <= 0;
}

static void aborting(void) {
  picture out = picture_make(a.frame.format, a.frame.width, a.frame.height, 0, 0);
  vfi_params params = test_params();
  uint64_t hash = 0;
  atomic_int left = 1 << 30;
  params.abort = abort_at;
  params.abort_opaque = &left;
  vfi_context *context = NULL;
  CHECK_STATUS(vfi_create(&context, &params), VFI_OK);
  CHECK_STATUS(vfi_interpolate(context, &a.frame, &b.frame, 1, 2, &out.frame, NULL), VFI_OK);
  hash = picture_hash(&out.frame);
  int questions = (1 << 30) - left;
  CHECK(questions > 20);
  for (int k = 0; k < questions; k += 1 + questions / 40) {
    left = k;
    CHECK_STATUS(vfi_interpolate(context, &a.frame, &b.frame, 1, 2, &out.frame, NULL),
                 VFI_ERR_CANCELLED);
    left = 1 << 30;
    CHECK_STATUS(vfi_interpolate(context, &a.frame, &b.frame, 1, 2, &out.frame, NULL), VFI_OK);
    CHECK(picture_hash(&out.frame) == hash);
  }
  vfi_destroy(&context);
  picture_free(&out);
}

/* Errors without a context belong to the thread. */
static void *fail_alone(void *argument) {
  (void)argument;
  int fresh = vfi_last_error(NULL)[0] == 0;
  int failed = vfi_model_get_info(NULL, NULL) == VFI_ERR_ARG && vfi_last_error(NULL)[0] != 0;
  return fresh && failed ? &a : NULL;
}

static void thread_errors(void) {
  vfi_model *model = NULL;
  CHECK_STATUS(vfi_model_open_file(&model, "/nowhere"), VFI_ERR_MODEL);
  pthread_t thread;
  void *good = NULL;
  pthread_create(&thread, NULL, fail_alone, NULL);
  pthread_join(thread, &good);
  CHECK(good != NULL);
  CHECK(strstr(vfi_last_error(NULL), "/nowhere") != NULL);
}

int main(void) {
  a = picture_make(VFI_FORMAT_YUV420P8, 150, 90, 0, 0);
  b = picture_make(VFI_FORMAT_YUV420P8, 150, 90, 0, 0);
  picture_draw(&a, 0);
  picture_draw(&b, 1);
  same_bytes();
  parallel_contexts();
  cancelling();
  aborting();
  thread_errors();
  picture_free(&a);
  picture_free(&b);
  return check_report();
}
