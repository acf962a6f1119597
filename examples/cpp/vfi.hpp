/* SPDX-License-Identifier: MIT */
/**
 * @file vfi.hpp
 * vfi.h for C++20: handles that free themselves and can be moved, spans, and errors by choice.
 *
 * Two sets of the same classes. Those of namespace vfi throw vfi::Exception; those of namespace
 * vfi::expected throw nothing of their own and return Expected<T> instead, which is
 * std::expected<T, vfi::Error> where the standard library has it (C++23) and a small type with the
 * same essential members otherwise.
 *
 *     vfi::Context context = vfi::Context::create();               // throws vfi::Exception
 *     context.interpolate(a, b, {1, 2}, out);
 *
 *     auto context = vfi::expected::Context::create();             // Expected<Context>
 *     if (!context) std::puts(context.error().message.c_str());
 *     else if (auto info = context->interpolate(a, b, {1, 2}, out)) use(out, *info);
 *
 * Frames are the plain vfi_frame of vfi.h, made by vfi::frame(). Threads, lifetimes and the meaning
 * of every call are those of vfi.h, which stays the reference. A handle that was moved from, or
 * made by its default constructor, is empty: its calls fail with VFI_ERR_ARG.
 */
#ifndef VFI_HPP
#define VFI_HPP

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>
#include <version>
#include <vfi.h>

#if defined(__cpp_lib_expected)
#include <expected>
#define VFI_RESULTS with_std_expected
#else
#define VFI_RESULTS with_own_expected
#endif

/* The inline namespace keeps apart what C++20 and C++23 sources of one program see. */
namespace vfi {
inline namespace VFI_RESULTS {

/** What went wrong: a negative status of vfi.h, and a text that names the cause. */
struct Error {
  vfi_status status;
  std::string message;
};

#if defined(__cpp_lib_expected)
template <class T> using Expected = std::expected<T, Error>;
#else
/** A value or an Error. Reading the one that is not there is undefined, as in std::expected. */
template <class T> class [[nodiscard]] Expected {
public:
  Expected(T value) : content(std::in_place_index<0>, std::move(value)) {}
  explicit Expected(Error error) : content(std::in_place_index<1>, std::move(error)) {}

  bool has_value() const noexcept { return content.index() == 0; }
  explicit operator bool() const noexcept { return has_value(); }
  T &operator*() &noexcept { return *std::get_if<0>(&content); }
  const T &operator*() const &noexcept { return *std::get_if<0>(&content); }
  T &&operator*() &&noexcept { return std::move(*std::get_if<0>(&content)); }
  T *operator->() noexcept { return std::get_if<0>(&content); }
  const T *operator->() const noexcept { return std::get_if<0>(&content); }
  const Error &error() const noexcept { return *std::get_if<1>(&content); }

private:
  std::variant<T, Error> content;
};

template <> class [[nodiscard]] Expected<void> {
public:
  Expected() = default;
  explicit Expected(Error error) : failure(std::move(error)) {}

  bool has_value() const noexcept { return !failure; }
  explicit operator bool() const noexcept { return has_value(); }
  const Error &error() const noexcept { return *failure; }

private:
  std::optional<Error> failure;
};
#endif

#if defined(__cpp_exceptions)
/** An Error as an exception; what() is its message. */
class Exception : public std::runtime_error {
public:
  explicit Exception(const Error &error) : std::runtime_error(error.message), code(error.status) {}
  vfi_status status() const noexcept { return code; }

private:
  vfi_status code;
};

/** Errors are thrown; a call gives its plain value. */
struct Throwing {
  template <class T> using Result = T;
  template <class T> [[noreturn]] static T failure(const Error &error) { throw Exception(error); }
};
#endif

/** Errors are returned; a call gives an Expected. */
struct Returning {
  template <class T> using Result = Expected<T>;
  template <class T> static Expected<T> failure(Error error) {
#if defined(__cpp_lib_expected)
    return std::unexpected(std::move(error));
#else
    return Expected<T>(std::move(error));
#endif
  }
};

namespace detail {

/** Owns a C handle, which `Release` frees and sets to null. */
template <class Handle, void (*Release)(Handle **)> class Owner {
public:
  Owner() = default;
  explicit Owner(Handle *handle) noexcept : owned(handle) {}
  Owner(Owner &&other) noexcept : owned(std::exchange(other.owned, nullptr)) {}
  Owner &operator=(Owner &&other) noexcept {
    if (this != &other) {
      Release(&owned);
      owned = std::exchange(other.owned, nullptr);
    }
    return *this;
  }
  Owner(const Owner &) = delete;
  Owner &operator=(const Owner &) = delete;
  ~Owner() { Release(&owned); }

  Handle *get() const noexcept { return owned; }

private:
  Handle *owned = nullptr;
};

inline Error error(vfi_status status, const vfi_context *context) {
  std::string message = vfi_last_error(context);
  return {status, message.empty() ? vfi_strerror(status) : std::move(message)};
}

/** `value` when the status is no error. */
template <class Errors, class T>
typename Errors::template Result<T> result(vfi_status status, const vfi_context *context, T value) {
  if (status < 0)
    return Errors::template failure<T>(error(status, context));
  return value;
}

template <class Errors>
typename Errors::template Result<void> result(vfi_status status, const vfi_context *context) {
  if (status < 0)
    return Errors::template failure<void>(error(status, context));
  return typename Errors::template Result<void>();
}

/** A struct of vfi.h that begins with struct_size, which is set. */
template <class T> T sized() {
  T value{};
  value.struct_size = sizeof value;
  return value;
}

inline bool fits(std::size_t size) { return size <= 0x7fffffff; }
inline Error tooLarge() { return {VFI_ERR_ARG, "there are more frames than a window may have"}; }

} // namespace detail

/** A frame without planes, its colour unspecified: set data and stride. */
inline vfi_frame frame(vfi_pixel_format format, int width, int height) {
  vfi_frame result;
  vfi_frame_init(&result, sizeof result);
  result.format = format;
  result.width = width;
  result.height = height;
  return result;
}

/** Stream settings with their defaults. */
inline vfi_stream_params streamParams() {
  vfi_stream_params params;
  vfi_stream_params_init(&params, sizeof params);
  return params;
}

/** Settings of holes with their defaults. */
inline vfi_inpaint_params inpaintParams() {
  vfi_inpaint_params params;
  vfi_inpaint_params_init(&params, sizeof params);
  return params;
}

/** Settings of repair with their defaults. */
inline vfi_repair_params repairParams() {
  vfi_repair_params params;
  vfi_repair_params_init(&params, sizeof params);
  return params;
}

/** Weights, which contexts share. */
template <class Errors> class BasicModel {
public:
  template <class T> using Result = typename Errors::template Result<T>;

  BasicModel() = default;

  /** Maps a .safetensors file. */
  static Result<BasicModel> openFile(const std::string &path) {
    vfi_model *model = nullptr;
    vfi_status status = vfi_model_open_file(&model, path.c_str());
    return detail::result<Errors>(status, nullptr, BasicModel(model));
  }

  /** Reads bytes in .safetensors layout, which are copied. */
  static Result<BasicModel> openMemory(std::span<const std::byte> bytes) {
    vfi_model *model = nullptr;
    vfi_status status = vfi_model_open_memory(&model, bytes.data(), bytes.size());
    return detail::result<Errors>(status, nullptr, BasicModel(model));
  }

  /** Another owner of the same weights. */
  BasicModel share() const { return BasicModel(vfi_model_ref(owner.get())); }

  /** What the model is. Its texts live as long as the weights. */
  Result<vfi_model_info> info() const {
    auto info = detail::sized<vfi_model_info>();
    vfi_status status = vfi_model_get_info(owner.get(), &info);
    return detail::result<Errors>(status, nullptr, info);
  }

  vfi_model *get() const noexcept { return owner.get(); }

private:
  explicit BasicModel(vfi_model *model) : owner(model) {}

  detail::Owner<vfi_model, vfi_model_unref> owner;
};

/** Settings of a context, with their defaults; `values` are the fields of vfi.h. */
template <class Errors> class BasicParams {
public:
  BasicParams() { vfi_params_init(&values, sizeof values); }
  BasicParams(BasicParams &&) = default; // elements of a deque stay where they are
  BasicParams &operator=(BasicParams &&) = default;
  BasicParams(const BasicParams &) = delete; // `values` points to texts of this object
  BasicParams &operator=(const BasicParams &) = delete;

  /** Sets an option by its name, e.g. "threads" to "2". Keeps a copy of the text. */
  typename Errors::template Result<void> set(const std::string &name, std::string_view value) {
    texts.emplace_back(value);
    vfi_status status = vfi_params_set(&values, name.c_str(), texts.back().c_str());
    return detail::result<Errors>(status, nullptr);
  }

  vfi_params values;

private:
  std::deque<std::string> texts;
};

/** Makes frames between two frames. */
template <class Errors> class BasicContext {
public:
  template <class T> using Result = typename Errors::template Result<T>;

  BasicContext() = default;

  static Result<BasicContext> create(const BasicParams<Errors> &params = {}) {
    vfi_context *context = nullptr;
    vfi_status status = vfi_create(&context, &params.values);
    return detail::result<Errors>(status, nullptr, BasicContext(context));
  }

  /** Checks format and size, and allocates all memory for them. */
  Result<void> configure(const vfi_frame &description) {
    return checked(vfi_configure(get(), &description));
  }

  /** Makes the frame at `t` between a (0) and b (1). */
  Result<vfi_info> interpolate(const vfi_frame &a, const vfi_frame &b, vfi_rational t,
                               vfi_frame &out) {
    auto info = detail::sized<vfi_info>();
    return checked(vfi_interpolate(get(), &a, &b, t.num, t.den, &out, &info), info);
  }

  /** Makes one frame for each element of `t`; features and motion are found once. */
  Result<std::vector<vfi_info>> interpolate(const vfi_frame &a, const vfi_frame &b,
                                            std::span<const vfi_rational> t,
                                            std::span<vfi_frame> out) {
    using Infos = std::vector<vfi_info>;
    if (t.size() != out.size() || !detail::fits(t.size()))
      return Errors::template failure<Infos>(
          {VFI_ERR_ARG, "as many output frames are needed as there are instants"});
    Infos infos(t.size(), detail::sized<vfi_info>());
    vfi_status status = vfi_interpolate_n(get(), &a, &b, static_cast<std::int32_t>(t.size()),
                                          t.data(), out.data(), infos.data());
    return checked(status, std::move(infos));
  }

  /** As interpolate(), with an instant of each pixel's own. */
  Result<vfi_info> interpolate(const vfi_frame &a, const vfi_frame &b, vfi_rational t,
                               const vfi_distance &distance, vfi_frame &out) {
    auto info = detail::sized<vfi_info>();
    vfi_status status =
        vfi_interpolate_distance(get(), &a, &b, t.num, t.den, &distance, &out, &info);
    return checked(status, info);
  }

  /** Fills the hole of a frame from its surroundings; no mask: the rectangles of `params` only. */
  Result<vfi_inpaint_info> inpaint(const vfi_frame &frame, const vfi_frame *mask,
                                   const vfi_inpaint_params &params, vfi_frame &out) {
    auto info = detail::sized<vfi_inpaint_info>();
    return checked(vfi_inpaint(get(), &frame, mask, &params, &out, &info), info);
  }

  /** Fills the hole of window[index] from the other frames; `masks`: none, one, or one for each. */
  Result<vfi_inpaint_info> inpaint(std::span<const vfi_frame> window,
                                   std::span<const vfi_frame> masks, std::size_t index,
                                   const vfi_inpaint_params &params, vfi_frame &out) {
    if (!detail::fits(window.size()) || !detail::fits(masks.size()) || !detail::fits(index))
      return Errors::template failure<vfi_inpaint_info>(detail::tooLarge());
    auto info = detail::sized<vfi_inpaint_info>();
    vfi_status status =
        vfi_inpaint_window(get(), static_cast<std::int32_t>(window.size()), window.data(),
                           static_cast<std::int32_t>(masks.size()), masks.data(),
                           static_cast<std::int32_t>(index), &params, &out, &info);
    return checked(status, info);
  }

  /** What happened at window[index]; `marks`: none, or one for each frame; `map` may be null. */
  Result<vfi_analysis> analyze(std::span<const vfi_frame> window, std::span<const vfi_frame> marks,
                               std::size_t index, vfi_frame *map = nullptr) {
    if (!detail::fits(window.size()) || !detail::fits(marks.size()) || !detail::fits(index))
      return Errors::template failure<vfi_analysis>(detail::tooLarge());
    auto analysis = detail::sized<vfi_analysis>();
    vfi_status status = vfi_analyze(get(), static_cast<std::int32_t>(window.size()), window.data(),
                                    static_cast<std::int32_t>(marks.size()), marks.data(),
                                    static_cast<std::int32_t>(index), map, &analysis);
    return checked(status, analysis);
  }

  /** Writes window[index] with its damage made good from the other frames. */
  Result<vfi_repair_info> repair(std::span<const vfi_frame> window,
                                 std::span<const vfi_frame> marks, std::size_t index,
                                 const vfi_repair_params &params, vfi_frame &out) {
    if (!detail::fits(window.size()) || !detail::fits(marks.size()) || !detail::fits(index))
      return Errors::template failure<vfi_repair_info>(detail::tooLarge());
    auto info = detail::sized<vfi_repair_info>();
    vfi_status status =
        vfi_repair_window(get(), static_cast<std::int32_t>(window.size()), window.data(),
                          static_cast<std::int32_t>(marks.size()), marks.data(),
                          static_cast<std::int32_t>(index), &params, &out, &info);
    return checked(status, info);
  }

  /** How much of a cut lies between two frames: 0 to 100. */
  Result<double> sceneScore(const vfi_frame &a, const vfi_frame &b) {
    double score = 0;
    vfi_status status = vfi_scene_score(get(), &a, &b, &score);
    return checked(status, score);
  }

  /** Writes the certainty of the last new frame, [height][width], rows without a gap. */
  Result<void> confidence(int width, int height, std::span<std::uint8_t> map) {
    if (width < 1 || height < 1 ||
        map.size() / static_cast<std::size_t>(width) < static_cast<std::size_t>(height))
      return Errors::template failure<void>({VFI_ERR_SIZE, "the map is smaller than the frame"});
    auto confidence = detail::sized<vfi_confidence>();
    confidence.width = width;
    confidence.height = height;
    confidence.data = map.data();
    confidence.stride = width;
    return checked(vfi_get_confidence(get(), &confidence));
  }

  /** Writes the motion behind the last new frame to the planes that `motion` names. */
  Result<void> motion(vfi_motion &motion) { return checked(vfi_get_motion(get(), &motion)); }

  Result<vfi_stats> stats() const {
    auto stats = detail::sized<vfi_stats>();
    vfi_status status = vfi_get_stats(get(), &stats);
    return checked(status, stats);
  }
  void resetStats() noexcept { vfi_reset_stats(get()); }

  /** From any thread: a running call, and every later one, fails with VFI_ERR_CANCELLED. */
  void cancel() const noexcept { vfi_cancel(get()); }
  void cancelReset() noexcept { vfi_cancel_reset(get()); }

  vfi_context *get() const noexcept { return owner.get(); }

private:
  explicit BasicContext(vfi_context *context) : owner(context) {}

  Result<void> checked(vfi_status status) const { return detail::result<Errors>(status, get()); }
  template <class T> Result<T> checked(vfi_status status, T value) const {
    return detail::result<Errors>(status, get(), std::move(value));
  }

  detail::Owner<vfi_context, vfi_destroy> owner;
};

/** A frame that a stream gave. Its planes belong to the stream until the next call on it. */
struct Received {
  vfi_frame frame;
  vfi_info info;
};

/** Takes frames with their times and gives frames at another rate, or the same ones with their
   holes filled: see vfi_stream_params.flags. */
template <class Errors> class BasicStream {
public:
  template <class T> using Result = typename Errors::template Result<T>;

  BasicStream() = default;

  static Result<BasicStream> create(const vfi_stream_params &rates,
                                    const BasicParams<Errors> &params = {}) {
    vfi_stream *stream = nullptr;
    vfi_status status = vfi_stream_create(&stream, &params.values, &rates);
    return detail::result<Errors>(status, nullptr, BasicStream(stream));
  }

  /** Seconds per unit of the received frames' pts. */
  Result<vfi_rational> timebase() const {
    vfi_rational unit{0, 1};
    vfi_status status = vfi_stream_timebase(get(), &unit);
    return checked(status, unit);
  }

  /** Copies a frame, and a mask of its own, into the stream. False: receive first, then send it
      again. */
  [[nodiscard]] Result<bool> send(const vfi_frame &frame, const vfi_frame *mask = nullptr) {
    vfi_status status = vfi_stream_send_marked(get(), &frame, mask);
    return checked(status, status == VFI_OK);
  }

  /** The next frame; none: send more, or, after drain(), the end. */
  [[nodiscard]] Result<std::optional<Received>> receive() {
    Received received{vfi::frame(0, 0, 0), detail::sized<vfi_info>()};
    vfi_status status = vfi_stream_receive(get(), &received.frame, &received.info);
    return checked(status, status == VFI_OK ? std::optional(received) : std::nullopt);
  }

  /** Says that no frame follows. */
  Result<void> drain() { return checked(vfi_stream_drain(get())); }
  /** Forgets all frames: a seek. Also ends drain. */
  Result<void> flush() { return checked(vfi_stream_flush(get())); }

  struct Latency {
    std::int32_t frames;
    double seconds;
  };
  Result<Latency> latency() const {
    Latency latency{0, 0};
    vfi_status status = vfi_stream_latency(get(), &latency.frames, &latency.seconds);
    return checked(status, latency);
  }

  Result<vfi_stats> stats() const {
    auto stats = detail::sized<vfi_stats>();
    vfi_status status = vfi_get_stats(context(), &stats);
    return checked(status, stats);
  }
  /** As BasicContext::cancel(). */
  void cancel() const noexcept { vfi_cancel(context()); }
  void cancelReset() noexcept { vfi_cancel_reset(context()); }

  vfi_stream *get() const noexcept { return owner.get(); }

private:
  explicit BasicStream(vfi_stream *stream) : owner(stream) {}

  vfi_context *context() const noexcept { return vfi_stream_context(get()); }
  Result<void> checked(vfi_status status) const {
    return detail::result<Errors>(status, context());
  }
  template <class T> Result<T> checked(vfi_status status, T value) const {
    return detail::result<Errors>(status, context(), std::move(value));
  }

  detail::Owner<vfi_stream, vfi_stream_destroy> owner;
};

#if defined(__cpp_exceptions)
using Model = BasicModel<Throwing>;
using Params = BasicParams<Throwing>;
using Context = BasicContext<Throwing>;
using Stream = BasicStream<Throwing>;
#endif

namespace expected {
using Model = BasicModel<Returning>;
using Params = BasicParams<Returning>;
using Context = BasicContext<Returning>;
using Stream = BasicStream<Returning>;
} // namespace expected

} // namespace VFI_RESULTS
} // namespace vfi

#undef VFI_RESULTS

#endif
