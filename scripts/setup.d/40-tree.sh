# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
# shellcheck disable=SC2034 # lib/steps.sh reads step_title and step_mib
# The kernel's own source, configured as Debian's build was, ready for M=. The headers package will
# not do: it has no metadata of the kernel's Rust crates.

step_title="kernel build tree"
step_mib=3500

step_done() {
	local kver
	kver=$(kernel_prepared_choice) && kernel_ready "$kver" && default_link_ok
}

# Only the choice without KVER= may become the default.
default_link_ok() {
	[[ -n ${KVER:-} ]] || [[ $(readlink "$RGVT_CACHE/kernel/default") == "$(kernel_prepared_choice)" ]]
}

step_run() {
	local kver
	kver=$(kernel_choose)
	kernel_ready "$kver" || make_tree "$kver"
	if [[ -z ${KVER:-} || ! -e $RGVT_CACHE/kernel/default ]]; then
		ln -sfnT "$kver" "$RGVT_CACHE/kernel/default.tmp"
		mv -T "$RGVT_CACHE/kernel/default.tmp" "$RGVT_CACHE/kernel/default"
	fi
}

make_tree() { # KVER
	local dir=$RGVT_CACHE/kernel/$1 version series
	version=$(<"$dir/package-version")
	series=$(kernel_series_of "$1")
	rm -rf "$dir/deb" "$dir/tree" "$dir/tree.tmp"
	mkdir -p "$dir/deb" "$dir/tree.tmp"
	download "kernel/$1/deb" "linux-source-$series=$version"
	echo "unpacking the source"
	# Straight from the package's archive, without a copy of it on disk.
	dpkg-deb --fsys-tarfile "$dir"/deb/linux-source-*.deb |
		tar -xO --wildcards "./usr/src/linux-source-$series.tar.xz" |
		xz -dc -T0 | tar -x --strip-components=1 -C "$dir/tree.tmp"
	rm -rf "$dir/deb"
	cp "$dir/config" "$dir/tree.tmp/.config"
	cp "$dir/Module.symvers" "$dir/tree.tmp/Module.symvers"
	mv -T "$dir/tree.tmp" "$dir/tree"
	echo "preparing it to build modules"
	prepare_tree "$1"
	stamp_set "kernel-$1" 1
}

prepare_tree() { # KVER
	local dir=$RGVT_CACHE/kernel/$1 base gcc release
	base=$(sysroot make -s -C "/cache/kernel/$1/tree" kernelversion | tail -n 1)
	# Debian built it with this major version of gcc.
	gcc=gcc-$(($(sed -n 's/^CONFIG_GCC_VERSION=//p' "$dir/config") / 10000))
	set -- "$1" -C "/cache/kernel/$1/tree" "LOCALVERSION=${1#"$base"}" "CC=$gcc" "HOSTCC=$gcc"
	sysroot nice make "${@:2}" olddefconfig
	grep -qx CONFIG_RUST=y "$dir/tree/.config" || {
		echo "error: this tool chain cannot build the kernel's Rust (see 'make rustavailable')"
		sysroot make "${@:2}" rustavailable
	}
	sysroot nice make "${@:2}" "-j$(nproc)" modules_prepare
	release=$(sysroot make -s "${@:2}" kernelrelease | tail -n 1)
	[[ $release == "$1" ]] || die "the tree calls itself $release, not $1"
	# What make must be told to build a module against it.
	printf '%s\n' "${@:4}" >"$dir/make-args"
}
