/* SPDX-License-Identifier: MIT */
/* The library's options as properties: its own table says names, ranges, defaults and help. */
#include "gstvfi.h"

/* One for each option; NULL for the one that is no property. Written once, by class_init. */
static GParamSpec **specs;

static const GParamFlags FLAGS =
    (GParamFlags)(G_PARAM_READWRITE | G_PARAM_STATIC_BLURB | GST_PARAM_MUTABLE_READY);

static gboolean get_option(gint index, vfi_option *option) {
  option->struct_size = sizeof *option;
  return vfi_option_get(index, option) == VFI_OK;
}

/* "scene_cut_action" -> "GstVfiSceneCutAction" */
static gchar *type_name(const char *option) {
  GString *name = g_string_new("GstVfi");
  gchar **words = g_strsplit(option, "_", -1);
  for (gchar **word = words; *word != NULL; word++) {
    g_string_append_c(name, g_ascii_toupper((*word)[0]));
    g_string_append(name, *word + 1);
  }
  g_strfreev(words);
  return g_string_free(name, FALSE);
}

/* An enumeration with the option's names. Types and their values are never freed. */
static GType enum_type(const vfi_option *option) {
  GArray *values = g_array_new(TRUE, TRUE, sizeof(GEnumValue));
  for (gint i = 0; option->names[i] != NULL; i++) {
    GEnumValue value = {i, option->names[i], option->names[i]};
    g_array_append_val(values, value);
  }
  gchar *name = type_name(option->name);
  GType type = g_enum_register_static(name, (GEnumValue *)(gpointer)g_array_free(values, FALSE));
  g_free(name);
  return type;
}

static gint enum_default(const vfi_option *option) {
  gint value = 0;
  while (option->names[value] != NULL && !g_str_equal(option->names[value], option->default_value))
    value++;
  return value;
}

/* NULL when a later library has an option of a type or name that has no place here: it keeps its
   default. */
static GParamSpec *make_spec(GObjectClass *object_class, const vfi_option *option) {
  gchar *name = g_strdelimit(g_strdup(option->name), "_", '-');
  const char *text = option->default_value;
  GParamSpec *spec = NULL;
  gboolean taken = g_object_class_find_property(object_class, name) != NULL;
  switch (taken ? -1 : option->type) {
  case VFI_OPTION_BOOL:
    spec = g_param_spec_boolean(name, name, option->help, text[0] == '1', FLAGS);
    break;
  case VFI_OPTION_INT:
    if (option->maximum <= G_MAXINT)
      spec = g_param_spec_int(name, name, option->help, (gint)option->minimum,
                              (gint)option->maximum, (gint)g_ascii_strtoll(text, NULL, 10), FLAGS);
    else
      spec = g_param_spec_uint64(name, name, option->help, (guint64)option->minimum,
                                 (guint64)option->maximum, g_ascii_strtoull(text, NULL, 10), FLAGS);
    break;
  case VFI_OPTION_DOUBLE:
    spec = g_param_spec_double(name, name, option->help, option->minimum, option->maximum,
                               g_ascii_strtod(text, NULL), FLAGS);
    break;
  case VFI_OPTION_STRING:
    spec = g_param_spec_string(name, name, option->help, text, FLAGS);
    break;
  case VFI_OPTION_ENUM:
    spec =
        g_param_spec_enum(name, name, option->help, enum_type(option), enum_default(option), FLAGS);
    gst_type_mark_as_plugin_api(spec->value_type, 0);
    break;
  default:
    break;
  }
  g_free(name);
  return spec;
}

void gst_vfi_options_install(GObjectClass *object_class, guint first) {
  gint count = vfi_option_count();
  specs = g_new0(GParamSpec *, count);
  for (gint i = 0; i < count; i++) {
    vfi_option option;
    /* GST_DEBUG says what is logged. */
    if (!get_option(i, &option) || g_str_equal(option.name, "log_level"))
      continue;
    specs[i] = make_spec(object_class, &option);
    if (specs[i] != NULL)
      g_object_class_install_property(object_class, first + (guint)i, specs[i]);
  }
}

GValue *gst_vfi_options_new(void) {
  gint count = vfi_option_count();
  GValue *options = g_new0(GValue, count);
  for (gint i = 0; i < count; i++) {
    if (specs[i] == NULL)
      continue;
    g_value_init(&options[i], specs[i]->value_type);
    g_param_value_set_default(specs[i], &options[i]);
  }
  return options;
}

void gst_vfi_options_free(GValue *options) {
  for (gint i = 0; i < vfi_option_count(); i++)
    if (G_IS_VALUE(&options[i]))
      g_value_unset(&options[i]);
  g_free(options);
}

GValue *gst_vfi_options_find(GValue *options, guint first, guint id) {
  if (id < first || id - first >= (guint)vfi_option_count() || specs[id - first] == NULL)
    return NULL;
  return &options[id - first];
}

/* As vfi_params_set() reads it. */
static gchar *value_text(const GValue *value) {
  gchar buffer[G_ASCII_DTOSTR_BUF_SIZE];
  if (G_VALUE_HOLDS_BOOLEAN(value))
    return g_strdup(g_value_get_boolean(value) ? "1" : "0");
  if (G_VALUE_HOLDS_INT(value))
    return g_strdup_printf("%d", g_value_get_int(value));
  if (G_VALUE_HOLDS_UINT64(value))
    return g_strdup_printf("%" G_GUINT64_FORMAT, g_value_get_uint64(value));
  if (G_VALUE_HOLDS_DOUBLE(value))
    return g_strdup(g_ascii_dtostr(buffer, sizeof buffer, g_value_get_double(value)));
  if (G_VALUE_HOLDS_STRING(value))
    return g_value_dup_string(value);
  GEnumClass *enum_class = (GEnumClass *)g_type_class_peek(G_VALUE_TYPE(value));
  return g_strdup(g_enum_get_value(enum_class, g_value_get_enum(value))->value_nick);
}

vfi_status gst_vfi_options_apply(GValue *options, vfi_params *params, GPtrArray **texts) {
  *texts = g_ptr_array_new_with_free_func(g_free);
  for (gint i = 0; i < vfi_option_count(); i++) {
    vfi_option option;
    /* Some options set what others set as well: only what was asked for is passed on. */
    if (!G_IS_VALUE(&options[i]) || !get_option(i, &option) ||
        g_param_value_defaults(specs[i], &options[i]))
      continue;
    gchar *text = value_text(&options[i]);
    if (text == NULL)
      continue; /* a text that was set to NULL: the default */
    g_ptr_array_add(*texts, text);
    vfi_status status = vfi_params_set(params, option.name, text);
    if (status != VFI_OK)
      return status;
  }
  return VFI_OK;
}
