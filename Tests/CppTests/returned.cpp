/* SPDX-License-Identifier: MIT */
/* vfi.hpp without exceptions: errors that are returned. */
#include "../CInterfaceTests/check.h"
#include "drawing.hpp"
#include <utility>
#include <vfi.hpp>

int failures_of_returned_errors();

int failures_of_returned_errors() {
  namespace ve = vfi::expected;
  Picture a(3), b(6), out(0);
  auto missing = ve::Model::openFile("missing.safetensors");
  CHECK(!missing && missing.error().status == VFI_ERR_MODEL);
  CHECK(missing.error().message.find("missing.safetensors") != std::string::npos);
  auto unknown = ve::Params().set("no-such-option", "1");
  CHECK(!unknown.has_value() &&
        unknown.error().message.find("no-such-option") != std::string::npos);

  auto context = ve::Context::create();
  if (!CHECK(context.has_value()))
    return checks_failed;
  auto info = context->interpolate(a.frame, b.frame, {1, 2}, out.frame);
  CHECK(info && info->decision == VFI_INTERPOLATED);
  auto outside = (*context).interpolate(a.frame, b.frame, {-1, 2}, out.frame);
  CHECK(!outside && outside.error().status == VFI_ERR_ARG);
  ve::Context taken = *std::move(context);
  CHECK(taken.get() != nullptr && context->get() == nullptr);
  auto empty = ve::Context().stats();
  CHECK(!empty && empty.error().status == VFI_ERR_ARG);
  return checks_failed;
}
