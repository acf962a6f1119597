/* SPDX-License-Identifier: MIT */
/* The library's options are properties, with its ranges and defaults. */
#include "support.h"

#include <string.h>

/* Whether the property has the option's default and limits. */
static gboolean agrees(const vfi_option *option, GParamSpec *spec) {
  const char *text = option->default_value;
  switch (option->type) {
  case VFI_OPTION_BOOL:
    return G_IS_PARAM_SPEC_BOOLEAN(spec) &&
           G_PARAM_SPEC_BOOLEAN(spec)->default_value == (text[0] == '1');
  case VFI_OPTION_INT:
    if (G_IS_PARAM_SPEC_INT(spec))
      return G_PARAM_SPEC_INT(spec)->minimum == option->minimum &&
             G_PARAM_SPEC_INT(spec)->maximum == option->maximum &&
             G_PARAM_SPEC_INT(spec)->default_value == atoi(text);
    return G_IS_PARAM_SPEC_UINT64(spec) &&
           (gdouble)G_PARAM_SPEC_UINT64(spec)->maximum == option->maximum &&
           G_PARAM_SPEC_UINT64(spec)->default_value == g_ascii_strtoull(text, NULL, 10);
  case VFI_OPTION_DOUBLE:
    return G_IS_PARAM_SPEC_DOUBLE(spec) && G_PARAM_SPEC_DOUBLE(spec)->minimum == option->minimum &&
           G_PARAM_SPEC_DOUBLE(spec)->maximum == option->maximum &&
           G_PARAM_SPEC_DOUBLE(spec)->default_value == g_ascii_strtod(text, NULL);
  case VFI_OPTION_STRING:
    return G_IS_PARAM_SPEC_STRING(spec) &&
           g_str_equal(G_PARAM_SPEC_STRING(spec)->default_value, text);
  default:
    return G_IS_PARAM_SPEC_ENUM(spec) &&
           g_str_equal(option->names[G_PARAM_SPEC_ENUM(spec)->default_value], text);
  }
}

static void every_option(void) {
  GstElement *element = gst_object_ref_sink(gst_element_factory_make("vfi", NULL));
  for (int i = 0; i < vfi_option_count(); i++) {
    vfi_option option = {.struct_size = sizeof option};
    CHECK(vfi_option_get(i, &option) == VFI_OK, "option %d", i);
    gchar *name = g_strdelimit(g_strdup(option.name), "_", '-');
    GParamSpec *spec = g_object_class_find_property(G_OBJECT_GET_CLASS(element), name);
    if (g_str_equal(option.name, "log_level"))
      CHECK(spec == NULL, "GST_DEBUG says what is logged");
    else
      CHECK(spec != NULL && agrees(&option, spec) &&
                g_str_equal(g_param_spec_get_blurb(spec), option.help),
            "%s is a property", name);
    g_free(name);
  }
  gst_object_unref(element);
}

/* Each value of each kind of property reaches the library, and can be read again. */
static void values(void) {
  static const struct {
    const char *name, *value;
  } rows[] = {
      {"threads", "2"},
      {"scene-cut", "false"},
      {"scene-cut-action", "blend"},
      {"scene-cut-threshold", "12.5"},
      {"duplicates", "interpolate"},
      {"max-gap", "0.125"},
      {"flow-scale", "0.5"},
      {"precision", "float32"},
      {"quality", "fast"},
      {"sparsity", "cap"},
      {"heavy-share", "0.1"},
      {"deadline-ms", "1e6"},
      {"memory-limit", "9007199254740992"},
  };
  for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
    Bench bench = bench_new(gray("16x16", "30/1"), NULL, rows[i].name, rows[i].value, NULL);
    GParamSpec *spec =
        g_object_class_find_property(G_OBJECT_GET_CLASS(bench.element), rows[i].name);
    GValue value = G_VALUE_INIT, wanted = G_VALUE_INIT;
    g_value_init(&value, spec->value_type);
    g_value_init(&wanted, spec->value_type);
    g_object_get_property(G_OBJECT(bench.element), rows[i].name, &value);
    CHECK(gst_value_deserialize(&wanted, rows[i].value) &&
              gst_value_compare(&value, &wanted) == GST_VALUE_EQUAL,
          "%s=%s", rows[i].name, rows[i].value);
    bench_push_run(&bench, 0, 3);
    CHECK(bench_drop(&bench) == 5, "%s=%s works", rows[i].name, rows[i].value);
    g_value_unset(&value);
    g_value_unset(&wanted);
    bench_free(&bench);
  }
}

/* Options that change pictures do. */
static void effects(void) {
  Bench bench = bench_new(gray("16x16", "30/1"), NULL, "max-gap", "0.01", NULL);
  bench_push_run(&bench, 0, 3);
  CHECK(bench_counter(&bench, "interpolated") == 0 && bench_counter(&bench, "held") == 2,
        "max-gap: held");
  bench_free(&bench);
  bench = bench_new(gray("16x16", "30/1"), NULL, "duplicates", "interpolate", NULL);
  bench_push(&bench, 0, 0, bench_time(&bench, 1));
  bench_push(&bench, 0, bench_time(&bench, 1), bench_time(&bench, 1));
  CHECK(bench_counter(&bench, "interpolated") == 1 && bench_counter(&bench, "copied") == 0,
        "duplicates=interpolate");
  bench_free(&bench);
  bench = bench_new(gray("16x16", "30/1"), NULL, "scene-cut-threshold", "0", NULL);
  bench_push_run(&bench, 0, 2);
  CHECK(bench_counter(&bench, "cuts") == 1, "scene-cut-threshold: all is a cut");
  bench_free(&bench);
}

/* The frame between two pictures, with one property set. */
static GstBuffer *between(const char *name, const char *value) {
  Bench bench = bench_new(gray("64x64", "30/1"), NULL, name, value, NULL);
  bench_push_run(&bench, 0, 2);
  gst_clear_buffer(&(GstBuffer *){bench_pull(&bench)});
  GstBuffer *buffer = bench_pull(&bench);
  bench_free(&bench);
  return buffer;
}

/* An option that stands for others is not undone by their defaults. */
static void quality(void) {
  GstBuffer *all = between("sparsity", "off"), *best = between("quality", "best"),
            *fast = between("quality", "fast");
  GstMapInfo map;
  gst_buffer_map(best, &map, GST_MAP_READ);
  CHECK(gst_buffer_memcmp(all, 0, map.data, map.size) == 0, "quality=best is sparsity=off");
  CHECK(gst_buffer_memcmp(fast, 0, map.data, map.size) != 0, "quality=fast is not");
  gst_buffer_unmap(best, &map);
  gst_buffer_unref(all);
  gst_buffer_unref(best);
  gst_buffer_unref(fast);
}

static void no_such_property(void) {
  GError *error = NULL;
  GstElement *element = gst_parse_launch("vfi no-such-thing=1", &error);
  CHECK(error != NULL && strstr(error->message, "no-such-thing") != NULL, "'%s'",
        error != NULL ? error->message : "");
  g_clear_error(&error);
  if (element != NULL)
    gst_object_unref(gst_object_ref_sink(element));
}

void test_properties(void) {
  every_option();
  values();
  effects();
  quality();
  no_such_property();
}
