#!/bin/sh
# SPDX-License-Identifier: MIT
# Makes the Python environment of the benchmarks in .venv; does nothing when it is complete.
#   benchmarks/setup.sh [--peers]     --peers adds PyTorch, ONNX Runtime and OpenVINO
set -eu

here=$(cd "$(dirname "$0")" && pwd)
venv=$here/../.venv
requirements=$here/requirements.txt
stamp=$venv/quality.installed
case "${1-}" in
  '') ;;
  --peers) stamp=$venv/peers.installed ;;
  *) echo "usage: $0 [--peers]" >&2; exit 2 ;;
esac

[ -x "$venv/bin/python" ] || python3 -m venv "$venv"
if ! cmp -s "$requirements" "$venv/quality.installed"; then
  "$venv/bin/pip" install --quiet --requirement "$requirements"
  cp "$requirements" "$venv/quality.installed"
fi
requirements=$here/requirements-peers.txt
if [ "${1-}" = --peers ] && ! cmp -s "$requirements" "$stamp"; then
  "$venv/bin/pip" install --quiet --requirement "$requirements"
  cp "$requirements" "$stamp"
fi
