# SPDX-License-Identifier: GPL-2.0
# What a guest's submissions cost while others have virtual GPUs open. Documentation/bench.rst.

# How many others.
CROWD=6

crowd_open() {
	grep -q open /tmp/crowd
}

gpu_load
vendor_load
bench_names
if vgpus_create $((CROWD + 1)); then
	crowd=
	for other in $(seq 2 $((CROWD + 1))); do
		crowd="$crowd $(vgpu_uuid "$other")"
	done
	# shellcheck disable=SC2086 # one word for each virtual GPU is wanted
	vfio-check --module "$DRIVER" crowd $crowd > /tmp/crowd &
	crowd_pid=$!
	check "$CROWD others are open" wait_for 60 crowd_open
	guests_run
	check "the others are still there" kill "$crowd_pid"
	wait "$crowd_pid"
	vgpus_remove $((CROWD + 1))
fi
vendor_unload
gpu_unload
