// SPDX-License-Identifier: MIT
#include "EmbeddedModel.h"

// Bytes of the default model, 64-byte aligned as the weight reader wants its tensors.
_Alignas(64) const unsigned char embedded_default_model[] = {
#embed "default.safetensors"
};
const unsigned long embedded_default_model_size = sizeof embedded_default_model;
