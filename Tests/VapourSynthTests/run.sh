#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# Tests of the VapourSynth plugin in VapourSynth's own core, after `make build`.
#
# The programs here are hosts of their own and need no Python. Scripts, vspipe and ffmpeg are
# tested where there is a Python of 3.12 or later with a shared library. The last line is
# "N passed, N failed, N skipped".
set -u
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
out=$root/build/tests/vapoursynth
core=$root/build/vapoursynth
. "$here/../check.sh"

rm -rf "$out"
mkdir -p "$out"
cd "$out" || exit 1
if ! "$here/fetch.sh" "$core" >fetch.log 2>&1; then
  tail -n 2 fetch.log
  skip 'VapourSynth could not be fetched from PyPI'
  report
fi

vapoursynth=$core/vapoursynth
flags=(-std=gnu11 -g -O1 -Wall -Wextra -Wpedantic -Werror "-I$root/include"
  "-I$vapoursynth/include")
libraries=(-L"$vapoursynth" -l:libvapoursynth.so.4 "-Wl,-rpath,$vapoursynth" -L"$root/build"
  "-Wl,-rpath,$root/build" -lvfi -lm -lpthread)
sanitizers=(-fsanitize=address,undefined -fno-sanitize-recover=all)
export LD_LIBRARY_PATH=$root/build

# program NAME PLUGIN [FLAG...]: compiles and runs a test program, and adds what it counts.
program() {
  local name=$1 plugin=$2
  shift 2
  check "compile $name" gcc "${flags[@]}" "$@" -o "$name" "$here/$name.c" "$here/host.c" \
    "${libraries[@]}" && counted "$name" env VFI_PLUGIN="$plugin" timeout 300 "./$name"
}

build=(make -C "$root/examples/vapoursynth" "OUT=$out" PKG=vfi-uninstalled
  "PKG_CONFIG_PATH=$root/build:$vapoursynth/pkgconfig")
check 'the plugin builds through pkg-config' "${build[@]}"
check 'the plugin is installed' "${build[@]}" install PLUGIN_DIR=/plugins DESTDIR="$out"
has 'a place for the plugin is asked for' "$("${build[@]}" install PLUGIN_DIR= 2>&1)" 'give PLUGIN_DIR='
[ -n "${VFI_TEST_MODEL:-}" ] || skip 'model files: VFI_TEST_MODEL is not set'
for name in times access properties formats faults creation; do
  program "$name" "$out/libvfi-vapoursynth.so"
done

# Once more with the plugin's and the host's memory watched; `creation` measures memory itself.
gcc -std=c11 -g -O1 -fPIC -shared "${sanitizers[@]}" "-I$root/include" "-I$vapoursynth/include" \
  -o sanitized.so "$root"/examples/vapoursynth/*.c -L"$root/build" -lvfi -lpthread -Wl,-z,nodelete
for name in times access properties formats faults; do
  program "$name" "$out/sanitized.so" "${sanitizers[@]}"
done

# ---- scripts ----

# The first Python that VapourSynth can run scripts with.
find_python() {
  local python
  for python in python3 python3.{12..19} "$HOME"/.pyenv/versions/3.{12..19}.*/bin/python3; do
    "$python" -c 'import sys; sys.exit(sys.version_info < (3, 12))' 2>/dev/null || continue
    "$python" -m vapoursynth config >config.log 2>&1 || continue
    vspipe --version >>config.log 2>&1 && return 0
  done
  return 1
}

# frames FILE [OPTION...]: a checksum of each frame
frames() {
  local file=$1
  shift
  ffmpeg -v error "$@" -i "$file" -f framemd5 - | grep -v '^#' | cut -d, -f6
}

script_tests() {
  local script=$root/examples/vapoursynth/interpolate.vpy
  export VAPOURSYNTH_EXTRA_PLUGIN_PATH=$out/plugins
  ffmpeg -v error -f lavfi -i testsrc2=size=96x64:rate=24000/1001 -frames:v 48 \
    -c:v libx264 -qp 0 -pix_fmt yuv420p in.mp4
  check 'vspipe tells of the script' sh -c "vspipe -a source=$out/in.mp4 --info '$script' - >info.txt"
  has 'frames of the script' "$(cat info.txt)" 'Frames: 121'
  has 'rate of the script' "$(cat info.txt)" 'FPS: 60/1 '

  check 'vspipe into ffmpeg' bash -o pipefail -c \
    "vspipe -a source=$out/in.mp4 -c y4m '$script' - | ffmpeg -v error -i - -c:v ffv1 out.mkv"
  is 'frames of the file' "$(frames out.mkv | wc -l)" 121
  is 'rate of the file' "$(ffprobe -v error -show_entries stream=r_frame_rate -of csv=p=0 \
    out.mkv)" 60/1
  # The program vfi gives the same frames: two hosts, one library.
  check 'vfi on the same clip' "$root/build/vfi" interpolate in.mp4 program.mkv --fps 60 \
    --codec ffv1
  is 'frames are those of vfi' "$(frames out.mkv | md5sum)" "$(frames program.mkv | md5sum)"
  # As av1an reads a script: a range of frames by each worker.
  check 'a range of the script' sh -c \
    "vspipe -a source=$out/in.mp4 -c y4m -s 50 -e 99 '$script' part.y4m"
  is 'a range is that part of the whole' "$(frames part.y4m)" "$(frames out.mkv | sed -n 51,100p)"

  if vspipe -a source=$out/in.mp4 -a num=0 --info "$script" - >refused.txt 2>&1; then
    is 'num=0 is refused' accepted refused
  else
    has 'num=0 is refused' "$(cat refused.txt)" 'num and den must be 1 or more, not 0/1'
  fi
}

export XDG_CONFIG_HOME=$out XDG_CACHE_HOME=$out PYTHONPATH=$core PATH=$vapoursynth:$PATH
if ! command -v ffmpeg >/dev/null || ! command -v ffprobe >/dev/null; then
  skip 'vspipe into ffmpeg: ffmpeg or ffprobe is not installed'
elif find_python; then
  script_tests
else
  skip 'vspipe: there is no Python of 3.12 or later with a shared library'
fi
report
