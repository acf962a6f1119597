#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# The example retarget: an object on a ramp keeps its shape while the picture becomes narrower or
# wider.
#
#   retarget.sh FOLDER_OF_THE_EXAMPLES
set -u
. "$(dirname "$0")/../check.sh"
retarget=$(realpath "$1")/retarget
cd "$scratch" || exit 1

width=96 height=48 frames=10
# A ramp of 40...135, and a white square of 12 x 12 whose left side moves from column 20 to 38.
ramp="geq=lum='40+X':cb=128:cr=128"
if ! ffmpeg -v error -f lavfi -i "color=black:s=${width}x$height:r=25,format=yuv444p,$ramp" \
  -frames:v $frames -y ramp.y4m 2> messages; then
  skip 'retarget: ffmpeg cannot draw'
  report
fi
draw() { ffmpeg -v error -i ramp.y4m -vf "$1" -f "$2" "${@:4}" -y "$3"; }
square="gte(X,20+2*N)*lt(X,32+2*N)*gte(Y,18)*lt(Y,30)"
draw "geq=lum='if($square,235,lum(X,Y))':cb=128:cr=128" yuv4mpegpipe in.y4m -strict -1
draw "geq=lum='255*$square':cb=128:cr=128,extractplanes=y" rawvideo masks.gray -pix_fmt gray

# row FILE WIDTH FRAME: luma of the row in the middle, one value a line.
row() {
  ffmpeg -v error -i "$1" -vf extractplanes=y -f rawvideo -y luma.gray
  tail -c +$(($2 * height * $3 + $2 * (height / 2) + 1)) luma.gray | head -c "$2" | od -An -v -tu1 -w1
}

# object_of FILE WIDTH FRAME: how many columns are white, and the middle of them.
object_of() { row "$@" | awk '$1 > 180 { n++; sum += NR - 0.5 } END { print n, sum / n }'; }

for target in 48 144; do
  "$retarget" $target masks.gray < in.y4m > out.y4m
  check "to $target: status" test $? = 0
  check "to $target: header" grep -aq "^YUV4MPEG2 W$target H$height C444 F25:1" out.y4m
  check "to $target: frames" test "$(grep -ao FRAME out.y4m | wc -l)" = $frames
  for frame in 0 4 9; do
    read -r columns middle < <(object_of out.y4m $target $frame)
    check "to $target: the square of frame $frame is 12 wide, not $columns" \
      test "$columns" -ge 11 -a "$columns" -le 13
    check "to $target: it stands at $middle in frame $frame" awk -v m="$middle" -v t=$target \
      -v f=$frame 'BEGIN { d = m - (26 + 2 * f) * t / 96; exit !(d * d <= 1.5) }'
  done
  # Outside of the object and its surroundings the ramp has the new width.
  check "to $target: the ramp is resized" awk -v t=$target '
    { d = $1 - (40 + (NR - 0.5) * 96 / t - 0.5) }
    NR > 0.75 * t && NR < t - 2 && d * d > 9 { bad = 1 }
    END { exit bad || NR != t }' <(row out.y4m $target 4)
done
# Within the ramp, where the square stood, nothing white is left but the object.
"$retarget" 96 masks.gray < in.y4m > out.y4m
check 'the same width: the object is where it was' test "$(object_of out.y4m 96 4)" = '12 34'

refuses() {
  "${@:2}" > out.y4m 2> messages
  [[ $? == 1 ]] && grep -q "$1" messages
}
check 'usage' refuses usage "$retarget"
check 'no width' refuses usage "$retarget" 0 masks.gray < in.y4m
check 'no masks' refuses none.gray "$retarget" 48 none.gray < in.y4m
check 'no video' refuses 'not YUV4MPEG2' "$retarget" 48 masks.gray < /dev/null
check 'another format' refuses 'not 444' "$retarget" 48 masks.gray \
  < <(printf 'YUV4MPEG2 W8 H8 F25:1 C420jpeg\n')
head -c 10000 masks.gray > few.gray
check 'too few masks' refuses 'fewer masks than frames' "$retarget" 48 few.gray < in.y4m
check 'a broken frame' refuses 'cut off' "$retarget" 48 masks.gray < <(head -c 5000 in.y4m)
check 'no such model' refuses none.safetensors "$retarget" 48 masks.gray none.safetensors < in.y4m

report
