/* SPDX-License-Identifier: MIT */
/* vfi.hpp: handles that move, frames of a pair and of a stream, errors that are thrown. */
#include "../CInterfaceTests/check.h"
#include "drawing.hpp"
#include <algorithm>
#include <array>
#include <cstdlib>
#include <cstring>
#include <type_traits>
#include <utility>
#include <vfi.hpp>

template <class T> constexpr bool moveOnly() {
  return std::is_nothrow_move_constructible_v<T> && std::is_nothrow_move_assignable_v<T> &&
         !std::is_copy_constructible_v<T> && !std::is_copy_assignable_v<T>;
}
static_assert(moveOnly<vfi::Model>() && moveOnly<vfi::expected::Model>());
static_assert(moveOnly<vfi::Context>() && moveOnly<vfi::expected::Context>());
static_assert(moveOnly<vfi::Stream>() && moveOnly<vfi::expected::Stream>());
static_assert(!std::is_copy_constructible_v<vfi::Params>);
#if __cplusplus > 202002L && defined(__cpp_lib_expected)
static_assert(std::is_same_v<vfi::Expected<int>, std::expected<int, vfi::Error>>);
#endif

/* The status that `call` throws, VFI_OK when it throws nothing. */
template <class Call> static vfi_status thrown(Call call) {
  try {
    call();
    return VFI_OK;
  } catch (const vfi::Exception &error) {
    CHECK(error.what()[0] != '\0');
    return error.status();
  }
}

/* In another file, which may be compiled without exceptions and by another standard of C++. */
int failures_of_returned_errors();

static vfi::Params oneThread() {
  vfi::Params params;
  params.set("threads", "1");
  return params;
}

static void test_moves() {
  Picture a(3), b(6), out(0);
  vfi::Context first = vfi::Context::create(oneThread());
  vfi_context *const handle = first.get();
  vfi::Context second = std::move(first);
  CHECK(second.get() == handle);
  CHECK(first.get() == nullptr); // NOLINT: the state after a move is promised
  CHECK_STATUS(thrown([&] {
                 first.interpolate(a.frame, b.frame, {1, 2}, out.frame);
               }),
               VFI_ERR_ARG);

  vfi::Context third = vfi::Context::create(oneThread());
  third = std::move(second); // frees its own context
  CHECK(third.get() == handle);
  vfi::Context &alias = third;
  third = std::move(alias);
  CHECK(third.get() == handle);
  CHECK(third.interpolate(a.frame, b.frame, {1, 2}, out.frame).decision == VFI_INTERPOLATED);

  /* Texts of options stay where they are when settings move. */
  vfi::Params named;
  named.set("model", "a-file-that-is-not-there-and-has-a-long-name.safetensors");
  vfi::Params moved = std::move(named);
  CHECK_STATUS(thrown([&] { vfi::Context::create(moved); }), VFI_ERR_MODEL);
}

static void test_instants() {
  Picture a(3), b(9);
  std::array<Picture, 3> together{Picture(0), Picture(0), Picture(0)};
  std::array<vfi_frame, 3> out{together[0].frame, together[1].frame, together[2].frame};
  const std::array<vfi_rational, 3> t{{{1, 4}, {1, 2}, {3, 4}}};
  vfi::Context context = vfi::Context::create(oneThread());
  context.configure(a.frame);
  auto infos = context.interpolate(a.frame, b.frame, t, out);
  CHECK(infos.size() == 3 && infos[2].decision == VFI_INTERPOLATED);
  for (std::size_t i = 0; i < t.size(); i++) {
    Picture alone(0);
    context.interpolate(a.frame, b.frame, t[i], alone.frame);
    CHECK(alone.samples == together[i].samples);
  }
  CHECK(context.stats().frames_interpolated == 6);
  context.resetStats();
  CHECK(context.stats().frames_interpolated == 0);
  CHECK(context.sceneScore(a.frame, a.frame) == 0);

  std::vector<std::uint8_t> map(Picture::width * Picture::height);
  context.confidence(Picture::width, Picture::height, map);
  CHECK_STATUS(thrown([&] { context.confidence(Picture::width, Picture::height + 1, map); }),
               VFI_ERR_SIZE);
  std::vector<float> flow(2 * map.size());
  vfi_motion motion{sizeof motion, Picture::width, Picture::height, flow.data(), nullptr, nullptr};
  context.motion(motion);
  CHECK_STATUS(thrown([&] { context.interpolate(a.frame, b.frame, std::span(t).first(2), out); }),
               VFI_ERR_ARG);
}

static void test_thrown() {
  Picture a(3), b(6), out(0);
  CHECK_STATUS(thrown([] { vfi::Model::openFile("missing.safetensors"); }), VFI_ERR_MODEL);
  CHECK_STATUS(thrown([] { vfi::Model::openMemory({}); }), VFI_ERR_ARG);
  CHECK_STATUS(thrown([] { vfi::Params().set("no-such-option", "1"); }), VFI_ERR_ARG);
  CHECK_STATUS(thrown([] { vfi::Stream::create(vfi::streamParams()); }), VFI_ERR_ARG);
  vfi::Context context = vfi::Context::create(oneThread());
  CHECK_STATUS(thrown([&] {
                 context.interpolate(a.frame, b.frame, {2, 1}, out.frame);
               }),
               VFI_ERR_ARG);
  b.frame.width--;
  CHECK_STATUS(thrown([&] {
                 context.interpolate(a.frame, b.frame, {1, 2}, out.frame);
               }),
               VFI_ERR_SIZE);
  b.frame.width++;
  context.cancel();
  CHECK_STATUS(thrown([&] {
                 context.interpolate(a.frame, b.frame, {1, 2}, out.frame);
               }),
               VFI_ERR_CANCELLED);
  context.cancelReset();
  CHECK_STATUS(thrown([&] { context.interpolate(a.frame, b.frame, {1, 2}, out.frame); }), VFI_OK);
}

/* Ten frames at 24 a second become 25 at 60. */
static void test_stream() {
  vfi_stream_params rates = vfi::streamParams();
  rates.timebase = {1, 24};
  rates.rate = {60, 1};
  vfi::Stream stream = vfi::Stream::create(rates, oneThread());
  const vfi_rational unit = stream.timebase();
  CHECK(stream.latency().frames >= 1);
  int count = 0;
  const auto receive = [&] {
    while (auto received = stream.receive()) {
      CHECK(received->frame.pts * unit.num * 60 == count * unit.den);
      count++;
    }
  };
  for (int step = 0; step < 10; step++) {
    Picture picture(3 * step);
    picture.frame.pts = step;
    picture.frame.duration = 1;
    CHECK(stream.send(picture.frame));
    receive();
  }
  vfi::Stream moved = std::exchange(stream, {});
  CHECK_STATUS(thrown([&] { (void)stream.receive(); }), VFI_ERR_ARG);
  stream = std::move(moved);
  stream.drain();
  receive();
  CHECK(count == 25);
  CHECK_STATUS(thrown([&] { (void)stream.send(Picture(0).frame); }), VFI_ERR_STATE);
  stream.flush();
  CHECK(stream.stats().frames_interpolated > 0);
  /* Destroyed with a frame in it. */
  CHECK(stream.send(Picture(0).frame));
}

/* A stream that fills holes gives what the pair layer fills, at the frames' own times. */
static void test_holes() {
  const vfi_rectangle hole{30, 20, 9, 8};
  vfi_inpaint_params inpaint = vfi::inpaintParams();
  CHECK(inpaint.dilation == 4 && inpaint.rectangle_count == 0);
  inpaint.rectangles = &hole;
  inpaint.rectangle_count = 1;
  Picture mask(0);
  for (std::uint8_t &sample : mask.samples)
    sample = sample == 170;
  std::array<Picture, 3> pictures{Picture(0), Picture(9), Picture(18)};
  std::array<vfi_frame, 3> frames{pictures[0].frame, pictures[1].frame, pictures[2].frame};
  vfi::Context context = vfi::Context::create(oneThread());
  vfi_stream_params settings = vfi::streamParams();
  settings.flags = VFI_STREAM_INPAINT | VFI_STREAM_KEEP_TIMES;
  settings.look_back = 2;
  settings.look_ahead = 1;
  settings.inpaint = &inpaint;
  vfi::Stream stream = vfi::Stream::create(settings, oneThread());
  CHECK(stream.latency().frames == 1);
  std::size_t count = 0;
  const auto receive = [&] {
    while (auto received = stream.receive()) {
      if (!CHECK(count < frames.size()))
        return;
      Picture out(0);
      const std::size_t last = std::min(count + 1, frames.size() - 1);
      vfi_inpaint_info info =
          context.inpaint(std::span(frames).first(last + 1), {}, count, inpaint, out.frame);
      CHECK(info.filled_pixels > 0 && info.filled_pixels == received->info.filled_pixels);
      for (int y = 0; y < Picture::height; y++)
        CHECK(std::memcmp(received->frame.data[0] + y * received->frame.stride[0],
                          out.frame.data[0] + y * out.frame.stride[0], Picture::width) == 0);
      CHECK(received->frame.pts == static_cast<std::int64_t>(7 * count));
      count++;
    }
  };
  for (vfi_frame &frame : frames) {
    frame.pts = 7 * (&frame - frames.data());
    CHECK(stream.send(frame));
    receive();
  }
  stream.drain();
  receive();
  CHECK(count == frames.size());
  stream.flush();
  CHECK(stream.send(frames[0], &mask.frame));
  Picture out(0), alone(0);
  vfi_inpaint_info info = context.inpaint(frames[0], &mask.frame, vfi::inpaintParams(), out.frame);
  CHECK(info.filled_pixels > 24 * 24 && info.frames_used == 0);
  context.inpaint(std::span(frames).first(1), std::span(&mask.frame, 1), 0, vfi::inpaintParams(),
                  alone.frame);
  CHECK(out.samples == alone.samples && out.samples != pictures[0].samples);
  CHECK_STATUS(thrown([&] { context.inpaint(frames, {}, 3, inpaint, out.frame); }), VFI_ERR_ARG);
}

/* What is marked is repaired, and the map shows it. */
static void test_repair() {
  std::array<Picture, 3> pictures{Picture(0), Picture(0), Picture(0)};
  std::array<Picture, 3> marks{Picture(64), Picture(64), Picture(64)};
  for (Picture &mark : marks)
    std::fill(mark.samples.begin(), mark.samples.end(), std::uint8_t{0});
  for (std::size_t i = 20 * Picture::width + 20; i < 20 * Picture::width + 30; i++) {
    marks[1].samples[i] = 255;
    pictures[1].samples[i] = 7;
  }
  std::array<vfi_frame, 3> frames{pictures[0].frame, pictures[1].frame, pictures[2].frame};
  std::array<vfi_frame, 3> masks{marks[0].frame, marks[1].frame, marks[2].frame};
  vfi::Context context = vfi::Context::create(oneThread());
  Picture map(0), out(0);
  vfi_analysis analysis = context.analyze(frames, masks, 1, &map.frame);
  CHECK((analysis.events & VFI_EVENT_DAMAGED) && analysis.damaged_pixels == 10);
  CHECK(map.samples[20 * Picture::width + 25] == 255 && map.samples[0] == 0);
  vfi_repair_params params = vfi::repairParams();
  params.detect = 0;
  vfi_repair_info info = context.repair(frames, masks, 1, params, out.frame);
  CHECK(info.action == VFI_REPAIR_FILLED && out.samples == pictures[0].samples);
  CHECK_STATUS(thrown([&] { context.analyze(frames, masks, 3); }), VFI_ERR_ARG);
}

static void test_model() {
  const char *path = std::getenv("VFI_TEST_MODEL");
  if (!CHECK(path != nullptr))
    return;
  vfi::Model model = vfi::Model::openFile(path);
  CHECK(std::string(model.info().architecture) == "ifrnet-s");
  vfi::Model second = model.share();
  CHECK(second.get() == model.get());
  vfi::Params own = oneThread();
  own.values.model = model.get();
  vfi::Context context = vfi::Context::create(own);
  model = vfi::Model();
  second = vfi::Model();
  Picture a(3), b(6), out(0);
  CHECK(context.interpolate(a.frame, b.frame, {1, 2}, out.frame).decision == VFI_INTERPOLATED);
}

int main() {
  test_moves();
  test_instants();
  test_thrown();
  CHECK(failures_of_returned_errors() == 0);
  test_stream();
  test_holes();
  test_repair();
  test_model();
  return check_report();
}
