#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# What the shared library shows to the outside, and which instructions stand where.
#
#   library.sh FILE.so HEADER BUILD_FOLDER
set -u
library=$1 header=$2 objects=$3
source "$(dirname "$0")/../check.sh"

# nothing NAME OUTPUT: passes when OUTPUT is empty.
nothing() { is "$1" "$2" ''; }

# Functions of the header, without comments; types in parentheses, such as vfi_job, are none.
gcc -E -P -fpreprocessed -dD "$header" 2> /dev/null | grep -v '^#' \
  | grep -oE '\bvfi_[a-z0-9_]+\(' | tr -d '(' | sort -u > "$scratch/declared"
nm -D --defined-only "$library" | awk '$2 ~ /^[A-Z]$/ && $2 != "A" { print $3 }' \
  | sort -u > "$scratch/exported"
sed 's/@@VFI_0$//' "$scratch/exported" | sort -u > "$scratch/names"
nothing 'the header declares functions' "$([[ $(wc -l < "$scratch/declared") -gt 30 ]] || echo none)"
nothing 'every declared function is exported' \
  "$(comm -23 "$scratch/declared" "$scratch/names")"
nothing 'nothing else is exported' "$(comm -13 "$scratch/declared" "$scratch/names")"
nothing 'every export has the version node VFI_0' "$(grep -v '@@VFI_0$' "$scratch/exported")"

readelf -d "$library" > "$scratch/dynamic"
nothing 'the soname is libvfi.so.0' "$(grep -q 'soname: \[libvfi.so.0\]' "$scratch/dynamic" || echo no)"
nothing 'the library cannot be unloaded' "$(grep -q 'NODELETE' "$scratch/dynamic" || echo no)"
nothing 'only the C and C++ runtimes are needed' \
  "$(grep NEEDED "$scratch/dynamic" | grep -vE '\[(libc|libm|libstdc\+\+|libgcc_s|ld-linux-x86-64)\.so')"
nothing 'no search path for other libraries' "$(grep -E 'RPATH|RUNPATH' "$scratch/dynamic")"
nothing 'there is no text relocation' "$(grep TEXTREL "$scratch/dynamic")"
nothing 'the stack is not executable' "$(readelf -lW "$library" | grep GNU_STACK | grep RWE)"

strip -o "$scratch/stripped" "$library"
size=$(stat -c %s "$scratch/stripped")
nothing 'at most 15 MB when stripped' "$([[ $size -le 15000000 ]] || echo "$size bytes")"

# Wide registers and VEX or EVEX instructions belong to the kernels of the higher levels only.
objdump -d --no-show-raw-insn "$library" > "$scratch/code"
awk '
  /^[0-9a-f]+ <.*>:$/ { name = $2; next }
  /%[yz]mm/ && name !~ /[0-9](KernelsAVX2|KernelsAVX512)/ { print name }
' "$scratch/code" | sort -u > "$scratch/wide"
nothing 'ymm and zmm stand in the kernels of their level only' "$(cat "$scratch/wide")"
awk '
  /^[0-9a-f]+ <.*>:$/ { name = $2; next }
  /%zmm|%k[0-7]/ && name ~ /[0-9]KernelsAVX2[^5]/ { print name }
' "$scratch/code" | sort -u > "$scratch/masked"
nothing 'no AVX-512 in the AVX2 kernels' "$(cat "$scratch/masked")"
awk '
  /^[0-9a-f]+ <.*>:$/ { name = $2; next }
  $2 ~ /^v[a-z]/ && $2 !~ /^ver[rw]$/ && name !~ /[0-9](KernelsAVX2|KernelsAVX512)/ { print name ": " $2 }
' "$scratch/code" | sort -u > "$scratch/vex"
nothing 'no VEX instruction outside of the AVX kernels' "$(cat "$scratch/vex")"

nothing 'the AVX kernels do use them' \
  "$(awk '/^[0-9a-f]+ <.*KernelsAVX512.*>:$/ { inside = 1; next } /^[0-9a-f]+ </ { inside = 0 }
     inside && /%zmm/ { found = 1 } END { if (!found) print "no zmm in KernelsAVX512" }' "$scratch/code")"

awk '
  /^[0-9a-f]+ <.*>:$/ { name = $2; next }
  $2 ~ /bf16/ && name !~ /[0-9]KernelsAVX512BF16/ { print name ": " $2 }
' "$scratch/code" | sort -u > "$scratch/bfloat16"
nothing 'bfloat16 instructions stand in the kernels of their level only' "$(cat "$scratch/bfloat16")"
nothing 'the bfloat16 kernels do use them' \
  "$(grep -q 'vdpbf16ps .*%zmm' "$scratch/code" || echo 'no vdpbf16ps')"

awk '
  /^[0-9a-f]+ <.*>:$/ { name = $2; next }
  $2 ~ /^vpdp(bu|ws)/ && name !~ /[0-9]KernelsAVX512VNNI/ { print name ": " $2 }
' "$scratch/code" | sort -u > "$scratch/int8"
nothing 'instructions of VNNI stand in the kernels of their level only' "$(cat "$scratch/int8")"
nothing 'the int8 kernels do use them' \
  "$(grep -q 'vpdpbusd .*%zmm' "$scratch/code" || echo 'no vpdpbusd')"

# The linker keeps one copy of a weak function, from whichever module comes first.
for module in Kernels KernelsAVX2 KernelsAVX512 KernelsAVX512BF16 KernelsAVX512VNNI; do
  find "$objects/$module.build" -name '*.o' -exec nm {} + > "$scratch/symbols"
  nothing "$module has functions" "$(grep -q ' T ' "$scratch/symbols" || echo none)"
  nothing "no weak function in $module" "$(awk '$2 == "W" { print $3 }' "$scratch/symbols" | sort -u)"
done

report
