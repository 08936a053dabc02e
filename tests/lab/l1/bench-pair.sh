# SPDX-License-Identifier: GPL-2.0
# What two users of the GPU get when both want it. Documentation/bench.rst.

# pair_lead FOLDER FOLDER: lets both users go, whose shares these are, and asks the witness in the middle of
# the part in which they want the same engine.
pair_lead() {
	for pair_part in apart same; do
		check "both are ready ($pair_part)" wait_for 120 test -e "$1/$pair_part-1.ready" -a -e "$2/$pair_part-2.ready"
		touch "$1/$pair_part-1.go" "$2/$pair_part-2.go"
		[ "$pair_part" = same ] || continue
		sleep 1
		witness '{"cmd":"reset_counters"}' > /tmp/cleared
		sleep 4
		witness '{"cmd":"engines"}' > /out/same.json
	done
}

# pair_wait PID PID
pair_wait() {
	check "user 1 is done" wait "$1"
	check "user 2 is done" wait "$2"
}

gpu_load
if [ "$DRIVER" = native ]; then
	pair_user 1 &
	pair_first=$!
	pair_user 2 &
	pair_lead /out /out
	pair_wait "$pair_first" "$!"
else
	vendor_load
	if vgpus_create 2; then
		pair_args=$GUEST_ARGS
		GUEST_ARGS="$pair_args lab.user=1"
		guest_start 1 1 > /out/l2-1.supervise.log 2>&1 &
		pair_first=$!
		GUEST_ARGS="$pair_args lab.user=2"
		guest_start 2 2 > /out/l2-2.supervise.log 2>&1 &
		pair_second=$!
		pair_lead /out/l2-1.out /out/l2-2.out
		pair_wait "$pair_first" "$pair_second"
		vgpus_remove 2
	fi
	vendor_unload
fi
gpu_unload
