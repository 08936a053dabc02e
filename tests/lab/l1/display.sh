# SPDX-License-Identifier: GPL-2.0
# A monitor is plugged in.

# display_port: the connector's folder in sysfs.
display_port() {
	for display_status in /sys/class/drm/card*-DP-*/status; do
		[ "$(cat "$display_status")" = connected ] || continue
		echo "${display_status%/status}"
		return 0
	done
	return 1
}

gpu_load
port=$(display_port)
check "a monitor is connected" test -n "$port"
# With a console on it, the kernel would have looked for its modes by now.
echo detect > "$port/status"
check "its EDID is read" test "$(wc -c < "$port/edid")" -ge 128
check "its mode is known" grep -qx 1024x768 "$port/modes"
igt_program kms_setmode 60 --run-subtest basic
igt_program kms_flip 60 --run-subtest basic-plain-flip
igt_program kms_vblank 60 --run-subtest query-idle
gpu_check
gpu_unload
