/* SPDX-License-Identifier: MIT */
/* Whatever goes wrong: a clear message, no crash, no lost source frame. */
#include "support.h"

#include <string.h>

/* ---------------------------------------------------------------- an allocator of the test ---- */

/* Gives memory of the system after asking a function of the test. */
typedef struct {
  GstAllocator parent;
  gboolean (*allowed)(void *opaque, guint number);
  void *opaque;
  guint number;
} AskingAllocator;
typedef GstAllocatorClass AskingAllocatorClass;

G_DEFINE_TYPE(AskingAllocator, asking_allocator, GST_TYPE_ALLOCATOR)

static GstMemory *asking_alloc(GstAllocator *allocator, gsize size, GstAllocationParams *params) {
  AskingAllocator *self = (AskingAllocator *)allocator;
  return self->allowed(self->opaque, self->number++) ? gst_allocator_alloc(NULL, size, params)
                                                     : NULL;
}

static void asking_allocator_class_init(AskingAllocatorClass *klass) {
  klass->alloc = asking_alloc;
}

static void asking_allocator_init(AskingAllocator *self) {
  GST_OBJECT_FLAG_SET(self, GST_ALLOCATOR_FLAG_CUSTOM_ALLOC);
}

/* A bench whose new frames come from such an allocator. */
static Bench asking_bench(gboolean (*allowed)(void *, guint), AskingAllocator **allocator) {
  Bench bench = bench_new(NULL, "video/x-raw, framerate=60/1", NULL);
  *allocator = g_object_new(asking_allocator_get_type(), NULL);
  gst_object_ref_sink(*allocator);
  (*allocator)->allowed = allowed;
  gst_harness_set_propose_allocator(bench.harness, gst_object_ref(*allocator), NULL);
  bench_caps(&bench, gray("16x16", "30/1"));
  return bench;
}

/* ---------------------------------------------------------------- memory ---------------------- */

static gboolean not_the_first_three(void *opaque, guint number) {
  (void)opaque;
  return number >= 3;
}

static void allocation_failure(void) {
  AskingAllocator *allocator;
  Bench bench = asking_bench(not_the_first_three, &allocator);
  bench_push_run(&bench, 0, 6);
  bench_eos(&bench);
  bench_expect(&bench, "without memory", 0, 60, 1, 12);
  CHECK(allocator->number > 3, "the allocator was asked");
  CHECK(bench_counter(&bench, "passed") == 6, "no source is lost");
  CHECK(bench_counter(&bench, "held") == 3 + 1, "three are held, and the end");
  CHECK(bench_counter(&bench, "interpolated") == 2, "then it works again");
  bench_expect_message(&bench, GST_MESSAGE_WARNING, "no memory");
  CHECK(bench_message(&bench, GST_MESSAGE_WARNING) == NULL, "said once");
  bench_free(&bench);
  gst_object_unref(allocator);
}

/* The library's memory: known when the size is. */
static void memory_limit(const char *size, const char *limit, gboolean enough) {
  Bench bench =
      bench_new(gray(size, "30/1"), "video/x-raw, framerate=60/1", "memory-limit", limit, NULL);
  gchar *text = bench_message(&bench, GST_MESSAGE_ERROR);
  CHECK((text == NULL) == enough, "%s with %s bytes: '%s'", size, limit, text);
  if (!enough)
    CHECK(text != NULL && strstr(text, "exceed the limit") != NULL, "'%s'", text);
  g_free(text);
  bench_free(&bench);
}

/* ---------------------------------------------------------------- cancelled ------------------- */

static gpointer flush_thread(gpointer harness) {
  gst_harness_push_event(harness, gst_event_new_flush_start());
  return NULL;
}

/* Called while a frame is being made: a flush comes from another thread. */
static gboolean flush_meanwhile(void *opaque, guint number) {
  if (number == 1)
    g_thread_join(g_thread_new("flush", flush_thread, opaque));
  return TRUE;
}

static void cancelled(void) {
  AskingAllocator *allocator;
  Bench bench = asking_bench(flush_meanwhile, &allocator);
  allocator->opaque = bench.harness;
  GstBuffer *kept[8] = {NULL};
  bench_push_run(&bench, 0, 2);
  /* Outputs that are kept do not go back to the pool, so that each pair asks the allocator. */
  for (int i = 0; i < 3; i++)
    kept[i] = bench_pull(&bench);
  CHECK(bench_push(&bench, 2, bench_time(&bench, 2), 0) == GST_FLOW_FLUSHING, "ends at once");
  CHECK(bench_counter(&bench, "interpolated") == 1, "the frame was not made");
  CHECK(gst_bus_pop_filtered(bench.bus, GST_MESSAGE_WARNING | GST_MESSAGE_ERROR) == NULL,
        "nothing to complain about");
  GstSegment segment;
  gst_segment_init(&segment, GST_FORMAT_TIME);
  gst_harness_push_event(bench.harness, gst_event_new_flush_stop(TRUE));
  gst_harness_push_event(bench.harness, gst_event_new_segment(&segment));
  bench_drop(&bench);
  bench_push_run(&bench, 0, 3);
  bench_eos(&bench);
  bench_expect(&bench, "after the flush", 0, 60, 1, 6);
  CHECK(bench_counter(&bench, "interpolated") == 3, "frames are made again");
  for (int i = 0; i < 3; i++)
    gst_clear_buffer(&kept[i]);
  bench_free(&bench);
  gst_object_unref(allocator);
}

/* ---------------------------------------------------------------- input ----------------------- */

static void short_buffer(void) {
  Bench bench = bench_doubling();
  bench_push_run(&bench, 0, 2);
  GstBuffer *buffer = gst_buffer_new_allocate(NULL, 100, NULL);
  gst_buffer_memset(buffer, 0, 0, 100);
  GST_BUFFER_PTS(buffer) = bench_time(&bench, 2);
  CHECK(gst_harness_push(bench.harness, buffer) == GST_FLOW_OK, "goes on");
  bench_push_run(&bench, 3, 2);
  bench_eos(&bench);
  bench_expect(&bench, "short buffer", 0, 60, 1, 10);
  CHECK(bench_counter(&bench, "passed") == 5, "no source is lost");
  CHECK(bench_counter(&bench, "held") == 3, "on both sides of it, and at the end");
  bench_expect_message(&bench, GST_MESSAGE_WARNING, "smaller than a frame");
  bench_free(&bench);
}

/* Caps that say progressive, frames that do not. */
static void interlaced_frames(void) {
  Bench bench = bench_doubling();
  for (guint i = 0; i < 4; i++)
    bench_push_flagged(&bench, (int)i, bench_time(&bench, i),
                       (GstBufferFlags)GST_VIDEO_BUFFER_FLAG_INTERLACED);
  bench_eos(&bench);
  bench_expect(&bench, "interlaced", 0, 60, 1, 8);
  CHECK(bench_counter(&bench, "interpolated") == 0, "no new frame");
  CHECK(bench_counter(&bench, "held") == 4, "sources are repeated");
  bench_expect_message(&bench, GST_MESSAGE_WARNING, "interlaced");
  bench_free(&bench);
}

static void smallest(void) {
  static const char *const sizes[] = {"1x1", "1x9", "9x1", "2x3"};
  for (guint i = 0; i < G_N_ELEMENTS(sizes); i++) {
    Bench bench = bench_new(gray(sizes[i], "30/1"), "video/x-raw, framerate=60/1", NULL);
    bench_push_run(&bench, 0, 4);
    bench_eos(&bench);
    bench_expect(&bench, sizes[i], 0, 60, 1, 8);
    bench_free(&bench);
  }
}

/* ---------------------------------------------------------------- properties ------------------ */

/* A property that cannot be used: the element does not start, and says why. */
static void unusable(const char *name, const char *value, const char *wanted) {
  GstElement *element = gst_element_factory_make("vfi", NULL);
  GstBus *bus = gst_bus_new();
  gst_object_ref_sink(element);
  gst_element_set_bus(element, bus);
  gst_util_set_object_arg(G_OBJECT(element), name, value);
  CHECK(gst_element_set_state(element, GST_STATE_PAUSED) == GST_STATE_CHANGE_FAILURE,
        "%s=%s does not start", name, value);
  Bench bench = {.bus = bus};
  gchar *text = bench_message(&bench, GST_MESSAGE_ERROR);
  CHECK(text != NULL && strstr(text, wanted) != NULL, "%s=%s: '%s'", name, value, text);
  g_free(text);
  gst_element_set_state(element, GST_STATE_NULL);
  /* It can be put right. */
  g_object_set(element, "model", NULL, "flow-scale", 0.0, NULL);
  CHECK(gst_element_set_state(element, GST_STATE_PAUSED) != GST_STATE_CHANGE_FAILURE, "put right");
  gst_element_set_state(element, GST_STATE_NULL);
  gst_element_set_bus(element, NULL);
  gst_object_unref(element);
  gst_object_unref(bus);
}

void test_faults(void) {
  allocation_failure();
  memory_limit("16384x16384", "1000000000", FALSE);
  memory_limit("64x64", "1000", FALSE);
  memory_limit("64x64", "1000000000", TRUE);
  cancelled();
  short_buffer();
  interlaced_frames();
  smallest();
  unusable("model", "/no/such.safetensors", "/no/such.safetensors");
  unusable("flow-scale", "0.3", "flow_scale");
}
