# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
# What every script needs: where things are, and how to speak.

RGVT_TREE=$(cd -- "${BASH_SOURCE[0]%/*}/../.." && pwd -P)
RGVT_CACHE=${RGVT_CACHE:-${XDG_CACHE_HOME:-${HOME:-/root}/.cache}/rgvt}
[[ $RGVT_CACHE == /* ]] || RGVT_CACHE=$PWD/$RGVT_CACHE
export RGVT_TREE RGVT_CACHE

# die MESSAGE... : one line on standard error for each argument, then exit 1.
die() {
	printf 'error: %s\n' "$1" >&2
	shift
	(($# == 0)) || printf '       %s\n' "$@" >&2
	exit 1
}

# Stamps: a finished step leaves its key (what it was made from) in a file, written by rename.
stamp_ok() { # NAME KEY
	local have
	{ read -r have <"$RGVT_CACHE/stamps/$1"; } 2>/dev/null && [[ $have == "$2" ]]
}

stamp_set() { # NAME KEY
	mkdir -p "$RGVT_CACHE/stamps"
	printf '%s\n' "$2" >"$RGVT_CACHE/stamps/$1.tmp"
	mv -- "$RGVT_CACHE/stamps/$1.tmp" "$RGVT_CACHE/stamps/$1"
}

stamp_exists() { [[ -e $RGVT_CACHE/stamps/$1 ]]; }

# list FILE : the words of a list file, without its comments.
list() { sed -e 's/#.*//' -e '/^[[:space:]]*$/d' -- "$1"; }

# list_key FILE... : a short hash of list files' words, so that a comment does not cause work.
list_key() {
	local file
	for file; do list "$file"; done | sha256sum | cut -c1-16
}
