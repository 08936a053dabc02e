# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
# shellcheck disable=SC2034 # lib/steps.sh and lib/image.sh read these
# IGT, for L1 and guests.

step_title="IGT image"
step_mib=500
image_name=igt
# IGT puts the machine to sleep by util-linux's rtcwake; by kmod's depmod it finds the modules that it reloads.
image_packages=igt-gpu-tools-tests,igt-gpu-tools,busybox-static,util-linux,kmod
image_suite=forky

step_done() { image_done; }
step_run() { image_make; }

image_programs() { printf '%s\n' "$1"/usr/libexec/igt-gpu-tools/* "$1"/usr/bin/igt_*; } # ROOT
