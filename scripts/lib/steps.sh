# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
# Runs the steps of scripts/setup.d, one at a time, in order.

# steps_pending : set the array "pending" to the steps that are not done, and pending_mib to the disk they need.
steps_pending() {
	local file name mib
	pending=()
	pending_mib=0
	for file in "$RGVT_TREE"/scripts/setup.d/*.sh; do
		name=${file##*/}
		name=${name%.sh}
		mib=$(. "$file" && { step_done || printf '%s\n' "$step_mib"; })
		[[ -n $mib ]] || continue
		pending+=("$name")
		pending_mib=$((pending_mib + mib))
	done
}

title_of() { (. "$RGVT_TREE/scripts/setup.d/$1.sh" && printf '%s\n' "$step_title"); }

check_machine() {
	local id version step todo=() lacking
	[[ $(uname -m) == x86_64 ]] || die "the set-up knows x86_64 only, this is $(uname -m)"
	if ((EUID != 0)); then
		lacking=$(. "$RGVT_TREE/scripts/setup.d/10-host.sh" && missing_packages | paste -sd' ')
		for step in "${pending[@]}"; do todo+=("still to do: $(title_of "$step")"); done
		die "root is needed, to set up and for all that runs in the Debian root directory" \
			"give the same command to root, for example: sudo make demo${KVER:+ KVER=$KVER} RGVT_CACHE=$RGVT_CACHE" \
			"packages this machine lacks: ${lacking:-none}" "${todo[@]}"
	fi
	id=$(. /etc/os-release && printf '%s' "${ID:-}")
	version=$(. /etc/os-release && printf '%s' "${VERSION_ID:-}")
	case $id-$version in
	debian-12 | debian-13) ;;
	*) die "unsupported distribution: $(. /etc/os-release && printf '%s' "${PRETTY_NAME:-unknown}")" \
		"the set-up is made for Debian 12 and 13" ;;
	esac
}

check_disk() {
	local free
	free=$(df --output=avail -BM "$RGVT_CACHE" | tail -n 1 | tr -dc 0-9)
	((free >= pending_mib)) || die "not enough disk in $RGVT_CACHE: $free MiB free, $pending_mib MiB needed" \
		"make room, or put it elsewhere: RGVT_CACHE=DIR make setup"
}

# One set-up at a time. The lock is held through a descriptor that every child has too: what a killed
# set-up left running ends before the next one starts.
take_lock() {
	mkdir -p "$RGVT_CACHE/log" || die "cannot make $RGVT_CACHE"
	exec 9>>"$RGVT_CACHE/lock"
	if ! flock -n 9; then
		echo "setup: another run is at work in $RGVT_CACHE; waiting for it"
		flock 9
	fi
}

# A step runs in a session of its own, so that all of it can be stopped.
worker=
stop_worker() {
	[[ -z $worker ]] || kill -TERM -- "-$worker" 2>/dev/null || true
	wait
	die "setup: stopped" "what is done is kept; 'make setup' goes on from there"
}
trap stop_worker INT TERM HUP

run_step() { # NAME
	local log=$RGVT_CACHE/log/$1.log title status=0 begun=$SECONDS tick=0
	title=$(title_of "$1")
	printf '[%4d s] setup: %s\n' "$SECONDS" "$title"
	setsid bash "$RGVT_TREE/scripts/setup" --step "$1" >"$log" 2>&1 </dev/null &
	worker=$!
	while kill -0 "$worker" 2>/dev/null; do
		sleep 0.2
		tick=$((tick + 1))
		((tick % 75 != 0)) || printf '[%4d s] setup: %s: %.90s\n' "$SECONDS" "$title" \
			"$(tail -n 1 "$log" | tr -dc '[:print:]')"
	done
	wait "$worker" || status=$?
	worker=
	((status == 0)) || step_failed "$1" "$title" "$log"
	printf '[%4d s] setup: %s: done in %d s\n' "$SECONDS" "$title" $((SECONDS - begun))
}

step_failed() { # NAME TITLE LOG
	local hint="the whole log: $3"
	if grep -qiE 'Temporary failure resolving|Could not resolve|Could not connect|Connection (refused|timed out)|Unable to connect' "$3"; then
		hint="the Debian mirror $(debian_mirror) cannot be reached: check the network and apt's proxy settings"
	elif grep -qi 'No space left on device' "$3"; then
		hint="the disk of $RGVT_CACHE is full"
	elif grep -qF 'dpkg --configure -a' "$3"; then
		# The words that apt has for it in any language. In the sysroot its step ends what dpkg had begun.
		hint="this machine's dpkg was interrupted: have it end its work with: dpkg --configure -a"
	elif grep -qiE 'Unable to locate package|has no installation candidate|Can.t find' "$3"; then
		hint="the mirror $(debian_mirror) lacks a package; is it complete and up to date?"
	fi
	tail -n 12 "$3" | sed 's/^/    | /' >&2
	die "setup: $2 failed" "$hint" "run 'make setup' again when that is mended; what is done is kept"
}
