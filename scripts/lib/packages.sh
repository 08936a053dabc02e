# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
# Packages that are fetched and unpacked, not installed.

# package_version NAME : the version the sysroot's lists offer.
package_version() {
	local version
	version=$(sysroot apt-cache show --no-all-versions "$1" 2>/dev/null | awk '/^Version: / && !n++ { print $2 }')
	[[ -n $version ]] || die "the archive has no package $1" "try: make setup UPDATE=1"
	printf '%s\n' "$version"
}

# download DIR PACKAGE=VERSION... : DIR is relative to the cache. Lists that name a package which has
# left the archive are old: fetch them anew and say what is to be done.
download() {
	fetch "$@" && return
	sysroot apt-get -o APT::Update::Error-Mode=any update
	fetch "$@" ||
		die "cannot fetch: ${*:2}" "if the archive has a newer point release by now: make setup UPDATE=1"
}

fetch() { # DIR PACKAGE=VERSION...
	(cd "$RGVT_CACHE/$1" && sysroot apt-get -o APT::Sandbox::User=root download "${@:2}")
}

unpack_debs() { # FROM TO
	local deb
	mkdir -p "$2"
	for deb in "$1"/*.deb; do dpkg-deb -x "$deb" "$2"; done
}

# tidy_kernel DIR KVER : from DIR/root make DIR/vmlinuz, DIR/lib/modules/KVER with depmod's tables (for modprobe
# -d) and DIR/modules, a link to it.
tidy_kernel() {
	local image modules
	for image in "$1/root/usr/lib/modules/$2"/vmlinuz{,.unsigned} "$1/root/boot/vmlinuz-$2"{,.unsigned}; do
		[[ ! -f $image ]] || cp "$image" "$1/vmlinuz"
	done
	[[ -f $1/vmlinuz ]] || die "the packages of $2 hold no vmlinuz"
	mkdir -p "$1/lib/modules"
	for modules in "$1/root/usr/lib/modules/$2" "$1/root/lib/modules/$2"; do
		[[ ! -d $modules/kernel ]] || mv "$modules" "$1/lib/modules/"
	done
	[[ -d $1/lib/modules/$2/kernel ]] || die "the packages of $2 hold no modules"
	rm -f "$1/lib/modules/$2"/{build,source,vmlinuz*}
	ln -sT "lib/modules/$2" "$1/modules"
	sysroot depmod -b "/cache/${1#"$RGVT_CACHE"/}" "$2"
}

# apt_view SUITE : package lists of another suite, apart from the sysroot's own.
apt_view() {
	local dir=$RGVT_CACHE/apt/$1
	rm -rf "$dir"
	mkdir -p "$dir/lists/partial" "$dir/parts"
	printf 'deb %s %s main\n' "$(debian_mirror)" "$1" >"$dir/sources.list"
	cat >"$dir/apt.conf" <<-EOF
		Dir::Etc::SourceList "/cache/apt/$1/sources.list";
		Dir::Etc::SourceParts "/cache/apt/$1/parts";
		Dir::Etc::PreferencesParts "/cache/apt/$1/parts";
		Dir::State::Lists "/cache/apt/$1/lists";
		Dir::Cache::pkgcache "";
		Dir::Cache::srcpkgcache "";
	EOF
	view_apt "$1" apt-get -o APT::Update::Error-Mode=any update
}

view_apt() { sysroot env "APT_CONFIG=/cache/apt/$1/apt.conf" "${@:2}"; }
