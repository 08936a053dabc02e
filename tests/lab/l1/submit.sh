# SPDX-License-Identifier: GPL-2.0
# What an engine is handed for virtual GPUs without guests, and what is taken back from it.

gpu_load
vendor_load
include "vfio-check" 300 vfio-check --module "$DRIVER" --no-kvm device --only submit/
vendor_unload
gpu_check
gpu_unload
