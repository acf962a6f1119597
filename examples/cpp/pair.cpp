// SPDX-License-Identifier: MIT
// Three frames between two, from C++: a context that frees itself, and errors as exceptions.
//
//     pair_cpp [MODEL]
#include <array>
#include <cstdint>
#include <cstdio>
#include <exception>
#include <memory>
#include <stdexcept>
#include <vector>
#include <vfi.h>

namespace {

struct Destroy {
  void operator()(vfi_context *context) const { vfi_destroy(&context); }
};
using Context = std::unique_ptr<vfi_context, Destroy>;

void check(vfi_status status, const vfi_context *context) {
  if (status < 0)
    throw std::runtime_error(vfi_last_error(context));
}

Context makeContext(const char *model) {
  vfi_params params;
  vfi_params_init(&params, sizeof params);
  params.model_name = model;
  vfi_context *context = nullptr;
  check(vfi_create(&context, &params), nullptr);
  return Context(context);
}

// A packed RGB picture that owns its samples.
class Picture {
public:
  Picture(int width, int height)
      : samples(static_cast<std::size_t>(width) * static_cast<std::size_t>(height) * 3) {
    vfi_frame_init(&frame, sizeof frame);
    frame.format = VFI_FORMAT_RGB24;
    frame.width = width;
    frame.height = height;
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

  vfi_frame frame{};

private:
  std::vector<std::uint8_t> samples;
};

void run(const char *model) {
  Context context = makeContext(model);
  Picture a(96, 64), b(96, 64);
  a.draw(0);
  b.draw(4);
  std::array<Picture, 3> between{Picture(96, 64), Picture(96, 64), Picture(96, 64)};
  std::array<vfi_frame, 3> out{between[0].frame, between[1].frame, between[2].frame};
  const std::array<vfi_rational, 3> t{{{1, 4}, {1, 2}, {3, 4}}};
  check(vfi_interpolate_n(context.get(), &a.frame, &b.frame, 3, t.data(), out.data(), nullptr),
        context.get());
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
