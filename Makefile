# SPDX-License-Identifier: GPL-2.0
# What this project can do, by name; "make help" lists it. Each target sets up what it needs first.

SHELL := /bin/bash
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
# Parts share one cargo target directory and two CPUs: run them one after the other.
.NOTPARALLEL:

# Of the lab (make lab, make demo): which driver in L1, which GPU, how many guests, which scenario, how many boots;
# the kernel of guests (a version, trixie or bookworm), a file with the IGT tests to run.
DRIVER ?= native
DEVICE ?= skl
GUESTS ?=
SCENARIO ?= smoke
N ?=
GUEST_KERNEL ?=
LIST ?=
# Of make bench: quick, for one guest only.
BENCH ?=
# Of make fuzz: which target, for how many seconds.
FUZZ ?=
SECONDS_EACH ?= 60

ifneq ($(KVER),)
export KVER
endif
ifneq ($(V),)
export V
endif

lab-args = --driver $(DRIVER) --device $(DEVICE) \
	$(if $(GUESTS),--guests $(GUESTS)) $(if $(N),--n $(N)) \
	$(if $(GUEST_KERNEL),--guest-kernel $(GUEST_KERNEL)) $(if $(LIST),--test-list $(LIST))

.PHONY: help
help: ## List the targets
	@echo 'usage: make TARGET [VARIABLE=VALUE ...]'
	@echo
	@awk -F ':.*## ' '$$1 == "modules" && "$(wildcard Kbuild)" == "" { next } /^[a-z-]+:.*## / { printf "  %-11s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)
	@echo
	@echo 'KVER=7.2 chooses the kernel, RGVT_CACHE=DIR where the set-up keeps things.'
	@echo 'Documentation/lab.rst says what the lab is.'

.PHONY: setup
setup: ## Make the sysroot, kernels and images of IGT and Mesa (UPDATE=1: renew the kernel under test)
	@UPDATE=$(UPDATE) scripts/setup

.PHONY: all
all: setup ## Build the user-space programs
	@scripts/build

.PHONY: demo
demo: all modules ## The main job: a guest's own driver on a virtual GPU that rgvt.ko makes
	@scripts/demo $(DEVICE)

.PHONY: check
check: setup ## Run every test but those of many minutes; ends with "N passed, N failed"
	@scripts/check $(PARTS)

.PHONY: unit
unit: setup ## Unit tests of tests/
	@scripts/unit

.PHONY: lint
lint: setup ## Formatting, lints, import rules, licence headers, tables of the documentation
	@scripts/lint

.PHONY: lab
lab: all $(if $(filter rgvt,$(DRIVER)),modules) ## Boot the lab: DRIVER=native|kvmgt|rgvt DEVICE=skl|kbl|cfl|bdw GUESTS=n SCENARIO=... N=n
	@scripts/lab run $(lab-args) --scenario $(SCENARIO)

.PHONY: lab-shell
lab-shell: all $(if $(filter rgvt,$(DRIVER)),modules) ## A shell in L1; there, l2 leads to a guest's
	@scripts/lab shell $(lab-args)

.PHONY: igt
igt: all modules ## IGT on all devices and drivers, into tests/lab/igt/results.csv
	@scripts/igt table

.PHONY: bench
bench: all modules ## The same work natively, under kvmgt and under rgvt, counted, into build/bench (BENCH=quick)
	@scripts/bench $(BENCH)

.PHONY: fuzz
fuzz: setup ## Fuzz the software GPU and the driver's audit, each target for SECONDS_EACH=60 (FUZZ=target: only that)
	@scripts/fuzz "$(SECONDS_EACH)" $(FUZZ)

ifneq ($(wildcard Kbuild),)
.PHONY: modules
modules: setup ## Build rgvt.ko
	@scripts/modules

.PHONY: install
install: modules ## Install rgvt.ko for the kernel that it was built for, and rgvt-top (DESTDIR=DIR: below DIR)
	install -D -m 644 rgvt.ko "$(DESTDIR)/lib/modules/$$(scripts/kver)/updates/rgvt.ko"
	install -D -m 755 scripts/rgvt-top "$(DESTDIR)/usr/local/bin/rgvt-top"
	[ -n "$(DESTDIR)" ] || depmod "$$(scripts/kver)"

.PHONY: unload
unload: ## Unload rgvt.ko from this machine's kernel, or say who uses it
	@scripts/unload
endif

.PHONY: clean
clean: ## Remove what was built here
	rm -rf build

.PHONY: distclean
distclean: clean ## And the cache that make setup filled
	@scripts/forget-cache
