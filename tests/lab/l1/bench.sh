# SPDX-License-Identifier: GPL-2.0
# The checks that count: natively, or in guests of the vendor driver. Documentation/bench.rst.

gpu_load
if [ "$DRIVER" = native ]; then
	gpu_check
	bench_names
else
	vendor_load
	bench_names
	if vgpus_create "$GUESTS"; then
		guests_run
		vgpus_remove "$GUESTS"
	fi
	vendor_unload
fi
gpu_unload
