#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Runs lists of IGT's subtests with the stock igt_runner, inside a chroot of the IGT image.
#
#	run-igt.sh LISTS RESULTS [GROUP...]
#
# LISTS is a folder of <n>-<group>.<seconds>.list, as igt-table select writes them, or one file, whose
# subtests have IGT_TIMEOUT seconds each (60 unless set). RESULTS must be writable and is best outside
# the machine, so that it survives it. The caller has mounted /proc, /sys, /dev
# (with /dev/kmsg) and a writable /tmp. Each subtest's end is told at once, on standard output and
# in RESULTS/progress.txt:
#
#	IGT: [12/345] program@subtest pass
#
# Run again with the same RESULTS, it goes on after the subtest in which the machine died. Where the driver
# has given the GPU up for lost, no subtest that follows would tell anything: it ends, and leaves the file
# RESULTS/lost.

set -u

lists=${1:?folder of lists}
results=${2:?folder for results}
shift 2
groups=$*

tests=/usr/libexec/igt-gpu-tools
# How often a group is taken up again after its runner gave up, as it does when a test cannot be
# killed.
attempts=8
scratch=/tmp/run-igt.scratch

die() {
	echo "run-igt.sh: $*" >&2
	exit 2
}

# Without kernel messages igt_runner spins for ever.
[ -c /dev/kmsg ] || die "no /dev/kmsg"
[ -x /usr/bin/igt_runner ] || die "no igt_runner: not in the chroot of the IGT image?"
[ -e /bin/sh ] || die "no /bin/sh, which igt_runner needs"
mkdir -p "$results" || die "cannot make $results"

# Tests would mount it themselves; the first look at tracing makes the kernel warn, which would be
# held against the first test.
[ -d /sys/kernel/debug/tracing ] || mount -t debugfs debugfs /sys/kernel/debug 2>/dev/null
ls /sys/kernel/debug/tracing/ >/dev/null 2>&1

wanted() {
	[ -z "$groups" ] && return 0
	for group in $groups; do
		[ "$group" = "$1" ] && return 0
	done
	return 1
}

# Prints the complete lines of a file beyond those seen, and sets count to their number.
fresh() {
	count=0
	[ -e "$1" ] || return 0
	count=$(wc -l <"$1")
	[ "$count" -gt "$2" ] && head -n "$count" "$1" | tail -n "+$(($2 + 1))"
}

# Tells what ended in the current job, the runner's folder for one program, since the last look. Its
# out.txt has "Subtest name: SUCCESS (0.001s)"; its journal.txt has the names of subtests as they
# start, "timeout:..." when one was killed, and "exit:CODE ..." at the program's end.
look() {
	fresh "$dir/$current/out.txt" "$out_seen" >"$scratch"
	out_seen=$count
	fresh "$dir/$current/journal.txt" "$journal_seen" >>"$scratch"
	journal_seen=$count
	[ -s "$scratch" ] || return 0
	program=$(sed -n "$((current + 1))p" "$dir/joblist.txt" | cut -d ' ' -f 1)
	ended=$(wc -l <"$results/progress.txt")
	awk -v total="$total" -v ended="$ended" -v program="$program" -v last="$started" '
	function tell(name, result) {
		print "IGT: [" ++ended "/" total "] " program (name == "" ? "" : "@" name) " " result
	}
	BEGIN {
		word["SUCCESS"] = "pass"; word["SKIP"] = "skip"; word["FAIL"] = "fail"
		word["CRASH"] = "crash"; word["TIMEOUT"] = "timeout"; word["WARN"] = "warn"
		code["exit:0"] = "pass"; code["exit:77"] = "skip"
	}
	/^Subtest [^ ]*: [A-Z]+ \(/ {
		name = $2; sub(/:$/, "", name)
		tell(name, ($3 in word) ? word[$3] : tolower($3))
	}
	/^[^ :]+$/ { last = $0 }
	/^timeout:/ { tell(last, "timeout") }
	# A program without subtests.
	/^exit:/ && last == "" { tell("", ($1 in code) ? code[$1] : "fail") }
	' "$scratch" | tee -a "$results/progress.txt"
	started=$(grep -v : "$dir/$current/journal.txt" 2>/dev/null | tail -n 1)
}

# Tells what ended in all jobs from the current one on.
look_on() {
	[ -e "$dir/joblist.txt" ] || return 0
	while :; do
		look
		[ -d "$dir/$((current + 1))" ] || break
		current=$((current + 1)) out_seen=0 journal_seen=0 started=
	done
}

# Whether the driver has given the GPU up for lost, in so many looks in a row that it was no test's doing.
lost() {
	case $(cat /sys/kernel/debug/dri/*/i915_wedged 2>/dev/null) in
	*1*) wedged=$((wedged + 1)) ;;
	*) wedged=0 ;;
	esac
	[ "$wedged" -ne 1 ] || lost_in=$current
	[ "$wedged" -ge 4 ]
}

# What ran without a GPU is to run again.
forget_lost() {
	later=$((lost_in + 1))
	while [ -d "$dir/$later" ]; do
		rm -r "${dir:?}/$later"
		later=$((later + 1))
	done
}

# Whether the runner came to the end of a group.
finished() {
	[ -e "$1/endtime.txt" ]
}

# Becomes the runner, which starts or resumes the group. The tests write their output themselves, so that
# it can be followed: over its socket the runner would keep it back.
run_group() {
	if [ -e "$dir/metadata.txt" ]; then
		exec igt_resume "$dir"
	else
		export IGT_RUNNER_DISABLE_SOCKET_COMMUNICATION=1
		exec igt_runner \
			-e IGT_RUNNER_DISABLE_SOCKET_COMMUNICATION \
			--multiple-mode --log-level quiet --sync --overwrite \
			--per-test-timeout "$seconds" --disk-usage-limit 16M \
			--test-list "$list" "$tests" "$dir"
	fi
}

# Makes results.json out of what the runner has left; of an unfinished group the rest counts as not run.
# Done aside: it is written in small pieces, which takes minutes on a share of a share.
sum_up() {
	rm -rf "$scratch.d" "$dir/results.json"
	cp -r "$dir" "$scratch.d" &&
		igt_results "$scratch.d" >/dev/null 2>&1 &&
		cp "$scratch.d/results.json" "$dir/results.new" &&
		mv "$dir/results.new" "$dir/results.json" ||
		echo "IGT: no summary of $dir"
	rm -rf "$scratch.d"
}

if [ -f "$lists" ]; then
	mkdir -p "$results/one" || die "cannot make $results/one"
	grep '^igt@' "$lists" >"$results/one/1-all.${IGT_TIMEOUT:-60}.list" || die "no subtests in $lists"
	lists=$results/one
fi

rm -f "$results/lost"
wedged=0
total=0
for list in "$lists"/*.list; do
	[ -e "$list" ] || die "no lists in $lists"
	name=${list##*/}
	group=${name#*-}
	wanted "${group%%.*}" || continue
	cp "$list" "$results/" || die "cannot write to $results"
	total=$((total + $(wc -l <"$list")))
done

for list in "$lists"/*.list; do
	name=${list##*/}
	base=${name%.*.list}
	seconds=${name%.list}
	seconds=${seconds##*.}
	wanted "${base#*-}" || continue
	dir=$results/$base
	attempt=0
	while ! finished "$dir" && [ "$attempt" -lt "$attempts" ]; do
		attempt=$((attempt + 1))
		echo "IGT: group ${base#*-}, at most $seconds s a subtest, attempt $attempt"
		touch "$results/progress.txt"
		current=$(($(find "$dir" -name journal.txt 2>/dev/null | wc -l) - 1))
		[ "$current" -lt 0 ] && current=0
		out_seen=$(wc -l 2>/dev/null <"$dir/$current/out.txt" || echo 0)
		journal_seen=$(wc -l 2>/dev/null <"$dir/$current/journal.txt" || echo 0)
		started=
		run_group >>"$results/$base.log" 2>&1 &
		runner=$!
		while kill -0 "$runner" 2>/dev/null; do
			sleep 2
			look_on
			# All that is left is its own summing up, which must not go on beside ours.
			finished "$dir" && kill -KILL "$runner" 2>/dev/null
			lost || continue
			kill -KILL "$runner"
			wait "$runner"
			look_on
			forget_lost
			echo "IGT: the GPU is lost"
			touch "$results/lost"
			exit 3
		done
		wait "$runner"
		look_on
	done
	sum_up
	finished "$dir" || echo "IGT: group ${base#*-} was given up"
done
echo "IGT: done"
