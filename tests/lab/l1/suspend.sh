# SPDX-License-Identifier: GPL-2.0
# L1 sleeps and wakes; the GPU has to work afterwards.

# suspend_test LEVEL STATE: goes towards a sleeping state as far as the kernel's own test mode LEVEL
# says, stays there for five seconds, and comes back.
suspend_test() {
	suspend_good=1
	echo "$1" > /sys/power/pm_test && echo "$2" > /sys/power/state && suspend_good=0
	echo none > /sys/power/pm_test
	return "$suspend_good"
}

# suspend_real: to RAM, until the clock wakes it. The GPU loses its state. (The emulated board's clock
# does not wake it from suspend to idle.)
suspend_real() {
	echo deep > /sys/power/mem_sleep || return
	echo 0 > /sys/class/rtc/rtc0/wakealarm
	echo +5 > /sys/class/rtc/rtc0/wakealarm || return
	echo mem > /sys/power/state
}

# The emulated board does not switch itself off once it has slept, and QEMU ends at a reboot as well.
export LAST_STEP=reboot

gpu_load
gpu_check
check "shares are put away" shares_down
check "suspend to RAM, devices only" suspend_test devices mem
gpu_check
check "suspend to RAM, all but the sleep" suspend_test core mem
gpu_check
check "suspend to idle, devices only" suspend_test devices freeze
gpu_check
check "suspend to RAM and wake" suspend_real
gpu_check
shares_up
gpu_unload
