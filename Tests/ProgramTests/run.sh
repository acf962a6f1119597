#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# Tests of the program vfi against the real ffmpeg and ffprobe.
#
#   Tests/ProgramTests/run.sh [PROGRAM [TEST...]]
#
# PROGRAM is .build/release/vfi-program if it is not given; TEST is the name of a function below.
# Each promise of `vfi --help`, of the README and of docs/ is one of them. The last line is
# "N passed, N failed, N skipped".
set -u
here=$(cd "$(dirname "$0")" && pwd)
. "$here/../check.sh"
. "$here/clips.sh"
vfi=$(realpath "${1:-$here/../../.build/release/vfi-program}")
if ! command -v ffmpeg >/dev/null || ! command -v ffprobe >/dev/null; then
  skip "the commands ffmpeg and ffprobe are not installed"
  report
fi
if [ ! -x "$vfi" ]; then
  echo "there is no program $vfi; build it first (make build)"
  exit 1
fi
cd "$scratch" || exit 1

# pattern RATE FRAMES OUTPUT [OPTION...]: a moving test picture
pattern() {
  local rate=$1 frames=$2 output=$3
  shift 3
  make_clip -f lavfi -i "testsrc2=size=96x64:rate=$rate" -frames:v "$frames" "$@" "$output"
}

test_frame_counts() {
  local rate frames fps wanted kind
  while read -r frames rate fps wanted; do
    for kind in mp4 mkv; do
      pattern "$rate" "$frames" "in.$kind"
      "$vfi" interpolate "in.$kind" "out.$kind" -y --fps "$fps"
      is "$frames frames at $rate to $fps, $kind" "$(frame_count "out.$kind")" "$wanted"
    done
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
  pattern 25 5 in.mp4
  "$vfi" interpolate in.mp4 out.mp4 -y --mult 5
  is "five times as many" "$(frame_count out.mp4)" 25
  "$vfi" interpolate in.mp4 out.mp4 -y --frames 3
  is "the first frames only" "$(frame_count out.mp4)" 6
}

test_figures() {
  pattern 25 4 in.mp4
  "$vfi" interpolate in.mp4 out.mp4 -y --stats 2> figures.txt
  is "decode takes time" "$(grep -cE 'decode [0-9]+\.[0-9], .* ms$' figures.txt)" 1
  is "multiply-adds" "$(grep -cE '^multiply-adds per new frame: [0-9.]+ G done' figures.txt)" 1
  is "memory" "$(grep -cE '^memory: at most [1-9][0-9]* MB, [0-9]+ allocations$' figures.txt)" 1
  "$vfi" interpolate in.mp4 out.mp4 -y 2> figures.txt
  is "no figures unasked" "$(grep -c multiply-adds figures.txt)" 0
}

test_exact_times() {
  pattern 24000/1001 12 in.mp4
  "$vfi" interpolate in.mp4 out.mp4 -y --fps 60
  local unit
  unit=$(probe out.mp4 stream=time_base)
  is "all times are multiples of 1/60" "$(probe out.mp4 frame=pts | awk -v unit="${unit#1/}" '
    $1 * 60 != (NR - 1) * unit { bad++ } END { print bad + 0 }')" 0
  is "all frames last 1/60 s" "$(probe out.mp4 packet=duration_time | sort -u)" 0.016667
  is "the rate of the stream" "$(probe out.mp4 stream=r_frame_rate)" 60/1
}

test_originals_are_untouched() {
  local kind format rate
  for format in yuv420p yuv420p10le yuv444p12le gray gbrp yuva420p; do
    pattern 25 6 in.mkv -pix_fmt $format -c:v ffv1
    "$vfi" interpolate in.mkv out.mkv -y --codec ffv1
    is "$format: every second frame is the source" \
      "$(frame_hashes out.mkv | every 2 0)" "$(frame_hashes in.mkv)"
    is "$format stays" "$(probe out.mkv stream=pix_fmt)" "$(probe in.mkv stream=pix_fmt)"
  done
  # Matroska rounds times to milliseconds: frames must be met all the same.
  for rate in 30 24000/1001 48000/1001 60000/1001; do
    for kind in mkv mp4; do
      pattern "$rate" 40 "in.$kind" -qp 0
      "$vfi" interpolate "in.$kind" out.mkv -y --codec ffv1
      is "$rate in $kind: every second frame is the source" \
        "$(frame_hashes out.mkv | every 2 0)" "$(frame_hashes "in.$kind")"
    done
  done
}

test_other_streams_are_copied() {
  printf '1\n00:00:00,200 --> 00:00:01,000\nfirst words\n' >words.srt
  printf ';FFMETADATA1\ntitle=A film\n[CHAPTER]\nTIMEBASE=1/1000\nSTART=0\nEND=1000\n' >chapters
  printf 'title=One\n[CHAPTER]\nTIMEBASE=1/1000\nSTART=1000\nEND=2000\ntitle=Two\n' >>chapters
  local kind
  for kind in mkv mp4; do
    make_clip -f lavfi -i testsrc2=size=96x64:rate=25 -f lavfi -i sine=frequency=440 \
      -f lavfi -i sine=frequency=880 -i words.srt -i chapters -map 0 -map 1 -map 2 -map 3 \
      -map_metadata 4 -map_chapters 4 -t 2 -c:a:0 aac -c:a:1 libmp3lame \
      -c:s "$([ $kind = mp4 ] && echo mov_text || echo srt)" -metadata:s:a:1 language=deu in.$kind
  done
  for kind in mkv mp4; do
    "$vfi" interpolate in.$kind out.$kind -y
    is "$kind: first audio" "$(packet_hash out.$kind a:0)" "$(packet_hash in.$kind a:0)"
    is "$kind: second audio" "$(packet_hash out.$kind a:1)" "$(packet_hash in.$kind a:1)"
    is "$kind: subtitles" "$(packet_hash out.$kind s:0)" "$(packet_hash in.$kind s:0)"
    is "$kind: language" "$(probe out.$kind stream_tags=language a:1)" deu
    is "$kind: title" "$(probe out.$kind format_tags=title)" "A film"
    is "$kind: chapters" \
      "$(ffprobe -v error -show_chapters -of compact=p=0 out.$kind | grep -o 'title=.*')" \
      "$(printf 'title=One\ntitle=Two')"
    is "$kind: number of streams" \
      "$(probe out.$kind stream=codec_type '' | grep -c -e video -e audio -e subtitle)" 4
    is "$kind: audio times" \
      "$(probe out.$kind packet=pts_time a:0)" "$(probe in.$kind packet=pts_time a:0)"
  done
  "$vfi" interpolate in.mkv out.mp4 -y 2>out.log
  has "a stream without a place is named" "$(cat out.log)" "stream 3 of the input (subtitle"
  is "audio next to video in the file" "$(interleaving out.mkv)" close
}

test_cover_pictures_and_attachments() {
  pattern 25 5 in.mp4
  make_clip -f lavfi -i color=red:size=32x32 -frames:v 1 -c:v mjpeg cover.jpg
  make_clip -i in.mp4 -i cover.jpg -map 0 -map 1 -c copy -disposition:v:1 attached_pic cover.mp4
  "$vfi" interpolate cover.mp4 out.mp4 -y
  is "the video is not the cover" "$(frame_count out.mp4)" 10
  is "the cover is copied" "$(packet_hash out.mp4 v:1)" "$(packet_hash cover.mp4 v:1)"
  echo letters >letters.ttf
  make_clip -i in.mp4 -c copy -attach letters.ttf -metadata:s:t mimetype=font/ttf with.mkv
  "$vfi" interpolate with.mkv out.mkv -y
  is "attachments are copied" "$(probe out.mkv stream_tags=filename t)" letters.ttf
}

test_time_codes() {
  pattern 25 5 in.mov -timecode 01:02:03:04
  "$vfi" interpolate in.mov out.mov -y 2>out.log
  is "no complaint of time codes" "$(cat out.log)" ""
  is "time code" "$(probe out.mov stream_tags=timecode)" 01:02:03:04
  "$vfi" interpolate in.mov out.y4m -y 2>out.log
  is "no place for time codes" "$(frame_count out.y4m)" 10
}

test_broadcast_clock_jumps() {
  make_clip -f lavfi -i testsrc2=size=96x64:rate=25 -f lavfi -i sine -t 2 -c:a aac \
    -output_ts_offset 50 one.ts
  make_clip -f lavfi -i testsrc2=size=96x64:rate=25 -f lavfi -i sine -t 2 -c:a aac \
    -output_ts_offset 9000 two.ts
  cat one.ts two.ts >in.ts
  local kind
  for kind in mp4 ts; do
    "$vfi" interpolate in.ts out.$kind -y
    is "a clock that jumps, $kind" "$(frame_count out.$kind)" 200
  done
  is "the times of the output do not jump" "$(probe out.mp4 stream=duration)" 4.000000
}

# "close" when no packet stands more than a second before or after its neighbour in time.
interleaving() {
  ffprobe -v error -show_entries packet=codec_type,pts_time -of csv=p=0 "$1" |
    grep -e video -e audio | awk -F, '
      NR > 1 && ($2 - last > 1 || last - $2 > 1) { far = 1 }
      { last = $2 } END { print far ? "far" : "close" }'
}

test_descriptions_are_carried() {
  local kind
  make_clip -f lavfi -i testsrc2=size=96x64:rate=25 -frames:v 5 -vf setsar=4/3 \
    -pix_fmt yuv420p10le -color_primaries bt2020 -color_trc smpte2084 -colorspace bt2020nc \
    -color_range tv -x264-params colorprim=bt2020:transfer=smpte2084:colormatrix=bt2020nc flat.mp4
  make_clip -i flat.mp4 -c copy -metadata:s:v:0 rotate=90 in.mp4
  "$vfi" interpolate in.mp4 out.mp4 -y
  local entries=stream=color_space,color_transfer,color_primaries,color_range,sample_aspect_ratio
  is "colour and aspect" "$(probe out.mp4 $entries)" "$(probe in.mp4 $entries)"
  is "10 bits stay" "$(probe out.mp4 stream=pix_fmt)" yuv420p10le
  is "rotation" "$(probe out.mp4 stream_side_data=rotation)" \
    "$(probe in.mp4 stream_side_data=rotation)"
  make_clip -f lavfi -i testsrc2=size=96x64:rate=25 -frames:v 5 -pix_fmt yuv420p10le -c:v libx265 \
    -x265-params "log-level=error:max-cll=1000,400:master-display=$(
      echo 'G(13250,34500)B(7500,3000)R(34000,16000)WP(15635,16450)L(10000000,1)')" hdr.mkv
  for kind in mp4 mkv; do
    "$vfi" interpolate hdr.mkv out.$kind -y
    is "HDR, $kind" "$(ffprobe -v error -show_streams out.$kind |
      grep -c -e '^max_content=1000$' -e '^max_luminance=1000')" 2
  done
  make_clip -f lavfi -i testsrc2=size=96x64:rate=25 -frames:v 5 -pix_fmt yuvj420p -c:v mjpeg in.avi
  "$vfi" interpolate in.avi out.mp4 -y
  is "full range stays" "$(probe out.mp4 stream=color_range)" pc
}

test_odd_sizes() {
  local size kind
  for size in 33x17 1x1 2x50 97x64; do
    for kind in mkv mp4; do
      make_clip -f lavfi -i "testsrc2=size=128x128:rate=25,crop=${size%x*}:${size#*x}:0:0:exact=1" \
        -frames:v 4 -c:v ffv1 in.mkv
      check "$size to $kind" "$vfi" interpolate in.mkv out.$kind -y
      is "$size in $kind" \
        "$(probe out.$kind stream=width,height | paste -sd x) $(frame_count out.$kind)" "$size 8"
    done
  done
}

test_variable_frame_rate() {
  # Frames at 0, 2, 3, 7, 8, 12, ... of 1/24 s.
  make_clip -f lavfi -i testsrc2=size=96x64:rate=24 -frames:v 36 \
    -vf "select='not(mod(n,5)*(mod(n,5)-2)*(mod(n,5)-3))'" -fps_mode vfr -qp 0 in.mp4
  "$vfi" interpolate in.mp4 out.mkv -y --fps 48 --codec ffv1
  probe in.mp4 frame=pts_time | awk '{ printf "%d\n", $1 * 48 + 0.5 }' >places
  frame_hashes in.mp4 >sources
  frame_hashes out.mkv >outputs
  is "each source stands at its own time" \
    "$(while read -r n; do sed -n "$((n + 1))p" outputs; done <places)" "$(cat sources)"
  local last
  last=$(probe in.mp4 frame=pts_time | tail -n 1)
  is "the output ends with the last source" \
    "$(awk -v last="$last" -v n="$(wc -l <outputs)" 'BEGIN { print (n >= last * 48 + 1) }')" 1
}

test_cuts_and_still_scenes() {
  make_clip -f lavfi -i testsrc2=size=96x64:rate=25 -frames:v 4 -c:v ffv1 first.mkv
  make_clip -f lavfi -i mandelbrot=size=96x64:rate=25 -frames:v 4 -pix_fmt yuv420p -c:v ffv1 \
    second.mkv
  printf "file first.mkv\nfile second.mkv\n" >list
  make_clip -f concat -i list -c copy in.mkv
  "$vfi" interpolate in.mkv out.mkv -y --codec ffv1 --mult 4
  frame_hashes in.mkv >sources
  is "no frame mixes both sides of a cut" \
    "$(frame_hashes out.mkv | sed -n '14,16p' | grep -c -F -f sources)" 3
  is "a cut takes no frame away" "$(frame_count out.mkv)" 32
  make_clip -f lavfi -i color=teal:size=96x64:rate=25 -frames:v 4 -c:v ffv1 in.mkv
  "$vfi" interpolate in.mkv out.mkv -y --codec ffv1
  is "a still scene stays as it is" "$(frame_hashes out.mkv | sort -u)" \
    "$(frame_hashes in.mkv | sort -u)"
}

# A stream whose pictures change half-way, and what FFmpeg makes of it in one size and format.
test_changing_pictures() {
  local second
  for second in size=160x120 size=96x64,format=yuv444p size=31x17,format=yuv422p; do
    make_clip -f lavfi -i testsrc2=rate=25:size=96x64 -frames:v 5 -pix_fmt yuv420p -c:v libx264 a.ts
    make_clip -f lavfi -i "testsrc2=rate=25:$second" -frames:v 5 -c:v libx264 b.ts
    printf "file a.ts\nfile b.ts\n" >list
    make_clip -f concat -i list -c copy in.ts
    check "$second from the middle on" "$vfi" interpolate in.ts out.mkv -y --codec ffv1
    is "$second: frames" "$(frame_count out.mkv)" 20
    is "$second: the size and format of the first" \
      "$(probe out.mkv stream=width,height,pix_fmt | paste -sd ' ')" "96 64 yuv420p"
    is "$second: the change is told" "$(grep -c "the picture changes to" log)" 1
    "$vfi" interpolate in.ts out.mkv -y --codec ffv1 --mult 1 2>/dev/null
    make_clip -i in.ts -c:v ffv1 -pix_fmt yuv420p reference.mkv
    is "$second: pictures as FFmpeg scales them" "$("$vfi" compare out.mkv reference.mkv --json |
      python3 -c 'import json, sys
print(all((f["psnr"] or 99) > 35 for f in json.load(sys.stdin)["frames"]))')" True
  done
}

test_pipes() {
  local format
  for format in yuv420p yuv444p10le gray; do
    # y4m always says where chroma stands; so must the file.
    pattern 30000/1001 6 in.mkv -pix_fmt $format -c:v ffv1 -chroma_sample_location left
    "$vfi" interpolate in.mkv out.mkv -y --codec ffv1
    make_clip -i in.mkv -strict -1 -f yuv4mpegpipe - | "$vfi" interpolate - - >out.y4m
    is "$format through pipes: the same frames" "$(frame_hashes out.y4m)" "$(frame_hashes out.mkv)"
    is "$format through pipes: rate" "$(probe out.y4m stream=r_frame_rate)" 60000/1001
  done
  make_clip -i in.mkv -f yuv4mpegpipe - | "$vfi" interpolate - out.mkv -y --fps 50
  is "from a pipe to a file" "$(frame_count out.mkv)" 11
}

test_interruption() {
  make_clip -f lavfi -i testsrc2=size=640x360:rate=25 -f lavfi -i sine -t 120 \
    -preset ultrafast in.mp4
  local kind signal
  for kind in mp4 mkv; do
    for signal in INT TERM; do
      rm -f out.$kind
      # A shell ignores SIGINT in its background jobs; a new process group does not.
      setsid "$vfi" interpolate in.mp4 out.$kind 2>out.log &
      while [ ! -e out.$kind ] && kill -0 $!; do sleep 0.1; done
      sleep 1
      kill -$signal $!
      wait $!
      is "$kind, SIG$signal: exit code" $? 130
      is "$kind, SIG$signal: playable" \
        "$(ffmpeg -nostdin -v error -i out.$kind -f null - 2>&1 | head -n 3)" ""
      is "$kind, SIG$signal: has frames" "$([ "$(frame_count out.$kind)" -gt 0 ] && echo yes)" yes
    done
  done
}

test_errors() {
  pattern 25 5 in.mp4
  echo "no film" >text.mp4
  make_clip -f lavfi -i sine -t 1 sound.wav
  refuses "missing file" "gone.mp4: No such file" out.mp4 "$vfi" interpolate gone.mp4 out.mp4
  refuses "no film" "text.mp4: Invalid data" out.mp4 "$vfi" interpolate text.mp4 out.mp4
  refuses "only sound" "sound.wav: no video stream" out.mp4 "$vfi" interpolate sound.wav out.mp4
  refuses "no folder" "gone/out.mp4: No such file" gone/out.mp4 \
    "$vfi" interpolate in.mp4 gone/out.mp4
  refuses "unknown ending" "out.what: no kind of file" out.what "$vfi" interpolate in.mp4 out.what
  refuses "unknown option" "nonsense" out.mp4 "$vfi" interpolate in.mp4 out.mp4 -o nonsense=1
  refuses "bad value" "threads" out.mp4 "$vfi" interpolate in.mp4 out.mp4 -o threads=many
  refuses "bad precision" "precision" out.mp4 "$vfi" interpolate in.mp4 out.mp4 --precision half
  refuses "not key=value" "is not key=value" out.mp4 "$vfi" interpolate in.mp4 out.mp4 -o threads
  refuses "unknown model" "gone" out.mp4 "$vfi" interpolate in.mp4 out.mp4 --model gone
  refuses "unknown encoder" "no encoder gone" out.mp4 "$vfi" interpolate in.mp4 out.mp4 --codec gone
  refuses "unknown encoder option" "no option gone" out.mp4 \
    "$vfi" interpolate in.mp4 out.mp4 --codec-option gone=1
  refuses "wrong encoder" "cannot hold ffv1" out.mp4 "$vfi" interpolate in.mp4 out.mp4 --codec ffv1
  refuses "no rate" "--fps zero" out.mp4 "$vfi" interpolate in.mp4 out.mp4 --fps zero
  refuses "no multiple" "--mult 0" out.mp4 "$vfi" interpolate in.mp4 out.mp4 --mult 0
  refuses "two rates" "exclude each other" out.mp4 \
    "$vfi" interpolate in.mp4 out.mp4 --mult 2 --fps 50
  make_clip -f lavfi -i testsrc2=size=96x64:rate=25 -frames:v 3 -pix_fmt yuv410p -c:v ffv1 in.mkv
  refuses "unknown pixel format" "yuv410p is not supported" out.mkv \
    "$vfi" interpolate in.mkv out.mkv
  make_clip -f lavfi -i testsrc2=size=96x64:rate=50 -frames:v 6 \
    -vf tinterlace=interleave_top,fieldorder=tff -flags +ildct+ilme -c:v mpeg2video in.ts
  refuses "interlaced" "is interlaced" out.mp4 "$vfi" interpolate in.ts out.mp4
  check "interlaced all the same" "$vfi" interpolate in.ts out.mp4 -y --ignore-interlacing
}

test_files_are_safe() {
  pattern 25 5 in.mp4
  cp in.mp4 before.mp4
  ln -s in.mp4 link.mp4
  "$vfi" interpolate in.mp4 link.mp4 -y 2>out.log
  has "the input is never written" "$(cat out.log)" "is the input"
  is "the input is as before" "$(cmp in.mp4 before.mp4 && echo same)" same
  echo precious >out.mp4
  "$vfi" interpolate in.mp4 out.mp4 2>out.log
  has "an existing file is kept" "$(cat out.log)" "exists already"
  is "with its content" "$(cat out.mp4)" precious
  "$vfi" interpolate text.mp4 out.mp4 -y 2>out.log
  is "also when the input is bad" "$(cat out.mp4)" precious
  check "and replaced with leave" "$vfi" interpolate in.mp4 out.mp4 --overwrite
}

test_damaged_input() {
  pattern 25 50 whole.mkv
  head -c $(($(wc -c <whole.mkv) * 2 / 3)) whole.mkv >in.mkv
  "$vfi" interpolate in.mkv out.mkv -y >out.log 2>&1
  is "a file that ends early gives what it has" \
    "$([ "$(frame_count out.mkv)" -gt 20 ] && echo yes)" yes
}

test_threads_agree() {
  pattern 25 5 in.mp4
  "$vfi" interpolate in.mp4 one.mkv -y --codec ffv1 --threads 1
  "$vfi" interpolate in.mp4 two.mkv -y --codec ffv1 --threads 2
  is "one and two threads" "$(frame_hashes one.mkv)" "$(frame_hashes two.mkv)"
}

test_compare() {
  pattern 25 5 in.mp4
  make_clip -i in.mp4 -crf 40 worse.mp4
  has "equal videos" "$("$vfi" compare in.mp4 in.mp4 | tail -n 1)" "inf  1.00000"
  local wanted
  wanted=$(ffmpeg -nostdin -i in.mp4 -i worse.mp4 -lavfi psnr -f null - 2>&1 |
    sed -n 's/.*average:\([0-9]*\.[0-9][0-9]\).*/\1/p')
  has "PSNR as FFmpeg has it" "$("$vfi" compare in.mp4 worse.mp4 --json | tail -n 3)" \
    "\"psnr\": $wanted"
  pattern 25 4 short.mp4
  "$vfi" compare in.mp4 short.mp4 >out.log 2>&1
  has "different lengths" "$(cat out.log)" "short.mp4: has fewer frames"
  make_clip -i in.mp4 -vf scale=48:32 small.mp4
  "$vfi" compare in.mp4 small.mp4 >out.log 2>&1
  has "different sizes" "$(cat out.log)" "cannot compare 96x64"
}

# hashes_without_box FILE: of frames in which the dilated hole of the test below is painted over
hashes_without_box() {
  ffmpeg -nostdin -v error -i "$1" -map 0:v -vf "drawbox=32:20:28:24:black:fill" -f framemd5 - |
    awk -F, '!/^#/ { print $2, $6 }'
}

test_inpaint() {
  "$vfi" render-test-clip scene.mp4 --duration 0.5 --width 192 --height 108
  make_clip -i scene.mp4 -f lavfi -i sine=440 -t 0.5 -c:v ffv1 -c:a flac in.mkv
  local fill=(--codec ffv1 -y)
  check "a rectangle" "$vfi" inpaint in.mkv out.mkv --rect 36,24,20,16 "${fill[@]}"
  is "as many frames" "$(frame_count out.mkv)" 12
  is "at the same times" "$(probe out.mkv frame=pts_time v)" "$(probe in.mkv frame=pts_time v)"
  is "the sound is copied" "$(probe out.mkv stream=codec_name a)" flac
  is "pixels outside stay, in every plane" "$(hashes_without_box out.mkv)" \
    "$(hashes_without_box in.mkv)"
  is "pixels inside do not" \
    "$([ "$(frame_hashes out.mkv)" != "$(frame_hashes in.mkv)" ] && echo changed)" changed
  local black="color=black:size=192x108"
  make_clip -f lavfi -i "$black,drawbox=36:24:20:16:white:fill" -frames:v 1 mask.png
  "$vfi" inpaint in.mkv same.mkv --mask mask.png "${fill[@]}"
  is "a mask says the same" "$(frame_hashes same.mkv)" "$(frame_hashes out.mkv)"
  make_clip -loop 1 -i mask.png -frames:v 12 -c:v libx264 masks.mp4
  "$vfi" inpaint in.mkv same.mkv --mask masks.mp4 --threads 1 "${fill[@]}"
  is "so does a video of masks, and one thread" "$(frame_hashes same.mkv)" \
    "$(frame_hashes out.mkv)"
  "$vfi" inpaint in.mkv same.mkv --rect 36,24,20,16 --window 1 --frames 3 "${fill[@]}"
  is "the first frames only" "$(frame_count same.mkv)" 3
  is "a window of one frame has less to tell" \
    "$([ "$(frame_hashes same.mkv)" != "$(frame_hashes out.mkv | head -n 3)" ] && echo yes)" yes
  refuses "no hole" "give --mask or --rect" no.mkv "$vfi" inpaint in.mkv no.mkv
  refuses "half a rectangle" "is not x,y,width,height" no.mkv \
    "$vfi" inpaint in.mkv no.mkv --rect 1,2,3
  refuses "a rectangle outside" "lies outside of 192x108" no.mkv \
    "$vfi" inpaint in.mkv no.mkv --rect 192,0,4,4
  refuses "too much dilation" "is not from 0 to 64" no.mkv \
    "$vfi" inpaint in.mkv no.mkv --rect 1,2,3,4 --dilation 65
  make_clip -f lavfi -i color=white:size=32x32 -frames:v 1 small.png
  refuses "a mask of another size" "the mask has 32x32 pixels, the video 192x108" no.mkv \
    "$vfi" inpaint in.mkv no.mkv --mask small.png
  make_clip -loop 1 -i mask.png -frames:v 5 -c:v ffv1 few.mkv
  "$vfi" inpaint in.mkv same.mkv --mask few.mkv "${fill[@]}" >out.log 2>&1
  has "too few masks" "$(cat out.log)" "fewer masks than frames"
}

# differing A B: how many frames of two files are not the same.
differing() { paste <(frame_hashes "$1") <(frame_hashes "$2") | awk '$1 != $2' | wc -l; }

# likeness A B: the PSNR of luma, of all frames.
likeness() {
  ffmpeg -nostdin -v info -i "$1" -i "$2" -lavfi psnr -f null - 2>&1 |
    sed -n 's/.*PSNR y:\([0-9.]*\|inf\).*/\1/p'
}

# is_better NAME DB: out.mkv is nearer to clean.mkv than plain.mkv is, by more than so many dB.
is_better() {
  is "$1: and better" \
    "$(awk -v a="$(likeness out.mkv clean.mkv)" -v b="$(likeness plain.mkv clean.mkv)" -v by="$2" \
      'BEGIN { print (a > b + by) ? "by " by " dB" : a " after " b }')" "by $2 dB"
}

# repairs NAME SLICES OPTION...: damages clean.NAME by OPTION..., repairs it, and compares.
repairs() {
  local name=$1 slices=$2
  shift 2
  make_clip -i scene.mkv -c:v "libx${name#h}" -g 12 -bf 2 -slices "$slices" -threads 1 \
    -x265-params log-level=error "clean.$name"
  make_clip -i "clean.$name" -fps_mode passthrough -c:v ffv1 clean.mkv
  python3 "$here/../../benchmarks/damage.py" "clean.$name" "damaged.$name" "$@" >damage.json
  ffmpeg -nostdin -v quiet -y -threads 1 -i "damaged.$name" -fps_mode passthrough -c:v ffv1 \
    plain.mkv
  check "$name: repaired" "$vfi" repair "damaged.$name" out.mkv -y --codec ffv1 \
    --report report.json
  is "$name: as many frames" "$(frame_count out.mkv)" "$(frame_count plain.mkv)"
  is "$name: reported are the frames that FFmpeg decodes otherwise" \
    "$(sed 's/^{"frame": \([0-9]*\),.*/\1/' report.json | paste -sd ' ')" \
    "$(paste <(frame_hashes clean.mkv) <(frame_hashes plain.mkv) |
      awk '$1 != $2 { print NR - 1 }' | paste -sd ' ')"
  is "$name: all others are as they were" "$(differing out.mkv clean.mkv)" \
    "$(wc -l <report.json)"
  is_better "$name" 0.5
}

test_repair() {
  if ! command -v python3 >/dev/null; then
    echo "repair skipped: it takes python3 to damage a stream"
    return
  fi
  "$vfi" render-test-clip scene.mp4 --duration 1 --width 320 --height 192
  make_clip -i scene.mp4 -c:v ffv1 scene.mkv
  # Where one of the bursts leaves a picture that is valid, and its slice ends before the data.
  repairs h265 1 --bursts 3 --seed 1
  repairs h264 4 --bursts 3 --seed 6
  repairs h264 4 --losses 0.02 --seed 3
  # Slices of pictures between two others: what is filled is joined with what is interpolated.
  repairs h264 4 --losses 0.03 --seed 2
  is_better "h264: between two" 4
  # Nothing to do: nothing is done.
  check "an intact stream" "$vfi" repair clean.h264 out.mkv -y --codec ffv1 --report none.json
  is "nothing to report" "$(cat none.json)" ""
  is "the same pictures" "$(frame_hashes out.mkv)" "$(frame_hashes clean.mkv)"
  # In a container: times and sound are kept.
  make_clip -i scene.mkv -f lavfi -i sine=440 -t 1 -c:v libx264 -g 12 -bf 2 -c:a flac whole.mkv
  make_clip -i whole.mkv -c copy -bsf:v "noise=amount='if(eq(n,4),300,0)'" in.mkv
  check "a container" "$vfi" repair in.mkv out.mkv -y --codec ffv1 --report report.json
  has "noise in a packet" "$(cat report.json)" '"damaged"'
  is "at the same times" "$(probe out.mkv frame=pts_time v)" \
    "$(probe in.mkv frame=pts_time v 2>/dev/null)"
  is "the sound is copied" "$(probe out.mkv stream=codec_name a)" flac
  "$vfi" repair in.mkv one.mkv -y --codec ffv1 --threads 1
  is "one thread says the same" "$(frame_hashes one.mkv)" "$(frame_hashes out.mkv)"
  "$vfi" repair in.mkv out.mkv -y --codec ffv1 --report - >lines.json
  is "the report on the standard output" "$(cat lines.json)" "$(cat report.json)"
  is "the report is JSON" "$(python3 -c 'import json, sys
for line in sys.stdin: json.loads(line)' <lines.json && echo yes)" yes
  refuses "a codec that has no such damage" "can be repaired" no.mkv \
    "$vfi" repair scene.mkv no.mkv
  refuses "the report over the output" "is the input or the output" no.mkv \
    "$vfi" repair damaged.h264 no.mkv --report no.mkv
}

# encoder FORMAT: what encodes a raw stream of it.
encoder() { if [ "$1" = hevc ]; then echo libx265; else echo libx264; fi; }

# Intact streams come through as they are, whatever their coding.
test_repair_nothing() {
  local line name format
  "$vfi" render-test-clip scene.mp4 --duration 1 --width 208 --height 128
  make_clip -f lavfi -i testsrc2=size=208x128:rate=30 -frames:v 15 -c:v ffv1 -pix_fmt yuv420p \
    tail.mkv
  # A scene, a cut, and another one.
  make_clip -i scene.mp4 -i tail.mkv -filter_complex "[0][1]concat" -c:v ffv1 scene.mkv
  while read -r name format line; do
    # shellcheck disable=SC2086 # several words
    make_clip -i scene.mkv -threads 1 $line -f "$format" whole.raw
    make_clip -i whole.raw -fps_mode passthrough -c:v ffv1 whole.mkv
    check "intact $name" "$vfi" repair whole.raw out.mkv -y --codec ffv1 --report none.json
    is "intact $name: nothing to report" "$(cat none.json)" ""
    is "intact $name: the same pictures" "$(frame_hashes out.mkv)" "$(frame_hashes whole.mkv)"
  done <<-END
	CABAC h264 -c:v libx264 -crf 30 -g 12
	slices h264 -c:v libx264 -crf 18 -g 12 -slices 4
	CAVLC h264 -c:v libx264 -profile:v baseline -g 12
	wavefronts hevc -c:v libx265 -g 12 -x265-params log-level=error
	rows hevc -c:v libx265 -g 12 -x265-params log-level=error:wpp=0
	MPEG-2 mpeg2video -c:v mpeg2video -q:v 5 -bf 2
	MPEG-1 mpeg1video -c:v mpeg1video -q:v 5 -bf 2
	MPEG-4 m4v -c:v mpeg4 -q:v 5 -bf 2
	END
}

# fills_gaps NAME KIND: gaps.KIND gets its three missing pictures, of 40; whole.KIND has none to make
fills_gaps() {
  check "$1: repaired" "$vfi" repair "gaps.$2" out.mkv -y --codec ffv1 --report gaps.json
  is "$1: three are missing" "$(grep -c '"missing".*"interpolated"' gaps.json)" 3
  is "$1: as many frames as before" "$(frame_count out.mkv)" 40
  "$vfi" repair "whole.$2" same.mkv -y --codec ffv1 --report none.json
  is "$1: nothing to report" "$(cat none.json)" ""
}

# Packets that are missing get pictures, at their times, and packets that are called corrupt a line.
test_repair_packets() {
  local kind
  pattern 25 40 in.ts -c:v libx264 -g 20 -bf 2 -threads 1
  make_clip -i in.ts -c:v ffv1 clean.mkv
  for kind in ts mp4 mkv; do
    make_clip -i in.ts -c copy "whole.$kind"
    make_clip -i in.ts -c copy -bsf:v "noise=drop='eq(n,7)+eq(n,26)+eq(n,27)'" "gaps.$kind"
    fills_gaps "$kind" "$kind"
    is "$kind: the same pictures" "$(frame_hashes same.mkv)" "$(frame_hashes clean.mkv)"
    is "$kind: at the same times" "$(probe out.mkv frame=pts_time)" "$(probe same.mkv frame=pts_time)"
  done
  # Raw streams have no times: there it is the counts alone, where these were even before.
  for kind in h264 hevc; do
    make_clip -i clean.mkv -c:v "$(encoder "$kind")" -g 20 -bf 2 -threads 1 \
      -x265-params log-level=error -f "$kind" "whole.$kind"
    make_clip -i "whole.$kind" -fps_mode passthrough -c:v ffv1 whole.mkv
    make_clip -i "whole.$kind" -c copy -bsf:v "noise=drop='eq(n,15)+eq(n,26)+eq(n,27)'" \
      -f "$kind" "gaps.$kind"
    fills_gaps "raw $kind" "$kind"
    is "raw $kind: the same pictures" "$(frame_hashes same.mkv)" "$(frame_hashes whole.mkv)"
  done
  # MPEG-2 counts the pictures of a group.
  make_clip -i clean.mkv -c:v mpeg2video -g 12 -bf 2 -q:v 3 -threads 1 pictures.ts
  for kind in ts mpg; do
    make_clip -i pictures.ts -c copy "whole.$kind"
    make_clip -i pictures.ts -c copy -bsf:v "noise=drop='eq(n,8)+eq(n,26)+eq(n,27)'" "gaps.$kind"
    fills_gaps "MPEG-2 in $kind" "$kind"
  done
  # Times alone have gaps where a camera saved pictures that did not change.
  make_clip -i in.ts -vf "select='not(eq(n,9)+eq(n,10)+eq(n,30))'" -fps_mode passthrough \
    -c:v libx264 -g 20 -bf 2 in.mkv
  "$vfi" repair in.mkv out.mkv -y --codec ffv1 --report none.json
  is "a variable rate: nothing to report" "$(cat none.json)" ""
  is "a variable rate: at the same times" "$(probe out.mkv frame=pts_time)" \
    "$(probe in.mkv frame=pts_time)"
  if ! command -v python3 >/dev/null; then
    skip "repair of corrupt packets: it takes python3 to damage a stream"
    return
  fi
  # The first packets of 188 bytes of a video packet count on from where others were lost.
  python3 - in.ts corrupt.ts <<-'END'
	import sys
	data = bytearray(open(sys.argv[1], "rb").read())
	starts = [i for i in range(0, len(data), 188) if data[i + 1] & 0x5F == 0x41 and data[i + 2] == 0]
	for i in range(starts[12], len(data), 188):
	    if data[i + 1] & 31 == 1 and data[i + 2] == 0:
	        data[i + 3] = data[i + 3] & 0xF0 | (data[i + 3] + 5) % 16
	open(sys.argv[2], "wb").write(data)
	END
  check "corrupt packets" "$vfi" repair corrupt.ts out.mkv -y --codec ffv1 --report flags.json
  is "one is called so" "$(grep -c '"events": \["flagged"\]' flags.json)" 1
  is "nothing else is told" "$(wc -l <flags.json)" 1
  is "nor done" "$(frame_hashes out.mkv)" "$(frame_hashes clean.mkv)"
  # A codec without picture order counts: repaired from both sides.
  "$vfi" render-test-clip scene.mp4 --duration 1 --width 320 --height 192
  make_clip -i scene.mp4 -c:v mpeg2video -g 12 -bf 2 -b:v 1M in.mpg
  make_clip -i in.mpg -fps_mode passthrough -c:v ffv1 clean.mkv
  make_clip -i in.mpg -c copy -bsf:v "noise=amount='if(eq(n,7),300,0)'" damaged.mpg
  ffmpeg -nostdin -v quiet -y -i damaged.mpg -fps_mode passthrough -c:v ffv1 plain.mkv
  check "MPEG-2" "$vfi" repair damaged.mpg out.mkv -y --codec ffv1 --report report.json
  has "MPEG-2: filled from others" "$(cat report.json)" '"filled"'
  is_better "MPEG-2" 0.2
}

# erases INPUT OUTPUT NUMBER FIRST COUNT: sets bytes FIRST to FIRST + COUNT of a slice of raw H.264, or of
# a picture of raw MPEG-4, to ones; COUNT 0: all from FIRST on.
erases() {
  python3 - "$@" <<-'END'
	import re, sys
	data = bytearray(open(sys.argv[1], "rb").read())
	number, first, count = map(int, sys.argv[3:])
	starts = [found.end() for found in re.finditer(b"\0\0\1", data)] + [len(data) + 3]
	units = [unit for unit in zip(starts, starts[1:]) if data[unit[0]] in (0xB6, 0x41, 0x61)]
	start, end = units[number][0] + first, units[number][1] - 4
	end = min(end, start + count) if count else end
	data[start:end] = b"\xff" * (end - start)
	open(sys.argv[2], "wb").write(data)
	END
}

# loses_one NAME KIND FRAME: damaged.KIND has lost that frame of clean.mkv; FFmpeg shows another one for it
loses_one() {
  ffmpeg -nostdin -v quiet -y -threads 1 -i "damaged.$2" -fps_mode passthrough -c:v ffv1 plain.mkv
  check "$1: repaired" "$vfi" repair "damaged.$2" out.mkv -y --codec ffv1 --report report.json
  is "$1: it is lost" "$(grep -o '"frame": [0-9]*,.*"lost"' report.json | cut -d, -f 1)" \
    "\"frame\": $3"
  is "$1: as many frames" "$(frame_count out.mkv)" "$(frame_count clean.mkv)"
  is "$1: before it nothing is changed" "$(frame_hashes out.mkv | head -n "$3")" \
    "$(frame_hashes clean.mkv | head -n "$3")"
}

# Pictures that a decoder gives again, or moves as a whole, for lost ones: what it makes of erased data.
test_repair_repeated() {
  if ! command -v python3 >/dev/null; then
    skip "repair of erased slices: it takes python3 to damage a stream"
    return
  fi
  "$vfi" render-test-clip scene.mp4 --duration 1 --width 320 --height 192
  make_clip -i scene.mp4 -c:v mpeg4 -q:v 3 -g 30 -bf 0 -threads 1 clean.m4v
  make_clip -i clean.m4v -fps_mode passthrough -c:v ffv1 clean.mkv
  erases clean.m4v damaged.m4v 9 4 0
  loses_one "erased MPEG-4" m4v 9
  is_better "erased MPEG-4" 2
  make_clip -i scene.mp4 -c:v libx264 -profile:v baseline -g 30 -threads 1 clean.h264
  make_clip -i clean.h264 -fps_mode passthrough -c:v ffv1 clean.mkv
  erases clean.h264 damaged.h264 8 8 0
  loses_one "erased H.264" h264 9
  is_better "erased H.264" 2
  # So little is erased that only the repetition tells.
  pattern 25 20 clean.h264 -c:v libx264 -profile:v baseline -g 30 -threads 1
  make_clip -i clean.h264 -fps_mode passthrough -c:v ffv1 clean.mkv
  erases clean.h264 damaged.h264 9 5 30
  loses_one "a repeated picture" h264 10
  is "a repeated picture: FFmpeg repeats it" "$(frame_hashes plain.mkv | uniq -d | wc -l)" 1
  is "a repeated picture: no more" "$(frame_hashes out.mkv | uniq -d | wc -l)" 0
  # What an intact stream repeats stays, though all of its packets are called corrupt.
  make_clip -f lavfi -i testsrc2=size=96x64:rate=24 -vf fps=30 -frames:v 30 -c:v libx264 -qp 30 \
    -bf 0 in.ts
  make_clip -i in.ts -fps_mode passthrough -c:v ffv1 clean.mkv
  is "pictures are repeated" "$(($(frame_hashes clean.mkv | uniq -d | wc -l) > 2))" 1
  python3 - in.ts corrupt.ts <<-'END'
	import sys
	data = bytearray(open(sys.argv[1], "rb").read())
	for i in range(0, len(data), 188):
	    if data[i + 1] & 31 == 1 and data[i + 2] == 0:
	        data[i + 1] |= 0x80
	open(sys.argv[2], "wb").write(data)
	END
  check "corrupt repetitions" "$vfi" repair corrupt.ts out.mkv -y --codec ffv1 --report flags.json
  has "they are flagged" "$(cat flags.json)" '"events": ["flagged"]'
  is "and stay as they were" "$(frame_hashes out.mkv)" "$(frame_hashes clean.mkv)"
}

test_occlude() {
  local line arguments
  make_clip -f lavfi -i testsrc2=size=46x36:rate=10 -frames:v 5 -c:v ffv1 -pix_fmt yuv420p in.mkv
  while read -r line; do
    arguments=${line% *}
    # shellcheck disable=SC2086 # several words
    "$vfi" occlude in.mkv out.mkv -y --mask-out masks.mkv $arguments </dev/null
    is "masks are those of Python: $arguments" "$(gray masks.mkv | sha256sum | cut -d ' ' -f 1)" \
      "${line##* }"
  done < <(grep -v '^#' "$here/../Fixtures/occlusion.txt")
  "$vfi" occlude in.mkv white.mkv -y --mask-out masks.mkv --process bar --seed 3 --fill white
  "$vfi" occlude in.mkv grey.mkv -y --process bar --seed 3
  "$vfi" occlude in.mkv two.mkv -y --process bar --seed 3 --frames 2
  is "as many frames" "$(frame_count white.mkv)" 5
  is "the first frames only" "$(frame_hashes two.mkv)" "$(frame_hashes grey.mkv | head -n 2)"
  is "masks are white where the output is, elsewhere the luma stays" "$(samples)" \
    "0 at odds, some hidden, some seen"
  "$vfi" occlude in.mkv out.mkv -y --process bar --seed 4
  is "another seed hides other places" \
    "$([ "$(frame_hashes out.mkv)" != "$(frame_hashes grey.mkv)" ] && echo yes)" yes
  check "inpaint takes the masks" "$vfi" inpaint white.mkv out.mkv -y --mask masks.mkv \
    --codec ffv1
  "$vfi" inpaint grey.mkv same.mkv -y --mask masks.mkv --codec ffv1
  is "and does not look under them" "$(frame_hashes same.mkv)" "$(frame_hashes out.mkv)"
  refuses "no process" "Missing expected argument '--process <process>'" no.mkv \
    "$vfi" occlude in.mkv no.mkv --seed 1
  refuses "an unknown process" "'fog' is invalid" no.mkv \
    "$vfi" occlude in.mkv no.mkv --process fog --seed 1
  refuses "too much" "--share 1.500: is not from 0 to 1" no.mkv \
    "$vfi" occlude in.mkv no.mkv --process pixels --seed 1 --share 1.5
  refuses "masks over the output" "is the output, too" no.mkv \
    "$vfi" occlude in.mkv no.mkv --process bar --seed 1 --mask-out no.mkv
  cp in.mkv kept.mkv
  "$vfi" occlude in.mkv new.mkv --process bar --seed 1 --mask-out kept.mkv >out.log 2>&1
  has "existing masks" "$(cat out.log)" "kept.mkv: exists already"
}

# Samples of one plane, frame after frame.
gray() { ffmpeg -nostdin -v error -i "$1" -vf extractplanes=y -f rawvideo -pix_fmt gray -; }

# Compares masks.mkv, white.mkv and in.mkv sample by sample.
samples() {
  paste <(gray masks.mkv | od -An -v -tu1 -w1) <(gray white.mkv | od -An -v -tu1 -w1) \
    <(gray in.mkv | od -An -v -tu1 -w1) |
    awk '$1 ? ++hidden && $2 != 235 : ++seen && $2 != $3 { odd++ }
      END { print odd + 0 " at odds" (hidden ? ", some hidden" : "") (seen ? ", some seen" : "") }'
}

# With random weights: what is done with a network's pictures, not what they show.
test_inpaint_network() {
  local model=${VFI_TEST_INPAINT_MODEL:-}
  if [ -z "$model" ]; then
    echo "inpainting by a network skipped: VFI_TEST_INPAINT_MODEL is not set"
    return
  fi
  "$vfi" render-test-clip scene.mp4 --duration 0.4 --width 192 --height 108
  make_clip -i scene.mp4 -c:v ffv1 in.mkv
  local fill=(--rect 36,24,20,16 --model "$model" --codec ffv1 -y)
  check "a network" "$vfi" inpaint in.mkv out.mkv "${fill[@]}" --progress
  has "a network: summary" "$(cat "$scratch/log")" "pixels filled by vinet-s"
  local frames hashes
  frames=$(frame_count in.mkv)
  hashes=$(frame_hashes out.mkv)
  is "a network: as many frames" "$(frame_count out.mkv)" "$frames"
  is "a network: pixels outside stay" "$(hashes_without_box out.mkv)" \
    "$(hashes_without_box in.mkv)"
  is "a network: pixels inside do not" "$([ "$hashes" != "$(frame_hashes in.mkv)" ] && echo yes)" \
    yes
  "$vfi" inpaint in.mkv same.mkv "${fill[@]}" --threads 1
  is "a network: one thread" "$(frame_hashes same.mkv)" "$hashes"
  "$vfi" inpaint in.mkv same.mkv "${fill[@]}" --quirk forget
  is "a network: the first frame has nothing to forget" "$(frame_hashes same.mkv | head -n 1)" \
    "$(head -n 1 <<<"$hashes")"
  is "a network: the others have" \
    "$([ "$(frame_hashes same.mkv)" != "$hashes" ] && echo yes)" yes
  "$vfi" inpaint in.mkv same.mkv "${fill[@]}" --quirk drop-first
  is "a network: without the first frame" "$(frame_hashes same.mkv)" "$(tail -n +2 <<<"$hashes")"
  "$vfi" inpaint in.mkv same.mkv "${fill[@]}" --quirk whole
  is "a network: the whole picture" \
    "$([ "$(hashes_without_box same.mkv)" != "$(hashes_without_box in.mkv)" ] && echo yes)" yes
  refuses "a quirk without a network" "is no network that fills holes" no.mkv \
    "$vfi" inpaint in.mkv no.mkv --rect 1,2,3,4 --quirk whole
  refuses "interpolation by it" "fills holes, it does not interpolate" no.mkv \
    "$vfi" interpolate in.mkv no.mkv --model "$model"
  has "its task" "$("$vfi" info "$model")" "inpaint"
}

test_the_rest() {
  has "models" "$("$vfi" models)" "default"
  mkdir models
  echo nothing >models/broken.safetensors
  has "models: a broken file is named" "$(VFI_MODEL_PATH=models "$vfi" models 2>&1 >/dev/null)" \
    broken.safetensors
  has "models: the others are listed" "$(VFI_MODEL_PATH=models "$vfi" models 2>/dev/null)" default
  has "options" "$("$vfi" options)" "threads"
  pattern 25 5 in.mp4
  has "info" "$("$vfi" info in.mp4)" "video h264, 96x64, yuv420p, 25 frames/s"
  check "drawn clip" "$vfi" render-test-clip scene.mp4 --duration 0.5 --width 320 --height 180
  is "drawn clip: frames" "$(frame_count scene.mp4)" 12
  check "inspect at a time" "$vfi" inspect scene.mp4 --at 0.2 out.png
  is "inspect: picture" "$(probe out.png stream=width,height | paste -sd x)" 968x548
  if [ -n "${VFI_TEST_MODEL-}" ]; then
    check "inspect with a model that does not tell its confidence" \
      "$vfi" inspect scene.mp4 --model "$VFI_TEST_MODEL" two-rows.png
    is "inspect: two rows" "$(probe two-rows.png stream=width,height | paste -sd x)" 968x364
  fi
  "$vfi" inspect scene.mp4 --frame 4 other.png >out.log
  is "inspect: the time of a frame is the frame" \
    "$(frame_hashes other.png)" "$(frame_hashes out.png)"
}

if [ $# -gt 1 ]; then
  tests=("${@:2}")
else
  mapfile -t tests < <(declare -F | awk '$3 ~ /^test_/ { print $3 }')
fi
for test in "${tests[@]}"; do $test; done
report
