# SPDX-License-Identifier: GPL-2.0
# Runs a list of IGT tests: in L1 when nobody virtualises the GPU, else in each guest.

gpu_load
if [ "$DRIVER" = native ]; then
	monitors_detect
	igt_lists
else
	nested_run
fi
