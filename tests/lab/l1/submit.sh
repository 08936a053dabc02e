# SPDX-License-Identifier: GPL-2.0
# What an engine is handed for virtual GPUs without guests, and what is taken back from it; and as many virtual GPUs
# as there is room for.

gpu_load
vendor_load
include "vfio-check" 300 vfio-check --module "$DRIVER" --no-kvm device --only submit/
include "vfio-check" 100 vfio-check --module "$DRIVER" sysfs
vendor_unload
gpu_check
gpu_unload
