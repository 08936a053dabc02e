# SPDX-License-Identifier: GPL-2.0
# The GPU's witness, as the scripts of L1 and of guests reach it.

# witness JSON: has the runner pass a request to the GPU's witness; its answer is printed.
witness() {
	# Counted by files: this runs in subshells, which cannot count on.
	witness_count=1
	while [ -e "/out/witness-$witness_count.request" ]; do
		witness_count=$((witness_count + 1))
	done
	echo "$1" > "/out/witness-$witness_count.new"
	mv "/out/witness-$witness_count.new" "/out/witness-$witness_count.request"
	wait_for 20 test -e "/out/witness-$witness_count.answer" || return
	cat "/out/witness-$witness_count.answer"
}

# accesses WHAT TIMES COMMAND...: notes how many register accesses reach the GPU while the command runs,
# which does WHAT so many times.
accesses() {
	accesses_what=$1
	accesses_times=$2
	shift 2
	witness '{"cmd":"reset_counters"}' > /tmp/cleared
	"$@"
	note "figure: $accesses_what: $(witness '{"cmd":"registers","top":0}' |
		sed 's/.*"reads":\([0-9]*\).*"writes":\([0-9]*\).*/\1 \2/' | {
		read -r accesses_reads accesses_writes
		echo "$((accesses_reads / accesses_times)) reads, $((accesses_writes / accesses_times)) writes trapped"
	})"
}

# submissions: the same for one submission on each engine, in the middle of 200, with nothing else in flight.
submissions() {
	for submissions_engine in rcs bcs vcs0 vecs; do
		accesses "a submission on $submissions_engine" 200 \
			include "i915-check" 120 i915-check latency --only "round-trip/$submissions_engine"
	done
}
