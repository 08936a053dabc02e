# SPDX-License-Identifier: GPL-2.0
# L1 sleeps and wakes; the GPU has to work afterwards.

# suspend_test LEVEL: goes through suspend to the given depth of the kernel's own test and back.
suspend_test() {
	suspend_good=1
	echo "$1" > /sys/power/pm_test && echo mem > /sys/power/state && suspend_good=0
	echo none > /sys/power/pm_test
	return "$suspend_good"
}

# suspend_real STATE: sleeps until the clock wakes it.
suspend_real() {
	case $1 in
	mem) echo deep > /sys/power/mem_sleep || return ;;
	esac
	echo 0 > /sys/class/rtc/rtc0/wakealarm
	echo +5 > /sys/class/rtc/rtc0/wakealarm || return
	echo "$1" > /sys/power/state
}

gpu_load
gpu_check
check "shares are put away" shares_down
for level in freezer devices core; do
	check "suspend and resume: pm_test $level" suspend_test "$level"
	gpu_check
done
check "suspend to idle and wake" suspend_real freeze
gpu_check
check "suspend to RAM and wake" suspend_real mem
gpu_check
shares_up
gpu_unload
