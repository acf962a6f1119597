# SPDX-License-Identifier: MIT
SHELL := /bin/bash
.DELETE_ON_ERROR:

PREFIX ?= /usr/local
DESTDIR ?=
CLIP ?=

VERSION := $(shell sed -n 's/.*("\([0-9.]*\)" as StaticString).*/\1/p' Sources/CInterface/Version.swift)
LIBRARY := libvfi.so.$(VERSION)
PACKAGES := make pkg-config gcc g++ binutils ffmpeg libavformat-dev libavcodec-dev libavutil-dev \
  libswscale-dev clang-format valgrind python3 python3-venv
RUFF := .venv/bin/ruff
C_FILES := $(shell git ls-files '*.c' '*.h' '*.cpp' 2>/dev/null)

.PHONY: help setup build demo test lint bench quality install clean

help:
	@echo 'make build | demo [CLIP=FILE] | test | lint | bench | quality | clean'
	@echo 'make install [PREFIX=/usr/local] [DESTDIR=]'

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

# build/ then has libvfi.so with its links, the program vfi, and vfi-uninstalled.pc.
build: setup
	swift build -c release
	@mkdir -p build
	@cp .build/release/libvfi.so build/$(LIBRARY)
	@ln -sf $(LIBRARY) build/libvfi.so.0
	@ln -sf libvfi.so.0 build/libvfi.so
	@cp .build/release/vfi-program build/vfi
	@sed -e 's|@PREFIX@|$(CURDIR)|; s|@LIBDIR@|$(CURDIR)/build|; s|@INCLUDEDIR@|$(CURDIR)/include|' \
	  -e 's|@VERSION@|$(VERSION)|' vfi.pc.in > build/vfi-uninstalled.pc

demo: build
	VFI=build/vfi OUT=build/demo scripts/demo.sh '$(CLIP)'

test: build
	Tests/run.sh

# Warnings are errors in every build of the package, so `build` is part of this.
lint: build $(RUFF)
	swift format lint --strict --recursive Sources Tests Package.swift
	clang-format --dry-run --Werror $(C_FILES)
	$(RUFF) format --check training benchmarks
	$(RUFF) check training benchmarks

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

quality: build
	benchmarks/setup.sh
	.venv/bin/python benchmarks/quality.py

install: build
	install -d $(DESTDIR)$(PREFIX)/{bin,include,lib/pkgconfig}
	install -s -m 644 build/$(LIBRARY) $(DESTDIR)$(PREFIX)/lib/
	ln -sf $(LIBRARY) $(DESTDIR)$(PREFIX)/lib/libvfi.so.0
	ln -sf libvfi.so.0 $(DESTDIR)$(PREFIX)/lib/libvfi.so
	install -s -m 755 build/vfi $(DESTDIR)$(PREFIX)/bin/
	install -m 644 include/vfi.h $(DESTDIR)$(PREFIX)/include/
	sed -e 's|@PREFIX@|$(PREFIX)|; s|@LIBDIR@|$${prefix}/lib|; s|@INCLUDEDIR@|$${prefix}/include|' \
	  -e 's|@VERSION@|$(VERSION)|' vfi.pc.in > $(DESTDIR)$(PREFIX)/lib/pkgconfig/vfi.pc

clean:
	rm -rf .build build
