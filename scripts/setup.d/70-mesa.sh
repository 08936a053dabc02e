# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
# shellcheck disable=SC2034 # lib/steps.sh and lib/image.sh read these
# Mesa with two programs that draw, for L1 and guests.

step_title="Mesa image"
step_mib=700
image_name=mesa
image_packages=kmscube,glmark2-es2-drm,libgl1-mesa-dri,libegl-mesa0,libgbm1,libgles2,busybox-static
image_suite=trixie

step_done() { image_done; }
step_run() { image_make; }

image_programs() { printf '%s\n' "$1"/usr/bin/{kmscube,glmark2-es2-drm} "$1"/usr/lib/x86_64-linux-gnu/libgallium-*.so; } # ROOT

# What comes along and is read by none of these: character sets, keyboards, names of countries.
image_drop() { # ROOT
	rm -rf "$1"/usr/lib/x86_64-linux-gnu/gconv "$1"/usr/share/{X11,xml,iso-codes,fonts}
}
