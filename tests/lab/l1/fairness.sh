# SPDX-License-Identifier: GPL-2.0
# What vGPUs without guests get of the engines when all of them want more.

# As small as there are, so that several fit; all of them are as good for this.
fairness_type=_16
[ "$DRIVER" = rgvt ] || fairness_type=_8

gpu_load
vendor_load
# shellcheck disable=SC2086 # one word for each argument is wanted
include "vfio-check" 900 \
	vfio-check --module "$DRIVER" --type "$fairness_type" shares $CHECKS
vendor_unload
gpu_unload
