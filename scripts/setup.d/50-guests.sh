# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
# shellcheck disable=SC2034 # lib/steps.sh reads step_title and step_mib
# Kernels that guests boot: those of Debian 13 and 12, and the kernel under test.

step_title="guest kernels"
step_mib=1200
guest_suites=(trixie bookworm)

step_done() {
	local suite kver
	for suite in "${guest_suites[@]}"; do
		stamp_ok "guest-$suite" 1 && [[ -e $RGVT_CACHE/guest/$suite/vmlinuz ]] || return 1
	done
	kver=$(kernel_prepared_choice) && [[ -e $RGVT_CACHE/guest/$kver/vmlinuz ]]
}

step_run() {
	local suite kver
	mkdir -p "$RGVT_CACHE/guest"
	for suite in "${guest_suites[@]}"; do
		stamp_ok "guest-$suite" 1 || fetch_guest "$suite"
	done
	kver=$(kernel_choose)
	ln -sfnT "../kernel/$kver" "$RGVT_CACHE/guest/$kver"
}

fetch_guest() { # SUITE
	local package kver dir
	apt_view "$1"
	package=$(view_apt "$1" apt-cache depends linux-image-amd64 |
		awk '/^ *Depends: linux-image-[0-9]/ && !n++ { print $2 }')
	[[ -n $package ]] || die "$1 has no package linux-image-amd64"
	kver=${package#linux-image-}
	dir=$RGVT_CACHE/guest/$kver
	echo "$1: $package"
	rm -rf "$dir.tmp"
	mkdir -p "$dir.tmp/deb"
	(cd "$dir.tmp/deb" && view_apt "$1" apt-get -o APT::Sandbox::User=root download "$package")
	unpack_debs "$dir.tmp/deb" "$dir.tmp/root"
	tidy_kernel "$dir.tmp" "$kver"
	rm -rf "$dir.tmp/root" "$dir.tmp/deb" "$dir"
	mv -T "$dir.tmp" "$dir"
	ln -sfnT "$kver" "$RGVT_CACHE/guest/$1"
	rm -rf "$RGVT_CACHE/apt/$1"
	stamp_set "guest-$1" 1
}
