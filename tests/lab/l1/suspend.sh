# SPDX-License-Identifier: GPL-2.0
# L1 sleeps and wakes; the GPU has to work afterwards, and a vGPU that was in use to go on.

SLEEP="/bin/sh /lab/sleep.sh"

# sleep_native NAME ARGUMENT...: nobody but i915 uses the GPU.
sleep_native() {
	sleep_name=$1
	shift
	# shellcheck disable=SC2086 # one word for each part is wanted
	check "$sleep_name" $SLEEP "$@"
	gpu_check
}

# sleep_vgpu NAME ARGUMENT...: a program of ours uses a vGPU.
sleep_vgpu() {
	sleep_name=$1
	shift
	# shellcheck disable=SC2086 # one word for each part is wanted
	include "$sleep_name, vGPU in use" 90 vfio-check --module "$DRIVER" across -- $SLEEP "$@"
}

# The emulated board does not switch itself off once it has slept, and QEMU ends at a reboot as well.
export LAST_STEP=reboot

gpu_load
gpu_check
check "shares are put away" shares_down
if [ "$DRIVER" = native ]; then
	sleep_native "suspend to RAM, devices only" test devices mem
	sleep_native "suspend to RAM, all but the sleep" test core mem
	sleep_native "suspend to idle, devices only" test devices freeze
	sleep_native "suspend to RAM and wake" real
else
	vendor_load
	sleep_vgpu "suspend to RAM, devices only" test devices mem
	sleep_vgpu "suspend to RAM, all but the sleep" test core mem
	sleep_vgpu "suspend to RAM and wake" real
	vendor_unload
	gpu_check
fi
shares_up
gpu_unload
