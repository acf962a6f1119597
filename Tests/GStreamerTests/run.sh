#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# Builds the GStreamer element `vfi` and tests it, after `make build`.
#
#   Tests/GStreamerTests/run.sh [BUILD_FOLDER]
#
# BUILD_FOLDER has libvfi.so and vfi-uninstalled.pc: build/ if it is not given. The last line is
# "N passed, N failed, N skipped".
set -u
cd "$(dirname "$0")/../.."
source Tests/check.sh
build=$(realpath "${1:-build}")
packages=(gstreamer-check-1.0 gstreamer-base-1.0 gstreamer-video-1.0)
if ! command -v gst-launch-1.0 > /dev/null || ! pkg-config --exists "${packages[@]}"; then
  skip 'GStreamer or its development files are not installed'
  report
fi

# launch ELEMENTS...: runs a pipeline; what it says is in $scratch/log.
launch() { timeout 120 gst-launch-1.0 "$@" > "$scratch/log" 2>&1; }

export LD_LIBRARY_PATH=$build${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}
export GST_PLUGIN_PATH=$build/gstreamer GST_REGISTRY=$scratch/registry GST_REGISTRY_FORK=no
export G_DEBUG=fatal-criticals LC_ALL=C

plugin=(make -C examples/gstreamer OUT="$build/gstreamer" PKG=vfi-uninstalled
  PKG_CONFIG_PATH="$build")

# ------------------------------------------------------------------ the harness ------------------
harness_tests() {
  local flags
  flags=$(PKG_CONFIG_PATH=$build pkg-config --cflags --libs "${packages[@]}" vfi-uninstalled)
  # shellcheck disable=SC2086
  check 'compile the tests' gcc -std=gnu11 -g -Wall -Wextra -Wpedantic -Werror \
    -o "$scratch/element" Tests/GStreamerTests/*.c $flags -lm
  counted 'the harness' timeout 300 "$scratch/element"
  counted 'the harness, motion=quadratic' env VFI_TEST_MOTION=quadratic timeout 300 \
    "$scratch/element" timing pipeline
}

# ------------------------------------------------------------------ the tools --------------------
inspect_tests() {
  check 'gst-inspect-1.0 knows the element' gst-inspect-1.0 vfi
  gst-inspect-1.0 vfi > "$scratch/inspect" 2> "$scratch/complaints"
  is 'gst-inspect-1.0 complains' "$(cat "$scratch/complaints")" ''
  is 'it says warnings' "$(grep -ciE 'warning|critical' "$scratch/inspect")" 0
  is 'the licence' "$(awk '$1 == "License" { print $2 }' "$scratch/inspect")" MIT/X11
  check 'the description of every element' gst-inspect-1.0 --print-plugin-auto-install-info vfi
}

# Frames of 64x48 in I420.
readonly frame_bytes=4608

frame_count() { echo $(($(stat -c %s "$1") / frame_bytes)); }

counts_tests() {
  local frames from to wanted source
  while read -r frames from to wanted; do
    source=(videotestsrc pattern=ball num-buffers="$frames" !
      "video/x-raw,format=I420,width=64,height=48,framerate=$from" !)
    launch "${source[@]}" vfi ! "video/x-raw,framerate=$to" ! filesink location="$scratch/out.raw"
    is "$frames frames at $from to $to" "$(frame_count "$scratch/out.raw")" "$wanted"
    # From one file to another, the rate given by the property.
    launch "${source[@]}" filesink location="$scratch/in.raw"
    launch filesrc location="$scratch/in.raw" \
      ! rawvideoparse format=i420 width=64 height=48 framerate="$from" \
      ! vfi rate="$to" ! filesink location="$scratch/out.raw"
    is "$frames frames at $from to $to, from a file" "$(frame_count "$scratch/out.raw")" "$wanted"
  done <<-END
	48 24000/1001 60/1 121
	50 25/1 60/1 120
	60 30/1 60/1 120
	60 30000/1001 60000/1001 120
	120 60/1 24/1 48
	10 30/1 60/1 20
	10 30/1 48000/1001 16
	10 30/1 50/1 17
	END
  launch videotestsrc num-buffers=5 ! 'video/x-raw,format=I420,width=64,height=48' ! vfi \
    ! filesink location="$scratch/out.raw"
  is 'twice as many without a word' "$(frame_count "$scratch/out.raw")" 10
}

# The source frames are in the result, byte by byte, and any number of threads gives the same.
same_bytes_tests() {
  local source=(videotestsrc pattern=ball num-buffers=6 !
    'video/x-raw,format=I420,width=64,height=48,framerate=30/1' !)
  launch "${source[@]}" filesink location="$scratch/in.raw"
  local threads n
  for threads in 1 2 8; do
    launch "${source[@]}" vfi multiplier=3 threads="$threads" \
      ! filesink location="$scratch/out$threads.raw"
  done
  is 'three for one' "$(frame_count "$scratch/out1.raw")" 18
  check 'one thread as two' cmp "$scratch/out1.raw" "$scratch/out2.raw"
  check 'one thread as eight' cmp "$scratch/out1.raw" "$scratch/out8.raw"
  for n in 0 1 2 3 4 5; do
    check "source frame $n" cmp -n $frame_bytes -i $((n * frame_bytes)):$((3 * n * frame_bytes)) \
      "$scratch/in.raw" "$scratch/out1.raw"
  done
}

# The frames of the program vfi, with linear motion and with that which the frames around bend. GRAY8
# has the full range in GStreamer, so that the file must say the same.
motion_tests() {
  if ! command -v ffmpeg > /dev/null; then
    skip 'frames of the program: ffmpeg is not installed'
    return
  fi
  local motion caps=video/x-raw,format=GRAY8,width=64,height=48,framerate=25/1
  launch videotestsrc pattern=ball num-buffers=9 ! "$caps" ! filesink location="$scratch/in.raw"
  ffmpeg -nostdin -v error -y -f rawvideo -pix_fmt gray -video_size 64x48 -framerate 25 \
    -i "$scratch/in.raw" -c:v ffv1 -color_range pc "$scratch/in.mkv"
  for motion in linear quadratic; do
    launch filesrc location="$scratch/in.raw" \
      ! rawvideoparse format=gray8 width=64 height=48 framerate=25/1 ! vfi multiplier=2 \
      motion="$motion" ! filesink location="$scratch/$motion.raw"
    "$build/vfi" interpolate "$scratch/in.mkv" "$scratch/out.mkv" -y -o motion="$motion" \
      --codec ffv1 2> /dev/null
    ffmpeg -nostdin -v error -y -i "$scratch/out.mkv" -f rawvideo "$scratch/program.raw"
    check "motion=$motion: frames of the program" cmp "$scratch/$motion.raw" "$scratch/program.raw"
  done
  is 'motion=quadratic: as many' "$(stat -c %s "$scratch/quadratic.raw")" \
    "$(stat -c %s "$scratch/linear.raw")"
  is 'motion=quadratic: others' \
    "$(cmp -s "$scratch/quadratic.raw" "$scratch/linear.raw"; echo $?)" 1
}

# Every format in which videotestsrc makes frames, behind and before other elements.
format_tests() {
  local format
  for format in I420 YV12 NV12 I420_10LE P010_10LE I420_12LE Y42B I422_10LE I422_12LE Y444 \
    Y444_10LE Y444_12LE GRAY8 GBR GBR_10LE RGB BGRA A420; do
    check "$format, odd size" timeout 120 gst-launch-1.0 videotestsrc num-buffers=3 \
      ! "video/x-raw,format=$format,width=35,height=27" ! vfi ! videoconvert \
      ! video/x-raw,format=RGBA ! fakesink
  done
  check 'a queue on both sides' timeout 120 gst-launch-1.0 videotestsrc num-buffers=30 \
    ! queue max-size-buffers=1 ! vfi ! queue max-size-buffers=1 ! fakesink
  launch videotestsrc is-live=true num-buffers=6 \
    ! video/x-raw,format=I420,width=64,height=48,framerate=30/1 ! vfi \
    ! filesink sync=true location="$scratch/out.raw"
  is 'a live source loses no frame' "$(frame_count "$scratch/out.raw")" 12
}

# refused TEXT MESSAGE ELEMENTS...: the pipeline ends with an error, and this is said.
refused() {
  local text=$1 message=$2
  shift 2
  if launch "$@"; then
    is "$text" 'ended well' 'an error'
  else
    is "$text" "$(grep -cF -- "$message" "$scratch/log" | sed 's/[1-9].*/said/')" said
  fi
}

fault_tests() {
  refused 'a missing model file' '/no/such.safetensors' \
    videotestsrc num-buffers=2 ! vfi model=/no/such.safetensors ! fakesink
  refused 'an unknown property' 'no-such-thing' \
    videotestsrc num-buffers=2 ! vfi no-such-thing=1 ! fakesink
  refused 'a value that is none' 'flow_scale' \
    videotestsrc num-buffers=2 ! vfi flow-scale=0.3 ! fakesink
  refused 'no rate at all' 'variable frame rate (0/1)' \
    videotestsrc num-buffers=2 ! video/x-raw,framerate=0/1 ! vfi ! fakesink
  refused 'interlaced video' 'interlace' \
    videotestsrc num-buffers=2 ! video/x-raw,interlace-mode=interleaved ! vfi ! fakesink
  refused 'too little memory' 'exceed the limit' \
    videotestsrc num-buffers=2 ! vfi memory-limit=1000 ! fakesink
  refused 'the largest size, too little memory' 'exceed the limit' \
    videotestsrc num-buffers=1 ! video/x-raw,format=GRAY8,width=16384,height=16384,framerate=1/1 \
    ! vfi memory-limit=100000000 ! fakesink
}

# ------------------------------------------------------------------ builds -----------------------
install_tests() {
  local where=$scratch/installed
  check 'make install' "${plugin[@]}" install DESTDIR="$where" PREFIX=/opt/vfi
  is 'it is in the plugin folder' \
    "$(find "$where" -name libgstvfi.so -path '/*/opt/vfi/*/gstreamer-1.0/*' | wc -l)" 1
  readelf -d "$build/gstreamer/libgstvfi.so" > "$scratch/dynamic"
  is 'it has no path of the build tree' "$(grep -cE 'RPATH|RUNPATH' "$scratch/dynamic")" 0
  is 'it exports its description only' \
    "$(nm -D --defined-only "$build/gstreamer/libgstvfi.so" | grep -cv ' gst_plugin_vfi_')" 0
}

# The other way to build it, from an installed libvfi.
meson_tests() {
  if ! command -v meson > /dev/null || ! command -v ninja > /dev/null; then
    skip 'meson is not installed'
    return
  fi
  mkdir -p "$scratch/pkgconfig"
  sed 's/^Name:.*/Name: vfi/' "$build/vfi-uninstalled.pc" > "$scratch/pkgconfig/vfi.pc"
  check 'meson setup' env PKG_CONFIG_PATH="$scratch/pkgconfig" meson setup --prefix=/opt/vfi \
    "$scratch/meson" examples/gstreamer
  check 'meson compile' meson compile -j 2 -C "$scratch/meson"
  check 'meson install' meson install -C "$scratch/meson" --destdir "$scratch/meson-installed"
  local plugin
  plugin=$(find "$scratch/meson-installed/opt/vfi" -path '*/gstreamer-1.0/libgstvfi.so')
  check 'its plugin works' env GST_PLUGIN_PATH="${plugin%/*}" \
    GST_REGISTRY="$scratch/other-registry" gst-inspect-1.0 vfi
}

# ------------------------------------------------------------------ memory -----------------------
sanitizer_tests() {
  local flags folder=$scratch/sanitized
  local sanitizers='-O1 -g -fsanitize=address,undefined -fno-sanitize-recover=all'
  flags=$(PKG_CONFIG_PATH=$build pkg-config --cflags --libs "${packages[@]}" vfi-uninstalled)
  check 'make with sanitizers' "${plugin[@]}" OUT="$folder" CFLAGS="$sanitizers" \
    LDFLAGS=-Wl,-z,undefs
  # shellcheck disable=SC2086
  check 'compile the tests with sanitizers' gcc -std=gnu11 $sanitizers -o "$folder/element" \
    Tests/GStreamerTests/*.c $flags -lm
  check 'the harness with sanitizers' env GST_PLUGIN_PATH="$folder" \
    GST_REGISTRY="$scratch/sanitized-registry" timeout 300 "$folder/element"
}

# Portable kernels: those of AVX2 take minutes there. A stripped library: valgrind cannot read the
# debug information of newer compilers.
memory_tests() {
  if ! command -v valgrind > /dev/null; then
    skip 'valgrind is not installed'
    return
  fi
  mkdir -p "$scratch/stripped"
  strip -o "$scratch/stripped/libvfi.so.0" "$build/libvfi.so.0"
  local checked=(env VFI_CPU=portable LD_LIBRARY_PATH="$scratch/stripped" G_SLICE=always-malloc
    timeout 300 valgrind --quiet --error-exitcode=99 --leak-check=full
    --show-leak-kinds=definite --errors-for-leak-kinds=definite)
  check 'valgrind of the harness' "${checked[@]}" "$scratch/element" negotiation events live \
    faults properties
  check 'valgrind of a pipeline' "${checked[@]}" gst-launch-1.0 videotestsrc num-buffers=4 \
    ! video/x-raw,format=I420,width=32,height=32,framerate=30/1 ! vfi multiplier=3 ! fakesink
}

check 'make' "${plugin[@]}"
harness_tests
inspect_tests
counts_tests
same_bytes_tests
motion_tests
format_tests
fault_tests
install_tests
meson_tests
sanitizer_tests
memory_tests
report
