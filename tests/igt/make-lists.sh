#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Makes the lists of IGT's subtests out of the rules and of what the programs themselves list.
#
#	make-lists.sh IMAGE IGT-TABLE OUT
#
# IMAGE is the squashfs of IGT, IGT-TABLE this crate's program. OUT gets a folder for each file of
# lists/, in the form that igt-run takes, beside it all its groups in one file, and all.txt, every
# subtest there is. Runs as root in a mount namespace of its own (scripts/in-sysroot gives one).
# Does nothing when OUT is newer than all that goes into it.

set -euo pipefail

image=${1:?image of IGT}
table=${2:?igt-table}
out=${3:?folder for the lists}
rules=${0%/*}/lists

current() {
	[ -s "$out/all.txt" ] && [ -e "$out/stamp" ] || return 1
	for file in "$image" "$table" "$0" "$rules"/*.rules; do
		[ "$out/stamp" -nt "$file" ] || return 1
	done
}

if current; then
	exit 0
fi
rm -f "$out/stamp"
mkdir -p "$out"

work=$(mktemp -d)
mounted=
clean() {
	for mount in $mounted; do
		umount "$mount"
	done
	rm -rf --one-file-system "$work"
}
trap clean EXIT
trap 'exit 130' INT TERM HUP

root=$work/root
unsquashfs -quiet -no-progress -dest "$root" "$image" >/dev/null
mount -t proc proc "$root/proc"
mounted="$root/proc"
mount --bind /dev "$root/dev"
mounted="$root/dev $mounted"
# No device is needed: every program is asked for its --list-subtests.
chroot "$root" /usr/bin/igt_runner --list-all /usr/libexec/igt-gpu-tools >"$work/all.txt"
[ -s "$work/all.txt" ] || {
	echo "make-lists.sh: igt_runner lists no subtests" >&2
	exit 1
}
cp "$work/all.txt" "$out/all.txt"

for file in "$rules"/*.rules; do
	name=${file##*/}
	name=${name%.rules}
	echo "IGT list $name:"
	"$table" select "$file" "$out/all.txt" "$out/$name"
	cat "$out/$name"/*.list >"$out/$name.list"
done
touch "$out/stamp"
