# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
# shellcheck disable=SC2034 # lib/steps.sh reads step_title and step_mib
# The kernel under test: its image, its modules, its configuration.

step_title="kernel image and modules"
step_mib=700

step_key() { kernel_choose; }
step_done() {
	local kver
	kver=$(kernel_prepared_choice) && stamp_ok "boot-$kver" 1
}

step_run() {
	local kver version dir packages
	# What the lists named when they were fetched may have left the archive.
	sysroot apt-get -o APT::Update::Error-Mode=any update
	kver=$(kernel_choose)
	if stamp_ok "boot-$kver" 1; then return; fi
	dir=$RGVT_CACHE/kernel/$kver
	rm -rf "$dir.tmp"
	mkdir -p "$dir.tmp/deb"
	packages=$(kernel_packages "$kver")
	# shellcheck disable=SC2086 # one word a package
	set -- $packages
	version=${1#*=}
	download "kernel/$kver.tmp/deb" "$@"
	unpack_debs "$dir.tmp/deb" "$dir.tmp/root"
	tidy_kernel "$dir.tmp" "$kver"
	cp "$dir.tmp/root/usr/src/linux-headers-$kver/.config" "$dir.tmp/config"
	cp "$dir.tmp/root/usr/src/linux-headers-$kver/Module.symvers" "$dir.tmp/Module.symvers"
	printf '%s\n' "$version" >"$dir.tmp/package-version"
	rm -rf "$dir.tmp/root" "$dir.tmp/deb" "$dir"
	mv -T "$dir.tmp" "$dir"
	stamp_set "boot-$kver" 1
}
