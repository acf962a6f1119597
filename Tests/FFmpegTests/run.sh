#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# Tests of the filter vfi in a real FFmpeg, as examples/ffmpeg/build.sh made it.
#
#   Tests/FFmpegTests/run.sh [TEST...]
#
# TEST is the name of a function below. SUITE=sid takes the build of another Debian suite. The last
# line is "N passed, N failed, N skipped". New frames differ between machines by rounding, so that
# runs are compared with each other only.
set -u
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
tree=$root/build/ffmpeg/${SUITE:-bookworm}/source
. "$here/../check.sh"
. "$here/../ProgramTests/clips.sh"
cd "$scratch" || exit 1
libraries=$root/build:$tree/libavfilter:$tree/libavutil:$tree/libswscale

# filtered INPUT FILTERS [OPTION...]: pts and checksum of each frame, one a line
filtered() {
  local input=$1 filters=$2
  shift 2
  timeout 120 ffmpeg -nostdin -v error -i "$input" -vf "$filters" "$@" -fps_mode passthrough \
    -f framecrc - | grep -v '^#' | awk -F', *' '{print $3, $6}'
}

# pattern RATE FRAMES OUTPUT [OPTION...]: a moving test picture, without loss
pattern() {
  local rate=$1 frames=$2 output=$3
  shift 3
  make_clip -f lavfi -i "testsrc2=size=96x64:rate=$rate" -frames:v "$frames" -c:v ffv1 "$@" \
    "$output"
}

lines() { grep -c . || true; }

# Programs of C around the filter: times, pictures, faults.
test_programs() {
  local program
  for program in times pictures faults; do
    check "compile $program.c" gcc -std=gnu11 -g -Wall -Wextra -Wpedantic -Werror -I"$root/include" -I"$tree" \
      -o "$program" "$here/$program.c" "$here/graph.c" -L"$tree/libavfilter" -lavfilter \
      -L"$tree/libavutil" -lavutil -Wl,-rpath-link,"$libraries" -lm \
      && counted "$program.c" env LD_LIBRARY_PATH="$libraries" timeout 300 "./$program"
  done
}

# Table 8.2 of the contract: all outputs before the end of the last frame.
test_frame_counts() {
  local frames rate fps wanted
  while read -r frames rate fps wanted; do
    pattern "$rate" "$frames" in.mkv
    is "$frames frames at $rate to $fps" "$(filtered in.mkv "vfi=fps=$fps" | lines)" "$wanted"
    make_clip -i in.mkv -vf "vfi=$fps" -c:v mpeg4 out.mp4
    is "$frames frames at $rate to $fps, encoded" "$(frame_count out.mp4)" "$wanted"
  done <<-END
	48 24000/1001 60 121
	50 25 60 120
	60 30 60 120
	60 30000/1001 60000/1001 120
	120 60 24 48
	10 30 60 20
	10 30 48000/1001 16
	10 30 50 17
	END
  pattern 30 10 in.mp4 -c:v mpeg4
  is 'slow motion keeps its tail' "$(filtered in.mp4 'setpts=4*PTS,vfi=fps=60' | lines)" 80
  is 'fast motion, too' "$(filtered in.mp4 'setpts=PTS/2,vfi=fps=60' | lines)" 10
}

# The same bytes for any number of threads, also the library's own, and in 10 bits.
test_threads() {
  local format one threads
  for format in yuv420p yuv420p10le; do
    pattern 25 8 in.mkv -pix_fmt "$format"
    one=$(filtered in.mkv vfi=fps=60 -filter_threads 1)
    is "$format: frames" "$(lines <<< "$one")" 20
    is "$format: new pictures" "$(sort -k2 -u <<< "$one" | lines)" 18
    for threads in 2 8; do
      is "$format: $threads threads" "$(filtered in.mkv vfi=fps=60 -filter_threads $threads)" "$one"
    done
    is "$format: threads of the filter" "$(filtered in.mkv vfi=fps=60:threads=1)" "$one"
    is "$format: no slices" "$(filtered in.mkv vfi=fps=60:thread_type=0)" "$one"
    is "$format: own threads" "$(filtered in.mkv vfi=fps=60:vfi_params=threads=3)" "$one"
  done
}

# A source whose time is an output's stays as it is, bit by bit, in every format that FFV1 has.
test_originals() {
  local format
  for format in yuv420p yuv422p10le yuv444p12le gray gray10le gbrp10le yuva420p bgra; do
    pattern 25 4 in.mkv -pix_fmt "$format"
    is "$format: each third frame" "$(filtered in.mkv vfi=mult=3 | awk '{print $2}' | every 3 0)" \
      "$(filtered in.mkv null | awk '{print $2}')"
    make_clip -i in.mkv -vf vfi=mult=3 -c:v ffv1 out.mkv
    is "$format: kept" "$(probe out.mkv stream=pix_fmt)" "$format"
  done
}

test_sizes() {
  local size
  make_clip -f lavfi -i testsrc2=size=128x128:rate=25 -frames:v 4 -c:v ffv1 in.mkv
  for size in 1x1 1x9 33x17 7x101 127x65; do
    is "$size" "$(filtered in.mkv "format=yuv420p,crop=${size/x/:}:exact=1,vfi=mult=2" | lines)" 8
  done
}

# Across a hard cut every frame is one of the two scenes.
test_cuts() {
  local filters='color=red:s=96x64:r=25:d=0.2[a];testsrc2=s=96x64:r=25:d=0.2[b];[a][b]concat'
  make_clip -f lavfi -i "$filters" -c:v ffv1 in.mkv
  local red frames
  red=$(filtered in.mkv null | awk 'NR == 1 {print $2}')
  frames=$(filtered in.mkv vfi=mult=4 | awk '{print $2}')
  is 'frames with a cut' "$(lines <<< "$frames")" 40
  is 'first scene, and what is nearer to it' "$(head -19 <<< "$frames" | sort -u)" "$red"
  is 'second scene' "$(sed -n 20,21p <<< "$frames" | sort -u)" \
    "$(filtered in.mkv null | awk 'NR == 6 {print $2}')"
  is 'without detection both are mixed' \
    "$(filtered in.mkv vfi=mult=4:scd=none | awk '{print $2}' | sed -n 18,20p | grep -c "$red")" 0
}

test_variable_rate() {
  pattern 25 40 all.mkv
  make_clip -i all.mkv -vf 'select=not(mod(n\,3))+not(mod(n\,7))' -fps_mode vfr -c:v ffv1 in.mkv
  local frames
  frames=$(filtered in.mkv vfi=fps=50 | awk '{print $1}')
  is 'one frame each 20 ms' "$frames" "$(seq 0 "$(($(lines <<< "$frames") - 1))")"
  is 'to the end' "$(lines <<< "$frames")" 80
}

# From the middle, up to a time, and a file that breaks off.
test_pieces() {
  pattern 25 100 in.mkv -c:v mpeg4 -g 10
  is 'from the middle' "$(filtered in.mkv vfi=fps=50 -ss 1.02 | lines)" 149
  local seek='-ss 2'
  is 'seek in the input' "$(timeout 60 ffmpeg -nostdin -v error $seek -i in.mkv -vf vfi=fps=50 \
    -f framecrc - | grep -vc '^#')" 100
  is 'up to a time' "$(filtered in.mkv vfi=fps=60 -t 0.5 | lines)" 30
  is 'up to a frame' "$(filtered in.mkv vfi=fps=60 -frames:v 7 | lines)" 7
  head -c $(($(stat -c %s in.mkv) / 2)) in.mkv > half.mkv
  local sources outputs
  sources=$(timeout 60 ffmpeg -nostdin -v quiet -i half.mkv -f framecrc - | grep -vc '^#')
  outputs=$(timeout 60 ffmpeg -nostdin -v quiet -i half.mkv -vf vfi=fps=50 -f framecrc - \
    | grep -vc '^#')
  is 'a file that breaks off' "$((sources > 20 && outputs == 2 * sources))" 1
  # Ctrl-C after some frames: the file ends well and plays.
  bash -c 'echo $$ > job; exec ffmpeg -nostdin -v error -f lavfi -i testsrc2=s=96x64:r=25 \
    -vf vfi=fps=50 -c:v ffv1 -y stop.mkv -vf vfi=fps=50 -f rawvideo -' 2> stop.log \
    | { head -c 200000 > /dev/null; kill -INT "$(< job)"; cat > /dev/null; }
  is 'interrupted' "${PIPESTATUS[0]}" 255
  is 'and playable' "$(($(frame_count stop.mkv | grep . || echo 0) > 0))" 1
}

# fails TITLE MESSAGE FILTER
fails() {
  timeout 60 ffmpeg -nostdin -v error -f lavfi -i testsrc2=s=96x64 -frames:v 4 -vf "$3" -f null - \
    > out.log 2>&1
  local status=$?
  # Not by a signal: newer releases exit with any other number.
  is "$1: fails" "$((status != 0 && (status < 128 || status > 192)))" 1
  has "$1: message" "$(cat out.log)" "$2"
}

test_messages() {
  fails 'missing model' 'none.safetensors' vfi=model=none.safetensors
  fails 'unknown option' 'no_such' vfi=no_such=1
  fails 'option of the library' "there is no option 'no_such'" vfi=vfi_params=no_such=1
  fails 'two rates' 'exclude each other' vfi=fps=60:mult=3
  fails 'no rate' 'above 0' vfi=fps=0
  fails 'too little memory' 'out of memory' vfi=vfi_params=memory_limit=4096
  fails 'inpaint without a hole' 'wants rect or mask_file' vfi=mode=inpaint
  fails 'a wrong rectangle' 'is not x:y:w:h' vfi=mode=inpaint:rect=1/2/3
  fails 'an empty rectangle' 'is not x:y:w:h' vfi=mode=inpaint:rect=1/2/0/3
  fails 'a rate in mode repair' 'The rate stays' vfi=mode=repair:fps=60
  fails 'no mask file' 'cannot be opened' vfi=mode=inpaint:mask_file=none.pgm
  echo P6 > wrong.pgm
  fails 'no PGM' 'no PGM picture' vfi=mode=inpaint:mask_file=wrong.pgm
  printf 'P5 8 8 255\n1234' > short.pgm
  fails 'a short mask' 'ends early' vfi=mode=inpaint:mask_file=short.pgm
  { printf 'P5\n# made by hand\n8 8\n255\n' && head -c 64 /dev/zero; } > small.pgm
  fails 'a mask of another size' 'The mask is 8x8, the video 96x64' vfi=mode=inpaint:mask_file=small.pgm
  fails 'too little memory for a hole' 'out of memory' \
    vfi=mode=inpaint:rect=0/0/50/50:vfi_params=memory_limit=100000
  local text
  text=$(timeout 60 ffmpeg -nostdin -v warning -f lavfi -i testsrc2=s=32x32:r=25 -frames:v 6 \
    -vf 'setfield=tff,setparams=field_mode=tff,vfi=mult=2' -f framecrc - 2>&1)
  has 'interlaced' "$text" 'deinterlace them before'
  is 'interlaced frames are kept' "$(grep -c '^0,' <<< "$text")" 6
}

# waves SIZE OUTPUT: twelve frames of a texture that moves by two pixels a frame
waves() {
  make_clip -f lavfi -i "color=s=$1:r=25,format=yuv420p,
    geq=lum='120+50*sin((X-2*N)/6)+30*sin((Y-N)/4+(X-2*N)/19)':cb=128:cr=128" -frames:v 12 \
    -c:v ffv1 "$2"
}

# A box is painted over a moving picture and filled again: nothing changes beside it, all frames and
# times stay, and the box is nearer to what it hid.
test_inpaint() {
  local box='drawbox=40:24:12:10:black:fill' frames filled still
  waves 96x64 in.mkv
  make_clip -i in.mkv -vf "$box" -c:v ffv1 marked.mkv
  { printf 'P5 96 64 255\n'
    head -c 6144 /dev/zero; } > mask.pgm
  for row in 24 25 26 27 28 29 30 31 32 33; do
    printf '\377%.0s' {1..12} | dd of=mask.pgm bs=1 seek=$((13 + 96 * row + 40)) conv=notrunc status=none
  done
  still=$(filtered marked.mkv null)
  frames=$(filtered marked.mkv vfi=mode=inpaint:rect=40/24/12/10)
  is 'inpaint: times' "$(awk '{print $1}' <<< "$frames")" "$(awk '{print $1}' <<< "$still")"
  is 'inpaint: every frame is filled' "$(paste <(echo "$frames") <(echo "$still") \
    | awk '$2 == $4' | lines)" 0
  is 'inpaint: a mask says the same' "$(filtered marked.mkv vfi=mode=inpaint:mask_file=mask.pgm)" \
    "$frames"
  is 'inpaint: colons and two rectangles' \
    "$(filtered marked.mkv "vfi=mode=inpaint:rect='40\:24\:12\:5|40,29,12,5'")" "$frames"
  is 'inpaint: threads' "$(filtered marked.mkv vfi=mode=inpaint:rect=40/24/12/10 \
    -filter_threads 1)" "$frames"
  is 'inpaint: own threads' \
    "$(filtered marked.mkv vfi=mode=inpaint:rect=40/24/12/10:vfi_params=threads=3)" "$frames"
  # The dilated box is 20 x 18 pixels: black beside it, then equal.
  local cover='drawbox=36:20:20:18:black:fill'
  is 'inpaint: nothing changes beside it' \
    "$(filtered marked.mkv "vfi=mode=inpaint:rect=40/24/12/10,$cover")" \
    "$(filtered marked.mkv "$cover")"
  filled=$(timeout 60 ffmpeg -nostdin -v info -i marked.mkv -i in.mkv -lavfi \
    '[0]vfi=mode=inpaint:rect=40/24/12/10[a];[a][1]psnr' -f null - 2>&1 \
    | sed -nE 's/.*average:([0-9]+).*/\1/p')
  still=$(timeout 60 ffmpeg -nostdin -v info -i marked.mkv -i in.mkv -lavfi psnr -f null - 2>&1 \
    | sed -nE 's/.*average:([0-9]+).*/\1/p')
  is "inpaint: nearer to what it hid ($still, now $filled dB)" "$((filled > still + 10))" 1
  is 'inpaint, then a new rate' \
    "$(filtered marked.mkv vfi=mode=inpaint:rect=40/24/12/10,vfi=fps=50 | lines)" 24
  is 'inpaint: no look ahead' "$(filtered marked.mkv \
    vfi=mode=inpaint:rect=40/24/12/10:look_ahead=0:look_back=2 | lines)" 12
  is 'inpaint: outside of the picture all stays' \
    "$(filtered marked.mkv vfi=mode=inpaint:rect=500/0/9/9)" "$(filtered marked.mkv null)"
  is 'inpaint: interlaced frames stay' \
    "$(filtered marked.mkv setfield=tff,setparams=field_mode=tff,vfi=mode=inpaint:rect=40/24/12/10 \
      2> /dev/null)" "$(filtered marked.mkv null)"
}

# Grey blocks in one frame are repaired; clean frames stay as they are, bit by bit.
test_repair() {
  local frames source
  waves 128x96 clean.mkv
  make_clip -i clean.mkv -vf "drawbox=48:32:32:32:gray:fill:enable='eq(n,5)'" -c:v ffv1 in.mkv
  source=$(filtered in.mkv null)
  frames=$(filtered in.mkv vfi=mode=repair)
  is 'repair: times' "$(awk '{print $1}' <<< "$frames")" "$(awk '{print $1}' <<< "$source")"
  is 'repair: one frame differs' "$(paste <(echo "$frames") <(echo "$source") \
    | awk '$2 != $4 {print NR - 1}')" 5
  is 'repair: a clean film stays' "$(filtered clean.mkv vfi=mode=repair)" \
    "$(filtered clean.mkv null)"
  is 'repair: threads' "$(filtered in.mkv vfi=mode=repair -filter_threads 1)" "$frames"
}

# The frames of the program vfi: with motion bent by the frames around or linear, at a cut, at a
# variable rate, and to the end.
test_motion() {
  local motion moving="geq=lum='120+50*sin((X-N*N)/9)+30*sin((Y-N)/4+(X-N*N)/19)':cb=128:cr=128"
  make_clip -f lavfi -i "color=s=96x64:r=25,format=yuv420p,$moving" -frames:v 9 -c:v ffv1 even.mkv
  make_clip -i even.mkv -vf 'select=not(eq(n\,4)),setpts=if(gte(N\,6)\,PTS+1.2/TB\,PTS)' \
    -fps_mode passthrough -c:v ffv1 uneven.mkv
  make_clip -i even.mkv -vf "geq=lum='if(gte(N,5),255-lum(X,Y),lum(X,Y))':cb=128:cr='128+60*gte(N,5)'" \
    -c:v ffv1 cut.mkv
  for clip in even uneven cut; do
    for motion in linear quadratic; do
      filtered $clip.mkv "vfi=fps=60:motion=$motion" > $clip.$motion
      "$root/build/vfi" interpolate $clip.mkv program.mkv -y --fps 60 -o motion=$motion --codec ffv1
      is "$clip, $motion: as the program" "$(awk '{print $2}' $clip.$motion)" \
        "$(filtered program.mkv null | awk '{print $2}')"
    done
    is "$clip: the same times" "$(awk '{print $1}' $clip.quadratic)" "$(awk '{print $1}' $clip.linear)"
    is "$clip: other frames" "$(cmp -s $clip.quadratic $clip.linear; echo $?)" 1
    is "$clip: quadratic without a word" "$(filtered $clip.mkv vfi=fps=60)" "$(< $clip.quadratic)"
    is "$clip: by an option of the library" \
      "$(filtered $clip.mkv vfi=fps=60:vfi_params=motion=linear)" "$(< $clip.linear)"
  done
}

test_commands() {
  pattern 25 20 in.mkv
  local frames
  frames=$(filtered in.mkv "sendcmd=c='0.4 vfi scd_threshold 0',vfi=mult=2:motion=linear" | awk '{print $2}')
  is 'cuts from a command on' "$(tail -18 <<< "$frames" | uniq | lines)" 9
  is 'no cuts before' "$(head -18 <<< "$frames" | uniq | lines)" 18
}

# Debian's mpv with our libavfilter in the place of its own: from the start to the end with seeks.
test_mpv() {
  if ! command -v mpv > /dev/null; then
    skip 'mpv is not installed'
    return
  fi
  pattern 25 100 in.mkv -c:v mpeg4 -g 10
  LD_LIBRARY_PATH=$root/build:$tree/libavfilter timeout 120 mpv --no-config --no-terminal --pause --no-audio \
    --vo=null --ao=null --untimed --vf=vfi=fps=50 --log-file=mpv.log --script="$here/seek.lua" in.mkv
  is 'mpv' "$?" 0
  is 'the filter is there' "$(grep -c '\[vf\]   vfi' mpv.log)" 1
  is 'plays on after every seek' \
    "$(awk '/seek\] reached/ {print ($4 >= $6 && $4 < $6 + 0.04)}' mpv.log | paste -sd ' ')" \
    '1 1 1 1 1'
  is 'frames of the new rate' "$(awk '/seek\] frame at/ {print $5 - last; last = $5}' mpv.log \
    | tail -n +2 | paste -sd ' ')" '0.02 0.02 0.02 0.02 0.02'
  is 'to the end' "$(grep -c 'filter output EOF' mpv.log)" 1
}

if ! [[ -x $tree/ffmpeg ]]; then
  skip 'there is no FFmpeg with the filter: make ffmpeg'
  report
fi
export PATH=$tree:$PATH
if [[ $# == 0 ]]; then
  mapfile -t names < <(declare -F | awk '$3 ~ /^test_/ {print $3}')
  set -- "${names[@]}"
fi
for name; do "$name"; done
report
