#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# Writes the patch that adds the filter vfi to a source tree of FFmpeg (5.1, 7.1, 9.0):
#
#   make-patch.sh TREE > vfi.patch; patch -d TREE -p1 < vfi.patch
#
# Five edits register the filter, each beside a neighbour in the alphabet that every release has.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
tree=$(cd "$1" && pwd)
if [[ ! -f $tree/libavfilter/allfilters.c ]]; then
  echo "$tree is no source tree of FFmpeg" >&2
  exit 1
fi

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
mkdir -p "$scratch"/{a,b}/libavfilter
for file in configure libavfilter/Makefile libavfilter/allfilters.c; do
  cp -p "$tree/$file" "$scratch/a/$file"
  cp -p "$tree/$file" "$scratch/b/$file"
done

# before FILE PATTERN LINE: LINE is put before the only line that PATTERN matches.
before() {
  local file=$scratch/b/$1 found
  found=$(grep -cE "$2" "$file") || true
  if [[ $found != 1 ]]; then
    echo "$1 has $found lines like '$2', not one: the patch does not know this FFmpeg" >&2
    exit 1
  fi
  sed -i -E "/$2/i\\
$3" "$file"
}

type=$(sed -nE 's/^extern const (AVFilter|FFFilter) +ff_vf_vflip;$/\1/p' \
  "$tree/libavfilter/allfilters.c")
before configure '^  --enable-libvidstab ' \
  '\  --enable-libvfi          enable frame interpolation via libvfi [no]'
before configure '^    libvmaf$' '\    libvfi'
before configure '^vidstabdetect_filter_deps=' 'vfi_filter_deps="libvfi"'
before configure '^enabled libvidstab  ' \
  'enabled libvfi            \&\& require_pkg_config libvfi "vfi >= 0.1.0" vfi.h vfi_create'
before libavfilter/Makefile '^OBJS-\$\(CONFIG_VFLIP_FILTER\) ' \
  'OBJS-$(CONFIG_VFI_FILTER)                    += vf_vfi.o'
before libavfilter/allfilters.c '^extern const [A-Za-z]+ +ff_vf_vflip;$' \
  "extern const $type ff_vf_vfi;"
cp "$here"/{vf_vfi.c,vfi_*.h} "$here"/../c/vfi_{avframe,marks}.h "$scratch/b/libavfilter/"
cd "$scratch"
{ diff -Naur a b || [[ $? == 1 ]]; } | sed -E 's/^(---|\+\+\+) ([^\t]+)\t.*/\1 \2/'
