# SPDX-License-Identifier: GPL-2.0
# The vGPU in a guest, driven by its stock i915.

gpu_load() {
	# shellcheck disable=SC2086 # one word for each parameter is wanted
	check "i915 loads" load i915 $I915_ARGS
	check "i915 is bound to the vGPU" test -e /sys/bus/pci/devices/0000:00:02.0/driver/module
	check "i915 sees that the GPU is virtual" gpu_is_virtual
	check "a card and a render node exist" gpu_nodes
	note "i915 is up after $(uptime_s) s"
	# For the symbols of a stack that is looked at from outside.
	cp /proc/modules /out/modules
	[ -z "$SYMBOLS_WANTED" ] || grep ' [tTwW] ' /proc/kallsyms > /out/kallsyms
}

gpu_nodes() {
	[ -c /dev/dri/card0 ] || [ -c /dev/dri/card1 ] || return 1
	[ -c /dev/dri/renderD128 ]
}

gpu_is_virtual() {
	dmesg | grep -q "Virtual GPU for Intel GVT-g detected"
}

# The test program with the scenario's choice of checks.
gpu_check() {
	# shellcheck disable=SC2086 # one word for each check is wanted
	include "i915-check" 600 i915-check $CHECKS
}
