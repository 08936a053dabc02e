# SPDX-License-Identifier: GPL-2.0
# A hostile user of a vGPU, beside one who does no harm.

gpu_load
vendor_load
include "vfio-check" 100 vfio-check --module "$DRIVER" fuzz --seconds 30
include "vfio-check" 100 vfio-check --module "$DRIVER" --no-kvm fuzz --seconds 15
vendor_unload
gpu_check
gpu_unload
