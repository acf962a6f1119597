#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# Shows holes being filled: a logo taken out of a clip, and a damaged stream repaired.
#
#   scripts/demo-inpaint.sh [CLIP]
#
# Without CLIP: a clip of ../shared/data where that folder exists, else one that the program draws.
# VFI names the program (.build/release/vfi-program), OUT the folder of the results
# (build/demo-inpaint). Where .venv has OpenCV (benchmarks/setup.sh), the strip shows its Telea too.
set -eu
. "$(dirname "$0")/demo-clip.sh"
out=${OUT:-$root/build/demo-inpaint}
python=$root/.venv/bin/python
choose_clip "$out" "$@"
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

ffmpeg() { command ffmpeg -nostdin -v error -y "$@"; }
size=$(ffprobe -v error -select_streams v:0 -show_entries stream=width,height -of csv=p=0:s=x "$clip")
width=${size%x*} height=${size#*x}
[ "$height" -ge 64 ] || { echo "$clip: $size is too small for this"; exit 1; }

# box X Y W H: of hundredths of the height.
box() {
  echo "drawbox=$(($1 * height / 100)):$(($2 * height / 100)):$(($3 * height / 100)):$(($4 * height / 100))"
}

# logo COLOUR: the letters "vfi", in boxes.
logo() {
  local part separator=
  for part in '8 14 4 10' '12 24 4 8' '16 14 4 10' '26 8 4 24' '30 8 8 4' '30 18 6 4' \
    '42 8 4 4' '42 16 4 16'; do
    # shellcheck disable=SC2086
    printf '%s%s:color=%s:t=fill' "$separator" "$(box $part)" "$1"
    separator=,
  done
}

# strip OUT CLIP...: three frames of each clip, one clip a row.
strip() {
  local picture=$1 inputs=() graph='' rows='' number=0
  shift
  for clip_of_row; do
    inputs+=(-i "$clip_of_row")
    graph+="[$number:v]select='eq(n,8)+eq(n,14)+eq(n,20)',scale=-2:'min(256,ih)',tile=3x1:padding=4[r$number];"
    rows+="[r$number]"
    number=$((number + 1))
  done
  ffmpeg "${inputs[@]}" -filter_complex "$graph${rows}vstack=inputs=$number" -frames:v 1 "$picture"
}

echo "clip           $clip"
ffmpeg -i "$clip" -frames:v 32 -an -vf format=yuv420p -c:v ffv1 "$scratch/clean.mkv"
ffmpeg -f lavfi -i "color=black:size=$size:rate=1" -frames:v 1 -vf "$(logo white),format=gray" \
  "$out/mask.png"
ffmpeg -i "$scratch/clean.mkv" -vf "$(logo yellow)" -c:v ffv1 "$scratch/logo.mkv"
"$vfi" inpaint "$scratch/logo.mkv" "$scratch/filled.mkv" --mask "$out/mask.png" -y --codec ffv1 \
  --progress
ffmpeg -i "$scratch/logo.mkv" -i "$scratch/filled.mkv" -filter_complex hstack -pix_fmt yuv420p \
  "$out/logo.mp4"
rows=("$scratch/logo.mkv" "$scratch/filled.mkv")
told='with the logo, filled'
if [ -x "$python" ] && "$python" -c 'import cv2' 2> /dev/null; then
  "$python" "$root/scripts/telea.py" "$scratch/logo.mkv" "$out/mask.png" "$scratch/telea.mkv"
  rows=("$scratch/logo.mkv" "$scratch/telea.mkv" "$scratch/filled.mkv")
  told="with the logo, OpenCV's Telea, filled"
fi
strip "$out/logo.png" "${rows[@]}"

# A stream loses some of its slices.
ffmpeg -i "$scratch/clean.mkv" -c:v libx264 -crf 23 -g 60 -bf 2 -slices 4 "$scratch/clean.h264"
python3 "$root/benchmarks/damage.py" "$scratch/clean.h264" "$scratch/damaged.h264" \
  --losses 0.03 --seed 2 > "$out/damage.json"
"$vfi" repair "$scratch/damaged.h264" "$scratch/repaired.mkv" -y --codec ffv1 \
  --report "$out/repair.json" --progress
command ffmpeg -nostdin -v quiet -y -i "$scratch/damaged.h264" -c:v ffv1 "$scratch/concealed.mkv"
ffmpeg -i "$scratch/concealed.mkv" -i "$scratch/repaired.mkv" -filter_complex hstack \
  -pix_fmt yuv420p "$out/repair.mp4"
strip "$out/repair.png" "$scratch/clean.mkv" "$scratch/concealed.mkv" "$scratch/repaired.mkv"

echo "video          $out/logo.mp4 (before, after)"
echo "picture        $out/logo.png (rows: $told)"
echo "video          $out/repair.mp4 (damaged as FFmpeg shows it, repaired)"
echo "picture        $out/repair.png (rows: intact, as FFmpeg shows it, repaired)"
echo "report         $out/repair.json"
