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

# A user of a vGPU is there, of which sysfs tells.
in_use() {
	grep -qs . /sys/bus/mdev/devices/*/rgvt/user
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
if [ "$DRIVER" != native ]; then
	# Nor may a vGPU in use hold up the machine when it starts anew, which is how this script ends.
	gpu_load
	vendor_load
	vfio-check --module "$DRIVER" across -- sleep 600 > /tmp/use 2>&1 &
	check "a vGPU is in use" wait_for 20 in_use
fi
