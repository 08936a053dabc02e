# SPDX-License-Identifier: GPL-2.0
# The guest's i915 drives a virtual monitor, and pictures are taken of it.

# shoot NAME: has a picture taken, /out/NAME.ppm.
shoot() {
	: > "/out/$1.shoot"
	wait_for 20 test ! -e "/out/$1.shoot" && [ ! -e "/out/$1.error" ]
}

# lit NAME: not all of the picture is black.
lit() {
	[ "$(tail -c +16 "/out/$1.ppm" | tr -d '\000' | wc -c)" -gt 1000 ]
}

# What the firmware has written is there until i915 comes, and then what that shows.
check "a picture is taken before i915 loads" shoot firmware
check "the firmware's screen is on it" lit firmware
gpu_load
for screen_port in /sys/class/drm/card*-DP-*; do
	[ "$(cat "$screen_port/status")" != connected ] || break
done
check "a monitor is connected" grep -qx connected "$screen_port/status"
check "its EDID is read" test "$(wc -c < "$screen_port/edid")" -ge 128
note "modes: $(tr '\n' ' ' < "$screen_port/modes")"
check "there is a console on it" test -e /sys/class/graphics/fb0
gpu_check
include "i915-check" 300 i915-check screen --camera /out
include "i915-check" 120 i915-check monitor --camera /out
