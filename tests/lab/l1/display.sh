# SPDX-License-Identifier: GPL-2.0
# A monitor is plugged in.

# display_port: the connector's folder in sysfs. i915 looks for monitors after it has loaded, and a busy machine may
# ask before; so it is told to look now.
display_port() {
	for display_status in /sys/class/drm/card*-DP-*/status; do
		echo detect > "$display_status"
		[ "$(cat "$display_status")" = connected ] || continue
		echo "${display_status%/status}"
		return 0
	done
	return 1
}

gpu_load
port=$(display_port)
check "a monitor is connected" test -n "$port"
check "its EDID is read" test "$(wc -c < "$port/edid")" -ge 128
check "its mode is known" grep -qx 1024x768 "$port/modes"
# These set a mode, flip and count vblanks, and do not measure how far apart those are. kms_setmode's subtest
# "basic" does, to a line's time, and fails when the machine is late to deliver one; that a frame lasts as long as
# its mode says is judged by gen9's own tests. What sets modes for a minute is in the list of "make igt".
igt_program kms_flip 90 --run-subtest basic-plain-flip
igt_program kms_vblank 90 --run-subtest query-idle
gpu_check
gpu_unload
