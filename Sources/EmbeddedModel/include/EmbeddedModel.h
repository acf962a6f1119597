// SPDX-License-Identifier: MIT
#ifndef EMBEDDED_MODEL_H
#define EMBEDDED_MODEL_H

extern const unsigned char embedded_default_model[];
extern const unsigned long embedded_default_model_size;

// Swift does not import an array of unknown length.
static inline const unsigned char *_Nonnull embedded_default_model_start(void) {
  return embedded_default_model;
}

#endif
