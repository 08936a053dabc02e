# SPDX-License-Identifier: GPL-2.0
# A hostile user of a vGPU, beside one who does no harm.

gpu_load
vendor_load
for _ in $(seq "$ROUNDS"); do
	include "vfio-check" 100 vfio-check --module "$DRIVER" fuzz --seconds 40
	include "vfio-check" 100 vfio-check --module "$DRIVER" --no-kvm fuzz --seconds 20
done
vendor_unload
gpu_check
gpu_unload
