#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# What the examples y4m and transcode do with bad and odd input.
#
#   faults.sh FOLDER_OF_THE_EXAMPLES
set -u
. "$(dirname "$0")/../check.sh"
examples=$(realpath "$1")
cd "$scratch" || exit 1

# refuses TEXT COMMAND...: fails by itself, not by a signal, and its message has TEXT.
refuses() {
  local text=$1 status
  shift
  rm -f out.mkv
  timeout 120 "$@" 2> messages > out.y4m
  status=$?
  cat messages
  [[ $status == 1 ]] && grep -q "$text" messages
}

# y4m HEADER FRAMES BYTES [TAIL]: gray pictures that differ.
y4m() {
  printf 'YUV4MPEG2 %s\n' "$1"
  for ((i = 0; i < $2; i++)); do
    printf 'FRAME\n'
    head -c "$3" /dev/zero | tr '\0' "\\$((i + 101))"
  done
  printf '%s' "${4:-}"
}

frames() { grep -ao FRAME out.y4m | wc -l; }

filter() {
  local program=$examples/y4m
  y4m 'W32 H32 F25:1 Cmono' 4 1024 > good.y4m
  check 'y4m: no header' refuses 'not YUV4MPEG2' "$program" 2 < /dev/null
  check 'y4m: no size' refuses 'no size' "$program" 2 < <(y4m 'F25:1' 1 1024)
  check 'y4m: too large' refuses 'too large' "$program" 2 < <(y4m 'W16385 H16 F25:1' 1 1)
  check 'y4m: no rate' refuses 'no frame rate' "$program" 2 < <(y4m 'W32 H32 F0:1 Cmono' 1 1024)
  check 'y4m: interlaced' refuses interlaced "$program" 2 < <(y4m 'W32 H32 F25:1 It Cmono' 1 1024)
  check 'y4m: unknown colour' refuses 'not supported' "$program" 2 < <(y4m 'W8 H8 F25:1 C411' 1 96)
  check 'y4m: no such factor' refuses multiplier "$program" 0 < good.y4m
  check 'y4m: no such model' refuses none.safetensors "$program" 2 none.safetensors < good.y4m
  y4m 'W32 H32 F25:1 Cmono' 4 1024 $'FRAME\nshort' | "$program" 2 > out.y4m 2> messages
  check 'y4m: a frame that is cut off is told' grep 'cut off' messages
  check 'y4m: the frames before are kept' test "$(frames)" = 8
  y4m 'W1 H1 F25:1 Cmono' 3 1 | "$program" 2 > out.y4m 2> messages
  check 'y4m: 1x1' test "$(frames)" = 6
}

# converts IN: into out.mkv, at 50 a second.
converts() {
  rm -f out.mkv
  timeout 120 "$examples/transcode" "$1" out.mkv 50 ffv1 > messages 2>&1
}

clip() { ffmpeg -nostdin -v error -y -f lavfi -i "testsrc2=rate=25:size=$1" "${@:2}"; }
count() {
  ffprobe -v error -count_frames -of csv=p=0 -show_entries stream=nb_read_frames "$1" 2> messages
}

decoder() {
  local program=$examples/transcode
  clip 96x64 -frames:v 5 -c:v libx264 a.ts
  clip 160x120 -frames:v 5 -c:v libx264 b.ts
  printf 'file a.ts\nfile b.ts\n' > list
  ffmpeg -nostdin -v error -y -f concat -i list -c copy changing.ts
  check 'transcode: a change of size' refuses 'size or pixel format' \
    "$program" changing.ts out.mkv 50 ffv1
  check 'transcode: the frames before are kept' test "$(count out.mkv)" = 10
  clip 96x64,interlace -frames:v 5 -flags +ildct -c:v mpeg2video interlaced.ts
  check 'transcode: interlaced' refuses 'frame: .*interlaced' "$program" interlaced.ts out.mkv 50 ffv1
  check 'transcode: no such model' refuses none.safetensors \
    "$program" a.ts out.mkv 50 ffv1 none.safetensors
  check 'transcode: no such rate' refuses usage "$program" a.ts out.mkv 0/1
  clip 96x64 -frames:v 2 -pix_fmt rgb565le -c:v rawvideo odd.nut
  check 'transcode: a format that libvfi lacks' refuses 'pixel format' \
    "$program" odd.nut out.nut 50 rawvideo
  clip 8x8,format=gray,crop=1:1:0:0 -frames:v 5 -c:v ffv1 tiny.mkv
  converts tiny.mkv
  check 'transcode: 1x1' test "$(count out.mkv)" = 10
  clip 96x64 -frames:v 20 -c:v ffv1 long.mkv
  head -c $(($(stat -c %s long.mkv) / 2)) long.mkv > half.mkv
  converts half.mkv
  check 'transcode: half a file gives twice its frames' \
    test "$(count out.mkv)" = $((2 * $(count half.mkv)))
  clip 96x64 -frames:v 1 -c:v ffv1 one.mkv
  converts one.mkv
  check 'transcode: one frame' test "$(count out.mkv)" = 2
}

filter
decoder
report
