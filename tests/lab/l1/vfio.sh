# SPDX-License-Identifier: GPL-2.0
# Virtual GPUs without guests: a program of ours is their user.

# vfio_check LIMIT ARGUMENT...: a part of the program, for at most so many seconds.
vfio_check() {
	vfio_limit=$1
	shift
	include "vfio-check" "$vfio_limit" vfio-check --module "$DRIVER" "$@"
}

# Removes a vGPU that nobody has open, with its driver.
unload_with_vgpu() {
	vgpu_uuid 1 > "$(vgpu_type 1)/create" && vgpu_present 1 || return
	rmmod "$DRIVER" && vgpu_absent 1
}

reload_rounds() {
	for _ in $(seq 10); do
		load vendor && unload_with_vgpu || return
	done
}

gpu_load
vendor_load
vfio_check 60 sysfs
vfio_check 120 device
vfio_check 60 --no-kvm device --only life/
vfio_check 260 cycle
vendor_unload
check "unloads with a vGPU, and loads, 10 times" reload_rounds
gpu_check
gpu_unload
