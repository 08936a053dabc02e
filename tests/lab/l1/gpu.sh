# SPDX-License-Identifier: GPL-2.0
# The GPU in L1: i915, the vendor driver, and vGPUs.

GPU=/sys/bus/pci/devices/0000:00:02.0

# Loads i915 as a host of vGPUs needs it, with or without a vendor driver.
gpu_load() {
	# shellcheck disable=SC2086 # one word for each parameter is wanted
	check "i915 loads" load i915 enable_gvt=1 enable_guc=0 $I915_ARGS
	check "i915 is bound to the GPU" test -e "$GPU/driver/module"
	check "a card and a render node exist" gpu_nodes
	note "i915 is up after $(uptime_s) s"
}

gpu_nodes() {
	[ -c /dev/dri/card0 ] || [ -c /dev/dri/card1 ] || return 1
	[ -c /dev/dri/renderD128 ]
}

# The test program with the scenario's choice of checks.
gpu_check() {
	# shellcheck disable=SC2086 # one word for each check is wanted
	include "i915-check" 180 i915-check $CHECKS
}

# Unloads i915, which tells about references that were leaked.
gpu_unload() {
	for console in /sys/class/vtconsole/vtcon*; do
		case $(cat "$console/name") in
		*"frame buffer"*) echo 0 > "$console/bind" ;;
		esac
	done
	check "i915 unloads" rmmod i915
}

vendor_load() {
	check "KVM loads" load kvm
	check "VFIO loads" load vfio
	if [ "$DRIVER" = kvmgt ]; then
		# It reads registers when it loads and does not wake the GPU for that; on a host with a
		# screen the GPU is awake anyway.
		exec 4< /sys/kernel/debug/dri/0000:00:02.0/i915_forcewake_user
	fi
	check "$DRIVER loads" load vendor
	exec 4<&-
	check "mdev types are offered" test -d "$GPU/mdev_supported_types"
	note "$DRIVER is up after $(uptime_s) s"
}

vendor_unload() {
	check "$DRIVER unloads" rmmod "$DRIVER"
}

# The names of what is counted (Documentation/bench.rst).
bench_names() {
	grep -i ' [tw] ' /proc/kallsyms > /out/kallsyms
}

# vgpu_type COUNT: the first of the scenario's types of which so many can be made.
vgpu_type() {
	for size in $VGPU_TYPES; do
		for type in "$GPU"/mdev_supported_types/*_"$size"; do
			[ -d "$type" ] || continue
			if [ "$(cat "$type/available_instances")" -ge "$1" ]; then
				echo "$type"
				return 0
			fi
		done
	done
	return 1
}

vgpu_uuid() {
	printf '11111111-2222-3333-4444-%012d' "$1"
}

vgpu_present() {
	[ -e "/sys/bus/mdev/devices/$(vgpu_uuid "$1")" ]
}

vgpu_absent() {
	! vgpu_present "$1"
}

# vgpus_create COUNT
vgpus_create() {
	vgpu_chosen=$(vgpu_type "$1") || {
		not_ok "a type of vGPU is available $1 times"
		return 1
	}
	note "type ${vgpu_chosen##*/}: $(tr '\n' ' ' < "$vgpu_chosen/description")"
	for index in $(seq "$1"); do
		vgpu_uuid "$index" > "$vgpu_chosen/create"
		check "vGPU $index is made" vgpu_present "$index"
	done
}

# vgpus_remove COUNT
vgpus_remove() {
	for index in $(seq "$1"); do
		echo 1 > "/sys/bus/mdev/devices/$(vgpu_uuid "$index")/remove"
		check "vGPU $index is removed" wait_for 10 vgpu_absent "$index"
	done
}
