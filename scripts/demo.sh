#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# Shows what libvfi does: a clip at twice its frame rate, and one new frame with its motion.
#
#   scripts/demo.sh [CLIP]
#
# Without CLIP: a clip of ../shared/data where that folder exists, else one that the program draws.
# VFI names the program (.build/release/vfi-program), OUT the folder of the results (build/demo).
set -eu
. "$(dirname "$0")/demo-clip.sh"
out=${OUT:-$root/build/demo}
choose_clip "$out" "$@"

echo "clip           $clip"
"$vfi" info "$clip" | sed -n 's/^stream \([0-9]*\)  video/stream \1       video/p'
"$vfi" interpolate "$clip" "$out/double.mp4" --mult 2 --overwrite --progress
"$vfi" inspect "$clip" --frame 10 "$out/inspect.png" || "$vfi" inspect "$clip" "$out/inspect.png"
echo "video          $out/double.mp4"
echo "picture        $out/inspect.png (before, new, after; motion, mask, key of the motion)"
