/* SPDX-License-Identifier: MIT */
#include "plugin.h"

/* Products of two 64-bit numbers. */
__extension__ typedef __int128 Wide;

static Wide common_divisor(Wide a, Wide b) {
  while (b != 0) {
    Wide rest = a % b;
    a = b;
    b = rest;
  }
  return a;
}

static bool reduce(Wide num, Wide den, int64_t *out_num, int64_t *out_den) {
  if (num <= 0 || den <= 0)
    return false;
  Wide divisor = common_divisor(num, den);
  num /= divisor;
  den /= divisor;
  if (num > INT64_MAX || den > INT64_MAX)
    return false;
  *out_num = (int64_t)num;
  *out_den = (int64_t)den;
  return true;
}

bool scale_rational(int64_t *num, int64_t *den, int64_t factor_num, int64_t factor_den) {
  return reduce((Wide)*num * factor_num, (Wide)*den * factor_den, num, den);
}

bool clock_from_rates(Clock *clock, int64_t source_num, int64_t source_den, int64_t num,
                      int64_t den) {
  return reduce((Wide)source_num * den, (Wide)source_den * num, &clock->step_num, &clock->step_den);
}

int64_t clock_frames(const Clock *clock, int64_t source_frames) {
  Wide frames = ((Wide)source_frames * clock->step_den + clock->step_num - 1) / clock->step_num;
  return frames > INT64_MAX ? INT64_MAX : (int64_t)frames;
}

Place clock_place(const Clock *clock, int64_t n) {
  Wide position = (Wide)n * clock->step_num;
  Wide index = position / clock->step_den;
  if (index * clock->step_den > position)
    index--;
  return (Place){(int64_t)index, (int64_t)(position - index * clock->step_den), clock->step_den};
}

int64_t place_nearest(const Place *place) {
  /* As libvfi does it: 2 * t_num <= t_den, without overflow. */
  return place->t_num <= place->t_den - place->t_num ? place->index : place->index + 1;
}
