// SPDX-License-Identifier: MIT
// Instructions and C structures that Swift cannot spell. Every function is inlined into its caller,
// so that it takes that module's instruction set.
#ifndef CINTRINSICS_H
#define CINTRINSICS_H

#include <stdint.h>

// Bits of the machine's instruction sets, equal to VFI_CPU_* of vfi.h.
static inline uint32_t vfi_machine_cpu_flags(void) {
  uint32_t flags = 0;
#if defined(__x86_64__)
  __builtin_cpu_init();
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"))
    flags |= 1;
  if (flags && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
      __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl"))
    flags |= 2;
#endif
  return flags;
}

#endif
