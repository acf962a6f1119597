#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# Puts VapourSynth's core, headers and vspipe in FOLDER, and BestSource, which reads videos, from
# PyPI; does nothing when they are there.
#
#   fetch.sh FOLDER
#
# The wheels are for Python 3.12 and later, but the core needs none: any pip can download them, and
# they are unpacked, not installed. FOLDER/vapoursynth then has libvapoursynth.so.4, include/,
# pkgconfig/, plugins/.
set -eu
folder=$1
packages=(vapoursynth==81 vapoursynth-bestsource==22)
done=$folder/${packages[*]}
if [ -e "$done" ]; then exit 0; fi
rm -rf "$folder"
mkdir -p "$folder/download"
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" download --quiet --disable-pip-version-check --retries 2 --no-deps \
  --only-binary=:all: --python-version 3.12 --dest "$folder/download" "${packages[@]}"
for wheel in "$folder"/download/*.whl; do python3 -m zipfile -e "$wheel" "$folder"; done
chmod +x "$folder/vapoursynth/vspipe"
rm -rf "$folder/venv" "$folder/download"
touch "$done"
