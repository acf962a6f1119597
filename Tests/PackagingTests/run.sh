#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# Programs of others: built in clean directories, through pkg-config and CMake, from an installed,
# a moved and a built tree, against the shared and the static library.
set -u
cd "$(dirname "$0")/../.."
root=$PWD
source Tests/check.sh
unset LD_LIBRARY_PATH PKG_CONFIG_PATH PKG_CONFIG_SYSROOT_DIR CMAKE_PREFIX_PATH

fails_with() {
  local text=$1
  shift
  ! "$@" > "$scratch/failure" 2>&1 && grep -q "$text" "$scratch/failure"
}

# build OUT SOURCE PKG_CONFIG_OPTION...: a C program, by what pkg-config says and nothing else.
build() (
  program=$1 source=$2
  shift 2
  mkdir -p "$(dirname "$program")" && cd "$(dirname "$program")" \
    && gcc -std=c99 -o "$program" "$source" $(pkg-config "$@" --cflags --libs vfi)
)

needs() { readelf -d "$1" | grep -q "NEEDED.*\[$2\]"; }

pkg_config_shared() {
  local -x PKG_CONFIG_PATH=$prefix/lib/pkgconfig
  check 'pkg-config names the header folder and -lvfi alone' \
    test "$(pkg-config --cflags --libs vfi | xargs)" = "-I$prefix/include -L$prefix/lib -lvfi"
  check 'shared: build' build "$scratch/shared/pair" "$root/examples/c/pair.c"
  check 'shared: needs libvfi.so.0' needs "$scratch/shared/pair" libvfi.so.0
  check 'shared: run' env LD_LIBRARY_PATH="$prefix/lib" "$scratch/shared/pair"
  check 'pkg-config tells the version' pkg-config --exact-version="$(build/vfi --version)" vfi
}

pkg_config_uninstalled() {
  local -x PKG_CONFIG_PATH=$root/build
  check 'vfi-uninstalled.pc is preferred' pkg-config --uninstalled vfi
  check 'uninstalled: build' build "$scratch/uninstalled/pair" "$root/examples/c/pair.c"
  check 'uninstalled: run' env LD_LIBRARY_PATH="$root/build" "$scratch/uninstalled/pair"
}

pkg_config_static() {
  local -x PKG_CONFIG_PATH=$scratch/static-prefix/lib/pkgconfig
  cp -a "$prefix" "$scratch/static-prefix"
  rm "$scratch"/static-prefix/lib/libvfi.so*
  sed -i "s|^prefix=.*|prefix=$scratch/static-prefix|" "$PKG_CONFIG_PATH/vfi.pc"
  for name in pair stream; do
    check "static: build $name" build "$scratch/static/$name" "$root/examples/c/$name.c" --static
    check "static: $name needs no libvfi.so" not needs "$scratch/static/$name" libvfi.so.0
    check "static: run $name" "$scratch/static/$name"
  done
  check 'static: same times as with the shared library' diff <("$scratch/static/stream") \
    <(PKG_CONFIG_PATH=$prefix/lib/pkgconfig build "$scratch/shared/stream" \
      "$root/examples/c/stream.c" && LD_LIBRARY_PATH=$prefix/lib "$scratch/shared/stream")
  check 'static: no shared library at all' gcc -static -o "$scratch/static/alone" \
    "$root/examples/c/pair.c" $(pkg-config --static --cflags --libs vfi)
  check 'static: run without any' "$scratch/static/alone"
}

archive() {
  local file=$prefix/lib/libvfi.a
  nm --defined-only --extern-only "$file" | awk 'NF == 3 { print $3 }' | sort > "$scratch/visible"
  nm -D --defined-only build/libvfi.so.0 | awk '$2 == "T" { sub("@.*", "", $3); print $3 }' \
    | sort > "$scratch/exported"
  check 'libvfi.a shows what libvfi.so does' diff "$scratch/exported" "$scratch/visible"
  # As in library.sh: a wide instruction elsewhere stops the program on older machines.
  objdump -d --no-show-raw-insn "$scratch/static/pair" | awk '
    /^[0-9a-f]+ <.*>:$/ { name = $2; next }
    $2 ~ /^v[a-z]/ && $2 !~ /^ver[rw]$/ && name !~ /[0-9](KernelsAVX2|KernelsAVX512)/ {
      print name }
    /vfmadd/ { used = 1 } END { if (!used) print "no AVX at all" }' > "$scratch/vex"
  check 'static: no VEX instruction outside of the AVX kernels' diff /dev/null "$scratch/vex"
}

# cmake_builds NAME PREFIX: configures, builds and runs the consumer.
cmake_builds() {
  local name=$1 at=$2 folder=$scratch/cmake-$1
  check "CMake, $name: configure" cmake -S "$root/Tests/PackagingTests/consumer" -B "$folder" \
    -DEXAMPLES="$root/examples" -DCMAKE_PREFIX_PATH="$at" -DWANTED=0.1 || return
  check "CMake, $name: build" cmake --build "$folder"
  for program in pair_c pair_static pair_cpp; do
    check "CMake, $name: run $program" "$folder/$program"
  done
  check "CMake, $name: pair_static needs no libvfi.so" \
    not needs "$folder/pair_static" libvfi.so.0
}

configure_only() {
  rm -rf "$scratch/configured"
  cmake -S "$root/Tests/PackagingTests/consumer" -B "$scratch/configured" \
    -DEXAMPLES="$root/examples" -DCMAKE_PREFIX_PATH="$prefix" -DWANTED="$1"
}

cmake_tests() {
  if ! command -v cmake > /dev/null; then
    skip 'cmake is not installed'
    return
  fi
  cmake_builds installed "$prefix"
  cp -a "$prefix" "$scratch/moved to here"
  mv "$prefix" "$prefix.away"
  cmake_builds moved "$scratch/moved to here"
  mv "$prefix.away" "$prefix"
  check 'CMake takes the exact version' configure_only "$(build/vfi --version);EXACT"
  check 'CMake takes a range' configure_only '0.0.1...0.9'
  for version in 99 1.0 0.99 '0.1.0.1;EXACT' '0.2...0.9'; do
    check "CMake refuses version $version" fails_with 'not.*compatible with requested version\|version: ' \
      configure_only "$version"
  done
  rm "$scratch/moved to here/lib/libvfi.so.0"
  check 'CMake names the file that is missing' fails_with 'libvfi.so.0 is missing' \
    cmake -S Tests/PackagingTests/consumer -B "$scratch/missing" -DEXAMPLES="$root/examples" \
    -DCMAKE_PREFIX_PATH="$scratch/moved to here"
}

# Debian's layout, seen through a staging folder.
multiarch_tests() {
  local stage=$scratch/stage libdir=/usr/lib/x86_64-linux-gnu
  check 'install into /usr/lib/x86_64-linux-gnu' \
    make -o products install DESTDIR="$stage" PREFIX=/usr LIBDIR=$libdir
  check 'staged: pkg-config' test "$(PKG_CONFIG_SYSROOT_DIR=$stage PKG_CONFIG_ALLOW_SYSTEM_LIBS=1 \
    PKG_CONFIG_PATH=$stage$libdir/pkgconfig pkg-config --libs vfi | xargs)" = \
    "-L$stage$libdir -lvfi"
  command -v cmake > /dev/null && cmake_builds staged "$stage/usr"
}

prefix=$scratch/prefix
check 'make install' make -o products install PREFIX="$prefix" || report
pkg_config_shared
pkg_config_uninstalled
pkg_config_static
archive
cmake_tests
multiarch_tests

report
