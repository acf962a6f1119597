// SPDX-License-Identifier: MIT
#ifndef EMBEDDED_MODEL_H
#define EMBEDDED_MODEL_H

extern const unsigned char embedded_default_model[];
extern const unsigned long embedded_default_model_size;

// Swift does not import an array of unknown length.
static inline const unsigned char *_Nonnull embedded_default_model_start(void) {
  return embedded_default_model;
}

// Path of the library or program that the default model is in, for the caller to free; NULL when it
// is not known. dladdr() and secure_getenv() are GNU's, which Swift does not import.
char *_Nullable embedded_model_file(void);

// The environment's VFI_MODEL_PATH, which a program with rights of its own ignores; may be NULL.
const char *_Nullable model_path_variable(void);

#endif
