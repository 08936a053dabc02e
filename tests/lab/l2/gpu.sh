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

# Waits until the GPU is at rest. i915 stops its interrupts first when it is told that the machine powers off; if
# the GPU has still to be put to rest then, what would say that it is may never arrive, and i915 waits for it: seen
# with guests of kvmgt and of rgvt alike.
gpu_rest() {
	set -- /sys/kernel/debug/dri/*/i915_runtime_pm_status
	[ ! -e "$1" ] || check "the GPU comes to rest" wait_for 20 grep -q "GPU idle: yes" "$1"
}
