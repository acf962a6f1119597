// SPDX-License-Identifier: MIT
// Three frames between two, from C++: a context that frees itself, and errors as exceptions.
//
//     pair_cpp [MODEL]
#include <array>
#include <cstdint>
#include <cstdio>
#include <exception>
#include <vector>
#include <vfi.hpp>

namespace {

// A packed RGB picture that owns its samples.
class Picture {
public:
  Picture(int width, int height)
      : frame(vfi::frame(VFI_FORMAT_RGB24, width, height)),
        samples(static_cast<std::size_t>(width) * static_cast<std::size_t>(height) * 3) {
    frame.data[0] = samples.data();
    frame.stride[0] = width * 3;
  }

  Picture(const Picture &) = delete; // the frame points into the samples
  Picture &operator=(const Picture &) = delete;

  void draw(int shift) {
    for (std::size_t i = 0; i < samples.size(); i++) {
      auto x = static_cast<int>(i / 3) % frame.width - shift;
      samples[i] = static_cast<std::uint8_t>(100 + 50 * ((x / 16) % 2) + static_cast<int>(i % 3));
    }
  }

  double mean() const {
    double sum = 0;
    for (auto sample : samples)
      sum += sample;
    return sum / static_cast<double>(samples.size());
  }

  vfi_frame frame;

private:
  std::vector<std::uint8_t> samples;
};

void run(const char *model) {
  vfi::Params params;
  if (model)
    params.set("model", model);
  vfi::Context context = vfi::Context::create(params);
  Picture a(96, 64), b(96, 64);
  a.draw(0);
  b.draw(4);
  std::array<Picture, 3> between{Picture(96, 64), Picture(96, 64), Picture(96, 64)};
  std::array<vfi_frame, 3> out{between[0].frame, between[1].frame, between[2].frame};
  const std::array<vfi_rational, 3> t{{{1, 4}, {1, 2}, {3, 4}}};
  context.interpolate(a.frame, b.frame, t, out);
  for (std::size_t i = 0; i < between.size(); i++)
    std::printf("t = %d/4: mean %.2f\n", static_cast<int>(i) + 1, between[i].mean());
}

} // namespace

int main(int count, char **arguments) {
  try {
    run(count > 1 ? arguments[1] : nullptr);
  } catch (const std::exception &error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
}
