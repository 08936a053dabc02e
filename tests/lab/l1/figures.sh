# SPDX-License-Identifier: GPL-2.0
# What things cost here: trapped accesses of each step, time of a trapped access and of a submission.
# Says, and judges only that the steps succeed.

# Before a driver is bound, so that the kernel lets a program map the registers.
echo 1 > "$GPU/enable"
include "i915-check" 60 i915-check latency --only register
echo 0 > "$GPU/enable"
accesses "i915's probe" 1 gpu_load
submissions
gpu_check
if [ "$DRIVER" != native ]; then
	accesses "$DRIVER's load" 1 vendor_load
	if vgpus_create "$GUESTS"; then
		guests_run
		vgpus_remove "$GUESTS"
	fi
	vendor_unload
fi
gpu_unload
