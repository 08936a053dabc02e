# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
# shellcheck disable=SC2034 # lib/steps.sh reads step_title and step_mib
# The Debian 13 root in which everything is built and QEMU runs.

step_title="Debian 13 sysroot"
step_mib=3500
packages_file=$RGVT_TREE/scripts/sysroot-packages

step_key() { list_key "$packages_file"; }
step_done() { stamp_ok sysroot "$(step_key)" && [[ -d $RGVT_CACHE/sysroot/rgvt ]]; }

packages_of_trixie() { list "$packages_file" | xargs -n 1 | grep -v @; }
packages_of_backports() { list "$packages_file" | xargs -n 1 | sed -n 's/@backports$//p'; }

step_run() {
	local mirror options=$RGVT_CACHE/apt.conf
	mirror=$(debian_mirror)
	apt_options "$mirror" >"$options"
	if stamp_exists sysroot && [[ -d $RGVT_CACHE/sysroot/rgvt ]] && heal_root "$RGVT_CACHE/sysroot"; then
		# The list grew: add to the root that is there.
		install -m 644 "$options" "$RGVT_CACHE/sysroot/etc/apt/apt.conf.d/99mmdebstrap"
		add_packages "$RGVT_CACHE/sysroot"
	else
		rm -rf --one-file-system "$RGVT_CACHE/sysroot.tmp"
		make_root "$RGVT_CACHE/sysroot.tmp" "$mirror" "$options"
		add_packages "$RGVT_CACHE/sysroot.tmp"
		rm -rf --one-file-system "$RGVT_CACHE/sysroot"
		mv -T "$RGVT_CACHE/sysroot.tmp" "$RGVT_CACHE/sysroot"
	fi
	mkdir -p "$RGVT_CACHE/cargo"
	stamp_set sysroot "$(step_key)"
}

# A run that was killed while packages were added has left dpkg's work half done, and apt does nothing before that is
# ended. Fails if it cannot be.
heal_root() { # DIR
	RGVT_SYSROOT=$1 DEBIAN_FRONTEND=noninteractive sysroot dpkg --configure -a
}

make_root() { # DIR MIRROR OPTIONS
	mmdebstrap --mode=root --variant=minbase --components=main --aptopt="$3" \
		--include="$(packages_of_trixie | paste -sd,)" \
		trixie "$1" "deb $2 trixie main" "deb $2 trixie-backports main"
	# No service starts in there.
	printf '#!/bin/sh\nexit 101\n' >"$1/usr/sbin/policy-rc.d"
	chmod +x "$1/usr/sbin/policy-rc.d"
	# Places for in-sysroot's mounts.
	mkdir -p "$1/rgvt" "$1/cache" "$1/.cargo"
	[[ -e $1/etc/resolv.conf ]] || : >"$1/etc/resolv.conf"
}

add_packages() { # DIR
	local packages
	export DEBIAN_FRONTEND=noninteractive RGVT_SYSROOT=$1
	sysroot apt-get -o APT::Update::Error-Mode=any update
	mapfile -t packages < <(packages_of_trixie)
	sysroot apt-get install -y "${packages[@]}"
	mapfile -t packages < <(packages_of_backports)
	sysroot apt-get install -y -t trixie-backports "${packages[@]}"
	sysroot apt-get clean
	unset RGVT_SYSROOT
}
