# SPDX-License-Identifier: MIT
# Sourced by the demos: what they have in common.
#
# VFI names the program (.build/release/vfi-program), OUT the folder of the results.

root=$(cd "$(dirname "$0")/.." && pwd)
vfi=${VFI:-$root/.build/release/vfi-program}

# choose_clip OUT [CLIP]: sets clip to CLIP, else to one of ../shared/data where that folder exists,
# else to one that the program draws into OUT.
choose_clip() {
  local shared=$root/../shared/data/eval/inpaint/scratch_dust_drive/clean.mp4
  mkdir -p "$1"
  if [ -n "${2:-}" ]; then
    clip=$2
  elif [ -e "$shared" ]; then
    clip=$shared
  else
    clip=$1/scene.mp4
    "$vfi" render-test-clip "$clip"
  fi
}
