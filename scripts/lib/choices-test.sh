# shellcheck shell=bash
# shellcheck disable=SC2030,SC2031,SC2317 # each test is in a shell of its own, in which it replaces functions
# SPDX-License-Identifier: GPL-2.0
# Tests of what the set-up chooses, without a sysroot or a network: the functions that ask for facts are replaced by
# some that know what is written here.

# expect NAME EXPECTED STATUS COMMAND... : does it print that (a pattern), and return so?
expect() {
	local found status=0
	found=$("${@:4}" 2>&1) || status=$?
	# shellcheck disable=SC2053 # a pattern
	[[ $found == $2 && $status == "$3" ]] && return
	printf '%s: expected "%s" and status %s, found "%s" and %s\n' "$1" "$2" "$3" "$found" "$status"
	wrong=1
}

# The lists of a fixture: NAME VERSION, a package a line.
fixture_archive=
fixture_sysroot() { # As the function sysroot
	case "$*" in
	'apt-cache pkgnames linux-headers-') sed -n 's/^\(linux-headers-[^ ]*\) .*/\1/p' <<<"$fixture_archive" ;;
	'apt-cache show --no-all-versions '*) sed -n "s/^$4 /Version: /p" <<<"$fixture_archive" ;;
	'apt-cache show '*) grep -qxF -e "${3/=/ }" <<<"$fixture_archive" ;;
	*) return 2 ;;
	esac
}

# add_kernel KVER VERSION : all packages of a kernel, with the source of just that build.
add_kernel() {
	fixture_archive+="linux-headers-$1 $2"$'\n'"linux-modules-$1 $2"$'\n'"linux-binary-$1 $2"$'\n'
	fixture_archive+="linux-source-$(kernel_series_of "$1") $2"$'\n'
}

choose() { (kernel_choose) 2>/dev/null; }
complain() { (kernel_choose) 2>&1 >/dev/null | sed -n 1p; }

# kernel_self_test : which kernel is chosen? In a shell of its own, for it replaces functions.
kernel_self_test() (
	. "$RGVT_TREE/scripts/lib/packages.sh"
	. "$RGVT_TREE/scripts/lib/kernel.sh"
	sysroot() { fixture_sysroot "$@"; }
	wrong=0
	RGVT_TREE=$(mktemp -d)
	trap 'rm -rf "$RGVT_TREE"' EXIT
	RGVT_CACHE=$RGVT_TREE/cache
	mkdir -p "$RGVT_TREE/scripts" "$RGVT_CACHE"/{kernel,stamps}
	printf '%s\n' '# comment' '7.2 supported' '7.10 candidate' '7.9 supported' >"$RGVT_TREE/scripts/kernels"
	unset KVER UPDATE

	expect 'an empty archive' 'error: the archive has no kernel for: 7.9 7.2' 1 complain
	add_kernel 7.2.12+deb13-amd64 7.2.12-1
	add_kernel 7.10.1+deb13-amd64 7.10.1-1
	expect 'the newest series is not there' 7.2.12+deb13-amd64 0 choose
	add_kernel 7.9.4+deb13-amd64 7.9.4-1
	add_kernel 7.9.11+deb13-amd64 7.9.11-1
	expect 'the newest supported series' 7.9.11+deb13-amd64 0 choose
	KVER=7.10 expect 'a candidate that is asked for' 7.10.1+deb13-amd64 0 choose
	KVER=7.2 expect 'an older series that is asked for' 7.2.12+deb13-amd64 0 choose
	KVER=7.9.4 expect 'a point release that is asked for' 7.9.4+deb13-amd64 0 choose
	KVER=7.9.4+deb13-amd64 expect 'a whole version' 7.9.4+deb13-amd64 0 choose
	KVER=7.9.1 expect 'not 7.9.11' 'error: the archive has no kernel for: 7.9.1' 1 complain
	KVER=6.12 expect 'an unknown series' 'error: KVER=6.12: series 6.12 is not among those this tree knows' 1 complain
	KVER=6.12 expect 'an unknown series' '' 1 choose
	KVER=new expect 'no version' 'error: KVER=new is no kernel version' 1 complain

	# Its headers are in the lists still, its source no longer.
	fixture_archive=${fixture_archive/linux-source-7.9 7.9.11-1/}
	expect 'a point release that has vanished' 7.9.4+deb13-amd64 0 choose
	fixture_archive=${fixture_archive/linux-source-7.9 7.9.4-1/}
	expect 'a series that has vanished' 7.2.12+deb13-amd64 0 choose

	mkdir -p "$RGVT_CACHE"/kernel/7.{2.5,9.3,9.10,9.20}+deb13-amd64/tree
	touch "$RGVT_CACHE"/stamps/kernel-7.{2.5,9.3,9.10}+deb13-amd64
	ln -s 7.9.3+deb13-amd64 "$RGVT_CACHE/kernel/default"
	expect 'what is prepared is kept' 7.9.10+deb13-amd64 0 choose
	expect 'without a look at the archive' 7.9.10+deb13-amd64 0 kernel_prepared_choice
	KVER=7.9.3 expect 'a prepared one that is asked for' 7.9.3+deb13-amd64 0 choose
	KVER=7.2 UPDATE=1 expect 'a look for a newer one' 7.2.12+deb13-amd64 0 choose
	KVER=7.9 UPDATE=1 expect 'a look that finds nothing' 7.9.10+deb13-amd64 0 choose
	return "$wrong"
)

# mirror_self_test : which mirror is taken from the machine's own configuration?
mirror_self_test() (
	. "$RGVT_TREE/scripts/lib/apt.sh"
	machine_release() { printf 'bookworm'; }
	package_indexes() { printf '%b' "$indexes"; }
	mirror() { { (debian_mirror) 2>&1 || true; } | sed -n 1p; }
	wrong=0
	list=$(mktemp)
	trap 'rm -f "$list"' EXIT
	printf '%s\n' '# comment' 'https://first.example/debian/ priority:1' 'https://second.example/debian' >"$list"
	unset RGVT_MIRROR

	while IFS='!' read -r name expected indexes; do
		expect "$name" "$expected" 0 mirror
	done <<-EOF
		the suite's own!http://a.example/debian!http://a.example/debian/|bookworm|main\n
		not security's, updates'!http://b.example!http://a.example|bookworm-security|main\nhttp://a.example|bookworm-updates|main\nhttp://b.example|bookworm|main\n
		the first of two!https://a.example!https://a.example|bookworm|main\nhttp://b.example|bookworm|main\n
		the main component!http://b.example!http://a.example|bookworm|contrib\nhttp://b.example|bookworm|main\n
		of another vendor!http://b.example!http://a.example/apt|any|main\nhttp://b.example|stable|main\n
		no other machine can read it!http://b.example!cdrom:[Debian]/|bookworm|main\nfile:/srv|bookworm|main\nhttp://b.example|bookworm|main\n
		a list!https://first.example/debian!mirror+file:$list/|bookworm|main\n
		an empty list!http://b.example!mirror+file:/dev/null|bookworm|main\nhttp://b.example|bookworm|main\n
		none!error: no mirror of Debian's main component in /etc/apt for 'bookworm'!http://a.example|trixie|main\n
	EOF
	indexes='http://a.example|bookworm|main\n'
	RGVT_MIRROR=http://named.example expect 'one that is named' http://named.example 0 mirror
	return "$wrong"
)
