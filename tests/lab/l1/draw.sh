# SPDX-License-Identifier: GPL-2.0
# Programs draw by Mesa: in L1 when nobody virtualises the GPU, else in each guest.

gpu_load
if [ "$DRIVER" = native ]; then
	mesa_programs
else
	nested_run
fi
gpu_unload
