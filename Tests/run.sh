#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# All tests, after `make build`. The last line sums up: N passed, N failed, N skipped.
set -u
cd "$(dirname "$0")/.."
out=$PWD/build/tests
mkdir -p "$out"
passed=0 failed=0 skipped=0

# add NAME PASSED FAILED [SKIPPED]
add() {
  passed=$((passed + $2)) failed=$((failed + $3)) skipped=$((skipped + ${4:-0}))
  printf '%-34s %6d passed %4d failed %4d skipped\n' "$1" "$2" "$3" "${4:-0}"
}

skip() {
  add "$1" 0 0 1
  echo "  $2"
}

# one NAME COMMAND...: a single check, which passes when the command does.
one() {
  local name=$1 log=$out/${1//[ \/]/_}.log
  shift
  if "$@" > "$log" 2>&1; then
    add "$name" 1 0
  else
    tail -20 "$log"
    add "$name" 0 1
  fi
}

# counted NAME COMMAND...: the command's last line is "N passed, N failed[, N skipped]".
counted() {
  local name=$1 log=$out/${1//[ \/]/_}.log status
  shift
  "$@" > "$log" 2>&1
  status=$?
  if [[ $(tail -1 "$log") =~ ^([0-9]+)\ passed,\ ([0-9]+)\ failed(,\ ([0-9]+)\ skipped)?$ ]]; then
    head -n -1 "$log" | head -40
    local counts=("${BASH_REMATCH[1]}" "${BASH_REMATCH[2]}" "${BASH_REMATCH[4]:-0}")
    # A leak or a race is reported by the exit status alone.
    if [[ $status != 0 && ${counts[1]} == 0 ]]; then counts[1]=1; fi
    add "$name" "${counts[@]}"
  else
    tail -20 "$log"
    echo "  ended without a result, status $status"
    add "$name" 0 1
  fi
}

swift_tests() {
  local log=$out/swift.log status
  swift test -c release --disable-local-rpath > "$log" 2>&1
  status=$?
  local good bad without
  good=$(grep -cE '^✔ Test .* passed after' <(grep -v 'Test run' "$log"))
  bad=$(grep -cE '^✘ Test .* failed after' <(grep -v 'Test run' "$log"))
  without=$(grep -cE '^➜ Test .* skipped' "$log")
  grep -E '^✘|^➜ Test .* skipped|error:|Fatal error' "$log" | head -40
  if [[ $status != 0 && $bad == 0 ]]; then
    tail -20 "$log"
    bad=1
  fi
  add 'swift test' "$good" "$bad" "$without"
}

c_programs=(arguments frames pair inpaint holes network analyze doubt stream window windowlimits repairstream models folders memory threads chunks promises sparse maps motion)
c_flags=(-std=gnu11 -g -Wall -Wextra -Wpedantic -Werror -Iinclude)
links=(-Lbuild "-Wl,--enable-new-dtags,-rpath,$PWD/build" -lvfi -lm -lpthread -ldl)

# compile NAME FLAGS...: build/tests/NAME from Tests/CInterfaceTests.
compile() {
  local name=$1 source=${1%%-*}
  shift
  one "compile $name" gcc "${c_flags[@]}" "$@" -o "$out/$name" \
    "Tests/CInterfaceTests/$source.c" Tests/CInterfaceTests/support.c "${links[@]}"
}

c_tests() {
  for standard in c99 c11 c17; do
    one "vfi.h alone as $standard" gcc -x c -std=$standard -pedantic-errors -Wall -Wextra -Werror \
      -fsyntax-only include/vfi.h
  done
  for standard in c++17 c++20; do
    one "vfi.h alone as $standard" g++ -x c++ -std=$standard -pedantic-errors -Wall -Wextra -Werror \
      -fsyntax-only include/vfi.h
  done
  for name in "${c_programs[@]}"; do
    compile "$name" && counted "$name.c" timeout 900 "$out/$name"
  done
  for level in portable avx2 avx512 avx512vnni; do
    for name in pair inpaint analyze doubt chunks; do
      counted "$name.c $level" env VFI_CPU=$level timeout 900 "$out/$name"
    done
  done
  compile loading
  cp -f build/libvfi.so.0 "$out/second-copy.so"
  counted loading.c timeout 300 "$out/loading" build/libvfi.so.0 "$out/second-copy.so"
  counted library.sh Tests/CInterfaceTests/library.sh build/libvfi.so.0 include/vfi.h \
    .build/release
}

# Portable kernels: those of AVX2 take minutes there. A stripped library: valgrind cannot read the
# debug information of newer compilers.
memcheck=(env VFI_CPU=portable valgrind --quiet --error-exitcode=99 --leak-check=full
  --show-leak-kinds=definite --errors-for-leak-kinds=definite)

sanitized_tests() {
  # The C side and its use of our memory; allocations of the library are watched as well.
  for name in arguments frames pair inpaint holes analyze doubt stream windowlimits; do
    compile "$name-sanitized" -fsanitize=address,undefined -fno-sanitize-recover=all
    counted "sanitized $name.c" timeout 900 "$out/$name-sanitized"
  done
}

# Programs that know nothing but an installed tree.
example_tests() {
  local prefix=$out/installed log=$out/install.log
  rm -rf "$prefix" "$out/examples"
  mkdir -p "$out/examples"
  one 'make install' make install DESTDIR="$prefix" PREFIX=/opt/vfi
  local folder=$prefix/opt/vfi
  for file in lib/libvfi.{so,so.0,a} lib/pkgconfig/vfi.pc include/vfi.{h,hpp} bin/vfi \
    lib/cmake/vfi/vfi-config{,-version}.cmake share/man/man1/vfi.1 \
    share/{bash-completion/completions/vfi,zsh/site-functions/_vfi,fish/vendor_completions.d/vfi.fish}
  do
    one "installed $file" test -s "$folder/$file"
  done
  one 'installed models are found' test "$("$folder/bin/vfi" models | wc -l)" \
    = $((2 + $(ls share/vfi/*.safetensors | wc -l)))
  export PKG_CONFIG_SYSROOT_DIR=$prefix
  one 'examples through pkg-config' make -C examples OUT="$out/examples" \
    PKG_CONFIG_PATH="$folder/lib/pkgconfig"
  unset PKG_CONFIG_SYSROOT_DIR
  local input=$out/input.y4m frames
  { printf 'YUV4MPEG2 W48 H32 F24:1 Ip C420jpeg\n'
    for i in 1 2 3 4 5; do
      printf 'FRAME\n'
      head -c 2304 /dev/zero | tr '\0' "\\$((i + 100))"
    done; } > "$input"
  export LD_LIBRARY_PATH=$folder/lib
  for name in pair instants stream embed pair_cpp; do one "example $name" "$out/examples/$name"; done
  one 'embed shows every output' grep -Eqx \
    '3 source frames, [12][0-9] new, [0-9] held, 1 cancelled; at most [0-9]+ bytes' \
    "$out/example_embed.log"
  one 'embedding.md quotes embed.c' Tests/DocumentationTests/quotes.py docs/embedding.md \
    examples/c/embed.c
  one 'example y4m' bash -c '"$@" > "$0"' "$out/output.y4m" "$out/examples/y4m" 3 < "$input"
  one 'example transcode' "$out/examples/transcode" "$input" "$out/output.mkv" 60 ffv1
  counted 'example retarget' timeout 300 Tests/ExampleTests/retarget.sh "$out/examples"
  counted 'faults in the examples' timeout 300 Tests/ExampleTests/faults.sh "$out/examples"
  one 'transcode names a missing file' bash -c '! "$@" 2> "$0" && grep -q "none.mkv: No such" "$0"' \
    "$out/transcode.log" "$out/examples/transcode" none.mkv "$out/none.mkv" 60
  one 'transcode names an unknown encoder' bash -c '! "$@" 2> "$0" && grep -q "nothing: Enc" "$0"' \
    "$out/transcode.log" "$out/examples/transcode" "$input" "$out/none.mkv" 60 nothing
  if command -v valgrind > /dev/null; then
    for name in pair instants stream embed pair_cpp; do
      one "valgrind $name" "${memcheck[@]}" "$out/examples/$name"
    done
    one 'valgrind y4m' "${memcheck[@]}" "$out/examples/y4m" 3 < "$input"
    counted 'valgrind arguments.c' "${memcheck[@]}" "$out/arguments"
  else
    skip valgrind 'valgrind is not installed'
  fi
  unset LD_LIBRARY_PATH
  frames=$(grep -ao FRAME "$out/output.y4m" | wc -l)
  one 'y4m gives 15 frames for 5' test "$frames" = 15
  frames=$(ffprobe -v error -count_frames -of csv=p=0 -show_entries \
    stream=nb_read_frames,avg_frame_rate "$out/output.mkv")
  one 'transcode gives 13 frames for 5 at 24' test "$frames" = 60/1,13
}

ffmpeg_tests() {
  one 'compile avframe' gcc "${c_flags[@]}" -o "$out/avframe" Tests/FFmpegTests/avframe.c \
    "${links[@]}" -lavutil
  counted 'avframe.c' timeout 300 "$out/avframe"
  ffmpeg_build 'FFmpeg with the filter' bookworm \
    && counted 'filter vfi' timeout 900 Tests/FFmpegTests/run.sh
  ffmpeg_build 'filter in FFmpeg 7.1' --object trixie
  ffmpeg_build 'filter in FFmpeg 9.0' --object sid
}

# ffmpeg_build NAME OPTION...: skipped, with a status that is not 0, where there are no sources.
ffmpeg_build() {
  local name=$1 log=$out/ffmpeg-build.log status
  shift
  timeout 1800 examples/ffmpeg/build.sh "$@" > "$log" 2>&1
  status=$?
  if [[ $status == 3 ]]; then
    skip "$name" "$(tail -1 "$log")"
  else
    one "$name" bash -c "cat '$log'; exit $status"
  fi
  return $status
}

vapoursynth_tests() {
  counted 'VapourSynth plugin' timeout 900 Tests/VapourSynthTests/run.sh
}

program_tests() {
  if command -v ffmpeg > /dev/null && command -v ffprobe > /dev/null; then
    counted 'manual and completions' timeout 300 Tests/ProgramTests/manual.sh build/vfi
    counted 'program vfi' timeout 1200 Tests/ProgramTests/run.sh "$PWD/build/vfi"
    counted 'quality on real clips' timeout 300 Tests/ProgramTests/quality.sh "$PWD/build/vfi"
  else
    skip 'program vfi' 'ffmpeg or ffprobe is not installed'
  fi
}

python_tests() {
  local python
  for python in .venv/bin/python training/.venv/bin/python python3; do
    if "$python" -c 'import torch, pytest' 2> /dev/null; then
      local log=$out/pytest.log status
      "$python" -m pytest -q training/tests benchmarks/tests > "$log" 2>&1
      status=$?
      local summary counts=()
      summary=$(tail -1 "$log")
      for word in passed failed skipped; do
        [[ $summary =~ ([0-9]+)\ $word ]] && counts+=("${BASH_REMATCH[1]}") || counts+=(0)
      done
      if [[ $status != 0 ]]; then
        tail -20 "$log"
        [[ ${counts[1]} == 0 ]] && counts[1]=1
      fi
      add pytest "${counts[@]}"
      return
    fi
  done
  skip pytest 'PyTorch or pytest is not installed: the Python code was not tested'
}

export VFI_TEST_MODEL=$out/ifrnet-s.safetensors
one 'model of the tests' .build/release/write-test-model "$VFI_TEST_MODEL"
export VFI_TEST_SPARSE_MODEL=$out/ugsp.safetensors
one 'sparse model of the tests' .build/release/write-test-model "$VFI_TEST_SPARSE_MODEL" ugsp
export VFI_TEST_INPAINT_MODEL=$out/vinet-s.safetensors
one 'inpainting model of the tests' .build/release/write-test-model "$VFI_TEST_INPAINT_MODEL" vinet-s
c_tests
counted vfi.hpp timeout 900 Tests/CppTests/run.sh
sanitized_tests
example_tests
counted 'pkg-config and CMake' timeout 900 Tests/PackagingTests/run.sh
counted 'Debian packages' timeout 1800 Tests/PackagingTests/deb.sh
ffmpeg_tests
vapoursynth_tests
counted 'GStreamer element' timeout 900 Tests/GStreamerTests/run.sh
program_tests
swift_tests
python_tests

echo "$passed passed, $failed failed, $skipped skipped"
[[ $failed == 0 ]]
