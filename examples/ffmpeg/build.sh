#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# Builds an FFmpeg with the filter vfi from the sources of a Debian suite, in build/ffmpeg:
#
#   build.sh bookworm|trixie|sid [OPTION...]    FFmpeg 5.1, 7.1, 9.0: programs, shared libraries
#   build.sh --object bookworm|trixie|sid       only compiles the filter
#
# OPTIONs are added to those of `configure`. Sources and objects are kept for the next time. Needs
# `make build`. The apt sources of this machine stay as they are. Status 3: no sources to be had.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
only_object=
if [[ $1 == --object ]]; then
  only_object=1
  shift
fi
suite=$1
shift
case $suite in
  bookworm) release=5.1 ;;
  trixie) release=7.1 ;;
  sid) release=9.0 ;;
  *)
    echo "$suite is not bookworm, trixie or sid" >&2
    exit 1
    ;;
esac
folder=$root/build/ffmpeg/$suite
tree=$folder/source

no_sources() {
  echo "the sources of FFmpeg $release cannot be had from Debian $suite: $1" >&2
  exit 3
}

# Debian's mirror that this machine uses, with lists of our own: only root may change apt's.
fetch() {
  local mirror apt keyring=/usr/share/keyrings/debian-archive-keyring.gpg
  mirror=$(apt-get update --print-uris 2> /dev/null \
    | sed -nE "s|^'([^']*/debian)/dists/.*|\1|p" | sort -u | head -1) || true
  [[ -n $mirror ]] || no_sources 'apt knows no mirror'
  rm -rf "$folder/archives"
  mkdir -p "$folder"/{lists,cache,archives}/partial
  echo "deb-src [signed-by=$keyring] $mirror $suite main" > "$folder/sources.list"
  apt=(apt-get -q -o Dir::Etc::sourcelist="$folder/sources.list" -o Dir::Etc::sourceparts=/dev/null
    -o Dir::State::lists="$folder/lists" -o Dir::Cache="$folder/cache" -o APT::Sandbox::User=root)
  "${apt[@]}" update > "$folder/fetch.log" 2>&1 || no_sources "$(tail -1 "$folder/fetch.log")"
  (cd "$folder/archives" && "${apt[@]}" source --download-only --tar-only ffmpeg) \
    >> "$folder/fetch.log" 2>&1 || no_sources "$(tail -1 "$folder/fetch.log")"
  rm -rf "$tree.new"
  mkdir "$tree.new"
  tar -xf "$folder"/archives/ffmpeg_*.orig.tar.?z -C "$tree.new" --strip-components=1
  [[ $(< "$tree.new/RELEASE") == "$release"* ]] || no_sources "it has $(< "$tree.new/RELEASE") now"
  "$here/make-patch.sh" "$tree.new" > "$folder/vfi.patch"
  patch --quiet -d "$tree.new" -p1 < "$folder/vfi.patch"
  mv "$tree.new" "$tree"
  rm -rf "$folder"/{lists,cache}
}

# What the tests of the filter and players through LD_LIBRARY_PATH need.
options=(
  --disable-everything --disable-autodetect --disable-doc --disable-network --disable-x86asm
  --disable-static --enable-shared --enable-libvfi --enable-avdevice
  --enable-indev=lavfi --enable-protocol=file,pipe
  --enable-filter=vfi,null,format,scale,crop,pad,fps,setpts,settb,select,trim,loop,concat
  --enable-filter=testsrc2,color,gradients,setfield,setparams,setsar,sendcmd
  --enable-filter=hflip,vflip,rotate,psnr,split,realtime,showinfo,geq,drawbox
  --enable-demuxer=rawvideo,yuv4mpegpipe,matroska,mov,concat
  --enable-muxer=framecrc,rawvideo,yuv4mpegpipe,matroska,mov,mp4,null
  --enable-decoder=rawvideo,wrapped_avframe,ffv1,mpeg4
  --enable-encoder=rawvideo,wrapped_avframe,ffv1,mpeg4 --enable-parser=mpeg4video
)

[[ -d $tree ]] || fetch
# An edited filter needs no new tree.
for file in "$here"/{vf_vfi.c,vfi_*.h} "$here"/../c/vfi_{avframe,marks}.h; do
  cmp -s "$file" "$tree/libavfilter/${file##*/}" || cp "$file" "$tree/libavfilter/"
done
cd "$tree"
wanted="${options[*]} $* $root"
if [[ $wanted != "$(cat "$folder/configured" 2> /dev/null)" ]]; then
  rm -f "$folder/configured"
  # An old-style RPATH holds for the libraries of libraries, too.
  rpath=$root/build
  for name in avutil avcodec avformat avfilter avdevice swscale swresample; do
    rpath=$rpath:$tree/lib$name
  done
  PKG_CONFIG_PATH=$root/build ./configure "${options[@]}" "$@" \
    --extra-ldexeflags="-Wl,--disable-new-dtags,-rpath,$rpath" > "$folder/configure.log" 2>&1 || {
    tail -5 "$folder/configure.log" >&2
    exit 1
  }
  echo "$wanted" > "$folder/configured"
fi
if [[ -n $only_object ]]; then
  nice make libavfilter/vf_vfi.o > "$folder/make.log" 2>&1
else
  nice make -j"$(nproc)" > "$folder/make.log" 2>&1
fi || {
  grep -E 'error|warning: .*vfi' -A3 "$folder/make.log" | head -40 >&2
  exit 1
}
