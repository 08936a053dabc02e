# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
# Which kernel: the series this tree knows (scripts/kernels), those prepared in the cache, those the archive has.

# kernel_series STATUS... : the known series of that status, newest first.
kernel_series() {
	local series status wanted
	list "$RGVT_TREE/scripts/kernels" | sort -rV | while read -r series status; do
		for wanted; do
			[[ $status != "$wanted" ]] || printf '%s\n' "$series"
		done
	done
}

# kernel_series_of KVER : 7.2.12+deb13-amd64 and 7.2 are of series 7.2.
kernel_series_of() { [[ $1 =~ ^([0-9]+\.[0-9]+)([.+-].*)?$ ]] && printf '%s\n' "${BASH_REMATCH[1]}"; }

# kernel_matches WANTED KVER : is KVER what WANTED (X.Y, X.Y.Z or the whole version) asks for?
kernel_matches() {
	[[ $2 == "$1" || $2 == "$1."* || $2 == "$1+"* || $2 == "$1-"* ]]
}

kernel_ready() { # KVER
	[[ -e $RGVT_CACHE/stamps/kernel-$1 && -e $RGVT_CACHE/kernel/$1/tree ]]
}

# kernel_prepared WANTED : the newest prepared kernel that WANTED asks for.
kernel_prepared() {
	local dir kver best=
	for dir in "$RGVT_CACHE"/kernel/*/; do
		dir=${dir%/}
		kver=${dir##*/}
		[[ ! -L $dir ]] || continue
		if ! kernel_matches "$1" "$kver" || ! kernel_ready "$kver"; then continue; fi
		best=$(printf '%s\n' "$best" "$kver" | sort -V | tail -n 1)
	done
	[[ -n $best ]] && printf '%s\n' "$best"
}

# kernel_offered WANTED : the newest kernel that the sysroot's package lists offer whole for WANTED.
kernel_offered() {
	local kver
	while read -r kver; do
		if ! kernel_matches "$1" "$kver" || ! kernel_packages "$kver" >/dev/null; then continue; fi
		printf '%s\n' "$kver"
		return
	done < <(sysroot apt-cache pkgnames linux-headers- |
		sed -nE 's/^linux-headers-([0-9]+\.[0-9]+\.[0-9]+(\+deb[0-9]+)?-amd64)$/\1/p' | sort -rV)
	return 1
}

# kernel_packages KVER : NAME=VERSION of the packages that hold its headers (first), image and modules;
# fails unless the lists offer them all, and the source of just that build. An image is in the archive
# unsigned before it is there signed; older kernels have image and modules in one package.
kernel_packages() {
	local version
	version=$(package_version "linux-headers-$1")
	first_offered "$version" "linux-source-$(kernel_series_of "$1")" >/dev/null || return
	printf '%s=%s\n' "linux-headers-$1" "$version"
	if first_offered "$version" "linux-modules-$1"; then
		first_offered "$version" "linux-binary-$1" "linux-binary-unsigned-$1" || return
		first_offered "$version" "linux-base-$1" || true
	else
		first_offered "$version" "linux-image-$1" "linux-image-unsigned-$1"
	fi
}

first_offered() { # VERSION NAME...
	local name
	for name in "${@:2}"; do
		sysroot apt-cache show "$name=$1" >/dev/null 2>&1 || continue
		printf '%s=%s\n' "$name" "$1"
		return
	done
	return 1
}

# kernel_known WANTED : refuse what scripts/kernels does not list.
kernel_known() {
	local series known
	known=$(kernel_series supported candidate | paste -sd' ')
	series=$(kernel_series_of "$1") || die "KVER=$1 is no kernel version" "known series: $known (scripts/kernels)"
	[[ " $known " == *" $series "* ]] ||
		die "KVER=$1: series $series is not among those this tree knows" "known series: $known (scripts/kernels)"
}

# kernel_choose : the kernel to prepare. What is prepared already is kept, unless UPDATE=1 asks to look anew.
kernel_choose() {
	local wanted kver
	if [[ -n ${KVER:-} ]]; then
		kernel_known "$KVER"
		set -- "$KVER"
	else
		# shellcheck disable=SC2046 # one word a series
		set -- $(kernel_series supported)
	fi
	for wanted; do
		kver=
		[[ -n ${UPDATE:-} ]] || kver=$(kernel_prepared "$wanted") || true
		[[ -n $kver ]] || kver=$(kernel_offered "$wanted") || kver=$(kernel_prepared "$wanted") || continue
		printf '%s\n' "$kver"
		return
	done
	die "the archive has no kernel for: $*" \
		"it offers: $(sysroot apt-cache pkgnames linux-headers- | sed -nE 's/^linux-headers-([0-9.]+\+deb[0-9]+-amd64)$/\1/p' | sort -V | paste -sd' ')" \
		"known series are in scripts/kernels; the newest may need 'make setup UPDATE=1'"
}

# sysroot CMD... : run it in the sysroot.
sysroot() { "$RGVT_TREE/scripts/in-sysroot" -- "$@" </dev/null; }

# kernel_prepared_choice : kernel_choose without a look at the archive, for "is there anything to do?".
kernel_prepared_choice() {
	local wanted
	[[ -z ${UPDATE:-} ]] || return 1
	for wanted in ${KVER:-$(kernel_series supported)}; do
		kernel_prepared "$wanted" && return
	done
	return 1
}
