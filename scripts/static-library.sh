#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# Makes libvfi.a: one object with the library and the parts of the Swift runtime that it uses.
#
#   static-library.sh OBJECT_LIST OUT.a
#
# Only vfi_* stays visible, so the archive links with any C program and clashes with nothing in it;
# what it needs beside itself is in Libs.private of vfi.pc.
set -eu
objects=$1 archive=$2
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
runtime=$(swiftc -print-target-info | sed -n 's/.*"runtimeResourcePath": "\(.*\)".*/\1/p')_static/linux

# Section groups would be shared by name with those of the program, whose copies are not ours.
ld -r --force-group-allocation -o "$scratch/all.o" "@$objects" \
  "$runtime/$(uname -m)/swiftrt.o" \
  -L"$runtime" --start-group -lswiftCore -lswiftGlibc -lswiftSynchronization --end-group
objcopy --strip-debug --wildcard --keep-global-symbol='vfi_*' "$scratch/all.o" "$scratch/vfi.o"

# A part of the runtime that is missing above would fail in the programs of others.
missing=$(nm --undefined-only "$scratch/vfi.o" | grep -E ' (\$s|swift_|dispatch_)' || true)
if [[ -n $missing ]]; then
  printf 'static-library.sh: not in the archive:\n%s\n' "$missing" >&2
  exit 1
fi
rm -f "$archive"
ar rcsD "$archive" "$scratch/vfi.o"
