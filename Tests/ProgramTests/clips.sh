# SPDX-License-Identifier: MIT
# Checks of programs that write files, and questions to ffmpeg and ffprobe. Sourced after check.sh.

# refuses TITLE MESSAGE OUTPUT COMMAND...: fails, says MESSAGE, and leaves no file OUTPUT.
refuses() {
  local title=$1 message=$2 output=$3
  shift 3
  rm -f "$output"
  if "$@" >out.log 2>&1; then
    is "$title: fails" "exit code 0" "another"
  else
    has "$title: message" "$(cat out.log)" "$message"
  fi
  is "$title: no output file" "$([ -e "$output" ] && echo there)" ""
}

make_clip() { ffmpeg -nostdin -v error -y "$@"; }

# probe FILE ENTRIES [STREAM]: values, one a line
probe() {
  ffprobe -v error -select_streams "${3-v:0}" -show_entries "$2" -of default=nk=1:nw=1 "$1"
}

frame_count() {
  ffprobe -v error -count_frames -select_streams v:0 -show_entries stream=nb_read_frames \
    -of default=nk=1:nw=1 "$1" | head -n 1
}

# Checksum of the samples of each frame, one a line.
frame_hashes() {
  ffmpeg -nostdin -v error -i "$1" -map 0:v:0 -fps_mode passthrough -f framemd5 - |
    grep -v '^#' | awk '{print $NF}'
}

# Checksum of the packets of one stream, as they are stored.
packet_hash() { ffmpeg -nostdin -v error -i "$1" -map "0:$2" -c copy -f md5 -; }

# every N FIRST: of the lines on the standard input, each Nth from number FIRST (0 = the first)
every() { awk -v n="$1" -v first="$2" '(NR - 1) % n == first'; }
