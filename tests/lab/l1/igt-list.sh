# SPDX-License-Identifier: GPL-2.0
# Runs a list of IGT tests: in L1 when nobody virtualises the GPU, else in each guest.

gpu_load
# With a console on a monitor, the kernel would have looked for its modes by now.
for status in /sys/class/drm/card*-DP-*/status; do
	[ -e "$status" ] || continue
	[ "$(cat "$status")" = disconnected ] || echo detect > "$status"
done
if [ "$DRIVER" = native ]; then
	igt_lists
else
	nested_run
fi
