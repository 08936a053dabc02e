# SPDX-License-Identifier: GPL-2.0
# Runs a list of IGT tests that put L1 to sleep, without its shares: a program that waits for one holds a sleep up.

# The emulated board does not switch itself off once it has slept, and QEMU ends at a reboot as well.
export LAST_STEP=reboot

# awake: a sign of life, while there is no share for one.
awake() {
	while :; do
		note "awake after $(uptime_s) s"
		sleep 30
	done
}

gpu_load
monitors_detect
check "IGT's root is mounted" igt_mount
check "shares are put away" eval "umount /igt/out && shares_down"
awake &
igt_awake=$!
igt_lists /tmp/igt
kill "$igt_awake"
shares_up
cp -r /igt/tmp/igt /out/
