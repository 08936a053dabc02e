# shellcheck shell=bash
# shellcheck disable=SC2154 # a step of the set-up sets image_*
# SPDX-License-Identifier: GPL-2.0
# Images of programs with their own C library, read-only, so that L1 and any guest can run them in a chroot. A step of
# the set-up that makes one sets image_name, image_suite and image_packages, and says by image_programs ROOT which of
# its files are to find all their libraries; it may define image_drop ROOT, which removes what nobody needs.

image_key() { printf '%s\n' "$image_suite,$image_packages" | sha256sum | cut -c1-16; }
image_done() { stamp_ok "$image_name" "$(image_key)" && [[ -e $RGVT_CACHE/$image_name.squashfs ]]; }

image_make() {
	local dir=$RGVT_CACHE/$image_name.tmp mirror missing
	mirror=$(debian_mirror)
	apt_options "$mirror" >"$RGVT_CACHE/apt.conf"
	rm -rf --one-file-system "$dir"
	mkdir -p "$dir"
	# The suite may be newer than this machine's keyring: the sysroot's knows its keys.
	mmdebstrap --mode=root --variant=extract --include="$image_packages" --aptopt="$RGVT_CACHE/apt.conf" \
		--keyring="$RGVT_CACHE/sysroot/usr/share/keyrings/debian-archive-keyring.gpg" \
		"$image_suite" "$dir/root" "deb $mirror $image_suite main"
	finish_root "$dir/root"
	! declare -F image_drop >/dev/null || image_drop "$dir/root"
	missing=$(missing_libraries "$dir/root")
	[[ -z $missing ]] || die "the image $image_name lacks libraries:" "$missing"
	sysroot mksquashfs "/cache/$image_name.tmp/root" "/cache/$image_name.tmp/image" -comp zstd -noappend -no-progress \
		-all-root
	mv "$dir/image" "$RGVT_CACHE/$image_name.squashfs"
	rm -rf --one-file-system "$dir"
	stamp_set "$image_name" "$(image_key)"
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
	image_programs "$1" | while read -r program; do
		[[ -f $program && -x $program ]] || continue
		chroot "$1" /lib64/ld-linux-x86-64.so.2 --list "${program#"$1"}" 2>/dev/null | grep 'not found' || true
	done | sort -u
}
