# SPDX-License-Identifier: GPL-2.0
# What L1's scripts and the guests' share: a TAP stream, modules, time.

tap_count=0

# tap_open DEVICE: test points go to this serial line.
tap_open() {
	stty -F "$1" raw -echo
	exec 3> "$1"
}

# Lets the scheduler be woken by the tick alone. Linux 7.2 sets a timer for the end of each slice, too, and each timer
# makes an emulated guest leave two or three times (Documentation/lab.rst, "What slows a guest down").
ticks_only() {
	echo NO_HRTICK > /sys/kernel/debug/sched/features
}

ok() {
	tap_count=$((tap_count + 1))
	echo "ok $tap_count - $1" >&3
}

# not_ok NAME [WHY]
not_ok() {
	tap_count=$((tap_count + 1))
	echo "not ok $tap_count - $1${2:+ # $2}" >&3
}

# skip NAME WHY
skip() {
	tap_count=$((tap_count + 1))
	echo "ok $tap_count - $1 # SKIP $2" >&3
}

note() {
	echo "# $*" >&3
}

# The plan stands at the end: only a stream that was finished has one.
plan() {
	echo "1..$tap_count" >&3
}

# check NAME COMMAND...: a test point that passes when the command does.
check() {
	check_name=$1
	shift
	if "$@"; then
		ok "$check_name"
	else
		not_ok "$check_name" "status $?"
	fi
}

# include PREFIX LIMIT COMMAND...: runs a program that writes TAP, for at most LIMIT seconds, and takes
# its points over as they come, numbered anew.
include() {
	include_prefix=$1
	include_limit=$2
	shift 2
	rm -f /tmp/include
	mkfifo /tmp/include
	{
		timeout "$include_limit" "$@"
		echo "status $?"
	} > /tmp/include &
	include_count=0
	include_plan=none
	include_status=none
	while read -r line; do
		case $line in
		"ok "* | "not ok "*)
			include_count=$((include_count + 1))
			tap_count=$((tap_count + 1))
			verdict=${line%%ok *}ok
			rest=${line#*ok }
			number=${rest%%[!0-9]*}
			rest=${rest#"$number"}
			rest=${rest# }
			rest=${rest#- }
			echo "$verdict $tap_count - $include_prefix: $rest" >&3
			;;
		1..*) include_plan=${line#1..} ;;
		"Bail out!"*) not_ok "$include_prefix: $line" ;;
		"status "*) include_status=${line#status } ;;
		*) note "$include_prefix: ${line#\# }" ;;
		esac
	done < /tmp/include
	if [ "$include_plan" != "$include_count" ]; then
		not_ok "$include_prefix: complete" \
			"planned $include_plan, seen $include_count, status $include_status"
	fi
}

# load SET [PARAMETER...]: loads a set of modules; the parameters are the last one's. Others come from the
# kernel's command line, as modprobe would take them. It starts no program but insmod: in a guest each one
# takes a sixth of a second.
load() {
	load_list=/modules/$1.list
	shift
	while read -r load_name; do
		load_last=$load_name
	done < "$load_list"
	read -r load_line < /proc/cmdline
	while read -r load_name; do
		[ -d "/sys/module/$load_name" ] && continue
		load_words=
		for load_word in $load_line; do
			case $load_word in
			"$load_name".*) load_words="$load_words ${load_word#*.}" ;;
			esac
		done
		[ "$load_name" != "$load_last" ] || load_words="$load_words $*"
		# shellcheck disable=SC2086 # one word for each parameter is wanted
		insmod "/modules/$load_name.ko" $load_words || return
	done < "$load_list"
}

# finish FILE: the plan, and a mark in the kernel's log that FILE, where the log goes, must have: so it
# can be told from a log that breaks off.
finish() {
	plan
	note "powering off after $(uptime_s) s"
	echo "<6>lab: end of log" > /dev/kmsg
	wait_for 10 grep -q "lab: end of log" "$1"
	sync
	"${LAST_STEP:-poweroff}" -f
}

uptime_s() {
	read -r uptime_now _ < /proc/uptime
	echo "$uptime_now"
}

# alive FILE: writes a sign of life for ever.
alive() {
	while :; do
		uptime_s >> "$1"
		sleep 5
	done
}

# wait_for SECONDS COMMAND...: until the command succeeds.
wait_for() {
	wait_left=$(($1 * 5))
	shift
	until "$@"; do
		wait_left=$((wait_left - 1))
		[ "$wait_left" -gt 0 ] || return 1
		sleep 0.2
	done
}
