#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# Builds the Debian packages, and installs, uses and removes them in a root of their own; the
# machine's list of packages is copied there, so that their dependencies are looked at.
set -u
cd "$(dirname "$0")/../.."
root=$PWD
source Tests/check.sh
libdir=/usr/lib/x86_64-linux-gnu
packages=(libvfi0 libvfi-dev vfi-tools vfi-models gstreamer1.0-vfi)

for tool in dh lintian fakeroot; do
  if ! command -v $tool > /dev/null; then
    skip "$tool is not installed"
    report
  fi
done

# Packages have no scripts, so nothing is run there; fakeroot stands in for a user who is not root.
in_root() { fakeroot dpkg --root="$scratch/root" --force-script-chrootless "$@"; }
deb() { echo "$root/build/deb/$1"_*_a*.deb; }
debs() { for name in "${packages[@]}"; do deb "$name"; done; }
installed_files() { (cd "$scratch/root" && find . ! -type d ! -path './var/lib/dpkg/*' | sort); }

build_packages() {
  check 'make deb' make -o build deb || report
  cp "$scratch/log" "$scratch/build.log"
  for name in "${packages[@]}"; do check "$name was built" test -s "$(deb $name)"; done
  check 'no warning on symbols' not grep 'dpkg-gensymbols: warning' "$scratch/build.log"
  check 'lintian finds no error' lintian --fail-on error build/deb/*.changes
  check 'the package has the version of the library' test \
    "$(dpkg-deb -f "$(deb libvfi0)" Version)" = "$(build/vfi --version)-1"
  check 'no package has a maintainer script' not \
    bash -c 'for deb; do dpkg-deb -I "$deb"; done | grep -E " (pre|post)(inst|rm)$"' bash \
    $(debs)
}

prepare_root() {
  mkdir -p "$scratch/root/var/lib/dpkg"/{info,updates,triggers}
  # As long as no package of ours is in it, the list of this machine says what could be there.
  cp /var/lib/dpkg/status "$scratch/root/var/lib/dpkg/status"
  installed_files > "$scratch/before"
}

install_packages() {
  check 'libvfi-dev needs libvfi0' not in_root --install "$(deb libvfi-dev)"
  check 'clean up after that' in_root --purge libvfi-dev
  check 'install all' in_root --install $(debs)
  for name in "${packages[@]}"; do
    check "$name is installed" test \
      "$(dpkg-query --admindir="$scratch/root/var/lib/dpkg" -Wf '${Status}' $name)" = \
      'install ok installed'
    check "$name: the files are those of the package" in_root --verify $name
  done
}

use_packages() {
  local -x PKG_CONFIG_SYSROOT_DIR=$scratch/root PKG_CONFIG_ALLOW_SYSTEM_LIBS=1 \
    PKG_CONFIG_ALLOW_SYSTEM_CFLAGS=1 PKG_CONFIG_LIBDIR=$scratch/root$libdir/pkgconfig
  mkdir "$scratch/out"
  check 'link: shared' gcc -o "$scratch/out/pair" examples/c/pair.c \
    $(pkg-config --cflags --libs vfi)
  check 'run: shared' env LD_LIBRARY_PATH="$scratch/root$libdir" "$scratch/out/pair"
  check 'link: static' gcc -static -o "$scratch/out/static" examples/c/pair.c \
    $(pkg-config --static --cflags --libs vfi)
  check 'run: static' "$scratch/out/static"
  check 'link: C++' g++ -std=c++20 -o "$scratch/out/pair_cpp" examples/cpp/pair.cpp \
    $(pkg-config --cflags --libs vfi)
  check 'run: C++' env LD_LIBRARY_PATH="$scratch/root$libdir" "$scratch/out/pair_cpp"
  check 'the program' "$scratch/root/usr/bin/vfi" models
  is 'the models of the package are found' \
    "$("$scratch/root/usr/bin/vfi" models | wc -l)" $((2 + $(ls share/vfi/*.safetensors | wc -l)))
  check 'the GStreamer element' env LD_LIBRARY_PATH="$scratch/root$libdir" \
    GST_PLUGIN_PATH="$scratch/root$libdir/gstreamer-1.0" GST_REGISTRY="$scratch/registry" \
    gst-inspect-1.0 vfi
  check 'the manual' env LC_ALL=C.UTF-8 man --local-file "$scratch/root/usr/share/man/man1/vfi.1.gz"
}

remove_packages() {
  check 'libvfi0 stays while libvfi-dev needs it' not in_root --remove libvfi0
  check 'remove libvfi-dev' in_root --remove libvfi-dev
  check 'a linked program still runs' env LD_LIBRARY_PATH="$scratch/root$libdir" "$scratch/out/pair"
  check 'remove the others' in_root --remove libvfi0 vfi-tools vfi-models gstreamer1.0-vfi
  check 'purge' in_root --purge "${packages[@]}"
  check 'nothing is left behind' diff "$scratch/before" <(installed_files)
  check 'no folder is left behind' not test -e "$scratch/root/usr"
}

build_packages
prepare_root
install_packages
use_packages
remove_packages
report
