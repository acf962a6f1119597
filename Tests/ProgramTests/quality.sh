#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# A fall in quality is a defect: the odd frames of real clips, made again from their neighbours,
# must come as near to the truth as they did when the figures below were written down, and so must
# pictures whose holes were filled.
#
#   Tests/ProgramTests/quality.sh PROGRAM [CLIPS]
#
# CLIPS is the folder of the 448x256 evaluation clips; those with holes are in ../inpaint beside it.
# The last line is "N passed, N failed, N skipped".
set -u
. "$(dirname "$0")/../check.sh"
vfi=$(realpath "$1")
clips=${2:-$(dirname "$0")/../../../shared/data/eval/vfi448}
# Decibels that a change may lose before it fails: instruction sets differ by less than 0.01.
tolerance=0.1
if [ ! -d "$clips" ]; then
  skip "there are no evaluation clips in $clips"
  report
fi
clips=$(realpath "$clips")
cd "$scratch" || exit 1

# keep EXPRESSION IN OUT: the frames for which the expression holds, without loss.
keep() { ffmpeg -nostdin -v error -y -i "$2" -vf "select='$1',setpts=N/15/TB" -r 15 -c:v ffv1 "$3"; }

# judge NAME TRUTH FOUND WANTED: whether the mean PSNR of two files is as good as it was.
judge() {
  local found
  found=$("$vfi" compare "$2" "$3" | awk '$1 == "mean" { print $5 }')
  check "$1: $found dB, once $4 dB" \
    awk -v a="${found:-0}" -v b="$4" -v c="$tolerance" 'BEGIN { exit !(a >= b - c) }'
}

while read -r clip wanted; do
  keep 'not(mod(n,2))' "$clips/$clip.mkv" ends.mkv
  keep 'mod(n,2)' "$clips/$clip.mkv" truth.mkv
  "$vfi" interpolate ends.mkv double.mkv -y --codec ffv1 -o scene_cut=0
  keep 'eq(mod(n,2),1)*lt(n,6)' double.mkv made.mkv
  judge "$clip" truth.mkv made.mkv "$wanted"
done <<'CLIPS'
04_karma_f0353 44.86
09_dashcam02_f0137 34.52
16_pig_f0147 40.24
18_omzcars_f0073 38.23
24_sintel_f0153 29.17
29_sintel_tr_f0749 37.57
CLIPS

# Nothing differs outside of the holes: the figure is that of the whole picture.
holes=$clips/../inpaint
while [[ -d $holes ]] && read -r clip wanted; do
  ffmpeg -nostdin -v error -y -i "$holes/$clip/clean.mp4" -frames:v 20 -c:v ffv1 clean.mkv
  "$vfi" inpaint clean.mkv filled.mkv -y --mask "$holes/$clip/mask.mkv" --codec ffv1
  judge "$clip" clean.mkv filled.mkv "$wanted"
done <<'CLIPS'
block_sintel 35.33
scratch_dust_drive 40.00
CLIPS
report
