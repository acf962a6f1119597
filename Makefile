# SPDX-License-Identifier: MIT
SHELL := /bin/bash
.DELETE_ON_ERROR:

PREFIX ?= /usr/local
LIBDIR ?= $(PREFIX)/lib
INCLUDEDIR ?= $(PREFIX)/include
ZSHDIR ?= $(PREFIX)/share/zsh/site-functions
STRIP ?= -s
DESTDIR ?=
CLIP ?=

VERSION := $(shell sed -n 's/.*("\([0-9.]*\)" as StaticString).*/\1/p' Sources/CInterface/Version.swift)
LIBRARY := libvfi.so.$(VERSION)
PACKAGES := make pkg-config gcc g++ binutils ffmpeg libavformat-dev libavcodec-dev libavutil-dev \
  libswscale-dev clang-format valgrind python3 python3-venv \
  cmake mandoc man-db zsh fish build-essential debhelper fakeroot lintian \
  libgstreamer1.0-dev libgstreamer-plugins-base1.0-dev gstreamer1.0-tools gstreamer1.0-plugins-base \
  meson patch xz-utils mpv
RUFF := .venv/bin/ruff
C_FILES := $(shell git ls-files '*.c' '*.h' '*.cpp' '*.hpp' 2>/dev/null)

.PHONY: help setup build products demo demo-inpaint test lint bench quality install deb clean \
  gstreamer install-gstreamer ffmpeg ffmpeg-compat

help:
	@echo 'make build | demo [CLIP=FILE] | demo-inpaint [CLIP=FILE] | test | lint | bench | quality | clean'
	@echo 'make install [PREFIX=/usr/local] [LIBDIR=PREFIX/lib] [DESTDIR=] | deb'
	@echo 'make gstreamer | install-gstreamer [PREFIX=/usr/local] [PLUGINSDIR=] [DESTDIR=]'
	@echo 'make ffmpeg | ffmpeg-compat'

# Installs the Debian packages that are missing; does nothing otherwise.
setup:
	@command -v swift > /dev/null || { echo 'Swift 6.3 is needed: https://swift.org/install'; exit 1; }
	@missing=$$(for package in $(PACKAGES); do \
	  [[ $$(dpkg-query -W -f '$${db:Status-Status}' $$package 2> /dev/null) == installed ]] \
	    || echo $$package; done); \
	if [[ -n $$missing ]]; then \
	  sudo=; [[ $$EUID == 0 ]] || sudo=sudo; \
	  $$sudo apt-get update && $$sudo apt-get install -y --no-install-recommends $$missing; \
	fi

build: setup
	@$(MAKE) --no-print-directory products

# build/ then has libvfi.so with its links, libvfi.a, the program vfi with its manual and
# completions, and vfi-uninstalled.pc. Neither library nor program shall look for libraries beside
# itself, hence no $ORIGIN.
products:
	swift build -c release --disable-local-rpath
	@mkdir -p build/completions
	@cp .build/release/libvfi.so build/$(LIBRARY)
	@ln -sf $(LIBRARY) build/libvfi.so.0
	@ln -sf libvfi.so.0 build/libvfi.so
	@scripts/static-library.sh .build/release/vfi.product/Objects.LinkFileList build/libvfi.a
	@cp .build/release/vfi-program build/vfi
	@scripts/manual.py build/vfi > build/vfi.1
	@build/vfi --generate-completion-script bash | sed '1{/^#!/d}' > build/completions/vfi
	@build/vfi --generate-completion-script zsh > build/completions/_vfi
	@build/vfi --generate-completion-script fish > build/completions/vfi.fish
	@sed -e 's|@PREFIX@|$(CURDIR)|; s|@LIBDIR@|$(CURDIR)/build|; s|@INCLUDEDIR@|$(CURDIR)/include|' \
	  -e 's|@VERSION@|$(VERSION)|; s|^Cflags.*|& -I$(CURDIR)/examples/cpp|' \
	  vfi.pc.in > build/vfi-uninstalled.pc

demo: build
	VFI=build/vfi OUT=build/demo scripts/demo.sh '$(CLIP)'

# A logo taken out, and a damaged stream repaired: videos and pictures in build/demo-inpaint.
demo-inpaint: build
	VFI=build/vfi OUT=build/demo-inpaint scripts/demo-inpaint.sh '$(CLIP)'

test: build
	Tests/run.sh

# Warnings are errors in every build of the package, so `build` is part of this.
lint: build $(RUFF)
	swift format lint --strict --recursive Sources Tests Package.swift
	clang-format --dry-run --Werror $(C_FILES)
	$(RUFF) format --check training benchmarks
	$(RUFF) check training benchmarks
	$(RUFF) format --check --config training/pyproject.toml scripts
	$(RUFF) check --config training/pyproject.toml scripts

# The release that training/pyproject.toml names, so that every machine formats alike.
$(RUFF):
	python3 -m venv .venv
	.venv/bin/pip install --quiet $$(grep -o 'ruff==[0-9.]*' training/pyproject.toml)

# Beside its peers where PyTorch, ONNX Runtime, OpenVINO are: benchmarks/setup.sh --peers.
bench: build
	.build/release/vfi-bench "$$(git rev-parse --short HEAD)"
	@if [[ -x .venv/bin/python ]] && .venv/bin/python -c 'import torch, safetensors' 2> /dev/null; then \
	  .venv/bin/python benchmarks/peers.py --library build/libvfi.so; \
	else echo 'PyTorch is not in .venv: no comparison (benchmarks/setup.sh --peers)'; fi
	benchmarks/setup.sh
	.venv/bin/python benchmarks/threads.py
	python3 benchmarks/speed.py

quality: build
	benchmarks/setup.sh
	.venv/bin/python benchmarks/quality.py
	.venv/bin/python benchmarks/repair.py
	.venv/bin/python benchmarks/inpaint.py

SHARE := $(DESTDIR)$(PREFIX)/share

install: products
	install -d $(DESTDIR)$(PREFIX)/bin $(DESTDIR)$(INCLUDEDIR) $(DESTDIR)$(ZSHDIR) \
	  $(DESTDIR)$(LIBDIR)/{pkgconfig,cmake/vfi} \
	  $(SHARE)/{vfi,man/man1,bash-completion/completions,fish/vendor_completions.d}
	install $(STRIP) -m 644 build/$(LIBRARY) $(DESTDIR)$(LIBDIR)/
	ln -sf $(LIBRARY) $(DESTDIR)$(LIBDIR)/libvfi.so.0
	ln -sf libvfi.so.0 $(DESTDIR)$(LIBDIR)/libvfi.so
	install -m 644 build/libvfi.a $(DESTDIR)$(LIBDIR)/
	install $(STRIP) -m 755 build/vfi $(DESTDIR)$(PREFIX)/bin/
	install -m 644 include/vfi.h examples/cpp/vfi.hpp $(DESTDIR)$(INCLUDEDIR)/
	sed -e 's|@PREFIX@|$(PREFIX)|; s|@VERSION@|$(VERSION)|' \
	  -e 's|@LIBDIR@|$(patsubst $(PREFIX)/%,$${prefix}/%,$(LIBDIR))|' \
	  -e 's|@INCLUDEDIR@|$(patsubst $(PREFIX)/%,$${prefix}/%,$(INCLUDEDIR))|' \
	  vfi.pc.in > $(DESTDIR)$(LIBDIR)/pkgconfig/vfi.pc
	libraries=$$(sed -n 's/^Libs.private: -l//p' vfi.pc.in); \
	sed -e "s|@STATIC_LIBRARIES@|$${libraries// -l/;}|" \
	  -e 's|@INCLUDEDIR_FROM_LIBDIR@|'"$$(realpath -m --relative-to $(LIBDIR) $(INCLUDEDIR))|" \
	  packaging/vfi-config.cmake.in > $(DESTDIR)$(LIBDIR)/cmake/vfi/vfi-config.cmake
	sed 's|@VERSION@|$(VERSION)|' packaging/vfi-config-version.cmake.in \
	  > $(DESTDIR)$(LIBDIR)/cmake/vfi/vfi-config-version.cmake
	install -m 644 share/vfi/*.safetensors $(SHARE)/vfi/
	install -m 644 build/vfi.1 $(SHARE)/man/man1/
	install -m 644 build/completions/vfi $(SHARE)/bash-completion/completions/
	install -m 644 build/completions/vfi.fish $(SHARE)/fish/vendor_completions.d/
	install -m 644 build/completions/_vfi $(DESTDIR)$(ZSHDIR)/

# Packages of what is built, in build/deb. dpkg-buildpackage writes beside its folder and into it,
# hence a copy.
DEB := build/deb/libvfi-$(VERSION)

deb: build
	rm -rf build/deb
	mkdir -p $(DEB)
	git ls-files -z -co --exclude-standard | xargs -0 cp -a --parents -t $(DEB)
	mkdir $(DEB)/build
	cp -al build/{libvfi*,vfi,vfi.1,completions} $(DEB)/build/
	cd $(DEB) && dpkg-buildpackage --build=binary --unsigned-source --unsigned-changes
	rm -rf $(DEB)

GSTREAMER = $(MAKE) -C examples/gstreamer OUT=$(CURDIR)/build/gstreamer PKG=vfi-uninstalled \
  PKG_CONFIG_PATH=$(CURDIR)/build

# build/gstreamer then has libgstvfi.so, the element `vfi`.
gstreamer: products
	$(GSTREAMER)

install-gstreamer: gstreamer
	$(GSTREAMER) install PREFIX=$(PREFIX) DESTDIR=$(DESTDIR)

# An FFmpeg 5.1 with the filter vfi, from Debian's sources, in build/ffmpeg/bookworm/source.
ffmpeg: build
	examples/ffmpeg/build.sh bookworm
	Tests/FFmpegTests/run.sh

# Whether the filter compiles in FFmpeg 7.1 and 9.0.
ffmpeg-compat: build
	examples/ffmpeg/build.sh --object trixie
	examples/ffmpeg/build.sh --object sid

clean:
	rm -rf .build build
