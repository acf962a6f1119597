/* SPDX-License-Identifier: MIT */
#ifndef DRAWING_HPP
#define DRAWING_HPP

#include <cstdint>
#include <vector>
#include <vfi.hpp>

/* A gray picture that owns its samples: a square, its left edge at `left`. */
struct Picture {
  static constexpr int width = 64, height = 48;

  explicit Picture(int left) : samples(width * height, 90) {
    frame.data[0] = samples.data();
    frame.stride[0] = width;
    for (int y = 12; y < 36; y++)
      for (int x = left; x < left + 24 && x < width; x++)
        samples[static_cast<std::size_t>(y * width + x)] = 170;
  }
  Picture(const Picture &) = delete; // the frame points into the samples
  Picture &operator=(const Picture &) = delete;

  std::vector<std::uint8_t> samples;
  vfi_frame frame = vfi::frame(VFI_FORMAT_GRAY8, width, height);
};

#endif
