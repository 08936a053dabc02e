# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
# shellcheck disable=SC2034 # lib/steps.sh reads step_title and step_mib
# IGT with its own C library in a read-only image, so that L1 and any guest can run it in a chroot.

step_title="IGT image"
step_mib=500
igt_packages=igt-gpu-tools-tests,igt-gpu-tools,busybox-static
igt_suite=forky

step_key() { printf '%s\n' "$igt_suite,$igt_packages" | sha256sum | cut -c1-16; }
step_done() { stamp_ok igt "$(step_key)" && [[ -e $RGVT_CACHE/igt.squashfs ]]; }

step_run() {
	local dir=$RGVT_CACHE/igt.tmp mirror missing
	mirror=$(debian_mirror)
	apt_options "$mirror" >"$RGVT_CACHE/apt.conf"
	rm -rf --one-file-system "$dir"
	mkdir -p "$dir"
	# The suite is newer than this machine's keyring may be: the sysroot's knows its keys.
	mmdebstrap --mode=root --variant=extract --include="$igt_packages" --aptopt="$RGVT_CACHE/apt.conf" \
		--keyring="$RGVT_CACHE/sysroot/usr/share/keyrings/debian-archive-keyring.gpg" \
		"$igt_suite" "$dir/root" "deb $mirror $igt_suite main"
	finish_root "$dir/root"
	missing=$(missing_libraries "$dir/root")
	[[ -z $missing ]] || die "IGT's image lacks libraries:" "$missing"
	sysroot mksquashfs /cache/igt.tmp/root /cache/igt.tmp/igt.squashfs -comp zstd -noappend -no-progress -all-root
	mv "$dir/igt.squashfs" "$RGVT_CACHE/igt.squashfs"
	rm -rf --one-file-system "$dir"
	stamp_set igt "$(step_key)"
}

# What package scripts would have made, less what no test reads.
finish_root() { # ROOT
	local dir
	rm -rf "$1"/usr/share/{doc,man,locale,info,lintian,bug,gtk-doc} "$1"/var/{lib/apt,cache} \
		"$1"/etc/{hostname,resolv.conf}
	for dir in bin sbin lib lib64; do
		mkdir -p "$1/usr/$dir"
		[[ -e $1/$dir || -L $1/$dir ]] || ln -s "usr/$dir" "$1/$dir"
	done
	mkdir -p "$1"/{dev,proc,sys,run,tmp,out,root,etc}
	[[ -e $1/bin/sh ]] || ln -s busybox "$1/bin/sh"
	[[ -s $1/etc/passwd ]] || printf 'root:x:0:0:root:/root:/bin/sh\n' >"$1/etc/passwd"
	[[ -s $1/etc/group ]] || printf 'root:x:0:\n' >"$1/etc/group"
	ldconfig -r "$1"
}

missing_libraries() { # ROOT
	local program
	for program in "$1"/usr/libexec/igt-gpu-tools/* "$1"/usr/bin/igt_*; do
		[[ -f $program && -x $program ]] || continue
		chroot "$1" /lib64/ld-linux-x86-64.so.2 --list "${program#"$1"}" 2>/dev/null | grep 'not found' || true
	done | sort -u
}
