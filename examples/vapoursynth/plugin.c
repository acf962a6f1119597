/* SPDX-License-Identifier: MIT */
#include "plugin.h"

#include <stdio.h>
#include <string.h>

bool option_is_argument(const char *name) {
  /* Across a cut a source frame is passed on as it is, which needs no new frame to blend into. */
  return strcmp(name, "scene_cut_action") != 0;
}

static const char *argument_type(int32_t option_type) {
  switch (option_type) {
  case VFI_OPTION_BOOL:
  case VFI_OPTION_INT:
    return "int";
  case VFI_OPTION_DOUBLE:
    return "float";
  default:
    return "data";
  }
}

VS_EXTERNAL_API(void) VapourSynthPluginInit2(VSPlugin *plugin, const VSPLUGINAPI *vspapi) {
  char arguments[2048] = "clip:vnode;num:int:opt;den:int:opt;mult:int:opt;";
  size_t length = strlen(arguments);
  for (int32_t i = 0; i < vfi_option_count(); i++) {
    vfi_option option = {.struct_size = sizeof option};
    if (vfi_option_get(i, &option) != VFI_OK || !option_is_argument(option.name))
      continue;
    int added = snprintf(arguments + length, sizeof arguments - length, "%s:%s:opt;", option.name,
                         argument_type(option.type));
    if (added < 0 || (size_t)added >= sizeof arguments - length) {
      arguments[length] = '\0'; /* An option less, in place of half a one. */
      break;
    }
    length += (size_t)added;
  }
  vspapi->configPlugin("org.libvfi.vfi", "vfi", "Frame interpolation on the CPU (libvfi)",
                       VS_MAKE_VERSION(0, 1), VAPOURSYNTH_API_VERSION, 0, plugin);
  vspapi->registerFunction("Interpolate", arguments, "clip:vnode;", interpolate_create, NULL,
                           plugin);
}
