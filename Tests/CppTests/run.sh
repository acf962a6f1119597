#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# vfi.hpp, by every compiler and standard of C++ that is here; VFI_TEST_MODEL is an IFRNet file.
set -u
cd "$(dirname "$0")/../.."
source Tests/check.sh
out=$PWD/build/tests/cpp
mkdir -p "$out"
flags=(-g -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Werror -Iinclude -Iexamples/cpp)
links=(-Lbuild "-Wl,--enable-new-dtags,-rpath,$PWD/build" -lvfi)

# program NAME COMPILER STANDARD STANDARD_WITHOUT_EXCEPTIONS FLAGS...
program() {
  local name=$1 compiler=$2 standard=$3 without=$4
  shift 4
  check "$name: thrown.cpp" "$compiler" "-std=$standard" "${flags[@]}" "$@" \
    -c -o "$out/thrown.o" Tests/CppTests/thrown.cpp \
    && check "$name: returned.cpp" "$compiler" "-std=$without" -fno-exceptions "${flags[@]}" "$@" \
      -c -o "$out/returned.o" Tests/CppTests/returned.cpp \
    && check "$name: link" "$compiler" "$@" -o "$out/program" "$out"/{thrown,returned}.o \
      "${links[@]}" \
    && check "$name: run" timeout 300 "$out/program"
}

for compiler in g++ clang++; do
  if ! command -v "$compiler" > /dev/null; then
    skip "$compiler is not installed"
    continue
  fi
  program "$compiler, C++20" "$compiler" c++20 c++20
  program "$compiler, C++23" "$compiler" c++23 c++23
  program "$compiler, C++20 and C++23 in one program" "$compiler" c++20 c++23
done
program sanitized g++ c++20 c++20 -fsanitize=address,undefined -fno-sanitize-recover=all

# Our own result type says that it must be looked at; GCC 12's std::expected does not.
printf '%s\n' '#include <vfi.hpp>' 'void run(vfi::expected::Context &context) { context.configure({}); }' \
  > "$out/ignored.cpp"
check 'an ignored error is a warning' bash -c '! "$@" 2> "$0" && grep -q unused-result "$0"' \
  "$out/ignored.log" g++ -std=c++20 "${flags[@]}" -fsyntax-only "$out/ignored.cpp"

# The first example of the guide.
sed -n '/^```cpp/,/^```$/{/^```/!p;/^```$/q}' docs/linking.md > "$out/guide.cpp"
check 'the guide has an example' grep -q 'vfi::expected' "$out/guide.cpp"
check 'the example of the guide' g++ -std=c++20 "${flags[@]}" -fsyntax-only "$out/guide.cpp"

report
