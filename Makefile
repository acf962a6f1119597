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
RUFF := $(firstword $(wildcard .venv/bin/ruff training/.venv/bin/ruff) $(shell command -v ruff))
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
lint: build
	swift format lint --strict --recursive Sources Tests Package.swift
	clang-format --dry-run --Werror $(C_FILES)
ifneq ($(RUFF),)
	$(RUFF) format --check training benchmarks
	$(RUFF) check training benchmarks
else
	@echo 'ruff is not installed: the Python code was not checked'
endif

bench: build
	.build/release/vfi-bench

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
