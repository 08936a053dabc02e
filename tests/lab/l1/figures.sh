# SPDX-License-Identifier: GPL-2.0
# What things cost here: trapped accesses of each step, time of a trapped access and of a submission.
# Says, and judges only that the steps succeed.

# accesses WHAT COMMAND...: notes how many register accesses trap while the command runs.
accesses() {
	accesses_what=$1
	shift
	witness '{"cmd":"reset_counters"}' > /tmp/cleared
	"$@"
	note "figure: $accesses_what: $(witness '{"cmd":"registers","top":0}' |
		sed 's/.*"reads":\([0-9]*\).*"writes":\([0-9]*\).*/\1 reads, \2 writes trapped/')"
}

# Before a driver is bound, so that the kernel lets a program map the registers.
echo 1 > "$GPU/enable"
include "i915-check" 60 i915-check latency --only register
echo 0 > "$GPU/enable"
accesses "i915's probe" gpu_load
accesses "i915-check in L1" gpu_check
if [ "$DRIVER" != native ]; then
	accesses "$DRIVER's load" vendor_load
	if vgpus_create "$GUESTS"; then
		accesses "a guest from boot to power-off" guests_run
		vgpus_remove "$GUESTS"
	fi
	vendor_unload
fi
gpu_unload
