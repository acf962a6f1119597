/* SPDX-License-Identifier: MIT */
/* What the header promises to leave alone. */
#define _GNU_SOURCE
#include <dirent.h>
#include <fcntl.h>
#include <fenv.h>
#include <locale.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"
#include "support.h"

/* Within one soname structures grow at their end only. */
_Static_assert(offsetof(vfi_frame, opaque) == 144 && sizeof(vfi_frame) == 152, "vfi_frame");
_Static_assert(offsetof(vfi_params, sparsity) == 168 && sizeof(vfi_params) == 232, "vfi_params");
_Static_assert(offsetof(vfi_params, motion) == 192,
               "vfi_params, where the first version had zeros");
_Static_assert(offsetof(vfi_info, elapsed_ns) == 24 && sizeof(vfi_info) == 48, "vfi_info");
_Static_assert(offsetof(vfi_info, filled_pixels) == 32, "vfi_info, where the first version ended");
_Static_assert(sizeof(vfi_motion) == 40 && sizeof(vfi_option) == 64, "vfi_motion, vfi_option");
_Static_assert(offsetof(vfi_stats, peak_bytes) == 112 && sizeof(vfi_stats) == 160, "vfi_stats");
_Static_assert(sizeof(vfi_distance) == 40 && sizeof(vfi_confidence) == 32, "maps of a frame");
_Static_assert(sizeof(vfi_inpaint_params) == 32 && sizeof(vfi_rectangle) == 16, "holes");
_Static_assert(offsetof(vfi_inpaint_info, elapsed_ns) == 32 && sizeof(vfi_inpaint_info) == 40,
               "how a frame was filled");
_Static_assert(offsetof(vfi_stream_params, multiplier) == 56 && sizeof(vfi_stream_params) == 88,
               "vfi_stream_params");
_Static_assert(sizeof(vfi_model_info) == 72, "vfi_model_info");

static picture a, b, out;

static uint64_t interpolate(const vfi_params *params) {
  vfi_context *context = NULL;
  CHECK_STATUS(vfi_create(&context, params), VFI_OK);
  CHECK_STATUS(vfi_interpolate(context, &a.frame, &b.frame, 1, 2, &out.frame, NULL), VFI_OK);
  vfi_destroy(&context);
  return picture_hash(&out.frame);
}

static int thread_count(void) {
  int count = 0;
  DIR *tasks = opendir("/proc/self/task");
  if (!tasks)
    return 1;
  for (struct dirent *entry; (entry = readdir(tasks));)
    count += entry->d_name[0] != '.';
  closedir(tasks);
  return count;
}

/* A joined thread leaves the list a moment later. */
static int thread_count_becomes(int count) {
  for (int i = 0; i < 1000 && thread_count() != count; i++)
    usleep(1000);
  return thread_count() == count;
}

/* With one thread there is only the caller's; destroying a context ends its others. */
static void threads(void) {
  CHECK(thread_count() == 1);
  vfi_context *context = test_context();
  CHECK_STATUS(vfi_interpolate(context, &a.frame, &b.frame, 1, 2, &out.frame, NULL), VFI_OK);
  CHECK(thread_count() == 1);
  vfi_destroy(&context);
  vfi_params params = test_params();
  params.threads = 4;
  CHECK_STATUS(vfi_create(&context, &params), VFI_OK);
  CHECK(thread_count() == 4);
  vfi_destroy(&context);
  CHECK(thread_count_becomes(1));
}

/* Output of the process while the library works and fails: none. */
static void silence(void) {
  char path[] = "/tmp/vfi-output-XXXXXX";
  int file = mkstemp(path);
  fflush(stdout);
  int saved[2] = {dup(1), dup(2)};
  dup2(file, 1);
  dup2(file, 2);
  vfi_params params = test_params();
  params.log_level = VFI_LOG_DEBUG; /* but no callback */
  params.threads = 3;
  vfi_context *context = NULL;
  vfi_status status = vfi_create(&context, &params);
  vfi_status failed = vfi_interpolate(context, &a.frame, NULL, 1, 2, &out.frame, NULL);
  vfi_status done = vfi_interpolate(context, &a.frame, &b.frame, 1, 2, &out.frame, NULL);
  vfi_destroy(&context);
  params.model_name = "/nowhere";
  vfi_status missing = vfi_create(&context, &params);
  fflush(NULL);
  dup2(saved[0], 1);
  dup2(saved[1], 2);
  CHECK(status == VFI_OK && failed == VFI_ERR_ARG && done == VFI_OK && missing == VFI_ERR_MODEL);
  struct stat written;
  CHECK(fstat(file, &written) == 0 && written.st_size == 0);
  close(file);
  close(saved[0]);
  close(saved[1]);
  unlink(path);
}

/* Signals, locale, rounding mode and flags are the host's. */
static void process_state(void) {
  setlocale(LC_ALL, "");
  char locale[200];
  snprintf(locale, sizeof locale, "%s", setlocale(LC_ALL, NULL));
  struct sigaction before[32], after;
  for (int i = 1; i < 32; i++)
    sigaction(i, NULL, &before[i]);
  vfi_params params = test_params();
  uint64_t expected = interpolate(&params);
  for (int i = 1; i < 32; i++) {
    sigaction(i, NULL, &after);
    CHECK(after.sa_handler == before[i].sa_handler);
  }
  CHECK(strcmp(locale, setlocale(LC_ALL, NULL)) == 0);
  static const int modes[] = {FE_UPWARD, FE_TOWARDZERO, FE_TONEAREST};
  for (int i = 0; i < 3; i++) {
    fesetround(modes[i]);
    uint64_t hash = interpolate(&params);
    CHECK(fegetround() == modes[i]);
    if (modes[i] == FE_TONEAREST)
      CHECK(hash == expected);
  }
}

typedef struct lines {
  int count;
  int worst;
  int newline;
  char all[4000];
} lines;

static void keep(void *opaque, vfi_log_level level, const char *text) {
  lines *lines = opaque;
  lines->count++;
  if (level > lines->worst)
    lines->worst = level;
  if (strchr(text, '\n'))
    lines->newline = 1;
  strncat(lines->all, text, sizeof lines->all - strlen(lines->all) - 2);
}

static void logging(void) {
  lines lines = {0, 0, 0, ""};
  vfi_params params = test_params();
  params.log = keep;
  params.log_opaque = &lines;
  vfi_context *context = NULL;
  CHECK_STATUS(vfi_create(&context, &params), VFI_OK);
  CHECK_STATUS(vfi_interpolate(context, &a.frame, &b.frame, 1, 2, &out.frame, NULL), VFI_OK);
  CHECK(lines.count == 0); /* nothing to warn of */
  CHECK_STATUS(vfi_interpolate(context, &a.frame, &b.frame, 3, 2, &out.frame, NULL), VFI_ERR_ARG);
  CHECK(lines.count == 1 && lines.worst == VFI_LOG_ERROR);
  CHECK(strcmp(lines.all, vfi_last_error(context)) == 0);
  vfi_destroy(&context);
  params.log_level = VFI_LOG_INFO;
  CHECK_STATUS(vfi_create(&context, &params), VFI_OK);
  CHECK_STATUS(vfi_interpolate(context, &a.frame, &b.frame, 1, 2, &out.frame, NULL), VFI_OK);
  CHECK(strstr(lines.all, "ifrnet-s") && strstr(lines.all, "48 x 32"));
  CHECK(lines.worst == VFI_LOG_INFO && !lines.newline);
  vfi_destroy(&context);
  int count = lines.count;
  params.log_level = VFI_LOG_NONE;
  CHECK_STATUS(vfi_create(&context, &params), VFI_OK);
  CHECK_STATUS(vfi_interpolate(context, &a.frame, &b.frame, 3, 2, &out.frame, NULL), VFI_ERR_ARG);
  vfi_destroy(&context);
  CHECK(lines.count == count);
}

/* A context with one thread survives fork(). */
static void forking(void) {
  vfi_context *context = test_context();
  CHECK_STATUS(vfi_interpolate(context, &a.frame, &b.frame, 1, 2, &out.frame, NULL), VFI_OK);
  uint64_t hash = picture_hash(&out.frame);
  fflush(stdout);
  pid_t child = fork();
  if (child == 0) {
    vfi_status status = vfi_interpolate(context, &a.frame, &b.frame, 1, 2, &out.frame, NULL);
    _exit(status == VFI_OK && picture_hash(&out.frame) == hash ? 0 : 1);
  }
  int status = -1;
  CHECK(waitpid(child, &status, 0) == child && status == 0);
  vfi_destroy(&context);
}

/* The largest difference of two pictures' samples. */
static int largest_difference(const picture *x, const picture *y) {
  int largest = 0;
  for (int plane = 0; plane < 3; plane++) {
    plane_size size = plane_size_of(a.frame.format, a.frame.width, a.frame.height, plane);
    for (int i = 0; i < size.row_bytes * size.rows; i++) {
      int difference = abs(x->frame.data[plane][i] - y->frame.data[plane][i]);
      if (difference > largest)
        largest = difference;
    }
  }
  return largest;
}

/* The mask holds for later contexts; without AVX the pictures differ by rounding only. */
static void cpu_mask(void) {
  vfi_params params = test_params();
  params.precision = VFI_PRECISION_FLOAT32;
  uint32_t machine = vfi_cpu_flags();
  vfi_context *early = NULL;
  CHECK_STATUS(vfi_create(&early, &params), VFI_OK);
  uint64_t expected = interpolate(&params);
  picture reference = out;
  out = picture_make(a.frame.format, a.frame.width, a.frame.height, 0, 0);
  vfi_set_cpu_mask(0);
  CHECK(vfi_cpu_flags() == 0);
  uint64_t portable = interpolate(&params);
  CHECK(interpolate(&params) == portable);
  CHECK(largest_difference(&out, &reference) <= 1);
  CHECK_STATUS(vfi_interpolate(early, &a.frame, &b.frame, 1, 2, &out.frame, NULL), VFI_OK);
  CHECK(picture_hash(&out.frame) == expected);
  vfi_destroy(&early);
  vfi_set_cpu_mask(~0u);
  CHECK(vfi_cpu_flags() == machine);
  CHECK(interpolate(&params) == expected);
  picture_free(&reference);
}

/* Automatic is one of the three; in all of them threads do not matter, and pictures are close. */
static void precision(void) {
  vfi_params params = test_params();
  params.threads = 1;
  uint64_t automatic = interpolate(&params);
  params.precision = VFI_PRECISION_FLOAT32;
  uint64_t float32 = interpolate(&params);
  picture reference = out;
  out = picture_make(a.frame.format, a.frame.width, a.frame.height, 0, 0);
  params.precision = VFI_PRECISION_BFLOAT16;
  uint64_t bfloat16 = interpolate(&params);
  CHECK(bfloat16 != float32);
  CHECK(largest_difference(&out, &reference) <= 2);
  params.threads = 3;
  CHECK(interpolate(&params) == bfloat16);
  params.precision = VFI_PRECISION_INT8;
  uint64_t int8 = interpolate(&params);
  CHECK(int8 != bfloat16);
  CHECK(largest_difference(&out, &reference) <= 2);
  params.threads = 1;
  CHECK(interpolate(&params) == int8);
  uint32_t machine = vfi_cpu_flags();
  CHECK(automatic == (machine & VFI_CPU_AVX512_BF16   ? bfloat16
                      : machine & VFI_CPU_AVX512_VNNI ? int8
                                                      : float32));
  vfi_set_cpu_mask(VFI_CPU_AVX2 | VFI_CPU_AVX512);
  params.precision = VFI_PRECISION_AUTO;
  uint64_t masked = interpolate(&params);
  params.precision = VFI_PRECISION_FLOAT32;
  CHECK(interpolate(&params) == masked);
  vfi_set_cpu_mask(~0u);
  picture_free(&reference);
}

int main(void) {
  a = picture_make(VFI_FORMAT_YUV444P8, 48, 32, 0, 0);
  b = picture_make(VFI_FORMAT_YUV444P8, 48, 32, 0, 0);
  out = picture_make(VFI_FORMAT_YUV444P8, 48, 32, 0, 0);
  picture_draw(&a, 0);
  picture_draw(&b, 1);
  threads();
  silence();
  process_state();
  logging();
  forking();
  cpu_mask();
  precision();
  picture_free(&a);
  picture_free(&b);
  picture_free(&out);
  return check_report();
}
