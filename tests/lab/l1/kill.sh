# SPDX-License-Identifier: GPL-2.0
# QEMUs are killed while their guests and one more are at work; that one must not notice, and all that
# the others had is returned.

KILLS=2

# guests_left: how many more of the chosen type could be made.
guests_left() {
	cat "$vgpu_chosen/available_instances"
}

check "there are two guests at least" test "$GUESTS" -ge 2
gpu_load
vendor_load
if vgpus_create "$GUESTS"; then
	left=$(guests_left)
	guest_start "$GUESTS" "$GUESTS" > "/out/l2-$GUESTS.supervise.log" 2>&1 &
	bystander=$!
	pids=
	for number in $(seq $((GUESTS - 1))); do
		guest_start "$number" "$number" --kills "$KILLS" > "/out/l2-$number.supervise.log" 2>&1 &
		pids="$pids $number:$!"
	done
	for pair in $pids; do
		check "guest ${pair%:*} ran after $KILLS kills" wait "${pair#*:}"
	done
	check "guest $GUESTS is still at work" kill -0 "$bystander"
	touch "/out/l2-$GUESTS.out/last"
	check "guest $GUESTS ran to its end" wait "$bystander"
	vgpus_remove "$GUESTS"
	check "what the guests had is free again" test "$(guests_left)" = $((left + GUESTS))
fi
vendor_unload
gpu_check
gpu_unload
