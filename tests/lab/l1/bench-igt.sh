# SPDX-License-Identifier: GPL-2.0
# IGT's benchmarks: in L1 when nobody virtualises the GPU, else in the guest. Documentation/bench.rst.

gpu_load
if [ "$DRIVER" = native ]; then
	igt_benchmarks
else
	nested_run
fi
gpu_unload
