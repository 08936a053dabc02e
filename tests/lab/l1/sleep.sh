# SPDX-License-Identifier: GPL-2.0
# A program: puts the machine to sleep, and ends when it is awake again.
#   sleep.sh test LEVEL STATE   towards a sleeping state, as far as the kernel's own test mode LEVEL says;
#                               stays there for five seconds
#   sleep.sh real               to RAM, until the clock wakes it. The GPU loses its state. (The emulated
#                               board's clock does not wake it from suspend to idle.)

case $1 in
test)
	status=1
	echo "$2" > /sys/power/pm_test && echo "$3" > /sys/power/state && status=0
	echo none > /sys/power/pm_test
	exit "$status"
	;;
real)
	echo deep > /sys/power/mem_sleep || exit
	echo 0 > /sys/class/rtc/rtc0/wakealarm
	echo +5 > /sys/class/rtc/rtc0/wakealarm || exit
	echo mem > /sys/power/state
	;;
esac
